"""What workers are told to do in tests: a function must be in a module that a new process can import."""

from __future__ import annotations

import logging
import os
import signal
import time
import warnings
from pathlib import Path

from scogen_pipeline.datasets.local_workers import LocalWorkers
from scogen_pipeline.errors import DataError


def square(item: int) -> int:
    return item * item


def pid(_: int) -> int:
    return os.getpid()


def wait_for_file(file: Path, is_waiting: bool) -> bool:
    while is_waiting and not file.exists():
        time.sleep(0.01)
    return is_waiting


def refuse_three(item: int) -> int:
    if item == 3:
        raise DataError("`item` must not be 3, received 3.")
    return item


def wait_long() -> None:
    """Wait in Python, which may be interrupted, not in the system."""
    for _ in range(60_000):
        time.sleep(0.01)


def enter(folder: Path) -> None:
    (folder / str(os.getpid())).touch()


def die_at(fatal: int, folder: Path, item: int) -> int:
    enter(folder)
    if item == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def linger_after_first(folder: Path, item: int) -> int:
    enter(folder)
    if item:
        wait_long()
    return item


def enter_item(folder: Path, item: int) -> int:
    (folder / f"item-{item}").touch()
    return item


def wait_unless_alone(folder: Path, doomed: int, item: int) -> int:
    """Enter this process; one that is doomed then waits for its end."""
    enter(folder)
    if os.getpid() == doomed:
        wait_long()
    return item


def linger(folder: Path) -> None:
    enter(folder)
    wait_long()


def report(name: str) -> None:
    logging.getLogger("scogen_pipeline.midi").info("read %s", name)
    logging.getLogger("scogen_pipeline.midi").debug("never wanted")
    warnings.warn("odd", stacklevel=1)


def linger_twice(folder: str) -> None:
    """Start two workers whose tasks do not end."""
    list(LocalWorkers(2).map(linger, [Path(folder)] * 2))
