"""Decoding an encoded piece gives the piece back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scogen_pipeline.errors import VocabularyError
from scogen_pipeline.midi.reading import read_midi
from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import ALL_KEYS, Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.tokens.alphabet import HIGH_PITCH, LOW_PITCH, POSITIONS, alphabet, bar_token, length_token
from scogen_pipeline.tokens.encoding import CONDITIONS, decode, encode, normal_shift
from scogen_pipeline.tokens.quantise import quantise
from scogen_pipeline.tokens.tables import labelled_pieces

VOICE_AND_PIANO = parts_for((INSTRUMENTS["voice"], INSTRUMENTS["piano"]))
METERS = [Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(9, 8), Meter(3, 2)]


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """Pieces for voice and piano with chords, triplets, held notes, and meters that change."""
    meters = tuple(draw(st.lists(st.sampled_from(METERS), min_size=1, max_size=5)))
    blank = Piece(VOICE_AND_PIANO, (), meters, draw(st.sampled_from(ALL_KEYS)))
    notes = set()
    for measure in blank.measures():
        for _ in range(draw(st.integers(0, 6))):
            onset = measure.onset + draw(st.sampled_from([tick for tick in POSITIONS if tick < measure.meter.bar_ticks]))
            duration = draw(st.integers(1, min(250, blank.end - onset)))
            notes.add(Note(onset, draw(st.integers(0, 2)), draw(st.integers(30, 90)), duration))
    return replace(blank, notes=tuple(sorted(notes)))


def read_back(piece: Piece) -> Piece:
    return decode(
        encode(piece).tokens,
        parts=piece.parts,
        meter=piece.meter,
        key=piece.key,
        tempo_qpm=piece.tempo_qpm,
        genre=piece.genre,
        title=piece.title,
        composer=piece.composer,
    )


@given(pieces())
@settings(max_examples=60, deadline=None)
def test_decoding_an_encoded_piece_returns_the_same_piece(piece: Piece) -> None:
    assert read_back(piece) == piece


@given(pieces())
@settings(max_examples=30, deadline=None)
def test_every_token_of_a_piece_is_in_the_alphabet(piece: Piece) -> None:
    encoded = encode(piece)
    assert set(encoded.tokens) | set(encoded.conditions) <= set(alphabet())
    assert len(encoded.conditions) == len(CONDITIONS)


@pytest.mark.parametrize("name", ["bach/bach_846.mid", "chopin/chpn_op25_e1.mid", "beeth/mond_1.mid", "schumann/scn15_1.mid"])
def test_decoding_an_encoded_real_piece_returns_the_same_piece(shared_data: Path, name: str) -> None:
    piece = real_piece(shared_data / "piano-midi-de" / name)
    assert len(piece.notes) > 100
    assert read_back(piece) == piece


def real_piece(path: Path) -> Piece:
    tables = {name: table.to_pandas() for name, table in read_midi(path.read_bytes(), path.name).by_name().items()}
    ((_, raw),) = labelled_pieces(tables)
    return quantise(raw)


def test_the_same_tune_in_two_keys_is_spelled_the_same() -> None:
    tune = Piece(VOICE_AND_PIANO, (Note(0, 0, 65, 24), Note(24, 0, 69, 24)), (Meter(4, 4),), Key.parse("F"))
    assert encode(tune) == encode(tune.transposed(-3, Key.parse("D")))
    assert "pitch=60" in encode(tune).tokens


@pytest.mark.parametrize("key", ALL_KEYS, ids=str)
def test_a_key_is_at_most_a_tritone_from_normal(key: Key) -> None:
    assert -5 <= normal_shift(key) <= 6
    assert (key.normal.tonic_pitch_class + normal_shift(key)) % 12 == key.tonic_pitch_class


def test_a_chord_keeps_its_register_and_shares_its_duration() -> None:
    chord = tuple(Note(0, 1, pitch, 48) for pitch in (48, 64, 79))
    tokens = encode(Piece(VOICE_AND_PIANO, chord, (Meter(4, 4),), Key(0, "major"))).tokens
    notes = tokens[tokens.index("pos=0") :]
    assert notes == ("pos=0", "part=1", "dur=48", "pitch=48", "pitch=64", "pitch=79", "<end>")


def test_a_measure_begins_with_its_plan() -> None:
    meter, key = Meter(4, 4), Key.parse("D")
    first = tuple(Note(24 * beat, 0, pitch, 24) for beat, pitch in enumerate((62, 66, 69, 66)))
    again = tuple(note._replace(onset=note.onset + 96) for note in first)
    tokens = encode(Piece(parts_for((INSTRUMENTS["voice"],)), first + again, (meter,) * 2, key)).tokens
    plans = " ".join(tokens).replace("<start> ", "").split("bar=")[1:]
    assert plans[0].startswith("2 phrase=2 chord=0-major chord=0-major pos=0")
    assert plans[1].startswith("1 like=1 chord=0-major chord=0-major pos=0")


def test_reading_back_skips_the_plan() -> None:
    spelled = ("bar=1", "like=3", "phrase=4", "chord=7-dominant", "pos=0", "dur=24", "pitch=60")
    piece = decode(spelled, parts=parts_for((INSTRUMENTS["voice"],)), meter=Meter(1, 4), key=Key(0, "major"))
    assert piece.notes == (Note(0, 0, 60, 24),)


def test_a_long_note_is_spelled_with_a_tie() -> None:
    tokens = encode(Piece(VOICE_AND_PIANO, (Note(48, 0, 60, 100),), (Meter(4, 4),) * 2, Key(0, "major"))).tokens
    start = tokens.index("pos=48")
    assert tokens[1] == "bar=2"
    assert tokens[start : start + 4] == ("pos=48", "dur=96", "dur=4", "pitch=60")


@pytest.mark.parametrize(
    ("piece", "word"),
    [
        (Piece(VOICE_AND_PIANO, (), (Meter(5, 2),), Key(0, "major")), "meter"),
        (Piece(VOICE_AND_PIANO, (Note(0, 0, LOW_PITCH - 1, 24),), (Meter(4, 4),), Key(0, "major")), "pitch"),
        (Piece(VOICE_AND_PIANO, (Note(0, 0, HIGH_PITCH + 1, 24),), (Meter(4, 4),), Key(0, "major")), "pitch"),
        (Piece(VOICE_AND_PIANO * 3, (), (Meter(4, 4),), Key(0, "major")), "parts"),
    ],
    ids=["meter", "low", "high", "parts"],
)
def test_what_cannot_be_spelled_is_refused(piece: Piece, word: str) -> None:
    with pytest.raises(VocabularyError, match=word):
        encode(piece)


@pytest.mark.parametrize(
    "tokens",
    [
        ("pos=0",),
        ("bar=1", "genre=reel"),
        ("bar=1", "pos=0", "dur=144", "pitch=60"),
        ("bar=1", "pos=0", "part=5", "dur=3", "pitch=60"),
    ],
    ids=["before a bar", "no event", "beyond the end", "no such part"],
)
def test_tokens_out_of_place_are_refused(tokens: tuple[str, ...]) -> None:
    with pytest.raises(VocabularyError, match="tokens"):
        decode(tokens, parts=VOICE_AND_PIANO, meter=Meter(4, 4), key=Key(0, "major"))


def test_measures_left_and_lengths_are_counted_in_buckets() -> None:
    assert [bar_token(n) for n in (1, 8, 9, 12, 13, 64, 1000)] == [
        "bar=1",
        "bar=8",
        "bar=9",
        "bar=9",
        "bar=13",
        "bar=49",
        "bar=65",
    ]
    assert [length_token(n) for n in (1, 4, 5, 128, 129)] == ["length=4", "length=4", "length=8", "length=128", "length=long"]
