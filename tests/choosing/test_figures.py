"""What candidates are judged by."""

from __future__ import annotations

import math

from tests.metrics.test_musical import piece_of

from scogen_pipeline.choosing.figures import GROUPS, LIKELIHOOD, ORIGINALITY, figures_of

#: Two measures, and one that ends the piece.
LINE = [60, 62, 64, 65, 67, 65, 64, 62, 60, 60, 60, 60]


def test_the_groups_name_each_figure_once() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert len(names) == len(set(names))
    assert set(names) == {*figures_of(piece_of(LINE), 8), LIKELIHOOD, ORIGINALITY}


def test_a_single_line_has_no_part_writing() -> None:
    single, both = figures_of(piece_of(LINE), 8), figures_of(piece_of(LINE, [note - 7 for note in LINE]), 8)
    assert all(math.isnan(single[name]) for name in ("chord_share", "voice_crossing_share", "parallel_fifths_per_100"))
    assert both["parallel_fifths_per_100"] == 100


def test_the_last_measure_and_what_goes_beyond_do_not_count() -> None:
    longer = [*LINE[:8], 60, 59, 57, 55]
    assert figures_of(piece_of(LINE), 8)["notes_per_bar"] == figures_of(piece_of(longer), 8)["notes_per_bar"] == 4
    assert figures_of(piece_of(LINE), 1)["pitch_range_semitones"] == 5
    assert figures_of(piece_of(LINE), 8)["pitch_range_semitones"] == 7
