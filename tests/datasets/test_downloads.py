import errno
import shutil

import pytest
from tests.datasets.local_server import Served, serving

from scogen_pipeline.datasets import downloads
from scogen_pipeline.datasets.downloads import Downloader, checksums
from scogen_pipeline.errors import DataError

DATA = bytes(number * number % 251 for number in range(300_000))
IMPATIENT = Downloader(retries=2, timeout_s=5, first_pause_s=0.0)


@pytest.fixture
def server():
    with serving(Served({"/a.zip": DATA})) as served:
        yield served


@pytest.fixture
def partial(tmp_path):
    return tmp_path / "work" / "a.zip.partial"


def ranges(server):
    return [asked for _, _, asked in server.requests]


def test_a_download_has_the_bytes_of_the_server(server, partial):
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.read_bytes() == DATA
    assert ranges(server) == [""]


def test_a_cut_connection_is_taken_up_where_it_ended(server, partial):
    server.cuts = [98_304, 49_152]
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.read_bytes() == DATA
    assert ranges(server) == ["", "bytes=98304-", "bytes=147456-"]


def test_a_later_run_goes_on_from_what_a_killed_one_received(server, partial):
    server.cuts = [98_304, 0, 0, 0]
    with pytest.raises(DataError, match=r"connection was cut.*run it again; it goes on from 98 kB"):
        IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    server.requests.clear()
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert (partial.read_bytes(), ranges(server)) == (DATA, ["bytes=98304-"])


def test_progress_renews_the_patience(server, partial):
    server.cuts = [20_000] * 25
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.read_bytes() == DATA


def test_a_finished_partial_file_is_not_downloaded_again(server, partial):
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    server.requests.clear()
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert (partial.read_bytes(), ranges(server)) == (DATA, ["bytes=300000-"])


@pytest.mark.parametrize("lack", ["ranges", "version", "length"])
def test_a_server_that_lacks_something_still_gives_the_file(server, partial, lack):
    server.knows_ranges, server.has_version, server.has_length = (lack != name for name in ("ranges", "version", "length"))
    server.cuts = [] if lack == "length" else [100_000]  # without a length a cut looks like the end: the checksum finds it
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.read_bytes() == DATA


def test_a_file_that_changed_meanwhile_is_downloaded_whole(server, partial):
    server.cuts = [98_304, 0, 0, 0]
    with pytest.raises(DataError):
        IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    server.files["/a.zip"] = DATA[::-1]
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.read_bytes() == DATA[::-1]


def test_a_file_that_shrank_meanwhile_is_downloaded_whole(server, partial):
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    server.files["/a.zip"] = DATA[:1000]
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.read_bytes() == DATA[:1000]


def test_the_partial_file_of_another_address_is_not_gone_on_with(server, partial):
    server.files["/b.zip"] = DATA[::-1]
    IMPATIENT.fetch(f"{server.address}/b.zip", partial)
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.read_bytes() == DATA


def test_a_busy_server_is_asked_again(server, partial):
    server.failures = [503, 429]
    IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.read_bytes() == DATA


@pytest.mark.parametrize("status", [403, 404, 410, 418])
def test_a_refusal_is_final(server, partial, status):
    server.failures = [status]
    with pytest.raises(DataError, match=f"must be answered with 200, received {status} .*a.zip"):
        IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert len(server.requests) == 1


def test_without_a_network_the_message_says_what_to_do(partial):
    with pytest.raises(DataError, match=r"no connection \(http://127.0.0.1:9/a.zip\)\. Check the network.*begins anew"):
        IMPATIENT.fetch("http://127.0.0.1:9/a.zip", partial)


def test_a_disk_without_room_is_found_before_the_first_byte(server, partial, monkeypatch):
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(DataError, match=r"must have room for 300 kB, received 1\.0 kB of free space.*data_dir"):
        IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert not partial.exists()


def test_a_disk_that_fills_up_is_reported_and_what_is_there_stays(server, partial, monkeypatch):
    class Full:
        def __init__(self, *_, **__): ...
        def reset(self, *_): ...
        def update(self, n_bytes):
            if n_bytes:
                raise OSError(errno.ENOSPC, "No space left on device")

        def __enter__(self):
            return self

        def __exit__(self, *_): ...

    monkeypatch.setattr(downloads, "tqdm", Full)
    with pytest.raises(DataError, match=r"disk is full: .* Make room and run the same command"):
        IMPATIENT.fetch(f"{server.address}/a.zip", partial)
    assert partial.exists()


def test_an_address_that_is_none_is_an_error(partial):
    with pytest.raises(DataError, match="must be a web address"):
        IMPATIENT.fetch("http://", partial)


def test_pauses_double_up_to_a_minute():
    assert [Downloader().retry_pause_s(failures) for failures in (1, 2, 3, 4, 20)] == [1, 2, 4, 8, 60]


def test_checksums_are_those_of_the_algorithms(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert checksums(tmp_path / "a") == {
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "md5": "900150983cd24fb0d6963f7d28e17f72",
    }
