from __future__ import annotations

import logging
from pathlib import Path

import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.file_folder import FileFolderDataset


def pages_in(folder: Path) -> FileFolderDataset:
    return FileFolderDataset(path=str(folder), suffix=".svg", text=True, pages=True)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_each_name_becomes_a_file_and_loads_again(tmp_path: Path) -> None:
    dataset = FileFolderDataset(path=str(tmp_path / "new"), suffix=".mid")
    dataset.save({"reel": b"MThd", "jig": b"MTrk"})
    assert names(tmp_path / "new") == ["jig.mid", "reel.mid"]
    assert dataset.load() == {"reel": b"MThd", "jig": b"MTrk"}
    assert dataset.exists()


def test_pages_are_numbered_where_there_are_several(tmp_path: Path) -> None:
    dataset = pages_in(tmp_path)
    dataset.save({"reel": ("<a/>",), "sonata": ["<b/>", "<c/>"]})
    assert names(tmp_path) == ["reel.svg", "sonata-page-1.svg", "sonata-page-2.svg"]
    assert dataset.load() == {"reel": ("<a/>",), "sonata": ("<b/>", "<c/>")}


def test_another_process_loads_everything_in_the_folder(tmp_path: Path) -> None:
    pages_in(tmp_path).save({"sonata": [f"<p{number}/>" for number in range(11)]})
    pages_in(tmp_path).save({"é": ["<a/>"]})
    assert pages_in(tmp_path).load() == {"sonata": tuple(f"<p{number}/>" for number in range(11)), "é": ("<a/>",)}


def test_a_run_loads_only_what_it_saved(tmp_path: Path) -> None:
    pages_in(tmp_path).save({"old": ["<a/>"]})
    dataset = pages_in(tmp_path)
    dataset.save({"new": ["<b/>"]})
    assert dataset.load() == {"new": ("<b/>",)}


def test_saving_leaves_other_files_alone_but_removes_pages_of_a_longer_version(tmp_path: Path) -> None:
    (tmp_path / "reel.txt").write_text("mine")
    pages_in(tmp_path).save({"reel": ["<a/>", "<b/>", "<c/>"], "reel-2": ["<d/>"]})
    pages_in(tmp_path).save({"reel": ["<e/>"]})
    assert names(tmp_path) == ["reel-2.svg", "reel.svg", "reel.txt"]


def test_a_failed_save_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    dataset = FileFolderDataset(path=str(tmp_path), suffix=".pdf")
    dataset.save({"reel": b"old"})
    with pytest.raises(DatasetError):
        dataset.save({"reel": 7})  # type: ignore[dict-item]
    assert names(tmp_path) == ["reel.pdf"]
    assert dataset.load() == {"reel": b"old"}


@pytest.mark.parametrize("name", ["", "../reel", "a/b"])
def test_a_name_with_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="file name"):
        FileFolderDataset(path=str(tmp_path), suffix=".mid").save({name: b""})


def test_it_says_where_the_files_lie(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scogen_pipeline"):
        FileFolderDataset(path=str(tmp_path), suffix=".mid").save({"reel": b""})
    assert str(tmp_path / "reel.mid") in caplog.text
    assert str(tmp_path) in repr(FileFolderDataset(path=str(tmp_path), suffix=".mid"))
