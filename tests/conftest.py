"""What tests share: where the real music lies, and small MIDI files built in code."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scogen_pipeline.midi.writing import MidiTrack, midi_bytes

_REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real music, found by SCOGEN_SHARED or beside the repository; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("SCOGEN_SHARED", _REPOSITORY.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"no real music at {folder}; set SCOGEN_SHARED to the folder that holds data/")
    return folder


@pytest.fixture
def small_midi() -> Callable[..., bytes]:
    """A function that builds a scale as a MIDI file; keyword arguments go to `midi_bytes`."""

    def build(first_pitch: int = 60, n_notes: int = 8, **options: object) -> bytes:
        scale = [(24 * step, 24, (first_pitch + step) % 128, 80) for step in range(n_notes)]
        return midi_bytes([MidiTrack("Melody", 0, scale)], **{"tpq": 24} | options)  # type: ignore[arg-type]

    return build


@pytest.fixture
def midi_folder(tmp_path: Path, small_midi: Callable[..., bytes]) -> Path:
    """A folder with 60 small files in two levels, every tenth of them cut in the middle."""
    folder = tmp_path / "raw"
    for index in range(60):
        data = small_midi(first_pitch=index, n_notes=5 + index)
        file = folder / f"group{index % 4}" / f"{index:03}.mid"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data[: len(data) // 2] if index % 10 == 9 else data)
    return folder


@pytest.fixture(scope="session")
def kedro() -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that calls Kedro in the repository as a user does; tests with it belong to `xdist_group("kedro")`."""
    command = Path(sys.executable).with_name("kedro")

    # What pytest's caller may have set is left out: a user's shell does not have it.
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONWARNINGS", "TF_CPP_MIN_LOG_LEVEL"}}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, *arguments], cwd=_REPOSITORY, env=environment, capture_output=True, text=True, check=False
        )

    return call


@pytest.fixture(scope="session")
def smoke_run(
    kedro: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    """The whole chain on a handful of pieces, from nothing; its files lie in data/smoke."""
    temporary = tmp_path_factory.getbasetemp()
    # Workers of xdist have a folder each in a common one. One of them runs, the other waits: under pytest 9.2, pytest-xdist 3.8
    # does not keep groups together.
    shared = temporary.parent if "PYTEST_XDIST_WORKER" in os.environ else temporary
    result = shared / "smoke_run.json"
    with (shared / "smoke_run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            shutil.rmtree(_REPOSITORY / "data" / "smoke", ignore_errors=True)
            done = kedro("run", "--env", "smoke")
            result.write_text(json.dumps([done.args, done.returncode, done.stdout, done.stderr], default=str), encoding="utf-8")
    return subprocess.CompletedProcess(*json.loads(result.read_text(encoding="utf-8")))
