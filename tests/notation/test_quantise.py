from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.notation.layers import split_layers
from scogen_pipeline.notation.quantise import clean


def cleaned(instrument: str, *notes: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    parts = parts_for((find_instrument(instrument),))
    piece = Piece(parts, tuple(sorted(Note(o, 0, p, d) for o, p, d in notes)), (Meter(4, 4),), Key(0, "major"))
    return [(n.onset, n.pitch, n.duration) for n in clean(piece).notes]


def test_a_tune_ends_each_note_where_the_next_begins() -> None:
    assert cleaned("flute", (0, 72, 40), (24, 74, 24)) == [(0, 72, 24), (24, 74, 24)]


def test_remnants_of_one_tick_are_snapped() -> None:
    assert cleaned("flute", (0, 72, 23), (25, 74, 22)) == [(0, 72, 24), (24, 74, 24)]
    assert cleaned("flute", (95, 72, 1)) == [(93, 72, 3)]


def test_triplets_stay() -> None:
    assert cleaned("flute", (0, 72, 8), (8, 74, 8), (16, 76, 8)) == [(0, 72, 8), (8, 74, 8), (16, 76, 8)]


def test_doubles_become_one_and_a_note_struck_again_ends() -> None:
    assert cleaned("piano", (0, 60, 12), (0, 60, 48), (24, 60, 24)) == [(0, 60, 24), (24, 60, 24)]


def test_short_overlaps_close_and_long_ones_stay() -> None:
    assert cleaned("piano", (0, 60, 27), (24, 64, 24)) == [(0, 60, 24), (24, 64, 24)]
    assert cleaned("piano", (0, 60, 48), (24, 64, 24)) == [(0, 60, 48), (24, 64, 24)]


def test_three_lengths_on_one_onset_become_two() -> None:
    assert {d for _, _, d in cleaned("piano", (0, 60, 96), (0, 64, 48), (0, 67, 24))} == {96, 24}


_NOTES = st.lists(st.tuples(st.integers(0, 185), st.integers(0, 1), st.integers(50, 80), st.integers(1, 60)), max_size=40)


@given(_NOTES, st.sampled_from([("piano",), ("violin", "piano")]))
def test_cleaning_twice_is_cleaning_once_and_two_layers_suffice(
    notes: list[tuple[int, int, int, int]], names: tuple[str, ...]
) -> None:
    parts = parts_for(tuple(find_instrument(name) for name in names))
    inside = tuple(sorted(Note(o, part, p, min(d, 192 - o)) for o, part, p, d in notes))
    piece = Piece(parts, inside, (Meter(4, 4),) * 2, Key(0, "major"))
    once = clean(piece)
    assert clean(once) == once
    assert len({(n.part, n.pitch) for n in once.notes}) == len({(n.part, n.pitch) for n in inside})
    for part in range(len(parts)):
        assert max((chord.layer for chord in split_layers(once.notes_of(part))), default=0) <= 1


def test_a_clean_piece_is_left_alone(build: Callable[..., Piece]) -> None:
    piece = build("piano", "3/4", "G", ["B4+D5/24 G4/12 A4 B4/24", "G3/72"])
    assert clean(piece) == piece
