"""The measures that come back."""

from __future__ import annotations

from dataclasses import replace

from tests.analysis.tunes import harmony, melody

from scogen_pipeline.analysis.returns import returns_of
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note

A, B, C, D = (
    [(60, 1), (62, 1), (64, 1), (65, 1)],
    [(67, 2), (72, 1), (71, 1)],
    [(69, 1), (65, 1), (69, 1), (72, 1)],
    [(55, 1), (59, 0.5), (62, 0.5), (67, 2)],
)
BARE = [(60, 4)]


def test_new_measures_return_to_nothing() -> None:
    assert returns_of(melody([*A, *B, *C, *D])) == (0, 0, 0, 0)


def test_a_repeated_phrase_is_one_run() -> None:
    assert returns_of(melody([*A, *B, *C, *D, *A, *B, *C, *D])) == (0, 0, 0, 0, 4, 4, 4, 4)


def test_of_two_measures_alike_the_one_that_goes_on_alike_is_meant() -> None:
    assert returns_of(melody([*A, *A, *B, *C, *A, *A, *B])) == (0, 1, 0, 0, 4, 4, 4)


def test_of_two_measures_quite_alike_the_nearer_one_is_meant() -> None:
    assert returns_of(melody([*A, *B, *A, *C, *A])) == (0, 0, 2, 0, 2)


def test_a_varied_measure_counts_and_the_exact_one_is_preferred() -> None:
    varied = [(60, 1), (62, 1), (64, 0.5), (67, 0.5), (65, 1)]
    assert returns_of(melody([*A, *B, *varied])) == (0, 0, 2)
    assert returns_of(melody([*A, *varied, *B, *A])) == (0, 1, 0, 3)


def test_one_long_note_is_a_return_only_within_a_run() -> None:
    assert returns_of(melody([*BARE, *A, *BARE, *B])) == (0, 0, 0, 0)
    assert returns_of(melody([*A, *B, *BARE, *A, *B, *BARE])) == (0, 0, 0, 3, 3, 3)


def test_silence_is_no_return() -> None:
    assert returns_of(replace(melody(A * 3), notes=())) == (0, 0, 0)


def test_nothing_is_sought_further_back_than_32_measures() -> None:
    filler = [[(60 + (bar * 5 + note * note * 7) % 19, 1) for note in range(4)] for bar in range(32)]
    last = returns_of(melody([*D, *(note for bar in filler for note in bar), *D]))[-1]
    assert last == 0


def test_measures_of_other_meters_are_not_compared() -> None:
    piece = melody(A * 2)
    shorter = replace(piece, meters=(piece.meters[0], Meter(5, 4)))
    assert returns_of(shorter) == (0, 0)


def test_the_top_part_counts_most() -> None:
    chords = [(72, 67, 64, 48), (74, 67, 65, 43), (76, 67, 60, 48), (77, 69, 60, 53)]
    lower = [(chord[0], *(pitch + 3 for pitch in chord[1:])) for chord in chords]
    upper = [(chord[0] + 3, *chord[1:]) for chord in chords]
    assert returns_of(harmony([*chords, *lower])) == (0, 1)
    assert returns_of(harmony([*chords, *upper])) == (0, 0)


def test_durations_decide_between_measures_of_the_same_onsets() -> None:
    piece = melody([*A, *A, *B, *A])
    first = [note._replace(duration=12) if note.onset < 96 else note for note in piece.notes]
    assert returns_of(replace(piece, notes=tuple(Note(*note) for note in first)))[3] == 2
