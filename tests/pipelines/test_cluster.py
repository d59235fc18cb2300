"""`kedro run --env cluster --pipeline ingest` on a real scheduler and two workers, one of which is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from tests.datasets.dask_cluster import cluster
from tests.pipelines.ingest_run import run_ingest

from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes

REPOSITORY = Path(__file__).parents[2]
PATIENCE_S = 40.0
#: Fewer are read by one worker alone.
N_FILES = 1_100
BATCH_FILES = 20


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scales; every hundredth is cut, and one is there twice."""
    folder = tmp_path_factory.mktemp("collection")
    for index in range(N_FILES):
        scale = [(24 * step, 24, 40 + (index + step) % 60, 80) for step in range(8 + index // 60)]
        data = midi_bytes([MidiTrack("Melody", 0, scale)], tpq=24)
        file = folder / f"{index % 7}" / f"{index:04}.mid"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data[: len(data) // 2] if index % 100 == 99 else data)
    shutil.copy(folder / "0" / "0000.mid", folder / "6" / "copy.mid")
    return folder


@pytest.fixture(scope="module")
def tables_of_one_process(tmp_path_factory: pytest.TempPathFactory, collection: Path) -> dict[str, bytes]:
    data = tmp_path_factory.mktemp("local")
    run_ingest(collection, data, batch_files=BATCH_FILES)
    return contents(data)


def contents(data: Path) -> dict[str, bytes]:
    folder = data / "02_intermediate" / "midi"
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def conf_with(data: Path, folder: Path) -> Path:
    """A copy of the project's configuration whose data lie elsewhere."""
    shutil.copytree(REPOSITORY / "conf", folder, ignore=shutil.ignore_patterns("local"))
    (folder / "local").mkdir()
    (folder / "cluster" / "globals.yml").write_text(f"data_dir: {data}\n")
    return folder


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.xdist_group("kedro")
@pytest.mark.parametrize("nanny", ["--no-nanny", "--nanny"])
def test_a_run_that_loses_a_worker_ends_in_the_same_tables(
    tmp_path: Path, collection: Path, tables_of_one_process: dict[str, bytes], nanny: str
) -> None:
    conf, stopped = conf_with(tmp_path / "data", tmp_path / "conf"), tmp_path / "stopped"
    preload = str(Path(__file__).with_name("stopping_worker.py"))
    with cluster(tmp_path / "dask", 1) as started:
        started.add_worker(nanny, "--preload", preload, variables={"SCOGEN_TEST_STOPPED": str(stopped)})
        options = ["--conf-source", conf, "--env", "cluster", "--pipeline", "ingest"]
        parameters = f"midi_dir={collection},batch_files={BATCH_FILES},scheduler={started.address}"
        command = [Path(sys.executable).with_name("kedro"), "run", *options, "--params", parameters]
        run = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_until(lambda: run.poll() is not None or (stopped.exists() and bool(stopped.read_text())))
        assert run.poll() is None, run.communicate()[0]
        assert len(TableFolder(str(tmp_path / "data" / "02_intermediate" / "midi")).finished()) >= 5
        os.kill(int(stopped.read_text()), signal.SIGKILL)
        said, _ = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0, said
    assert "2 tasks at once on 2 workers" in said
    assert contents(tmp_path / "data") == tables_of_one_process


@pytest.mark.xdist_group("kedro")
def test_a_cluster_that_is_not_there_is_said_in_a_line(
    tmp_path: Path, midi_folder: Path, kedro: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    options = ["--conf-source", str(conf_with(tmp_path / "data", tmp_path / "conf")), "--env", "cluster", "--pipeline", "ingest"]
    done = kedro("run", *options, "--params", f"midi_dir={midi_folder},scheduler=tcp://127.0.0.1:1,wait_s=1")
    assert done.returncode == 1
    assert "`scheduler` must be the address of a running Dask scheduler, received tcp://127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
