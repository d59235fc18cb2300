"""Two runs never write to one output at a time, and a run that is gone keeps nobody out."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from scogen_pipeline.datasets.run_lock import KernelLock, Lease, Owner, run_lock
from scogen_pipeline.errors import DataError, RequestError

PATIENCE_S = 10.0
ADDRESS = "memory://locks/tables/midi"
LEASE_PATH = "/locks/tables/.midi.lock"

_HOLD = """
import sys, time
from scogen_pipeline.datasets.run_lock import run_lock
lock = run_lock(sys.argv[1])
lock.acquire()
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    filesystem = fsspec.filesystem("memory")
    filesystem.store.clear()
    yield filesystem
    filesystem.store.clear()


def lease(**times: float) -> Lease:
    return Lease(ADDRESS, fsspec.filesystem("memory"), LEASE_PATH, **{"settle_s": 0.0} | times)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_the_second_is_told_who_writes_and_what_to_do(tmp_path: Path) -> None:
    first = run_lock(str(tmp_path / "midi"))
    first.acquire()
    with pytest.raises(RequestError, match=rf"one run at a time.*process {os.getpid()} on .*since 20.*data_dir"):
        run_lock(str(tmp_path / "midi")).acquire()
    first.release()


def test_a_released_lock_can_be_taken_and_leaves_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        lock = run_lock(str(tmp_path / "deep" / "midi"))
        lock.acquire()
        assert [file.name for file in (tmp_path / "deep").iterdir()] == [".midi.lock"]
        lock.check()
        lock.release()
        lock.release()
        assert not list((tmp_path / "deep").iterdir())


def test_two_folders_are_two_locks(tmp_path: Path) -> None:
    locks = [run_lock(str(tmp_path / name)) for name in ("one", "two")]
    for lock in locks:
        lock.acquire()
    for lock in locks:
        lock.release()


def test_a_folder_that_is_replaced_stays_locked(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    lock = run_lock(str(tmp_path / "model"))
    lock.acquire()
    (tmp_path / "model").rename(tmp_path / "former")
    (tmp_path / "model").mkdir()
    with pytest.raises(RequestError):
        run_lock(str(tmp_path / "model")).acquire()
    lock.release()


def test_a_process_that_is_killed_keeps_nobody_out(tmp_path: Path) -> None:
    folder = str(tmp_path / "midi")
    with subprocess.Popen([sys.executable, "-c", _HOLD, folder], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(RequestError, match=f"process {process.pid} "):
            run_lock(folder).acquire()
        process.send_signal(signal.SIGKILL)
    lock = run_lock(folder)
    lock.acquire()
    lock.release()


def test_one_of_many_that_begin_together_gets_the_lock(tmp_path: Path) -> None:
    held: list[int] = []
    inside = 0

    def run(index: int) -> None:
        nonlocal inside
        lock = run_lock(str(tmp_path / "midi"))
        for _ in range(50):
            try:
                lock.acquire()
            except RequestError:
                continue
            inside += 1
            assert inside == 1
            held.append(index)
            inside -= 1
            lock.release()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held
    assert inside == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(DataError, match=r"may write, received Permission denied.*data_dir"):
        run_lock(str(tmp_path / "closed" / "midi")).acquire()


def test_a_file_in_the_way_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"must lie where this run may write"):
        run_lock(str(tmp_path / "file" / "midi")).acquire()


def test_a_disk_without_locks_gets_a_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", missing)
    monkeypatch.setattr(Lease.__init__, "__defaults__", (60.0, 300.0, 0.0))
    lock = run_lock(str(tmp_path / "midi"))
    lock.acquire()
    with pytest.raises(RequestError, match="one run at a time"):
        run_lock(str(tmp_path / "midi")).acquire()
    lock.check()
    lock.release()
    assert not list(tmp_path.iterdir())


def test_the_kind_of_lock_follows_the_address(tmp_path: Path) -> None:
    assert isinstance(run_lock(str(tmp_path)), KernelLock)
    assert isinstance(run_lock(f"file://{tmp_path}"), KernelLock)
    assert isinstance(run_lock(ADDRESS), Lease)


def test_a_lease_keeps_the_second_out_and_is_removed(memory: fsspec.AbstractFileSystem) -> None:
    first = lease()
    first.acquire()
    with pytest.raises(RequestError, match=f"process {os.getpid()} "):
        lease().acquire()
    first.release()
    first.release()
    assert not memory.find("/")


def test_a_lease_of_a_whole_bucket_lies_inside(memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease.__init__, "__defaults__", (60.0, 300.0, 0.0))
    lock = run_lock("memory://bucket")
    lock.acquire()
    assert memory.find("/") == ["/bucket/.lock"]
    lock.release()


def test_a_lease_is_refreshed(memory: fsspec.AbstractFileSystem) -> None:
    lock = lease(refresh_s=0.01)
    lock.acquire()
    begun = json.loads(memory.cat_file(LEASE_PATH))["refreshed"]
    wait_until(lambda: json.loads(memory.cat_file(LEASE_PATH))["refreshed"] > begun)
    lock.check()
    lock.release()


def test_a_lease_whose_owner_is_silent_is_taken_over(memory: fsspec.AbstractFileSystem, caplog: pytest.LogCaptureFixture) -> None:
    memory.pipe_file(LEASE_PATH, Owner(command="kedro run", refreshed=time.time() - 301).to_json())
    lock = lease()
    with caplog.at_level(logging.WARNING):
        lock.acquire()
    assert any("Taking over" in message and "kedro run" in message for message in caplog.messages)
    lock.release()
    assert not memory.find("/")


def test_who_lost_the_lease_stops_and_leaves_it_to_the_other(memory: fsspec.AbstractFileSystem) -> None:
    lock = lease(refresh_s=0.01)
    lock.acquire()
    other = Owner(pid=1)
    memory.pipe_file(LEASE_PATH, other.to_json())

    def is_lost() -> bool:
        try:
            lock.check()
        except DataError:
            return True
        return False

    wait_until(is_lost)
    lock.release()
    assert Owner.from_json(memory.cat_file(LEASE_PATH)) == other


def test_of_two_that_create_the_lease_at_once_the_last_has_it(memory: fsspec.AbstractFileSystem) -> None:
    # A store without exclusive creation: what is written in the meantime wins.
    other = Owner(pid=1)
    lock = lease()
    real = memory.pipe_file
    memory.pipe_file = lambda path, data, **options: (real(path, data, **options), real(path, other.to_json()))  # type: ignore[method-assign]
    try:
        with pytest.raises(RequestError, match="process 1 "):
            lock.acquire()
    finally:
        del memory.pipe_file
    assert Owner.from_json(memory.cat_file(LEASE_PATH)) == other


def test_a_lock_file_of_rubbish_names_nobody(memory: fsspec.AbstractFileSystem) -> None:
    assert Owner.from_json(b"") is None
    assert Owner.from_json(b"[1]") is None
    assert Owner.from_json(b'{"colour": 1}') is None
