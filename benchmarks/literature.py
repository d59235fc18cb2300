"""Train the product's network on a published set and print its test figures.

    python benchmarks/literature.py --set jsb_16th --minutes 30 --fit '{"batch_size": 16}' --network '{"dropout": 0.4}'

`--save` keeps the model, `--models` scores saved ones (several: each by itself and their mean). The sets are looked for in
`--folder`; docs/benchmarks.md says where they come from.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scogen_pipeline.datasets.training_checkpoint import CheckpointFile
from scogen_pipeline.metrics.literature.frames import FrameAdapter
from scogen_pipeline.metrics.literature.network import frame_vocabulary, network_nats
from scogen_pipeline.metrics.literature.recipes import NetworkRecipe, adapter_of, train_network
from scogen_pipeline.metrics.literature.results import result_rows, summarise_results
from scogen_pipeline.metrics.literature.sets import FILE_BY_SET, BenchmarkSet, read_sets
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.snapshot import EpochResult
from scogen_pipeline.model.stepping import NumpyStepper


def load(folder: Path, name: str) -> BenchmarkSet:
    """Read one published set."""
    return read_sets({name: (folder / FILE_BY_SET[name]).read_bytes()})[name]


def say(result: EpochResult) -> None:
    """Print one line an epoch."""
    print(
        f"{result.epoch:4} {result.train_nll:.4f} {result.valid_nll:.4f} {result.tokens_per_second:,.0f} tokens/s "
        f"{result.elapsed_seconds / 60:.1f} min",
        flush=True,
    )


def report(
    benchmark: BenchmarkSet, adapter: FrameAdapter, steppers: dict[str, Sequence[NumpyStepper]], shifts: Sequence[int] = (0,)
) -> None:
    """Print the table: validation, and test as all, clean and leaked."""
    unit = "nats_per_note" if benchmark.is_grid else "nats_per_frame"
    lengths = [len(sequence.tokens) for sequence in adapter.sequences("test")]
    n_valid = sum(benchmark.n_notes(piece) if benchmark.is_grid else len(piece) for piece in benchmark.pieces["valid"])
    print(f"| model | valid, {unit} | test |")
    for name, together in steppers.items():
        rows = result_rows(benchmark, name, network_nats(together, adapter, benchmark.pieces["test"], shifts), lengths)
        figures = " ".join(f"{row['pieces']} {row[unit]:.4f}" for row in summarise_results(rows).to_dict("records"))
        valid = sum(network_nats(together, adapter, benchmark.pieces["valid"], shifts)) / n_valid
        print(f"| {name} | {valid:.4f} | {figures} |", flush=True)


def stepper_of(file: Path, adapter: FrameAdapter) -> NumpyStepper:
    """Load a saved network."""
    return NumpyStepper(file.read_bytes(), frame_vocabulary(adapter))


def main() -> None:
    """Train or load, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("data/01_raw/benchmarks"))
    parser.add_argument("--set", choices=[*FILE_BY_SET], default="jsb_16th")
    parser.add_argument("--minutes", type=float, default=30)
    for group in ("fit", "network", "adapter"):
        parser.add_argument(f"--{group}", type=json.loads, default={}, help="settings as JSON")
    parser.add_argument("--save", type=Path, help="where to keep the network, a .keras file; its checkpoint lies beside it")
    parser.add_argument("--models", type=Path, nargs="+", help="score these instead of training")
    parser.add_argument("--shifts", type=int, nargs="+", default=[0], help="transpositions to take the mean over")
    arguments = parser.parse_args()
    benchmark = load(arguments.folder, arguments.set)
    adapter = adapter_of(benchmark, arguments.adapter)
    if arguments.models:
        steppers: dict[str, Sequence[NumpyStepper]] = {file.stem: [stepper_of(file, adapter)] for file in arguments.models}
        together = [stepper for one in steppers.values() for stepper in one]
        report(benchmark, adapter, steppers | ({"mean": together} if len(together) > 1 else {}), arguments.shifts)
        return
    recipe = NetworkRecipe(arguments.adapter, NetworkSettings(**arguments.network), FitSettings(**arguments.fit))
    print(json.dumps(asdict(recipe)), file=sys.stderr)
    place = CheckpointFile(arguments.save.with_suffix(".checkpoint.npz")) if arguments.save else None
    began = time.perf_counter()
    model = train_network(benchmark, recipe, arguments.minutes, place, [say])
    n_epochs, best = (int(model.metrics[name]) for name in ("epochs", "best_epoch"))
    print(f"{n_epochs} epochs, {(time.perf_counter() - began) / 60:.1f} minutes, best {best}")
    save(model, arguments.save)
    report(benchmark, adapter, {"network": [model.stepper()]}, arguments.shifts)


def save(model: TrainedModel, file: Path | None) -> None:
    """Write the network if it is to be kept."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(model.network)
        file.with_suffix(".json").write_text(model.facts_json())


if __name__ == "__main__":
    main()
