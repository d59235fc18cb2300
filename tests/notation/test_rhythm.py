from __future__ import annotations

import pytest

from scogen_pipeline.music.meter import Meter
from scogen_pipeline.notation.beams import beam_marks, beam_runs
from scogen_pipeline.notation.rhythm import Figure, Span, write_figures


def figures(meter: str, *durations: int) -> tuple[Figure, ...]:
    """Notes (positive ticks) and rests (negative) from the start of a measure, filled up with silence."""
    bar, spans, now = Meter.parse(meter), [], 0
    for index, duration in enumerate(durations):
        spans.append(Span(now, now + abs(duration), index if duration > 0 else None))
        now += abs(duration)
    if now < bar.bar_ticks:
        spans.append(Span(now, bar.bar_ticks, None))
    return write_figures(spans, bar)


def ticks(meter: str, *durations: int) -> list[int]:
    return [figure.ticks if figure.chord is not None else -figure.ticks for figure in figures(meter, *durations)]


@pytest.mark.parametrize(
    ("meter", "durations", "written"),
    [
        ("4/4", (24, 72), [24, 24, 48]),  # the middle of 4/4 shows
        ("4/4", (72, 24), [72, 24]),
        ("4/4", (24, 48, 24), [24, 48, 24]),  # simple syncopation
        ("4/4", (12, 24, 12, 48), [12, 24, 12, 48]),
        ("4/4", (36, 24, 36), [36, 12, 12, 36]),
        ("4/4", (60, 36), [48, 12, 36]),
        ("4/4", (12, 36, 48), [12, 36, 48]),
        ("2/4", (12, 24, 12), [12, 24, 12]),
        ("3/4", (36, 36), [36, 12, 24]),  # three quarters, not two dotted ones
        ("3/4", (24, 48), [24, 48]),
        ("3/4", (12, 60), [12, 12, 48]),
        ("6/8", (48, 24), [36, 12, 24]),  # the dotted beats show
        ("6/8", (24, 24, 24), [24, 12, 12, 24]),
        ("6/8", (12, 24, 36), [12, 24, 36]),
        ("6/8", (72,), [72]),
        ("9/8", (108,), [72, 36]),
        ("12/8", (36, 72, 36), [36, 36, 36, 36]),
        ("12/8", (144,), [144]),
        ("3/2", (48, 96), [48, 96]),
        ("3/2", (24, 48, 72), [24, 48, 24, 48]),
        ("4/2", (192,), [192]),
        ("5/4", (120,), [72, 48]),
        ("7/8", (48, 36), [48, 36]),
        ("4/4", (42, 6, 48), [42, 6, 48]),  # double dots
        ("2/4", (6, 18, 24), [6, 18, 24]),  # Scotch snap
    ],
)
def test_notes_show_the_beat(meter: str, durations: tuple[int, ...], written: list[int]) -> None:
    assert ticks(meter, *durations) == written


@pytest.mark.parametrize(
    ("meter", "durations", "written"),
    [
        ("4/4", (24,), [24, -24, -48]),
        ("4/4", (-72, 24), [-48, -24, 24]),
        ("3/4", (24,), [24, -24, -24]),  # no half rest in 3/4
        ("3/2", (48,), [48, -48, -48]),
        ("6/8", (-36, 36), [-36, 36]),
        ("6/8", (12,), [12, -12, -12, -36]),
        ("6/8", (-24, 12, 36), [-24, 12, 36]),
        ("4/4", (12,), [12, -12, -24, -48]),
        ("2/4", (-18, 6, 24), [-18, 6, 24]),
    ],
)
def test_rests_show_every_beat(meter: str, durations: tuple[int, ...], written: list[int]) -> None:
    assert ticks(meter, *durations) == written


@pytest.mark.parametrize(
    ("meter", "durations", "looks"),
    [
        ("2/4", (8, 8, 8, 24), ["eighth", "eighth", "eighth", "quarter"]),
        ("2/4", (16, 16, 16), ["quarter"] * 3),
        ("4/4", (32, 32, 32), ["half"] * 3),
        ("1/4", (4, 4, 4, 12), ["16th", "16th", "16th", "eighth"]),
        ("1/4", (4,) * 6, ["16th"] * 6),
        ("1/4", (8, 4, 4, 8), ["eighth", "16th", "16th", "eighth"]),
        ("2/4", (16, 8, 24), ["quarter", "eighth", "quarter"]),
        ("6/8", (4, 4, 4, 24, 36), ["16th", "16th", "16th", "quarter", "quarter"]),
    ],
)
def test_triplets_take_the_plainest_window(meter: str, durations: tuple[int, ...], looks: list[str]) -> None:
    written = figures(meter, *durations)
    assert [figure.value.type for figure in written] == looks
    assert all((figure.window is not None) == figure.value.is_triplet for figure in written)


