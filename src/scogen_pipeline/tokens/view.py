"""What is known before each token, at a glance: the *view* of a piece that the network sees beside its tokens.

All of it follows from the tokens before, but a network would have to remember and to count: where in the measure it is, what each
part last sang, what sounds, which chord was planned, what the measure did that this one is said to be like. Told so, it need only
learn music. The view is computed the same way from a piece that is read and from one that is being written.

**Conventions**

- A row stands with the token to come. *Features* are small whole numbers, `FEATURES` names them; 0 means "none" or "not yet" but
  for the part and the counts. *Dense* values say for each pitch whether it sounds at the onset.
- A *model measure* is the earlier one that `like=` names. What it has at this onset is told as far as it is not yet written here.

**References.** Features beside tokens: Hadjeres and Nielsen, *Anticipation-RNN* (2018), among others; the model measure is the
lookback of Waite et al., *Generating Long-Term Structure in Songs and Stories* (2016), with a distance that is planned.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scogen_pipeline.analysis.phrases import MAX_PHRASE
from scogen_pipeline.analysis.returns import MAX_DISTANCE
from scogen_pipeline.analysis.slots import harmonic_slots
from scogen_pipeline.music.duration import NOTE_VALUES, tied_values
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.tokens.alphabet import (
    BAR_BUCKETS,
    CHORDS,
    HIGH_PITCH,
    LOW_PITCH,
    MAX_PARTS,
    PAD,
    POSITIONS,
    alphabet,
    chord_token,
    kind_of,
    value_of,
)
from scogen_pipeline.tokens.echo import LENGTHS, Echo, Heard
from scogen_pipeline.tokens.encoding import CONDITIONS
from scogen_pipeline.tokens.lines import N_MOVES, N_PITCHES, Lines

ByteArray = npt.NDArray[np.uint8]

_N_POSITIONS: Final = len(POSITIONS) + 2  # none, one each, beyond the measure
_N_CHORDS: Final = len(CHORDS) + 1
_MOST_SLOTS: Final = 16
_MOST_BARS: Final = 32
_MOST_BEATS: Final = 32

#: Name and number of values of each feature.
FEATURES: Final = {
    "position": _N_POSITIONS,  # of the onset in hand in the measure
    "part": MAX_PARTS,  # in hand
    "last_pitch": N_PITCHES,  # of the part in hand
    "pitch_before": N_PITCHES,  # what this part had before it
    "next_end": _N_POSITIONS,  # where in the measure a note that sounds ends next
    "holding": 1 << MAX_PARTS,  # a bit for each part that has a note from before over this onset
    "slot": _MOST_SLOTS + 1,  # harmonic slot; of the chord to come while chords are written
    "chord": _N_CHORDS,  # of this slot; while chords are written, the one before
    "next_chord": _N_CHORDS,  # of the next slot; while chords are written, that of the model measure
    "phrase_left": MAX_PHRASE + 1,  # measures, this one included
    "phrase_done": MAX_PHRASE + 1,
    "bars_done": _MOST_BARS,
    "bars_left": len(BAR_BUCKETS) + 1,
    "like": MAX_DISTANCE + 1,
    "model_position": _N_POSITIONS,  # next onset of the model measure
    "model_part": MAX_PARTS + 1,  # next part that begins a note at this onset there
    "model_pitch": N_PITCHES,  # next pitch of the part in hand at this onset there
    "model_duration": len(NOTE_VALUES) + 1,  # its duration, or what is left of it to tie
    "contour": 12 * N_MOVES + 1,  # pitch class of the last pitch of the part in hand, with how it came there
    "above_pitch": N_PITCHES,  # last of the part above the one in hand
    "below_pitch": N_PITCHES,
    "bass_pitch": N_PITCHES,  # last of the lowest part, if another one is in hand
    "above_move": N_MOVES + 1,  # of the part above at this onset, 0 if it begins no note
    "top_move": N_MOVES + 1,  # of the top part
    "parallel": N_PITCHES,  # what would move in parallel fifths or octaves with another part at this onset
    "parallel_too": N_PITCHES,  # with yet another part
    "echo_pitch": N_PITCHES,  # where the part in hand went when its last notes were last heard, see `echo`
    "echo_duration": len(NOTE_VALUES) + 1,
    "echo_length": len(LENGTHS) + 1,
    "since_long": _MOST_BEATS + 1,  # beats since a note of the top part that was half as long again as its usual ones, from 1
}
FEATURE_SIZES: Final = tuple(FEATURES.values())
DENSE_SIZE: Final = HIGH_PITCH - LOW_PITCH + 1

_BEYOND: Final = _N_POSITIONS - 1
_POSITION_OF_TICK: Final = {tick: index + 1 for index, tick in enumerate(POSITIONS)}
_BUCKET_OF_VALUE: Final = {str(bucket): index + 1 for index, bucket in enumerate(BAR_BUCKETS)}
_CODE_OF_CHORD: Final = {value_of(chord_token(chord)): index + 1 for index, chord in enumerate(CHORDS)}
_CODE_OF_DURATION: Final = {value: index + 1 for index, value in enumerate(NOTE_VALUES)}
_SPLIT: Final = {token: (kind_of(token), value_of(token)) for token in alphabet()}


class _Sounding(NamedTuple):
    """A note that has begun."""

    end: int
    onset: int
    part: int
    pitch: int


class _Measure:
    """What was written of a measure; positions are those of `FEATURES`, in rising order."""

    def __init__(self) -> None:
        self.chords: list[int] = []
        self.positions: list[int] = []
        self.notes: dict[int, list[list[tuple[int, int]]]] = {}  # position -> part -> (pitch, duration)

    def parts_at(self, position: int) -> list[list[tuple[int, int]]]:
        return self.notes.get(position, _SILENCE)


_NOTHING: Final[list[tuple[int, int]]] = []
_SILENCE: Final = [_NOTHING] * MAX_PARTS
_EMPTY: Final = _Measure()


class View:
    """Reads tokens one by one and tells what is known before the next.

    Args:
        conditions: One token for each slot of `encoding.CONDITIONS`, none withheld.
    """

    def __init__(self, conditions: Sequence[str]) -> None:
        self._n_parts = sum(condition != PAD for condition in conditions[CONDITIONS.index("role_0") :])
        self._set_meter(value_of(conditions[CONDITIONS.index("meter")]))
        self._measures: list[_Measure] = []
        self._measure = self._model = _EMPTY
        self._bar_onset = self._onset = 0
        self._position = self._part = self._duration = 0
        self._is_planning, self._is_tying = False, False
        self._last_part, self._n_written = -1, 0  # at this onset, in the part in hand
        self._bars_left = self._like = self._phrase_left = self._phrase_done = 0
        self._lines = Lines(self._n_parts)
        self._echoes = [Echo() for _ in range(MAX_PARTS)]
        self._sounding: list[_Sounding] = []

    def take(self, token: str) -> None:
        """Read a token."""
        kind, value = _SPLIT[token]
        reader = _READERS.get(kind)
        if reader:
            reader(self, value)

    def features(self) -> tuple[int, ...]:
        """Return a number for each of `FEATURES`."""
        position, part, model = self._position, self._part, self._model
        chords = self._measure.chords
        if self._is_planning:
            slot = min(len(chords), _MOST_SLOTS)
            chord = chords[-1] if chords else (self._measures[-2].chords or [0])[-1] if len(self._measures) > 1 else 0
            next_chord = model.chords[slot] if slot < len(model.chords) else 0
        else:
            slot = bisect_right(self._slots, self._onset - self._bar_onset) - 1
            chord = chords[slot] if 0 <= slot < len(chords) else 0
            next_chord = chords[slot + 1] if slot + 1 < len(chords) else 0
        model_position = model_part = model_pitch = model_duration = 0
        if model is not _EMPTY:
            later = bisect_right(model.positions, position)
            model_position = model.positions[later] if later < len(model.positions) else _BEYOND
            there = model.parts_at(position)
            model_part = next((index + 1 for index in range(self._last_part + 1, MAX_PARTS) if there[index]), 0)
            if self._n_written < len(there[part]):
                model_pitch, duration = there[part][self._n_written]
                model_duration = _first_value(duration - (self._duration if self._is_tying else 0))
        holding, next_end = 0, 0
        for end, onset, voice, _ in self._sounding:
            if onset < self._onset < end or (self._is_planning and end > self._onset):
                holding |= 1 << voice
            if end > self._onset and (not next_end or end < next_end):
                next_end = end
        return (
            position,
            part,
            self._lines.last[part],
            self._lines.before[part],
            _POSITION_OF_TICK.get(next_end - self._bar_onset, _BEYOND) if next_end else 0,
            holding,
            slot,
            chord,
            next_chord,
            self._phrase_left,
            self._phrase_done,
            min(max(len(self._measures) - 1, 0), _MOST_BARS - 1),
            self._bars_left,
            self._like,
            model_position,
            model_part,
            model_pitch,
            model_duration,
            self._lines.contour(part),
            *self._lines.others(part, self._onset),
            *_told_of_echo(self._echoes[part].heard),
            self._beats_since_long(),
        )

    def _beats_since_long(self) -> int:
        if self._lines.long_end < 0:
            return 0
        return min(1 + max(self._onset - self._lines.long_end, 0) // self._meter.beat_ticks, _MOST_BEATS)

    def sounding(self) -> list[int]:
        """Return the indices of the dense values that are 1: pitches above the lowest one that can be spelled."""
        return [note.pitch - LOW_PITCH for note in self._sounding if note.end > self._onset]

    def _set_meter(self, value: str) -> None:
        self._meter, self._slots = _meter_and_slots(value, self._n_parts)

    def _take_bar(self, value: str) -> None:
        if self._measures:
            self._bar_onset += self._meter.bar_ticks
        self._measure, self._model = _Measure(), _EMPTY
        self._measures.append(self._measure)
        self._bars_left = _BUCKET_OF_VALUE[value]
        self._is_planning = True
        self._go_to(self._bar_onset, 0)
        self._phrase_left = max(self._phrase_left - 1, 0)
        self._phrase_done = min(self._phrase_done + 1, MAX_PHRASE)
        self._find_model()

    def _take_meter(self, value: str) -> None:
        self._set_meter(value)

    def _take_like(self, value: str) -> None:
        self._like = int(value)
        self._find_model()

    def _take_phrase(self, value: str) -> None:
        self._phrase_left, self._phrase_done = int(value), 0

    def _take_chord(self, value: str) -> None:
        self._measure.chords.append(_CODE_OF_CHORD[value])
        self._is_planning = len(self._measure.chords) < len(self._slots)

    def _take_pos(self, value: str) -> None:
        self._is_planning = False
        self._go_to(self._bar_onset + int(value), _POSITION_OF_TICK[int(value)])

    def _take_part(self, value: str) -> None:
        self._part, self._n_written = int(value), 0

    def _take_dur(self, value: str) -> None:
        self._duration = int(value) + (self._duration if self._is_tying else 0)
        self._is_tying = True

    def _take_pitch(self, value: str) -> None:
        pitch, part, onset = int(value), self._part, self._onset
        self._lines.note(part, onset, pitch - LOW_PITCH + 1, self._duration)
        self._sounding.append(_Sounding(onset + self._duration, onset, part, pitch))
        there = self._measure.notes.get(self._position)
        if there is None:
            there = self._measure.notes[self._position] = [[] for _ in range(MAX_PARTS)]
            self._measure.positions.append(self._position)
        there[part].append((pitch - LOW_PITCH + 1, self._duration))
        self._echoes[part].note(onset, pitch, self._duration)
        self._last_part, self._is_tying = part, False
        self._n_written += 1

    def _go_to(self, onset: int, position: int) -> None:
        self._onset, self._position = onset, position
        self._last_part, self._n_written, self._is_tying = -1, 0, False
        self._sounding = [note for note in self._sounding if note.end > onset]

    def _find_model(self) -> None:
        is_there = 0 < self._like < len(self._measures)
        self._model = self._measures[-1 - self._like] if is_there else _EMPTY


_READERS: Final = {
    "bar": View._take_bar,
    "meter": View._take_meter,
    "like": View._take_like,
    "phrase": View._take_phrase,
    "chord": View._take_chord,
    "pos": View._take_pos,
    "part": View._take_part,
    "dur": View._take_dur,
    "pitch": View._take_pitch,
}


@cache
def _meter_and_slots(value: str, n_parts: int) -> tuple[Meter, tuple[int, ...]]:
    meter = Meter.parse(value)
    return meter, harmonic_slots(meter, n_parts)


@cache
def _told_of_echo(heard: Heard) -> tuple[int, int, int]:
    """Return the features from `echo_pitch` on; a pitch that cannot be spelled is none."""
    code = heard.pitch - LOW_PITCH + 1
    return code if heard.length and 0 < code < N_PITCHES else 0, _first_value(heard.duration), heard.length


@cache
def _first_value(duration: int) -> int:
    """Return the code of the note value that a duration is spelled with first."""
    return _CODE_OF_DURATION[tied_values(duration)[0]] if duration > 0 else 0


def rows_of(views: Sequence[View]) -> tuple[npt.NDArray[np.int32], ByteArray]:
    """Return what some pieces side by side show now: features, (pieces, features), and dense values, (pieces, values)."""
    dense = np.zeros((len(views), DENSE_SIZE), np.uint8)
    dense.ravel()[[row * DENSE_SIZE + pitch for row, view in enumerate(views) for pitch in view.sounding()]] = 1
    return np.array([view.features() for view in views], np.int32), dense


def view_of(conditions: Sequence[str], tokens: Sequence[str]) -> tuple[ByteArray, ByteArray]:
    """Return the view of a whole piece.

    Args:
        conditions: One token for each slot of `encoding.CONDITIONS`.
        tokens: From `<start>` to `<end>`, n of them.

    Returns:
        Features, shape (n - 1, features), and dense values, shape (n - 1, values): row i stands with token i + 1.
    """
    view, rows, cells = View(conditions), [], []
    for row, token in enumerate(tokens[:-1]):
        view.take(token)
        rows.append(view.features())
        cells += [row * DENSE_SIZE + pitch for pitch in view.sounding()]
    dense = np.zeros((len(rows), DENSE_SIZE), np.uint8)
    dense.ravel()[cells] = 1
    return np.array(rows, np.uint8).reshape(-1, len(FEATURES)), dense
