"""What every adapter promises: one string a frame, a proper joint, and nothing known too early."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from tests.metrics.literature.made_up_sets import grid, rolls

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.metrics.literature.chorales import HOLD, NONE, ChoraleAdapter
from scogen_pipeline.metrics.literature.echoes import find_echoes
from scogen_pipeline.metrics.literature.frames import FrameAdapter, FrameSequence, ages, allowed, column
from scogen_pipeline.metrics.literature.rolls import RollAdapter
from scogen_pipeline.metrics.literature.sets import BenchmarkSet

MAKERS: dict[str, Callable[[], tuple[FrameAdapter, BenchmarkSet]]] = {
    "roll, high to low": lambda: (RollAdapter(rolls()), rolls()),
    "roll, low to high": lambda: (RollAdapter(rolls(), descending=False, n_previous=2), rolls()),
    "roll with repeats": lambda: (RollAdapter(repeated(rolls())), repeated(rolls())),
    "roll without echoes": lambda: (RollAdapter(rolls(), echoes=False), rolls()),
    "chorale": lambda: (ChoraleAdapter(grid()), grid()),
    "chorale with repeats": lambda: (ChoraleAdapter(repeated(grid())), repeated(grid())),
    "chorale without echoes": lambda: (ChoraleAdapter(grid(), echoes=False), grid()),
    "chorale with hold, bass first": lambda: (ChoraleAdapter(grid(), order="BSAT", hold=True), grid()),
}


def repeated(benchmark: BenchmarkSet) -> BenchmarkSet:
    """Every piece twice through: there is much to remember."""
    return BenchmarkSet(
        benchmark.name,
        {split: tuple(np.concatenate([piece, piece]) for piece in pieces) for split, pieces in benchmark.pieces.items()},
    )


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest) -> tuple[FrameAdapter, BenchmarkSet]:
    return MAKERS[request.param]()


def test_a_piece_that_is_spelled_and_read_is_the_same(made: tuple[FrameAdapter, BenchmarkSet]) -> None:
    adapter, benchmark = made
    for split, pieces in benchmark.pieces.items():
        for sequence, piece in zip(adapter.sequences(split), pieces, strict=True):
            np.testing.assert_array_equal(adapter.frames(sequence.tokens), piece)
            assert (sequence.n_frames, sequence.n_notes) == (len(piece), benchmark.n_notes(piece))


def test_tokens_are_allowed_and_features_are_in_range(made: tuple[FrameAdapter, BenchmarkSet]) -> None:
    adapter, _ = made
    for sequence in adapter.sequences("train"):
        assert allowed(adapter, sequence)[np.arange(len(sequence.tokens)), sequence.tokens].all()
        assert sequence.features.min() >= 0
        assert (sequence.features.max(axis=0) < [feature.size for feature in adapter.features]).all()
        assert sequence.dense is not None
        assert sequence.dense.shape == (len(sequence.tokens), adapter.dense_size)
        assert set(np.unique(sequence.dense)) <= {0, 1}


def test_nothing_is_known_before_its_time(made: tuple[FrameAdapter, BenchmarkSet]) -> None:
    """Any allowed continuation leaves what was known before untouched."""
    adapter, benchmark = made
    random = np.random.default_rng(3)
    whole = adapter.sequence(benchmark.pieces["train"][0])
    for start in (0, 1, 5, 17, 30, len(whole.tokens) - 7, len(whole.tokens) - 2):
        other = adapter.sequence(adapter.frames(continuation(adapter, whole, start, random)))
        assert other.tokens[start] != whole.tokens[start]
        np.testing.assert_array_equal(other.tokens[:start], whole.tokens[:start])
        np.testing.assert_array_equal(other.features[: start + 1], whole.features[: start + 1])
        np.testing.assert_array_equal(other.dense[: start + 1], whole.dense[: start + 1])


def continuation(adapter: FrameAdapter, sequence: FrameSequence, start: int, random: np.random.Generator) -> np.ndarray:
    """The tokens up to `start`, another one there, and whatever ends the frame."""
    choices = np.flatnonzero(allowed(adapter, sequence)[start])
    tokens = [*sequence.tokens[:start], random.choice(choices[choices != sequence.tokens[start]])]
    if isinstance(adapter, RollAdapter):
        return np.array([*tokens] if tokens[-1] == adapter.end else [*tokens, adapter.end], np.int32)
    n_missing = -len(tokens) % 4
    # Notes of a later frame are nobody's last note, so they are allowed in the hold view too.
    return np.array([*tokens, *[87] * n_missing], np.int32)


@pytest.mark.parametrize("descending", [True, False])
def test_the_probabilities_of_all_frames_of_a_roll_sum_to_one(descending: bool) -> None:
    adapter = RollAdapter(rolls(), descending=descending)
    masks = adapter.masks
    # Four free pitches in the middle of the keyboard: the sum over their 16 frames is all that a guesser on them can give.
    free = [40, 41, 42, 43, adapter.end]
    total = 0.0
    for notes in itertools.product([0, 1], repeat=4):
        roll = np.zeros((1, 88), np.uint8)
        roll[0, 40:44] = notes
        sequence = adapter.sequence(roll)
        may = masks[sequence.features[:, 0]][:, free]
        total += float(np.prod(1 / may.sum(axis=1)))
    assert total == pytest.approx(1)


def test_the_hold_view_masks_the_kept_note_and_hold_at_the_start() -> None:
    adapter = ChoraleAdapter(grid(), hold=True)
    sequence = adapter.sequence(np.array([[60, 55, -1, 40], [60, 57, -1, 41]], np.int16))

    assert sequence.tokens.tolist() == [40, 35, 0, 20, HOLD, 37, HOLD, 21]
    assert not allowed(adapter, sequence)[:4, HOLD].any()
    assert not allowed(adapter, sequence)[4, 40]
    assert allowed(adapter, sequence).sum(axis=1).tolist() == [89] * 8


@pytest.mark.parametrize("tokens", [[], [60], [88, 60], [60, 62, 88], [60, 60, 88], [89], [-1, 88]])
def test_a_roll_has_no_other_spelling(tokens: list[int]) -> None:
    with pytest.raises(DataError, match="`tokens` must"):
        RollAdapter(rolls()).frames(np.array(tokens, np.int32))


@pytest.mark.parametrize("tokens", [[], [1, 2, 3], [1, 2, 3, 90], [HOLD, 1, 2, 3], [1, 2, 3, 4, 1, HOLD, HOLD, HOLD]])
def test_a_chorale_has_no_other_spelling(tokens: list[int]) -> None:
    with pytest.raises(DataError, match="`tokens` must"):
        ChoraleAdapter(grid(), hold=True).frames(np.array(tokens, np.int32))


def test_features_of_a_roll_say_what_they_are_named() -> None:
    adapter = RollAdapter(rolls())
    roll = np.zeros((3, 88), np.uint8)
    roll[:, 50] = roll[:2, 40] = roll[2, 45] = 1
    sequence = adapter.sequence(roll)

    def values(name: str) -> list[int]:
        return sequence.features[:, column(adapter, name)].tolist()

    assert sequence.tokens.tolist() == [50, 40, 88, 50, 40, 88, 50, 45, 88]
    assert values("previous_token") == [89, 50, 40, 88, 50, 40, 88, 50, 45]
    assert values("mask_row") == [88, 50, 40] * 2 + [88, 50, 45]
    assert values("candidate") == [88, 88, 88, 50, 40, 88, 50, 40, 40]
    assert values("candidate_age") == [0, 0, 0, 1, 1, 0, 2, 2, 2]
    assert values("same_rank") == [88, 88, 88, 50, 40, 88, 50, 40, 88]
    assert values("last_was_kept") == [2, 0, 0, 2, 1, 1, 2, 1, 0]
    assert values("n_previous") == [0, 0, 0, 2, 2, 2, 2, 2, 2]
    assert values("frame_age") == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert np.flatnonzero(sequence.dense[8]).tolist() == [40, 50, 88 + 45, 88 + 50]
    assert values("echo_next") == [89] * 9


def test_features_of_a_chorale_say_what_they_are_named() -> None:
    adapter = ChoraleAdapter(grid(), order="SBAT")
    sequence = adapter.sequence(np.array([[60, 55, 50, 40], [60, 57, 50, 40], [62, 57, 50, 41]], np.int16))

    def values(name: str) -> list[int]:
        return sequence.features[:, column(adapter, name)].tolist()

    assert sequence.tokens.tolist() == [40, 20, 35, 30, 40, 20, 37, 30, 42, 21, 37, 30]
    assert values("voice") == [0, 3, 1, 2] * 3
    assert values("last_note") == [NONE] * 4 + [40, 20, 35, 30, 40, 20, 37, 30]
    assert values("last_age") == [0] * 4 + [1] * 4 + [2, 2, 1, 2]
    assert values("note_before") == [NONE] * 10 + [35, NONE]
    assert values("moved") == [0, 1, 9, 11, 0, 0, 0, 2, 0, 1, 9, 9]
    assert values("now_B") == [NONE, NONE, 20, 20, NONE, NONE, 20, 20, NONE, NONE, 21, 21]
    assert values("last_A") == [NONE] * 4 + [35] * 4 + [37] * 4
    assert np.flatnonzero(sequence.dense[5]).tolist() == [19, 29, 34, 39, 88 + 39]


def test_a_roll_is_told_what_followed_last_time() -> None:
    adapter = RollAdapter(rolls())
    roll = np.zeros((13, 88), np.uint8)
    for frame in range(10):
        roll[frame, 30 + frame] = 1
    roll[1, 60] = 1
    roll[10:, :] = roll[:3, :]
    roll[11, 60], roll[11, 59] = 0, 1
    sequence = adapter.sequence(roll)
    there = sequence.frame_of_token == 11

    def values(name: str) -> list[int]:
        return sequence.features[there, column(adapter, name)].tolist()

    assert sequence.tokens[there].tolist() == [59, 31, 88]
    assert values("echo_next") == [60, 31, 88]
    assert values("echo_agrees") == [1, 0, 0]
    assert values("echo_likeness") == values("echo_run") == [1, 1, 1]
    for row in np.flatnonzero(there):
        assert np.flatnonzero(sequence.dense[row, -88:]).tolist() == [31, 60]


def test_a_chorale_is_told_what_followed_last_time() -> None:
    adapter = ChoraleAdapter(grid(), order="SBAT")
    piece = np.tile(np.arange(60, 70, dtype=np.int16)[:, None], (1, 4)) - np.array([0, 5, 10, 20], np.int16)
    piece = np.concatenate([piece, piece[:2]])
    piece[11, 3] += 1
    sequence = adapter.sequence(piece)

    def values(name: str) -> list[int]:
        return sequence.features[sequence.frame_of_token == 11, column(adapter, name)].tolist()

    assert values("echo_note") == [41, 21, 36, 31]
    assert values("echo_disagrees") == [0, 0, 8, 8]
    assert values("echo_likeness") == [1] * 4


def test_an_echo_survives_a_variation_and_a_transposition() -> None:
    tune = np.random.default_rng(4).permutation(40)[:, None]
    varied = tune.copy()
    varied[30] = 99
    whole = np.concatenate([tune, varied])
    echoes = find_echoes(whole)
    assert echoes.source[42:].tolist() == list(range(2, 40))
    assert echoes.run[70] > echoes.run[71] == 0
    assert echoes.likeness[70] > echoes.likeness[71] > 0
    for found, transposed in zip(echoes, find_echoes(whole + 3), strict=True):
        assert (found == transposed).all()
    assert not (find_echoes(np.zeros((30, 1), int)).source > 30 - 8).any()


def test_transposition_follows_the_generator_and_keeps_intervals_and_compass() -> None:
    benchmark = grid()
    adapter = ChoraleAdapter(benchmark)
    first, again, other = (list(adapter.sequences("train", np.random.default_rng(seed))) for seed in (1, 1, 2))

    assert all((a.tokens == b.tokens).all() for a, b in zip(first, again, strict=True))
    assert any((a.tokens != b.tokens).any() for a, b in zip(first, other, strict=True))
    known = np.concatenate(benchmark.pieces["train"])
    for sequence, piece in zip(first, benchmark.pieces["train"], strict=True):
        shifted = adapter.frames(sequence.tokens)
        assert len(set((shifted - piece)[piece >= 0])) == 1
        assert ((shifted < 0) == (piece < 0)).all()
        assert (shifted.max(axis=0) <= known.max(axis=0)).all()


def test_a_roll_is_never_rolled_over_the_edge_and_a_silent_one_stays() -> None:
    benchmark = rolls()
    adapter = RollAdapter(benchmark, max_shift=87)
    random = np.random.default_rng(5)
    for piece in benchmark.pieces["train"]:
        shifted = adapter.transposed(piece, random)
        assert (shifted.sum(axis=1) == piece.sum(axis=1)).all()
        assert np.ptp(np.flatnonzero(shifted.any(axis=0))) == np.ptp(np.flatnonzero(piece.any(axis=0)))
    silence = np.zeros((2, 88), np.uint8)
    assert not adapter.transposed(silence, random).any()
    assert adapter.sequence(silence).tokens.tolist() == [88, 88]


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(RequestError, match="`order` must"):
        ChoraleAdapter(grid(), order="SAT")
    with pytest.raises(RequestError, match="`max_shift` must"):
        ChoraleAdapter(grid(), max_shift=-1)
    with pytest.raises(RequestError, match="`n_previous` must"):
        RollAdapter(rolls(), n_previous=17)
    with pytest.raises(DataError, match="`feature` must be among mask_row"):
        column(RollAdapter(rolls()), "mood")
    with pytest.raises(DataError, match="from 21 to 108"):
        ChoraleAdapter(grid()).sequence(np.full((2, 4), 20, np.int16))


def test_arrays_of_a_sequence_are_equally_long() -> None:
    with pytest.raises(DataError, match="equally long"):
        FrameSequence(np.zeros(2, np.int32), np.zeros((3, 1), np.int32), None, np.zeros(2, np.int32), 1)


def test_ages_stop_at_the_most() -> None:
    assert ages(np.array([1, 1, 1, 1, 0]), 3).tolist() == [1, 2, 3, 3, 1]
