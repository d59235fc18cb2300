"""Customs of part-writing weigh, and nothing is forbidden."""

from __future__ import annotations

import math

import pytest

from scogen_pipeline.sampling.counterpoint import Voice, customs_of, leanings

REST = Voice((), 0, False)


def voices(*pitches: int, previous: tuple[int, ...] = ()) -> list[Voice]:
    """Voices that begin the pitches, and one below them that is to choose."""
    before = previous or (0,) * len(pitches)
    return [*(Voice((pitch,), was, True) for pitch, was in zip(pitches, before, strict=True)), REST]


def leaning(pitch: int, voices: list[Voice], part: int, *, is_on_beat: bool) -> float:
    """Return the weight of one pitch."""
    (weight,) = leanings([pitch], voices, part, is_on_beat=is_on_beat)
    return weight


def test_a_note_of_the_triad_is_free_and_a_foreign_one_is_not() -> None:
    assert leaning(48, voices(76, 67), 2, is_on_beat=True) == 0
    assert leaning(53, voices(76, 67), 2, is_on_beat=True) < 0


def test_a_seventh_is_between_the_two() -> None:
    free, seventh, foreign = (leaning(pitch, voices(76, 72, 67), 3, is_on_beat=True) for pitch in (48, 57, 49))
    assert free > seventh > foreign


def test_a_passing_note_off_the_beat_is_lighter() -> None:
    moving = [Voice((76,), 76, False), Voice((67,), 67, False), Voice((), 52, False)]
    assert leaning(53, moving, 2, is_on_beat=False) > leaning(53, moving, 2, is_on_beat=True)


@pytest.mark.parametrize(("before", "now"), [((67, 60), (69, 62)), ((72, 60), (74, 62))], ids=["fifths", "octaves"])
def test_parallel_fifths_and_octaves_weigh(before: tuple[int, int], now: tuple[int, int]) -> None:
    upper = Voice((now[0],), before[0], True)
    parallel = leaning(now[1], [upper, Voice((), before[1], False)], 1, is_on_beat=True)
    from_elsewhere = leaning(now[1], [upper, Voice((), before[1] + 4, False)], 1, is_on_beat=True)
    assert parallel < from_elsewhere - 1


def test_each_genre_has_its_own_customs() -> None:
    doubling = [Voice((74,), 72, True), Voice((), 60, False)]
    strict, free = (leanings([62], doubling, 1, customs_of(genre), is_on_beat=True) for genre in ("chorale", "string quartet"))
    assert strict[0] < free[0] - 1
    assert customs_of("madrigal") == customs_of("chorale")


def test_contrary_motion_to_a_fifth_does_not_weigh() -> None:
    assert leaning(60, [Voice((67,), 69, True), Voice((), 57, False)], 1, is_on_beat=True) == 0


def test_crossing_a_neighbour_weighs() -> None:
    assert leaning(72, voices(67, 64), 2, is_on_beat=True) < leaning(60, voices(67, 64), 2, is_on_beat=True)


def test_nothing_is_forbidden() -> None:
    assert all(math.isfinite(leaning(pitch, voices(76, 67, 60), 3, is_on_beat=True)) for pitch in range(30, 90))


def test_the_first_note_of_all_is_free() -> None:
    assert leaning(61, [REST, REST], 0, is_on_beat=True) == 0


def test_a_hand_at_a_keyboard_may_double_in_octaves() -> None:
    upper, hand = Voice((74,), 72, True), Voice((), 60, False, is_hand=True)

    assert leaning(62, [upper, hand], 1, is_on_beat=True) > leaning(62, [upper, hand._replace(is_hand=False)], 1, is_on_beat=True)
    assert leaning(62, [upper._replace(is_hand=True), hand], 1, is_on_beat=True) == 0
