"""A run that is killed, even while it writes its checkpoint, goes on as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scogen_pipeline.datasets.training_checkpoint import CheckpointFile, TrainingCheckpointDataset
from scogen_pipeline.model.snapshot import EpochResult, Snapshot

SNAPSHOT = Snapshot(
    "print",
    (EpochResult(1, 2.0, 3.0, 0.1, 10.0, 1.0), EpochResult(2, 1.5, 2.5, 0.1, 10.0, 2.0)),
    (np.arange(6, dtype=np.float32).reshape(2, 3), np.array(7), np.array([1, 2], np.uint32)),
    (np.zeros((2, 0), np.float32),),
)

TRAINING = """
import os, signal, sys
from pathlib import Path
import numpy as np
from scogen_pipeline.datasets.training_checkpoint import CheckpointFile
from scogen_pipeline.model.fitting import TrainingData, fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.stored_network import stored_weights
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Examples


class DyingCheckpoint(CheckpointFile):
    def write(self, snapshot):
        if len(snapshot.history) == 2:
            Path(sys.argv[1]).with_suffix(".unfinished").write_bytes(snapshot.to_bytes()[:100])
            os.kill(os.getpid(), signal.SIGKILL)
        super().write(snapshot)


def train(checkpoint):
    vocabulary = Vocabulary(("<end>", "<pad>", "<start>", *"cdefg"))
    ids = tuple(vocabulary.ids_of(["<start>", *"cdefg" * n, "<end>"]) for n in (1, 2, 3, 4))
    examples = Examples(ids, np.full((4, 1), 3, np.int32))
    settings = FitSettings(epochs=3, batch_size=2, window_length=8)
    network = NetworkSettings(embedding_size=4, condition_size=2, lstm_units=8, n_layers=1, dropout=0.3)
    model, _ = fit_model(TrainingData(examples, examples, vocabulary), network, settings, checkpoint=checkpoint)
    return stored_weights(model.network)


if __name__ == "__main__":
    train(DyingCheckpoint(Path(sys.argv[1])))
"""


def test_a_snapshot_survives_its_file(tmp_path: Path):
    file = CheckpointFile(tmp_path / "new" / "local.checkpoint.npz")
    assert file.read() is None
    file.write(SNAPSHOT)
    found = file.read()
    assert found is not None
    assert (found.fingerprint, found.history, found.best_epoch) == ("print", SNAPSHOT.history, 2)
    for expected, array in zip((*SNAPSHOT.state, *SNAPSHOT.best), (*found.state, *found.best), strict=True):
        assert array.dtype == expected.dtype
        assert np.array_equal(array, expected)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["local.checkpoint.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", SNAPSHOT.to_bytes()[:-40]])
def test_a_broken_file_is_said_and_passed_over(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture):
    (tmp_path / "x.npz").write_bytes(content)
    assert CheckpointFile(tmp_path / "x.npz").read() is None
    assert "is no checkpoint" in caplog.text


def test_training_killed_while_it_writes_resumes_to_the_same_weights(tmp_path: Path):
    script, place = tmp_path / "training.py", tmp_path / "local.checkpoint.npz"
    script.write_text(TRAINING)
    killed = subprocess.run([sys.executable, str(script), str(place)], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    names: dict[str, object] = {"__name__": "training"}
    exec(compile(TRAINING, "training", "exec"), names)  # noqa: S102  (the same few lines, here and in the killed process)
    resumed, undisturbed = names["train"](CheckpointFile(place)), names["train"](None)  # type: ignore[operator]
    assert all(np.array_equal(a, b) for name in undisturbed for a, b in zip(resumed[name], undisturbed[name], strict=True))


def test_the_pretrained_model_is_refused_before_training_begins(tmp_path: Path):
    path = str(tmp_path / "pretrained.checkpoint.npz")
    with pytest.raises(DatasetError, match="must not be `pretrained`"):
        TrainingCheckpointDataset(filepath=path).load()
    assert TrainingCheckpointDataset(filepath=path, overwrite_pretrained=True).load().read() is None


def test_the_checkpoint_is_no_output(tmp_path: Path):
    with pytest.raises(DatasetError, match="must be an input"):
        TrainingCheckpointDataset(filepath=str(tmp_path / "local.checkpoint.npz")).save("anything")  # type: ignore[arg-type]
