"""The processors of this machine, as a catalog entry that gives work to processes.

**Conventions.** Workers are started afresh (`spawn`), never forked: a fork copies the locks of threads that are not copied. They
begin without the program's main module, which is Kedro's command line (measured: 0.3 s instead of 0.7 s for two workers). Each
holds the end of a pipe, and ends when its other end is closed: by `map` when it is left, by the system when this process is gone.
"""

from __future__ import annotations

import logging
import logging.handlers
import multiprocessing
import os
import queue
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from kedro.io import AbstractDataset

from scogen_pipeline.errors import DataError, RequestError, ScogenError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")

_PACKAGE: Final = "scogen_pipeline"
#: How often the thread that passes log records on looks whether it is to end.
_LOG_POLL_S: Final = 0.2


class LocalWorkers:
    """Processes of this machine.

    Args:
        n: How many tasks run at once.
    """

    def __init__(self, n: int) -> None:
        self.n = n

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Call a function with each item and yield the results as they complete.

        With one worker or one item the calls are made in this process, one after the other. Leaving the iterator early, by an
        error or by Ctrl-C, ends the processes in the middle of their work.

        Args:
            function: A function of a module, or a `functools.partial` of one; it, items and results must be picklable.
            items: What to call it with.

        Raises:
            DataError: If a process died, which a function cannot report.
            TypeError: If the function is one of the program's main module, which processes do not import.
        """
        if getattr(getattr(function, "func", function), "__module__", None) == "__main__":
            raise TypeError("`function` must be in a module that can be imported, received one of the main module.")
        if self.n == 1 or len(items) <= 1:
            yield from map(function, items)
        else:
            yield from _mapped_in_processes(function, items, min(self.n, len(items)))


class LocalWorkersDataset(AbstractDataset[NoReturn, LocalWorkers]):
    """The processors of this machine; loading returns `LocalWorkers`, and starts nothing.

    YAML:
        workers:
          type: scogen_pipeline.datasets.local_workers.LocalWorkersDataset
          n: 4

    Python:
        >>> LocalWorkersDataset(n=1).load().n
        1

    Args:
        n: How many processes; 0 is one for each processor that this process may use.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, n: int = 0, metadata: dict[str, Any] | None = None) -> None:
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            raise RequestError(f"`workers` must be 0 (one a processor) or a number of processes, received {n!r}.")
        self._n = n
        self.metadata = metadata

    def load(self) -> LocalWorkers:
        """Return the workers."""
        return LocalWorkers(self._n or n_processors())

    def save(self, data: NoReturn) -> None:
        """Refuse: there is nothing to save."""
        raise NotImplementedError(f"{type(self).__name__} is read only.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"n": self._n}


def n_processors() -> int:
    """Return how many processors this process may use, which on a shared machine is fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _mapped_in_processes(function: Callable[[T], R], items: Sequence[T], n: int) -> Iterator[R]:
    context = multiprocessing.get_context("spawn")
    their_end, our_end = context.Pipe(duplex=False)
    records: multiprocessing.Queue[logging.LogRecord] = context.Queue()
    level = logging.getLogger(_PACKAGE).getEffectiveLevel()
    executor = ProcessPoolExecutor(n, context, _begin, (their_end, records, level))
    try:
        with _passed_on(records):
            try:
                with _without_main_module():
                    futures = [executor.submit(function, item) for item in items]
                for future in as_completed(futures):
                    yield future.result()
            except BaseException:
                our_end.close()  # now, since the processes would finish their tasks first
                raise
            finally:
                executor.shutdown(cancel_futures=True)
    except BrokenProcessPool:
        raise DataError(
            "`workers` must live until their work is done, but a process died: it was killed, probably because memory ran out. "
            "What is finished is kept. Run again, with fewer of them (--params workers=1) if it happens again."
        ) from None
    except ScogenError as error:
        raise error from None  # without the traceback of the process, which is no cause
    finally:
        our_end.close()
        their_end.close()
        records.close()


@contextmanager
def _without_main_module() -> Iterator[None]:
    """Hide the main module from `multiprocessing`, whose new processes would import it first."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _passed_on(records: multiprocessing.Queue[logging.LogRecord]) -> Iterator[None]:
    """Give the log records of the processes to the loggers of this one, as they come."""
    is_over = threading.Event()
    thread = threading.Thread(target=_pass_on, args=(records, is_over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        # Not for ever: a process that was killed while it wrote leaves half a record, whose rest never comes.
        thread.join(10 * _LOG_POLL_S)


def _pass_on(records: multiprocessing.Queue[logging.LogRecord], is_over: threading.Event) -> None:
    while True:
        try:
            record = records.get(timeout=_LOG_POLL_S)
        except queue.Empty:
            if is_over.is_set():
                return
        except (OSError, ValueError):  # closed
            return
        else:
            logging.getLogger(record.name).handle(record)


def _begin(leash: Connection, records: multiprocessing.Queue[logging.LogRecord], level: int) -> None:
    """Prepare a new process; runs in it."""
    # Ctrl-C reaches all processes of a terminal; the one that the user started answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()
    # As many threads as processors in each of as many processes would only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    logging.captureWarnings(True)
    logging.getLogger(_PACKAGE).setLevel(level)
    logging.getLogger().handlers[:] = [logging.handlers.QueueHandler(records)]


def _end_with(leash: Connection) -> None:
    try:
        leash.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
