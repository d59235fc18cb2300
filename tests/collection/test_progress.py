"""Progress is told by receipts, whoever writes them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scogen_pipeline.collection import progress
from scogen_pipeline.collection.table_folder import TableFolder


class Bar:
    """A bar of tqdm, on a terminal or not."""

    def __init__(self, *, disable: bool) -> None:
        self.disable, self.total = disable, 0

    def __call__(self, **_: object) -> Bar:
        return self

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, count: int) -> None:
        self.total += count


@pytest.fixture
def tables(tmp_path: Path) -> TableFolder:
    folder = TableFolder(str(tmp_path))
    folder.write("of an earlier run", {}, {"n_files": 100})
    return folder


def test_files_are_counted_as_receipts_appear(tables: TableFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    bar = Bar(disable=False)
    monkeypatch.setattr(progress, "tqdm", bar)
    monkeypatch.setattr(progress, "_SECONDS", 0.01)
    with progress.reading_progress(tables):
        for part, n_files in (("p1", 3), ("p2", 4)):
            tables.write(part, {}, {"n_files": n_files})
        end = time.monotonic() + 30
        while bar.total < 7 and time.monotonic() < end:
            time.sleep(0.01)
    assert bar.total == 7


def test_an_error_of_the_reading_passes_through(tables: TableFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "tqdm", Bar(disable=False))
    with pytest.raises(OSError, match="gone"), progress.reading_progress(tables):
        raise OSError("gone")


def test_without_a_terminal_nothing_is_watched(tables: TableFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "tqdm", Bar(disable=True))
    monkeypatch.setattr(progress.threading, "Thread", lambda **_: pytest.fail("a thread was started"))
    with progress.reading_progress(tables):
        pass
