"""The literature's pieces for the product's network: nothing is lost on the way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.metrics.literature.made_up_sets import rolls

from scogen_pipeline.metrics.literature.chorales import ChoraleAdapter
from scogen_pipeline.metrics.literature.mixtures import mixed
from scogen_pipeline.metrics.literature.network import frame_examples, frame_training_data, network_nats, sight_of
from scogen_pipeline.metrics.literature.rolls import RollAdapter
from scogen_pipeline.metrics.literature.sets import GRID, BenchmarkSet
from scogen_pipeline.model.fitting import fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings


@pytest.fixture(scope="module")
def grid() -> BenchmarkSet:
    random = np.random.default_rng(0)
    # Each piece is higher than the one before, so that there is room to transpose.
    chords = [np.array([70, 65, 58, 46]) + 2 * index + random.integers(-2, 3, (6, 4)) for index in range(6)]
    pieces = [np.repeat(chord, 4, axis=0).astype(np.int16) for chord in chords]
    return BenchmarkSet(GRID, {"train": tuple(pieces[:4]), "valid": (pieces[4],), "test": (pieces[5], pieces[5][:8])})


def test_a_network_learns_a_set_and_scores_it_as_it_was_validated(grid: BenchmarkSet):
    adapter = ChoraleAdapter(grid)
    data = frame_training_data(adapter)
    assert data.train.n_targets == sum(piece.size for piece in grid.pieces["train"])
    settings = FitSettings(epochs=3, batch_size=2, window_length=16, learning_rate=0.01, carry_state=True)
    model, _ = fit_model(data, NetworkSettings(embedding_size=8, lstm_units=16, n_layers=1, dense_size=8), settings)
    nats = network_nats([model.stepper()], adapter, grid.pieces["valid"])
    assert nats[0] / grid.pieces["valid"][0].size == pytest.approx(model.metrics["valid_nll"], abs=1e-4)
    long, short = network_nats([model.stepper()], adapter, grid.pieces["test"], shifts=(-1, 0, 1))
    assert 0 < short < long


def test_examples_are_transposed_and_marks_are_never_allowed(grid: BenchmarkSet):
    adapter = ChoraleAdapter(grid)
    plain, moved = frame_examples(adapter, "train"), frame_examples(adapter, "train", np.random.default_rng(1))
    assert [len(ids) for ids in plain.ids] == [len(ids) for ids in moved.ids]
    assert plain.hash != moved.hash
    allowed = sight_of(adapter).allowed
    assert allowed is not None
    assert not allowed[:, adapter.n_tokens :].any()
    assert allowed[:, : adapter.n_tokens].all()


def test_transpositions_of_a_roll_are_mixed_frame_by_frame():
    """A guesser that knows one note high and one low is told the same music at another pitch, around the edge too."""
    adapter = RollAdapter(rolls())
    roll = np.zeros((2, 88), np.uint8)
    roll[:, [0, 40]] = 1

    class Guesser:
        def log_probabilities(self, ids, conditions, features=(), dense=()):
            return [np.log(np.where(sequence[1:] >= 80, 0.5, 0.25)).astype(np.float32) for sequence in ids]

    plain, shifted = (network_nats([Guesser()], adapter, [roll], [shift])[0] for shift in (0, -1))
    assert plain == pytest.approx(-2 * np.log(0.25 * 0.25 * 0.5))
    assert shifted == pytest.approx(-2 * np.log(0.5 * 0.25 * 0.5))
    frames = np.log([[0.25 * 0.25 * 0.5] * 2, [0.5 * 0.25 * 0.5] * 2])
    assert network_nats([Guesser()], adapter, [roll], [0, -1])[0] == pytest.approx(-mixed(frames).sum())


def test_a_mixture_is_a_distribution_and_trusts_what_has_predicted_well():
    random = np.random.default_rng(3)
    tables = random.dirichlet(np.ones(3), (2, 4))  # (predictors, steps, values)
    for memory in (0.0, 0.9, 1.0):
        total = 0.0
        for values in itertools.product(range(3), repeat=4):
            total += np.exp(mixed(np.log(tables[:, np.arange(4), list(values)]), memory).sum())
        assert total == pytest.approx(1)
    good, bad = np.full(20, np.log(0.9)), np.full(20, np.log(0.1))
    assert mixed(np.stack([good, bad]))[0] == pytest.approx(np.log(0.5))
    assert mixed(np.stack([good, bad]))[-1] > np.log(0.89)
