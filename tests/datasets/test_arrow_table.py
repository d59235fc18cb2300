import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets import arrow_table
from scogen_pipeline.datasets.arrow_table import ArrowTableDataset

TABLE = pa.table({"name": ["a", "b"], "tick": pa.array([0, 24], pa.int32()), "pitch": pa.array([60, 62], pa.uint8())})


@pytest.fixture(params=["local", "elsewhere"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "new" / "table.parquet") if request.param == "local" else f"memory://{tmp_path.name}/new/table.parquet"


@pytest.fixture
def dataset(address: str) -> ArrowTableDataset:
    return ArrowTableDataset(filepath=address)


def stream(*tables: pa.Table) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(tables[0].schema, (batch for table in tables for batch in table.to_batches()))


def test_a_table_comes_back_as_a_frame(dataset):
    dataset.save(TABLE)
    frame = dataset.load()
    assert frame.to_dict("list") == TABLE.to_pydict()
    assert [str(kind) for kind in frame.dtypes[["tick", "pitch"]]] == ["int32", "uint8"]


def test_a_stream_comes_back_as_a_frame_and_as_a_stream(dataset, address):
    dataset.save(stream(TABLE.slice(0, 1), TABLE.slice(1)))
    assert dataset.load().to_dict("list") == TABLE.to_pydict()
    streamed = ArrowTableDataset(filepath=address, load_as="stream").load()
    assert isinstance(streamed, pa.RecordBatchReader)
    assert streamed.read_all().equals(TABLE)


def test_whole_numbers_with_gaps_stay_whole(dataset):
    dataset.save(pa.table({"fifths": pa.array([1, None], pa.int8())}))
    column = dataset.load()["fifths"]
    assert str(column.dtype) == "Int8"
    assert column.isna().tolist() == [False, True]


def test_the_schema_survives(tmp_path):
    ArrowTableDataset(filepath=str(tmp_path / "table.parquet")).save(TABLE)
    assert pq.read_schema(tmp_path / "table.parquet") == TABLE.schema


def test_the_same_rows_give_the_same_bytes_however_they_are_batched(tmp_path, monkeypatch):
    monkeypatch.setattr(arrow_table, "_ROW_GROUP", 10)
    table = pa.table({"tick": pa.array(range(37), pa.int32()), "name": [str(n % 3) for n in range(37)]})
    for name, sizes in (("one", [37]), ("many", [1, 9, 11, 0, 16]), ("even", [10, 10, 10, 7])):
        starts = [sum(sizes[:n]) for n in range(len(sizes))]
        batches = stream(*(table.slice(start, size) for start, size in zip(starts, sizes, strict=True)))
        ArrowTableDataset(filepath=str(tmp_path / name)).save(batches)
    ArrowTableDataset(filepath=str(tmp_path / "table")).save(table)
    assert pq.ParquetFile(tmp_path / "one").num_row_groups == 4
    assert len({(tmp_path / name).read_bytes() for name in ("one", "many", "even", "table")}) == 1


def test_an_empty_table_without_columns_to_delta_code_is_saved(dataset):
    dataset.save(pa.table({"name": pa.array([], pa.string())}))
    assert list(dataset.load().columns) == ["name"]
    assert dataset.load().empty


def test_a_failed_save_leaves_the_former_table_and_nothing_else(tmp_path, monkeypatch):
    dataset = ArrowTableDataset(filepath=str(tmp_path / "table.parquet"))
    dataset.save(TABLE)
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(DatasetError, match="no space"):
        dataset.save(TABLE.slice(1))
    assert len(dataset.load()) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]


def test_a_stream_that_breaks_off_leaves_the_former_table(dataset):
    def breaking() -> Iterator[pa.RecordBatch]:
        yield from TABLE.slice(1).to_batches()
        raise OSError("gone")

    dataset.save(TABLE)
    with pytest.raises(DatasetError, match="gone"):
        dataset.save(pa.RecordBatchReader.from_batches(TABLE.schema, breaking()))
    assert len(dataset.load()) == 2


def test_an_absent_table_is_an_error_that_says_what_to_do(dataset):
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="Run the pipeline that writes it"):
        dataset.load()


def test_what_a_table_cannot_be_loaded_as_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="`load_as` must be one of frame, stream, received pieces"):
        ArrowTableDataset(filepath=str(tmp_path / "table.parquet"), load_as="pieces")
