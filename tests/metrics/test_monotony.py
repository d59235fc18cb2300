"""Monotony within measures, of pieces whose answer is known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.metrics.test_phrasing import phrases

from scogen_pipeline.metrics.monotony import MONOTONY, fresh_pitch_share, monotony, oscillation_share, silent_measure_share
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.piece import Note, Piece, parts_for

QUARTER = 24


def line(*pitches: int, part: int = 0) -> tuple[Note, ...]:
    """Return quarter notes from the first beat on."""
    return tuple(Note(index * QUARTER, part, pitch, QUARTER) for index, pitch in enumerate(pitches))


@pytest.fixture
def piano() -> Piece:
    """Return a piano piece in 4/4 of sixteen measures without notes."""
    return replace(phrases(60), parts=parts_for((find_instrument("piano"),)), notes=())


def with_notes(piece: Piece, *notes: Note) -> Piece:
    return replace(piece, notes=tuple(sorted(notes)))


def test_going_to_and_fro_is_told_from_going_on_and_from_standing(piano: Piece) -> None:
    assert oscillation_share(with_notes(piano, *line(60, 64, 60, 64, 60))) == 1
    assert oscillation_share(with_notes(piano, *line(60, 62, 64, 65, 67))) == 0
    assert oscillation_share(with_notes(piano, *line(60, 60, 60, 60, 60))) == 0


def test_a_measure_of_two_pitches_is_less_fresh_than_one_of_four(piano: Piece) -> None:
    assert fresh_pitch_share(with_notes(piano, *line(60, 64, 60, 64, 60, 62, 64, 65))) == pytest.approx((2 / 4 + 4 / 4) / 2)


def test_a_hand_is_silent_where_nothing_of_it_sounds(piano: Piece) -> None:
    held = Note(0, 1, 48, 6 * QUARTER)  # into the second of sixteen measures
    assert silent_measure_share(with_notes(piano, *line(60), held)) == pytest.approx((15 / 16 + 14 / 16) / 2)


def test_silence_has_no_line(piano: Piece) -> None:
    assert math.isnan(oscillation_share(piano))
    assert math.isnan(fresh_pitch_share(piano))
    assert silent_measure_share(piano) == 1
    assert tuple(monotony(piano)) == MONOTONY
