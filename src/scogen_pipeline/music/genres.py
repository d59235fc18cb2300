"""Genres: what the model can be asked for, and what each one is by default.

**Conventions.** A genre name is lower case with spaces. Its defaults fill what a request leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scogen_pipeline.errors import RequestError, did_you_mean


@dataclass(frozen=True)
class Genre:
    """A kind of music with its customary ensemble, meter and tempo.

    Args:
        name: "classical piano".
        instruments: Names of `music.instruments`, top part first.
        time_signature: Customary meter: "4/4".
        tempo_bpm: Customary beats per minute.
        bars: Customary length in measures.
        pickup_share: Share of its pieces that begin before the first bar line; counted over the corpus of the pretrained model.
    """

    name: str
    instruments: tuple[str, ...]
    time_signature: str
    tempo_bpm: int
    bars: int = 16
    pickup_share: float = 0.0


_SATB: Final = ("soprano", "alto", "tenor", "bass")
_QUARTET: Final = ("violin", "violin", "viola", "cello")
_ALL: Final = (
    Genre("chorale", _SATB, "4/4", 76, 12, pickup_share=0.7),
    Genre("renaissance", _SATB, "2/2", 72, 24, pickup_share=0.01),
    Genre("string quartet", _QUARTET, "4/4", 108, pickup_share=0.2),
    Genre("classical piano", ("piano",), "4/4", 104, pickup_share=0.36),
    Genre("ragtime", ("piano",), "2/4", 88, pickup_share=0.35),
    Genre("lied", ("voice", "piano"), "4/4", 84, pickup_share=0.35),
    Genre("folk song", ("voice",), "4/4", 100, pickup_share=0.68),
    Genre("reel", ("fiddle",), "4/4", 184, pickup_share=0.64),
    Genre("jig", ("fiddle",), "6/8", 116, pickup_share=0.77),
    Genre("slip jig", ("fiddle",), "9/8", 112, pickup_share=0.28),
    Genre("hornpipe", ("fiddle",), "4/4", 152, pickup_share=0.92),
    Genre("strathspey", ("fiddle",), "4/4", 120, pickup_share=0.82),
    Genre("air", ("flute",), "3/4", 88, pickup_share=0.74),
)
GENRES: Final = {genre.name: genre for genre in _ALL}

_ALIASES: Final = {
    "renaissance polyphony": "renaissance",
    "motet": "renaissance",
    "madrigal": "renaissance",
    "mass": "renaissance",
    "piano": "classical piano",
    "classical": "classical piano",
    "quartet": "string quartet",
    "rag": "ragtime",
    "song": "lied",
    "folk": "folk song",
    "folksong": "folk song",
    "folk tune": "folk song",
    "double jig": "jig",
    "hymn": "chorale",
}


def find_genre(name: str) -> Genre:
    """Look a genre up by name or alias, ignoring case.

    Raises:
        RequestError: If there is none; the message suggests the nearest.
    """
    folded = " ".join(str(name).casefold().replace("_", " ").split())
    folded = _ALIASES.get(folded, folded)
    if folded not in GENRES:
        raise RequestError(
            f"`genre` must be one of {', '.join(GENRES)}, received `{name}`.{did_you_mean(str(name), [*GENRES, *_ALIASES])}"
        )
    return GENRES[folded]
