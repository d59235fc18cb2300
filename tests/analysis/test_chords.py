"""The chords of a piece."""

from __future__ import annotations

import pytest
from tests.analysis.tunes import harmony, melody

from scogen_pipeline.analysis.chords import Chord, chords_of
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.piece import Piece

C_MAJOR, F_MAJOR, G_SEVENTH = (72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 65, 43)
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
SIGNS = {"major": "", "minor": "m", "diminished": "o", "dominant": "7"}


def names(piece: Piece) -> list[list[str]]:
    return [
        ["-" if chord is None else NAMES[chord.root] + SIGNS[chord.quality] for chord in measure] for measure in chords_of(piece)
    ]


def test_block_chords_are_named() -> None:
    assert names(harmony([C_MAJOR, F_MAJOR, G_SEVENTH, C_MAJOR])) == [["C", "F", "G7", "C"]]


def test_a_beat_of_silence_has_no_chord() -> None:
    assert names(harmony([C_MAJOR, (), (), F_MAJOR])) == [["C", "-", "-", "F"]]


def test_a_piece_without_notes_has_no_chords() -> None:
    piece = harmony([C_MAJOR])
    assert chords_of(Piece(piece.parts, (), piece.meters, piece.key)) == ((None,) * 4,)


def test_passing_notes_do_not_change_the_chord() -> None:
    chord = [(60 + 12, 64, 55, 48), (74, 65, 55, 48), (76, 67, 55, 48), (77, 69, 57, 48)]
    piece = harmony([chord[0], chord[1], chord[2], chord[0]] * 2, quarters=0.5)
    assert names(piece) == [["C", "C", "C", "C"]]


def test_the_chord_moves_with_the_piece() -> None:
    piece = harmony([C_MAJOR, F_MAJOR, G_SEVENTH, C_MAJOR])
    for semitones, key in ((2, "D"), (-3, "A"), (5, "F")):
        moved = chords_of(piece.transposed(semitones, Key.parse(key)))
        assert moved == tuple(
            tuple(chord and Chord((chord.root + semitones) % 12, chord.quality) for chord in measure)
            for measure in chords_of(piece)
        )


def test_a_secondary_dominant_is_heard_outside_the_key() -> None:
    d_seventh, g_major = (72, 69, 66, 50), (71, 67, 62, 43)
    assert names(harmony([C_MAJOR, d_seventh, g_major, g_major])) == [["C", "D7", "G", "G"]]


def test_a_broken_chord_of_a_melody_is_named() -> None:
    tune = [(60, 1), (64, 1), (67, 1), (64, 1), (65, 1), (69, 1), (72, 1), (69, 1), (67, 1), (71, 1), (74, 1), (71, 1), (72, 4)]
    assert names(melody(tune)) == [["C", "C"], ["F", "F"], ["G", "G"], ["C", "C"]]


@pytest.mark.parametrize("meter", ["5/8", "7/8", "3/4", "2/2"])
def test_each_measure_has_as_many_chords_as_slots(meter: str) -> None:
    piece = harmony([C_MAJOR, F_MAJOR] * 8, meter=meter)
    assert [len(measure) for measure in chords_of(piece)] == [len(chords_of(piece)[0])] * piece.n_bars
