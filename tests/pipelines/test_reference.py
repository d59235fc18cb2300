"""From encoded pieces to what is known and what is usual, by way of a catalog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.choosing.fake_judge import FakeJudge
from tests.choosing.test_reference import VOCABULARY, row

from scogen_pipeline.choosing.ear import EAR_SCHEMA
from scogen_pipeline.choosing.settings import CustomSettings
from scogen_pipeline.datasets.arrow_table import ArrowTableDataset
from scogen_pipeline.pipelines import reference
from scogen_pipeline.tokens.vocabulary import Vocabulary


@dataclass(frozen=True)
class FakeModel:
    """A trained model that has learnt nothing."""

    vocabulary: Vocabulary

    def stepper(self) -> FakeJudge:
        return FakeJudge(self.vocabulary)


def test_a_model_gets_an_index_of_what_it_was_trained_on_and_figures_of_real_pieces(tmp_path: Path) -> None:
    rows = [row(1, "train"), row(2, "train"), row(3, "valid"), row(4, "test")]
    encoded = pd.DataFrame(rows).assign(path=[f"songs/{number}.mid" for number in range(4)], title="")
    catalog = DataCatalog(
        {
            "encoded_pieces": MemoryDataset(encoded),
            "trained_model": MemoryDataset(FakeModel(VOCABULARY), copy_mode="assign"),
            "params:custom": MemoryDataset(CustomSettings(index_every=1)),
            "originality_index": ArrowTableDataset(filepath=str(tmp_path / "originality.parquet")),
            "usual_figures": ArrowTableDataset(filepath=str(tmp_path / "usual.parquet")),
            "ear": ArrowTableDataset(filepath=str(tmp_path / "ear.parquet")),
        }
    )
    SequentialRunner().run(reference.create_pipeline(), catalog)
    index, figures = catalog.load("originality_index"), catalog.load("usual_figures")
    assert index["title"].tolist() == ["0.mid", "1.mid"]
    assert set(index["collection"]) == {"songs"}
    assert figures["genre"].tolist() == ["folk song"] * 3
    assert figures["log_probability"].notna().sum() == 1
    # Two pieces are too few to learn from.
    assert list(catalog.load("ear").columns) == EAR_SCHEMA.names
    assert catalog.load("ear").empty
