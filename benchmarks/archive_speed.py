"""Measure how fast a generated `.tar.gz` becomes Parquet, from end to end, beside other readers on the same archive.

    python benchmarks/archive_speed.py [N] [--peer-files 200]

Default: 100,000 files of some 4 kB (see midi_archives.py), read by one process: the ingest pipeline with all that it does
(copies, receipts, manifest); Python's `tarfile` with symusic to NumPy, which is the least that anybody must do; and `tarfile`
with mido, pretty_midi and music21 on the first files. In seconds of processor time, one after the other in one run.
"""

from __future__ import annotations

import argparse
import logging
import tarfile
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import symusic as untyped_symusic

from ingest_once import ingest
from midi_archives import write_archive
from reading_speed import PEERS

symusic: Any = untyped_symusic
#: Seconds a file would make the benchmark last for hours.
SLOW_SHARE = {"music21": 20}


def _members(archive: Path) -> Iterator[bytes]:
    with tarfile.open(archive, "r|gz") as tar:
        for member in tar:
            opened = tar.extractfile(member)
            if opened:
                yield opened.read()
            tar.members = []  # type: ignore[misc]


def _to_numpy(data: bytes) -> None:
    for track in symusic.Score.from_midi(data).tracks:
        track.notes.numpy()


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _row(name: str, n_files: int, seconds: float, unit: float) -> None:
    print(f"| {name} | {n_files:,} | {n_files / seconds:,.1f} | {n_files / seconds / unit:.4f} |", flush=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", metavar="N", type=int, nargs="?", default=100_000)
    parser.add_argument("--peer-files", type=int, default=200, help="how many files the slow readers read")
    arguments = parser.parse_args()
    logging.getLogger("kedro").setLevel(logging.WARNING)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch, "set.tar.gz")
        write_archive(archive, arguments.count)
        print("| | files | files/s | times raw symusic |\n|---|---|---|---|")
        raw = _seconds(lambda: [_to_numpy(data) for data in _members(archive)])
        unit = arguments.count / raw
        _row("tarfile, symusic to NumPy", arguments.count, raw, unit)
        spent = _seconds(lambda: ingest(archive, Path(scratch, "tables")))
        _row("scogen, to Parquet", arguments.count, spent, unit)
        for name, read in PEERS.items():
            n_files = max(1, arguments.peer_files // SLOW_SHARE.get(name, 1))
            files = list(islice(_members(archive), n_files))
            path = Path(scratch, "one.mid")
            path.write_bytes(files[0])
            try:
                read(files[0], path)  # imports
            except ModuleNotFoundError:
                print(f"| {name} | not installed | | |")
                continue

            def read_all(read: Callable[[bytes, Path], None] = read, files: list[bytes] = files, path: Path = path) -> None:
                for data in files:
                    path.write_bytes(data)
                    read(data, path)

            _row(name, n_files, _seconds(read_all), unit)


if __name__ == "__main__":
    main()
