"""A piece as a listener takes it in: the top line, the bass, what sounds on each beat. Worked out once, used by all features.

**Conventions.** Ticks are grid ticks from the start of the piece. Degrees are semitones above the tonic, 0 to 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from scogen_pipeline.metrics.structure import top_line
from scogen_pipeline.music.piece import Measure, Note, Piece

#: Sounding notes, lowest first.
Sonority = tuple[Note, ...]
#: (tick within the measure, pitch, duration) of the notes of the top line in a measure.
Content = frozenset[tuple[int, int, int]]


@dataclass(frozen=True)
class Reading:
    """A piece and what follows from it.

    Args:
        piece: The piece.
    """

    piece: Piece

    @cached_property
    def line(self) -> tuple[Note, ...]:
        """The highest note of each onset of the top part."""
        return top_line(self.piece)

    @cached_property
    def intervals(self) -> list[int]:
        """Semitones from each note of the line to the next, rising positive; across rests too."""
        return [after.pitch - before.pitch for before, after in pairwise(self.line)]

    @cached_property
    def moves(self) -> list[int]:
        """The intervals of the line without repeated notes."""
        return [interval for interval in self.intervals if interval]

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The measures."""
        return tuple(self.piece.measures())

    @cached_property
    def is_polyphonic(self) -> bool:
        """Whether at least two parts have notes."""
        return len({note.part for note in self.piece.notes}) > 1

    @cached_property
    def beats(self) -> tuple[int, ...]:
        """Tick of each beat."""
        return tuple(tick for measure in self.measures for tick in range(measure.onset, measure.end, measure.meter.beat_ticks))

    @cached_property
    def sonorities(self) -> tuple[Sonority, ...]:
        """What sounds on each beat; empty where nothing does."""
        waiting, sounding, found = list(reversed(self.piece.notes)), [], []
        for tick in self.beats:
            while waiting and waiting[-1].onset <= tick:
                sounding.append(waiting.pop())
            sounding = [note for note in sounding if note.end > tick]
            found.append(tuple(sorted(sounding, key=lambda note: note.pitch)))
        return tuple(found)

    @cached_property
    def bass(self) -> list[int]:
        """The lowest pitch on each beat on which anything sounds."""
        return [sonority[0].pitch for sonority in self.sonorities if sonority]

    @cached_property
    def contents(self) -> tuple[Content, ...]:
        """What the line does in each measure."""
        found: list[set[tuple[int, int, int]]] = [set() for _ in self.measures]
        measures = iter(self.measures)
        measure = next(measures)
        for note in self.line:
            while note.onset >= measure.end:
                measure = next(measures)
            found[measure.number - 1].add((note.onset - measure.onset, note.pitch, note.duration))
        return tuple(frozenset(content) for content in found)

    @cached_property
    def rhythms(self) -> tuple[frozenset[int], ...]:
        """Onsets of the line in each measure."""
        return tuple(frozenset(onset for onset, _, _ in content) for content in self.contents)

    def degree(self, pitch: int) -> int:
        """Return the semitones above the tonic."""
        return (pitch - self.piece.key.tonic_pitch_class) % 12


def share(n: int, total: int) -> float:
    """Return `n / total`, 0 where there is nothing to count.

    >>> share(1, 4), share(0, 0)
    (0.25, 0.0)
    """
    return n / total if total else 0.0


def mean(values: list[float]) -> float:
    """Return the mean; NaN without values."""
    return sum(values) / len(values) if values else float("nan")
