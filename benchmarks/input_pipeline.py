"""Read the batches of an epoch from a file of encoded pieces: memory must not grow with the corpus, and little may be padding.

    python benchmarks/input_pipeline.py data/05_model_input/viewed_pieces.parquet
    python benchmarks/input_pipeline.py viewed_pieces.parquet --times 1 4 16 --window 256 --batch 32

For 1, 4 and 16 times the corpus, the row groups are repeated in a temporary file. Each size is read in a process of its own, by
one thread ahead of another that throws the batches away, as training reads them. The memory is the largest resident memory of the
process less what it had before it opened the file; seconds count from the first batch that is asked for. Tokens per second of the
processor say what a training on the same machine has to give up for it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from scogen_pipeline.tokens.encoded_pieces import EncodedPieces
from scogen_pipeline.tokens.read_ahead import ahead
from scogen_pipeline.tokens.streaming import StreamedExamples
from scogen_pipeline.tokens.view import DENSE_SIZE
from scogen_pipeline.tokens.windows import Cutting


def repeated(source: Path, target: Path, times: int) -> Path:
    """Write a file with each row group some times."""
    with pq.ParquetFile(source) as file, pq.ParquetWriter(target, file.schema_arrow, compression="lz4") as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            for _ in range(times):
                writer.write_table(table, row_group_size=table.num_rows)
    return target


def megabytes() -> float:
    """Return the largest resident memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read_epoch(file: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Read an epoch and say what it took."""
    before = megabytes()
    began = time.perf_counter()
    examples = StreamedExamples(EncodedPieces(LocalFileSystem(), str(file)), "train", DENSE_SIZE, arguments.genre_repeats)
    n_targets = examples.n_targets
    opened, worked = time.perf_counter(), time.process_time()
    cutting = Cutting(arguments.window, arguments.batch, 0, 0.1, arguments.carry_state)
    n_batches = n_cells = 0
    for batch in ahead(examples.training_batches(cutting, 1, 0)):
        n_batches, n_cells = n_batches + 1, n_cells + batch.weights.size
    seconds = time.perf_counter() - opened
    return {
        "targets": n_targets,
        "open_s": opened - began,
        "batches": n_batches,
        "batches_per_s": n_batches / seconds,
        "tokens_per_s": n_targets / seconds,
        "tokens_per_cpu_s": n_targets / (time.process_time() - worked),
        "padding": 1 - n_targets / n_cells,
        "mb": megabytes() - before,
    }


def main() -> None:
    """Print a row a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--window", type=int, default=256)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--genre-repeats", type=int, default=1)
    parser.add_argument("--carry-state", action="store_true")
    parser.add_argument("--read", action="store_true", help="read the file as it is and print one line of JSON")
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(read_epoch(arguments.file, arguments)))
        return
    options = [f"--{name.replace('_', '-')}={getattr(arguments, name)}" for name in ("window", "batch", "genre_repeats")]
    options += ["--carry-state"] * arguments.carry_state
    columns = (
        "corpus",
        "targets",
        "opened in s",
        "batches",
        "batches/s",
        "tokens/s",
        "tokens/CPU s",
        "padding",
        "peak MB",
    )
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for times in arguments.times:
        with tempfile.TemporaryDirectory() as folder:
            file = repeated(arguments.file, Path(folder) / "pieces.parquet", times)
            command = [sys.executable, __file__, str(file), "--read", *options]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        cells = [f"{times}x", *(f"{found[name]:,.0f}" for name in ("targets", "open_s", "batches", "batches_per_s"))]
        cells += [f"{found['tokens_per_s']:,.0f}", f"{found['tokens_per_cpu_s']:,.0f}", f"{found['padding']:.2%}"]
        print(f"| {' | '.join([*cells, format(found['mb'], ',.0f')])} |", flush=True)


if __name__ == "__main__":
    main()
