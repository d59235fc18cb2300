"""Meters, their beats, and how fast they go."""

from __future__ import annotations

import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.music.duration import NOTE_VALUES, is_triplet_position, tied_values
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.tempo import BPM_BY_WORD, bpm_from_qpm, parse_tempo, qpm_from_bpm, tempo_class, tempo_word


@pytest.mark.parametrize(
    ("text", "bar_ticks", "beat_ticks"),
    [
        ("4/4", 96, 24),
        ("3/4", 72, 24),
        ("6/8", 72, 36),
        ("9/8", 108, 36),
        ("3/2", 144, 48),
        ("2/4", 48, 24),
        ("3/8", 36, 12),
        ("C|", 96, 48),
    ],
)
def test_a_measure_and_its_beat_last_as_the_meter_says(text: str, bar_ticks: int, beat_ticks: int) -> None:
    meter = Meter.parse(text)
    assert (meter.bar_ticks, meter.beat_ticks) == (bar_ticks, beat_ticks)


@pytest.mark.parametrize("text", ["", "4", "4/3", "0/4", "33/4", "4/32", "four/four"])
def test_a_time_signature_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="time_signature"):
        Meter.parse(text)


def test_every_tempo_word_is_the_word_of_its_own_number() -> None:
    assert {word: tempo_word(bpm) for word, bpm in BPM_BY_WORD.items()} == {word: word for word in BPM_BY_WORD}
    assert tempo_word(600) == "Prestissimo"


@pytest.mark.parametrize(("value", "bpm"), [("Allegro", 132), ("allegro", 132), (96, 96), ("96.5", 96.5), ("20", 20), (320, 320)])
def test_a_tempo_is_a_word_or_a_number(value: str | float, bpm: float) -> None:
    assert parse_tempo(value) == bpm


@pytest.mark.parametrize(("value", "hint"), [("Alegro", "Allegro"), (19, "20 to 320"), (321, "20 to 320"), ("fast", "20 to 320")])
def test_a_tempo_that_is_none_is_refused_with_what_is_allowed(value: str | float, hint: str) -> None:
    with pytest.raises(RequestError, match=hint):
        parse_tempo(value)


def test_beats_and_quarters_a_minute_convert_both_ways() -> None:
    assert qpm_from_bpm(80, Meter(6, 8)) == 120
    assert bpm_from_qpm(120, Meter(3, 2)) == 60
    assert [tempo_class(bpm) for bpm in (40, 72, 100, 132)] == ["slow", "walking", "brisk", "fast"]


@pytest.mark.parametrize("duration", range(1, 400))
def test_tied_values_add_up_and_get_shorter(duration: int) -> None:
    values = tied_values(duration)
    assert sum(values) == duration
    assert set(values) <= set(NOTE_VALUES)
    assert list(values) == sorted(values, reverse=True)


def test_a_duration_below_one_tick_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        tied_values(0)


def test_triplet_positions_are_those_off_the_straight_grid() -> None:
    assert [tick for tick in range(0, 25, 4) if is_triplet_position(tick)] == [4, 8, 16, 20]
