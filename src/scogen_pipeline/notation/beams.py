"""Which flags join to beams.

**Conventions.** A *run* is a list of indices of figures under one beam. Marks are MusicXML's: "begin", "continue", "end",
"forward hook", "backward hook", one for each of the eighth, sixteenth ... beams.

**References.** Gould, *Behind Bars*, pp. 152-166, 171-178.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scogen_pipeline.music.meter import Meter
from scogen_pipeline.notation.grouping import Group, beam_groups, metrical_tree
from scogen_pipeline.notation.rhythm import Figure, Value

_N_BEAMS: Final = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}
_EIGHTH: Final = 12
_PLAIN: Final = Value("eighth")


def n_beams(figure: Figure) -> int:
    """Number of beams or flags of a figure; rests have none."""
    return 0 if figure.chord is None else _N_BEAMS.get(figure.value.type, 0)


def beam_runs(figures: Sequence[Figure], meter: Meter) -> tuple[tuple[int, ...], ...]:
    """Group the figures of one layer of one measure under beams; runs have two figures or more."""
    runs: list[tuple[int, ...]] = []
    for group in beam_groups(meter, is_plain=True):
        inside = [index for index, figure in enumerate(figures) if group.start <= figure.start < group.end]
        flagged = [figures[index] for index in inside if n_beams(figures[index])]
        is_plain = all(figure.value == _PLAIN for figure in flagged)
        for part in [group] if is_plain and not _hides_the_beat(flagged, group) else _beats(group, meter):
            runs += _joined(figures, [index for index in inside if part.start <= figures[index].start < part.end])
    return tuple(runs)


def _hides_the_beat(flagged: Sequence[Figure], group: Group) -> bool:
    """Three eighths in one half of a 3/4 measure would look like 6/8."""
    return group.kind == "triple" and len(flagged) == 3 and 2 * (flagged[-1].end - flagged[0].start) == group.length


def _beats(group: Group, meter: Meter) -> list[Group]:
    return [part for part in beam_groups(meter, is_plain=False) if group.start <= part.start < group.end]


def _joined(figures: Sequence[Figure], indices: Iterable[int]) -> list[tuple[int, ...]]:
    """Cut a group at notes without flag and at rests of an eighth or more, and drop rests at the edges."""
    runs: list[list[int]] = [[]]
    for index in indices:
        figure = figures[index]
        if n_beams(figure) or (figure.chord is None and figure.ticks < _EIGHTH):
            runs[-1].append(index)
        else:
            runs.append([])
    return [run for run in (_trimmed(figures, run) for run in runs) if len(run) > 1]


def _trimmed(figures: Sequence[Figure], run: Sequence[int]) -> tuple[int, ...]:
    flagged = [index for index in run if n_beams(figures[index])]
    return tuple(flagged) if flagged else ()


def beam_marks(figures: Sequence[Figure], run: Sequence[int], meter: Meter) -> dict[int, tuple[str, ...]]:
    """Return the beam marks of each figure of a run."""
    marks: dict[int, tuple[str, ...]] = {}
    for position, index in enumerate(run):
        level_marks = []
        for level in range(1, n_beams(figures[index]) + 1):
            before = position > 0 and _connects(figures, run[position - 1], index, level, meter)
            after = position + 1 < len(run) and _connects(figures, index, run[position + 1], level, meter)
            level_marks.append(_mark(figures, index, before=before, after=after, is_first=position == 0))
        marks[index] = tuple(level_marks)
    return marks


def _connects(figures: Sequence[Figure], left: int, right: int, level: int, meter: Meter) -> bool:
    """Whether two neighbours in a run share a beam of a level; the beams of thirty-seconds break at each eighth."""
    pair = figures[left], figures[right]
    if level == 1:
        return True
    if min(n_beams(figure) for figure in pair) < level or right != left + 1:
        return False
    has_thirty_seconds = max(n_beams(figure) for figure in pair) > 2 and pair[0].window is None
    if has_thirty_seconds and pair[1].start % _EIGHTH == 0:
        return False
    beat = metrical_tree(meter).holding(pair[0].start, pair[0].end)
    return not (level == 2 and beat.kind == "triple" and pair[1].start in beat.boundaries)


def _mark(figures: Sequence[Figure], index: int, *, before: bool, after: bool, is_first: bool) -> str:
    if before or after:
        return "continue" if before and after else "end" if before else "begin"
    figure = figures[index]
    # A lone sixteenth leans towards the beat it belongs to: before a dotted eighth forward, after one backward.
    is_on_stronger = figure.start % (2 * figure.ticks) == 0
    return "forward hook" if is_first or is_on_stronger else "backward hook"
