import io
import lzma
import tarfile
import tracemalloc

import pytest
from tests.sources.archive_bytes import deflated_zeros, gzipped, noise, tar_bytes, tar_info, tar_of

from scogen_pipeline.errors import DataError, MidiError
from scogen_pipeline.midi.files import MidiFile, Sidecar
from scogen_pipeline.sources import archives, stored_files, tar_archives
from scogen_pipeline.sources.midi_source import MidiSource
from scogen_pipeline.sources.stored_files import LocalFile


@pytest.fixture
def walk(tmp_path):
    """A function that writes an archive and returns (path, bytes or reason) of each of its files."""

    def outcomes(data, name="a.tar"):
        (tmp_path / name).write_bytes(data)
        return [(file.path, outcome(file)) for file in MidiSource(str(tmp_path / name)).files() if isinstance(file, MidiFile)]

    return outcomes


def outcome(file):
    try:
        return file.load()
    except MidiError as error:
        return str(error.reason)


packed_or_not = pytest.mark.parametrize("pack", [bytes, gzipped], ids=["plain", "gzip"])


@packed_or_not
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_and_foreign_names_are_kept(walk, pack, form):
    names = ["d/" * 120 + "x.mid", "Händel/Größe.mid", "鍵盤.mid", "n" * 101 + ".mid"]
    data = tar_bytes([(name, name.encode()) for name in names], format=form)
    assert walk(pack(data)) == [(name, name.encode()) for name in names]


def test_a_name_in_two_fields_is_joined(walk):
    name = "p" * 90 + "/" + "n" * 90 + ".mid"
    assert walk(tar_bytes([(name, b"x")], format=tarfile.USTAR_FORMAT)) == [(name, b"x")]


def test_names_that_are_no_utf8_are_escaped(walk):
    info = tarfile.TarInfo("caf\udce9.mid")
    assert walk(info.tobuf(tarfile.GNU_FORMAT, errors="surrogateescape") + bytes(1_024)) == [("caf\\xe9.mid", b"")]


@packed_or_not
def test_links_devices_and_folders_are_refused_and_have_no_bytes(walk, pack):
    kinds = {
        "hard": tarfile.LNKTYPE,
        "soft": tarfile.SYMTYPE,
        "char": tarfile.CHRTYPE,
        "block": tarfile.BLKTYPE,
        "pipe": tarfile.FIFOTYPE,
        "folder": tarfile.DIRTYPE,
    }
    infos = [tar_info(f"{name}.mid", kind, link="/etc/passwd") for name, kind in kinds.items()]
    found = walk(pack(tar_of(*infos, tar_info("last.mid"))))
    reasons = ["link", "link", "unopenable", "unopenable", "unopenable", "unopenable", b""]
    assert found == list(zip([*(f"{name}.mid" for name in kinds), "last.mid"], reasons, strict=True))


def test_labels_that_are_a_link_are_refused(walk):
    assert walk(tar_of(tar_info("metadata.json", tarfile.SYMTYPE, link="/etc/passwd"))) == [("metadata.json", "link")]


@packed_or_not
def test_files_with_holes_are_refused(walk, pack):
    block = bytearray(tar_info("a.mid", b"S", 512).tobuf(tarfile.GNU_FORMAT))
    block[482] = 1  # another block of places follows
    block[148:156] = b"%06o\0 " % (256 + sum(block[:148]) + sum(block[156:]))
    data = bytes(block) + bytes(504) + b"\0" * 8 + b"x" * 512 + tar_bytes([("b.mid", b"y")])
    assert walk(pack(data)) == [("a.mid", "bad_archive"), ("b.mid", b"y")]


@packed_or_not
@pytest.mark.parametrize("size", [1_000, 2**30, 2**40, 2**80])
def test_a_member_that_claims_more_than_there_is_breaks_the_archive(walk, pack, size):
    data = tar_bytes([("a.mid", b"x")])[:1_024] + tar_info("b.mid", size=size).tobuf(tarfile.GNU_FORMAT) + b"y" * 100
    found = walk(pack(data))
    assert found[0] == ("a.mid", b"x")
    assert found[1] == ("b.mid", "bad_archive" if size == 1_000 else "too_large")
    assert found[2:] == [("a.tar", "bad_archive")]


