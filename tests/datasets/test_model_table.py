"""The table of the model that is used, of no other."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.model_table import ModelTableDataset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("pretrained", "mine", "aliases/champion"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "model.json").write_text("{}")
    for name in ("pretrained", "mine"):
        pd.DataFrame({"title": [name]}).to_parquet(tmp_path / name / "known.parquet")
    return tmp_path


def titles(folder: Path, model: str = "", alias: str = "champion") -> list[str]:
    dataset = ModelTableDataset(folder=str(folder), file="known.parquet", columns=["title"], model=model, alias=alias)
    return dataset.load()["title"].tolist()


def test_the_table_is_that_of_the_model_that_is_named(folder: Path) -> None:
    assert titles(folder, "mine") == ["mine"]
    assert titles(folder, "pretrained") == ["pretrained"]


def test_an_alias_without_a_table_knows_nothing_rather_than_what_another_model_knows(folder: Path) -> None:
    assert titles(folder) == []


def test_without_an_alias_it_is_the_pretrained_model(folder: Path) -> None:
    (folder / "aliases" / "champion" / "model.json").unlink()
    assert titles(folder) == ["pretrained"]


def test_the_table_is_never_written(folder: Path) -> None:
    with pytest.raises(DatasetError):
        ModelTableDataset(folder=str(folder), file="known.parquet", columns=["title"]).save(pd.DataFrame())
