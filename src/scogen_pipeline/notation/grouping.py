"""The metrical tree of a measure: how its time falls into groups, beats and fractions of beats.

Rhythm (where a note must be split and tied) and beaming (which flags join) both ask the same question: what is the smallest
metrical group that holds this stretch of time, and how does it divide? The tree answers it once.

**Conventions.** Times are grid ticks from the start of the measure.

**References.** E. Gould, *Behind Bars* (2011), pp. 151-178: grouping of notes and rests, beaming by meter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from scogen_pipeline.music.meter import Meter

#: pair = two halves that divide by two; triple = three simple beats (3/4, 3/2); compound = a beat of three (dotted quarter);
#: beats = a row of groups that a note only joins whole (6/8, 9/8, 5/4); leaf = not divided further.
Kind = Literal["leaf", "pair", "triple", "compound", "beats"]

_SMALLEST = 3


@dataclass(frozen=True)
class Group:
    """A stretch of a measure and its division."""

    start: int
    length: int
    kind: Kind
    children: tuple[Group, ...] = ()

    @property
    def end(self) -> int:
        """First tick after the group."""
        return self.start + self.length

    @property
    def boundaries(self) -> tuple[int, ...]:
        """Where the children meet."""
        return tuple(child.start for child in self.children[1:])

    def holding(self, start: int, end: int) -> Group:
        """Return the smallest group inside this one that contains `start` to `end`."""
        for child in self.children:
            if child.start <= start and end <= child.end:
                return child.holding(start, end)
        return self


@lru_cache
def metrical_tree(meter: Meter) -> Group:
    """Return the tree of one measure of a meter.

    >>> [(g.start, g.length) for g in metrical_tree(Meter(6, 8)).children]
    [(0, 36), (36, 36)]
    """
    unit = meter.bar_ticks // meter.numerator
    if meter.is_compound:
        return _row([_compound] * (meter.numerator // 3), meter.beat_ticks)
    if meter.numerator == 3:
        return _compound(0, 3 * unit) if unit <= 12 else _triple(0, 3 * unit)
    if meter.numerator & (meter.numerator - 1) == 0:
        return _pair(0, meter.bar_ticks)
    return _irregular(meter.numerator, unit)


def _pair(start: int, length: int) -> Group:
    if length <= _SMALLEST or length % 2:
        return Group(start, length, "leaf")
    return Group(start, length, "pair", tuple(_pair(start + i * length // 2, length // 2) for i in range(2)))


def _triple(start: int, length: int) -> Group:
    return Group(start, length, "triple", tuple(_pair(start + i * length // 3, length // 3) for i in range(3)))


def _compound(start: int, length: int) -> Group:
    return Group(start, length, "compound", tuple(_pair(start + i * length // 3, length // 3) for i in range(3)))


def _row(builders: Sequence, length: int, start: int = 0) -> Group:  # type: ignore[type-arg]
    """Equal beats in a row; four of them make two halves (12/8)."""
    n = len(builders)
    if n == 1:
        group: Group = builders[0](start, length)
        return group
    if n == 4:
        halves = (_row(builders[:2], length, start), _row(builders[2:], length, start + 2 * length))
        return Group(start, n * length, "beats", halves)
    return Group(start, n * length, "beats", tuple(builders[i](start + i * length, length) for i in range(n)))


def _irregular(numerator: int, unit: int) -> Group:
    """5 = 3 + 2, 7 = 2 + 2 + 3, 11 = 2 + 2 + 2 + 2 + 3: the custom where nothing says otherwise."""
    sizes = [3, 2] if numerator == 5 else [2] * ((numerator - 3) // 2) + [3] if numerator % 2 else [2] * (numerator // 2)
    children, start = [], 0
    for size in sizes:
        three = _compound if unit <= 12 else _triple
        children.append((three if size == 3 else _pair)(start, size * unit))
        start += size * unit
    return Group(0, start, "beats", tuple(children))


def beam_groups(meter: Meter, *, is_plain: bool) -> tuple[Group, ...]:
    """Return the stretches of a measure within which flags are beamed.

    Args:
        meter: The time signature.
        is_plain: Whether only undotted straight eighths sound there: those join to half measures in 4/4, whole measures in 2/4
            and 3/4, half notes in 2/2 and 3/2. Anything smaller is beamed by the beat.
    """
    return tuple(_beamed(metrical_tree(meter), is_plain))


def _beamed(group: Group, is_plain: bool) -> list[Group]:
    longest = {"pair": 48, "triple": 72, "compound": 72} if is_plain else {"pair": 24, "compound": 36}
    if group.length <= longest.get(group.kind, 0) or not group.children:
        return [group]
    return [part for child in group.children for part in _beamed(child, is_plain)]
