"""Several devices, or several hosts, train as one does: the same loss and the same weights from the same batches.

Half of the rows of a batch have next to no tokens, so a mean of the devices' means would be far off. The tolerance is that of
float32 sums in another order, after four steps of Adam.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("several hosts need TensorFlow", allow_module_level=True)

TASK = Path(__file__).with_name("training_task.py")
SECONDS = 600


def start(result: Path, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "tensorflow", **variables}
    return subprocess.Popen([sys.executable, str(TASK), str(result), *arguments], env=environment)


def start_hosts(folder: Path, *arguments: str) -> list[tuple[Path, subprocess.Popen[bytes]]]:
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("localhost", 0))
    hosts = [f"localhost:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    started = []
    for index in range(2):
        config = json.dumps({"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}})
        result = folder / f"host{index}.npz"
        started.append((result, start(result, "cluster", "1", *arguments, TF_CONFIG=config)))
    return started


def results(started: list[tuple[Path, subprocess.Popen[bytes]]]) -> list[dict[str, np.ndarray]]:
    for _, process in started:
        assert process.wait(SECONDS) == 0
    return [dict(np.load(path)) for path, _ in started]


def assert_same_training(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(found["losses"], expected["losses"], rtol=1e-5)
    for name in (name for name in expected if name.startswith("w")):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=2e-5)


@pytest.mark.parametrize("state", ["carry", "restart"])
def test_two_hosts_and_two_devices_train_as_one_device_does(tmp_path: Path, state: str):
    started = [
        (path := tmp_path / "one.npz", start(path, "one", "1", state, "float32")),
        (path := tmp_path / "all.npz", start(path, "all", "2", state, "float32")),
        *start_hosts(tmp_path, state, "float32"),
    ]
    one, both, first, second = results(started)
    assert one["losses"][-1] < one["losses"][0]
    for found in (both, first, second):
        assert_same_training(found, one)
    # Hosts must not drift apart: theirs are the same, bit by bit.
    assert all(np.array_equal(first[name], second[name]) for name in first if name != "is_chief")
    assert [bool(found["is_chief"]) for found in (one, first, second)] == [True, True, False]
    assert first["agreed"] == second["agreed"] == 7.0
