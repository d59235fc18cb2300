"""Many pieces for each one that is asked for, written side by side in one batch, and in stages where the critic knows the genre.

**Conventions.** The candidates of a piece do not depend on how many pieces are asked for, if each has as many: the third of four
is chosen from the same ones as the third of three.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from scogen_pipeline.choosing.likelihood import mean_log_probabilities
from scogen_pipeline.choosing.settings import MOST_WRITTEN
from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.generate import slug, write, writers_for
from scogen_pipeline.sampling.stages import write_in_stages
from scogen_pipeline.tokens.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from scogen_pipeline.choosing.critic import Critic
    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.request import Request


T = TypeVar("T")


@dataclass(frozen=True)
class Candidate:
    """A piece that may be kept.

    Args:
        piece: The piece.
        log_probability: What the model thinks of it, see `likelihood`; None where nothing is chosen by that.
    """

    piece: Piece
    log_probability: float | None = None


def write_candidates(request: Request, stepper: Any, critic: Critic, primer: tuple[str, ...] = ()) -> dict[str, list[Candidate]]:
    """Write as many candidates for each piece as the settings of the critic say.

    Args:
        request: What is asked for.
        stepper: The model; where the critic does not know the genre it also has to judge, as `likelihood.Judge` does.
        critic: If it knows the genre, what the model thinks of the candidates does not matter.
        primer: Tokens of the measures to go on from.

    Returns:
        The candidates by the file name of the piece, each with the title of the piece.

    Raises:
        RequestError: If that is more than fits into a batch.
    """
    n_each = critic.settings.n_each(request.n)
    if request.n * n_each > MOST_WRITTEN:
        raise RequestError(
            f"`candidates` must be at most {MOST_WRITTEN // request.n} for {request.n} pieces, received {n_each}. "
            "Ask for fewer pieces at a time."
        )
    writers = writers_for(replace(request, n=request.n * n_each), stepper.vocabulary, primer)
    is_heard = n_each > 1 and critic.knows(request.customs.name)
    written = write_in_stages(_grouped(writers, n_each), stepper, critic) if is_heard else [write(writers, stepper)]
    pieces = [writer.piece() for group in written for writer in group]
    is_judged = n_each > 1 and not is_heard
    opinions = mean_log_probabilities([encode(piece) for piece in pieces], stepper) if is_judged else [None] * len(pieces)
    candidates = _grouped([Candidate(piece, opinion) for piece, opinion in zip(pieces, opinions, strict=True)], n_each)
    titles = [request.title_of(index) for index in range(request.n)]
    return {f"{slug(title)}-{request.seed}": _titled(own, title) for title, own in zip(titles, candidates, strict=True)}


def _grouped(members: Sequence[T], n_each: int) -> list[Sequence[T]]:
    return [members[first : first + n_each] for first in range(0, len(members), n_each)]


def _titled(candidates: Sequence[Candidate], title: str) -> list[Candidate]:
    return [replace(candidate, piece=replace(candidate.piece, title=title)) for candidate in candidates]
