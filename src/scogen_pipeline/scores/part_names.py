"""What the parts of a score are called in MIDI: names that `instrument_of_track` recognises, and their programs.

**Conventions.** Voices of chorales and renaissance pieces are Soprano, Alto, Tenor and Bass (program 52), by their names where
those say so, else by their register. A keyboard is two tracks, right hand and left hand. Same names are numbered: "Violin 1",
"Violin 2".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scogen_pipeline.errors import MidiError
from scogen_pipeline.music.instruments import INSTRUMENTS, instrument_of_track

VOCAL_GENRES: Final = ("chorale", "renaissance")
DANCE_COLLECTIONS: Final = ("airdsAirs", "nottingham-dataset", "oneills1850", "ryansMammoth")
_KEYBOARDS: Final = ("piano", "harpsichord", "organ", "harp")
_KEYBOARD_WORDS: Final = {
    "piano": "piano", "klavier": "piano", "keyboard": "piano", "clavier": "piano", "pfte": "piano",
    "harpsichord": "harpsichord", "cembalo": "harpsichord", "organ": "organ", "orgel": "organ", "harp": "harp",
}  # fmt: skip
_VOICE_WORDS: Final = {
    "soprano": "soprano", "sopran": "soprano", "cantus": "soprano", "canto": "soprano", "superius": "soprano",
    "discantus": "soprano", "alto": "alto", "altus": "alto", "tenor": "tenor", "tenore": "tenor", "bass": "bass",
    "bassus": "bass", "basso": "bass", "baritone": "bass",
}  # fmt: skip
#: Lowest mean pitch of each voice: halfway between the mean pitches of the voices of Bach's chorales (70.5, 64.5, 58.7, 50.6).
_REGISTERS: Final = (("soprano", 67.5), ("alto", 61.5), ("tenor", 54.5), ("bass", 0.0))
_SATB: Final = ("soprano", "alto", "tenor", "bass")
_QUARTET: Final = ("violin", "violin", "viola", "cello")


@dataclass(frozen=True)
class PartDescription:
    """What a score tells of a part.

    Args:
        name: As printed, "" if nothing is.
        instrument: What the score takes it for, "" if nothing.
        program: General MIDI program that the score names.
        group: The same text for staves of one instrument, "" for a single staff.
        mean_pitch: Mean MIDI pitch of its notes.
        has_lyrics: Whether text is sung to it.
    """

    name: str
    instrument: str = ""
    program: int = 0
    group: str = ""
    mean_pitch: float = 60.0
    has_lyrics: bool = False


def name_tracks(parts: Sequence[PartDescription], genre: str, collection: str) -> list[tuple[str, int]]:
    """Return the track name and the program of each part.

    Raises:
        MidiError: If a keyboard has more than two staves.
    """
    names = _instrument_names(parts, genre, collection)
    hands = _hands(parts, names)
    labels = [f"{INSTRUMENTS[name].title}{hand}" for name, hand in zip(names, hands, strict=True)]
    return [(label, INSTRUMENTS[name].program) for label, name in zip(_numbered(labels), names, strict=True)]


def _instrument_names(parts: Sequence[PartDescription], genre: str, collection: str) -> list[str]:
    if len(parts) == 1 and not _keyboard(parts[0]):
        return [_only_part(parts[0], genre, collection)]
    if genre == "string quartet" and len(parts) == 4:
        return list(_QUARTET)
    if genre in VOCAL_GENRES:
        return _voices(parts)
    return [_by_description(part, genre) for part in parts]


def _only_part(part: PartDescription, genre: str, collection: str) -> str:
    if collection in DANCE_COLLECTIONS:
        return "fiddle"
    if genre in VOCAL_GENRES:
        return _by_register(part)
    return "voice" if genre in ("folk song", "lied") else _by_description(part, genre)


def _voices(parts: Sequence[PartDescription]) -> list[str]:
    named = [_VOICE_WORDS.get(_first_word(part.name), "") for part in parts]
    if len(parts) == 4 and not any(_other_instrument(part) for part in parts):
        return named if sorted(named) == sorted(_SATB) else list(_SATB)
    return [name or _other_instrument(part) or _by_register(part) for name, part in zip(named, parts, strict=True)]


def _other_instrument(part: PartDescription) -> str:
    """Name an instrument that goes with the voices, or "" for a voice."""
    words = part.name.casefold()
    if "continuo" in words:
        return "cello"
    found = next((name for name in sorted(INSTRUMENTS, key=len, reverse=True) if name in words), "")
    return "" if found in (*_SATB, "voice") else found


def _by_register(part: PartDescription) -> str:
    return next(name for name, lowest in _REGISTERS if part.mean_pitch >= lowest)


def _by_description(part: PartDescription, genre: str) -> str:
    keyboard = _keyboard(part)
    if keyboard:
        return keyboard
    if part.has_lyrics or (genre == "lied" and not _other_instrument(part)):
        return "voice"
    return instrument_of_track(part.program, f"{part.name} {part.instrument}").name


def _keyboard(part: PartDescription) -> str:
    """Name the keyboard that a part belongs to, or "" if it does to none."""
    for text in (part.name, part.instrument if part.group else ""):
        for word, name in _KEYBOARD_WORDS.items():
            if word in text.casefold():
                return name
    return "piano" if part.group else ""


def _hands(parts: Sequence[PartDescription], names: Sequence[str]) -> list[str]:
    """Return " right hand" or " left hand" for the staves of keyboards, else "" ."""
    keys = [(part.group or name) if name in _KEYBOARDS else "" for part, name in zip(parts, names, strict=True)]
    counts = Counter(key for key in keys if key)
    crowded = next((key for key, count in counts.items() if count > 2), None)
    if crowded:
        raise MidiError("too many staves", f"{crowded} has {counts[crowded]} staves")
    seen: Counter[str] = Counter()
    hands = []
    for key in keys:
        seen[key] += 1
        hands.append("" if counts[key] < 2 else (" right hand", " left hand")[seen[key] - 1])
    return hands


def _numbered(labels: Sequence[str]) -> list[str]:
    counts, seen = Counter(labels), Counter[str]()
    numbered = []
    for label in labels:
        seen[label] += 1
        numbered.append(f"{label} {seen[label]}" if counts[label] > 1 else label)
    return numbered


def _first_word(name: str) -> str:
    words = name.casefold().replace(".", " ").split()
    return words[0] if words else ""
