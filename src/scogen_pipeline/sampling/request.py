"""What a user asks for, checked before anything runs.

**Conventions.** Fields hold what people type; properties hold what it means. A field that is left empty is filled from the
customs of the genre.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from scogen_pipeline.analysis.slots import harmonic_slots
from scogen_pipeline.errors import RequestError
from scogen_pipeline.music.genres import Genre, find_genre
from scogen_pipeline.music.instruments import Instrument, find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Part, parts_for
from scogen_pipeline.music.tempo import parse_tempo, qpm_from_bpm
from scogen_pipeline.sampling.form import check_form
from scogen_pipeline.sampling.progression import chords_in_slots, parse_progression
from scogen_pipeline.tokens.alphabet import MAX_PARTS, METERS

MIN_BARS: Final = 2
MAX_BARS: Final = 128
#: Shorter measures leave no room for a pickup.
SHORTEST_BAR_WITH_PICKUP: Final = 36
_PICKUPS: Final = ("auto", "yes", "no")
#: What is drawn for a request by its seed has a stream of its own.
_PICKUP_STREAM: Final = 1

#: Lowest and highest value of each number, inclusive.
_RANGES: Final = {
    "bars": (MIN_BARS, MAX_BARS),
    "n": (1, 64),
    "seed": (0, 2**32 - 1),
    "temperature": (0.05, 2.0),
    "rhythm_temperature": (0.05, 2.0),
    "plan_temperature": (0.05, 2.0),
    "top_k": (0, 1000),
    "top_p": (0.05, 1.0),
    "counterpoint": (0.0, 4.0),
    "shape": (0.0, 4.0),
}


@dataclass(frozen=True)
class Request:
    """A piece of music as it is asked for.

    Args:
        key: "F", "f", "F minor", "Bb", "c#".
        time_signature: "3/4", "C"; "" for the genre's.
        tempo: Beats per minute or an Italian word; "" for the genre's.
        genre: One of `music.genres`.
        instruments: Names joined by "+", or a list; "" for the genre's.
        bars: Measures, 2 to 128; 0 for the genre's.
        title: Printed title; "" for one that says what it is.
        n: How many pieces, 1 to 64.
        seed: Same request, model and seed give the same bytes.
        temperature: Of pitches, 0.05 to 2; below 1 is safer, above is wilder.
        rhythm_temperature: The same of onsets, durations and everything else.
        plan_temperature: The same of the plan: which measures come back, how long phrases are.
        top_k: Only the k likeliest tokens; 0 for all.
        top_p: Only the likeliest tokens that together have this probability; 1 for all.
        counterpoint: How strongly several parts lean towards the customs of part-writing; 0 leaves it to the model.
        shape: How strongly measures lean towards coming back, phrases towards closing, lines and chords towards what is usual;
            0 leaves it to the model.
        form: Sections of equal length as letters, the same letter where one comes back: "AABB"; "" leaves it to the model.
        pickup: "yes" for a beginning before the first bar line, which is not counted among the bars; "no"; "auto" for as often as
            in the genre.
        chords: A progression in the key that sounds, measures parted by "|": "C | Am F | G7 | C"; "" leaves it to the model.

    Raises:
        RequestError: If a value is out of range or unknown; says what is allowed.
    """

    key: str = "C"
    time_signature: str = ""
    tempo: str | float = ""
    genre: str = "chorale"
    instruments: str | list[str] = ""
    bars: int = 0
    title: str = ""
    n: int = 1
    seed: int = 1
    temperature: float = 1.0
    rhythm_temperature: float = 0.95
    plan_temperature: float = 1.0
    top_k: int = 0
    top_p: float = 0.995
    counterpoint: float = 1.0
    shape: float = 1.0
    form: str = ""
    pickup: str | bool = "auto"
    chords: str = ""

    def __post_init__(self) -> None:
        """Check every field by reading it."""
        for field in fields(self):
            if getattr(self, field.name) is None:
                object.__setattr__(self, field.name, field.default)
        for name, (low, high) in _RANGES.items():
            is_open = name == "bars" and getattr(self, name) in (0, "")
            object.__setattr__(self, name, 0 if is_open else _number(name, getattr(self, name), low, high))
        self._check_music()

    def _check_music(self) -> None:
        _ = self.parsed_key, self.customs, self.tempo_qpm
        if self.meter not in METERS or self.meter.bar_ticks < 24:
            raise RequestError(
                f"`time_signature` must be 1/4 to 4/2 long with 2, 4, 8 or 16 below, received {self.meter}. Try 4/4, 3/4 or 6/8."
            )
        pickup = {"true": "yes", "false": "no"}.get(str(self.pickup).lower(), str(self.pickup).lower())
        if pickup not in _PICKUPS:
            raise RequestError(f"`pickup` must be {', '.join(_PICKUPS)}, received `{self.pickup}`.")
        object.__setattr__(self, "pickup", pickup)
        if self.chords:
            chords_in_slots(parse_progression(self.chords), self.n_bars, len(harmonic_slots(self.meter, len(self.parts))))
        if self.form:
            object.__setattr__(self, "form", check_form(self.form, self.n_bars))
        if len(self.parts) > MAX_PARTS:
            raise RequestError(
                f"`instruments` must need at most {MAX_PARTS} staves, received {len(self.parts)}. A piano takes two."
            )

    @property
    def parsed_key(self) -> Key:
        """The key."""
        return Key.parse(str(self.key))

    @property
    def customs(self) -> Genre:
        """The genre, with what is customary in it."""
        return find_genre(self.genre)

    @property
    def meter(self) -> Meter:
        """The meter."""
        return Meter.parse(str(self.time_signature or self.customs.time_signature))

    @property
    def tempo_bpm(self) -> float:
        """Beats of the meter per minute."""
        return parse_tempo(self.tempo if self.tempo != "" else self.customs.tempo_bpm)

    @property
    def tempo_qpm(self) -> float:
        """Quarter notes per minute."""
        return qpm_from_bpm(self.tempo_bpm, self.meter)

    @property
    def ensemble(self) -> tuple[Instrument, ...]:
        """The instruments, top of the score first."""
        named = self.instruments
        if isinstance(named, str):
            named = [name for name in named.replace(",", "+").replace(";", "+").split("+") if name.strip()]
        return tuple(find_instrument(str(name)) for name in named or self.customs.instruments)

    @property
    def parts(self) -> tuple[Part, ...]:
        """One part a staff."""
        return parts_for(self.ensemble)

    @property
    def has_pickup(self) -> bool:
        """Whether the piece begins before the first bar line."""
        if self.pickup != "auto":
            return self.pickup == "yes"
        share = self.customs.pickup_share if self.meter.bar_ticks >= SHORTEST_BAR_WITH_PICKUP else 0.0
        return bool(np.random.default_rng([self.seed, _PICKUP_STREAM]).random() < share)

    @property
    def n_bars(self) -> int:
        """Number of measures, without the pickup."""
        return self.bars or self.customs.bars

    def title_of(self, index: int) -> str:
        """Return the printed title of the piece number `index` from 0."""
        name = self.title or f"{self.customs.name.capitalize()} in {self.parsed_key.printed_name}"
        return f"{name}, No. {index + 1}" if self.n > 1 else name

    @property
    def composer(self) -> str:
        """Return the printed composer line."""
        return f"scogen, after {self.customs.name}"


def _number(name: str, value: Any, low: float, high: float) -> float:
    """Read a number of the kind that `low` is, within the range."""
    kind = type(low)
    try:
        number = kind(value)
        is_exact = float(number) == float(value)
    except (TypeError, ValueError):
        raise RequestError(f"`{name}` must be a number from {low} to {high}, received `{value}`.") from None
    if isinstance(value, bool) or not is_exact or not low <= number <= high:
        what = "a whole number" if kind is int else "a number"
        raise RequestError(f"`{name}` must be {what} from {low} to {high}, received {value}.")
    return number
