"""Measure how many tokens per second training takes in, beside what the machine's matrix product can do in the same run.

    python benchmarks/training_speed.py --units 320 384 --batch 32 --window 256
    python benchmarks/training_speed.py --features            # with the inputs of a chorale of the literature
    python benchmarks/training_speed.py --threads 1           # on a machine with other work to do
    python benchmarks/training_speed.py --torch --precision float32 bfloat16 --batch 64 256 --units 512   # what to ask of a GPU

Batches are full windows of random ids, so the figure is that of the hardware: real epochs add some padding. The first steps, in
which graphs are built, are not counted. FLOPs are those of the LSTMs and dense products, forwards and backwards; embeddings,
gates and dropout count as nothing, so the share of the matrix product's rate says what all else costs. Rates are by the time that
the processors worked on it, so other programs on them disturb little; the tokens per second are by the clock.
`KERAS_BACKEND=jax` (or torch) measures that backend. `--torch` adds a bare `torch.nn.LSTM` of the same size (embedding, LSTM,
dense, cross entropy, Adam, nothing else) on the device that PyTorch finds, cuDNN's on a GPU, in the same run. On a GPU only the
tokens per second and that comparison mean something: the processor's time is not the GPU's.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from itertools import product
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

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


def training_speed(settings: NetworkSettings, sight: Sight, fit: FitSettings, seconds: float) -> Speed:
    """Train for some seconds and return the speed."""
    vocabulary = fit_vocabulary()
    network = TrainableNetwork(settings, vocabulary, N_CONDITIONS, fit, sight)
    batch = random_batch(vocabulary, sight, fit.batch_size, fit.window_length)
    flops = flops_per_token(settings, sight, vocabulary.size, fit.window_length)
    return speed_of(lambda: network.train(batch, 1e-3), fit.batch_size * fit.window_length, flops, seconds)


def speed_of(step: Callable[[], object], tokens_per_step: int, flops: float, seconds: float) -> Speed:
    """Take steps for some seconds and return the speed; the first ones are not counted."""
    for _ in range(3):
        step()
    began, worked, steps = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        step()
        steps += 1
    n_tokens, worked = steps * tokens_per_step, time.process_time() - worked
    return Speed(n_tokens / (time.perf_counter() - began), n_tokens * flops / worked / 1e9)


def plain_speed(settings: NetworkSettings, sight: Sight, fit: FitSettings, seconds: float) -> Speed:
    """Return the speed with the layer that comes with Keras."""
    from scogen_pipeline.model import tensorflow_runtime  # noqa: PLC0415  (other backends have no other layer)

    fastest = tensorflow_runtime.CpuLSTM
    tensorflow_runtime.CpuLSTM = keras.layers.LSTM
    try:
        return training_speed(settings, sight, fit, seconds)
    finally:
        tensorflow_runtime.CpuLSTM = fastest


def bare_torch_speed(settings: NetworkSettings, fit: FitSettings, seconds: float) -> Speed:
    """Train a bare `torch.nn.LSTM` of the same size for some seconds and return the speed."""
    import torch  # noqa: PLC0415  (only if it is asked for)
    from torch import nn  # noqa: PLC0415

    device = "cuda" if torch.cuda.is_available() else "cpu"
    n_ids, n_seen = fit_vocabulary().size, settings.embedding_size + settings.condition_size
    embed = nn.Embedding(n_ids, n_seen).to(device)
    lstm = nn.LSTM(n_seen, settings.lstm_units, settings.n_layers, batch_first=True, dropout=settings.dropout).to(device)
    dense = nn.Linear(settings.lstm_units, n_ids).to(device)
    optimizer = torch.optim.Adam([*embed.parameters(), *lstm.parameters(), *dense.parameters()])
    batch = random_batch(fit_vocabulary(), BLIND, fit.batch_size, fit.window_length)
    tokens, targets = (torch.from_numpy(ids.astype(np.int64)).to(device) for ids in (batch.tokens, batch.targets))

    def step() -> float:
        mixed = nullcontext() if fit.precision == "float32" else torch.autocast(device, getattr(torch, fit.precision))
        optimizer.zero_grad()
        with mixed:
            logits = dense(lstm(embed(tokens))[0])
        loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        loss.backward()
        optimizer.step()
        return float(loss)

    flops = flops_per_token(settings, BLIND, n_ids, fit.window_length)
    return speed_of(step, fit.batch_size * fit.window_length, flops, seconds)


def product_gigaflops() -> float:
    """Return the rate of the backend's own matrix product, by the time that the processors worked."""
    matrix = keras.ops.convert_to_tensor(np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32))
    keras.ops.convert_to_numpy(keras.ops.matmul(matrix, matrix))
    worked = time.process_time()
    for _ in range(TIMES):
        squared = keras.ops.matmul(matrix, matrix)
    keras.ops.convert_to_numpy(squared)
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
    parser.add_argument("--precision", nargs="+", default=["float32"], help="float32, bfloat16, float16")
    parser.add_argument("--devices", default="one", help="one or all")
    parser.add_argument("--torch", action="store_true", help="also measure a bare torch.nn.LSTM")
    parser.add_argument("--plain", action="store_true", help="also measure the layer that comes with Keras")
    arguments = parser.parse_args()
    if arguments.threads:
        use_threads(arguments.threads)
    sight = CHORALE if arguments.features else BLIND
    columns = ("network", "batch", "window", "precision", "LSTM", "tokens/s", "GFLOP/s a processor", "matrix product", "share")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for units, batch_size, precision in product(arguments.units, arguments.batch, arguments.precision):
        settings = NetworkSettings(lstm_units=units, n_layers=arguments.layers, dropout=arguments.dropout)
        fit = FitSettings(
            seed=1, batch_size=batch_size, window_length=arguments.window, precision=precision, devices=arguments.devices
        )
        measures = {"scogen": partial(training_speed, settings, sight, fit, arguments.seconds)}
        if arguments.plain:
            measures["keras"] = partial(plain_speed, settings, sight, fit, arguments.seconds)
        if arguments.torch:
            measures["bare PyTorch"] = partial(bare_torch_speed, settings, fit, arguments.seconds)
        for name, measure in measures.items():
            before = product_gigaflops()
            speed = measure()
            rate = (before + product_gigaflops()) / 2
            cells = (f"{arguments.layers}x{units}", batch_size, arguments.window, precision, name)
            rates = (f"{speed.tokens_per_second:,.0f}", f"{speed.gigaflops:.0f}", f"{rate:.0f}", f"{speed.gigaflops / rate:.0%}")
            print("|", " | ".join(map(str, (*cells, *rates))), "|", flush=True)


if __name__ == "__main__":
    main()
