"""What may come next: the promises of a request as masks over the vocabulary.

The grammar walks along with the tokens and, before each draw, names those that keep every promise: each measure exactly full, all
parts within their ranges, exactly so many measures, a cadence to the tonic at the end. It only ever forbids; what is left is
up to the model. Some token is always allowed, so sampling cannot get stuck.

**Conventions.** Ticks are grid ticks from the start of the piece; pitches are normal (C major or A minor). A part is *free* at
a tick if it can begin a note there; it is *due* if it must.
"""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, Literal

from scogen_pipeline.sampling.counterpoint import Voice, customs_of, leanings
from scogen_pipeline.sampling.harmony import closing_pitch_classes, opening_leaning
from scogen_pipeline.sampling.outline import Outline
from scogen_pipeline.sampling.part_state import PartState
from scogen_pipeline.sampling.rhythm import Rhythm
from scogen_pipeline.sampling.token_ids import token_ids_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scogen_pipeline.sampling.plan import Plan
    from scogen_pipeline.tokens.vocabulary import Vocabulary

#: Widest chord of one hand in semitones: a tenth would be 16, an octave is what everybody can reach.
_HAND_SPAN: Final = 12
#: Widest melodic leap of a single line in semitones.
_LARGEST_LEAP: Final = 12

#: Least difference of two durations that begin together in one hand.
_SHORTEST_MOVE: Final = 12

#: Most whole measures of rest of one part among several; a single part rests for one at most.
_LONGEST_REST: Final = 4

_After = Literal["start", "bar", "pos", "part", "dur", "pitch", "end"]


