import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.arrow_table import ArrowTableDataset

TABLE = pa.table({"name": ["a", "b"], "tick": pa.array([0, 24], pa.int32()), "pitch": pa.array([60, 62], pa.uint8())})


@pytest.fixture
def dataset(tmp_path):
    return ArrowTableDataset(filepath=str(tmp_path / "new" / "table.parquet"))


def test_a_table_comes_back_as_a_frame(dataset):
    dataset.save(TABLE)
    frame = dataset.load()
    assert frame.to_dict("list") == TABLE.to_pydict()
    assert [str(kind) for kind in frame.dtypes[["tick", "pitch"]]] == ["int32", "uint8"]


def test_the_schema_survives(dataset, tmp_path):
    dataset.save(TABLE)
    assert pq.read_schema(tmp_path / "new" / "table.parquet") == TABLE.schema


def test_an_empty_table_without_columns_to_delta_code_is_saved(dataset):
    dataset.save(pa.table({"name": pa.array([], pa.string())}))
    assert dataset.load().empty


def test_a_failed_save_leaves_the_former_table(dataset, monkeypatch):
    dataset.save(TABLE)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(DatasetError, match="no space"):
        dataset.save(TABLE.slice(1))
    assert len(dataset.load()) == 2


def test_an_absent_table_is_an_error_that_says_what_to_do(dataset):
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="Run the pipeline that writes it"):
        dataset.load()
