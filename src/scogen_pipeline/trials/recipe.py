"""What a network is made by: its size and its training, and what a trial changes of them.

**Conventions.** A setting is called by its name alone, `lstm_units` or `learning_rate`: no name is in both groups.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from scogen_pipeline.errors import RequestError, did_you_mean
from scogen_pipeline.model.settings import FitSettings, NetworkSettings

#: What no trial may change, and why.
_KEPT: Final = {
    "genre_repeats": "the pieces are read once, for all trials",
    "label": "each trial has a name of its own",
    "max_minutes": "all trials get the same time",
}


@dataclass(frozen=True)
class Recipe:
    """Settings of a network and of its training.

    >>> Recipe(NetworkSettings(), FitSettings()).changed({"lstm_units": 64, "learning_rate": 0.01}).network.lstm_units
    64
    """

    network: NetworkSettings
    fit: FitSettings

    @property
    def named(self) -> dict[str, Any]:
        """Each setting by its name."""
        return asdict(self.network) | asdict(self.fit)

    @property
    def hash(self) -> str:
        """Of all that the result of a training depends on, but for its limit of time."""
        facts = {name: value for name, value in self.named.items() if name not in {"label", "max_minutes"}}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def changed(self, changes: Mapping[str, Any]) -> Recipe:
        """Return the recipe with some settings changed.

        Raises:
            RequestError: If a name is no setting, or a value is out of range.
        """
        network, fit = ({name: changes[name] for name in group if name in changes} for group in _NAMES.values())
        require_settings(changes, "changes")
        return Recipe(replace(self.network, **network), replace(self.fit, **fit))

    def lasting(self, epochs: int, max_minutes: float) -> Recipe:
        """Return the recipe with another length of training, and without a label."""
        return Recipe(self.network, replace(self.fit, epochs=epochs, max_minutes=max_minutes, label=""))

    def by_group(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the values of some settings as the groups `network` and `fit`, those without any left out."""
        chosen = set(names)
        groups = {group: {name: self.named[name] for name in own if name in chosen} for group, own in _NAMES.items()}
        return {group: values for group, values in groups.items() if values}


_NAMES: Final = {
    group: tuple(field.name for field in fields(kind)) for group, kind in (("network", NetworkSettings), ("fit", FitSettings))
}


def require_settings(names: Iterable[str], where: str) -> None:
    """Check names of settings.

    Args:
        names: What was written.
        where: The file or group that it was written in, for messages.

    Raises:
        RequestError: If one is no setting, or one that trials keep.
    """
    known = {name for own in _NAMES.values() for name in own}
    for name in names:
        if name not in known:
            raise RequestError(
                f"`{where}` must name settings of the network or of its training, received `{name}`."
                f"{did_you_mean(str(name), known)} They are listed in docs/training.md."
            )


def require_changeable(names: Iterable[str], where: str, kept: Mapping[str, str] | None = None) -> None:
    """Check that names are settings that trials may change.

    Args:
        names: What was written.
        where: The file or group that it was written in, for messages.
        kept: What else may not change, and why.

    Raises:
        RequestError: If one is no setting, or one that trials keep.
    """
    names = list(names)
    require_settings(names, where)
    reasons = _KEPT | dict(kept or {})
    for name in names:
        if name in reasons:
            raise RequestError(f"`{where}` must leave out `{name}`: {reasons[name]}. Remove it there.")