class Grammar:
    """The state of one piece while it is written.

    Args:
        plan: What the piece must be.
        vocabulary: The tokens and their ids.
    """

    def __init__(self, plan: Plan, vocabulary: Vocabulary) -> None:
        self._plan = plan
        self._ids = token_ids_of(vocabulary)
        self._outline = Outline(plan, vocabulary)
        self._rhythm = Rhythm(plan)
        self._customs = customs_of(plan.genre)
        self._voices = [PartState(part.instrument.max_notes) for part in plan.parts]
        self._layered_parts = [part for part, voice in enumerate(self._voices) if voice.has_layers]
        self._after: _After = "start"
        #: Measures that have begun, with that of a pickup.
        self.n_bars_begun = 0
        self._bar_onset = 0
        self._onset = 0
        self._part = 0
        #: Last part that sounds at this onset; -1 before the first.
        self._last_part = -1
        self._duration = 0

    @property
    def is_finished(self) -> bool:
        """Whether `<end>` has been written."""
        return self._after == "end"

    @property
    def is_at_pitch(self) -> bool:
        """Whether a pitch or a chord is due: a duration has just been written, or the plan of a measure is all but complete."""
        return self._after == "dur" or self._outline.is_at_chord

    @property
    def is_at_form(self) -> bool:
        """Whether the plan of a measure is open, and what it is like or the length of a phrase can come next."""
        return self._outline.is_open and not self._outline.is_at_chord

    def leanings(self) -> list[float]:
        """Return log weights of the first of `allowed_ids`, the pitches: how a piece opens, and how parts go together."""
        if self._after not in ("dur", "pitch") or (self._onset and len(self._voices) == 1):
            return []
        pitches = self._pitches(self._onset + self._duration)
        weights = [opening_leaning(pitch, self._plan.key.mode) if self._onset == 0 else 0.0 for pitch in pitches]
        if len(self._voices) == 1:
            return weights
        is_on_beat = (self._onset - self._bar_onset) % self._plan.meter.beat_ticks == 0
        together = leanings(pitches, self._voices_now(), self._part, self._customs, is_on_beat=is_on_beat)
        return [opening + leaning for opening, leaning in zip(weights, together, strict=True)]

    def _voices_now(self) -> list[Voice]:
        onset = self._onset
        return [
            Voice(
                tuple(voice.pitches_sounding(onset)),
                voice.pitch_before(onset),
                bool(voice.pitches_at(onset)),
                part.hand is not None,
            )
            for voice, part in zip(self._voices, self._plan.parts, strict=True)
        ]

    def advance(self, token_id: int) -> None:
        """Take a token in. It need not be allowed: a primer may hold what the grammar would not write."""
        kind, number = self._ids.meanings[token_id]
        _TAKERS[kind](self, number)

    # What may come next

    def allowed_ids(self) -> list[int]:
        """Return the ids of the tokens that may come next."""
        if self._after == "start":
            return [self._ids.bar(self._plan.n_bars)]
        if self._outline.is_open:
            return self._outline.allowed_ids()
        if self._after in ("pos", "part"):
            return self._part_ids() + (self._duration_ids() if self._may_stay() else [])
        if self._after == "dur":
            return self._pitch_ids() + self._tied_ids()
        chord = self._pitch_ids() + self._second_layer_ids() if self._after == "pitch" else []
        return chord + (self._part_ids() if self._after == "pitch" else []) + self._leaving_ids()

    def _may_stay(self) -> bool:
        """Tell whether `dur` may follow: after `part=` always, after `pos=` if the part in hand is free and none above is due."""
        return self._after == "part" or self._part in self._eligible_parts()

    def _eligible_parts(self) -> range | list[int]:
        """Return the parts that may sound next at this onset: free ones below the last, down to the first that is due."""
        eligible = []
        for part in range(self._last_part + 1, len(self._voices)):
            if self._is_free(part, self._onset):
                eligible.append(part)
            if self._is_due(part, self._onset):
                break
        return eligible

    def _is_free(self, part: int, tick: int) -> bool:
        """Tell whether the part can begin a note; in the closing cadence the bass is a single layer, so its root stays lowest."""
        voice = self._voices[part]
        is_closing_bass = part == self._plan.bass and tick >= self._plan.dominant_onset
        if is_closing_bass:
            return voice.end <= tick
        if not voice.is_free(tick):
            return False
        durations = self._rhythm.durations(tick)  # shortest first
        return bool(durations) and tick + durations[0] <= self._limit(part, tick)

    def _part_ids(self) -> list[int]:
        if self._after == "part":
            return []
        return [self._ids.part[part] for part in self._eligible_parts() if part != self._part]

    def _duration_ids(self) -> list[int]:
        limit = self._limit(self._part, self._onset)
        return [self._ids.dur[value] for value in self._rhythm.durations(self._onset) if self._onset + value <= limit]

    def _limit(self, part: int, tick: int) -> int:
        """Return the tick up to which a note may last: what moves beside a held note ends with it."""
        voice = self._voices[part]
        if voice.end <= tick or voice.pitches_at(tick):
            return self._plan.end
        return min(voice.ends_after(tick), default=self._plan.end)

    def _tied_ids(self) -> list[int]:
        """Return the values that may be tied to the one just written."""
        values = self._rhythm.may_extend(self._onset, self._duration)
        begun, limit = self._onset + self._duration, self._limit(self._part, self._onset)
        return [self._ids.dur[value] for value in values if begun + value <= limit and self._pitches(begun + value)]

    def _second_layer_ids(self) -> list[int]:
        """Return longer values for further notes at this onset, where the hand has a layer left for them."""
        voice = self._voices[self._part]
        if voice.max_notes == 1 or not self._is_free(self._part, self._onset) or voice.n_layers_begun(self._onset) > 1:
            return []
        values = [value for value in self._rhythm.durations(self._onset) if value >= self._duration + _SHORTEST_MOVE]
        return [self._ids.dur[value] for value in values if self._pitches(self._onset + value)]

    def _leaving_ids(self) -> list[int]:
        """Return what may follow once this onset is complete: a later one, the next measure, the end."""
        if self._after == "pitch" and any(
            self._is_due(part, self._onset) for part in range(self._last_part + 1, len(self._voices))
        ):
            return []
        bar_end = self._bar_onset + self._plan.meter.bar_ticks
        next_due = self._next_due(bar_end)
        first = max(self._bar_onset if self._after == "bar" else self._onset + 1, self._plan.pickup_onsets[0])
        last = min(next_due, bar_end - 1)
        ids = [self._ids.pos[tick - self._bar_onset] for tick in self._onsets_between(first, last)]
        if next_due >= bar_end and self._has_sound(bar_end):
            ids.append(self._next_bar_id())
        return ids

    def _onsets_between(self, first: int, last: int) -> list[int]:
        """Return the ticks of the measure, from `first` to `last`, at which some part can begin a note."""
        onsets = self._rhythm.onsets(self._bar_onset)
        # From here on a whole part is silent; before, there may be a free layer beside a held note.
        silent_from = min(voice.end for voice in self._voices)
        return [
            tick
            for tick in onsets[bisect_left(onsets, first) : bisect_right(onsets, last)]
            if tick >= silent_from or any(self._is_free(part, tick) for part in self._layered_parts)
        ]

    def _next_bar_id(self) -> int:
        bars_left = self._plan.n_bars - self.n_bars_begun
        return self._ids.bar(bars_left) if bars_left else self._ids.end

    def _has_sound(self, bar_end: int) -> bool:
        """Tell whether anything sounds in this measure."""
        return any(voice.end > bar_end - self._plan.meter.bar_ticks for voice in self._voices)

    def _next_due(self, bar_end: int) -> int:
        """Return the first tick from here on at which some part must begin a note, `bar_end` if none must in this measure."""
        first = self._bar_onset if self._after == "bar" else self._onset + 1
        if self._after != "bar" and bar_end <= self._plan.dominant_onset:
            return bar_end
        return min((self._due_tick(part, first, bar_end) for part in range(len(self._voices))), default=bar_end)

    def _due_tick(self, part: int, first: int, bar_end: int) -> int:
        """Return the first tick from `first` on, before `bar_end`, at which the part is due.

        A part is due at the start of the piece if it is the top one, at the start of a measure if it was silent for as long as it
        may be, and from the dominant of the closing cadence on whenever it would fall silent.
        """
        voice = self._voices[part]
        if first == self._bar_onset and self._is_due(part, first):
            return max(first, self._plan.pickup_onsets[1])
        tick = max(voice.end, self._plan.dominant_onset, first)
        return tick if tick < bar_end and voice.end < self._plan.end else bar_end

    def _is_due(self, part: int, tick: int) -> bool:
        voice = self._voices[part]
        if voice.end > tick:
            return False
        is_bar_line = tick == self._bar_onset
        longest_rest = (_LONGEST_REST if len(self._voices) > 1 else 1) * self._plan.meter.bar_ticks
        was_silent = self.n_bars_begun > 1 and voice.end <= self._bar_onset - longest_rest
        is_opening = self.n_bars_begun == 1 and part == 0
        return tick >= self._plan.dominant_onset or (is_bar_line and (was_silent or is_opening))

    def _pitch_ids(self) -> list[int]:
        id_of = self._ids.pitch
        return [id_of[pitch] for pitch in self._pitches(self._onset + self._duration)]

    def _pitches(self, end: int) -> tuple[int, ...]:
        """Return the pitches that may be added at this onset for a note up to `end`; never empty for the first of a part."""
        voice = self._voices[self._part]
        chord = voice.pitches_at(self._onset)
        if len(chord) >= voice.max_notes:
            return ()
        low, high = self._range_now()
        goes_on = self._after == "pitch" and end == self._onset + self._duration
        if goes_on:
            low = max(low, voice.last_pitch + 1)
        if chord:
            low, high = max(low, max(chord) - _HAND_SPAN), min(high, min(chord) + _HAND_SPAN)
        pitches = self._pitches_between(low, high, end, is_lowest=not goes_on)
        if not pitches and not chord:
            # A note held from before the cadence is in the way: the root may cross it.
            pitches = self._pitches_between(*self._plan.pitch_ranges[self._part], end, is_lowest=False)
        return pitches

    def _pitches_between(self, low: int, high: int, end: int, *, is_lowest: bool) -> tuple[int, ...]:
        voice = self._voices[self._part]
        classes = closing_pitch_classes(self._plan, self._part, self._onset, end, is_lowest=is_lowest)
        centre = voice.last_pitch if voice.max_notes == 1 else 0
        return _pitches_of(low, high, classes, tuple(voice.pitches_sounding(self._onset)), centre)

    def _range_now(self) -> tuple[int, int]:
        """Return the lowest and highest pitch of the part; in the closing cadence the bass stays below the others."""
        low, high = self._plan.pitch_ranges[self._part]
        if self._onset < self._plan.dominant_onset or len(self._voices) == 1:
            return low, high
        bass = self._plan.bass
        others = [part for part in range(len(self._voices)) if part != bass]
        if self._part == bass:
            sounding = [pitch for part in others for pitch in self._voices[part].pitches_sounding(self._onset)]
            return low, min(*sounding, high, *(self._plan.pitch_ranges[part][1] for part in others))
        lowest_root = self._plan.pitch_ranges[bass][0] + 11
        return max(low, lowest_root, *self._voices[bass].pitches_sounding(self._onset)), high

    # Taking a token in

    def _take_start(self, _number: int) -> None:
        self._after = "start"

    def _take_end(self, _number: int) -> None:
        self._after = "end"

    def _take_bar(self, _number: int) -> None:
        if self.n_bars_begun:
            self._bar_onset += self._plan.meter.bar_ticks
        self.n_bars_begun += 1
        self._onset, self._last_part, self._after = self._bar_onset, -1, "bar"
        self._outline.begin_bar()

    def _take_like(self, distance: int) -> None:
        self._outline.take("like", distance)

    def _take_phrase(self, length: int) -> None:
        self._outline.take("phrase", length)

    def _take_chord(self, number: int) -> None:
        self._outline.take("chord", number)

    def _take_pos(self, tick: int) -> None:
        is_first = self.n_bars_begun == 1 and self._after == "bar"
        self._onset, self._last_part, self._after = self._bar_onset + tick, -1, "pos"
        if is_first and self._onset and self._plan.has_pickup:
            self._plan = self._plan.begun_at(self._onset)
            self._rhythm.follow(self._plan)

    def _take_part(self, part: int) -> None:
        self._part, self._after = part, "part"

    def _take_dur(self, value: int) -> None:
        self._duration = value + (self._duration if self._after == "dur" else 0)
        self._after = "dur"

    def _take_pitch(self, pitch: int) -> None:
        self._rhythm.note(self._onset, self._duration)
        self._voices[self._part].note(self._onset, self._duration, pitch)
        self._last_part, self._after = self._part, "pitch"


#: How each kind of token is taken in.
_TAKERS: Final[dict[str, Callable[[Grammar, int], None]]] = {
    name.removeprefix("_take_"): taker for name, taker in vars(Grammar).items() if name.startswith("_take_")
}


@functools.lru_cache(maxsize=1 << 14)
def _pitches_of(low: int, high: int, classes: frozenset[int], taken: tuple[int, ...], centre: int) -> tuple[int, ...]:
    """Return the pitches of some classes that are not taken; with a centre other than 0, those within a leap of it if any are."""
    pitches = tuple(pitch for pitch in range(low, high + 1) if pitch % 12 in classes and pitch not in taken)
    near = tuple(pitch for pitch in pitches if abs(pitch - centre) <= _LARGEST_LEAP) if centre else ()
    return near or pitches
