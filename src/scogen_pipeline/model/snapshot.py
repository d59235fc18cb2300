"""Where a training run stands, as bytes that a killed run resumes from.

**Conventions.** A snapshot is taken after an epoch. Its arrays are all that the next epoch depends on: weights, seed states of
dropout, the optimizer's moments and iteration count; and the best weights so far. The bytes are an `.npz` without pickle.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Arrays = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True)
class EpochResult:
    """What one epoch gave; NLL in nats per token.

    Args:
        epoch: Number of the epoch, from 1.
        train_nll: On the training pieces, with dropout.
        valid_nll: On the validation pieces, all conditions given.
        learning_rate: At the end of the epoch.
        tokens_per_second: Trained on, validation not counted.
        elapsed_seconds: Since training began, interruptions not counted.
    """

    epoch: int
    train_nll: float
    valid_nll: float
    learning_rate: float
    tokens_per_second: float
    elapsed_seconds: float


@dataclass(frozen=True)
class Snapshot:
    """The state of a run after an epoch.

    Args:
        fingerprint: Of settings, vocabulary and data; another run must not resume from this.
        history: One result an epoch, in order.
        state: All variables of network and optimizer, in Keras' order.
        best: The weights of the best epoch.
    """

    fingerprint: str
    history: tuple[EpochResult, ...]
    state: Arrays
    best: Arrays

    @property
    def best_epoch(self) -> int:
        """Number of the epoch with the lowest validation NLL, the first of equals."""
        return best_epoch(self.history)

    def to_bytes(self) -> bytes:
        """Write it as an `.npz`."""
        facts = {"fingerprint": self.fingerprint, "history": [asdict(result) for result in self.history]}
        named = {f"state_{index:04}": array for index, array in enumerate(self.state)}
        named |= {f"best_{index:04}": array for index, array in enumerate(self.best)}
        stream = io.BytesIO()
        np.savez(stream, allow_pickle=False, facts=np.array(json.dumps(facts)), **named)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Snapshot:
        """Read what `to_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            facts = json.loads(str(archive["facts"]))
            state = tuple(archive[name] for name in sorted(archive.files) if name.startswith("state_"))
            best = tuple(archive[name] for name in sorted(archive.files) if name.startswith("best_"))
        return cls(facts["fingerprint"], tuple(EpochResult(**result) for result in facts["history"]), state, best)


def best_epoch(history: Sequence[EpochResult]) -> int:
    """Return the number of the epoch with the lowest validation NLL, the first of equals; 0 if there is none."""
    return min(history, key=lambda result: result.valid_nll).epoch if history else 0


class Checkpoint(Protocol):
    """A place that outlives the process; the dataset `training_checkpoint` is one."""

    def read(self) -> Snapshot | None:
        """Return the snapshot written last, None if there is none."""

    def write(self, snapshot: Snapshot) -> None:
        """Replace the snapshot, all or nothing."""


class NoCheckpoint:
    """Forgets everything."""

    def read(self) -> Snapshot | None:
        """Return None."""
        return None

    def write(self, snapshot: Snapshot) -> None:
        """Do nothing."""
