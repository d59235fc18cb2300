"""Small files: in full or not at all, wherever they lie."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from scogen_pipeline.datasets.optional_json import OptionalJsonDataset
from scogen_pipeline.datasets.optional_table import OptionalTableDataset
from scogen_pipeline.datasets.whole_file import WholeFile


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "local" else f"memory://{tmp_path}"


def test_a_file_that_is_written_again_is_replaced_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = WholeFile(str(tmp_path / "new" / "a.txt"))
    file.write(b"long before")
    file.write(b"after")
    assert file.read() == b"after"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]


def test_a_write_that_fails_keeps_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = WholeFile(str(tmp_path / "a.txt"))
    file.write(b"before")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        file.write(b"after")
    assert file.read() == b"before"


def test_numbers_come_back_and_are_none_before(folder: str) -> None:
    dataset = OptionalJsonDataset(filepath=f"{folder}/numbers.json")
    assert (dataset.load(), dataset.exists()) == ({}, False)
    dataset.save({"b": 0.5, "a": 1})
    assert dataset.load() == {"a": 1, "b": 0.5}


def test_a_table_comes_back_and_has_no_rows_before(folder: str) -> None:
    dataset = OptionalTableDataset(filepath=f"{folder}/splits.parquet", columns=["piece_id", "split"])
    assert (list(dataset.load()), len(dataset.load())) == (["piece_id", "split"], 0)
    dataset.save(pd.DataFrame({"piece_id": ["a"], "split": ["test"]}))
    assert dataset.load()["split"].tolist() == ["test"]