@packed_or_not
def test_a_negative_size_breaks_the_archive(walk, pack):
    block = bytearray(tar_info("a.mid").tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\xff" * 12
    block[148:156] = b"%06o\0 " % (256 + sum(block[:148]) + sum(block[156:]))
    assert walk(pack(bytes(block) + bytes(1_024))) == [("a.tar", "bad_archive")]


def test_attributes_without_end_break_the_archive(walk):
    for records in (b"9999 path=x\n", b"-5 path=x\n", b"path=x\n", b"7 pathx\n"):
        info = tar_info("x", b"x", len(records))
        data = info.tobuf(tarfile.GNU_FORMAT) + records.ljust(512, b"\0") + tar_bytes([("a.mid", b"x")])
        assert walk(data) == [("a.tar", "bad_archive")]


def test_a_name_of_gigabytes_is_not_read(walk):
    info = tar_info("x", b"L", 2**32)
    assert walk(gzipped(info.tobuf(tarfile.GNU_FORMAT) + bytes(2**22))) == [("a.tar", "bad_archive")]


@packed_or_not
def test_an_archive_without_its_end_mark_is_one_more_file(walk, pack):
    data = tar_bytes([("a.mid", b"x")])[:1_024]
    assert walk(pack(data)) == [("a.mid", b"x"), ("a.tar", "bad_archive")]


@packed_or_not
def test_archives_that_were_appended_are_read(walk, pack):
    assert walk(pack(tar_bytes([("a.mid", b"x")])) + pack(tar_bytes([("b.mid", b"y")]))) == [("a.mid", b"x"), ("b.mid", b"y")]


@packed_or_not
def test_what_is_behind_the_end_and_no_archive_is_told(walk, pack):
    assert walk(pack(tar_bytes([("a.mid", b"x")]) + b"secret" * 200)) == [("a.mid", b"x"), ("a.tar", "bad_archive")]


def test_zeros_without_end_end(walk, tmp_path):
    assert walk(tar_bytes([("a.mid", b"x")])[:1_024]) == [("a.mid", b"x"), ("a.tar", "bad_archive")]
    with (tmp_path / "a.tar").open("r+b") as file:
        file.truncate(2**40)  # holes, no disk
    assert [file.path for file in MidiSource(str(tmp_path / "a.tar")).files()] == ["a.mid"]


def test_the_checksum_of_gzip_is_looked_at(walk):
    data = bytearray(gzipped(tar_bytes([("a.mid", b"x")])))
    data[-8] ^= 1
    assert walk(bytes(data)) == [("a.mid", b"x"), ("a.tar", "bad_archive")]


def test_damage_within_a_member_is_its_damage_and_the_archives(walk):
    data = bytearray(gzipped(tar_bytes([("a.mid", b"x"), ("b.mid", noise(1, 90_000)), ("c.mid", b"z")])))
    del data[len(data) // 2 :]
    assert walk(bytes(data))[-1] == ("a.tar", "bad_archive")
    assert ("c.mid", b"z") not in walk(bytes(data))


@pytest.mark.parametrize("name", ["song.wav", "song.mid"])
def test_a_bomb_is_stopped(walk, monkeypatch, name):
    monkeypatch.setattr(tar_archives, "BOMB_SLACK", 2**22)
    monkeypatch.setattr(archives, "BOMB_SLACK", 2**22)
    header = tar_info(name, size=2**33).tobuf(tarfile.GNU_FORMAT)
    bomb = gzipped(tar_bytes([("a.mid", b"x")])[:1_024] + header) + deflated_zeros(2**26)
    found = walk(bomb)
    assert found[0] == ("a.mid", b"x")
    assert found[-1] == ("a.tar", "archive_bomb")


def test_xz_gets_no_more_memory_than_music_needs(walk):
    data = tar_bytes([("a.mid", b"x")])
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 2**30}]
    assert walk(lzma.compress(data, filters=filters)) == [("a.tar", "bad_archive")]
    assert walk(lzma.compress(data) + bytes(8) + lzma.compress(tar_bytes([("b.mid", b"y")]))) == [
        ("a.mid", b"x"),
        ("b.mid", b"y"),
    ]


def test_silence_beside_music_is_no_bomb(walk):
    silence = bytes(2**26)
    assert walk(gzipped(tar_bytes([("a.wav", silence), ("a.mid", b"x")]))) == [("a.mid", b"x")]


def test_a_stream_of_many_members_needs_the_memory_of_one(tmp_path):
    def peak(n_members):
        (tmp_path / "a.tar.gz").write_bytes(
            tar_bytes(((f"{i}.mid", b"x" * 100) for i in range(n_members)), "w:gz", compresslevel=1)
        )
        tracemalloc.start()
        n_found = sum(1 for _ in MidiSource(str(tmp_path / "a.tar.gz")).files())
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert n_found == n_members
        return result

    peak(10)
    assert peak(4_000) < peak(40) + 50_000


def test_a_member_asked_for_too_late_is_an_error(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(tar_bytes([("a.mid", b"x"), ("b.mid", b"y")], "w:gz"))
    first, _ = MidiSource(str(tmp_path / "a.tar.gz")).files()
    with pytest.raises(RuntimeError, match="before the next"):
        first.load()


def test_labels_of_a_stream_may_be_read_in_part(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(tar_bytes([("metadata.json", b"x" * 10**6), ("b.mid", b"y")], "w:gz"))
    files = MidiSource(str(tmp_path / "a.tar.gz")).files()
    labels = next(files)
    assert isinstance(labels, Sidecar)
    assert labels.open().read(5) == b"xxxxx"
    assert next(files).load() == b"y"


class FailingFile(io.FileIO):
    """A disk or a network that gives up after some bytes."""

    def readinto(self, buffer):
        if self.tell() > 1_400_000:
            raise OSError(5, "Input/output error")
        return super().readinto(memoryview(buffer)[:100_000])


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_disk_that_fails_is_not_a_broken_archive(tmp_path, monkeypatch, mode):
    files = [(f"{i}.mid", noise(i, 32_000)) for i in range(60)]
    (tmp_path / "a.tar").write_bytes(tar_bytes(files, mode))
    monkeypatch.setattr(LocalFile, "open", lambda self: FailingFile(self.address))
    loaded = []
    with pytest.raises((OSError, DataError), match="Input/output"):
        loaded.extend(file.load() for file in MidiSource(str(tmp_path / "a.tar")).files())
    assert loaded == [data for _, data in files[: len(loaded)]]
    assert loaded


def test_an_archive_that_cannot_be_opened_is_a_file_that_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a.tar").write_bytes(tar_bytes([("a.mid", b"x")]))
    (tmp_path / "b.zip").symlink_to("nowhere")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(LocalFile, "open", refuse)
    stored_files._open_archives.clear()
    files = list(MidiSource(str(tmp_path)).files())
    assert [file.path for file in files] == ["a.tar", "b.zip"]
    for file in files:
        with pytest.raises(OSError, match="Permission"):
            file.load()
