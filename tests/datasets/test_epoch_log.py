"""Curves and tags go to the active MLflow run, and nowhere without one."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.epoch_log import EpochLogDataset
from scogen_pipeline.datasets.run_tags import RunTagsDataset
from scogen_pipeline.model.snapshot import EpochResult

RESULTS = [EpochResult(1, 2.0, 3.0, 0.1, 1000.0, 1.0), EpochResult(2, 1.5, 2.5, 0.1, 2000.0, 2.0)]


@pytest.fixture
def store(tmp_path: Path):
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


def test_each_epoch_is_a_step_of_each_curve_and_tags_name_the_data(store: mlflow.MlflowClient):
    log, tags = EpochLogDataset(prefix="epoch.").load(), RunTagsDataset()
    with mlflow.start_run() as run:
        for result in RESULTS:
            log(result)
        tags.save({"data_hash": "abc"})
    curve = store.get_metric_history(run.info.run_id, "epoch.valid_nll")
    assert [(point.step, point.value) for point in curve] == [(1, 3.0), (2, 2.5)]
    data = store.get_run(run.info.run_id).data
    assert data.metrics["epoch.tokens_per_second"] == 2000.0
    assert data.tags["data_hash"] == "abc"


def test_without_a_run_nothing_is_logged_and_none_is_started():
    EpochLogDataset().load()(RESULTS[0])
    RunTagsDataset().save({"data_hash": "abc"})
    assert mlflow.active_run() is None


def test_the_log_is_an_input_and_tags_are_an_output():
    with pytest.raises(DatasetError, match="must be an input"):
        EpochLogDataset().save("anything")  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="must be an output"):
        RunTagsDataset().load()
