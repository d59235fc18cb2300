"""Twins: for a real piece a generated one that was asked for in the same terms, so that the two can be compared.

**Conventions.** A twin has the genre, the meter, the mode, the instruments and the tempo of its model, in the key without
signature, a pickup if it has one, and as many measures, up to a limit. A pickup is not counted among the measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.piece import Piece, parts_for
from scogen_pipeline.sampling.generate import write_each
from scogen_pipeline.sampling.request import MIN_BARS, SHORTEST_BAR_WITH_PICKUP, Request

if TYPE_CHECKING:
    from scogen_pipeline.sampling.particles import Stepper

#: Pieces that are written side by side.
BATCH: Final = 64


def twin_request(piece: Piece, n_bars: int, *, has_pickup: bool) -> Request:
    """Ask for what the piece is.

    Args:
        piece: A real piece of a genre that can be asked for.
        n_bars: Measures of the twin.
        has_pickup: Whether it begins before its first full measure. A measure that is too short for a pickup gets none.

    Raises:
        RequestError: If its meter or its number of parts cannot be asked for.
    """
    meter = piece.meters[-1]
    request = Request(
        key="a" if piece.key.mode == "minor" else "C",
        time_signature=str(meter),
        tempo=round(piece.tempo_bpm, 2),
        genre=piece.genre,
        bars=max(MIN_BARS, n_bars),
        pickup="yes" if has_pickup and meter.bar_ticks >= SHORTEST_BAR_WITH_PICKUP else "no",
    )
    customary = parts_for(tuple(find_instrument(name) for name in request.customs.instruments))
    if [part.role for part in customary] == [part.role for part in piece.parts]:
        return request
    return replace(request, instruments="+".join(part.instrument.name for part in piece.parts if part.hand != "left"))


def twin_requests(pieces: Iterable[tuple[str, Piece]], most_bars: int) -> dict[str, Request]:
    """Ask for twins of real pieces, each as long as its model.

    Args:
        pieces: Real pieces with a name each; see `twin_request`.
        most_bars: Measures of the longest twin.
    """
    return {
        name: twin_request(piece, min(piece.n_bars - piece.begins_with_pickup, most_bars), has_pickup=piece.begins_with_pickup)
        for name, piece in pieces
    }


def compose_twins(requests: Mapping[str, Request], stepper: Stepper, seed: int, n_each: Mapping[str, int]) -> dict[str, Piece]:
    """Write pieces for each request, many side by side.

    Args:
        requests: What is asked for, by name.
        stepper: The model.
        seed: Same seed, same pieces.
        n_each: How many pieces of each name.

    Returns:
        Pieces by "name/number", in the order of the requests.
    """
    asked = seeded(requests, seed, n_each)
    written: dict[str, Piece] = {}
    for names in by_length(asked, BATCH):
        writers = write_each([asked[name] for name in names], stepper)
        written |= {name: writer.piece() for name, writer in zip(names, writers, strict=True)}
    return {name: written[name] for name in asked}


def seeded(requests: Mapping[str, Request], seed: int, n_each: Mapping[str, int]) -> dict[str, Request]:
    """Return the requests by "name/number", each with a seed of its own."""
    asked = [(f"{name}/{number}", request) for name, request in requests.items() for number in range(n_each[name])]
    return {name: replace(request, seed=(seed + index) % 2**32) for index, (name, request) in enumerate(asked)}


def by_length(requests: Mapping[str, Request], most: int) -> Iterator[list[str]]:
    """Yield the names of at most so many requests of like length: a batch lasts as long as its longest piece."""
    names = sorted(requests, key=lambda name: requests[name].n_bars * requests[name].meter.bar_ticks)
    for start in range(0, len(names), most):
        yield names[start : start + most]
