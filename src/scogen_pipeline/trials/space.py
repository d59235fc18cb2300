"""The space of a search: between what bounds, or among what choices, each setting is tried.

**Conventions.** Written as a table of `name: {kind, ...}`:

    int      low and high, both possible; `step` between values, or `log: true` to try each doubling as often as any other
    float    the same without `step`
    choice   `choices`, a list of values
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.errors import RequestError, did_you_mean
from scogen_pipeline.trials.recipe import Recipe, require_changeable

if TYPE_CHECKING:
    from optuna.trial import Trial

_WHERE: Final = "search_space"
_KINDS: Final = ("int", "float", "choice")
#: What a search decides for all trials alike.
_KEPT: Final = {
    "epochs": "it is `trial_epochs` for all trials",
    "patience": "a trial that is worse than others is pruned",
    "seed": "a lucky start is no setting",
}


@dataclass(frozen=True)
class Dimension:
    """One setting and its values.

    Args:
        name: Of the setting.
        kind: "int", "float" or "choice".
        low: Lowest value of a number.
        high: Highest value of a number.
        step: Between values of a whole number.
        log: Whether ratios count instead of differences.
        choices: Values of a choice.

    Raises:
        RequestError: If these do not fit together.
    """

    name: str
    kind: str
    low: Any = None
    high: Any = None
    step: Any = 1
    log: Any = False
    choices: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        """Check that what the kind needs is there."""
        if self.kind not in _KINDS:
            raise self._error("`kind` must be int, float or choice", self.kind)
        if self.kind == "choice":
            self._check_choices()
        else:
            self._check_bounds()

    @classmethod
    def of_entry(cls, name: str, entry: Any) -> Dimension:
        """Read one row of the table."""
        known = {field.name for field in fields(cls)} - {"name"}
        if not isinstance(entry, Mapping) or "kind" not in entry:
            raise RequestError(f"`{_WHERE}`, `{name}`: must be a table with `kind`, received {entry!r}.")
        for key in entry:
            if key not in known:
                raise RequestError(
                    f"`{_WHERE}`, `{name}`: keys must be among {', '.join(sorted(known))}, received `{key}`."
                    f"{did_you_mean(str(key), known)}"
                )
        choices = entry.get("choices", [])
        if not isinstance(choices, list):
            raise RequestError(f"`{_WHERE}`, `{name}`: `choices` must be a list, received {choices!r}.")
        return cls(name, **dict(entry) | {"choices": tuple(choices)})

    @property
    def ends(self) -> tuple[Any, ...]:
        """The values that are out of range first."""
        return self.choices or (self.low, self.high)

    def holds(self, value: Any) -> bool:
        """Whether a value is one of the space."""
        if self.choices:
            return any(value == choice and type(value) is type(choice) for choice in self.choices)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not self._low <= value <= self._high:
            return False
        return self.kind == "float" or (value - self._low) % self.step == 0

    def suggest(self, trial: Trial) -> Any:
        """Let Optuna choose a value."""
        if self.kind == "choice":
            return trial.suggest_categorical(self.name, self.choices)
        if self.kind == "int":
            return trial.suggest_int(self.name, int(self._low), int(self._high), step=self.step, log=self.log)
        return trial.suggest_float(self.name, self._low, self._high, log=self.log)

    @property
    def _low(self) -> float:
        return float(self.low or 0)

    @property
    def _high(self) -> float:
        return float(self.high or 0)

    def _check_choices(self) -> None:
        if not self.choices or len({repr(choice) for choice in self.choices}) < len(self.choices):
            raise self._error("`choices` must be different values, at least one", list(self.choices))
        for choice in self.choices:
            if not isinstance(choice, bool | int | float | str | None):
                raise self._error("`choices` must be numbers, words, true, false or null", choice)
        if (self.low, self.high, self.step, self.log) != (None, None, 1, False):
            raise self._error("a choice must have `choices` only", f"low {self.low}, high {self.high}")

    def _check_bounds(self) -> None:
        number = int if self.kind == "int" else int | float
        for bound in (self.low, self.high):
            if not isinstance(bound, number) or isinstance(bound, bool):
                raise self._error(f"`low` and `high` must be {'whole ' if self.kind == 'int' else ''}numbers", bound)
        if self.choices:
            raise self._error("a number must have `low` and `high`, and no `choices`", list(self.choices))
        if not self._low < self._high:
            raise self._error("`low` must be below `high`", f"{self.low} and {self.high}")
        if not isinstance(self.log, bool):
            raise self._error("`log` must be true or false", self.log)
        if self.log and self._low <= 0:
            raise self._error("`low` must be above 0 where `log` is true", self.low)
        if type(self.step) is not int or self.step < 1:
            raise self._error("`step` must be a whole number from 1", self.step)
        if self.step > 1 and (self.kind == "float" or self.log or (self._high - self._low) % self.step):
            raise self._error("`step` must lead from `low` to `high` of a whole number without `log`", self.step)

    def _error(self, rule: str, received: Any) -> RequestError:
        return RequestError(f"`{_WHERE}`, `{self.name}`: {rule}, received {received!r}.")


@dataclass(frozen=True)
class Space:
    """All dimensions of a search.

    >>> Space.of_table({"dropout": {"kind": "float", "low": 0.0, "high": 0.5}}).names
    ('dropout',)
    """

    dimensions: tuple[Dimension, ...]

    @classmethod
    def of_table(cls, table: Any) -> Space:
        """Read the table.

        Raises:
            RequestError: If a row is no setting, or cannot be understood.
        """
        if not isinstance(table, Mapping) or not table:
            raise RequestError(f"`{_WHERE}` must be a table with a row a setting, received {table!r}.")
        require_changeable(table, _WHERE, _KEPT)
        return cls(tuple(Dimension.of_entry(str(name), entry) for name, entry in table.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the settings, in order."""
        return tuple(dimension.name for dimension in self.dimensions)

    def require_range(self, recipe: Recipe) -> None:
        """Refuse bounds that no network can have.

        Raises:
            RequestError: If a bound or a choice is out of range.
        """
        for dimension in self.dimensions:
            for value in dimension.ends:
                try:
                    recipe.changed({dimension.name: value})
                except RequestError as error:
                    raise RequestError(f"`{_WHERE}`, `{dimension.name}`: {error}") from None

    def values_of(self, recipe: Recipe) -> dict[str, Any]:
        """Return those values of a recipe that the space holds."""
        return {
            dimension.name: recipe.named[dimension.name]
            for dimension in self.dimensions
            if dimension.holds(recipe.named[dimension.name])
        }

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """Let Optuna choose a value of each setting."""
        return {dimension.name: dimension.suggest(trial) for dimension in self.dimensions}
