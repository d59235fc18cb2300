"""Measure how many tokens per second training takes in, beside what the machine's matrix product can do in the same run.

    python benchmarks/training_speed.py --units 320 384 --batch 32 --window 256
    python benchmarks/training_speed.py --features            # with the inputs of a chorale of the literature
    python benchmarks/training_speed.py --threads 1           # on a machine with other work to do

Batches are full windows of random ids, so the figure is that of the hardware: real epochs add some padding. The first steps, in
which graphs are built, are not counted. FLOPs are those of the LSTMs and dense products, forwards and backwards; embeddings,
gates and dropout count as nothing, so the share of the matrix product's rate says what all else costs. Rates are by the time that
the processors worked on it, so other programs on them disturb little; the tokens per second are by the clock.
`KERAS_BACKEND=jax` (or torch) measures that backend.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from scogen_pipeline.model import trainable
from scogen_pipeline.model.network import BLIND, CONDITION_EMBEDDING_SIZE
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.sight import Sight, feature_embedding_size
from scogen_pipeline.model.trainable import TrainableNetwork
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary
from scogen_pipeline.tokens.windows import Batch

N_CONDITIONS = 14
#: Features and dense values of a chorale on the 16th grid.
CHORALE = Sight((1, 4, 90, 64, 90, 4, 16, 16, *[90] * 8), dense_size=176)
#: Side of the square matrices whose product is the machine's rate, and how often it is done.
SIDE, TIMES = 2048, 8


class Speed(NamedTuple):
    """What was measured."""

    tokens_per_second: float
    gigaflops: float  # per second that the processors worked, times those at work


def random_batch(vocabulary: Vocabulary, sight: Sight, batch_size: int, window_length: int) -> Batch:
    """Return full windows of random ids and features."""
    random, shape = np.random.default_rng(0), (batch_size, window_length)
    ids = random.integers(0, vocabulary.size, (batch_size, window_length + 1)).astype(np.int32)
    conditions = random.integers(0, vocabulary.size, (batch_size, N_CONDITIONS)).astype(np.int32)
    features = np.stack([random.integers(0, n, shape) for n in sight.feature_sizes or (1,)], axis=-1).astype(np.int32)
    dense = (random.random((*shape, sight.dense_size)) < 0.05).astype(np.float32)
    return Batch(ids[:, :-1], conditions, ids[:, 1:], np.ones(shape, np.float32), features, dense)


def flops_per_token(settings: NetworkSettings, sight: Sight, vocabulary_size: int, window_length: int) -> float:
    """Count the multiplications and additions of one token's training step."""
    n_seen = settings.embedding_size + settings.condition_size + sum(map(feature_embedding_size, sight.feature_sizes))
    n_seen += settings.dense_size * bool(sight.dense_size)
    units, n_above = settings.lstm_units, settings.n_layers - 1
    products: float = 4 * units * (n_seen + units) + n_above * 4 * units * 2 * units + units * vocabulary_size
    products += sight.dense_size * settings.dense_size
    products += N_CONDITIONS * CONDITION_EMBEDDING_SIZE * settings.condition_size / window_length
    # Two operations a product; as much again for the gradient of the inputs, and for that of the weights.
    return 2 * 3 * products


def training_speed(settings: NetworkSettings, sight: Sight, batch_size: int, window_length: int, seconds: float) -> Speed:
    """Train for some seconds and return the speed."""
    vocabulary = fit_vocabulary()
    network = TrainableNetwork(settings, vocabulary, N_CONDITIONS, FitSettings(seed=1, batch_size=batch_size), sight)
    batch = random_batch(vocabulary, sight, batch_size, window_length)
    for _ in range(3):
        network.train(batch, 1e-3)
    began, worked, steps = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        network.train(batch, 1e-3)
        steps += 1
    n_tokens, worked = steps * batch_size * window_length, time.process_time() - worked
    flops = n_tokens * flops_per_token(settings, sight, vocabulary.size, window_length)
    return Speed(n_tokens / (time.perf_counter() - began), flops / worked / 1e9)


def product_gigaflops() -> float:
    """Return the rate of the backend's own matrix product, by the time that the processors worked."""
    matrix = keras.ops.convert_to_tensor(np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32))
    np.asarray(keras.ops.matmul(matrix, matrix))
    worked = time.process_time()
    for _ in range(TIMES):
        product = keras.ops.matmul(matrix, matrix)
    np.asarray(product)
    return TIMES * 2 * SIDE**3 / (time.process_time() - worked) / 1e9


def use_threads(n: int) -> None:
    """Limit TensorFlow to some threads."""
    import tensorflow as tf  # noqa: PLC0415  (other backends need none)

    tf.config.threading.set_intra_op_parallelism_threads(n)
    tf.config.threading.set_inter_op_parallelism_threads(n)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=[192, 320, 384])
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch", type=int, nargs="+", default=[32])
    parser.add_argument("--window", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--threads", type=int, default=0, help="TensorFlow only; 0: as many as it likes")
    parser.add_argument("--features", action="store_true", help="with features and dense values")
    parser.add_argument("--plain", action="store_true", help="also measure the layer that comes with Keras")
    arguments = parser.parse_args()
    if arguments.threads:
        use_threads(arguments.threads)
    fastest, sight = trainable._fastest_lstm_layer, CHORALE if arguments.features else BLIND
    columns = ("network", "batch", "window", "LSTM", "tokens/s", "GFLOP/s a processor", "matrix product", "share")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for units in arguments.units:
        for batch_size in arguments.batch:
            for name, choice in {"scogen": fastest, **({"keras": lambda: None} if arguments.plain else {})}.items():
                trainable._fastest_lstm_layer = choice
                settings = NetworkSettings(lstm_units=units, n_layers=arguments.layers, dropout=arguments.dropout)
                before = product_gigaflops()
                speed = training_speed(settings, sight, batch_size, arguments.window, arguments.seconds)
                rate = (before + product_gigaflops()) / 2
                cells = (f"{arguments.layers}x{units}", batch_size, arguments.window, name, f"{speed.tokens_per_second:,.0f}")
                print("|", *(f"{cell} |" for cell in (*cells, f"{speed.gigaflops:.0f}", f"{rate:.0f}")), end=" ")
                print(f"{speed.gigaflops / rate:.0%} |", flush=True)


if __name__ == "__main__":
    main()
