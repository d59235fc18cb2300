import io
import stat
import struct
import threading
import tracemalloc
import zipfile
import zlib

import pytest
from tests.sources.archive_bytes import noise, patched, zip_bytes, zip_rows

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.files import MidiFile, Sidecar
from scogen_pipeline.sources import archives
from scogen_pipeline.sources.midi_source import MidiSource

# Places in a row of the table of contents.
_FLAGS, _METHOD, _CHECKSUM, _PACKED, _SIZE, _OFFSET = 8, 10, 16, 20, 24, 42


@pytest.fixture
def walk(tmp_path):
    """A function that writes an archive and returns (path, bytes or reason) of each of its files."""

    def outcomes(data):
        (tmp_path / "a.zip").write_bytes(data)
        return [(file.path, outcome(file)) for file in MidiSource(str(tmp_path / "a.zip")).files() if isinstance(file, MidiFile)]

    return outcomes


def outcome(file):
    try:
        return file.load()
    except MidiError as error:
        return str(error.reason)


def with_row(data, index, place, kind, value):
    return patched(data, zip_rows(data)[index] + place, kind, value)


TWO = [("a.mid", b"music" * 200), ("b.mid", b"y" * 300)]


def test_a_checksum_that_differs_is_damage_of_the_member_alone(walk):
    assert walk(with_row(zip_bytes(TWO), 0, _CHECKSUM, "L", 7)) == [("a.mid", "bad_archive"), TWO[1]]


@pytest.mark.parametrize("size", [0, 999, 1_001, 2**26])
def test_a_size_that_lies_is_damage_of_the_member_alone(walk, size):
    assert walk(with_row(zip_bytes(TWO), 0, _SIZE, "L", size)) == [("a.mid", "bad_archive"), TWO[1]]


