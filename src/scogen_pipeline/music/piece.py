"""The piece: notes on a metrical grid, and all that a page needs to know about them.

It is what tokens decode to, what sampling returns, what notation prints and metrics judge.

**Conventions**

- Times are grid ticks (24 to the quarter) from the start of the first measure; pitches are sounding MIDI numbers.
- Every measure is as long as its meter says. A *pickup* (anacrusis) is the music of a first measure in which all parts are silent
  for at least a beat: it is printed without that silence and not counted (see `Piece.pickup_ticks`).
- A *part* is one staff: a grand-staff instrument has two parts, right hand first.
- Notes of a part may overlap (chords, held notes) only where the instrument plays more than one note at once.
- A rest is the absence of a note; a note over a bar line is one note, tied only when it is printed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from scogen_pipeline.music.instruments import Instrument, Role
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.tempo import bpm_from_qpm

#: Ticks that are no multiple of it belong to triplets.
_STRAIGHT_TICKS: Final = 3


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
    """A measure: its place in the piece from 1 (a pickup too has one), its first tick, and its meter."""

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
        """Number of measures, that of a pickup included."""
        return len(self.meters)

    @property
    def begins_with_pickup(self) -> bool:
        """Whether the first measure is not a full one: shorter than the second, or without a note on its first beat.

        What a page prints as a pickup, `pickup_ticks`, is a narrower thing.
        """
        is_short = self.n_bars > 1 and self.meters[0].bar_ticks < self.meters[1].bar_ticks
        return is_short or (bool(self.notes) and self.notes[0].onset > 0)

    @property
    def pickup_ticks(self) -> int:
        """Length of the pickup, from its first note to the first counted measure; 0 if there is none.

        There is one if all parts are silent for at least the first beat (half of a measure of one beat) and the second measure
        has the same meter. A shorter silence is a rest that the player counts: a first measure that begins with an eighth rest
        in 4/4 is a full one. A pickup that begins inside a triplet is reckoned from the beat that the triplet divides, so that
        the reader sees all of it.
        """
        if not self.notes or self.n_bars < 2 or self.meters[0] != self.meters[1]:
            return 0
        onset = self.notes[0].onset
        start = onset if onset % _STRAIGHT_TICKS == 0 else onset - onset % _shortest_silence(self.meter)
        pickup = self.meter.bar_ticks - start
        return pickup if 0 < pickup <= longest_pickup(self.meter) else 0

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


def longest_pickup(meter: Meter) -> int:
    """Return the longest pickup in grid ticks: a measure without its first beat, half of a measure of one beat.

    >>> longest_pickup(Meter(3, 4)), longest_pickup(Meter(6, 8)), longest_pickup(Meter(2, 2))
    (48, 36, 48)
    """
    return meter.bar_ticks - _shortest_silence(meter)


def _shortest_silence(meter: Meter) -> int:
    """How much of a first measure must be silent to make the rest of it a pickup."""
    return min(meter.beat_ticks, meter.bar_ticks // 2)


def parts_for(instruments: tuple[Instrument, ...]) -> tuple[Part, ...]:
    """Lay out one part a staff: two for a grand staff, numbered names for doubled instruments."""
    parts: list[Part] = []
    for index, instrument in enumerate(instruments):
        is_doubled = instruments.count(instrument) > 1
        name = f"{instrument.title} {instruments[: index + 1].count(instrument)}" if is_doubled else ""
        hands: tuple[Literal["right", "left"] | None, ...] = ("right", "left") if instrument.has_grand_staff else (None,)
        parts += [Part(instrument, hand, name) for hand in hands]
    return tuple(parts)
