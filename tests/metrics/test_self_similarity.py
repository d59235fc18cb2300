"""Measures that come back, counted by hand."""

from __future__ import annotations

import dataclasses
import math

import pytest
from tests.metrics.test_musical import piece_of

from scogen_pipeline.metrics.self_similarity import return_shares, similarity
from scogen_pipeline.music.meter import Meter

A = [60, 62, 64, 65]
NEARLY_A = [60, 62, 64, 67]
B = [67, 69, 71, 72]


def test_measures_are_as_like_as_the_notes_they_share() -> None:
    piece = piece_of(A + B + A + NEARLY_A)
    assert similarity(piece, 1) == pytest.approx((0 + 0 + 3 / 5) / 3)
    assert similarity(piece, 2) == pytest.approx((1 + 0) / 2)
    assert math.isnan(similarity(piece, 4))


def test_a_measure_returns_exactly_nearly_or_in_one_respect() -> None:
    shares = return_shares(piece_of(A + B + A + B[::-1]))
    assert shares == {
        "exact_return_share": 0.25,
        "near_return_share": 0.25,
        "rhythm_return_share": 0.75,
        "pitch_return_share": 0.25,
    }


def test_one_note_of_eight_keeps_a_measure_near() -> None:
    line = [60, 62, 64, 65, 67, 65, 64, 62]
    piece = piece_of([*line, *line[:7], 60])
    eight = dataclasses.replace(piece, meters=(Meter(4, 2),) * 2)
    assert return_shares(eight)["near_return_share"] == 0.5
    assert return_shares(eight)["exact_return_share"] == 0


def test_the_same_pitches_in_another_rhythm_return_in_pitch_only() -> None:
    piece = piece_of(A + A)
    notes = tuple(note._replace(duration=12) if note.onset >= 96 else note for note in piece.notes)
    shares = return_shares(dataclasses.replace(piece, notes=notes))
    assert (shares["pitch_return_share"], shares["rhythm_return_share"], shares["exact_return_share"]) == (0.5, 0, 0)


def test_empty_measures_do_not_count() -> None:
    piece = piece_of([None] * 8 + A + [None] * 4)
    assert return_shares(piece)["exact_return_share"] == 0
    assert math.isnan(similarity(piece, 1))
    assert math.isnan(return_shares(piece_of([None] * 8))["exact_return_share"])
