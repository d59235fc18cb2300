import os

import fsspec
import pytest

from scogen_pipeline.errors import MidiError
from scogen_pipeline.sources import folders
from scogen_pipeline.sources.folders import walk_local, walk_remote


@pytest.fixture
def memory():
    filesystem = fsspec.filesystem("memory")
    yield filesystem
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def paths(folder):
    return [found.path for found in walk_local(str(folder))]


def test_files_are_found_by_suffix_in_all_folders(tmp_path):
    fill(tmp_path, "b/z.MID", "a.midi", "b/c/d.Kar", "e.rmi", "f.mid.gz", "readme.txt", "mid", "b/Metadata.json", "g.tar.gz")
    assert paths(tmp_path) == ["a.midi", "b/Metadata.json", "b/c/d.Kar", "b/z.MID", "e.rmi", "f.mid.gz", "g.tar.gz"]


def test_the_order_is_that_of_whole_paths(tmp_path):
    fill(tmp_path, "a/x.mid", "a-b.mid", "a0.mid", "a.mid", "a/b/x.mid")
    assert paths(tmp_path) == sorted(paths(tmp_path)) == ["a-b.mid", "a.mid", "a/b/x.mid", "a/x.mid", "a0.mid"]


def test_what_cannot_be_read_is_found_and_raises_when_loaded(tmp_path):
    (tmp_path / "folder.mid").mkdir()
    (tmp_path / "loop.mid").symlink_to("loop.mid")
    (tmp_path / "broken.mid").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.mid")
    assert paths(tmp_path) == ["broken.mid", "folder.mid", "loop.mid", "pipe.mid"]
    for found in walk_local(str(tmp_path)):
        with pytest.raises(OSError, match=r"."):
            found.file.load()


def test_a_folder_that_cannot_be_listed_is_found(tmp_path, monkeypatch):
    fill(tmp_path, "locked/b.mid", "a.mid")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = list(walk_local(str(tmp_path)))
    assert [(one.path, type(one.error)) for one in found] == [("a.mid", type(None)), ("locked", PermissionError)]


def test_links_in_a_circle_end(tmp_path):
    fill(tmp_path, "sub/a.mid")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert paths(tmp_path) == ["sub/a.mid"]


def test_links_to_folders_elsewhere_are_followed(tmp_path):
    fill(tmp_path, "elsewhere/a.mid")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "link").symlink_to(tmp_path / "elsewhere")
    assert paths(tmp_path / "raw") == ["link/a.mid"]


def test_names_that_are_no_utf8_are_escaped(tmp_path):
    try:
        with open(os.fsencode(tmp_path) + b"/caf\xe9.mid", "wb") as file:
            file.write(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert [(found.path, found.file.load()) for found in walk_local(str(tmp_path))] == [("caf\\xe9.mid", b"x")]


def test_folders_may_be_nested_deeper_than_python_calls(tmp_path):
    folders_made = [f"{tmp_path}{'/d' * depth}" for depth in range(1, 1_011)]
    for folder in folders_made:
        os.mkdir(folder)
    file = f"{folders_made[-1]}/x.mid"
    with open(file, "wb"):
        pass
    found = paths(tmp_path)
    os.remove(file)
    for folder in reversed(folders_made):  # pytest's own tidying is recursive
        os.rmdir(folder)
    assert found == ["d/" * 1_010 + "x.mid"]


@pytest.mark.parametrize("root", ["raw", "raw/", "./raw"])
def test_a_root_may_be_written_in_any_way(tmp_path, monkeypatch, root):
    fill(tmp_path, "raw/b/a.mid")
    monkeypatch.chdir(tmp_path)
    assert paths(root) == ["b/a.mid"]


def test_a_server_is_walked_as_a_folder_is(tmp_path, memory):
    names = ["b/z.MID", "a.midi", "b/c/d.Kar", "a-b.mid", "a/x.mid", "g.zip", "readme.txt", "metadata.csv"]
    fill(tmp_path, *names)
    for name in names:
        memory.pipe(f"/raw/{name}", name.encode())
    found = list(walk_remote(memory, "/raw"))
    assert [one.path for one in found] == paths(tmp_path)
    assert all(one.file.load() == one.path.encode() for one in found)


def test_a_folder_of_a_server_that_goes_away_is_found(memory, monkeypatch):
    memory.pipe({"/raw/a.mid": b"x", "/raw/gone/b.mid": b"x"})
    ls = memory.ls

    def refuse(path, **options):
        if path.endswith("gone"):
            raise FileNotFoundError(path)
        return ls(path, **options)

    monkeypatch.setattr(memory, "ls", refuse)
    found = list(walk_remote(memory, "/raw"))
    assert [(one.path, type(one.error)) for one in found] == [("a.mid", type(None)), ("gone", FileNotFoundError)]


def test_links_in_a_circle_on_a_server_end(memory, monkeypatch):
    monkeypatch.setattr(
        memory, "ls", lambda path, **_: [{"name": f"{path}/up", "type": "directory"}, {"name": f"{path}/..", "type": "directory"}]
    )
    found = list(walk_remote(memory, "/raw"))
    assert len(found) < 2 * folders._MAX_DEPTH + 2
    assert {one.error.reason for one in found if isinstance(one.error, MidiError)} == {"unsafe_name", "unopenable"}
