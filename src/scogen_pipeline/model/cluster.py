"""Which of several hosts this process is, as TensorFlow is told by the variable `TF_CONFIG`.

**Conventions.** Every host runs the same command with the same data and settings; one of them, the *chief*, also writes the
results. `TF_CONFIG` is JSON: `{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}`.

**References.** https://www.tensorflow.org/guide/distributed_training, "Setting up the TF_CONFIG environment variable".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scogen_pipeline.errors import RequestError

VARIABLE: Final = "TF_CONFIG"
#: Kinds of hosts that train, in the order in which TensorFlow numbers them.
_TRAINING: Final = ("chief", "worker")
_EXAMPLE: Final = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclass(frozen=True)
class Place:
    """One of the hosts that train together.

    Args:
        index: Which one, from 0.
        n_hosts: Number of all.
    """

    index: int = 0
    n_hosts: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this host writes checkpoint, model and tracking."""
        return self.index == 0


def place_in_cluster(environment: Mapping[str, str]) -> Place:
    """Read which host this is.

    >>> place_in_cluster({"TF_CONFIG": '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}'})
    Place(index=1, n_hosts=2)
    >>> place_in_cluster({})
    Place(index=0, n_hosts=1)

    Args:
        environment: Variables of the process.

    Raises:
        RequestError: If the variable is there and is not understood.
    """
    text = environment.get(VARIABLE, "")
    if not text:
        return Place()
    try:
        return _place(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise RequestError(f"`{VARIABLE}` must be like {_EXAMPLE}, received {text!r}.") from None


def _place(config: Mapping[str, Any]) -> Place:
    hosts = [(kind, index) for kind in _TRAINING for index in range(len(config["cluster"].get(kind, ())))]
    return Place(hosts.index((config["task"]["type"], int(config["task"]["index"]))), len(hosts))
