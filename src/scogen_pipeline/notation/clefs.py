"""The clef of each measure: the customary one, changed only where it saves many ledger lines for long enough.

Why a search over the whole part: judged measure by measure, a line that hovers around middle C would change clef at every
bar. A change costs as much as a measure of three or four ledger lines, so a lone high note never brings one.

**Conventions.** Heights are diatonic steps above C0 (`Spelling.diatonic`). Changes happen at bar lines.

**References.** Gould, *Behind Bars*, pp. 5-8, 277 (clef changes), 26 (ledger lines).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from scogen_pipeline.music.instruments import Clef
from scogen_pipeline.music.piece import Part


class ClefSign(NamedTuple):
    """A clef as MusicXML writes it, and the height of its bottom line."""

    sign: str
    line: int
    octave_change: int
    bottom: int


CLEF_SIGNS: Final[dict[str, ClefSign]] = {
    "treble": ClefSign("G", 2, 0, 30),
    "alto": ClefSign("C", 3, 0, 24),
    "tenor": ClefSign("C", 4, 0, 22),
    "bass": ClefSign("F", 4, 0, 18),
    "treble8vb": ClefSign("G", 2, -1, 23),
    "treble8va": ClefSign("G", 2, 1, 37),
    "bass8vb": ClefSign("F", 4, -1, 11),
}

#: Other clefs that players of an instrument read. Everyone else keeps one clef.
_OTHER_CLEFS: Final[dict[str, tuple[str, ...]]] = {
    "piano": ("treble", "bass"),
    "harpsichord": ("treble", "bass"),
    "organ": ("treble", "bass"),
    "harp": ("treble", "bass"),
    "cello": ("bass", "tenor", "treble"),
    "bassoon": ("bass", "tenor"),
    "trombone": ("bass", "tenor"),
    "viola": ("alto", "treble"),
    "horn": ("treble", "bass"),
}

_FREE_LEDGER_LINES: Final = 1
_CHANGE_COST: Final = 2.0
_FOREIGN_COST: Final = 0.05


def home_clef(part: Part) -> Clef:
    """Return the clef that the part is written in by custom."""
    return "bass" if part.hand == "left" else part.instrument.clef


def choose_clefs(part: Part, heights: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Choose a clef name for each measure.

    Args:
        part: The part, for its customary clefs.
        heights: Diatonic heights of the notes of each measure.
    """
    home = home_clef(part)
    names = sorted({home, *_OTHER_CLEFS.get(part.instrument.name, ())}, key=lambda name: name != home)
    # clef of the last measure -> (cost so far, clefs so far)
    best: dict[str, tuple[float, tuple[str, ...]]] = {name: (0.0 if name == home else _CHANGE_COST / 2, ()) for name in names}
    for measure in heights:
        best = {name: _extended(best, name, _strain(measure, name) + (name != home) * _FOREIGN_COST) for name in names}
    return min(best.values(), key=lambda item: item[0])[1]


def _extended(best: dict[str, tuple[float, tuple[str, ...]]], name: str, cost: float) -> tuple[float, tuple[str, ...]]:
    """Return the cheapest way to come to a clef, and its cost with this measure."""
    ways = [(before + (last != name) * _CHANGE_COST, path) for last, (before, path) in best.items()]
    before, path = min(ways, key=lambda way: way[0])
    return before + cost, (*path, name)


def _strain(heights: Sequence[int], clef: str) -> float:
    """Mean number of ledger lines beyond the one that everybody reads."""
    excess = [max(0, ledger_lines(height, clef) - _FREE_LEDGER_LINES) for height in heights]
    return sum(excess) / len(excess) if excess else 0.0


def ledger_lines(height: int, clef: str) -> int:
    """Count the ledger lines of a note.

    >>> ledger_lines(28, "treble")
    1
    """
    bottom = CLEF_SIGNS[clef].bottom
    return max(0, (bottom - height) // 2, (height - bottom - 8) // 2)
