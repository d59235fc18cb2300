"""What candidates are judged by."""

from __future__ import annotations

import math

from tests.metrics.test_musical import piece_of

from scogen_pipeline.choosing.figures import GROUPS, LIKELIHOOD, ORIGINALITY, figures_of

LINE = [60, 62, 64, 65, 67, 65, 64, 62]


def test_the_groups_name_each_figure_once() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert len(names) == len(set(names))
    assert set(names) == {*figures_of(piece_of(LINE)), LIKELIHOOD, ORIGINALITY}


def test_a_single_line_has_no_part_writing() -> None:
    single, both = figures_of(piece_of(LINE)), figures_of(piece_of(LINE, [note - 7 for note in LINE]))
    assert all(math.isnan(single[name]) for name in ("chord_share", "voice_crossing_share", "parallel_fifths_per_100"))
    assert both["parallel_fifths_per_100"] == 100
