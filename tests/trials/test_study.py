"""A study tries what its plan says, stops what is bad, and goes on where it was left."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from optuna.storages import InMemoryStorage

from scogen_pipeline.datasets.study import StudyDataset, StudyFile
from scogen_pipeline.errors import DataError
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.snapshot import EpochResult, NoCheckpoint
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.trials.plan import AblationPlan, AblationSettings, SearchPlan, SearchSettings
from scogen_pipeline.trials.recipe import Recipe
from scogen_pipeline.trials.results import Results
from scogen_pipeline.trials.space import Space
from scogen_pipeline.trials.study import run_trials, study_name

SPACE = {
    "lstm_units": {"kind": "int", "low": 32, "high": 128, "step": 32},
    "learning_rate": {"kind": "float", "low": 0.001, "high": 0.1, "log": True},
    "skip_connections": {"kind": "choice", "choices": [False, True]},
}
RECIPE = Recipe(NetworkSettings(lstm_units=64), FitSettings(learning_rate=0.003))


def search_plan(**settings: Any) -> SearchPlan:
    return SearchPlan(RECIPE, Space.of_table(SPACE), SearchSettings(**{"trials": 6, "random_trials": 3} | settings))


class Pieces:
    """As much of training data as a study asks for."""

    n_targets = 10


@dataclass(frozen=True)
class FakeData:
    hash: str = "data"
    valid: Any = field(default_factory=Pieces)
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary(("<end>", "<pad>", "<start>")))
    sight: Any = field(default_factory=lambda: type("Sight", (), {"hash": "blind"}))


class Killed(BaseException):
    """The process ends."""


@dataclass
class FakeTraining:
    """Each epoch brings the NLL nearer to how far the learning rate is from 0.01 (in powers of ten)."""

    kill_at: tuple[int, int] = (0, 0)  # number of the training, epoch
    n_trainings: int = 0
    nll: Callable[[FitSettings, int], float] = lambda fit, epoch: abs(np.log10(fit.learning_rate) + 2) + 1 / epoch

    def __call__(
        self, data: Any, network: NetworkSettings, fit: FitSettings, *, checkpoint: Any, listeners: Sequence[Any]
    ) -> None:
        self.n_trainings += 1
        for epoch in range(1, fit.epochs + 1):
            for listener in listeners:
                listener(EpochResult(epoch, 1.0, float(self.nll(fit, epoch)), 0.1, 1000.0, 60.0 * epoch))
            if (self.n_trainings, epoch) == self.kill_at:
                raise Killed


class Memory:
    """Places that outlive a study, one a folder: a file takes a second to make."""

    def __init__(self) -> None:
        self._storages: dict[Path, Any] = {}

    def at(self, path: Path) -> Any:
        storage = self._storages.setdefault(path, InMemoryStorage())
        return SimpleNamespace(storage=lambda: storage, checkpoint=NoCheckpoint())


MEMORY = Memory()


@pytest.fixture(autouse=True)
def no_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings are faked: there is nothing to forget."""
    monkeypatch.setattr("scogen_pipeline.trials.study._forget_former_trial", lambda: None)


def run(plan: Any, path: Path, training: FakeTraining | None = None, data: Any = None, *, is_file: bool = False) -> Results:
    place = StudyFile(path / "study.db") if is_file else MEMORY.at(path)
    return run_trials(plan, data or FakeData(), place, train=training or FakeTraining())


def tried(results: Results) -> list[Any]:
    return [(trial.title, trial.state, dict(trial.changes), trial.history) for trial in results.trials]


def test_the_first_trial_is_the_recipe_and_the_best_is_the_lowest(tmp_path: Path) -> None:
    results = run(search_plan(), tmp_path)
    assert results.trials[0].changes == {"lstm_units": 64, "learning_rate": 0.003, "skip_connections": False}
    assert results.best.best.valid_nll == min(trial.best.valid_nll for trial in results.trials if trial.state == "complete")
    assert len(results.trials) == 6


def test_the_same_seed_tries_the_same_and_another_does_not(tmp_path: Path) -> None:
    first, second, other = (
        run(search_plan(search_seed=seed), tmp_path / name) for name, seed in (("first", 1), ("second", 1), ("other", 2))
    )
    assert tried(first) == tried(second)
    assert tried(first)[1:] != tried(other)[1:]


@pytest.mark.parametrize("kill_at", [(2, 3), (5, 1)])
def test_a_study_that_was_killed_ends_like_one_left_alone(tmp_path: Path, kill_at: tuple[int, int]) -> None:
    undisturbed = run(search_plan(), tmp_path / "undisturbed")
    with pytest.raises(Killed):
        run(search_plan(), tmp_path / "killed", FakeTraining(kill_at), is_file=True)
    assert tried(run(search_plan(), tmp_path / "killed", is_file=True)) == tried(undisturbed)


def test_a_finished_study_trains_nothing_and_more_trials_go_on_with_it(tmp_path: Path) -> None:
    run(search_plan(), tmp_path)
    again, more = FakeTraining(), FakeTraining()
    assert len(run(search_plan(), tmp_path, again).trials) == 6
    assert len(run(search_plan(trials=8), tmp_path, more).trials) == 8
    assert (again.n_trainings, more.n_trainings) == (0, 2)


