"""What each part of the recipe for the chorales is worth: one thing left out, or put in, at a time.

    python benchmarks/literature_ablations.py --folder FOLDER --epochs 3

Every variant is trained on `jsb_16th` for the same number of epochs from the same seed, small (two LSTMs of 128), and measured on
validation pieces. Few epochs underfit, so what prevents overfitting (dropout, transposition) looks worse here than it is.
`--only NAME ...` runs some of them.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from scogen_pipeline.metrics.literature.frames import FrameAdapter
from scogen_pipeline.metrics.literature.network import frame_examples, frame_vocabulary, sight_of
from scogen_pipeline.metrics.literature.recipes import adapter_of
from scogen_pipeline.metrics.literature.sets import FILE_BY_SET, GRID, BenchmarkSet, read_sets
from scogen_pipeline.model.fitting import TrainingData, fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.tokens.windows import Examples, RetoldExamples

NETWORK: Final = NetworkSettings(embedding_size=64, lstm_units=128, n_layers=2, dropout=0.2, input_dropout=0.05)
FIT: Final = FitSettings(
    batch_size=16, window_length=128, learning_rate=0.004, carry_state=True, weight_averaging=0.99, patience=1000
)


@dataclass(frozen=True)
class Variant:
    """One change of the recipe.

    Args:
        network: Settings of the network that differ.
        fit: Settings of the training that differ.
        spelling: Arguments of the adapter that differ.
        has_features: Whether the network sees features.
        has_dense: Whether it sees what sounds.
    """

    network: Mapping[str, Any] = field(default_factory=dict)
    fit: Mapping[str, Any] = field(default_factory=dict)
    spelling: Mapping[str, Any] = field(default_factory=dict)
    has_features: bool = True
    has_dense: bool = True


VARIANTS: Final = {
    "the recipe": Variant(),
    "no features": Variant(has_features=False),
    "no dense values": Variant(has_dense=False),
    "neither": Variant(has_features=False, has_dense=False),
    "no echoes": Variant(spelling={"echoes": False}),
    "no transposition": Variant(spelling={"max_shift": 0}),
    "no weight averaging": Variant(fit={"weight_averaging": 0.0}),
    "no carried state": Variant(fit={"carry_state": False}),
    "a token for hold": Variant(spelling={"hold": True}),
    "skip connections": Variant(network={"skip_connections": True}),
    "variational dropout": Variant(network={"variational_dropout": True}),
    "tied weights": Variant(network={"tie_weights": True}),
    "mixture of 3 softmaxes": Variant(network={"n_softmaxes": 3}),
}


def training_data(variant: Variant, adapter: FrameAdapter) -> TrainingData:
    """Return what a variant learns from."""
    sight = sight_of(adapter)
    # With hold, the first feature says what is masked; otherwise the masks allow everything but the marks.
    sight = sight if variant.has_features else Sight((), sight.dense_size)
    sight = sight if variant.has_dense else replace(sight, dense_size=0)

    def seen(examples: Examples) -> Examples:
        features = examples.features if variant.has_features else ()
        return replace(examples, features=features, dense=examples.dense if variant.has_dense else ())

    def tell(random: np.random.Generator | None) -> Examples:
        return seen(frame_examples(adapter, "train", random))

    return TrainingData(RetoldExamples(tell), seen(frame_examples(adapter, "valid")), frame_vocabulary(adapter), sight)


def measure(variant: Variant, grid: BenchmarkSet, epochs: int) -> tuple[float, float, float]:
    """Return nats per note in training (with dropout) and validation, and minutes of processor time."""
    adapter = adapter_of(grid, variant.spelling)
    network, fit = replace(NETWORK, **variant.network), replace(FIT, epochs=epochs, **variant.fit)
    began = time.process_time()
    _, history = fit_model(training_data(variant, adapter), network, fit)
    return history[-1].train_nll, history[-1].valid_nll, (time.process_time() - began) / 60


def main() -> None:
    """Print a row a variant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("data/01_raw/benchmarks"))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=[*VARIANTS], default=[*VARIANTS])
    arguments = parser.parse_args()
    grid = read_sets({GRID: (arguments.folder / FILE_BY_SET[GRID]).read_bytes()})[GRID]
    print("| variant | training | validation | processor minutes |", "|---|---|---|---|", sep="\n", flush=True)
    for name in arguments.only:
        train, valid, minutes = measure(VARIANTS[name], grid, arguments.epochs)
        print(f"| {name} | {train:.4f} | {valid:.4f} | {minutes:.1f} |", flush=True)


if __name__ == "__main__":
    main()
