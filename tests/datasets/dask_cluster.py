"""A Dask cluster on this machine, in processes as on a real one, for tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from distributed import Client

Process = subprocess.Popen[bytes]

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 30.0
_GRACE_S = 1.0


class Cluster:
    """A scheduler and its workers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[Process] = []
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self.scheduler, log = self._start("distributed.cli.dask_scheduler", *options)
        self.address = _said(log, rb"Scheduler at:\s+(tcp://\S+)")

    def add_worker(self, *options: str, variables: Mapping[str, str] | None = None) -> Process:
        """Start a worker with one thread and wait until the scheduler knows it."""
        common = [self.address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder)]
        process, log = self._start("distributed.cli.dask_worker", *common, *(options or ["--no-nanny"]), variables=variables)
        _said(log, rb"(Registered to):")
        return process

    def _start(self, module: str, *options: str, variables: Mapping[str, str] | None = None) -> tuple[Process, Path]:
        log = self._folder / f"{len(self._processes)}.log"
        environment = os.environ | {"PYTHONPATH": str(_ROOT)} | (variables or {})
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *options], cwd=self._folder, env=environment, stdout=file, stderr=file
            )
        self._processes.append(process)
        return process, log

    def end(self) -> None:
        """End what still runs."""
        for process in reversed(self._processes):
            process.terminate()  # a nanny ends its worker
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def cluster(folder: Path, n_workers: int) -> Iterator[Cluster]:
    """Start a scheduler and workers, without nannies, and end them."""
    folder.mkdir(parents=True)
    started = Cluster(folder)
    try:
        for _ in range(n_workers):
            started.add_worker()
        yield started
    finally:
        started.end()


def n_busy(address: str) -> int:
    """Return how many tasks run on the workers, in their own view."""
    with Client(address, set_as_default=False) as client:
        return sum(client.run(lambda dask_worker: dask_worker.state.executing_count).values())


def _said(log: Path, pattern: bytes) -> str:
    deadline = time.monotonic() + _PATIENCE_S
    while not (match := re.search(pattern, log.read_bytes())):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    return match[1].decode()
