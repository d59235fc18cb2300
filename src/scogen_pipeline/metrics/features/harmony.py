"""Harmony: what the beats add up to, and how the bass walks. Undefined (NaN) for a single line.

**Conventions.** A beat holds a chord if what sounds on it belongs to one triad or seventh chord. Its root is told of complete
triads only.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from scogen_pipeline.metrics.features.reading import Reading, share
from scogen_pipeline.music.chord import SEVENTH_CHORDS, TRIADS, fits, mask_of

#: Twelve masks a shape: the place in the list tells the root.
_ROOT_BY_TRIAD: Final = {mask: place % 12 for place, mask in enumerate(TRIADS)}


def _masks(reading: Reading) -> list[int]:
    return [mask_of(note.pitch for note in sonority) for sonority in reading.sonorities if sonority]


def chord_share(reading: Reading) -> float:
    """Return the share of the beats with two pitch classes or more that fit a triad or a seventh chord."""
    masks = [mask for mask in _masks(reading) if mask.bit_count() > 1]
    return share(sum(fits(mask, (*TRIADS, *SEVENTH_CHORDS)) for mask in masks), len(masks))


def complete_triad_share(reading: Reading) -> float:
    """Return the share of the beats on which a complete triad sounds and nothing else."""
    masks = _masks(reading)
    return share(sum(mask in _ROOT_BY_TRIAD for mask in masks), len(masks))


def _roots(reading: Reading) -> list[tuple[int, int]]:
    """Return the degree of the root of each complete triad, and that of its lowest note."""
    found = []
    for sonority in reading.sonorities:
        root = _ROOT_BY_TRIAD.get(mask_of(note.pitch for note in sonority))
        if root is not None:
            found.append((reading.degree(root), reading.degree(sonority[0].pitch)))
    return found


def root_position_share(reading: Reading) -> float:
    """Return the share of the complete triads that stand on their root."""
    roots = _roots(reading)
    return share(sum(root == lowest for root, lowest in roots), len(roots))


def _triad_share(degree: int) -> Callable[[Reading], float]:
    def of(reading: Reading) -> float:
        roots = _roots(reading)
        return share(sum(root == degree for root, _ in roots), len(roots))

    return of


def chord_change_share(reading: Reading) -> float:
    """Return the share of the beats on which other pitch classes sound than on the beat before."""
    changes = [a != b for a, b in pairwise(_masks(reading))]
    return share(sum(changes), len(changes))


def _bass_share(*intervals: int) -> Callable[[Reading], float]:
    """Count the moves of the bass from beat to beat that are one of the intervals (in semitones, either way)."""

    def of(reading: Reading) -> float:
        moves = [abs(b - a) for a, b in pairwise(reading.bass) if a != b]
        return share(sum(move in intervals for move in moves), len(moves))

    return of


def bass_rest_share(reading: Reading) -> float:
    """Return the share of the beats on which the bass stays where it is."""
    stays = [a == b for a, b in pairwise(reading.bass)]
    return share(sum(stays), len(stays))


HARMONY: Final[dict[str, Callable[[Reading], float]]] = {
    "chord_share": chord_share,
    "complete_triad_share": complete_triad_share,
    "root_position_share": root_position_share,
    "tonic_triad_share": _triad_share(0),
    "dominant_triad_share": _triad_share(7),
    "chord_change_share": chord_change_share,
    "bass_fourth_or_fifth_share": _bass_share(5, 7),
    "bass_step_share": _bass_share(1, 2),
    "bass_stays_share": bass_rest_share,
}
