"""Measure how many tokens per second training takes in, for network sizes and for Keras' own LSTM against the fast one.

    python benchmarks/training_speed.py --units 320 384 --batch 32 --window 256

Batches are full windows of random ids, so the figure is that of the hardware: real epochs add some padding. The first steps, in
which graphs are built, are not counted. `KERAS_BACKEND=jax` (or torch) measures that backend.
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from scogen_pipeline.model import trainable
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.trainable import TrainableNetwork
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary
from scogen_pipeline.tokens.windows import Batch

N_CONDITIONS = 14


def random_batch(vocabulary: Vocabulary, batch_size: int, window_length: int) -> Batch:
    """Return full windows of random ids."""
    random = np.random.default_rng(0)
    ids = random.integers(0, vocabulary.size, (batch_size, window_length + 1)).astype(np.int32)
    conditions = random.integers(0, vocabulary.size, (batch_size, N_CONDITIONS)).astype(np.int32)
    return Batch(ids[:, :-1], conditions, ids[:, 1:], np.ones((batch_size, window_length), np.float32))


def tokens_per_second(settings: NetworkSettings, batch_size: int, window_length: int, seconds: float) -> float:
    """Train for some seconds and return the speed."""
    vocabulary = fit_vocabulary()
    network = TrainableNetwork(settings, vocabulary, N_CONDITIONS, FitSettings(seed=1))
    batch = random_batch(vocabulary, batch_size, window_length)
    for _ in range(3):
        network.train(batch, 1e-3)
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        network.train(batch, 1e-3)
        steps += 1
    return steps * batch_size * window_length / (time.perf_counter() - began)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=[192, 320, 384])
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch", type=int, nargs="+", default=[32])
    parser.add_argument("--window", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--plain", action="store_true", help="also measure the layer that comes with Keras")
    arguments = parser.parse_args()
    fastest = trainable._fastest_lstm_layer
    print("| network | batch | window | LSTM | tokens/s |\n|---|---|---|---|---|")
    for units in arguments.units:
        for batch_size in arguments.batch:
            for name, choice in {"scogen": fastest, **({"keras": lambda: None} if arguments.plain else {})}.items():
                trainable._fastest_lstm_layer = choice
                settings = NetworkSettings(lstm_units=units, n_layers=arguments.layers)
                speed = tokens_per_second(settings, batch_size, arguments.window, arguments.seconds)
                print(f"| {arguments.layers}x{units} | {batch_size} | {arguments.window} | {name} | {speed:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
