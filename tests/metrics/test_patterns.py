"""Patterns are counted by kind, wherever they stand and in whatever key."""

from __future__ import annotations

import dataclasses

import pytest
from tests.metrics.test_musical import piece_of

from scogen_pipeline.metrics.patterns import common_patterns, pattern_shares, patterns_of
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.piece import Note, Piece

TURN = piece_of([60, 62, 64, 62, 60, 62, 64, 62])


def in_two_parts(tune: Piece) -> Piece:
    bass = tuple(Note(note.onset, 1, 48, note.duration) for note in tune.notes)
    return dataclasses.replace(tune, parts=tune.parts * 2, notes=tuple(sorted(tune.notes + bass)))


def test_moves_are_counted_in_steps_of_the_scale() -> None:
    counts = patterns_of(TURN)
    assert counts["moves", (1, 1)] == counts["moves", (1, -1)] == 2
    assert counts["moves", (-1, -1)] == counts["moves", (-1, 1)] == 1
    assert counts["durations", (24, 24)] == 7
    assert counts["place", (2, 0)] == 4


def test_the_key_does_not_matter() -> None:
    higher = dataclasses.replace(
        TURN, key=Key(2, "major"), notes=tuple(note._replace(pitch=note.pitch + 2) for note in TURN.notes)
    )
    assert patterns_of(higher) == patterns_of(TURN)


def test_bass_and_sonorities_are_told_of_several_parts() -> None:
    assert {kind for kind, _ in patterns_of(TURN)} == {"moves", "durations", "place"}
    counts = patterns_of(in_two_parts(TURN))
    assert counts["bass", (0, 0)] == 7
    assert counts["sonority", (0, (0, 2))] == 4


def test_shares_are_of_the_kind() -> None:
    patterns = common_patterns([TURN], 3)
    shares = pattern_shares(TURN, patterns)
    assert len(shares) == 3
    assert pattern_shares(TURN, [("place", (2, 0)), ("moves", (5, 5))]) == {
        "('place', (2, 0))": pytest.approx(0.5),
        "('moves', (5, 5))": 0.0,
    }


def test_the_patterns_of_most_pieces_come_first() -> None:
    other = piece_of([60, 62, 64, 65, 67])
    assert ("moves", (1, 1)) in common_patterns([TURN, other], 4)
    assert common_patterns([TURN, other], 100) == common_patterns([other, TURN], 100)
