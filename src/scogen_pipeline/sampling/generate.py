"""A request to pieces: the model proposes, the grammar disposes.

Pieces are written side by side in one batch, those of one request or of many; each has a random state of its own, so the third
piece of five is the same as the third of three.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.particles import advance, begin
from scogen_pipeline.sampling.plan import Plan
from scogen_pipeline.sampling.primer import has_pickup
from scogen_pipeline.sampling.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.particles import Stepper
    from scogen_pipeline.sampling.request import Request
    from scogen_pipeline.tokens.vocabulary import Vocabulary


def writers_for(request: Request, vocabulary: Vocabulary, primer: Sequence[str] = ()) -> list[Writer]:
    """Return who writes the pieces that a request asks for.

    Args:
        request: What is asked for.
        vocabulary: That of the model.
        primer: Tokens of the measures to go on from, from `sampling.primer`; each piece begins with them.
    """
    if primer:
        request = replace(request, pickup="yes" if has_pickup(primer, request.meter) else "no")
    plan, opening = Plan.of(request), vocabulary.ids_of(primer).tolist()
    return [Writer(plan, vocabulary, request, index, opening) for index in range(request.n)]


def write(writers: Sequence[Writer], stepper: Stepper) -> list[Writer]:
    """Write pieces to their end, side by side.

    Args:
        writers: Of requests with the same `top_k` and `top_p`.
        stepper: The model.

    Raises:
        ValueError: If they cut off differently.
    """
    return [particle.writer for particle in advance(begin(writers, stepper), stepper, stops=lambda _: False)]


def compose_pieces(request: Request, stepper: Stepper, primer: tuple[str, ...] = ()) -> dict[str, Piece]:
    """Write the pieces that a request asks for.

    Args:
        request: What is asked for.
        stepper: The model.
        primer: Tokens of the measures to go on from; see `writers_for`.

    Returns:
        Pieces by file name, without an ending.
    """
    pieces = [writer.piece() for writer in write(writers_for(request, stepper.vocabulary, primer), stepper)]
    return {f"{slug(piece.title)}-{request.seed}": piece for piece in pieces}


def compose_piece(request: Request, stepper: Stepper) -> Piece:
    """Write the first piece that a request asks for."""
    return next(iter(compose_pieces(replace(request, n=1), stepper).values()))


def write_each(requests: Sequence[Request], stepper: Stepper) -> list[Writer]:
    """Write the first piece of each request, all side by side; see `write`."""
    return write([Writer(Plan.of(request), stepper.vocabulary, request) for request in requests], stepper)


def slug(title: str) -> str:
    """Turn a title into a file name.

    >>> slug("Reel in F♯ minor, No. 2")
    'reel-in-f-sharp-minor-no-2'
    """
    spelled = title.casefold().replace("#", "-sharp").replace("♯", "-sharp").replace("♭", "-flat")
    name = re.sub(r"[^\w]+", "-", spelled).strip("-_")[:80]
    if not name:
        raise RequestError(f"`title` must hold a letter or a digit, received `{title}`.")
    return name
