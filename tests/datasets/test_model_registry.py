"""A model that is saved in a run is a version; an alias says which one `generate` uses, without MLflow."""

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import mlflow
import numpy as np
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import AbstractDataset, DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner

from scogen_pipeline.datasets.aliased_model import AliasedModelDataset
from scogen_pipeline.datasets.generation_model import GenerationModelDataset
from scogen_pipeline.datasets.model_version import ModelVersionDataset
from scogen_pipeline.datasets.registered_model import RegisteredModelDataset
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.datasets.trial_log import TrialLogDataset
from scogen_pipeline.errors import RequestError, VocabularyError
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.contender import Contender, better_of
from scogen_pipeline.model.fitting import TrainingData, fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.snapshot import EpochResult
from scogen_pipeline.pipelines import adopt, promote
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Examples

CONF = Path(__file__).parents[2] / "conf"
VOCABULARY = Vocabulary(("<end>", "<pad>", "<start>", *"cdefg"))
TINY = NetworkSettings(embedding_size=4, condition_size=2, lstm_units=8, n_layers=1)


def tunes(n_pieces: int, vocabulary: Vocabulary = VOCABULARY) -> Examples:
    ids = tuple(vocabulary.ids_of(["<start>", *"cdefg" * (1 + index % 3), "<end>"]) for index in range(n_pieces))
    return Examples(ids, np.full((n_pieces, 2), 3, np.int32))


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return TrainingData(tunes(8), tunes(3), VOCABULARY)


@pytest.fixture(scope="module")
def models(data: TrainingData) -> list[TrainedModel]:
    """A worse one and a better one."""
    settings = [FitSettings(epochs=n, batch_size=2, window_length=8, learning_rate=0.02) for n in (1, 6)]
    return [fit_model(data, TINY, fit)[0] for fit in settings]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # artifacts go to ./mlruns
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


def train(folder: Path, model: TrainedModel) -> str:
    """Save a model as training does."""
    with mlflow.start_run() as run:
        RegisteredModelDataset(filepath=str(folder / "local"), name="scogen").save(model)
    return run.info.run_id


def champion(folder: Path, alias: str = "champion") -> AliasedModelDataset:
    return AliasedModelDataset(folder=str(folder / "aliases"), alias=alias, name="scogen", fallback=str(folder / "pretrained"))


def promoted(folder: Path, data: TrainingData, version: int = 0) -> dict[str, dict[str, float]]:
    catalog = DataCatalog(
        {
            "candidate_model": ModelVersionDataset(name="scogen", number=version),
            "current_champion": champion(folder),
            "champion": champion(folder),
            "training_data": MemoryDataset(data, copy_mode="assign"),
            "promotion_numbers": MemoryDataset(),
        }
    )
    SequentialRunner().run(promote.create_pipeline(), catalog)
    return dict(catalog["promotion_numbers"].load())


def test_the_version_that_is_typed_reaches_the_registry() -> None:
    loader = OmegaConfigLoader(
        str(CONF), base_env="base", default_run_env="base", runtime_params={"version": 9}, merge_strategy={"parameters": "soft"}
    )
    dataset = AbstractDataset.from_config("candidate_model", loader["catalog"]["candidate_model"])
    assert dataset._describe() == {"name": "scogen", "number": 9}


def test_each_training_is_a_version_but_the_same_network_twice_is_one(
    store: mlflow.MlflowClient, tmp_path: Path, models: list[TrainedModel]
) -> None:
    worse, better = models
    run_id = train(tmp_path, worse)
    train(tmp_path, worse)
    train(tmp_path, better)
    versions = {int(found.version): found for found in store.search_model_versions("name = 'scogen'")}
    assert set(versions) == {1, 2}
    assert versions[1].run_id == run_id
    assert versions[1].tags["vocabulary_hash"] == VOCABULARY.hash
    assert ModelVersionDataset(name="scogen", number=1).load().model.network == worse.network
    assert ModelVersionDataset(name="scogen").load().version == 2


def test_a_version_is_the_files_of_the_model_and_nothing_pickled(
    store: mlflow.MlflowClient, tmp_path: Path, models: list[TrainedModel]
) -> None:
    train(tmp_path, models[0])
    folder = Path(mlflow.artifacts.download_artifacts(store.get_model_version_download_uri("scogen", "1")))
    assert sorted(file.name for file in folder.iterdir()) == ["model.json", "network.keras", "vocabulary.json"]


def test_without_a_run_nothing_is_registered(store: mlflow.MlflowClient, tmp_path: Path, models: list[TrainedModel]) -> None:
    dataset = RegisteredModelDataset(filepath=str(tmp_path / "local"), name="scogen")
    dataset.save(models[0])
    assert dataset.load().network == models[0].network
    assert not store.search_registered_models()


def test_the_alias_moves_to_what_is_better_only(
    store: mlflow.MlflowClient, tmp_path: Path, data: TrainingData, models: list[TrainedModel]
) -> None:
    worse, better = models
    TrainedModelDataset(filepath=str(tmp_path / "pretrained"), overwrite_pretrained=True).save(worse)
    generation = GenerationModelDataset(folder=str(tmp_path))
    train(tmp_path, better)
    assert generation.load().network == worse.network
    numbers = promoted(tmp_path, data)
    assert numbers["candidate_nll"]["value"] < numbers["current_nll"]["value"]
    train(tmp_path, worse)
    promoted(tmp_path, data)
    assert store.get_model_version_by_alias("scogen", "champion").version in (1, "1")
    # `local` holds the worse one by now.
    assert generation.load().network == better.network
    assert GenerationModelDataset(folder=str(tmp_path), model="pretrained").load().network == worse.network


