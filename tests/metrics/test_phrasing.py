"""Phrases of a tune that has plain ones."""

from __future__ import annotations

import math

from scogen_pipeline.metrics.phrasing import cadence_share, phrase_bounds, regular_phrase_share
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

QUARTER = 24
RUN = [60, 62, 64, 65, 67, 65, 64, 62, 64, 65, 67, 69]


def phrases(last: int, n_phrases: int = 4) -> Piece:
    """Make phrases of three measures of quarters and one of a whole note."""
    notes = []
    for phrase in range(n_phrases):
        start = phrase * 16 * QUARTER
        notes += [Note(start + beat * QUARTER, 0, pitch, QUARTER) for beat, pitch in enumerate(RUN)]
        notes.append(Note(start + 12 * QUARTER, 0, last, 4 * QUARTER))
    return Piece(parts_for((find_instrument("voice"),)), tuple(notes), (Meter(4, 4),) * 4 * n_phrases, Key.parse("C"))


def test_phrases_of_four_measures_are_regular() -> None:
    piece = phrases(60)
    assert phrase_bounds(piece) == [(0, 4), (4, 8), (8, 12), (12, 16)]
    assert regular_phrase_share(piece) == 1


def test_a_long_tonic_or_dominant_is_a_cadence_and_another_degree_is_none() -> None:
    assert cadence_share(phrases(60)) == cadence_share(phrases(67)) == 1
    assert cadence_share(phrases(62)) == 0


def test_a_short_last_note_is_no_cadence() -> None:
    piece = phrases(60)
    short = tuple(note._replace(duration=QUARTER) for note in piece.notes)
    assert cadence_share(Piece(piece.parts, short, piece.meters, piece.key)) == 0


def test_the_upbeat_to_the_next_phrase_does_not_end_one() -> None:
    piece = phrases(60)
    ends = [note._replace(duration=3 * QUARTER) if note.duration > QUARTER else note for note in piece.notes]
    upbeats = [Note(phrase * 16 * QUARTER - QUARTER, 0, 59, QUARTER) for phrase in (1, 2, 3)]
    assert cadence_share(Piece(piece.parts, tuple(sorted([*ends, *upbeats])), piece.meters, piece.key)) == 1


def test_silence_has_no_cadence() -> None:
    piece = phrases(60)
    assert math.isnan(cadence_share(Piece(piece.parts, (), piece.meters, piece.key)))
