"""What is the same in another key and at another speed has the same hashes."""

from __future__ import annotations

import dataclasses

import numpy as np
from tests.metrics.test_musical import piece_of

from scogen_pipeline.metrics.originality.grams import lines_of
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece

TUNE = [60, 62, 64, 60, 67, 65, 64, 62, 60, 59, 60, 67]


def hashes_of(piece: Piece) -> list[int]:
    (line,) = lines_of(piece)
    return line.hashes.tolist()


def test_a_transposed_tune_has_the_same_hashes() -> None:
    piece = piece_of(TUNE)
    assert hashes_of(piece.transposed(5, Key.parse("F"))) == hashes_of(piece)


def test_a_tune_at_half_speed_has_the_same_hashes() -> None:
    piece = piece_of(TUNE)
    slow = tuple(Note(2 * note.onset, note.part, note.pitch, 2 * note.duration) for note in piece.notes)
    assert hashes_of(dataclasses.replace(piece, notes=slow, meters=(Meter(4, 4),) * 6)) == hashes_of(piece)


def test_another_interval_or_another_length_changes_each_gram_that_holds_it() -> None:
    piece = piece_of(TUNE)
    for changed in (piece.notes[3]._replace(pitch=61), piece.notes[3]._replace(duration=12)):
        notes = tuple(changed if note.onset == changed.onset else note for note in piece.notes)
        others = hashes_of(dataclasses.replace(piece, notes=notes))
        assert [a == b for a, b in zip(hashes_of(piece), others, strict=True)] == [False] * 4 + [True]


def test_a_line_is_the_highest_note_of_each_onset() -> None:
    piece = piece_of(TUNE)
    below = tuple(note._replace(pitch=note.pitch - 12) for note in piece.notes)
    assert hashes_of(dataclasses.replace(piece, notes=tuple(sorted(piece.notes + below)))) == hashes_of(piece)


def test_seven_notes_make_no_line() -> None:
    assert lines_of(piece_of(TUNE[:7])) == []


def test_grams_of_many_notes_hardly_ever_collide() -> None:
    random = np.random.default_rng(1)
    hashes = hashes_of(piece_of(random.integers(30, 90, 4000).tolist()))
    assert len(set(hashes)) == len(hashes) == 3993
