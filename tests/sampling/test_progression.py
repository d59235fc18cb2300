"""Chord progressions that are asked for."""

from __future__ import annotations

import pytest
from tests.sampling.random_stepper import RandomStepper

from scogen_pipeline.analysis.chords import Chord
from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.generate import write_each
from scogen_pipeline.sampling.progression import chords_in_slots, parse_progression
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.alphabet import kind_of, value_of
from scogen_pipeline.tokens.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("name", "chord"),
    [
        ("C", Chord(0, "major")),
        ("Bb", Chord(10, "major")),
        ("F#m", Chord(6, "minor")),
        ("E♭7", Chord(3, "dominant")),
        ("Bdim", Chord(11, "diminished")),
        ("Cb", Chord(11, "major")),
    ],
)
def test_chords_are_read_as_people_write_them(name: str, chord: Chord) -> None:
    assert parse_progression(name) == ((chord,),)


@pytest.mark.parametrize("name", ["H", "c", "Cmaj7", "C/E", "Csus4"])
def test_an_unknown_chord_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="names such as"):
        Request(chords=f"C | {name}")


def test_more_chords_than_a_measure_has_room_for_are_refused() -> None:
    with pytest.raises(RequestError, match="at most 2 a measure"):
        Request(genre="reel", chords="C F G")


def test_the_chords_of_a_measure_share_its_slots_and_the_progression_begins_again() -> None:
    slots = chords_in_slots(parse_progression("| C F | | G |"), 4, 4)
    roots = [[chord and chord.root for chord in measure] for measure in slots]
    assert roots == [[0, 0, 5, 5], [None] * 4, [7] * 4, [0, 0, 5, 5]]


@pytest.mark.parametrize("pickup", ["yes", "no"])
def test_the_chords_that_were_asked_for_are_planned_in_the_key_that_sounds(pickup: str, vocabulary: Vocabulary) -> None:
    request = Request(key="D", genre="folk song", bars=4, chords="D | G | A7 | D", pickup=pickup)
    (writer,) = write_each([request], RandomStepper(vocabulary))
    planned = [value_of(token) for token in writer.tokens if kind_of(token) == "chord"]
    assert planned[-8:] == ["0-major"] * 2 + ["5-major"] * 2 + ["7-dominant"] * 2 + ["0-major"] * 2
