"""The shape of a piece, as a leaning and not as a law: measures come back as themselves, phrases close, lines run on.

Shown real music, the network foretells nearly as many returns as there are. Writing on from its own notes it falls short: what
has not come back yet makes the next return less likely, and one wrong note in a copy brings the next. So some choices gain
probability, as much as brings them near the rates of real music: to begin a return, to keep to the measure that comes back, to
end a phrase that was planned on a long note at rest, to go on by step in the same direction, not to repeat a note.

**Conventions.** Weights are natural logarithms, added to logits. Pitches are normal: in C major or A minor. A note is *long* if
it lasts half as long again as the notes so far do on average, *at rest* on the first or fifth degree, as in `metrics.phrasing`;
it may end a phrase if it begins in its last measure, and gains by its length in the second half of that. A measure that comes
back brings its own ending; the last measure of the piece is up to `harmony`.

**References.** benchmarks/shape.py for the rates; it also finds the weights for another network.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from scogen_pipeline.music.interval import LARGEST_STEP
from scogen_pipeline.sampling.token_ids import token_ids_of
from scogen_pipeline.tokens.alphabet import HIGH_PITCH, LOW_PITCH, POSITIONS
from scogen_pipeline.tokens.view import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scogen_pipeline.music.key import Mode
    from scogen_pipeline.sampling.plan import Plan
    from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary

_BARS_LEFT, _PHRASE_LEFT, _LIKE, _MODEL_PITCH, _MODEL_POSITION, _LAST_PITCH, _PITCH_BEFORE, _PART, _POSITION = (
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
    )
)
_PITCHES: Final = range(LOW_PITCH, HIGH_PITCH + 1)
_LONG: Final = 1.5
_RESTING: Final[dict[Mode, tuple[int, ...]]] = {"major": (0, 7), "minor": (9, 4)}


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
    """

    returning: float = 0.0
    copying: float = 0.0
    lasting: float = 0.0
    resting: float = 0.0
    running: float = 0.0
    repeating: float = 0.0


#: By genre; others are left to the model. Found by benchmarks/shape.py for one network: find them again for another. Where parts
#: sound together, leaning on lines spoils their harmony (chorales: AUC 0.91 instead of 0.85), so only single lines run on.
WEIGHTS: Final[dict[str, Weights]] = {
    "chorale": Weights(returning=0.6, copying=0.5, lasting=0.5, resting=0.3),
    "classical piano": Weights(returning=0.25, lasting=0.35, resting=0.1),
    "folk song": Weights(returning=0.25, lasting=0.1, resting=0.3, running=0.4, repeating=-0.25),
    "hornpipe": Weights(running=0.1, repeating=0.1),
    "jig": Weights(returning=-0.2, lasting=-0.3, resting=0.6, running=0.2, repeating=-0.4),
    "lied": Weights(lasting=0.25),
    "reel": Weights(returning=0.2, lasting=0.1, resting=0.6, running=0.05, repeating=0.2),
    "renaissance": Weights(lasting=0.2, resting=0.3),
    "strathspey": Weights(returning=0.25, lasting=0.5, resting=-0.1, running=0.35, repeating=0.3),
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
        self._ids, self._bass, self._bar_ticks = token_ids_of(vocabulary), plan.bass, plan.meter.bar_ticks
        self._resting = [self._ids.pitch[pitch] for pitch in _PITCHES if pitch % 12 in _RESTING[plan.key.mode]]
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

    def gains(self, seen: Sequence[int] | IntArray) -> dict[int, float]:
        """Return by id what is added to the logits of the next token; `seen` is its row of `tokens.view.FEATURES`."""
        gains: dict[int, float] = {}
        for name, ids in self.leanings(seen) if self._leans else ():
            if self._gains[name]:
                gains |= {token_id: gains.get(token_id, 0.0) + self._gains[name] for token_id in ids}
        return gains

    def leanings(self, seen: Sequence[int] | IntArray) -> list[Leaning]:
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
        return self._moves(seen[_LAST_PITCH], seen[_PITCH_BEFORE]) + ([Leaning("resting", self._resting)] if is_last_note else [])

    def _moves(self, last: int, before: int) -> list[Leaning]:
        """Return how the line may go on from the last pitch of the part in hand and the one before it, as the view tells them."""
        if not last:
            return []
        moves = [Leaning("repeating", self._pitches(last))]
        if before and 0 < abs(last - before) <= LARGEST_STEP:
            direction = 1 if last > before else -1
            moves.append(Leaning("running", self._pitches(*(last + direction * size for size in range(1, LARGEST_STEP + 1)))))
        return moves

    def _pitches(self, *codes: int) -> list[int]:
        """Return the ids of pitches that the view tells by these numbers, 1 for the lowest; what is beyond is left out."""
        return [self._ids.pitch[LOW_PITCH - 1 + code] for code in codes if 0 < code <= len(_PITCHES)]

    def _is_long(self, duration: int) -> bool:
        return duration * self._n_notes >= _LONG * self._ticks

    def _is_at_ending(self, seen: Sequence[int] | IntArray) -> bool:
        return bool(seen[_PHRASE_LEFT] == 1 and seen[_BARS_LEFT] > 1 and not seen[_MODEL_POSITION])
