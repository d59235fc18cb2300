from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scogen_pipeline.music.piece import Note
from scogen_pipeline.notation.layers import split_layers


def layers(*notes: tuple[int, int, int]) -> list[tuple[int, int, tuple[int, ...], int, bool]]:
    """(onset, pitch, duration) in, (onset, duration, pitches, layer, is_shared) out."""
    chords = split_layers([Note(onset, 0, pitch, duration) for onset, pitch, duration in notes])
    return [(c.onset, c.duration, tuple(n.pitch for n in c.notes), c.layer, c.is_shared) for c in chords]


def test_notes_that_begin_and_end_together_are_one_chord() -> None:
    assert layers((0, 60, 24), (0, 64, 24), (24, 62, 24)) == [(0, 24, (60, 64), 0, False), (24, 24, (62,), 0, False)]


def test_a_held_bass_goes_below_the_moving_tune() -> None:
    assert layers((0, 48, 48), (0, 72, 24), (24, 74, 24)) == [
        (0, 24, (72,), 0, True), (0, 48, (48,), 1, True), (24, 24, (74,), 0, True),
    ]  # fmt: skip


def test_a_held_tune_goes_above_the_moving_accompaniment() -> None:
    assert [(chord[2], chord[3]) for chord in layers((0, 76, 48), (0, 60, 24), (24, 64, 24))] == [
        ((76,), 0),
        ((60,), 1),
        ((64,), 1),
    ]


def test_what_follows_without_overlap_is_one_layer_again() -> None:
    assert layers((0, 48, 48), (0, 72, 24), (24, 74, 24), (48, 72, 48))[-1] == (48, 48, (72,), 0, False)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(40, 80), st.integers(1, 30)), max_size=30, unique_by=lambda n: n[:2]))
def test_a_layer_never_overlaps_itself_and_no_note_is_lost(notes: list[tuple[int, int, int]]) -> None:
    chords = split_layers([Note(onset, 0, pitch, duration) for onset, pitch, duration in notes])
    assert sorted(note for chord in chords for note in chord.notes) == sorted(Note(o, 0, p, d) for o, p, d in notes)
    for layer in {chord.layer for chord in chords}:
        own = [chord for chord in chords if chord.layer == layer]
        assert all(a.end <= b.onset for a, b in pairwise(own))
