"""Windows: every target once, never across pieces, the same at every resumption."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.windows import Batch, Cutting, Examples, RetoldExamples, cut

PAD = 0


def examples_of(lengths: list[int], slots: int = 3) -> Examples:
    """Every id occurs once in the whole corpus, so that a target says where it comes from."""
    bounds = np.cumsum([1, *lengths])
    ids = tuple(np.arange(low, high, dtype=np.int32) for low, high in pairwise(bounds))
    return Examples(ids, np.arange(100, 100 + len(lengths) * slots, dtype=np.int32).reshape(-1, slots))


def training_batches(examples: Examples, **changes: object) -> list[Batch]:
    epoch = changes.pop("epoch", 0)
    cutting = {"window_length": 8, "batch_size": 3, "pad_id": PAD} | changes
    return list(examples.training_batches(Cutting(**cutting), 1, epoch))  # type: ignore[arg-type]


def share_of_padding(batches: list[Batch]) -> float:
    return 1 - sum(float(batch.weights.sum()) for batch in batches) / sum(batch.weights.size for batch in batches)


def counted_targets(batches: list[Batch]) -> Counter[int]:
    return Counter(int(target) for batch in batches for target in batch.targets[batch.weights > 0])


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.integers(2, 60), min_size=1, max_size=8), st.integers(1, 20), st.integers(0, 50))
def test_each_target_of_each_piece_is_seen_exactly_once_an_epoch(lengths: list[int], window_length: int, epoch: int):
    examples = examples_of(lengths)
    expected = Counter(int(target) for ids in examples.ids for target in ids[1:])
    assert counted_targets(training_batches(examples, window_length=window_length, epoch=epoch)) == expected
    ordered = examples.ordered_batches(Cutting(window_length, 2, PAD))
    assert counted_targets(list(ordered)) == expected
    assert examples.n_targets == expected.total()


def test_a_window_never_crosses_a_piece_and_its_targets_are_its_inputs_moved_by_one():
    examples = examples_of([30, 9, 17])
    pieces = [set(ids.tolist()) for ids in examples.ids]
    for batch in training_batches(examples):
        for tokens, targets, weights in zip(batch.tokens, batch.targets, batch.weights, strict=True):
            real = weights > 0
            assert np.array_equal(tokens[real] + 1, targets[real])
            assert not real.any() or any(set(tokens[real].tolist()) | set(targets[real].tolist()) <= piece for piece in pieces)
            assert np.all(tokens[~real] == PAD)
            assert np.all(targets[~real] == PAD)


def test_a_window_carries_the_conditions_of_its_piece():
    examples = examples_of([30, 9, 17])
    for batch in training_batches(examples):
        for tokens, conditions in zip(batch.tokens, batch.conditions, strict=True):
            if not batch.weights[np.all(batch.tokens == tokens, axis=1)].any():
                continue  # an empty row
            piece = next(index for index, ids in enumerate(examples.ids) if tokens[0] in ids)
            assert np.array_equal(conditions, examples.conditions[piece])


def test_boundaries_move_from_epoch_to_epoch_but_a_short_piece_is_never_cut():
    starts = {tuple(cut([100, 8], 8, np.random.default_rng(epoch)).start[:-1]) for epoch in range(10)}
    assert len(starts) > 1
    assert all(cut([8], 8, np.random.default_rng(epoch)).length.tolist() == [8] for epoch in range(10))


def test_an_epoch_is_the_same_whenever_it_is_made_and_unlike_the_next():
    examples = examples_of([30, 9, 17, 40])
    first, again, other = (training_batches(examples, epoch=epoch, condition_dropout=0.5) for epoch in (4, 4, 5))
    assert all(np.array_equal(a, b) for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True))
    assert any(not np.array_equal(one.tokens, two.tokens) for one, two in zip(first, other, strict=False))


def test_conditions_are_withheld_at_the_rate_that_was_asked_for():
    batches = training_batches(examples_of([400] * 20, slots=4), condition_dropout=0.25)
    told = np.concatenate([batch.conditions[batch.weights.any(axis=1)] for batch in batches])
    assert np.mean(told == PAD) == pytest.approx(0.25, abs=0.03)


def test_windows_of_like_length_share_a_batch_so_little_is_padding():
    examples = examples_of([*[150] * 90, *[700] * 18])
    batches = training_batches(examples, window_length=256, batch_size=8)
    assert share_of_padding(batches) < 0.1


def test_less_than_a_fiftieth_of_a_large_corpus_is_padding():
    lengths = np.random.default_rng(1).lognormal(5.5, 1, 3000).astype(int) + 20
    assert share_of_padding(training_batches(examples_of(lengths.tolist()), window_length=256, batch_size=32)) < 0.02


def test_what_comes_after_the_first_targets_of_each_piece_can_be_left_out() -> None:
    ids = (np.array([7, 8, 9], np.int32), np.array([4, 5], np.int32))
    features, dense = ((rows, rows[:1]) for rows in (np.array([[1, 2], [3, 4]]), np.array([[1, 0, 1], [0, 1, 0]])))
    shortened = Examples(ids, np.array([[1], [2]], np.int32), features, dense).shortened(1)
    assert [each.tolist() for each in shortened.ids] == [[7, 8], [4, 5]]
    assert [rows.tolist() for rows in shortened.features] == [[[1, 2]]] * 2
    assert [rows.tolist() for rows in shortened.dense] == [[[1, 0, 1]]] * 2


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="one row of ids a piece"):
        Examples((np.array([1, 2], np.int32),), np.zeros((2, 3), np.int32))
    with pytest.raises(DataError, match="<start> and <end>"):
        Examples((np.array([1], np.int32),), np.zeros((1, 3), np.int32))


def test_every_batch_has_the_same_number_of_rows_so_that_compilers_see_few_shapes():
    examples = examples_of(list(range(2, 300)))
    batches = training_batches(examples, batch_size=5, window_length=128)
    assert {len(batch.tokens) for batch in batches} == {5}
    assert len({batch.tokens.shape[1] for batch in batches}) <= 64
    assert max(batch.tokens.shape[1] for batch in batches) == 128


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.integers(2, 60), min_size=1, max_size=8), st.integers(1, 20), st.integers(1, 4), st.booleans())
def test_lanes_show_each_target_once_and_each_window_goes_on_where_the_last_one_ended(
    lengths: list[int], window_length: int, batch_size: int, is_training: bool
) -> None:
    examples, cutting = examples_of(lengths), Cutting(window_length, batch_size, PAD, carries_state=True)
    batches = list(examples.training_batches(cutting, 1, 0) if is_training else examples.ordered_batches(cutting))
    assert counted_targets(batches) == Counter(int(target) for ids in examples.ids for target in ids[1:])
    last = np.zeros(batch_size, np.int32)
    begins = {int(ids[0]) for ids in examples.ids}
    for batch in batches:
        assert batch.continues is not None
        for row in np.flatnonzero(batch.weights.any(axis=1)):
            first, n = batch.tokens[row, 0], int(batch.weights[row].sum())
            assert first == last[row] if batch.continues[row] else first in begins
            last[row] = batch.targets[row, n - 1]


def test_lanes_are_of_like_length_so_little_is_padding() -> None:
    random = np.random.default_rng(0)
    examples = examples_of(random.integers(400, 2000, 200).tolist())
    batches = list(examples.training_batches(Cutting(128, 16, PAD, carries_state=True), 1, 0))
    assert sum(float(batch.weights.sum()) for batch in batches) / sum(batch.weights.size for batch in batches) > 0.85


def test_what_else_is_known_goes_with_its_target() -> None:
    plain = examples_of([30, 9, 17])
    features = tuple(np.stack([ids[1:], ids[1:] % 7], axis=1) for ids in plain.ids)
    examples = Examples(plain.ids, plain.conditions, features, tuple((ids[1:, None] % 2).astype(np.uint8) for ids in plain.ids))
    for carries_state in (False, True):
        for batch in examples.training_batches(Cutting(8, 3, PAD, carries_state=carries_state), 1, 0):
            real = batch.weights > 0
            assert batch.features is not None
            assert batch.dense is not None
            assert np.array_equal(batch.features[..., 0][real], batch.targets[real])
            assert np.array_equal(batch.dense[..., 0][real], batch.targets[real] % 2)
            assert not batch.features[~real].any()
    assert examples.hash != plain.hash
    with pytest.raises(DataError, match="`features` must have a row for each id after the first"):
        Examples(plain.ids, plain.conditions, features[:2])


def test_retold_examples_are_others_in_each_epoch_and_the_same_at_every_resumption() -> None:
    def tell(random: np.random.Generator | None) -> Examples:
        plain = examples_of([30, 9])
        return plain if random is None else Examples(tuple(ids + random.integers(99) for ids in plain.ids), plain.conditions)

    examples, cutting = RetoldExamples(tell), Cutting(8, 3, PAD)
    first, again, other = (list(examples.training_batches(cutting, 5, epoch)) for epoch in (1, 1, 2))
    assert all(np.array_equal(one.tokens, two.tokens) for one, two in zip(first, again, strict=True))
    assert counted_targets(first) != counted_targets(other)
    assert counted_targets(list(examples.ordered_batches(cutting))) == counted_targets(training_batches(tell(None)))
    assert (examples.n_targets, examples.n_conditions) == (37, 3)
    assert examples.hash != tell(None).hash
