import pytest

from scogen_pipeline.errors import MidiError
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.scores.barring import TPQ, WrittenMeasure, bar_ticks, lay_measures, meter_of_length


def measures(*quarters: float, meter: str | None = "4/4", section_ends: tuple[int, ...] = ()) -> list[WrittenMeasure]:
    first = Meter.parse(meter) if meter else None
    return [
        WrittenMeasure(round(q * TPQ), round(q * TPQ), first if i == 0 else None, i in section_ends)
        for i, q in enumerate(quarters)
    ]


def in_quarters(barring) -> list[float]:
    return [start / TPQ for start in barring.starts]


def meters_of(barring) -> list[tuple[float, str]]:
    return [(tick / TPQ, str(meter)) for tick, meter in barring.meters]


def test_full_measures_follow_one_another():
    barring = lay_measures(measures(4, 4, 4))
    assert in_quarters(barring) == [0, 4, 8]
    assert meters_of(barring) == [(0, "4/4")]


def test_a_pickup_follows_leading_rest():
    barring = lay_measures(measures(1, 4, 4, 3))
    assert in_quarters(barring) == [3, 4, 8, 12]
    assert barring.end == 16 * TPQ


def test_a_measure_split_at_a_repeat_is_one_measure():
    barring = lay_measures(measures(1, 4, 3, 1, 4, 3))
    assert in_quarters(barring) == [3, 4, 8, 11, 12, 16]
    assert barring.n_irregular == 0


def test_a_short_measure_before_a_double_bar_is_filled_up():
    barring = lay_measures(measures(1, 4, 3, 4, 4, section_ends=(2,)))
    assert in_quarters(barring) == [3, 4, 8, 12, 16]
    assert meters_of(barring) == [(0, "4/4")]


def test_a_measure_of_two_full_lengths_is_two_measures():
    assert in_quarters(lay_measures(measures(4, 8, 4, 4, 4))) == [0, 4, 12, 16, 20]


def test_a_lone_odd_measure_has_its_own_meter_and_no_later_bar_line_drifts():
    barring = lay_measures(measures(4, 4, 3, 4, 4, 4))
    assert meters_of(barring) == [(0, "4/4"), (8, "3/4"), (11, "4/4")]
    assert in_quarters(barring)[3:] == [11, 15, 19]


def test_a_printed_change_of_meter_is_told():
    written = measures(4, 4, 3, 3)
    written[2] = WrittenMeasure(3 * TPQ, 3 * TPQ, Meter(3, 4))
    assert meters_of(lay_measures(written)) == [(0, "4/4"), (8, "3/4")]


def test_without_a_printed_meter_the_commonest_length_is_it():
    assert meters_of(lay_measures(measures(8, 8, 8, 8, meter=None))) == [(0, "4/2")]


def test_most_measures_overrule_a_printed_meter():
    assert meters_of(lay_measures(measures(2, 2, 2, 2, 2))) == [(0, "2/4")]


def test_a_rest_that_hangs_over_the_bar_line_is_cut():
    written = measures(3, 3, 3, 3, meter="3/4")
    written[1] = WrittenMeasure(4 * TPQ, 0)
    assert in_quarters(lay_measures(written)) == [0, 3, 6, 9]


def test_an_empty_measure_takes_no_time():
    assert in_quarters(lay_measures(measures(0, 4, 0, 4))) == [0, 0, 4, 4]


def test_irregular_pieces_are_rejected_not_bent():
    with pytest.raises(MidiError, match="irregular barring"):
        lay_measures(measures(4, 3, 4, 5, 4, 4))
    with pytest.raises(MidiError, match="no meter"):
        lay_measures(measures(4, 3, 5, 2, meter=None))
    with pytest.raises(MidiError, match="odd measure"):
        lay_measures(measures(4, 4, 4, 4, 1 / 3, 4, 4, 4))


@pytest.mark.parametrize("text", ["2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "3/2", "2/2", "4/2", "5/4"])
def test_the_meter_of_a_full_measure_is_the_meter(text):
    meter = Meter.parse(text)
    assert meter_of_length(bar_ticks(meter), meter) == meter
