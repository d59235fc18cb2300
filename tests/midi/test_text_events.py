from itertools import accumulate

import pytest

from scogen_pipeline.midi.reading import read_midi
from scogen_pipeline.midi.text_events import read_heads, words_of
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes

NOTE = [(0, 24, 60, 80)]


def piece_of(data):
    return read_midi(data, "x").pieces.to_pylist()[0]


def words_in(*tracks):
    ends = list(accumulate(map(len, tracks)))
    return words_of(read_heads(b"".join(tracks), list(zip([0, *ends], ends, strict=False))))


def head(*events):
    return b"".join(b"\x00\xff" + bytes([kind, len(text)]) + text for kind, text in events) + b"\x00\x90\x3c\x40"


@pytest.mark.parametrize("name", ["Für Elise", "Mazurka à 3", "Příběh", "夜曲", "Prelude"])
def test_words_survive_a_round_trip(name):
    piece = piece_of(midi_bytes([MidiTrack("", 0, NOTE)], tpq=24, title=name, composer=name, copyright_notice=name))
    assert (piece["title"], piece["composer"], piece["copyright"]) == (name, name, name)


def test_latin1_words_are_read():
    data = midi_bytes([MidiTrack("Kr_ger", 0, NOTE)], tpq=24, title="By Kr_ger", copyright_notice="(C) Kr_ger").replace(
        b"_", b"\xfc"
    )
    piece = piece_of(data)
    assert (piece["title"], piece["copyright"]) == ("By Krüger", "(C) Krüger")
    assert read_midi(data, "x").tracks["name"].to_pylist() == ["Krüger"]


def test_utf8_track_names_are_read():
    data = midi_bytes([MidiTrack("Flöte", 73, NOTE), MidiTrack("Cor 1", 60, NOTE)], tpq=24)
    assert read_midi(data, "x").tracks["name"].to_pylist() == ["Flöte", "Cor 1"]


@pytest.mark.parametrize(
    ("text", "composer"),
    [
        (b"Franz Schubert", "Franz Schubert"),
        (b"J. S. Bach", "J. S. Bach"),
        (b"Ludwig van Beethoven", "Ludwig van Beethoven"),
        (b"Fr\xe9d\xe9ric Chopin", "Frédéric Chopin"),
        (b"Bernd Krueger", ""),  # he typed it
        (b"Andante Cantabile", ""),
        (b"Allegro con fuoco", ""),
        (b"Update: 18.03.2001", ""),
        (b"", ""),
    ],
)
def test_the_first_text_is_the_composer_where_it_is_a_name(text, composer):
    assert words_in(head((2, b"Copyright 2001 by Bernd Krueger"), (1, text))).composer == composer


def test_a_text_without_a_copyright_notice_is_no_composer():
    assert words_in(head((1, b"Franz Schubert"))).composer == ""


def test_names_of_the_first_track_make_the_title():
    assert words_in(head((3, b"Espana"), (3, b"Prelude"), (3, b"Prelude")), head((3, b"Piano"))).title == "Espana, Prelude"


def test_blanks_and_control_characters_become_one_blank():
    assert words_in(head((3, b" Moon\x00\r\n light\t"))).title == "Moon light"


def test_words_after_the_first_note_are_not_read():
    assert words_in(head() + head((3, b"Late"))).title == ""


def test_other_events_before_the_words_are_skipped():
    events = b"\x00\xf0\x03\x01\x02\xf7" + b"\x00\xc0\x05" + b"\x00\xb0\x07\x64" + b"\x81\x00\x0a\x40"
    assert words_in(events + head((3, b"Name"))).title == "Name"


def test_a_track_that_ends_within_an_event_gives_the_words_before():
    assert words_in(head((3, b"Name"))[:-4] + b"\x00\xff\x03").title == "Name"


def test_words_after_a_thousand_tempos_are_read():
    tempos = b"\x81\x00\xff\x51\x03\x07\xa1\x20\x00\xff\x58\x04\x04\x02\x18\x08\x00\xff\x59\x02\x00\x00" * 1_000
    assert words_in(head((3, b"Name"))[:-4] + tempos + head((2, b"(C) Me"))).copyright == "(C) Me"


def test_a_text_that_is_longer_than_its_track_ends_with_it():
    assert words_in(b"\x00\xff\x03\x20Name", head((3, b"Piano"))).title == "Name"


def test_no_tracks_have_no_words():
    assert words_in() == ("", "", "", {})
