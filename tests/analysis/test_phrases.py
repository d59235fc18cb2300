"""The phrases of a piece."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from tests.analysis.tunes import melody

from scogen_pipeline.analysis.phrases import phrases_of

LINE = [(60, 1), (62, 1), (64, 1), (65, 1), (67, 1), (65, 1), (64, 1), (62, 1), (64, 1), (65, 1), (67, 1), (69, 1)]


def test_phrases_end_with_the_long_notes() -> None:
    assert phrases_of(melody([*LINE, (60, 4)] * 2)) == (4, 3, 2, 1, 4, 3, 2, 1)


def test_a_phrase_of_three_measures_is_found_where_the_rests_are() -> None:
    three = [*LINE[:8], (60, 2), (0, 2)]
    assert phrases_of(melody(three * 3)) == (3, 2, 1) * 3


def test_an_upbeat_belongs_to_the_phrase_that_it_leads_to() -> None:
    line = [
        (67, 1),
        (60, 1),
        (62, 1),
        (64, 1),
        (65, 1),
        (67, 1),
        (65, 1),
        (64, 1),
        (62, 1),
        (64, 1),
        (62, 1),
        (59, 1),
        (62, 1),
        (60, 3),
    ]
    assert phrases_of(melody(line * 2, pickup=1)) == (5, 4, 3, 2, 1, 4, 3, 2, 1)


def test_each_measure_counts_down_to_the_end_of_its_phrase() -> None:
    left = phrases_of(melody([(60 + index * 7 % 12, 0.5 + index % 3) for index in range(200)], meter="3/4"))
    assert left[-1] == 1
    assert all(1 <= here <= 16 for here in left)
    assert all(here == 1 or after == here - 1 for here, after in pairwise(left))


def test_silence_is_cut_into_phrases_too() -> None:
    piece = replace(melody([(60, 160)]), notes=())
    left = phrases_of(piece)
    assert len(left) == 40
    assert left[-1] == 1
