"""Instruments and genres by the names that people use."""

from __future__ import annotations

import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.music.genres import GENRES, find_genre
from scogen_pipeline.music.instruments import INSTRUMENTS, find_instrument, instrument_of_track
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import parts_for


@pytest.mark.parametrize(
    ("text", "name"), [("Violin", "violin"), ("double_bass", "double bass"), ("French Horn", "horn"), ("Cantus", "soprano")]
)
def test_an_instrument_is_found_by_name_or_alias(text: str, name: str) -> None:
    assert find_instrument(text).name == name


def test_an_unknown_instrument_is_refused_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="Did you mean `violin`"):
        find_instrument("violine")


def test_a_track_is_known_by_its_name_before_its_program() -> None:
    assert instrument_of_track(0, "Soprano 1").name == "soprano"
    assert instrument_of_track(42, "").name == "cello"
    assert instrument_of_track(1, "unnamed").name == "piano"
    assert instrument_of_track(40, "Melody").role == "melody"


@pytest.mark.parametrize(
    ("text", "name"),
    [("Chorale", "chorale"), ("folk_song", "folk song"), ("renaissance polyphony", "renaissance"), ("piano", "classical piano")],
)
def test_a_genre_is_found_by_name_or_alias(text: str, name: str) -> None:
    assert find_genre(text).name == name


def test_an_unknown_genre_is_refused_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="Did you mean `hornpipe`"):
        find_genre("hornpip")


@pytest.mark.parametrize("genre", GENRES.values(), ids=str)
def test_the_customs_of_a_genre_can_be_asked_for(genre) -> None:
    assert all(name in INSTRUMENTS for name in genre.instruments)
    assert Meter.parse(genre.time_signature).bar_ticks > 0


def test_parts_number_doubled_instruments_and_give_a_piano_two_hands() -> None:
    violin, piano = INSTRUMENTS["violin"], INSTRUMENTS["piano"]
    parts = parts_for((violin, violin, piano))
    assert [part.label for part in parts] == ["Violin 1", "Violin 2", "Piano", "Piano"]
    assert [part.hand for part in parts] == [None, None, "right", "left"]
    assert [part.role for part in parts[2:]] == ["piano_right", "piano_left"]
