"""A pickup is cut to its music and not counted; the last measure makes way for it where the music has ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.notation.printed_measures import printed_measures

Build = Callable[..., Piece]


def lengths(piece: Piece) -> list[int]:
    return [measure.ticks for measure in printed_measures(piece)]


def test_without_a_pickup_each_measure_is_full_and_counted_from_one(build: Build) -> None:
    measures = printed_measures(build("flute", "3/4", "C", ["C5/24 D5 E5 C5/48 r/24"]))
    assert [(m.place, m.number, m.origin, m.start, m.end) for m in measures] == [(0, 1, 0, 0, 72), (1, 2, 72, 72, 144)]
    assert not any(measure.is_cut for measure in measures)


def test_a_pickup_is_measure_zero_and_keeps_its_place_in_the_meter(build: Build) -> None:
    pickup, first, last = printed_measures(build("flute", "3/4", "C", ["r/48 G4/24 C5/24 D5 E5 C5/72"]))
    assert (pickup.number, pickup.origin, pickup.start, pickup.end) == (0, 0, 48, 72)
    assert [(m.number, m.ticks) for m in (first, last)] == [(1, 72), (2, 72)]
    assert [m.is_cut for m in (pickup, first, last)] == [True, False, False]


@pytest.mark.parametrize(("ending", "last"), [("C5/72", 72), ("C5/60", 72), ("C5/48", 48), ("C5/24", 48), ("r/24 C5/24", 48)])
def test_the_last_measure_is_cut_only_where_its_music_has_ended(build: Build, ending: str, last: int) -> None:
    assert lengths(build("flute", "3/4", "C", [f"r/48 G4/24 C5/24 D5 E5 {ending}"])) == [24, 72, last]


def test_one_part_that_sounds_on_keeps_the_last_measure_full(build: Build) -> None:
    upper = "r/48 G4/24 C5/24 D5 E5 C5/48"
    assert lengths(build("violin, cello", "3/4", "C", [upper, "r/72 C3/72 C3/48"])) == [24, 72, 48]
    assert lengths(build("violin, cello", "3/4", "C", [upper, "r/72 C3/72 C3/72"])) == [24, 72, 72]


def test_one_part_that_begins_at_once_leaves_no_pickup(build: Build) -> None:
    assert lengths(build("violin, cello", "3/4", "C", ["r/48 G4/24 C5/72", "C3/72 C3/48"])) == [72, 72]


def test_a_last_measure_in_another_meter_stays_full(build: Build) -> None:
    meters = (Meter(3, 4), Meter(3, 4), Meter(2, 4))
    assert lengths(build("flute", "3/4", "C", ["r/48 G4/24 C5/72 C5/24"], meters=meters)) == [24, 72, 48]
