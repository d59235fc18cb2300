"""Runs the trials of a plan one after another; whatever ends the process, the same call goes on where it was.

Optuna's storage keeps what was tried and what came of it; the training's own checkpoint keeps where the trial that runs stands.
What is tried next follows from the plan's seed and the trials before it alone, so that a study that was interrupted tries what
one left alone would have tried. (Where time limits a trial, how far it gets depends on the machine.)

**Conventions.** The value of a trial is the lowest validation NLL of its epochs, in nats per token.

**References.** Akiba et al., 2019 (Optuna); Bergstra et al., 2011 (the tree-structured Parzen estimator). What stands above the
median of the trials before it at the same epoch is pruned.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.model.fitting import TrainingData, fit_model
from scogen_pipeline.model.memory import forget_peak, peak_memory
from scogen_pipeline.model.snapshot import Checkpoint, EpochResult, Snapshot, best_epoch
from scogen_pipeline.trials.plan import Plan
from scogen_pipeline.trials.recorder import NoRecorder, Record, Recorder
from scogen_pipeline.trials.results import COMPLETE, FAILED, PRUNED, UNFINISHED, Results, TrialResult, describe

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial, Trial

logger = logging.getLogger(__name__)

#: Epochs of a trial before it may be pruned: the first one says more about the learning rate than about the settings.
_WARM_UP_EPOCHS: Final = 1
#: A trial that was begun so often without getting any further ends the process each time: it has failed.
_MOST_ATTEMPTS: Final = 3
_NAME_DIGITS: Final = 12


class StudyPlace(Protocol):
    """Where a study outlives the process; the dataset `search_study` is one."""

    def storage(self) -> BaseStorage:
        """Return Optuna's storage."""

    @property
    def checkpoint(self) -> Checkpoint:
        """Where the trial that runs leaves off."""


def run_trials(
    plan: Plan,
    data: TrainingData,
    place: StudyPlace,
    recorder: Recorder | None = None,
    train: Callable[..., Any] = fit_model,
) -> Results:
    """Run the trials of a plan that were not run yet.

    Args:
        plan: What to try.
        data: What to learn from and to measure by.
        place: Where the study is kept.
        recorder: Who follows the trials.
        train: Trains a model; `model.fitting.fit_model`, or what takes the same arguments.

    Raises:
        DataError: If there is nothing to measure by.
    """
    if not data.valid.n_targets:
        raise DataError("`encoded_pieces` must hold pieces of the split `valid`, received none. Ingest more files.")
    return _Trials(plan, data, place, recorder or NoRecorder(), train).run()


def study_name(plan: Plan, data: TrainingData) -> str:
    """Name a study by all that its results depend on."""
    facts = json.dumps([plan.facts, data.hash, data.vocabulary.hash, data.sight.hash], sort_keys=True)
    return f"{plan.kind}-{hashlib.sha256(facts.encode()).hexdigest()[:_NAME_DIGITS]}"


class _Trials:
    """A study and what it needs to go on."""

    def __init__(self, plan: Plan, data: TrainingData, place: StudyPlace, recorder: Recorder, train: Callable[..., Any]) -> None:
        self._plan, self._data, self._checkpoint, self._recorder, self._train = plan, data, place.checkpoint, recorder, train
        self._name = study_name(plan, data)
        self._study = _open_study(self._name, plan, place.storage())
        self._deadline = time.monotonic() + 60 * plan.minutes if plan.minutes else math.inf

    def run(self) -> Results:
        """Run one trial after another until there are enough or the time is over."""
        if self._n_finished:
            logger.info("Going on with %s: %d of %d trials are done.", self._name, self._n_finished, self._plan.n_trials)
        while self._n_finished < self._plan.n_trials and time.monotonic() < self._deadline:
            trial, is_new = self._next_trial()
            try:
                self._run_trial(trial, is_new)
            except _OutOfTimeError:
                break
        if self._n_finished < self._plan.n_trials:
            logger.info(
                "The time is over after %d of %d trials. The same command goes on.", self._n_finished, self._plan.n_trials
            )
        trials = tuple(self._result(trial) for trial in self._study.get_trials(deepcopy=False) if not _is_waiting(trial))
        logger.info("%s: %s.", self._name, describe(trials))
        return Results(self._name, self._plan.recipe, trials)

    @property
    def _n_finished(self) -> int:
        return sum(trial.state.is_finished() for trial in self._study.get_trials(deepcopy=False))

    def _next_trial(self) -> tuple[Trial, bool]:
        """Take up the trial that a killed run left, or begin one."""
        import optuna  # noqa: PLC0415  (a second that only studies pay)

        # Anew for each trial: a sampler that goes on drawing cannot be taken up.
        self._study.sampler = _sampler(self._plan, self._n_finished)
        running = self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
        if running:
            return optuna.trial.Trial(self._study, running[0]._trial_id), False
        return self._study.ask(), True

    def _run_trial(self, trial: Trial, is_new: bool) -> None:
        changes = self._plan.choose(trial)
        number = trial.number + 1
        title = self._plan.title(number, changes)
        trial.set_user_attr("title", title)
        trial.set_user_attr("changes", changes)
        n_before = len(trial.user_attrs.get("history", []))
        attempts = [*trial.user_attrs.get("taken_up_after", []), n_before]
        trial.set_user_attr("taken_up_after", attempts)
        logger.info("%s (%d of %d): %s", title, number, self._plan.n_trials, _spelt(changes) or "nothing changed")
        record = self._recorder.begin(self._name, number, title, self._plan.recipe.named | changes)
        if attempts.count(n_before) > _MOST_ATTEMPTS:
            self._end(trial, record, FAILED, f"ended the process {_MOST_ATTEMPTS} times after epoch {n_before}")
            return
        try:
            recipe = self._plan.recipe.changed(changes)
            _forget_former_trial()
            self._train(
                self._data,
                recipe.network,
                recipe.fit,
                checkpoint=_Fresh(self._checkpoint) if is_new else self._checkpoint,
                listeners=[_Watch(trial, record, recipe.fit.epochs, self._deadline)],
            )
        except _PrunedError as error:
            self._end(trial, record, PRUNED, str(error))
        except (_DivergedError, RequestError) as error:
            self._end(trial, record, FAILED, str(error))
        else:
            self._end(trial, record, COMPLETE, "")

    def _end(self, trial: Trial, record: Record, state: str, reason: str) -> None:
        import optuna  # noqa: PLC0415

        states = {COMPLETE: optuna.trial.TrialState.COMPLETE, PRUNED: optuna.trial.TrialState.PRUNED}
        history = _history(trial.user_attrs)
        trial.set_user_attr("reason", reason)
        # Optuna takes the last value that a pruned trial reported; a failed one has none.
        value = history[best_epoch(history) - 1].valid_nll if state == COMPLETE else None
        record.end(state, reason)
        self._study.tell(trial, value, states.get(state, optuna.trial.TrialState.FAIL))
        logger.info("%s: %s", trial.user_attrs["title"], reason or f"{value:.4f} nats per token.")

    def _result(self, trial: FrozenTrial) -> TrialResult:
        states = {"COMPLETE": COMPLETE, "PRUNED": PRUNED, "FAIL": FAILED}
        facts = trial.user_attrs
        return TrialResult(
            number=trial.number + 1,
            title=facts.get("title", ""),
            state=states.get(trial.state.name, UNFINISHED),
            reason=facts.get("reason", ""),
            changes=facts.get("changes", {}),
            history=_history(facts),
            memory=facts.get("memory", {}),
        )


