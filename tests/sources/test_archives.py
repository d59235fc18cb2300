"""What holds for archives of all kinds."""

import pickle
import tarfile
import zipfile

import pytest
from tests.sources.archive_bytes import tar_bytes, zip_bytes

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.files import MidiFile, Sidecar
from scogen_pipeline.sources.archives import tidied
from scogen_pipeline.sources.midi_source import MidiSource

BUILDERS = {
    "a.zip": zip_bytes,
    "b.zip": lambda files: zip_bytes(files, zipfile.ZIP_STORED),
    "a.tar": tar_bytes,
    "b.tar": lambda files: tar_bytes(files, format=tarfile.GNU_FORMAT),
    "c.tar": lambda files: tar_bytes(files, format=tarfile.USTAR_FORMAT),
    "a.tar.gz": lambda files: tar_bytes(files, "w:gz"),
    "a.TGZ": lambda files: tar_bytes(files, "w:gz"),
    "a.tar.bz2": lambda files: tar_bytes(files, "w:bz2"),
    "a.tar.xz": lambda files: tar_bytes(files, "w:xz"),
}
every_kind = pytest.mark.parametrize("name", BUILDERS)


@pytest.fixture
def stored(tmp_path):
    """A function that writes an archive and returns its source."""

    def write(name, files):
        (tmp_path / name).write_bytes(BUILDERS[name](files))
        return MidiSource(str(tmp_path / name))

    return write


def outcome(file):
    try:
        return file.load()
    except MidiError as error:
        return str(error.reason)


def outcomes(source):
    return [(file.path, outcome(file)) for file in source.files() if isinstance(file, MidiFile)]


@every_kind
def test_members_come_in_their_order_with_their_bytes(stored, name):
    files = [("b/x.mid", b"1" * 3_000), ("a.KAR", b""), ("b/y.mid.gz", b"22"), ("a/z.rmi", b"3" * 512)]
    others = [("readme.txt", b"-" * 700), ("b/song.wav", b"-" * 90_000)]
    source = stored(name, [files[0], others[0], *files[1:3], others[1], files[3]])
    assert outcomes(source) == files
    assert [file.n_bytes for file in source.files()] == [len(data) for _, data in files]


@every_kind
def test_members_that_nobody_loads_are_passed_over(stored, name):
    files = [(f"{index}.mid", bytes([index]) * 700) for index in range(9)]
    taken = [file.load() for index, file in enumerate(stored(name, files).files()) if index % 4 == 3]
    assert taken == [files[3][1], files[7][1]]


@every_kind
def test_members_that_are_held_can_be_read_at_any_time(stored, name):
    files = [(f"{index}.mid", bytes([index]) * 700) for index in range(9)]
    held = [file.held() for file in stored(name, files).files()]
    assert [pickle.loads(pickle.dumps(file)).load() for file in held] == [data for _, data in files]  # noqa: S301


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_members_that_can_be_sought_are_not_passing(stored, name):
    assert not any(file.is_passing for file in stored(name, [("a.mid", b"x")]).files())


@every_kind
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_stamps_tell_members_and_archives_apart(stored, name):
    files = [("a.mid", b"x"), ("a.mid", b"y"), ("b.mid", b"y")]
    stamps = [file.stamp for file in stored(name, files).files()]
    assert len(set(stamps)) == 3
    assert [file.stamp for file in MidiSource(stored(name, files).address).files()] != stamps


@every_kind
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_two_files(stored, name):
    files = [("a.mid", b"x"), ("a.mid", b"y")]
    assert outcomes(stored(name, files)) == files


@every_kind
def test_names_that_lead_outside_are_refused(stored, name):
    source = stored(
        name, [("../../x.mid", b"x"), ("/etc/x.mid", b"x"), ("a/../x.mid", b"x"), ("C:/x.mid", b"x"), ("./a//x.mid", b"x")]
    )
    assert outcomes(source) == [
        ("../../x.mid", "unsafe_name"),
        ("/etc/x.mid", "unsafe_name"),
        ("a/../x.mid", "unsafe_name"),
        ("C:/x.mid", "unsafe_name"),
        ("a/x.mid", b"x"),
    ]


