"""What followed when the last notes were last heard."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scogen_pipeline.tokens.echo import LENGTHS, NOTHING, Echo, Heard


def heard_after(*notes: tuple[int, int]) -> Heard:
    """Return the echo after (pitch, duration) of a line."""
    echo = Echo()
    for onset, (pitch, duration) in enumerate(notes):
        echo.note(onset, pitch, duration)
    return echo.heard


def test_nothing_is_heard_before_a_step_comes_back() -> None:
    assert heard_after() == heard_after((60, 1)) == heard_after((60, 1), (62, 1), (65, 1)) == NOTHING


def test_another_rhythm_is_another_step() -> None:
    assert heard_after((60, 1), (62, 1), (67, 3), (69, 1)) == Heard(74, 3, 1)
    assert heard_after((60, 1), (62, 1), (67, 3), (69, 2)) == NOTHING


def test_the_longest_run_decides_and_of_equals_the_latest() -> None:
    # A step up led to +5, then, after a step down and up, to -7.
    notes = [(60, 1), (62, 1), (67, 1), (66, 1), (68, 1), (61, 1), (60, 1), (62, 1)]
    assert heard_after(*notes) == Heard(55, 1, 2)
    assert heard_after((60, 1), (62, 1), (67, 1), (69, 1), (60, 1), (62, 1)) == Heard(53, 1, 1)


def test_of_a_chord_the_last_note_counts() -> None:
    echo, line = Echo(), Echo()
    for onset, pitch in enumerate((60, 62, 64, 65, 67)):
        echo.note(onset, pitch - 4, 1)
        echo.note(onset, pitch, 1)
        line.note(onset, pitch, 1)
    assert echo.heard == line.heard != NOTHING


@given(st.lists(st.tuples(st.integers(50, 60), st.integers(1, 2)), max_size=40), st.integers(-5, 5))
def test_an_echo_moves_with_the_line_and_was_heard_before(notes: list[tuple[int, int]], shift: int) -> None:
    heard = heard_after(*notes)
    moved = heard_after(*((pitch + shift, duration) for pitch, duration in notes))
    assert moved == (heard._replace(pitch=heard.pitch + shift) if heard.length else NOTHING)
    if heard.length:
        steps = [(b - a, duration) for (a, _), (b, duration) in pairwise(notes)]
        run = (*steps[-LENGTHS[heard.length - 1] :], (heard.pitch - notes[-1][0], heard.duration))
        assert run in [tuple(steps[at : at + len(run)]) for at in range(len(steps))]
