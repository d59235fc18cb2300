"""Small pieces built in code, one for each thing that a page must get right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def _pitch(name: str) -> int:
    """Read "F#4" or "Eb3"."""
    return 12 * (int(name[-1]) + 1) + _STEPS[name[0]] + name.count("#") - name[1:].count("b")


def line(part: int, text: str, onset: int = 0) -> list[Note]:
    """Read "C4/24 r/12 E4+G4/12": pitches (or a rest), a slash, grid ticks; the slash part is kept until it changes."""
    notes, ticks = [], 24
    for word in text.split():
        names, _, value = word.partition("/")
        ticks = int(value) if value else ticks
        if names != "r":
            notes += [Note(onset, part, _pitch(name), ticks) for name in names.split("+")]
        onset += ticks
    return notes


def make_piece(instruments: str, meter: str, key: str, voices: list[list[Note]], **fields: object) -> Piece:
    notes = tuple(sorted(note for voice in voices for note in voice))
    bar = Meter.parse(meter)
    n_bars = -(-max((note.end for note in notes), default=1) // bar.bar_ticks)
    parts = parts_for(tuple(find_instrument(name) for name in instruments.split(", ")))
    defaults: dict[str, object] = {"meters": (bar,) * n_bars, "title": "Trial", "composer": "scogen, after nobody"}
    return Piece(parts, notes, key=Key.parse(key), **{**defaults, **fields})  # type: ignore[arg-type]


def _chorale() -> Piece:
    soprano = "r/72 F#4/24 A4 G#4 F#4/12 G#4 A4/24 B4 A4/12 G#4 F#4/24 G#4 F#4/48 E#4 F#4/72 C#5/24"
    soprano += " C#5 B4 A4/36 G#4/12 F#4/24 B4 A4 G#4/12 F#4 G#4/48 F#4/48"
    alto = "r/72 C#4/24 F#4 E#4 F#4/12 E4 E4/24 E4 F#4/12 E4 D4/24 D#4 C#4/12 B3 B#3/24 C#4/48 C#4/72 E4/24"
    alto += " E4 D4/12 E4 F#4/24 E4 D4/36 E4/12 C#4/24 C#4 D4/12 C#4/36 C#4/48"
    tenor = "r/72 A3/24 C#4 B3 A3/12 B3 C#4/24 B3 C#4 A3 G#3/12 F#3 F#3/24 G#3 G#3/48 A#3/72 A3/24"
    tenor += " A3 F#3 C#4/36 A#3/12 B3/24 F#3 F#3 A3/12 G#3 F#3/24 E#3 A3/48"
    bass = "r/72 F#3/24 F#3 C#3 D3/12 D3 C#3/24 G#3 A3 D3 B#2 C#3 G#2 C#3/48 F#2/72 A2/24"
    bass += " A2 B2 F#2/36 C#3/12 D3/24 D3/12 E3 F#3/24 C#3/12 D3 B2/24 C#3 F#2/48"
    return make_piece(
        "soprano, alto, tenor, bass", "4/4", "F# minor", [line(i, t) for i, t in enumerate((soprano, alto, tenor, bass))],
        tempo_qpm=76.0, title="Chorale in F sharp minor", composer="scogen, after chorale", genre="chorale",
    )  # fmt: skip


def _reel() -> Piece:
    first = "F#5/12 D5 A4 D5 F#5 D5 A4 D5 G5 E5 B4 E5 G5 F#5 E5 D5 F#5 D5 A4 D5 F#5 D5 A5 F#5 G5 F#5 E5 D5 C#5 D5 E5/24"
    second = (
        "A5/24 F#5/12 A5 D5 A5 F#5 A5 B5/24 G5/12 B5 E5 B5 G5 B5 A5 B5/6 A5 G5/12 F#5 G5 F#5 E5 D5 C#5 A4 B4 C#5 D5/36 C#5/12"
    )
    return make_piece("fiddle", "4/4", "D", [line(0, f"{first} {second} {first} {second}")], tempo_qpm=184.0, title="Reel in D")


def _jig() -> Piece:
    text = "D5/12 B4 G4 G4 A4 B4 C5 B4/6 A4 G4/12 F#4 G4 A4 B4/24 G4/12 D4/36 G4/18 A4/6 B4/12 A4/24 r/12 "
    text += "B4/12 D5 G5 F#5/24 D5/12 E5/6 F#5 G5/12 E5 D5 B4 G4 A4/36 A4 G4/72"
    return make_piece("fiddle", "6/8", "G", [line(0, text)], tempo_qpm=174.0, title="Jig in G")


def _slip_jig() -> Piece:
    text = "E5/24 D5/12 B4/36 G4/24 A4/12 B4/12 A4 B4 D5/24 E5/12 G5/36 F#5/108 r/36 E4/12 F#4 G4 A4/72 B4/36 G4/72"
    return make_piece("flute", "9/8", "E minor", [line(0, text)], tempo_qpm=168.0, title="Slip Jig")


def _renaissance() -> Piece:
    top = "r/144 D5/72 C5/24 Bb4/48 A4/48 G4/24 G4 F#4/24 G4/96 r/48 D5/48 F5/72 E5/24 D5/24 D5/48 C#5/24 C#5/48 D5/192"
    middle = "D4/96 G4/72 F4/24 Eb4/48 D4/48 D4/48 Bb3/48 C4/48 D4/144 Bb3/48 Bb3/72 A3/24 A3/96 A3/240"
    low = "r/288 G2/96 D3/72 C3/24 Bb2/48 A2/96 G2/48 G2/96 Bb2/48 F2/48 G2/48 A2/48 A2/48 D2/192"
    return make_piece(
        "soprano, alto, bass", "3/2", "G minor", [line(0, top), line(1, middle), line(2, low)], tempo_qpm=144.0, title="Motet"
    )


def _piano() -> Piece:
    upper = "G4/8 C5 E5 G4 C5 E5 A4 C5 F5 A4 C5 F5 E5/72 r/12 G5 F5/16 E5 D5 C5/12 B4 r/6 A4 G4/12 E4+C5/96"
    held = [*line(0, "G5/48 A5/48"), *line(0, "C4/48 B3+D4/48", 192)]
    lower = "C3+E3+G3/96 C3/12 G3 E3 G3 C3 G3 E3 G3 D3/24 F3 G2/48 C2+C3/96"
    second = [*line(1, "C3/96", 96)]
    return make_piece("piano", "4/4", "C", [line(0, upper), held, line(1, lower), second], tempo_qpm=104.0, title="Sonatina")


def _quartet() -> Piece:
    first = "C5/36 D5/12 Eb5/24 G5 Ab5/48 G5/24 F#5 G5/18 F5/6 Eb5/12 D5 C5/24 B4 C5/96 r/24 G5/12 F5 Eb5/6 D5 C5 B4 C5/24 C5/96"
    second = "Eb4/24 G4 G4 Eb4 C4 F4 Eb4 Eb4 D4/12 G4 G4 G4 F4 F4 D4 D4 Eb4/96 G4/12 r r/24 r/48 Eb4/96"
    viola = "G3/24 C4 C4 G3 Ab3/12 C4 Ab3 C4 C4 C4 A3 A3 B3/48 Ab3/24 G3 G3/96 Bb3/96 G3/96"
    cello = "C3/48 C3/48 F2/48 C3/48 G2/24 r G2 r C3/24 C4/24 E4/12 F4 G4 A4 Bb4/24 A4 Ab4 G4 C2/96"
    return make_piece(
        "violin, violin, viola, cello", "4/4", "C minor", [line(i, t) for i, t in enumerate((first, second, viola, cello))],
        tempo_qpm=132.0, title="Quartet",
    )  # fmt: skip


def _song() -> Piece:
    voice = "r/72 r/72 E4/24 A4/36 B4/12 C5/24 B4/48 A4/24 G#4/48 A4/24 B4/24 E4/24 A4/72"
    right = "A3+C4+E4/24 A3+C4+E4 A3+C4+E4 " * 3 + "G#3+B3+E4 G#3+B3+E4 G#3+B3+E4 " * 2 + "A3+C4+E4/72"
    left = "A2/72 E3/72 A2/72 E3/48 D3/24 E3/72 A2/72"
    return make_piece("voice, piano", "3/4", "A minor", [line(0, voice), line(1, right), line(2, left)], title="Lied")


def _meter_change() -> Piece:
    text = "C5/24 D5 E5 F5 G5/36 F5/12 E5 D5 C5/24 E5 G5 C5/48"
    meters = tuple(Meter.parse(name) for name in ("4/4", "6/8", "3/4", "2/4"))
    return make_piece("oboe", "4/4", "C", [line(0, text)], meters=meters)


def _odd_meters() -> Piece:
    meters = tuple(Meter.parse(name) for name in ("5/8", "7/8", "5/4", "12/8", "3/16", "11/8", "1/4", "6/4", "4/2", "8/8"))
    end = sum(meter.bar_ticks for meter in meters)
    notes = line(0, "C5/18 D5/30 E5/6 F5/60 " * 20)
    return make_piece("clarinet", "4/4", "Eb", [[note for note in notes if note.end <= end]], meters=meters)


BUILDERS: dict[str, Callable[[], Piece]] = {
    "chorale": _chorale,
    "reel": _reel,
    "jig": _jig,
    "slip jig": _slip_jig,
    "renaissance": _renaissance,
    "piano": _piano,
    "quartet": _quartet,
    "song": _song,
    "meter change": _meter_change,
    "odd meters": _odd_meters,
}


@pytest.fixture(params=list(BUILDERS))
def piece(request: pytest.FixtureRequest) -> Piece:
    """Each of the small pieces in turn."""
    return BUILDERS[request.param]()


@pytest.fixture
def pieces() -> dict[str, Piece]:
    """All the small pieces by name."""
    return {name: build() for name, build in BUILDERS.items()}


@pytest.fixture
def build() -> Callable[..., Piece]:
    """`build("fiddle", "6/8", "G", ["D5/12 B4 G4"])`: one text a part, see `line`."""

    def built(instruments: str, meter: str, key: str, texts: list[str], **fields: object) -> Piece:
        return make_piece(instruments, meter, key, [line(part, text) for part, text in enumerate(texts)], **fields)

    return built