class _Watch:
    """Hears of each epoch of a trial: keeps it, and stops what need not go on."""

    def __init__(self, trial: Trial, record: Record, n_epochs: int, deadline: float) -> None:
        self._trial, self._record, self._n_epochs, self._deadline = trial, record, n_epochs, deadline

    def __call__(self, result: EpochResult) -> None:
        """Hear of one epoch; of those before an interruption again."""
        self._keep(result)
        if not math.isfinite(result.valid_nll):
            raise _DivergedError(f"diverged in epoch {result.epoch}")
        # The last epoch has cost what it costs: the trial is complete.
        if result.epoch >= self._n_epochs:
            return
        if self._trial.should_prune():
            raise _PrunedError(f"above the median after epoch {result.epoch}")
        if time.monotonic() >= self._deadline:
            raise _OutOfTimeError

    def _keep(self, result: EpochResult) -> None:
        history = self._trial.user_attrs.get("history", [])
        former = self._trial.user_attrs.get("memory", {})
        memory = {name: max(value, former.get(name, 0.0)) for name, value in peak_memory().items()}
        if result.epoch > len(history):
            self._trial.set_user_attr("memory", memory)
            self._trial.set_user_attr("history", [*history, asdict(result)])
            self._trial.report(result.valid_nll, result.epoch)
        self._record.epoch(result, memory)


class _PrunedError(Exception):
    """The trial is not among the better ones."""


class _DivergedError(Exception):
    """The trial gives no number."""


class _OutOfTimeError(Exception):
    """The run is over; the trial is not."""


class _Fresh:
    """A checkpoint that forgets what another trial left."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def read(self) -> Snapshot | None:
        """Return None."""
        return None

    def write(self, snapshot: Snapshot) -> None:
        """Replace the snapshot."""
        self._checkpoint.write(snapshot)


def _open_study(name: str, plan: Plan, storage: BaseStorage) -> Study:
    import optuna  # noqa: PLC0415

    # What it says of each trial is said here, in nats.
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    is_pruned = plan.n_unpruned < plan.n_trials
    pruner = optuna.pruners.MedianPruner(plan.n_unpruned, _WARM_UP_EPOCHS + 1) if is_pruned else optuna.pruners.NopPruner()
    study = optuna.create_study(storage=storage, pruner=pruner, study_name=name, direction="minimize", load_if_exists=True)
    for values in plan.given:
        study.enqueue_trial(values, skip_if_exists=True)
    return study


def _sampler(plan: Plan, n_finished: int) -> Any:
    import optuna  # noqa: PLC0415

    seed = int(np.random.SeedSequence((plan.seed, n_finished)).generate_state(1)[0])
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=plan.n_unpruned)


def _is_waiting(trial: FrozenTrial) -> bool:
    return bool(trial.state.name == "WAITING")


def _history(facts: Mapping[str, Any]) -> tuple[EpochResult, ...]:
    return tuple(EpochResult(**result) for result in facts.get("history", []))


def _spelt(changes: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in changes.items())


def _forget_former_trial() -> None:
    """Free what Keras keeps of the trial before, so that each begins like the first, and measure memory anew."""
    import keras  # noqa: PLC0415

    keras.utils.clear_session()
    forget_peak()
