"""Kill the ingest at random moments: every restart must end in the tables of an undisturbed run, byte for byte.

    python benchmarks/ingest_kills.py [KILLS] [--files N] [--workers N] [--seed SEED]

Each of the moments (default 20) is drawn over the length of an undisturbed run, plus one series in which the run is killed again
and again until it comes through. All processes of a run are killed (SIGKILL). The exit status is 1 if any table differs.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from midi_archives import write_archive


def start(archive: Path, tables: Path, workers: int) -> subprocess.Popen[bytes]:
    """Start the ingest as the first process of a group."""
    script = Path(__file__).with_name("ingest_once.py")
    options = ["--workers", str(workers), "--batch-files", "64"]
    return subprocess.Popen(
        [sys.executable, str(script), str(archive), str(tables), *options], start_new_session=True, stderr=subprocess.DEVNULL
    )


def killed_after(seconds: float, archive: Path, tables: Path, workers: int) -> bool:
    """Start the ingest, kill it after some time, and say whether it was still running."""
    process = start(archive, tables, workers)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def bytes_of(tables: Path) -> dict[str, bytes]:
    """Return all files of the tables."""
    return {
        path.relative_to(tables).as_posix(): path.read_bytes()
        for path in sorted(tables.rglob("*"))
        if path.is_file() and not path.name.startswith(".lock")
    }


def main() -> int:
    """Kill, restart, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kills", type=int, nargs="?", default=20)
    parser.add_argument("--files", type=int, default=6_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)  # noqa: S311 - the same moments each time
    with tempfile.TemporaryDirectory() as scratch:
        archive, tables = Path(scratch, "set.tar.gz"), Path(scratch, "tables")
        write_archive(archive, arguments.files)
        began = time.perf_counter()
        start(archive, Path(scratch, "undisturbed"), arguments.workers).wait()
        seconds = time.perf_counter() - began
        expected = bytes_of(Path(scratch, "undisturbed"))
        print(f"{arguments.files} files, {len(expected)} files of tables, {seconds:.1f} s undisturbed")
        n_wrong = 0
        for _ in range(arguments.kills):
            moment = chance.uniform(0, seconds)
            was_killed = killed_after(moment, archive, tables, arguments.workers)
            n_parts = len(list(tables.glob("receipts/*.json")))
            start(archive, tables, arguments.workers).wait()
            is_same = bytes_of(tables) == expected
            n_wrong += not is_same
            state = "killed" if was_killed else "was through"
            print(f"{moment:6.2f} s: {state}, {n_parts} parts there; {'the same tables' if is_same else 'OTHER TABLES'}")
            shutil.rmtree(tables, ignore_errors=True)
        n_times = 1
        while killed_after(chance.uniform(seconds / 4, seconds), archive, tables, arguments.workers) and n_times < 100:
            n_times += 1
        is_same = bytes_of(tables) == expected
        print(f"started {n_times} times until it came through: {'the same tables' if is_same else 'OTHER TABLES'}")
        return 1 if n_wrong or not is_same else 0


if __name__ == "__main__":
    sys.exit(main())
