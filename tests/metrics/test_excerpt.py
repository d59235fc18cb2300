"""The excerpt begins at the first full measure and leaves the last one out."""

from __future__ import annotations

from dataclasses import replace

from scogen_pipeline.metrics.excerpt import excerpt, is_comparable
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

FOUR = Meter(4, 4)


def tune(n_bars: int, first_beat: int = 0) -> Piece:
    notes = tuple(Note(beat * 24, 0, 60 + beat % 12, 24) for beat in range(first_beat, 4 * n_bars))
    return Piece(parts_for((find_instrument("voice"),)), notes, (FOUR,) * n_bars, Key.parse("C"))


def test_a_pickup_is_rests_at_the_start_or_a_short_first_measure() -> None:
    assert not tune(4).begins_with_pickup
    assert tune(4, first_beat=3).begins_with_pickup
    short = replace(tune(4), meters=(Meter(1, 4), *(FOUR,) * 4))
    assert short.begins_with_pickup


def test_pickup_and_last_measure_are_left_out() -> None:
    found = excerpt(tune(10, first_beat=3), 16)

    assert found.n_bars == 8
    assert (found.notes[0].onset, found.notes[0].pitch) == (0, 64)
    assert found.notes[-1].end == found.end


def test_a_long_piece_is_cut_with_its_notes() -> None:
    held = replace(tune(8), notes=(Note(0, 0, 60, 24), Note(24, 0, 62, 8 * 96 - 24)))

    assert excerpt(held, 4).notes == (Note(0, 0, 60, 24), Note(24, 0, 62, 4 * 96 - 24))


def test_real_and_twin_of_equally_many_full_measures_give_equally_long_excerpts() -> None:
    assert excerpt(tune(13, first_beat=3), 16).n_bars == excerpt(tune(12), 16).n_bars == 11


def test_what_is_too_short_changes_meter_or_is_silent_is_not_compared() -> None:
    assert is_comparable(tune(6), 16)
    assert not is_comparable(tune(4), 16)
    assert not is_comparable(replace(tune(8), meters=(*(FOUR,) * 4, *(Meter(2, 4),) * 8)), 16)
    assert not is_comparable(replace(tune(8), notes=(Note(0, 0, 60, 24),)), 16)
