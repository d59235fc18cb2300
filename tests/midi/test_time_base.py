from __future__ import annotations

import numpy as np
import pytest

from scogen_pipeline.midi.reading import read_midi
from scogen_pipeline.midi.time_base import find_time_base
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes

SIXTEENTHS_AND_TRIPLETS = np.concatenate([np.cumsum([0, 3, 3, 6, 4, 4, 4]) + 24 * bar for bar in range(80)])


def score(tpq: int) -> np.ndarray:
    return np.round(SIXTEENTHS_AND_TRIPLETS * tpq / 24).astype(np.int32)


def played(n_onsets: int, tpq: int, seed: int = 0) -> np.ndarray:
    """Onsets at any time, four a second, as a recorder writes them at 120."""
    seconds = np.cumsum(np.random.default_rng(seed).exponential(0.25, n_onsets))
    return np.round(seconds * 2 * tpq).astype(np.int32)


@pytest.mark.parametrize("tpq", [24, 48, 96, 120, 220, 384, 480, 500, 960, 1024, 10_080, 30_000])
def test_notes_on_the_beat_are_a_score_at_any_resolution(tpq: int) -> None:
    assert find_time_base(score(tpq), tpq).kind == "score"


@pytest.mark.parametrize("tpq", [24, 48, 96, 120, 220, 384, 480, 500, 960, 1024, 10_080, 30_000])
@pytest.mark.parametrize("n_onsets", [12, 50, 64, 1_000, 20_000])
def test_notes_at_any_time_are_a_performance_at_any_resolution(tpq: int, n_onsets: int) -> None:
    assert find_time_base(played(n_onsets, tpq), tpq).kind == "performance"


def test_chance_makes_a_score_of_at_most_one_short_performance_in_a_hundred() -> None:
    kinds = [find_time_base(played(n, 480, seed), 480).kind for n in (8, 16, 32, 63) for seed in range(250)]
    assert kinds.count("score") <= 10


@pytest.mark.parametrize("n_onsets", [1, 2, 3, 8])
def test_a_few_notes_on_the_beat_are_a_score(n_onsets: int) -> None:
    assert find_time_base(np.arange(n_onsets) * 480, 480).kind == "score"


@pytest.mark.parametrize(
    ("quarters", "kind"), [(1 / 100, "score"), (1 / 55, "score"), (1 / 40, "performance"), (1 / 20, "performance")]
)
def test_playing_to_a_click_is_a_score_while_rounding_finds_the_notes(quarters: float, kind: str) -> None:
    onsets = np.arange(1_000) * 160 + np.random.default_rng(0).normal(0, quarters * 480, 1_000)
    assert find_time_base(np.sort(np.round(onsets - onsets.min())).astype(np.int32), 480).kind == kind


def test_a_grace_note_that_shifts_the_rest_leaves_a_score() -> None:
    onsets = score(480)
    onsets[200:] += 11
    onsets[320:] += 17
    assert find_time_base(onsets, 480).kind == "score"


def test_chords_count_once() -> None:
    chords = np.sort(np.concatenate([np.repeat(0, 500), played(400, 480)]))
    assert find_time_base(chords, 480).kind == "performance"


def test_the_reason_gives_both_numbers() -> None:
    assert find_time_base(score(480), 480).reason == "score: agreement of the onsets with the beat 1.00, needed 0.32"


def test_the_piece_row_has_the_time_base() -> None:
    notes = [(int(onset), 100, 60, 80) for onset in np.unique(played(300, 480))]
    tables = read_midi(midi_bytes([MidiTrack("", 0, notes)], tpq=480), "x")
    assert tables.pieces["time_base"].to_pylist() == ["performance"]
