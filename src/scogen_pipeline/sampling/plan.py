"""A request worked out: what the grammar has to keep, in the terms of the model.

**Conventions.** Ticks are grid ticks from the start of the piece. Pitches here are *normal*: in C major or A minor, as the model
spells them; `shift` moves them to the key that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from scogen_pipeline.analysis.slots import harmonic_slots
from scogen_pipeline.music.duration import NOTE_VALUES
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.piece import Piece, parts_for
from scogen_pipeline.sampling.form import returns_of_form
from scogen_pipeline.sampling.progression import chords_in_slots, parse_progression
from scogen_pipeline.tokens.alphabet import HIGH_PITCH, LOW_PITCH, value_of
from scogen_pipeline.tokens.encoding import CONDITIONS, normal_shift, spell_conditions

if TYPE_CHECKING:
    from scogen_pipeline.analysis.chords import Chord
    from scogen_pipeline.music.instruments import Role
    from scogen_pipeline.music.key import Key
    from scogen_pipeline.music.meter import Meter
    from scogen_pipeline.music.piece import Part
    from scogen_pipeline.sampling.request import Request

#: A pickup is an eighth note or longer.
_SHORTEST_PICKUP: Final = 12
#: Lowest and highest sounding pitch by hand.
_HAND_LIMITS: Final[dict[str | None, tuple[int, int]]] = {None: (0, 127), "right": (48, 127), "left": (0, 74)}

#: Where each role sings or plays in C, on average over the training data.
_CENTRES: Final[dict[Role, int]] = {
    "melody": 71,
    "soprano": 70,
    "alto": 65,
    "tenor": 59,
    "bass": 51,
    "violin": 73,
    "viola": 63,
    "cello": 52,
    "piano_right": 71,
    "piano_left": 51,
}


@dataclass(frozen=True)
class Plan:
    """What one piece must be.

    Args:
        parts: Top staff first.
        meter: The one meter.
        n_bars: Number of measures with that of the pickup, at least 2.
        key: The key it is to sound in.
        shift: Semitones from normal pitches to sounding ones.
        conditions: Tokens, one for each slot of `tokens.encoding.CONDITIONS`.
        has_pickup: Whether the first measure is silent but for its end.
        chords: For each measure the normal chord of each harmonic slot, None where the model may choose; empty if it always may.
        pickup_ticks: Length of the pickup, once it is known.
        returns: For each measure how many measures back the one lies that it is like, 0 if none; empty if the model may choose.
    """

    parts: tuple[Part, ...]
    meter: Meter
    n_bars: int
    key: Key
    shift: int
    conditions: tuple[str, ...]
    has_pickup: bool = False
    returns: tuple[int, ...] = ()
    chords: tuple[tuple[Chord | None, ...], ...] = ()
    pickup_ticks: int = 0

    @classmethod
    def of(cls, request: Request) -> Plan:
        """Work a request out."""
        n_bars = request.n_bars + request.has_pickup
        meters = (request.meter,) * n_bars
        blank = Piece(request.parts, (), meters, request.parsed_key, request.tempo_qpm, request.customs.name)
        roles = _roles(request)
        conditions = spell_conditions(blank, roles, has_downbeat=not request.has_pickup)
        shift = _best_shift(request.parts, roles, normal_shift(request.parsed_key))
        returns = returns_of_form(request.form, request.n_bars) if request.form else ()
        chords = _normal_chords(request)
        if request.has_pickup:
            returns, chords = (0, *returns) if returns else (), ((), *chords) if chords else ()
        return cls(
            request.parts, request.meter, n_bars, request.parsed_key, shift, conditions, request.has_pickup, returns, chords
        )

    def begun_at(self, onset: int) -> Plan:
        """Return the plan of a piece whose first note begins at a tick."""
        return replace(self, pickup_ticks=self.meter.bar_ticks - onset) if self.has_pickup else self

    @cached_property
    def genre(self) -> str:
        """Its genre, as the model knows it."""
        return value_of(self.conditions[CONDITIONS.index("genre")])

    @cached_property
    def end(self) -> int:
        """First tick after the last note: the last measure makes way for the pickup, if it is one of eighth notes."""
        bar = self.meter.bar_ticks
        missing = -(-self.pickup_ticks // _SHORTEST_PICKUP) * _SHORTEST_PICKUP if bar % _SHORTEST_PICKUP == 0 else 0
        return self.n_bars * bar - missing

    @cached_property
    def final_onset(self) -> int:
        """First tick of the last measure, where the tonic arrives."""
        return (self.n_bars - 1) * self.meter.bar_ticks

    @cached_property
    def dominant_onset(self) -> int:
        """First tick of the dominant that leads to the tonic: the last beat before it."""
        return self.final_onset - self.meter.beat_ticks

    @cached_property
    def pickup_onsets(self) -> tuple[int, int]:
        """First and last tick at which the piece may begin: with a pickup, in the second half of its measure."""
        bar = self.meter.bar_ticks
        return (-(-bar // 2), bar - _SHORTEST_PICKUP) if self.has_pickup else (0, 0)

    @cached_property
    def last_onset(self) -> int:
        """Last tick at which a note may begin, so that the piece ends on a long one that begins on a beat.

        It lasts for beats, at most half a measure; where the last measure makes way for a pickup, for what is left of that.
        """
        beat, half = self.meter.beat_ticks, self.meter.bar_ticks // 2
        longest = max((value for value in NOTE_VALUES if value <= half and value % beat == 0), default=self.meter.bar_ticks)
        usual = self.final_onset + self.meter.bar_ticks - longest
        beats = [tick for tick in range(self.final_onset, self.end, beat) if self.end - tick in NOTE_VALUES]
        long_enough = [tick for tick in beats if tick <= usual and self.end - tick >= beat]
        return (long_enough or beats or [self.final_onset])[-1]

    @cached_property
    def pitch_ranges(self) -> tuple[tuple[int, int], ...]:
        """Lowest and highest normal pitch of each part, inclusive; each hand of a keyboard keeps to its side."""
        return tuple(
            (
                max(part.instrument.low, _HAND_LIMITS[part.hand][0], LOW_PITCH + self.shift) - self.shift,
                min(part.instrument.high, _HAND_LIMITS[part.hand][1], HIGH_PITCH + self.shift) - self.shift,
            )
            for part in self.parts
        )

    @cached_property
    def bass(self) -> int:
        """Index of the part that closes on the root: the one that reaches lowest, of equals the last."""
        return min(range(len(self.parts)), key=lambda part: (self.pitch_ranges[part][0], -part))


def _normal_chords(request: Request) -> tuple[tuple[Chord | None, ...], ...]:
    """Return the chords that were asked for, in C major or A minor."""
    if not request.chords:
        return ()
    n_slots, shift = len(harmonic_slots(request.meter, len(request.parts))), normal_shift(request.parsed_key)
    sounding = chords_in_slots(parse_progression(request.chords), request.n_bars, n_slots)
    return tuple(tuple(chord and chord._replace(root=(chord.root - shift) % 12) for chord in measure) for measure in sounding)


def _roles(request: Request) -> tuple[Role, ...]:
    """Return what the model takes each part for: the customary roles of the genre where as many parts are asked for."""
    own = tuple(part.role for part in request.parts)
    ensemble = tuple(find_instrument(name) for name in request.customs.instruments)
    customary = tuple(part.role for part in parts_for(ensemble))
    return customary if len(customary) == len(own) else own


def _best_shift(parts: tuple[Part, ...], roles: tuple[Role, ...], shift: int) -> int:
    """Choose the octave in which the roles lie best in the ranges of the instruments."""

    def misfit(octaves: int) -> tuple[float, int]:
        distance = 0.0
        for part, role in zip(parts, roles, strict=True):
            low, high = part.instrument.low, part.instrument.high
            centre = _CENTRES[role] + shift + 12 * octaves
            # A fifth inside the range on either side is where a part can move freely.
            distance += max(0, low + 7 - centre, centre - high + 7)
        return distance, abs(octaves)

    return shift + 12 * min((-2, -1, 0, 1, 2), key=misfit)
