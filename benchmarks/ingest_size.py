"""Ingest archives of ten thousand to a million files: time must grow with the number, memory must not.

    python benchmarks/ingest_size.py [N ...] [--workers N] [--folder FOLDER]

Default: 10,000 and 100,000 files; a million take a quarter of an hour and 8 GB of disk. The memory is the largest sum of the
resident memory of all processes, looked at five times a second.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from midi_archives import write_archive


def _resident(process: psutil.Process) -> int:
    total = 0
    for each in (process, *process.children(recursive=True)):
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def measure(archive: Path, tables: Path, workers: int) -> tuple[float, int]:
    """Ingest an archive and return seconds and the peak of memory in bytes."""
    command = [sys.executable, str(Path(__file__).with_name("ingest_once.py")), str(archive), str(tables)]
    start, peak = time.perf_counter(), 0
    with subprocess.Popen([*command, "--workers", str(workers)]) as running:
        process = psutil.Process(running.pid)
        while running.poll() is None:
            try:
                peak = max(peak, _resident(process))
            except psutil.NoSuchProcess:
                break
            time.sleep(0.2)
    if running.wait():
        sys.exit(f"the ingest of {archive} ended with {running.returncode}")
    return time.perf_counter() - start, peak


def main() -> None:
    """Measure and print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", metavar="N", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where archives are kept for another time")
    arguments = parser.parse_args()
    print(f"{'files':>10} {'archive MB':>11} {'tables MB':>10} {'seconds':>9} {'files/s':>8} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as scratch:
        for count in arguments.counts:
            archive = (arguments.folder or Path(scratch)) / f"{count}.tar.gz"
            if not archive.exists():
                write_archive(archive, count)
            tables = Path(scratch, "tables")
            seconds, peak = measure(archive, tables, arguments.workers)
            size = sum(file.stat().st_size for file in tables.rglob("*") if file.is_file())
            shutil.rmtree(tables)
            megabytes = f"{archive.stat().st_size / 1e6:11,.0f} {size / 1e6:10,.0f}"
            print(f"{count:10,} {megabytes} {seconds:9,.1f} {count / seconds:8,.0f} {peak / 1e6:8,.0f}", flush=True)


if __name__ == "__main__":
    main()
