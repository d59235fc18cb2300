"""The slices from training data to found settings and to a table of variants, on hand-made catalogs and real trainings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scogen_pipeline.datasets.study import StudyDataset
from scogen_pipeline.model.fitting import TrainingData
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.pipelines import ablate, search
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Examples
from scogen_pipeline.trials.plan import AblationSettings, SearchSettings
from scogen_pipeline.trials.recorder import NoRecorder

CONF = Path(__file__).parents[2] / "conf" / "base"
VOCABULARY = Vocabulary(("<end>", "<pad>", "<start>", *"cdefg"))
SPACE = {
    "lstm_units": {"kind": "int", "low": 4, "high": 12, "step": 4},
    "learning_rate": {"kind": "float", "low": 0.001, "high": 0.1, "log": True},
}
#: What takes time of its own, and so is never the same twice.
TIMES = ["minutes", "tokens_per_second", "peak_memory_mib", "device_memory_mib"]


class Killed(BaseException):
    """The process ends."""


class Killer(NoRecorder):
    """Ends the process after an epoch of a trial."""

    def __init__(self, number: int, epoch: int) -> None:
        self._at = (number, epoch)

    def begin(self, study: str, number: int, title: str, settings: Mapping[str, Any]) -> Any:
        killer = self

        class Record:
            def epoch(self, result: Any, memory: Mapping[str, float]) -> None:
                assert memory["peak_memory_mib"] > 0
                if (number, result.epoch) == killer._at:
                    raise Killed

            def end(self, state: str, reason: str) -> None:
                """Do nothing."""

        return Record()


def tunes(n_pieces: int) -> Examples:
    ids = tuple(VOCABULARY.ids_of(["<start>", *"cdefg" * (1 + index % 3), "<end>"]) for index in range(n_pieces))
    return Examples(ids, np.full((n_pieces, 2), 3, np.int32))


def catalog(folder: Path, kind: str, log: Any, **entries: Any) -> DataCatalog:
    common = {
        "training_data": MemoryDataset(TrainingData(tunes(6), tunes(2), VOCABULARY), copy_mode="assign"),
        "params:network": MemoryDataset(NetworkSettings(4, 2, 8, 1)),
        "params:fit": MemoryDataset(FitSettings(batch_size=2, window_length=8)),
        f"{kind}_study": StudyDataset(filepath=str(folder / "study.db")),
        f"{kind}_log": MemoryDataset(log, copy_mode="assign"),
        f"{kind}_plan": MemoryDataset(copy_mode="assign"),
        f"{kind}_results": MemoryDataset(copy_mode="assign"),
    }
    names = ("search_trials", "search_report", "found_parameters", "ablation_table", "ablation_report")
    return DataCatalog(common | {name: MemoryDataset() for name in names} | entries)


def searched(folder: Path, log: Any) -> tuple[pd.DataFrame, str]:
    settings = SearchSettings(trials=3, trial_epochs=2, random_trials=2)
    entries = {"search_space": MemoryDataset(SPACE), "params:search": MemoryDataset(settings)}
    run = catalog(folder, "search", log, **entries)
    SequentialRunner().run(search.create_pipeline(), run)
    return run["search_trials"].load(), run["found_parameters"].load()


def test_a_killed_search_finds_the_same_bit_by_bit(tmp_path: Path) -> None:
    undisturbed, found = searched(tmp_path / "undisturbed", NoRecorder())
    with pytest.raises(Killed):
        searched(tmp_path / "killed", Killer(2, 1))
    resumed, found_again = searched(tmp_path / "killed", NoRecorder())
    assert len(undisturbed) == 3
    assert resumed.drop(columns=TIMES).to_dict("records") == undisturbed.drop(columns=TIMES).to_dict("records")
    assert found == found_again
    assert set(yaml.safe_load(found)) == {"network", "fit"}


def test_each_variant_stands_beside_the_first_one(tmp_path: Path) -> None:
    variants = {"as configured": {}, "small": {"lstm_units": 4}}
    entries = {"ablations": MemoryDataset(variants), "params:ablation": MemoryDataset(AblationSettings(ablation_epochs=1))}
    run = catalog(tmp_path, "ablation", NoRecorder(), **entries)
    SequentialRunner().run(ablate.create_pipeline(), run)
    table = run["ablation_table"].load()
    assert table["title"].tolist() == list(variants)
    assert table["difference"].tolist() == (table["valid_nll"] - table["valid_nll"][0]).tolist()
    assert (table[["tokens_per_second", "peak_memory_mib"]] > 0).all(axis=None)


def test_the_space_and_the_variants_of_the_configuration_can_be_trained() -> None:
    space, variants = (
        yaml.safe_load((CONF / name).read_text(encoding="utf-8")) for name in ("search_space.yml", "ablations.yml")
    )
    plan = search.pipeline.plan_search(NetworkSettings(), FitSettings(), space, SearchSettings())
    assert plan.space.names == tuple(space)
    assert ablate.pipeline.plan_ablation(NetworkSettings(), FitSettings(), variants, AblationSettings()).n_trials == len(variants)
