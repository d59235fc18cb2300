import os

import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.midi_folder import MidiFolderDataset


def load(folder):
    return MidiFolderDataset(path=str(folder)).load()


def test_files_are_found_by_suffix_in_all_folders_sorted(tmp_path):
    for name in ("b/z.MID", "a.midi", "b/c/d.Kar", "e.rmi", "readme.txt", "mid"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert {path: file().decode() for path, file in load(tmp_path).items()} == {
        name: name for name in ("a.midi", "b/c/d.Kar", "b/z.MID", "e.rmi")
    }
    assert list(load(tmp_path)) == sorted(load(tmp_path))


def test_what_cannot_be_read_is_listed_and_raises_when_called(tmp_path):
    (tmp_path / "folder.mid").mkdir()
    (tmp_path / "loop.mid").symlink_to("loop.mid")
    (tmp_path / "broken.mid").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.mid")
    files = load(tmp_path)
    assert list(files) == ["broken.mid", "folder.mid", "loop.mid", "pipe.mid"]
    for file in files.values():
        with pytest.raises(OSError, match=r"."):
            file()


def test_a_file_that_vanishes_raises_when_called(tmp_path):
    (tmp_path / "a.mid").write_bytes(b"x")
    files = load(tmp_path)
    (tmp_path / "a.mid").unlink()
    with pytest.raises(FileNotFoundError):
        files["a.mid"]()


def test_a_folder_that_cannot_be_listed_is_an_entry(tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    (tmp_path / "a.mid").write_bytes(b"x")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    files = load(tmp_path)
    assert list(files) == ["a.mid", "locked"]
    with pytest.raises(OSError, match="a folder"):
        files["locked"]()


def test_links_in_a_circle_end(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.mid").write_bytes(b"x")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert list(load(tmp_path)) == ["sub/a.mid"]


def test_links_to_folders_elsewhere_are_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.mid").write_bytes(b"x")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "link").symlink_to(tmp_path / "elsewhere")
    assert list(load(tmp_path / "raw")) == ["link/a.mid"]


def test_names_that_are_no_utf8_are_escaped(tmp_path):
    try:
        with open(os.fsencode(tmp_path) + b"/caf\xe9.mid", "wb") as file:
            file.write(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert {path: file() for path, file in load(tmp_path).items()} == {"caf\\xe9.mid": b"x"}


def test_a_changed_file_has_another_stamp(tmp_path):
    (tmp_path / "a.mid").write_bytes(b"x")
    before = load(tmp_path)["a.mid"].stamp
    assert load(tmp_path)["a.mid"].stamp == before
    (tmp_path / "a.mid").write_bytes(b"y")
    assert load(tmp_path)["a.mid"].stamp != before


def test_an_empty_folder_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(DatasetError, match="must hold MIDI files"):
        load(tmp_path)


def test_the_folder_is_read_only(tmp_path):
    dataset = MidiFolderDataset(path=str(tmp_path))
    assert dataset.exists()
    with pytest.raises(DatasetError, match="read only"):
        dataset.save({"a.mid": b""})
