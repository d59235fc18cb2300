"""A file that may be named is read, or is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.optional_file import OptionalFileDataset


def test_a_named_file_is_read_and_none_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "primer.mid"
    file.write_bytes(b"MThd")
    assert OptionalFileDataset(file=str(file)).load() == b"MThd"
    assert OptionalFileDataset(file="").load() == b""


def test_a_file_that_is_not_there_is_an_error_and_nothing_is_written(tmp_path: Path) -> None:
    dataset = OptionalFileDataset(file=str(tmp_path / "none.mid"))
    with pytest.raises(DatasetError, match="must be a file"):
        dataset.load()
    with pytest.raises(DatasetError, match="never written"):
        dataset.save(b"")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
