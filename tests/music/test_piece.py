"""A piece refuses notes that its measures do not hold."""

from __future__ import annotations

import pytest

from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

FLUTE = parts_for((INSTRUMENTS["flute"],))
C = Key(0, "major")


def test_measures_follow_their_meters() -> None:
    piece = Piece(FLUTE, (), (Meter(3, 4), Meter(4, 4)), C)
    assert [(m.number, m.onset, m.end) for m in piece.measures()] == [(1, 0, 72), (2, 72, 168)]
    assert (piece.n_bars, piece.end, str(piece.meter)) == (2, 168, "3/4")


@pytest.mark.parametrize(
    "notes",
    [
        (Note(0, 0, 60, 97),),
        (Note(-1, 0, 60, 4),),
        (Note(0, 0, 60, 0),),
        (Note(0, 1, 60, 24),),
        (Note(24, 0, 60, 24), Note(0, 0, 60, 24)),
    ],
    ids=["too long", "too early", "no duration", "no such part", "unsorted"],
)
def test_a_note_that_does_not_fit_is_refused(notes: tuple[Note, ...]) -> None:
    with pytest.raises(ValueError, match="notes"):
        Piece(FLUTE, notes, (Meter(4, 4),), C)


def test_transposing_moves_every_note_and_renames_the_key() -> None:
    piece = Piece(FLUTE, (Note(0, 0, 60, 24), Note(24, 0, 64, 24)), (Meter(4, 4),), C)
    moved = piece.transposed(5, Key.parse("F"))
    assert [note.pitch for note in moved.notes] == [65, 69]
    assert moved.key.name == "F major"
    assert moved.notes_of(0) == moved.notes


def test_the_tempo_is_shown_in_beats_of_the_meter() -> None:
    assert Piece(FLUTE, (), (Meter(6, 8),), C, tempo_qpm=120).tempo_bpm == 80
