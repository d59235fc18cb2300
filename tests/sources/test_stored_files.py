import pickle

import fsspec
import pytest

from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.containers import MAX_BYTES
from scogen_pipeline.sources import stored_files
from scogen_pipeline.sources.stored_files import LocalFile, LostConnectionError, RemoteFile, opened, patiently


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(stored_files, "_WAITS", [0.0, 0.0])


@pytest.fixture
def memory():
    filesystem = fsspec.filesystem("memory")
    yield filesystem
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]


class Flaky:
    """Fails as often as it is told to."""

    def __init__(self, n_failures, error):
        self.n_failures, self.error = n_failures, error
        self.n_calls = 0

    def __call__(self, *_, **__):
        self.n_calls += 1
        if self.n_calls <= self.n_failures:
            raise self.error
        return b"answer"


class DriverError(Exception):
    status = 503


class RefusalError(Exception):
    status = 400


def test_a_server_is_asked_again():
    flaky = Flaky(2, DriverError("later"))
    assert patiently(flaky) == b"answer"
    assert flaky.n_calls == 3


@pytest.mark.parametrize(
    ("error", "n_calls"), [(DriverError("later"), 3), (TimeoutError(), 3), (RefusalError("no"), 1), (PermissionError("no"), 1)]
)
def test_a_server_that_keeps_failing_is_a_lost_connection(error, n_calls):
    flaky = Flaky(9, error)
    with pytest.raises(LostConnectionError):
        patiently(flaky)
    assert flaky.n_calls == n_calls


def test_a_file_that_is_not_there_is_none_whenever_it_is_asked_for():
    flaky = Flaky(9, FileNotFoundError("x"))
    with pytest.raises(FileNotFoundError):
        patiently(flaky)
    assert flaky.n_calls == 1


def test_a_failure_that_fsspec_calls_not_found_is_a_lost_connection():
    error = FileNotFoundError("x")
    error.__cause__ = ConnectionRefusedError("no")
    with pytest.raises(LostConnectionError):
        patiently(Flaky(9, error))


def test_a_broken_connection_is_not_the_fault_of_the_file_that_is_loaded(memory, monkeypatch):
    memory.pipe("/a.mid", b"x")
    file = RemoteFile.of(memory, memory.info("/a.mid"))
    assert file.load() == b"x"
    monkeypatch.setattr(memory, "cat_file", Flaky(9, DriverError("later")))
    with pytest.raises(DataError, match="Run again"):
        file.load()


def test_a_file_that_ends_too_early_is_a_broken_connection(memory, monkeypatch):
    memory.pipe("/a.mid", b"abcdef")
    file = RemoteFile.of(memory, memory.info("/a.mid"))
    monkeypatch.setattr(memory, "cat_file", lambda path: b"abc")
    with pytest.raises(DataError, match="3 of 6 bytes"):
        file.load()


def test_no_more_is_read_than_music_has(tmp_path, memory):
    (tmp_path / "a.mid").write_bytes(bytes(MAX_BYTES + 9))
    assert len(LocalFile.at(str(tmp_path / "a.mid")).load()) == MAX_BYTES + 1
    memory.pipe("/a.mid", bytes(MAX_BYTES + 9))
    assert len(RemoteFile.of(memory, memory.info("/a.mid")).load()) == MAX_BYTES + 1


def test_a_changed_file_has_another_stamp(tmp_path, memory):
    path = tmp_path / "a.mid"
    path.write_bytes(b"x")
    before = LocalFile.at(str(path)).stamp
    assert LocalFile.at(str(path)).stamp == before
    path.write_bytes(b"y")
    assert LocalFile.at(str(path)).stamp != before
    memory.pipe("/a.mid", b"x")
    before = RemoteFile.of(memory, memory.info("/a.mid")).stamp
    memory.pipe("/a.mid", b"y")
    assert RemoteFile.of(memory, memory.info("/a.mid")).stamp != before


def test_a_file_that_vanishes_raises_when_loaded(tmp_path):
    (tmp_path / "a.mid").write_bytes(b"x")
    file = LocalFile.at(str(tmp_path / "a.mid"))
    (tmp_path / "a.mid").unlink()
    with pytest.raises(FileNotFoundError):
        file.load()


def test_files_travel_to_other_processes(tmp_path, memory):
    (tmp_path / "a.mid").write_bytes(b"x")
    memory.pipe("/a.mid", b"x")
    for file in (LocalFile.at(str(tmp_path / "a.mid")), RemoteFile.of(memory, memory.info("/a.mid"))):
        assert pickle.loads(pickle.dumps(file)).load() == b"x"  # noqa: S301


def test_an_archive_stays_open_between_its_members_and_old_ones_are_closed(tmp_path):
    files = []
    for index in range(stored_files._MOST_OPEN + 1):
        (tmp_path / f"{index}.zip").write_bytes(b"x")
        files.append(LocalFile.at(str(tmp_path / f"{index}.zip")))
    first = opened(files[0])
    assert opened(files[0]) is first
    for file in files[1:]:
        opened(file)
    assert opened(files[0]) is not first


def test_an_archive_that_changed_since_it_was_found_is_refused(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"x")
    file = LocalFile.at(str(tmp_path / "a.zip"))
    (tmp_path / "a.zip").write_bytes(b"yy")
    with pytest.raises(DataError, match="must not change"):
        opened(file)


def test_reading_goes_on_where_a_connection_broke_off(memory, monkeypatch):
    memory.pipe("/a.tar", bytes(range(100)))
    file = RemoteFile.of(memory, memory.info("/a.tar")).open()
    read = Flaky(2, DriverError("later"))
    true_read = file._file.read
    monkeypatch.setattr(type(file._file), "read", lambda self, size: read() and true_read(size), raising=False)
    assert file.read(10) == bytes(range(10))
    assert file.read(10) == bytes(range(10, 20))
