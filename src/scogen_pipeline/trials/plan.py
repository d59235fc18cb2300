"""What trials are to be run: those of a search, whose settings a sampler chooses, or those of an ablation, which are given.

**Conventions.** A plan is plain data that knows no results. Its `facts` are all that a trial's result depends on beside the data:
a study of other facts is another study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.settings import check_ranges
from scogen_pipeline.trials.recipe import Recipe, require_changeable
from scogen_pipeline.trials.space import Space

if TYPE_CHECKING:
    from optuna.trial import Trial

_SEARCH_RANGES: Final = {
    "trials": (1, 100_000),
    "search_minutes": (0.0, 1e6),
    "trial_epochs": (1, 100_000),
    "trial_minutes": (0.0, 1e6),
    "search_seed": (0, 2_147_483_647),
    "random_trials": (1, 100_000),
}
_ABLATION_RANGES: Final = {"ablation_epochs": (1, 100_000), "ablation_minutes": (0.0, 1e6)}


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    Args:
        trials: Number of trials of the study, those of earlier runs counted in.
        search_minutes: A run ends after the epoch that exceeds this; the same command goes on. 0 for no limit.
        trial_epochs: Epochs of a trial.
        trial_minutes: A trial ends after the epoch that exceeds this; 0 for no limit.
        search_seed: Decides what is tried.
        random_trials: Trials that are drawn at random before earlier results are looked at and before any is pruned.

    Raises:
        RequestError: If a value is out of range.
    """

    trials: int = 20
    search_minutes: float = 0.0
    trial_epochs: int = 4
    trial_minutes: float = 0.0
    search_seed: int = 1
    random_trials: int = 6

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_ranges(self, _SEARCH_RANGES)


@dataclass(frozen=True)
class AblationSettings:
    """How to train each variant of an ablation.

    Args:
        ablation_epochs: Most epochs; the learning rate follows its cosine over them.
        ablation_minutes: A variant ends after the epoch that exceeds this; 0 for no limit.

    Raises:
        RequestError: If a value is out of range.
    """

    ablation_epochs: int = 8
    ablation_minutes: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_ranges(self, _ABLATION_RANGES)


class Plan(Protocol):
    """What a study needs to know of a search or an ablation."""

    @property
    def kind(self) -> str:
        """A word that the study is called by."""

    @property
    def recipe(self) -> Recipe:
        """What is trained where nothing is changed."""

    @property
    def n_trials(self) -> int:
        """Number of trials of the whole study."""

    @property
    def minutes(self) -> float:
        """Longest time of this run; 0 for no limit."""

    @property
    def seed(self) -> int:
        """Decides what is tried."""

    @property
    def n_unpruned(self) -> int:
        """Number of trials that end before any is pruned; at least `n_trials`: none is."""

    @property
    def given(self) -> tuple[dict[str, Any], ...]:
        """What Optuna is told to try first."""

    @property
    def facts(self) -> Any:
        """What JSON holds of the plan, see the module's conventions."""

    def choose(self, trial: Trial) -> dict[str, Any]:
        """Return what a trial changes."""

    def title(self, number: int, changes: Mapping[str, Any]) -> str:
        """Name a trial by its number, from 1, or by what it is."""


@dataclass(frozen=True)
class SearchPlan:
    """A search for good settings; the first trial is the recipe itself, as far as the space holds it.

    Args:
        recipe: What is trained where nothing is changed.
        space: What is tried.
        settings: How.

    Raises:
        RequestError: If the space leaves the range of a setting.
    """

    recipe: Recipe
    space: Space
    settings: SearchSettings
    kind: str = "search"

    def __post_init__(self) -> None:
        """Check the space, and give each trial its length."""
        self.space.require_range(self.recipe)
        # A trial that does not get better is pruned instead: patience would end it before it can be compared.
        recipe = self.recipe.lasting(self.settings.trial_epochs, self.settings.trial_minutes)
        object.__setattr__(self, "recipe", recipe.changed({"patience": self.settings.trial_epochs}))

    @property
    def n_trials(self) -> int:
        """Number of trials of the whole study."""
        return self.settings.trials

    @property
    def minutes(self) -> float:
        """Longest time of this run; 0 for no limit."""
        return self.settings.search_minutes

    @property
    def seed(self) -> int:
        """Decides what is tried."""
        return self.settings.search_seed

    @property
    def n_unpruned(self) -> int:
        """Number of trials that end before any is pruned."""
        return self.settings.random_trials

    @property
    def given(self) -> tuple[dict[str, Any], ...]:
        """The recipe itself, so that nothing worse is found."""
        values = self.space.values_of(self.recipe)
        return (values,) if values else ()

    @property
    def facts(self) -> Any:
        """The recipe, the space and all settings but the limits of this run."""
        settings = {name: value for name, value in asdict(self.settings).items() if name not in {"trials", "search_minutes"}}
        return [self.recipe.hash, asdict(self.space), settings]

    def choose(self, trial: Trial) -> dict[str, Any]:
        """Let Optuna choose."""
        return self.space.suggest(trial)

    def title(self, number: int, changes: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Name a trial by its number."""
        return f"trial {number}"


@dataclass(frozen=True)
class AblationPlan:
    """Named variants of a recipe, each trained once on the same data, with the same seed and for the same time.

    Args:
        recipe: What is changed.
        variants: Name to changes.
        settings: How long to train.

    Raises:
        RequestError: If a variant changes what is no setting, or leaves its range.
    """

    recipe: Recipe
    variants: Mapping[str, Mapping[str, Any]]
    settings: AblationSettings
    kind: str = "ablation"

    def __post_init__(self) -> None:
        """Check the variants, and give each its length."""
        if not isinstance(self.variants, Mapping) or not self.variants:
            raise RequestError(f"`ablations` must be a table of name to changes, received {self.variants!r}.")
        recipe = self.recipe.lasting(self.settings.ablation_epochs, self.settings.ablation_minutes)
        object.__setattr__(self, "recipe", recipe)
        object.__setattr__(self, "variants", {str(name): dict(changes or {}) for name, changes in self.variants.items()})
        for name, changes in self.variants.items():
            require_changeable(changes, f"ablations.{name}")
            try:
                self.recipe.changed(changes)
            except RequestError as error:
                raise RequestError(f"`ablations`, `{name}`: {error}") from None

    @property
    def n_trials(self) -> int:
        """One a variant."""
        return len(self.variants)

    @property
    def minutes(self) -> float:
        """No limit but that of each variant."""
        return 0.0

    @property
    def seed(self) -> int:
        """Nothing is drawn."""
        return 0

    @property
    def n_unpruned(self) -> int:
        """All of them."""
        return len(self.variants)

    @property
    def given(self) -> tuple[dict[str, Any], ...]:
        """Each variant."""
        return tuple({"variant": name} for name in self.variants)

    @property
    def facts(self) -> Any:
        """The recipe, the variants and how long they are trained."""
        return [self.recipe.hash, list(self.variants.items()), asdict(self.settings)]

    def choose(self, trial: Trial) -> dict[str, Any]:
        """Look the variant up."""
        return dict(self.variants[str(trial.suggest_categorical("variant", list(self.variants)))])

    def title(self, number: int, changes: Mapping[str, Any]) -> str:  # noqa: ARG002
        """Name a trial by its variant."""
        return list(self.variants)[number - 1]