def test_other_data_or_another_space_is_another_study_in_the_same_file(tmp_path: Path) -> None:
    run(search_plan(), tmp_path)
    training = FakeTraining()
    run(search_plan(), tmp_path, training, FakeData("other"))
    assert training.n_trainings == 6
    assert len({study_name(search_plan(), FakeData(name)) for name in ("data", "other")}) == 2  # type: ignore[arg-type]
    names = {study_name(search_plan(**length), FakeData()) for length in ({}, {"trials": 9}, {"search_minutes": 1.0})}  # type: ignore[arg-type]
    assert len(names) == 1


def test_what_is_above_the_median_is_pruned_early(tmp_path: Path) -> None:
    results = run(search_plan(trials=16, random_trials=4), tmp_path)
    pruned = [trial for trial in results.trials if trial.state == "pruned"]
    assert pruned
    assert all(1 < len(trial.history) < 4 for trial in pruned)
    assert {trial.reason for trial in pruned} <= {f"above the median after epoch {epoch}" for epoch in (2, 3)}


def test_a_training_that_diverges_fails_and_the_search_goes_on(tmp_path: Path) -> None:
    results = run(
        search_plan(random_trials=6), tmp_path, FakeTraining(nll=lambda fit, epoch: np.nan if fit.learning_rate > 0.02 else 1.0)
    )
    failed = [trial for trial in results.trials if trial.state == "failed"]
    assert failed
    assert {trial.reason for trial in failed} == {"diverged in epoch 1"}
    assert len(results.trials) == 6


def test_a_trial_that_ends_the_process_each_time_is_given_up(tmp_path: Path) -> None:
    for _ in range(3):
        with pytest.raises(Killed):
            run(search_plan(), tmp_path, FakeTraining(nll=_die))
    results = run(search_plan(), tmp_path)
    assert [trial.state for trial in results.trials[:2]] == ["failed", "complete"]
    assert results.trials[0].reason == "ended the process 3 times after epoch 0"


def _die(fit: FitSettings, epoch: int) -> float:
    raise Killed


def test_a_run_out_of_time_leaves_its_trial_for_the_next(tmp_path: Path) -> None:
    short = run(search_plan(search_minutes=1e-9), tmp_path)
    assert len(short.trials) <= 1
    with pytest.raises(DataError, match="The same command goes on"):
        _ = short.best
    assert tried(run(search_plan(), tmp_path)) == tried(run(search_plan(), tmp_path / "undisturbed"))


def test_each_variant_of_an_ablation_is_trained_once_in_order_and_none_is_pruned(tmp_path: Path) -> None:
    variants = {"as configured": {}, "fast": {"learning_rate": 0.01}, "slow": {"learning_rate": 0.0001}}
    plan = AblationPlan(RECIPE, variants, AblationSettings(ablation_epochs=3))
    table = run(plan, tmp_path).table()
    assert table["title"].tolist() == list(variants)
    assert table["learning_rate"].tolist() == [0.003, 0.01, 0.0001]
    assert table["epochs"].tolist() == [3, 3, 3]


def test_the_file_of_a_study_holds_nothing_pickled(tmp_path: Path) -> None:
    run(search_plan(), tmp_path, is_file=True)
    with sqlite3.connect(tmp_path / "study.db") as study:
        names = [name for (name,) in study.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = [value for name in names for row in study.execute(f"SELECT * FROM {name}") for value in row]  # noqa: S608
    assert not [value for value in values if isinstance(value, bytes)]
    # A pickle is bytes, or text of protocol 0, which ends in a full stop; JSON and words do not.
    assert not [value for value in values if isinstance(value, str) and value.endswith(".")]


def test_one_run_at_a_time_goes_on_with_a_file(tmp_path: Path) -> None:
    dataset = StudyDataset(filepath=str(tmp_path / "study.db"))
    assert dataset.is_locked_as_input
    assert dataset.locked_folder == str(tmp_path / "study.db")


def test_the_best_settings_are_parameters_of_an_environment(tmp_path: Path) -> None:
    from kedro.config import OmegaConfigLoader  # noqa: PLC0415

    results = run(search_plan(), tmp_path)
    (tmp_path / "base").mkdir()
    (tmp_path / "found").mkdir()
    (tmp_path / "base" / "parameters_fit.yml").write_text("fit: {learning_rate: 0.5, epochs: 3}")
    (tmp_path / "base" / "parameters_network.yml").write_text("network: {lstm_units: 16}")
    (tmp_path / "found" / "parameters_found.yml").write_text(results.found_yaml())

    def load(**typed: Any) -> dict[str, Any]:
        merging = {"parameters": "soft"}
        loader = OmegaConfigLoader(
            str(tmp_path), env="found", base_env="base", default_run_env="found", merge_strategy=merging, runtime_params=typed
        )
        return dict(loader["parameters"])

    best = results.best.changes
    assert load()["fit"] == {"learning_rate": best["learning_rate"], "epochs": 3}
    assert load()["network"] == {name: best[name] for name in ("lstm_units", "skip_connections")}
    assert load(learning_rate=0.25)["fit"]["learning_rate"] == 0.25
