"""A Dask cluster does the work, survives the loss of a worker, and says what is wrong with it."""

from __future__ import annotations

import importlib
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from kedro.io import DatasetError
from tests.datasets import worker_tasks

from scogen_pipeline.datasets.dask_workers import DaskWorkers, DaskWorkersDataset
from scogen_pipeline.errors import DataError

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from tests.datasets.dask_cluster import Cluster, cluster, n_busy

PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("dask") / "two", 2) as started:
        yield started


@pytest.fixture
def no_worker(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path / "dask", 0) as started:
        yield started


def workers_of(started: Cluster) -> DaskWorkers:
    return DaskWorkersDataset(started.address, wait_s=10).load()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_each_item_has_a_result(two_workers: Cluster) -> None:
    workers = workers_of(two_workers)
    assert workers.n == 2
    assert sorted(workers.map(worker_tasks.square, [1, 2, 3, 3])) == [1, 4, 9, 9]


def test_results_come_as_they_complete(two_workers: Cluster, tmp_path: Path) -> None:
    results = workers_of(two_workers).map(partial(worker_tasks.wait_for_file, tmp_path / "go"), [True, False])
    assert next(results) is False
    (tmp_path / "go").touch()
    assert list(results) == [True]


def test_an_error_of_the_function_is_raised_as_it_is(two_workers: Cluster) -> None:
    with pytest.raises(DataError, match="`item` must not be 3") as caught:
        list(workers_of(two_workers).map(worker_tasks.refuse_three, range(6)))
    assert caught.value.__cause__ is None


def test_log_records_reach_the_loggers_of_this_process(two_workers: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    def told() -> list[str]:
        return sorted(record.getMessage() for record in caplog.records if record.name == "scogen_pipeline.midi")

    with caplog.at_level(logging.INFO, "scogen_pipeline"):
        list(workers_of(two_workers).map(worker_tasks.report, ["one", "two"]))
        wait_until(lambda: told() == ["read one", "read two"])


def test_an_iterator_that_is_left_ends_its_tasks(two_workers: Cluster, tmp_path: Path) -> None:
    results = workers_of(two_workers).map(partial(worker_tasks.linger_after_first, tmp_path), range(3))
    next(results)
    assert n_busy(two_workers.address)
    results.close()
    wait_until(lambda: not n_busy(two_workers.address))


def test_work_of_a_killed_worker_is_done_by_another(no_worker: Cluster, tmp_path: Path) -> None:
    (tmp_path / "begun").mkdir()
    doomed = no_worker.add_worker()
    workers = workers_of(no_worker)
    results: list[int] = []
    work = partial(worker_tasks.wait_unless_alone, tmp_path / "begun", doomed.pid)
    thread = threading.Thread(target=lambda: results.extend(workers.map(work, [1, 2, 3])))
    thread.start()
    wait_until((tmp_path / "begun" / str(doomed.pid)).exists)
    no_worker.add_worker()
    doomed.send_signal(signal.SIGKILL)
    thread.join(PATIENCE_S)
    assert sorted(results) == [1, 2, 3]


def test_a_task_that_kills_each_worker_is_a_clear_error(no_worker: Cluster, tmp_path: Path) -> None:
    # With a nanny, a dead worker is replaced.
    no_worker.add_worker("--nanny")
    with pytest.raises(DataError, match=r"4 died at the same task.*run again"):
        list(workers_of(no_worker).map(partial(worker_tasks.die_at, 0, tmp_path), [0]))


def test_a_lost_scheduler_is_a_clear_error(no_worker: Cluster, tmp_path: Path) -> None:
    no_worker.add_worker()
    results = workers_of(no_worker).map(partial(worker_tasks.linger_after_first, tmp_path), [0, 1])
    next(results)
    no_worker.scheduler.send_signal(signal.SIGKILL)
    with pytest.raises(DataError, match=r"was lost.*run again"):
        next(results)


def test_a_scheduler_that_does_not_answer_is_a_clear_error() -> None:
    with socket.socket() as taken:  # and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DatasetError, match=r"`scheduler` must be.*did not answer within 1 s.*--params scheduler="):
            DaskWorkersDataset(address, wait_s=1).load()


def test_an_address_of_no_known_kind_is_a_clear_error() -> None:
    with pytest.raises(DatasetError, match="`scheduler` must be the address"):
        DaskWorkersDataset("nonsense://here", wait_s=1).load()


def test_a_scheduler_without_workers_is_a_clear_error(no_worker: Cluster) -> None:
    with pytest.raises(DatasetError, match=r"at least 1 worker.*with 0.*dask worker tcp://"):
        DaskWorkersDataset(no_worker.address, wait_s=1).load()


def test_a_worker_without_the_package_is_refused_and_lives(no_worker: Cluster, tmp_path: Path) -> None:
    (tmp_path / "empty" / "scogen_pipeline").mkdir(parents=True)
    (tmp_path / "empty" / "scogen_pipeline" / "__init__.py").touch()
    no_worker.add_worker(variables={"PYTHONPATH": str(tmp_path / "empty")})
    with pytest.raises(DatasetError, match=r"must have the package scogen_pipeline.*No module named"):
        workers_of(no_worker)
    # A worker dies of a message that it cannot unpack: the question must not be one.
    with pytest.raises(DatasetError, match="must have the package"):
        workers_of(no_worker)


def test_a_worker_with_other_code_is_refused_before_the_work(no_worker: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    no_worker.add_worker()
    monkeypatch.setattr("scogen_pipeline.datasets.dask_workers.code_version", lambda: "another")
    with pytest.raises(DatasetError, match=r"must have the code of this machine \(another\), received \w+ on tcp://"):
        workers_of(no_worker)


def test_a_worker_with_other_code_that_comes_later_is_refused_too(
    no_worker: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_worker.add_worker()
    workers = workers_of(no_worker)
    monkeypatch.setattr("scogen_pipeline.datasets.dask_workers.code_version", lambda: "another")
    with pytest.raises(DataError, match="must have the code of this machine"):
        list(workers.map(partial(worker_tasks.enter_item, tmp_path), [1]))
    assert not list(tmp_path.glob("item-*"))


@pytest.mark.filterwarnings("ignore:Mismatched versions found")  # Dask's own, a table
def test_other_versions_of_packages_are_said_in_a_line(
    two_workers: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = importlib.import_module("distributed.versions").get_versions
    monkeypatch.setattr(
        "distributed.client.version_module.get_versions",
        lambda **options: (facts := real(**options)) | {"packages": facts["packages"] | {"pyarrow": "1.0"}},
    )
    with caplog.at_level(logging.WARNING, "scogen_pipeline"):
        workers_of(two_workers)
    assert any(message.startswith("pyarrow is 1.0 here and ") and "on 2 worker(s)" in message for message in caplog.messages)


def test_the_address_may_come_from_the_environment(two_workers: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    dask = pytest.importorskip("dask")
    with dask.config.set({"scheduler-address": two_workers.address}):  # what DASK_SCHEDULER_ADDRESS sets
        assert DaskWorkersDataset("", wait_s=10).load().address == two_workers.address


def test_a_machine_without_dask_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DatasetError, match=r"pip install '\.\[cluster\]'"):
        DaskWorkersDataset().load()


def test_dask_is_imported_only_where_it_is_used() -> None:
    code = "import sys, scogen_pipeline.datasets.dask_workers as d; d.DaskWorkersDataset(); print('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