@every_kind
def test_archives_in_archives_are_not_opened(stored, name):
    source = stored(name, [("a.mid", b"x"), ("b/inner.tar.gz", b"?"), ("c.ZIP", zip_bytes([("d.mid", b"x")]))])
    assert outcomes(source) == [("a.mid", b"x"), ("b/inner.tar.gz", "nested_archive"), ("c.ZIP", "nested_archive")]


@every_kind
def test_members_larger_than_any_music_are_not_unpacked(stored, name, monkeypatch):
    monkeypatch.setattr("scogen_pipeline.sources.archives.MAX_BYTES", 1_000)
    assert outcomes(stored(name, [("a.mid", b"x" * 1_001), ("b.mid", b"x")])) == [("a.mid", "too_large"), ("b.mid", b"x")]


@every_kind
def test_labels_are_read_as_files(stored, name):
    data = bytes(range(256)) * 5_000
    pieces = []
    for file in stored(name, [("a.mid", b"x"), ("in/metadata.json", data), ("b.mid", b"y")]).files():
        if isinstance(file, Sidecar):
            with file.open() as opened:
                pieces = list(iter(lambda opened=opened: opened.read(100_000), b""))
    assert b"".join(pieces) == data
    assert len(pieces) == 13


@every_kind
def test_labels_that_nobody_reads_are_passed_over(stored, name):
    source = stored(name, [("metadata.json", b"x" * 90_000), ("b.mid", b"y")])
    assert outcomes(source) == [("b.mid", b"y")]


@every_kind
def test_an_archive_in_a_folder_is_walked_like_a_folder(stored, tmp_path, name):
    stored(name, [("in/a.mid", b"x")])
    (tmp_path / "0.mid").write_bytes(b"y")
    assert outcomes(MidiSource(str(tmp_path))) == [("0.mid", b"y"), (f"{name}/in/a.mid", b"x")]


@every_kind
def test_an_archive_cut_anywhere_is_one_more_file_and_never_a_crash(stored, tmp_path, name):
    files = [(f"{index}.mid", bytes([index]) * 700) for index in range(4)]
    data = (tmp_path / name).read_bytes() if stored(name, files) else b""
    for size in range(0, len(data) - 20, 53):
        (tmp_path / name).write_bytes(data[:size])
        found = outcomes(MidiSource(str(tmp_path)))
        whole = [(f"{name}/{path}", content) for path, content in files]
        n_whole = next((index for index, pair in enumerate(whole) if index >= len(found) or found[index] != pair), len(whole))
        assert all(content == "bad_archive" for _, content in found[n_whole:]), size
        assert (name.endswith(".tar") and n_whole == 4) or found[-1] == (name, "bad_archive"), size


@every_kind
def test_an_archive_with_any_byte_changed_never_crashes(stored, tmp_path, name):
    files = [(f"{index}.mid", bytes([index]) * 90) for index in range(3)]
    stored(name, files)
    data = (tmp_path / name).read_bytes()
    for place in range(0, len(data), max(1, len(data) // 300)):
        (tmp_path / name).write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        for file in MidiSource(str(tmp_path)).files():
            if isinstance(file, MidiFile):
                outcome(file)


@every_kind
@pytest.mark.parametrize(
    "content", [b"", b"MThd" * 200, b"\x1f\x8b" + b"x" * 900, b"BZh9" + b"x" * 900, b"\xfd7zXZ\0" + b"x" * 900]
)
def test_what_is_no_archive_is_a_file_that_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert outcomes(MidiSource(str(tmp_path / name))) == [(name, "bad_archive")]


@every_kind
def test_nothing_is_written(stored, tmp_path, name):
    source = stored(name, [("../x.mid", b"x"), ("a.mid", b"x"), ("b/metadata.json", b"{}")])
    before = sorted(tmp_path.parent.rglob("*"))
    outcomes(source)
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_names_are_tidied_only_where_they_stay_the_same_file():
    assert [tidied(name) for name in ("a/b.mid", "./a.mid", "a/./b.mid", "a/..b.mid", "..a/b.mid", ".a.mid")] == [
        "a/b.mid",
        "a.mid",
        "a/b.mid",
        "a/..b.mid",
        "..a/b.mid",
        ".a.mid",
    ]
