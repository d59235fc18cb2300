"""Many pieces for each one that is asked for, written side by side in one batch.

**Conventions.** The candidates of a piece do not depend on how many pieces are asked for, if each has as many: the third of four
is chosen from the same ones as the third of three.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scogen_pipeline.choosing.likelihood import mean_log_probabilities
from scogen_pipeline.choosing.settings import MOST_WRITTEN
from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.generate import compose_pieces, slug
from scogen_pipeline.tokens.encoding import encode

if TYPE_CHECKING:
    from typing import Any

    from scogen_pipeline.choosing.ear import Ear
    from scogen_pipeline.choosing.settings import ChoosingSettings
    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.request import Request


@dataclass(frozen=True)
class Candidate:
    """A piece that may be kept.

    Args:
        piece: The piece.
        log_probability: What the model thinks of it, see `likelihood`; None where nothing is chosen by that.
    """

    piece: Piece
    log_probability: float | None = None


def write_candidates(
    request: Request, stepper: Any, settings: ChoosingSettings, ear: Ear, primer: tuple[str, ...] = ()
) -> dict[str, list[Candidate]]:
    """Write as many candidates for each piece as the settings say.

    Args:
        request: What is asked for.
        stepper: The model; where there is no ear it also has to judge, as `likelihood.Judge` does.
        settings: How many.
        ear: If it knows the genre, what the model thinks of the candidates does not matter.
        primer: Tokens of the measures to go on from.

    Returns:
        The candidates by the file name of the piece, each with the title of the piece.

    Raises:
        RequestError: If that is more than fits into a batch.
    """
    n_each = settings.n_each(request.n)
    if request.n * n_each > MOST_WRITTEN:
        raise RequestError(
            f"`candidates` must be at most {MOST_WRITTEN // request.n} for {request.n} pieces, received {n_each}. "
            "Ask for fewer pieces at a time."
        )
    pieces = list(compose_pieces(replace(request, n=request.n * n_each), stepper, primer).values())
    is_judged = n_each > 1 and not (settings.ear and ear.knows(request.customs.name))
    opinions = mean_log_probabilities([encode(piece) for piece in pieces], stepper) if is_judged else [None] * len(pieces)
    written = {}
    for index in range(request.n):
        title = request.title_of(index)
        own = slice(index * n_each, (index + 1) * n_each)
        written[f"{slug(title)}-{request.seed}"] = [
            Candidate(replace(piece, title=title), opinion) for piece, opinion in zip(pieces[own], opinions[own], strict=True)
        ]
    return written
