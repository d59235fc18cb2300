"""Train a few steps on devices of choice and write the result; a process of its own, since devices are chosen once a process.

python training_task.py RESULT.npz DEVICES N_LOGICAL_CPUS CARRY_STATE PRECISION
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.model.trainable import TrainableNetwork
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Batch

#: Without dropout: each device draws what it drops by itself.
NETWORK = NetworkSettings(embedding_size=8, condition_size=4, lstm_units=12, n_layers=2, dropout=0.0, skip_connections=True)
SIGHT = Sight((4, 5), dense_size=3)
N_STEPS, BATCH, TIME = 4, 4, 16


def vocabulary() -> Vocabulary:
    """Return eight tunes' worth of notes."""
    return Vocabulary(("<end>", "<pad>", "<start>", *"cdefgab"))


def batches(*, carries: bool) -> list[Batch]:
    """Return batches whose second half has next to no tokens: one row of three, one of none."""
    random, n_ids = np.random.default_rng(0), vocabulary().size
    weights = np.ones((BATCH, TIME), np.float32)
    weights[2, 3:] = weights[3] = 0
    found = []
    for step in range(N_STEPS):
        ids = random.integers(0, n_ids, (BATCH, TIME + 1)).astype(np.int32)
        features = np.stack([random.integers(0, n, (BATCH, TIME)) for n in SIGHT.feature_sizes], -1).astype(np.int32)
        dense = (random.random((BATCH, TIME, SIGHT.dense_size)) < 0.3).astype(np.float32)
        conditions = random.integers(0, n_ids, (BATCH, 2)).astype(np.int32)
        continues = np.array([step > 0, False, False, step > 1]) if carries else None
        found.append(Batch(ids[:, :-1], conditions, ids[:, 1:], weights, features, dense, continues))
    return found


def train(result: Path, devices: str, *, carries: bool, precision: str) -> None:
    """Train and write losses and weights."""
    fit = FitSettings(batch_size=BATCH, devices=devices, carry_state=carries, weight_averaging=0.5, precision=precision)
    network = TrainableNetwork(NETWORK, vocabulary(), 2, fit, SIGHT)
    losses = [network.train(batch, 0.01) for batch in batches(carries=carries)]
    losses.append(network.validate(batches(carries=carries)[0]))
    with network.averaged():
        weights = network.weights
    agreed = network.of_chief(7.0 if network.is_chief else 1.0)
    np.savez(result, losses=losses, is_chief=network.is_chief, agreed=agreed, **{f"w{i:02}": w for i, w in enumerate(weights)})


if __name__ == "__main__":
    path, choice, n_cpus, carry, number = sys.argv[1:]
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * int(n_cpus))
    train(Path(path), choice, carries=carry == "carry", precision=number)
