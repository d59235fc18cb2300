"""A model that may be named, or not."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.optional_model import OptionalModelDataset


def test_without_a_name_there_is_none(tmp_path: Path) -> None:
    assert OptionalModelDataset(folder=str(tmp_path)).load() is None


def test_a_name_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nobody"):
        OptionalModelDataset(folder=str(tmp_path), model="nobody").load()


def test_it_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        OptionalModelDataset(folder=str(tmp_path)).save(None)
