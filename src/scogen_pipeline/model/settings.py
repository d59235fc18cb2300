"""What can be chosen about a network and its training.

**Conventions.** Flat and frozen, a class a concern; a value out of range is refused when the settings are made, before any work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scogen_pipeline.errors import RequestError

#: Share of the run in which the learning rate rises, and where it ends, as a share of its peak.
_WARM_UP: Final = 0.03
_LAST_RATE: Final = 0.02

#: Lowest and highest value; whole numbers where the bounds are.
_NETWORK_RANGES: Final = {
    "embedding_size": (4, 2048),
    "condition_size": (1, 2048),
    "lstm_units": (4, 4096),
    "n_layers": (1, 8),
    "dropout": (0.0, 0.9),
    "input_dropout": (0.0, 0.9),
    "dense_size": (1, 2048),
    "n_softmaxes": (1, 64),
}
_OPTIONAL: Final = frozenset({"input_dropout"})
_FIT_RANGES: Final = {
    "epochs": (1, 100_000),
    "batch_size": (1, 65_536),
    "window_length": (8, 65_536),
    "learning_rate": (1e-7, 1.0),
    "patience": (1, 100_000),
    "seed": (0, 2_147_483_647),
    "condition_dropout": (0.0, 1.0),
    "genre_repeats": (1, 1_000),
    "max_minutes": (0.0, 1e6),
    "weight_decay": (0.0, 1.0),
    "weight_averaging": (0.0, 0.99999),
}
_FIT_CHOICES: Final = {"precision": ("float32", "bfloat16", "float16"), "devices": ("one", "all", "cluster")}


@dataclass(frozen=True)
class NetworkSettings:
    """Size and regularisation of the network.

    Args:
        embedding_size: Numbers that stand for one token.
        condition_size: Numbers that stand for all conditions together.
        lstm_units: Units of each LSTM layer.
        n_layers: Number of LSTM layers.
        dropout: Share of activations dropped in training, before, between and after the LSTM layers.
        input_dropout: Share dropped before the first layer, if another.
        skip_connections: Whether each layer also sees what the first one sees, and the output sees all layers.
        variational_dropout: Whether what is dropped stays dropped for a whole window.
        dense_size: Numbers that stand for all dense values of `model.sight`, if the data have any.
        tie_weights: Whether the output shares the embedding of the tokens.
        n_softmaxes: How many softmaxes are mixed.
        relations: Whether the output also scores how tokens stand to what is seen, if the data have `model.relation`s.

    Raises:
        RequestError: If a value is out of range.
    """

    embedding_size: int = 128
    condition_size: int = 64
    lstm_units: int = 256
    n_layers: int = 2
    dropout: float = 0.2
    input_dropout: float | None = None
    skip_connections: bool = False
    variational_dropout: bool = False
    dense_size: int = 96
    tie_weights: bool = False
    n_softmaxes: int = 1
    relations: bool = False

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_ranges(self, _NETWORK_RANGES)
        _check_flags(self, "skip_connections", "variational_dropout", "tie_weights", "relations")


@dataclass(frozen=True)
class FitSettings:
    """How to train.

    Args:
        epochs: Most passes over the training pieces.
        batch_size: Windows in a batch.
        window_length: Most tokens in a window.
        learning_rate: Of Adam, at its peak.
        patience: Epochs without a better validation NLL before training stops.
        seed: Decides weights, order, window boundaries and dropout.
        condition_dropout: Probability that a condition is withheld, so that the model also writes without it.
        genre_repeats: Most times that the pieces of a small genre are read in one epoch, to bring it nearer to the largest.
        max_minutes: Stop after the epoch that exceeds this; 0 for no limit.
        label: A word to find the run by.
        weight_decay: Share by which weights other than biases shrink, times the learning rate, at each step.
        weight_averaging: Share that an average over the steps keeps of itself at each; the average is what is saved. 0: none.
        carry_state: Whether the state goes on from window to window of a piece, in training and in validation.
        precision: What layers compute in, `float32`, `bfloat16` or `float16`; weights and loss are float32 always.
        devices: `one`, `all` of this host, or those of a `cluster` of hosts that `TF_CONFIG` names.

    Raises:
        RequestError: If a value is out of range.
    """

    epochs: int = 20
    batch_size: int = 32
    window_length: int = 256
    learning_rate: float = 0.003
    patience: int = 3
    seed: int = 1
    condition_dropout: float = 0.1
    genre_repeats: int = 1
    max_minutes: float = 0.0
    label: str = ""
    weight_decay: float = 0.0
    weight_averaging: float = 0.0
    carry_state: bool = False
    precision: str = "float32"
    devices: str = "one"

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_ranges(self, _FIT_RANGES)
        _check_flags(self, "carry_state")
        _check_choices(self, _FIT_CHOICES)

    def learning_rate_at(self, progress: float) -> float:
        """Return the learning rate after a share of all epochs: a short rise, then a cosine.

        >>> [round(FitSettings(learning_rate=1.0).learning_rate_at(share), 2) for share in (0.0, 0.03, 0.5, 1.0)]
        [0.0, 1.0, 0.53, 0.02]
        """
        if progress < _WARM_UP:
            return self.learning_rate * progress / _WARM_UP
        cosine = 0.5 * (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP)))
        return self.learning_rate * (_LAST_RATE + (1 - _LAST_RATE) * cosine)


def check_ranges(settings: object, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse settings of which a number is out of range.

    Args:
        settings: Has an attribute for each name.
        ranges: Name to lowest and highest value; whole numbers where the bounds are.

    Raises:
        RequestError: If one is.
    """
    for name, (low, high) in ranges.items():
        value, is_whole = getattr(settings, name), isinstance(low, int)
        if value is None and name in _OPTIONAL:
            continue
        is_number = isinstance(value, int if is_whole else (int, float)) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            kind = "a whole number" if is_whole else "a number"
            raise RequestError(f"`{name}` must be {kind} from {low} to {high}, received {value!r}.")


def _check_flags(settings: object, *names: str) -> None:
    for name in names:
        if not isinstance(getattr(settings, name), bool):
            raise RequestError(f"`{name}` must be true or false, received {getattr(settings, name)!r}.")


def _check_choices(settings: object, choices: Mapping[str, tuple[str, ...]]) -> None:
    for name, allowed in choices.items():
        if getattr(settings, name) not in allowed:
            raise RequestError(f"`{name}` must be one of {', '.join(allowed)}, received {getattr(settings, name)!r}.")
