"""Work is done in processes, and no process outlives the one that wanted it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.datasets import worker_tasks

from scogen_pipeline.datasets.local_workers import LocalWorkers, LocalWorkersDataset, n_processors
from scogen_pipeline.errors import DataError, RequestError

PATIENCE_S = 90.0


def workers(n: int) -> LocalWorkers:
    return LocalWorkersDataset(n=n).load()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def pids_in(folder: Path) -> list[int]:
    return [int(file.name) for file in folder.iterdir()]


def test_each_item_has_a_result() -> None:
    assert sorted(workers(2).map(worker_tasks.square, range(7))) == [0, 1, 4, 9, 16, 25, 36]


def test_results_come_as_they_complete(tmp_path: Path) -> None:
    # The first item waits for what is written when the result of the second is here.
    results = workers(2).map(partial(worker_tasks.wait_for_file, tmp_path / "go"), [True, False])
    assert next(results) is False
    (tmp_path / "go").touch()
    assert list(results) == [True]


def test_two_items_are_in_two_other_processes() -> None:
    assert os.getpid() not in set(workers(2).map(worker_tasks.pid, range(8)))


@pytest.mark.parametrize(("n", "items"), [(1, [1, 2]), (2, [1]), (2, [])])
def test_one_worker_or_one_item_stays_in_this_process(n: int, items: list[int]) -> None:
    assert set(workers(n).map(worker_tasks.pid, items)) <= {os.getpid()}


def test_no_number_means_one_for_each_processor() -> None:
    assert workers(0).n == n_processors() >= 1


def test_a_function_that_processes_could_not_import_is_refused() -> None:
    function = partial(worker_tasks.square)
    function.func.__module__, name = "__main__", function.func.__module__
    try:
        with pytest.raises(TypeError, match="main module"):
            list(workers(2).map(function, [1, 2]))
    finally:
        function.func.__module__ = name


@pytest.mark.parametrize("n", [-1, 1.5, "two", True])
def test_a_number_of_workers_that_cannot_be_is_refused(n: object) -> None:
    with pytest.raises(RequestError, match="`workers` must be"):
        LocalWorkersDataset(n=n)  # type: ignore[arg-type]


def test_an_error_of_the_function_is_raised_as_it_is() -> None:
    with pytest.raises(DataError, match="`item` must not be 3") as caught:
        list(workers(2).map(worker_tasks.refuse_three, range(6)))
    # Otherwise the user would get a traceback instead of a line.
    assert caught.value.__cause__ is None


def test_a_killed_worker_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a process died.*memory.*Run again"):
        list(workers(2).map(partial(worker_tasks.die_at, 3, tmp_path), range(6)))
    assert not any(map(is_alive, pids_in(tmp_path)))


def test_an_iterator_that_is_left_ends_its_workers(tmp_path: Path) -> None:
    results = workers(2).map(partial(worker_tasks.linger_after_first, tmp_path), range(3))
    next(results)
    wait_until(lambda: len(pids_in(tmp_path)) == 2)
    results.close()
    wait_until(lambda: not any(map(is_alive, pids_in(tmp_path))))


def test_log_records_and_warnings_reach_the_loggers_of_this_process(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scogen_pipeline"), warnings.catch_warnings():
        list(workers(2).map(worker_tasks.report, ["one", "two"]))
    told = sorted(record.getMessage() for record in caplog.records if record.name == "scogen_pipeline.midi")
    assert told == ["read one", "read two"]
    # A process that did both tasks warns once.
    assert any("odd" in record.getMessage() for record in caplog.records if record.name == "py.warnings")


def test_what_the_user_does_not_want_to_hear_is_not_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "scogen_pipeline"):
        list(workers(2).map(worker_tasks.report, ["one", "two"]))
    assert not [record for record in caplog.records if record.name == "scogen_pipeline.midi"]


def test_the_main_module_is_not_imported_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "print('imported')\n"
        "from scogen_pipeline.datasets.local_workers import LocalWorkers\n"
        "from tests.datasets import worker_tasks\n"
        "print(sorted(LocalWorkers(2).map(worker_tasks.square, [1, 2])))\n"
    )
    done = subprocess.run([sys.executable, script], cwd=Path.cwd(), env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["imported", "[1, 4]"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_the_process_that_started_them(tmp_path: Path, how: signal.Signals) -> None:
    # Whoever runs the tests in the background has told them to ignore SIGINT, and children inherit that.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    parent = subprocess.Popen(
        [sys.executable, "-c", f"{heed}; from tests.datasets.worker_tasks import linger_twice; linger_twice({str(tmp_path)!r})"],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: len(pids_in(tmp_path)) == 2)
    pids = pids_in(tmp_path)
    assert all(map(is_alive, pids))
    if how == signal.SIGINT:
        os.killpg(parent.pid, how)  # as a terminal does
    else:
        parent.send_signal(how)
    _, said = parent.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not any(map(is_alive, pids)))
    # The processes say nothing of their own: one traceback at most, that of the user's.
    assert said.count("Traceback") == (how == signal.SIGINT)


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