def test_a_small_size_hides_no_bomb(walk):
    data = zip_bytes([("a.mid", bytes(2**26))])
    tracemalloc.start()
    assert walk(with_row(data, 0, _SIZE, "L", 70_000)) == [("a.mid", "bad_archive")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


@pytest.mark.parametrize(
    ("place", "kind", "value"), [(_PACKED, "L", 900), (_OFFSET, "L", 3), (_OFFSET, "L", 2**31), (_METHOD, "H", 9)]
)
def test_a_row_that_leads_elsewhere_is_damage_of_the_member_alone(walk, place, kind, value):
    assert walk(with_row(zip_bytes(TWO), 0, place, kind, value)) == [("a.mid", "bad_archive"), TWO[1]]


@pytest.mark.parametrize("flag", [0x1, 0x41, 0x2000])
def test_encrypted_members_are_refused(walk, flag):
    assert walk(with_row(zip_bytes(TWO), 1, _FLAGS, "H", flag)) == [TWO[0], ("b.mid", "encrypted")]


def test_links_devices_and_folders_are_refused(walk):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, mode in (
            ("a.mid", stat.S_IFLNK),
            ("b.mid", stat.S_IFCHR),
            ("c.mid", stat.S_IFDIR),
            ("d.mid", stat.S_IFREG),
            ("e.mid/", 0),
        ):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (mode | 0o644) << 16
            archive.writestr(info, b"" if name.endswith("/") else b"/etc/passwd")
    assert walk(buffer.getvalue()) == [
        ("a.mid", "link"),
        ("b.mid", "unopenable"),
        ("c.mid", "unopenable"),
        ("d.mid", b"/etc/passwd"),
        ("e.mid", "unopenable"),
    ]


def test_members_that_share_bytes_are_a_bomb(walk):
    data = zip_bytes([(f"{index:03}.mid", noise(index, 2_000)) for index in range(300)])
    first = struct.unpack_from("<3L", data, zip_rows(data)[0] + _CHECKSUM)
    for row in zip_rows(data):
        data = patched(data, row + _OFFSET, "L", 0)
        for place, value in zip((_CHECKSUM, _PACKED, _SIZE), first, strict=True):
            data = patched(data, row + place, "L", value)
    # As long as they could be members of their own they are read; an archive of half the size cannot hold them.
    kept = zip_rows(data)[0]
    table = data[kept:]
    short = bytearray(data[:300_000] + table)
    struct.pack_into("<L", short, len(short) - 6, 300_000)
    found = [content for _, content in walk(bytes(short))]
    assert {type(content) for content in found[:100]} == {bytes}
    assert found[-100:] == ["archive_bomb"] * 100


def test_members_that_unpack_to_far_too_much_together_are_a_bomb(walk, monkeypatch):
    monkeypatch.setattr(archives, "BOMB_SLACK", 2**20)
    found = walk(zip_bytes([(f"{index}.mid", bytes(2**20)) for index in range(8)]))
    assert found[0] == ("0.mid", bytes(2**20))
    assert found[-1] == ("7.mid", "archive_bomb")


def test_what_stands_before_an_archive_is_passed_over(walk):
    assert walk(b"#!/bin/sh\nexit\n" * 9 + zip_bytes(TWO)) == TWO


def test_a_comment_behind_an_archive_is_passed_over(walk):
    buffer = io.BytesIO(zip_bytes(TWO))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"made by hand " * 99
    assert walk(buffer.getvalue()) == TWO


def test_large_archives_have_their_table_in_another_form(walk, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    assert walk(zip_bytes(TWO)) == TWO


@pytest.mark.parametrize("place", [4, 6])
def test_one_of_several_volumes_is_refused(walk, place):
    data = zip_bytes(TWO)
    assert walk(patched(data, len(data) - 22 + place, "H", 3)) == [("a.zip", "bad_archive")]


@pytest.mark.parametrize(("place", "value"), [(12, 2**31), (16, 2**31), (12, 40), (12, 0)])
def test_a_table_that_is_not_where_it_should_be_is_a_broken_archive(walk, place, value):
    data = zip_bytes(TWO)
    assert walk(patched(data, len(data) - 22 + place, "L", value))[-1] == ("a.zip", "bad_archive")


@pytest.mark.parametrize("n_rows", [0, 1, 3, 65_535])
def test_a_table_with_another_number_of_rows_than_it_states_is_a_broken_archive(walk, n_rows):
    data = zip_bytes(TWO)
    assert walk(patched(data, len(data) - 12, "H", n_rows)) == [*TWO, ("a.zip", "bad_archive")]


def test_names_are_utf8_or_code_page_437(walk):
    data = zip_bytes([("XX.mid", b"x"), ("YY.mid", b"y"), ("Größe.mid", b"z")])
    data = data.replace(b"XX.mid", "ü.mid".encode()).replace(b"YY.mid", b"\x81\x81.mid")
    assert walk(data) == [("ü.mid", b"x"), ("üü.mid", b"y"), ("Größe.mid", b"z")]


def test_a_backslash_is_a_slash(walk):
    assert walk(zip_bytes([("aXb.mid", b"x"), ("..Xb.mid", b"y")]).replace(b"Xb.mid", b"\\b.mid")) == [
        ("a/b.mid", b"x"),
        ("../b.mid", "unsafe_name"),
    ]


def test_labels_are_checked_to_their_end(tmp_path):
    data = noise(1, 10**6)
    whole = zip_bytes([("metadata.json", data)])
    for content, is_good in (
        (whole, True),
        (with_row(whole, 0, _CHECKSUM, "L", 7), False),
        (with_row(whole, 0, _SIZE, "L", 10**6 - 1), False),
    ):
        (tmp_path / "a.zip").write_bytes(content)
        (labels,) = MidiSource(str(tmp_path / "a.zip")).files()
        assert isinstance(labels, Sidecar)
        with labels.open() as file:
            if is_good:
                assert file.read() == data
            else:
                with pytest.raises(MidiError, match="bad_archive"):
                    file.read()


def test_a_table_of_many_members_needs_the_memory_of_few(tmp_path):
    def peak(n_members):
        (tmp_path / "a.zip").write_bytes(zip_bytes((f"{i}.mid", b"x") for i in range(n_members)))
        tracemalloc.start()
        n_found = sum(1 for _ in MidiSource(str(tmp_path / "a.zip")).files())
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert n_found == n_members
        return result

    peak(10)
    # The end of the file is searched for the table (64 KiB), and the table read by 256 KiB; 20,000 entries would be 10 MB.
    assert peak(20_000) < peak(1_000) + 2**20


def test_threads_read_members_of_one_archive_at_once(tmp_path):
    files = [(f"{i}.mid", noise(i, 5_000)) for i in range(200)]
    (tmp_path / "a.zip").write_bytes(zip_bytes(files))
    members, sums = list(MidiSource(str(tmp_path / "a.zip")).files()), {}

    def read(start):
        for index in range(start, 200, 4):
            sums[index] = zlib.crc32(members[index].load())

    threads = [threading.Thread(target=read, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == {index: zlib.crc32(data) for index, (_, data) in enumerate(files)}
