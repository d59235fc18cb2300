"""What is typed is checked; only what trains is tracked."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.io import AbstractDataset, CachedDataset, DataCatalog, MemoryDataset
from kedro.pipeline import node, pipeline

from scogen_pipeline.datasets.run_lock import run_lock
from scogen_pipeline.datasets.training_checkpoint import TrainingCheckpointDataset
from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.hooks import TRACKED_TAG, FollowerHook, OutputLockHook, ParameterNameHook, StepHook, TrackingHook
from scogen_pipeline.sampling.request import Request

CONF = Path(__file__).parents[1] / "conf"


def context(**runtime_params: Any) -> Any:
    return SimpleNamespace(config_loader=SimpleNamespace(conf_source=str(CONF), runtime_params=runtime_params))


def test_names_that_the_configuration_reads_may_be_typed() -> None:
    ParameterNameHook().after_context_created(context(key="F", epochs=3, model="local", output_dir="out", midi_dir="raw"))


@pytest.mark.parametrize(("typed", "meant"), [("keyy", "key"), ("epoch", "epochs"), ("time_signatur", "time_signature")])
def test_a_misspelt_name_is_refused_with_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(RequestError, match=f"Did you mean `{meant}`"):
        ParameterNameHook().after_context_created(context(**{typed: 1}))


def test_each_step_is_said_with_its_number(caplog: pytest.LogCaptureFixture) -> None:
    steps = pipeline([node(lambda value: value, "a", "b", name="first"), node(lambda value: value, "b", "c", name="second")])
    hook = StepHook()
    with caplog.at_level(logging.INFO, "scogen_pipeline"):
        hook.before_pipeline_run(steps)
        for step in steps.nodes:
            hook.before_node_run(step)
    assert caplog.messages == ["[1/2] first", "[2/2] second"]


class Tables(AbstractDataset[Any, Any]):
    """An output that one run at a time may write."""

    def __init__(self, folder: Path) -> None:
        self.locked_folder = str(folder)

    def load(self) -> Any:
        """Return nothing."""

    def save(self, data: Any) -> None:
        """Keep nothing."""

    def _describe(self) -> dict[str, Any]:
        return {}


WRITING = pipeline([node(lambda value: value, "a", "tables", name="write")])
READING = pipeline([node(lambda value: value, "tables", "b", name="read")])


def is_locked(folder: Path) -> bool:
    lock = run_lock(str(folder))
    try:
        lock.acquire()
    except RequestError:
        return True
    lock.release()
    return False


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("ending", ["after_pipeline_run", "on_pipeline_error"])
def test_an_output_is_locked_while_a_pipeline_runs(tmp_path: Path, wrapped: bool, ending: str) -> None:
    tables = Tables(tmp_path / "tables")
    hook = OutputLockHook()
    hook.before_pipeline_run(WRITING, DataCatalog({"tables": CachedDataset(tables) if wrapped else tables}))
    assert is_locked(tmp_path / "tables")
    hook.before_node_run()
    getattr(hook, ending)()
    assert not is_locked(tmp_path / "tables")
    assert not list(tmp_path.iterdir())


def test_who_only_reads_does_not_lock(tmp_path: Path) -> None:
    hook = OutputLockHook()
    hook.before_pipeline_run(READING, DataCatalog({"tables": Tables(tmp_path / "tables"), "b": MemoryDataset()}))
    assert not is_locked(tmp_path / "tables")


def test_one_name_is_trained_by_one_run_at_a_time_and_two_names_by_two(tmp_path: Path) -> None:
    def begin(name: str) -> OutputLockHook:
        hook = OutputLockHook()
        checkpoint = TrainingCheckpointDataset(filepath=str(tmp_path / f"{name}.checkpoint.npz"))
        hook.before_pipeline_run(READING, DataCatalog({"tables": checkpoint}))
        return hook

    hooks = [begin("mine"), begin("other")]
    with pytest.raises(RequestError, match="mine` must be written by one run at a time"):
        begin("mine")
    for hook in hooks:
        hook.after_pipeline_run()


def test_a_run_that_cannot_lock_everything_locks_nothing(tmp_path: Path) -> None:
    both = WRITING + pipeline([node(lambda value: value, "a", "others", name="write_others")])
    catalog = DataCatalog({"tables": Tables(tmp_path / "tables"), "others": Tables(tmp_path / "others")})
    taken = run_lock(str(tmp_path / "tables"))
    taken.acquire()
    with pytest.raises(RequestError):
        OutputLockHook().before_pipeline_run(both, catalog)
    assert not is_locked(tmp_path / "others")
    taken.release()


def test_a_run_that_was_interrupted_does_not_lock_out_the_next_in_the_same_process(tmp_path: Path) -> None:
    hook = OutputLockHook()
    for _ in range(2):  # Kedro calls nothing after Ctrl-C
        hook.before_pipeline_run(WRITING, DataCatalog({"tables": Tables(tmp_path / "tables")}))
    hook.after_pipeline_run()


def test_a_lost_lock_stops_the_run_before_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: object) -> None:
        raise DataError("lost")

    hook = OutputLockHook()
    hook.before_pipeline_run(WRITING, DataCatalog({"tables": Tables(tmp_path / "tables")}))
    monkeypatch.setattr("scogen_pipeline.datasets.run_lock.KernelLock.check", lost)
    with pytest.raises(DataError, match="lost"):
        hook.before_node_run()
    hook.on_pipeline_error()


class FakeMlflow:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.inputs: dict[str, Any] = {}

    def before_node_run(self, node: Any, catalog: Any, inputs: dict[str, Any], is_async: bool) -> None:
        self.inputs = inputs

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.calls.append(name)


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> FakeMlflow:
    fake = FakeMlflow()
    # The package has an object of the same name as this module.
    monkeypatch.setattr(importlib.import_module("kedro_mlflow.framework.hooks.mlflow_hook"), "MlflowHook", lambda: fake)
    return fake


def run(tags: list[str]) -> TrackingHook:
    hook = TrackingHook()
    step = node(lambda request: request, "params:request", "out", name="step", tags=tags)
    hook.after_context_created(context())
    hook.before_pipeline_run({}, pipeline([step]), None)
    hook.before_node_run(step, None, {"params:request": Request(key="F", bars=4), "data": "not a parameter"}, False)
    hook.after_pipeline_run({}, pipeline([step]), None)
    return hook


def test_a_tracked_pipeline_opens_a_run_and_closes_it(mlflow: FakeMlflow) -> None:
    run([TRACKED_TAG])
    assert mlflow.calls == ["after_context_created", "before_pipeline_run", "after_pipeline_run"]


def test_each_field_of_a_parameter_group_is_a_parameter(mlflow: FakeMlflow) -> None:
    run([TRACKED_TAG])
    assert list(mlflow.inputs) == ["params:request"]
    assert {"key": "F", "bars": 4}.items() <= mlflow.inputs["params:request"].items()


def test_generation_is_not_tracked(mlflow: FakeMlflow) -> None:
    run([])
    assert mlflow.calls == []
    assert mlflow.inputs == {}


def test_an_error_closes_the_run_as_failed(mlflow: FakeMlflow) -> None:
    hook = run([TRACKED_TAG])
    hook.on_pipeline_error(ValueError(), {}, pipeline([]), None)
    assert mlflow.calls[-1] == "on_pipeline_error"


HELPER = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}'


def test_a_host_that_helps_to_train_writes_nothing_and_takes_no_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    steps = pipeline([node(lambda value: value, "a", "b", name="train", tags=TRACKED_TAG)])
    catalog = DataCatalog({"b": TrainingCheckpointDataset(filepath=str(tmp_path / "b.npz"))})
    monkeypatch.setenv("TF_CONFIG", HELPER)
    OutputLockHook().before_pipeline_run(steps, catalog)
    tracking = TrackingHook()
    tracking.before_pipeline_run({}, steps, catalog)
    FollowerHook().before_pipeline_run(steps, catalog)
    assert isinstance(catalog["b"], MemoryDataset)
    assert tracking._mlflow is None
    assert not list(tmp_path.iterdir())


def test_the_first_host_writes_as_ever(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    catalog = DataCatalog({"b": TrainingCheckpointDataset(filepath=str(tmp_path / "b.npz"))})
    monkeypatch.setenv("TF_CONFIG", HELPER.replace('"index": 1', '"index": 0'))
    FollowerHook().before_pipeline_run(pipeline([node(lambda value: value, "a", "b", name="train")]), catalog)
    assert isinstance(catalog["b"], TrainingCheckpointDataset)
