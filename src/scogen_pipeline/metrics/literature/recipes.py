"""How each published set is spelled and a network is trained on it; and which sets are to be trained.

**Conventions.** A recipe is three groups of settings: `spelling` (arguments of the set's adapter), `network` and `fit`. What a
group leaves out has its default. The recipe of a trained network stays with it, so it is scored as it was trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.literature.chorales import ChoraleAdapter
from scogen_pipeline.metrics.literature.network import frame_training_data, frame_vocabulary
from scogen_pipeline.metrics.literature.rolls import RollAdapter
from scogen_pipeline.metrics.literature.sets import FILE_BY_SET, BenchmarkSet
from scogen_pipeline.model.fitting import Listener, fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scogen_pipeline.metrics.literature.frames import FrameAdapter
    from scogen_pipeline.model.bundle import TrainedModel
    from scogen_pipeline.model.snapshot import Checkpoint

ALL: Final = "all"
_MOST_SHIFT: Final = 6


@dataclass(frozen=True)
class NetworkChoice:
    """Which networks are trained, for how long, and how they are scored.

    Args:
        benchmark_networks: Names of sets joined by `+`, or `all`; "" for none. Networks that are there are scored in any case.
        benchmark_minutes: Longest training of a set; a later run goes on where it stopped.
        benchmark_transpositions: If above 0, a mixture of transpositions by up to so many semitones either way is one more model.

    Raises:
        RequestError: If a set is unknown or a number out of range.
    """

    benchmark_networks: str = ""
    benchmark_minutes: float = 25.0
    benchmark_transpositions: int = 0

    def __post_init__(self) -> None:
        """Check names and ranges."""
        unknown = [name for name in self.sets if name not in FILE_BY_SET]
        if unknown:
            raise RequestError(f"`benchmark_networks` must be {ALL}, or of {'+'.join(FILE_BY_SET)}, received `{unknown[0]}`.")
        if not self.benchmark_minutes > 0:
            raise RequestError(f"`benchmark_minutes` must be above 0, received {self.benchmark_minutes}.")
        if not 0 <= self.benchmark_transpositions <= _MOST_SHIFT:
            raise RequestError(
                f"`benchmark_transpositions` must be from 0 to {_MOST_SHIFT}, received {self.benchmark_transpositions}."
            )

    @property
    def sets(self) -> tuple[str, ...]:
        """The sets to train on."""
        return tuple(FILE_BY_SET) if self.benchmark_networks == ALL else tuple(filter(None, self.benchmark_networks.split("+")))


@dataclass(frozen=True)
class NetworkRecipe:
    """One set's settings.

    Args:
        spelling: Arguments of its adapter.
        network: Size and regularisation.
        fit: How to train.
    """

    spelling: Mapping[str, Any]
    network: NetworkSettings
    fit: FitSettings

    @classmethod
    def of_settings(cls, name: str, groups: Mapping[str, Mapping[str, Any]]) -> NetworkRecipe:
        """Read a recipe.

        Args:
            name: Of its set, for the message.
            groups: `spelling`, `network` and `fit`; each may be absent.

        Raises:
            RequestError: If a setting is unknown or out of range.
        """
        try:
            return cls(
                groups.get("spelling", {}), NetworkSettings(**groups.get("network", {})), FitSettings(**groups.get("fit", {}))
            )
        except TypeError as error:
            raise RequestError(f"The recipe of `{name}` must have only known settings: {error}. See docs/training.md.") from error


def adapter_of(benchmark: BenchmarkSet, spelling: Mapping[str, Any]) -> FrameAdapter:
    """Return the adapter of a set.

    Raises:
        RequestError: If an argument is unknown or out of range.
    """
    try:
        return (ChoraleAdapter if benchmark.is_grid else RollAdapter)(benchmark, **spelling)
    except TypeError as error:
        raise RequestError(f"The spelling of `{benchmark.name}` must have only known arguments: {error}.") from error


def train_network(
    benchmark: BenchmarkSet,
    recipe: NetworkRecipe,
    minutes: float,
    checkpoint: Checkpoint | None = None,
    listeners: Sequence[Listener] = (),
) -> TrainedModel:
    """Train a network on a set by its recipe, or go on with it, or only finish it."""
    data = frame_training_data(adapter_of(benchmark, recipe.spelling))
    fit = replace(recipe.fit, max_minutes=minutes)
    model, _ = fit_model(data, recipe.network, fit, checkpoint=checkpoint, listeners=listeners)
    return replace(model, settings={**model.settings, "spelling": dict(recipe.spelling)})


def adapter_of_network(benchmark: BenchmarkSet, model: TrainedModel) -> FrameAdapter:
    """Return the adapter that a network was trained with.

    Raises:
        VocabularyError: If it was trained on another set or with other tokens.
    """
    adapter = adapter_of(benchmark, model.settings.get("spelling", {}))
    model.require_vocabulary(frame_vocabulary(adapter))
    return adapter
