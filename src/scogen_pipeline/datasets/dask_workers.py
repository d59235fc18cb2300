"""A Dask cluster that runs already, as a catalog entry that gives work to it.

**Conventions.** The workers must have the code of this machine: another version of it would make other tables, so it is refused,
before the first task and again in each. What is sent needs no package to arrive, since a worker of Dask dies of a message that it
cannot unpack. A task that nobody waits for any more (the run was interrupted) ends within seconds.

**References**: Dask, https://distributed.dask.org.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib
import logging
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib import resources
from typing import Any, Final, NoReturn, TypeVar

from kedro.io import AbstractDataset

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.midi.reading import reader_version

T = TypeVar("T")
R = TypeVar("R")

_PACKAGE: Final = "scogen_pipeline"
_DEFAULT_ADDRESS: Final = "tcp://127.0.0.1:8786"
#: Packages of which another version may write other bytes, or not understand what is sent.
_COMPARED: Final = ("python", "distributed", "pyarrow", "symusic", "numpy")
#: How often a task looks whether it is still wanted.
_ABANDONED_POLL_S: Final = 1.0

logger = logging.getLogger(__name__)


class DaskWorkers:
    """The workers of a Dask cluster.

    Args:
        address: Of the scheduler.
        wait_s: How long to wait for an answer.
        n: How many tasks run at once: threads of all workers, when this was loaded.
    """

    def __init__(self, address: str, wait_s: float, n: int) -> None:
        self.address = address
        self.n = n
        self._wait_s = wait_s

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Call a function with each item on some worker, and yield the results as they complete.

        What a lost worker was doing is done again by another. It may be done twice, even at the same time, if a worker is only
        cut off, so what a function writes must be the same whoever writes it, and be written at once.

        Args:
            function: A function of this package, or a `functools.partial` of one.
            items: What to call it with; small, and so are the results.

        Raises:
            DataError: If the cluster fails: each worker that tried a task died, or the scheduler is gone.
        """
        version = code_version()
        with _connected(self.address, self._wait_s) as client, _explained(self.address), _log_topic(client) as topic:
            task = functools.partial(_portable_task(), version, topic, logging.getLogger(_PACKAGE).getEffectiveLevel())
            # Not pure: the same item twice is two tasks, and nothing of an earlier run is taken for this one's.
            calls = [_distributed().protocol.pickle.dumps(functools.partial(function, item)) for item in items]
            futures = [client.submit(task, call, pure=False) for call in calls]
            try:
                for future in _distributed().as_completed(futures, loop=client.loop):
                    found, result = future.result()
                    if found != version:
                        raise DataError(_other_code_message(version, {"a worker": found}))
                    yield result
            finally:
                if client.status == "running":
                    client.cancel(futures, force=True)


class DaskWorkersDataset(AbstractDataset[NoReturn, DaskWorkers]):
    """A Dask cluster; loading looks whether it is there and fit, and returns `DaskWorkers`. Nothing is ever started.

    YAML:
        workers:
          type: scogen_pipeline.datasets.dask_workers.DaskWorkersDataset
          address: tcp://10.0.0.1:8786

    Args:
        address: Of the scheduler; an empty one is what Dask's own configuration says (`DASK_SCHEDULER_ADDRESS`), and without that
            the port where `dask scheduler` listens on this machine.
        wait_s: How long to wait for the scheduler, and for its workers.
        min_workers: How many workers to wait for. The work is cut for as many as are there at the beginning.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(
        self, address: str = "", wait_s: float = 30.0, min_workers: int = 1, metadata: dict[str, Any] | None = None
    ) -> None:
        self._address = str(address or "")
        self._wait_s = wait_s
        self._min_workers = min_workers
        self.metadata = metadata

    def load(self) -> DaskWorkers:
        """Connect, wait for workers, compare their code with this machine's, and return them.

        Raises:
            DataError: If the cluster does not answer, has too few workers, or has workers with other code.
            RequestError: If Dask is not installed here.
        """
        address = self._address or _configured_address()
        with _connected(address, self._wait_s) as client:
            _wait_for_workers(client, address, self._min_workers, self._wait_s)
            _check_code(client)
            _compare_packages(client)
            threads = client.nthreads()
        logger.info("%d tasks at once on %d workers at %s.", sum(threads.values()), len(threads), address)
        return DaskWorkers(address, self._wait_s, sum(threads.values()))

    def save(self, data: NoReturn) -> None:
        """Refuse: there is nothing to save."""
        raise NotImplementedError(f"{type(self).__name__} is read only.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"address": self._address, "wait_s": self._wait_s}


def _configured_address() -> str:
    dask: Any = _distributed().dask
    return str(dask.config.get("scheduler-address", None) or _DEFAULT_ADDRESS)


def _distributed() -> Any:
    """Import Dask's package: a second, which other runs do not pay."""
    try:
        return importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        if error.name not in {"distributed", "dask"}:
            raise
        raise RequestError(
            "`--env cluster` must find the package `distributed`, received none. Install it: pip install '.[cluster]'."
        ) from None


@contextmanager
def _connected(address: str, wait_s: float) -> Iterator[Any]:
    try:
        client = _distributed().Client(address, timeout=wait_s, set_as_default=False)
    except (OSError, ValueError) as error:  # ValueError: an address of no known kind
        raise DataError(
            f"`scheduler` must be the address of a running Dask scheduler, received {address}, which did not answer within "
            f"{wait_s:g} s ({error}). Start it (docs/cluster.md), or name another: --params scheduler=tcp://HOST:8786."
        ) from None
    with client:
        yield client


