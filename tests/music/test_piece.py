"""A piece refuses notes that its measures do not hold."""

from __future__ import annotations

import pytest

from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, longest_pickup, parts_for

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


def begun_at(onset: int, *meters: str) -> Piece:
    bars = tuple(Meter.parse(meter) for meter in meters)
    end = sum(bar.bar_ticks for bar in bars)
    return Piece(FLUTE, (Note(onset, 0, 60, end - onset),), bars, C)


@pytest.mark.parametrize(
    ("onset", "meter", "pickup"),
    [
        (72, "4/4", 24),
        (84, "4/4", 12),
        (24, "4/4", 72),
        (12, "4/4", 0),  # a rest that the player counts
        (0, "4/4", 0),
        (60, "6/8", 12),
        (36, "6/8", 36),
        (24, "6/8", 0),
        (24, "3/8", 12),
        (48, "2/2", 48),
        (24, "2/2", 0),
        (12, "1/4", 12),
        (6, "1/4", 0),
        (93, "4/4", 3),
        (80, "4/4", 24),  # the last two thirds of a beat
        (8, "4/4", 0),
        (100, "4/4", 0),  # a whole measure of silence is no pickup
    ],
)
def test_a_pickup_leaves_out_at_least_the_first_beat(onset: int, meter: str, pickup: int) -> None:
    piece = begun_at(onset, meter, meter, meter)
    assert piece.pickup_ticks == pickup


def test_a_pickup_leads_to_a_measure_of_its_meter() -> None:
    assert begun_at(72, "4/4").pickup_ticks == 0
    assert begun_at(72, "4/4", "3/4").pickup_ticks == 0
    assert Piece(FLUTE, (), (Meter(4, 4),) * 2, C).pickup_ticks == 0


@pytest.mark.parametrize("meter", ["2/4", "3/4", "4/4", "5/8", "6/8", "9/8", "12/8", "2/2", "3/2", "1/2", "3/16"])
def test_any_onset_in_the_second_half_of_a_measure_makes_a_pickup(meter: str) -> None:
    bar = Meter.parse(meter)
    for onset in range(-(-bar.bar_ticks // 2), bar.bar_ticks):
        pickup = begun_at(onset, meter, meter).pickup_ticks
        assert bar.bar_ticks - onset <= pickup <= longest_pickup(bar) < bar.bar_ticks
