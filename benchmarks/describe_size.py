"""Join labels in the format of Aria-MIDI with the tables of ten thousand to a million pieces: time grows, memory should not.

    python benchmarks/describe_size.py [N ...]

Default: 10,000 and 100,000 pieces; a million take some minutes, most of them to make the tables. The pieces have no notes, 16
tempos each, and names as in Aria-MIDI; the labels are one `metadata.json` of some 290 bytes a piece. Each step runs in a process
of its own, and its memory is the most that was resident.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from scogen_pipeline.collection.label_files import LabelFile, read_labels
from scogen_pipeline.collection.label_table import DescribeSettings, label_table
from scogen_pipeline.collection.piece_facts import facts_of_pieces
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.datasets.arrow_table import ArrowTableDataset
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE

STEPS = ("read", "label", "describe")
_PART = 512
_TEMPOS = 16
_SEGMENTS = 3


def _table(name: str, n_rows: int, columns: dict[str, object]) -> pa.Table:
    schema = SCHEMA_BY_TABLE[name]
    filled = {field.name: "" if pa.types.is_string(field.type) else 0 for field in schema}
    given = {key: value if isinstance(value, list) else pa.array(value) for key, value in columns.items()}
    full = {key: given.get(key, pa.repeat(pa.scalar(value), n_rows)) for key, value in filled.items()}
    return pa.table(
        {
            key: pa.array(value, schema.field(key).type) if isinstance(value, list) else value.cast(schema.field(key).type)
            for key, value in full.items()
        },
        schema=schema,
    )


def make_collection(folder: Path, n_pieces: int) -> None:
    """Write the tables of pieces that were never read, and their labels."""
    tables, parts, random = TableFolder(str(folder)), [], np.random.default_rng(0)
    for start in range(0, n_pieces, _PART):
        numbers = range(start, min(start + _PART, n_pieces))
        ids = [f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" for number in numbers]
        paths = [f"data/{number // _SEGMENTS % 676:03}/{number // _SEGMENTS:06}_{number % _SEGMENTS}.mid" for number in numbers]
        size, many = len(ids), [each for each in ids for _ in range(_TEMPOS)]
        rows = {
            "pieces": _table("pieces", size, {"piece_id": ids, "path": paths, "time_base": ["performance"] * size}),
            "tempos": _table("tempos", len(many), {"piece_id": many, "qpm": random.uniform(40, 200, len(many))}),
            "key_signatures": _table("key_signatures", size, {"piece_id": ids, "fifths": random.integers(-7, 8, size)}),
            "time_signatures": _table(
                "time_signatures", size, {"piece_id": ids, "numerator": [4] * size, "denominator": [4] * size}
            ),
        }
        parts.append(f"{start:012x}")
        tables.write(parts[-1], rows, {})
    labels = folder / "sidecars" / "labels.json"
    labels.parent.mkdir(parents=True)
    with labels.open("w", encoding="utf-8") as file:
        file.write("{")
        for entry in range(-(-n_pieces // _SEGMENTS)):
            file.write(("," if entry else "") + f'"{entry}": {json.dumps(_entry(entry), indent=2)}\n')
        file.write("}")
    tables.commit(Manifest(tuple(parts), {"metadata.json": labels.name}, "synthetic"))


def _entry(number: int) -> dict[str, object]:
    keys = ("c_minor", "a_major", "d_minor", "g_major", "e_flat_major")
    metadata = {
        "genre": "classical" if number % 3 else "ragtime",
        "composer": f"composer {number % 5000}",
        "form": "sonata",
        "performer": f"performer {number % 20_000}",
        "opus": number % 130,
        "piece_number": number % 12,
        "music_period": "romantic",
        "key_signature": keys[number % 5],
        "difficulty": "advanced",
        "title": f"Sonata number {number}, with a title of some length",
        "comment": "x" * 450,
    }
    return {"metadata": metadata, "audio_scores": {str(segment): 0.9 + segment / 100 for segment in range(_SEGMENTS)}}


def run_step(step: str, folder: Path) -> None:
    """Do one step, and print its seconds and the peak of memory."""
    logging.basicConfig(level=logging.INFO, format="    %(message)s")
    start, tables, settings = time.perf_counter(), TableFolder(str(folder)), DescribeSettings()
    labels = str(folder.parent / f"{folder.name}-labels.parquet")
    if step == "read":
        path = folder / "sidecars" / "labels.json"
        n_rows = sum(rows.num_rows for rows in read_labels(LabelFile("metadata.json", lambda: path.open("rb"))))
        print(f"    {path.stat().st_size / 1e6:,.0f} MB, {n_rows:,} rows")
    elif step == "label":
        ArrowTableDataset(filepath=labels).save(label_table(tables, (), settings))
    else:
        streamed = ArrowTableDataset(filepath=labels, load_as="stream").load()
        facts = str(folder.parent / f"{folder.name}-facts.parquet")
        ArrowTableDataset(filepath=facts).save(facts_of_pieces(tables, streamed, settings))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds, of_processor = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    print(f"{step:>10} {seconds:7.1f} s {of_processor:7.1f} s of processor {usage.ru_maxrss * 1024 / 1e6:7,.0f} MB", flush=True)


def main() -> None:
    """Make collections and measure the steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", metavar="N", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="where the collections are kept for another time")
    arguments = parser.parse_args()
    if arguments.step:
        run_step(arguments.step, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        for count in arguments.counts:
            folder = (arguments.folder or Path(scratch)) / str(count)
            if not folder.exists():
                make_collection(folder, count)
            print(f"{count:,} pieces", flush=True)
            for step in STEPS:
                subprocess.run([sys.executable, __file__, "--step", step, "--folder", folder], check=True)


if __name__ == "__main__":
    main()