def test_any_tick_can_be_written() -> None:
    for meter in ("2/4", "6/8", "3/16", "5/8"):
        bar = Meter.parse(meter).bar_ticks
        for start in range(bar):
            for end in range(start + 1, bar + 1):
                spans = [
                    span for span in (Span(0, start, None), Span(start, end, 0), Span(end, bar, None)) if span.end > span.start
                ]
                written = write_figures(spans, Meter.parse(meter))
                assert sum(figure.ticks for figure in written) == bar
                assert sum(figure.ticks for figure in written if figure.chord == 0) == end - start


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8", "5/8"])
def test_what_is_left_of_a_cut_measure_is_filled_and_no_triplet_reaches_beyond_it(meter: str) -> None:
    bar = Meter.parse(meter)
    for start in range(3, bar.bar_ticks, 3):
        for onset in range(start, bar.bar_ticks):
            spans = [span for span in (Span(start, onset, None), Span(onset, bar.bar_ticks, 0)) if span.end > span.start]
            written = write_figures(spans, bar)
            assert (written[0].start, written[-1].end) == (start, bar.bar_ticks)
            assert all(figure.window is None or figure.window >= start - start % 6 for figure in written)


def test_a_pickup_is_grouped_as_the_end_of_its_measure() -> None:
    in_six_eight = write_figures([Span(24, 48, 0), Span(48, 72, 1)], Meter(6, 8))
    assert [figure.ticks for figure in in_six_eight] == [12, 12, 24]
    eighths = write_figures([Span(start, start + 12, start) for start in (36, 48, 60)], Meter(3, 4))
    assert [[eighths[i].start for i in run] for run in beam_runs(eighths, Meter(3, 4))] == [[48, 60]]


def beams(meter: str, *durations: int) -> list[list[int]]:
    written = figures(meter, *durations)
    return [[written[index].start for index in run] for run in beam_runs(written, Meter.parse(meter))]


@pytest.mark.parametrize(
    ("meter", "durations", "runs"),
    [
        ("4/4", (12,) * 8, [[0, 12, 24, 36], [48, 60, 72, 84]]),
        ("4/4", (12, 6, 6, 12, 12, 48), [[0, 12, 18], [24, 36]]),
        ("3/4", (12,) * 6, [[0, 12, 24, 36, 48, 60]]),
        ("3/4", (36, 12, 12, 12), [[48, 60]]),  # never looks like 6/8
        ("2/4", (12,) * 4, [[0, 12, 24, 36]]),
        ("6/8", (12,) * 6, [[0, 12, 24], [36, 48, 60]]),
        ("9/8", (12,) * 9, [[0, 12, 24], [36, 48, 60], [72, 84, 96]]),
        ("2/2", (12,) * 8, [[0, 12, 24, 36], [48, 60, 72, 84]]),
        ("3/2", (12,) * 12, [[0, 12, 24, 36], [48, 60, 72, 84], [96, 108, 120, 132]]),
        ("7/8", (12,) * 7, [[0, 12], [24, 36], [48, 60, 72]]),
        ("4/4", (12, -12, 12, 12, 48), [[24, 36]]),
        ("2/4", (6, -6, 6, 6, 24), [[0, 12, 18]]),
        ("3/8", (12, 12, 12), [[0, 12, 24]]),
        ("2/4", (8, 8, 8, 12, 12), [[0, 8, 16], [24, 36]]),
    ],
)
def test_beams_follow_the_meter(meter: str, durations: tuple[int, ...], runs: list[list[int]]) -> None:
    assert beams(meter, *durations) == runs


def marks(meter: str, *durations: int) -> list[tuple[str, ...]]:
    written, bar = figures(meter, *durations), Meter.parse(meter)
    (run,) = beam_runs(written, bar)
    return list(beam_marks(written, run, bar).values())


def test_a_lone_sixteenth_has_a_hook_towards_its_beat() -> None:
    assert marks("1/4", 18, 6) == [("begin",), ("end", "backward hook")]
    assert marks("1/4", 6, 18) == [("begin", "forward hook"), ("end",)]
    assert marks("3/8", 18, 6, 12) == [("begin",), ("continue", "backward hook"), ("end",)]


def test_thirty_seconds_show_the_eighths() -> None:
    assert [mark[:2] for mark in marks("1/4", *(3,) * 8)][3:5] == [("continue", "end"), ("continue", "begin")]
