"""What trials gave: a row each, and the best settings as configuration.

**Conventions.** NLL in nats per validation token; a trial's is that of its best epoch. Trials keep their order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.snapshot import EpochResult, best_epoch
from scogen_pipeline.trials.recipe import Recipe

#: States of a trial.
COMPLETE: Final = "complete"
PRUNED: Final = "pruned"
FAILED: Final = "failed"
UNFINISHED: Final = "unfinished"


@dataclass(frozen=True)
class TrialResult:
    """One trial.

    Args:
        number: From 1; Optuna's own begin at 0.
        title: What it is called.
        state: "complete", "pruned", "failed" or "unfinished".
        reason: Why it was pruned or failed.
        changes: The settings that it changed.
        history: One result an epoch.
        memory: Its peaks, see `model.memory`.
    """

    number: int
    title: str
    state: str
    reason: str
    changes: Mapping[str, Any]
    history: tuple[EpochResult, ...]
    memory: Mapping[str, float]

    @property
    def best(self) -> EpochResult | None:
        """The epoch with the lowest validation NLL."""
        return self.history[best_epoch(self.history) - 1] if self.history else None


@dataclass(frozen=True)
class Results:
    """All trials of a study.

    Args:
        study: Name of the study.
        recipe: What was changed.
        trials: In order.
    """

    study: str
    recipe: Recipe
    trials: tuple[TrialResult, ...]

    @property
    def best(self) -> TrialResult:
        """The complete trial with the lowest NLL.

        Raises:
            DataError: If none is complete.
        """
        complete = [trial for trial in self.trials if trial.state == COMPLETE and trial.best]
        if not complete:
            reasons = sorted({trial.reason for trial in self.trials if trial.reason})
            raise DataError(
                f"`{self.study}` must have a trial that was trained to its end, received {len(self.trials)} trials without one"
                f"{': ' + '; '.join(reasons) if reasons else ''}. The same command goes on where it left off."
            )
        return min(complete, key=_nll)

    def table(self) -> pd.DataFrame:
        """Return a row a trial: its name, how it went, and its changes, a column each."""
        rows = pd.DataFrame([_row(trial) for trial in self.trials])
        names = sorted({name for trial in self.trials for name in trial.changes})
        for name in names:
            # What was not changed has the value of the recipe. A column may mix kinds of values (null and numbers): as text.
            values = [trial.changes.get(name, self.recipe.named[name]) for trial in self.trials]
            kinds = {type(value) for value in values}
            rows[name] = values if len(kinds) == 1 or kinds == {int, float} else [json.dumps(value) for value in values]
        return rows

    def found_yaml(self) -> str:
        """Write the best trial's settings as parameters of an environment, which `--params` still overrides."""
        best = self.best
        changed = self.recipe.changed(best.changes).by_group(best.changes)
        lines = [f"# {self.study}, {best.title}: {_nll(best):.4f} nats per validation token after a short training."]
        for group, values in changed.items():
            lines += [
                f"{group}:",
                *(f"  {name}: ${{runtime_params:{name}, {json.dumps(value)}}}" for name, value in values.items()),
            ]
        return "\n".join(lines) + "\n"


def _row(trial: TrialResult) -> dict[str, Any]:
    best, history = trial.best, trial.history
    return {
        "trial": trial.number,
        "title": trial.title,
        "state": trial.state,
        "valid_nll": best.valid_nll if best else None,
        "train_nll": best.train_nll if best else None,
        "best_epoch": best.epoch if best else 0,
        "epochs": len(history),
        "minutes": history[-1].elapsed_seconds / 60 if history else 0.0,
        "tokens_per_second": sum(result.tokens_per_second for result in history) / len(history) if history else None,
        "peak_memory_mib": trial.memory.get("peak_memory_mib"),
        "device_memory_mib": trial.memory.get("device_memory_mib"),
        "reason": trial.reason,
    }


def _nll(trial: TrialResult) -> float:
    return trial.best.valid_nll if trial.best else float("inf")


def with_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Add how far each row is from the first one, in nats; above 0 is worse."""
    return table.assign(difference=table["valid_nll"] - table["valid_nll"].iloc[0])


def describe(trials: Sequence[TrialResult]) -> str:
    """Count trials by state, in a line."""
    states = pd.Series([trial.state for trial in trials]).value_counts()
    return ", ".join(f"{count} {state}" for state, count in states.items())
