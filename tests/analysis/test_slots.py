"""Where chords may change."""

from __future__ import annotations

import pytest

from scogen_pipeline.analysis.slots import harmonic_slots
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.tokens.alphabet import METERS, POSITIONS


@pytest.mark.parametrize(
    ("meter", "slots"),
    [
        ("4/4", (0, 24, 48, 72)),
        ("6/8", (0, 36)),
        ("4/2", (0, 48, 96, 144)),
        ("3/4", (0, 24, 48)),
        ("3/8", (0,)),
        ("12/16", (0, 36)),
    ],
)
def test_four_parts_may_change_the_chord_on_every_beat(meter: str, slots: tuple[int, ...]) -> None:
    assert harmonic_slots(Meter.parse(meter), 4) == slots


@pytest.mark.parametrize(
    ("meter", "slots"),
    [
        ("4/4", (0, 48)),
        ("2/2", (0, 48)),
        ("6/8", (0, 36)),
        ("12/8", (0, 72)),
        ("2/4", (0,)),
        ("3/4", (0,)),
        ("3/8", (0,)),
        ("9/8", (0,)),
    ],
)
def test_a_melody_may_change_its_chord_in_the_middle_of_measures_that_have_one(meter: str, slots: tuple[int, ...]) -> None:
    assert harmonic_slots(Meter.parse(meter), 1) == slots


@pytest.mark.parametrize("n_parts", [1, 2, 3, 4, 8])
def test_every_meter_of_the_alphabet_has_one_to_eight_slots_at_places_that_notes_can_have(n_parts: int) -> None:
    for meter in METERS:
        slots = harmonic_slots(meter, n_parts)
        assert 1 <= len(slots) <= 8
        assert slots[0] == 0
        assert list(slots) == sorted(set(slots))
        assert all(slot in POSITIONS and slot < meter.bar_ticks for slot in slots)
