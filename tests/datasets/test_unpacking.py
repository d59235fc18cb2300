import io
import stat
import tarfile
import zipfile

import pytest

from scogen_pipeline.datasets import unpacking
from scogen_pipeline.datasets.unpacking import is_archive, unpack
from scogen_pipeline.errors import DataError


def zip_of(path, files, mode=0):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
            archive.writestr(info, data)
    return path


def tar_of(path, files, kind=tarfile.REGTYPE):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data) if kind == tarfile.REGTYPE else 0, "/etc/passwd"
            archive.addfile(info, io.BytesIO(data))
    return path


def scores(names):
    return {name: name.removeprefix("top/") for name in names if name.endswith(".mxl")}


@pytest.fixture
def work(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    return tmp_path


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


FILES = {"top/a.mxl": b"a", "top/b/c.mxl": b"c", "top/README": b"no score"}


@pytest.mark.parametrize(("make", "name"), [(zip_of, "x.zip"), (tar_of, "x.tar.gz")])
def test_chosen_members_are_unpacked_beside_what_is_there(work, make, name):
    archive = make(work / name, FILES)
    assert is_archive(archive)
    assert unpack(archive, work / "folder", work / "staging", scores) == 2
    assert content(work / "folder") == {"mine.txt": b"mine", "a.mxl": b"a", "b/c.mxl": b"c"}
    assert not (work / "staging").exists()


@pytest.mark.parametrize(
    "archive",
    [
        lambda work: zip_of(work / "x.zip", {"top/a.mxl": b"/etc/passwd"}, stat.S_IFLNK | 0o777),
        lambda work: tar_of(work / "x.tar.gz", {"top/a.mxl": b""}, tarfile.SYMTYPE),
        lambda work: tar_of(work / "x.tar.gz", {"top/a.mxl": b""}, tarfile.LNKTYPE),
        lambda work: tar_of(work / "x.tar.gz", {"top/a.mxl": b""}, tarfile.FIFOTYPE),
    ],
    ids=["link in a zip", "link in a tar", "hard link", "pipe"],
)
def test_links_and_devices_are_refused(work, archive):
    with pytest.raises(DataError, match="must hold plain files"):
        unpack(archive(work), work / "folder", work / "staging", scores)
    assert content(work / "folder") == {"mine.txt": b"mine"}


@pytest.mark.parametrize(("make", "name"), [(zip_of, "x.zip"), (tar_of, "x.tar.gz")])
def test_a_bomb_is_stopped_and_leaves_nothing(work, monkeypatch, make, name):
    monkeypatch.setattr(unpacking, "_MAX_SMALL_BYTES", 100_000)
    archive = make(work / name, {"top/a.mxl": bytes(3_000_000), "top/b.mxl": bytes(3_000_000)})
    with pytest.raises(DataError, match="must not unpack to more than 50 times its size"):
        unpack(archive, work / "folder", work / "staging", scores)
    assert content(work) == {name: archive.read_bytes(), "folder/mine.txt": b"mine"}


@pytest.mark.parametrize(("make", "name"), [(zip_of, "x.zip"), (tar_of, "x.tar.gz")])
def test_a_damaged_archive_leaves_the_folder_as_it_was(work, make, name):
    archive = make(work / name, {f"top/{index}.mxl": bytes([index]) * 5000 for index in range(200)})
    data = bytearray(archive.read_bytes())
    for place in range(len(data) // 3, len(data) // 3 + 400):
        data[place] ^= 0x55
    archive.write_bytes(data)
    with pytest.raises(DataError, match="must be a sound archive"):
        unpack(archive, work / "folder", work / "staging", scores)
    assert content(work / "folder") == {"mine.txt": b"mine"}


def test_an_archive_without_scores_is_an_error(work):
    with pytest.raises(DataError, match="must hold scores where the table of sources expects them"):
        unpack(zip_of(work / "x.zip", {"README": b""}), work / "folder", work / "staging", scores)


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.zip.partial"])
def test_a_web_page_is_no_archive(tmp_path, name):
    (tmp_path / name).write_text("<html>log in</html>")
    assert not is_archive(tmp_path / name)
