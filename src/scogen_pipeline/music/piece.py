"""The piece: notes on a metrical grid, and all that a page needs to know about them.

It is what tokens decode to, what sampling returns, what notation prints and metrics judge.

**Conventions**

- Times are grid ticks (24 to the quarter) from the start of the first measure; pitches are sounding MIDI numbers.
- Every measure is as long as its meter says. A pickup is a first measure that begins with rests.
- A *part* is one staff: a grand-staff instrument has two parts, right hand first.
- Notes of a part may overlap (chords, held notes) only where the instrument plays more than one note at once.
- A rest is the absence of a note; a note over a bar line is one note, tied only when it is printed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from scogen_pipeline.music.instruments import Instrument, Role
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.tempo import bpm_from_qpm


class Note(NamedTuple):
    """A note. The order of the fields is the order of notes in a piece.

    Args:
        onset: Grid ticks from the start of the piece, 0 or more.
        part: Index into the parts of the piece.
        pitch: Sounding MIDI pitch, 0 to 127.
        duration: Grid ticks, 1 or more.
    """

    onset: int
    part: int
    pitch: int
    duration: int

    @property
    def end(self) -> int:
        """First grid tick after the note."""
        return self.onset + self.duration


@dataclass(frozen=True)
class Part:
    """One staff of a score.

    Args:
        instrument: Who plays it.
        hand: Which staff of a grand staff it is; `None` for a single staff.
        name: Printed name; by default the instrument's.
    """

    instrument: Instrument
    hand: Literal["right", "left"] | None = None
    name: str = ""

    @property
    def label(self) -> str:
        """Name as printed before the first system: "Violin 2"."""
        return self.name or self.instrument.title

    @property
    def role(self) -> Role:
        """What the model takes the part for."""
        return "piano_left" if self.hand == "left" else self.instrument.role


class Measure(NamedTuple):
    """A measure: its number from 1, as printed, its first tick, and its meter."""

    number: int
    onset: int
    meter: Meter

    @property
    def end(self) -> int:
        """First grid tick after the measure."""
        return self.onset + self.meter.bar_ticks


@dataclass(frozen=True)
class Piece:
    """Music on a grid, ready to be encoded, printed or judged.

    Args:
        parts: Top staff first.
        notes: Sorted.
        meters: Meter of each measure, in order; its length is the number of measures.
        key: The one key of the piece.
        tempo_qpm: Quarter notes per minute.
        genre: One of `music.genres`, or "".
        title: Printed title.
        composer: Printed composer line.
        source: Where it comes from, e.g. a file name; never printed.

    Raises:
        ValueError: If the notes are unsorted, outside the measures, or in a part that does not exist.
    """

    parts: tuple[Part, ...]
    notes: tuple[Note, ...]
    meters: tuple[Meter, ...]
    key: Key
    tempo_qpm: float = 120.0
    genre: str = ""
    title: str = ""
    composer: str = ""
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Check that the notes fit into the measures and the parts."""
        if any(a > b for a, b in zip(self.notes, self.notes[1:], strict=False)):
            raise ValueError("`notes` must be sorted by (onset, part, pitch, duration).")
        end = self.end
        for note in self.notes:
            if note.onset < 0 or note.duration < 1 or note.end > end:
                raise ValueError(f"`notes` must lie within the {end} ticks of the measures, received {note}.")
            if not 0 <= note.part < len(self.parts):
                raise ValueError(f"`notes` must name one of {len(self.parts)} parts, received {note}.")

    @property
    def n_bars(self) -> int:
        """Number of measures."""
        return len(self.meters)

    @property
    def end(self) -> int:
        """First grid tick after the last measure."""
        return sum(meter.bar_ticks for meter in self.meters)

    @property
    def meter(self) -> Meter:
        """The meter of the first measure."""
        return self.meters[0]

    @property
    def tempo_bpm(self) -> float:
        """Beats of the first meter per minute, as a metronome mark shows it."""
        return bpm_from_qpm(self.tempo_qpm, self.meter)

    def measures(self) -> Iterator[Measure]:
        """Yield the measures in order."""
        onset = 0
        for number, meter in enumerate(self.meters, start=1):
            yield Measure(number, onset, meter)
            onset += meter.bar_ticks

    def notes_of(self, part: int) -> tuple[Note, ...]:
        """Return the notes of one part, in order."""
        return tuple(note for note in self.notes if note.part == part)

    def transposed(self, semitones: int, key: Key) -> Piece:
        """Return the piece moved by `semitones` and renamed to `key`."""
        notes = tuple(note._replace(pitch=note.pitch + semitones) for note in self.notes)
        return dataclasses.replace(self, notes=notes, key=key)


def parts_for(instruments: tuple[Instrument, ...]) -> tuple[Part, ...]:
    """Lay out one part a staff: two for a grand staff, numbered names for doubled instruments."""
    parts: list[Part] = []
    for index, instrument in enumerate(instruments):
        is_doubled = instruments.count(instrument) > 1
        name = f"{instrument.title} {instruments[: index + 1].count(instrument)}" if is_doubled else ""
        hands: tuple[Literal["right", "left"] | None, ...] = ("right", "left") if instrument.has_grand_staff else (None,)
        parts += [Part(instrument, hand, name) for hand in hands]
    return tuple(parts)
