"""The shape of a piece, as a leaning and not as a law: measures come back as themselves, phrases close, lines run on over a bass.

Shown real music, the network foretells nearly as many returns as there are. Writing on from its own notes it falls short: what
has not come back yet makes the next return less likely, and one wrong note in a copy brings the next. So some choices gain
probability, as much as brings them near the rates of real music: to begin a return, to keep to the measure that comes back, to
end a phrase that was planned on a long note at rest, to go by step, on in the same direction, not to repeat a note, to take a
tone of the chord that was planned, its root in the bass, and the one that is wanting above it.

**Conventions.** Weights are natural logarithms, added to logits. Pitches are normal: in C major or A minor. A note is *long* if
it lasts half as long again as the notes so far do on average, *at rest* on the first or fifth degree, as in `metrics.phrasing`;
it may end a phrase if it begins in its last measure, and gains by its length in the second half of that. A measure that comes
back brings its own pitches and its own ending; the last measure of the piece is up to `harmony`.

**References.** benchmarks/shape.py for the rates; it also finds the weights for another network.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from scogen_pipeline.music.interval import LARGEST_STEP
from scogen_pipeline.sampling.token_ids import token_ids_of
from scogen_pipeline.tokens.alphabet import CHORDS, HIGH_PITCH, LOW_PITCH, POSITIONS
from scogen_pipeline.tokens.view import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scogen_pipeline.analysis.chords import Chord
    from scogen_pipeline.music.key import Mode
    from scogen_pipeline.sampling.plan import Plan
    from scogen_pipeline.tokens.view import View
    from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary

_BARS_LEFT, _PHRASE_LEFT, _LIKE, _MODEL_PITCH, _MODEL_POSITION, _LAST_PITCH, _PITCH_BEFORE, _PART, _POSITION, _CHORD = (
    list(FEATURES).index(name)
    for name in (
        "bars_left",
        "phrase_left",
        "like",
        "model_pitch",
        "model_position",
        "last_pitch",
        "pitch_before",
        "part",
        "position",
        "chord",
    )
)
_PITCHES: Final = range(LOW_PITCH, HIGH_PITCH + 1)
_LONG: Final = 1.5
_RESTING: Final[dict[Mode, frozenset[int]]] = {"major": frozenset((0, 7)), "minor": frozenset((9, 4))}


@dataclass(frozen=True)
class Weights:
    """How much each choice gains.

    Args:
        returning: To begin a return, where the measure before was new.
        copying: The pitch that the measure that comes back has here.
        lasting: A long note at the end of a phrase.
        resting: A pitch at rest for such a note, in the lowest part.
        running: A step onward where the line has come by step, unless a measure comes back.
        repeating: The last pitch of the part again, unless a measure comes back.
        stepping: A step either way, unless a measure comes back.
        agreeing: A tone of the planned chord, unless a measure comes back.
        rooting: Its root in the lowest of several parts, unless a measure comes back.
        completing: A tone of it that does not sound yet where others do, unless a measure comes back.
    """

    returning: float = 0.0
    copying: float = 0.0
    lasting: float = 0.0
    resting: float = 0.0
    running: float = 0.0
    repeating: float = 0.0
    stepping: float = 0.0
    agreeing: float = 0.0
    rooting: float = 0.0
    completing: float = 0.0


#: By genre; others are left to the model. Found with benchmarks/shape.py for one network: find them again for another. Some that
#: it suggests are left out, where pieces came no nearer to real ones: leaning on the lines of lieder moves the piano's bass.
WEIGHTS: Final[dict[str, Weights]] = {
    "chorale": Weights(
        returning=0.4,
        copying=1.0,
        lasting=0.6,
        resting=0.8,
        running=1.3,
        repeating=-0.55,
        stepping=0.3,
        rooting=0.5,
        completing=0.5,
    ),
    "classical piano": Weights(returning=0.25, lasting=0.35, resting=0.1),
    "folk song": Weights(returning=0.25, lasting=0.1, resting=0.05, running=0.35, repeating=-0.2),
    "hornpipe": Weights(lasting=0.3, resting=-0.2, running=0.1, repeating=0.1),
    "jig": Weights(returning=-0.3, lasting=-0.4, resting=0.6, running=0.2, repeating=-0.4),
    "lied": Weights(lasting=0.25),
    "reel": Weights(returning=0.2, lasting=0.1, resting=0.6, running=0.05, repeating=0.2),
    "renaissance": Weights(
        returning=0.1,
        copying=0.5,
        lasting=0.2,
        resting=0.4,
        running=1.1,
        repeating=-0.6,
        stepping=0.7,
        agreeing=-0.1,
        rooting=0.4,
        completing=0.4,
    ),
    "strathspey": Weights(returning=0.25, lasting=0.6, resting=-0.1, running=0.35, repeating=0.3, stepping=0.3),
}


class Leaning(NamedTuple):
    """Tokens that gain.

    Args:
        name: By which of `Weights`.
        ids: Their ids.
    """

    name: str
    ids: list[int]


class Shape:
    """Remembers the notes of one piece as far as they matter, and leans.

    Args:
        plan: What the piece must be.
        vocabulary: The tokens and their ids.
        genre: Name of the genre, whose weights count.
        strength: What the weights are multiplied by.
    """

    def __init__(self, plan: Plan, vocabulary: Vocabulary, genre: str, strength: float) -> None:
        weights = asdict(WEIGHTS.get(genre, Weights()))
        self._gains = {name: strength * weight for name, weight in weights.items()}
        self._leans = any(self._gains.values())
        self._ids, self._bar_ticks = token_ids_of(vocabulary), plan.meter.bar_ticks
        self._bass, self._has_bass = plan.bass, len(plan.parts) > 1
        self._resting = self._ids.pitches_of(_RESTING[plan.key.mode])
        self._after = ""
        self._duration = self._n_notes = self._ticks = 0

    def take(self, token_id: int) -> None:
        """Take a token in."""
        kind, number = self._ids.meanings[token_id]
        if kind == "dur":
            self._duration = number + (self._duration if self._after == "dur" else 0)
        elif kind == "pitch":
            self._n_notes, self._ticks = self._n_notes + 1, self._ticks + self._duration
        self._after = kind

    def gains(self, seen: Sequence[int] | IntArray, view: View) -> dict[int, float]:
        """Return by id what is added to the logits of the next token; `seen` is what `view` shows."""
        gains: dict[int, float] = {}
        for name, ids in self.leanings(seen, view) if self._leans else ():
            if self._gains[name]:
                gains |= {token_id: gains.get(token_id, 0.0) + self._gains[name] for token_id in ids}
        return gains

    def leanings(self, seen: Sequence[int] | IntArray, view: View) -> list[Leaning]:
        """Return which of `Weights` count for the next token, and which tokens gain by them."""
        if self._after == "bar":
            return [] if seen[_LIKE] else [Leaning("returning", self._ids.returns)]
        if self._after in ("pos", "part"):
            position = POSITIONS[seen[_POSITION] - 1]
            is_late = 2 * position >= self._bar_ticks and self._is_at_ending(seen)
            long_ids = [token_id for value, token_id in self._ids.dur.items() if self._is_long(value)]
            return [Leaning("lasting", long_ids)] if is_late else []
        if self._after != "dur":
            return []
        if seen[_MODEL_PITCH]:
            return [Leaning("copying", self._pitches(seen[_MODEL_PITCH]))]
        is_last_note = seen[_PART] == self._bass and self._is_long(self._duration) and self._is_at_ending(seen)
        return [
            *self._moves(seen[_LAST_PITCH], seen[_PITCH_BEFORE]),
            *self._harmony(CHORDS[seen[_CHORD] - 1] if seen[_CHORD] else None, seen[_PART], view),
            *([Leaning("resting", self._resting)] if is_last_note else []),
        ]

    def _moves(self, last: int, before: int) -> list[Leaning]:
        """Return how the line may go on from the last pitch of the part in hand and the one before it, as the view tells them."""
        if not last:
            return []
        steps_up, steps_down = ([last + way * size for size in range(1, LARGEST_STEP + 1)] for way in (1, -1))
        moves = [Leaning("repeating", self._pitches(last)), Leaning("stepping", self._pitches(*steps_up, *steps_down))]
        if before and 0 < abs(last - before) <= LARGEST_STEP:
            moves.append(Leaning("running", self._pitches(*(steps_up if last > before else steps_down))))
        return moves

    def _harmony(self, chord: Chord | None, part: int, view: View) -> list[Leaning]:
        """Return what belongs to the chord that was planned; nothing if there is none."""
        if chord is None:
            return []
        tones = chord.pitch_classes
        harmony = [Leaning("agreeing", self._ids.pitches_of(tones))]
        if self._has_bass and part == self._bass:
            harmony.append(Leaning("rooting", self._ids.pitches_of(frozenset((chord.root,)))))
        sounding = {(LOW_PITCH + pitch) % 12 for pitch in view.sounding()}
        if sounding and (wanting := tones - sounding):
            harmony.append(Leaning("completing", self._ids.pitches_of(wanting)))
        return harmony

    def _pitches(self, *codes: int) -> list[int]:
        """Return the ids of pitches that the view tells by these numbers, 1 for the lowest; what is beyond is left out."""
        return [self._ids.pitch[LOW_PITCH - 1 + code] for code in codes if 0 < code <= len(_PITCHES)]

    def _is_long(self, duration: int) -> bool:
        return duration * self._n_notes >= _LONG * self._ticks

    def _is_at_ending(self, seen: Sequence[int] | IntArray) -> bool:
        return bool(seen[_PHRASE_LEFT] == 1 and seen[_BARS_LEFT] > 1 and not seen[_MODEL_POSITION])