def test_adopting_moves_the_alias_whatever_the_figures(
    store: mlflow.MlflowClient, tmp_path: Path, models: list[TrainedModel]
) -> None:
    for model in reversed(models):
        train(tmp_path, model)
    for version in (1, 2):
        catalog = DataCatalog(
            {"candidate_model": ModelVersionDataset(name="scogen", number=version), "champion": champion(tmp_path)}
        )
        SequentialRunner().run(adopt.create_pipeline(), catalog)
        assert int(store.get_model_version_by_alias("scogen", "champion").version) == version
        assert champion(tmp_path).load().version == version
    assert GenerationModelDataset(folder=str(tmp_path)).load().network == models[0].network


def test_the_model_that_comes_with_scogen_stays_if_nothing_is_better(
    store: mlflow.MlflowClient, tmp_path: Path, data: TrainingData, models: list[TrainedModel]
) -> None:
    worse, better = models
    TrainedModelDataset(filepath=str(tmp_path / "pretrained"), overwrite_pretrained=True).save(better)
    train(tmp_path, worse)
    promoted(tmp_path, data)
    assert not (tmp_path / "aliases").exists()
    assert GenerationModelDataset(folder=str(tmp_path)).load().network == better.network


def test_a_current_model_of_another_vocabulary_stays_and_the_log_says_why(
    data: TrainingData, models: list[TrainedModel], caplog: pytest.LogCaptureFixture
) -> None:
    other = Vocabulary(("<end>", "<pad>", "<start>", *"cdefga"))
    theirs = TrainingData(tunes(8, other), tunes(3, other), other)
    stranger = Contender(fit_model(theirs, TINY, FitSettings(epochs=1, batch_size=2, window_length=8))[0], "The stranger")
    ours = Contender(models[1], "Version 1", 1)
    with caplog.at_level(logging.WARNING):
        winner, nlls = better_of(ours, stranger, data)
    assert winner is stranger
    assert list(nlls) == ["candidate_nll"]
    assert "another vocabulary" in caplog.text
    with pytest.raises(VocabularyError):
        better_of(stranger, ours, data)


def test_versions_and_aliases_that_there_are_not_are_refused(
    store: mlflow.MlflowClient, tmp_path: Path, models: list[TrainedModel]
) -> None:
    with pytest.raises(DatasetError, match="there is none yet"):
        ModelVersionDataset(name="scogen").load()
    train(tmp_path, models[0])
    with pytest.raises(DatasetError, match="from 1 to 1, received 9"):
        ModelVersionDataset(name="scogen", number=9).load()
    with pytest.raises(DatasetError, match="`alias` must point to a model") as error:
        GenerationModelDataset(folder=str(tmp_path), alias="baseline").load()
    assert isinstance(error.value.__cause__, RequestError)


def test_loading_the_champion_imports_neither_mlflow_nor_a_backend(tmp_path: Path, models: list[TrainedModel]) -> None:
    TrainedModelDataset(filepath=str(tmp_path / "aliases" / "champion")).save(models[0])
    code = (
        "import sys; from scogen_pipeline.datasets.generation_model import GenerationModelDataset\n"
        f"GenerationModelDataset(folder={str(tmp_path)!r}).load().stepper()\n"
        "print(sorted({'mlflow', 'optuna', 'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_trial_is_one_run_of_its_experiment_though_it_is_taken_up(store: mlflow.MlflowClient) -> None:
    results = [EpochResult(epoch, 2.0, 3.0 / epoch, 0.1, 1000.0, 1.0) for epoch in (1, 2)]
    settings = dataclasses.asdict(TINY)
    with mlflow.start_run() as around:
        TrialLogDataset(experiment="trials").load().begin("study-1", 1, "trial 1", settings).epoch(results[0], {})
        record = TrialLogDataset(experiment="trials").load().begin("study-1", 1, "trial 1", settings)
        for result in results:
            record.epoch(result, {"peak_memory_mib": 512.0})
        record.end("pruned", "above the median")
    experiment = store.get_experiment_by_name("trials")
    assert experiment
    (run,) = store.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status, run.data.params["lstm_units"]) == ("trial 1", "FINISHED", "8")
    assert {"study": "study-1", "trial": "1", "state": "pruned: above the median"}.items() <= run.data.tags.items()
    assert run.data.tags["started_by"] == around.info.run_id
    assert run.data.metrics["peak_memory_mib"] == 512.0
    curve = store.get_metric_history(run.info.run_id, "valid_nll")
    assert [(point.step, point.value) for point in curve] == [(1, 3.0), (2, 1.5)]


def test_without_a_run_trials_are_not_logged(store: mlflow.MlflowClient) -> None:
    TrialLogDataset(experiment="trials").load().begin("study-1", 1, "trial 1", {}).end("complete", "")
    assert store.get_experiment_by_name("trials") is None