def _wait_for_workers(client: Any, address: str, min_workers: int, wait_s: float) -> None:
    try:
        client.wait_for_workers(min_workers, timeout=wait_s)
    except TimeoutError:
        raise DataError(
            f"`scheduler` must have at least {min_workers} worker(s), received {address} with {len(client.nthreads())} after "
            f"{wait_s:g} s. Start some: dask worker {address} --nthreads 1."
        ) from None


def _check_code(client: Any) -> None:
    """Refuse workers that lack this package or have another version of it."""
    version = code_version()
    found = client.run(_portable_version(), on_error="return")
    missing = [worker for worker, answer in found.items() if isinstance(answer, Exception)]
    if missing:
        raise DataError(
            f"All workers must have the package {_PACKAGE} and what it needs, received {_some(missing)} without: "
            f"{found[missing[0]]}. Install the same there as here."
        )
    others = {worker: answer for worker, answer in found.items() if answer != version}
    if others:
        raise DataError(_other_code_message(version, others))


def _other_code_message(version: str, found_by_worker: Mapping[str, str]) -> str:
    received = ", ".join(sorted(set(found_by_worker.values())))
    return (
        f"All workers must have the code of this machine ({version}), received {received} on {_some(list(found_by_worker))}. "
        "Install the same version there, and start the workers again."
    )


def _compare_packages(client: Any) -> None:
    """Say in a line which packages are of another version on some worker."""
    versions = client.get_versions(packages=list(_COMPARED))
    here = versions["client"]["packages"]
    for package in _COMPARED:
        there = Counter(worker["packages"].get(package) for worker in versions["workers"].values())
        there.pop(here.get(package), None)
        if there:
            listed = ", ".join(f"{version} on {count} worker(s)" for version, count in sorted(there.items(), key=str))
            logger.warning("%s is %s here and %s: install the same everywhere.", package, here.get(package), listed)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turn what Dask raises when a cluster fails into a line for the user."""
    kept = "What is finished is kept: run again and it goes on from there."
    try:
        yield
    except _distributed().KilledWorker as error:
        raise DataError(
            f"Workers must live until their work is done, but {error.allowed_failures + 1} died at the same task, the last at "
            f"{error.last_worker.address}: probably out of memory, or taken away; see the log of the worker. {kept}"
        ) from None
    except (_distributed().CancelledError, _distributed().comm.CommClosedError):
        raise DataError(f"`scheduler` must live until the run is done, but {address} was lost. {kept}") from None


@contextmanager
def _log_topic(client: Any) -> Iterator[str]:
    """Say here what tasks log there: yield the topic under which they send it, of this run alone."""
    topic = f"{_PACKAGE}-{uuid.uuid4().hex}"
    client.subscribe_topic(topic, _say)
    yield topic


def _say(event: tuple[float, Mapping[str, Any]]) -> None:
    logging.getLogger(event[1]["name"]).handle(logging.makeLogRecord(dict(event[1])))


# What follows runs on workers. Functions inside functions are sent as code instead of by name, so they import what they use.


def _portable_version() -> Callable[[], str]:
    def version() -> str:
        import importlib  # noqa: PLC0415

        return str(importlib.import_module("scogen_pipeline.datasets.dask_workers").code_version())

    return version


def _portable_task() -> Callable[[str, str, int, bytes], tuple[str, Any]]:
    def task(expected: str, topic: str, level: int, call: bytes) -> tuple[str, Any]:
        import importlib  # noqa: PLC0415

        module = importlib.import_module("scogen_pipeline.datasets.dask_workers")
        found = module.code_version()
        return found, (module.run_call(call, topic, level) if found == expected else None)

    return task


@functools.cache
def code_version() -> str:
    """Return a digest of the code that reads.

    It is made once a process: a worker that was started before its files were replaced still runs the old ones.
    """
    folders = [resources.files(f"scogen_pipeline.{name}") for name in ("midi", "sources", "collection")]
    files = [file for folder in folders for file in sorted(folder.iterdir(), key=lambda file: file.name)]
    sources = [file.read_bytes() for file in files if file.name.endswith(".py")]
    return hashlib.sha256(b"\0".join([reader_version().encode(), *sources])).hexdigest()[:16]


def run_call(call: bytes, topic: str, level: int) -> Any:
    """Make a call that was packed by Dask; runs in a thread of a worker."""
    worker = _distributed().get_worker()
    with _reporting(worker, topic, level), _ending_when_abandoned(worker):
        return _distributed().protocol.pickle.loads(call)()


class _TopicHandler(logging.Handler):
    """Sends what this thread logs to the client."""

    def __init__(self, worker: Any, topic: str) -> None:
        super().__init__()
        self._worker, self._topic, self._thread = worker, topic, threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record, as plain values."""
        if record.thread == self._thread:
            entry = {"name": record.name, "levelno": record.levelno, "levelname": record.levelname, "msg": record.getMessage()}
            self._worker.log_event(self._topic, entry)


@contextmanager
def _reporting(worker: Any, topic: str, level: int) -> Iterator[None]:
    package, handler = logging.getLogger(_PACKAGE), _TopicHandler(worker, topic)
    package.setLevel(level)
    package.addHandler(handler)
    try:
        yield
    finally:
        package.removeHandler(handler)


@contextmanager
def _ending_when_abandoned(worker: Any) -> Iterator[None]:
    """End the task in this thread when nobody waits for it any more.

    Dask lets it run on to its end, perhaps for an hour, while the next run waits for the worker.
    """
    key, thread, is_over, lock = worker.get_current_task(), threading.get_ident(), threading.Event(), threading.Lock()

    def watch() -> None:
        while not is_over.wait(_ABANDONED_POLL_S):
            task = worker.state.tasks.get(key)
            with lock:
                if not is_over.is_set() and (task is None or task.state == "cancelled"):
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(CancelledError))
                    return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with lock:  # afterwards the thread has other work, which is not to be ended
            is_over.set()
