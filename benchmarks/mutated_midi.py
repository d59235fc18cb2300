"""Feed broken MIDI files to the ingest pipeline: each must end as a piece or as a reject with a reason.

    python benchmarks/mutated_midi.py [N] [--seed SEED]

Takes real files (folder `data/piano-midi-de` of SCOGEN_SHARED or of ../shared; built in code where that is absent), damages N
of them (default 500) in ten ways, runs the pipeline on the folder, and prints what became of each kind of damage. The exit
status is 1 if a file is lost or counted twice.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from scogen_pipeline.datasets.arrow_table import ArrowTableDataset
from scogen_pipeline.datasets.midi_folder import MidiFolderDataset
from scogen_pipeline.datasets.midi_parts import MidiPartNamesDataset, MidiPartsDataset
from scogen_pipeline.midi.batches import IngestSettings
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.pipelines.ingest import create_pipeline

REPOSITORY = Path(__file__).parents[1]
LONGEST_DELTA = b"\xff\xff\xff\x7f"

Damage = Callable[[bytes, random.Random], bytes]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 30)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _without_some(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(14, len(data))
    return data[:at] + data[at + chance.randrange(1, 200) :]


def _with_wrong_track_length(data: bytes, chance: random.Random) -> bytes:
    starts = [at for at in range(len(data) - 8) if data[at : at + 4] == b"MTrk"]
    at = chance.choice(starts) + 4
    return data[:at] + chance.choice([bytes(4), b"\xff\xff\xff\xff", b"\x00\x00" + chance.randbytes(2)]) + data[at + 4 :]


def _with_event(events: tuple[bytes, ...]) -> Damage:
    """Damage that puts one of some events at the start of the first track, and lets the track's length tell."""

    def damage(data: bytes, chance: random.Random) -> bytes:
        event = b"\x00" + chance.choice(events)
        length = int.from_bytes(data[18:22], "big") + len(event)
        return data[:18] + length.to_bytes(4, "big") + event + data[22:]

    return damage


def _with_huge_deltas(data: bytes, chance: random.Random) -> bytes:
    at = data.rindex(b"MTrk")
    events = (LONGEST_DELTA + b"\x90\x3c\x40\x00\x80\x3c\x40") * chance.randrange(4, 40)
    length = int.from_bytes(data[at + 4 : at + 8], "big") + len(events)
    return data[: at + 4] + length.to_bytes(4, "big") + events + data[at + 8 :]


DAMAGES: dict[str, Damage] = {
    "truncated": lambda data, chance: data[: chance.randrange(len(data))],
    "bytes changed": _flipped,
    "bytes missing": _without_some,
    "track length": _with_wrong_track_length,
    "division": lambda data, chance: data[:12] + chance.choice([b"\0\0", b"\0\1", b"\xe7\x28", b"\xff\xff"]) + data[14:],
    "tempo": _with_event((b"\xff\x51\x03\0\0\0", b"\xff\x51\x03\0\0\1", b"\xff\x51\x03\xff\xff\xff")),
    "meter and key": _with_event((b"\xff\x58\x04\0\2\x18\x08", b"\xff\x58\x04\4\x22\x18\x08", b"\xff\x59\x02\x0c\0")),
    "huge deltas": _with_huge_deltas,
    "wrapped (harmless)": lambda data, chance: chance.choice([gzip.compress(data, 1, mtime=0), chance.randbytes(99) + data]),
    "noise": lambda _, chance: chance.randbytes(chance.randrange(400)),
}


def originals() -> list[bytes]:
    """Return the bytes of real files, or of some built in code."""
    shared = Path(os.environ.get("SCOGEN_SHARED", REPOSITORY.parent / "shared")) / "data" / "piano-midi-de"
    files = sorted(shared.rglob("*.mid"))
    if files:
        return [file.read_bytes() for file in files]
    scales = [[(24 * step, 24, first + step % 12, 80) for step in range(400)] for first in range(30, 90)]
    return [midi_bytes([MidiTrack("Scale", 0, notes)], tpq=24, keys=((0, 0, "major"),)) for notes in scales]


def write_damaged(folder: Path, count: int, seed: int) -> None:
    """Write damaged files, named `<damage>/<number>.mid`."""
    chance = random.Random(seed)  # noqa: S311 - the same files each time
    files = originals()
    for index in range(count):
        name = list(DAMAGES)[index % len(DAMAGES)]
        path = folder / name / f"{index:05}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DAMAGES[name](chance.choice(files), chance))


def ingest(folder: Path, tables: Path) -> None:
    """Run the ingest pipeline from one folder to another."""
    catalog = DataCatalog(
        {
            "midi_files": MidiFolderDataset(path=str(folder)),
            "labels": MemoryDataset(pd.DataFrame()),
            "params:ingest": MemoryDataset(IngestSettings()),
            "midi_batches": MemoryDataset(copy_mode="assign"),
            "midi_parts": MidiPartsDataset(path=str(tables / "midi_parts")),
            "finished_midi_parts": MidiPartNamesDataset(path=str(tables / "midi_parts")),
            **{name: ArrowTableDataset(filepath=str(tables / f"{name}.parquet")) for name in SCHEMA_BY_TABLE},
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)


def report(folder: Path, tables: Path) -> int:
    """Print what became of the files, and return the number of those that were lost."""
    pieces, rejects = (pd.read_parquet(tables / f"{name}.parquet") for name in ("pieces", "rejects"))
    outcomes = [(path, "read") for path in pieces["path"]] + list(zip(rejects["path"], rejects["reason"], strict=True))
    kinds = Counter((path.split("/")[0], reason) for path, reason in outcomes)
    for damage in DAMAGES:
        found = [f"{reason} {number}" for (name, reason), number in kinds.most_common() if name == damage]
        print(f"{damage:20}{', '.join(found)}")
    totals = Counter(reason for _, reason in outcomes)
    print("\n" + "\n".join(f"{number:6}  {reason}" for reason, number in totals.most_common()))
    expected = {path.relative_to(folder).as_posix() for path in folder.rglob("*.mid")}
    lost = expected.symmetric_difference(path for path, _ in outcomes)
    twice = len(outcomes) - len({path for path, _ in outcomes})
    print(f"\n{len(expected)} files = {len(pieces)} pieces + {len(rejects)} rejects; lost: {len(lost)}, counted twice: {twice}")
    return len(lost) + twice


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", metavar="N", type=int, nargs="?", default=500, help="how many files (500)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.getLogger("kedro").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        folder, tables = Path(scratch, "raw"), Path(scratch, "tables")
        write_damaged(folder, arguments.count, arguments.seed)
        start = time.perf_counter()
        ingest(folder, tables)
        print(f"{arguments.count} files in {time.perf_counter() - start:.1f} s\n")
        return 1 if report(folder, tables) else 0


if __name__ == "__main__":
    sys.exit(main())
