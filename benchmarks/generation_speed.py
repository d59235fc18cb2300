"""Measure how many tokens per second a model computes without TensorFlow, at several batch sizes.

    python benchmarks/generation_speed.py                      # networks of random weights
    python benchmarks/generation_speed.py --model data/06_models/pretrained

The figure is that of the network alone: sampling and grammar come on top.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from scogen_pipeline.model.stepping import NumpyStepper
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary


def untrained(units: int) -> NumpyStepper:
    """Return a stepper of random weights with two layers."""
    from scogen_pipeline.model.bundle import TrainedModel  # noqa: PLC0415  (a saved model needs no Keras)
    from scogen_pipeline.model.network import build_network  # noqa: PLC0415
    from scogen_pipeline.model.settings import NetworkSettings  # noqa: PLC0415

    vocabulary = fit_vocabulary()
    network = build_network(NetworkSettings(lstm_units=units), vocabulary, n_conditions=14)
    return TrainedModel.of_network(network, vocabulary, settings={}, data_hash="", metrics={}).stepper()


def tokens_per_second(stepper: NumpyStepper, batch_size: int, seconds: float) -> float:
    """Step for some seconds and return the speed of all rows together."""
    state = stepper.start(np.full((batch_size, stepper.n_conditions), stepper.vocabulary.pad_id, np.int32))
    ids = np.random.default_rng(0).integers(0, stepper.vocabulary.size, (64, batch_size))
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        _, state = stepper.step(ids[steps % 64], state)
        steps += 1
    return steps * batch_size / (time.perf_counter() - began)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=[320, 384])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    if arguments.model:
        vocabulary = Vocabulary.from_json((arguments.model / "vocabulary.json").read_text(encoding="utf-8"))
        steppers = {arguments.model.name: NumpyStepper((arguments.model / "network.keras").read_bytes(), vocabulary)}
    else:
        steppers = {f"2x{units}": untrained(units) for units in arguments.units}
    print("| network | batch | tokens/s |\n|---|---|---|")
    for name, stepper in steppers.items():
        for batch_size in arguments.batch:
            print(f"| {name} | {batch_size} | {tokens_per_second(stepper, batch_size, arguments.seconds):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
