import hashlib
import io
import json
import logging
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from tests.datasets.local_server import COMMIT, Served, serving
from tests.pipelines.fetch_run import run_fetch

from scogen_pipeline.cli import is_on_purpose
from scogen_pipeline.datasets.raw_sources import RawSourcesDataset
from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.pipelines.fetch import create_pipeline
from scogen_pipeline.sources.folders import is_wanted
from scogen_pipeline.sources.public_sources import FetchSettings, read_sources

ROW = {
    "what": "tunes",
    "holds": "scores",
    "licence": "CC0 1.0",
    "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
    "home": "https://example.org",
}


def zip_bytes(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


MIDI = zip_bytes({"a.mid": bytes(200_000)})
SCORES = zip_bytes(
    {"tunes-1/scores/Haydn/Song/lc1.mxl": b"one", "tunes-1/scores/b.mxl": b"two", "tunes-1/README.md": b"no score"}
)
SHA256 = hashlib.sha256(MIDI).hexdigest()
HUB_FILE = "/datasets/owner/data/resolve/main/tunes.zip"


@pytest.fixture
def server():
    with serving(Served({"/midi.zip": MIDI, "/scores.zip": SCORES, HUB_FILE: MIDI})) as served:
        yield served


@pytest.fixture
def fetch(server, tmp_path):
    """Fetch a collection `tunes` of these files and fields, and return its folder."""

    def run(*files, hub_endpoint="", **fields):
        at_home = [file | {"url": file["url"].format(home=server.address)} for file in files]
        table = tmp_path / "sources.yml"
        table.write_text(yaml.safe_dump({"tunes": ROW | {"files": at_home} | fields}))
        run_fetch(table, tmp_path / "data", "tunes", hub_endpoint)
        return tmp_path / "data" / "01_raw" / "tunes"

    return run


PLAIN = {"url": "{home}/midi.zip"}
ZIPPED_SCORES = {"url": "{home}/scores.zip"}
ON_THE_HUB = {"url": "hf://datasets/owner/data/tunes.zip"}


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def receipt(folder):
    return json.loads((folder / "fetched.json").read_text())


def test_an_archive_of_midi_stays_packed_with_its_licence_and_receipt(fetch):
    folder = fetch(PLAIN | {"checksum": f"sha256:{SHA256}"})
    assert set(content(folder)) == {"midi.zip", "LICENCE.txt", "fetched.json"}
    assert (folder / "midi.zip").read_bytes() == MIDI
    assert "Licence: CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/)" in (folder / "LICENCE.txt").read_text()
    (entry,) = receipt(folder)["files"]
    assert (entry["sha256"], entry["n_bytes"], entry["published"]) == (SHA256, len(MIDI), f"sha256:{SHA256}")


def test_scores_are_unpacked_and_their_archive_is_not_kept(fetch):
    folder = fetch(ZIPPED_SCORES, take=["*/scores/*.mxl"], drop_levels=2, is_named_by_folder=True)
    assert set(content(folder)) == {"Haydn/Song.mxl", "b.mxl", "LICENCE.txt", "fetched.json"}
    assert not list((folder.parent / ".fetch").rglob("*.zip*"))


def test_what_is_not_finished_is_nothing_that_ingest_looks_at(fetch, server, tmp_path):
    server.files["/scores.zip"] = zip_bytes({"tunes-1/scores/../a.mxl": b"one", "tunes-1/a.mid": b"MThd"})
    with pytest.raises(DataError, match="plain relative names"):
        fetch(ZIPPED_SCORES, take=["*/scores/*.mxl"], drop_levels=2)
    left = [path.name for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert "scores.zip.packed" in left
    assert not any(is_wanted(name) for name in [*left, "midi.zip.partial", "midi.zip.partial.json", "fetched.json"])


def test_the_licence_comes_first_and_the_next_command_last(fetch, caplog):
    with caplog.at_level(logging.INFO, "scogen_pipeline"):
        fetch(PLAIN, is_non_commercial=True, licence="CC BY-NC-SA 4.0")
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("scogen_pipeline")]
    assert "Licence: CC BY-NC-SA 4.0" in messages[0]
    assert "NON-COMMERCIAL USE ONLY" in messages[0]
    assert messages[1].startswith("No checksum is published for midi.zip; that of this download is in fetched.json")
    assert messages[-1].startswith("Next: kedro run --pipeline ingest --params midi_dir=")


@pytest.mark.parametrize("scores", [False, True])
def test_a_second_fetch_downloads_nothing_and_says_so(fetch, server, caplog, scores):
    options = {"take": ["*.mxl"], "drop_levels": 2} if scores else {}
    folder = fetch(ZIPPED_SCORES if scores else PLAIN, **options)
    before = content(folder)
    server.requests.clear()
    with caplog.at_level(logging.INFO, "scogen_pipeline"):
        fetch(ZIPPED_SCORES if scores else PLAIN, **options)
    assert (server.requests, content(folder)) == ([], before)
    assert "is complete, nothing was downloaded" in caplog.text


def test_a_missing_score_is_fetched_again_and_other_files_stay(fetch):
    options = {"take": ["*.mxl"], "drop_levels": 2}
    folder = fetch(ZIPPED_SCORES, **options)
    (folder / "b.mxl").unlink()
    (folder / "b.mid").write_bytes(b"what the corpus pipeline writes")
    fetch(ZIPPED_SCORES, **options)
    assert {"b.mxl", "b.mid"} <= set(content(folder))


def test_only_the_missing_file_of_several_is_downloaded(fetch, server):
    server.files["/more.zip"] = MIDI
    more = {"url": "{home}/more.zip"}
    folder = fetch(PLAIN, more)
    (folder / "more.zip").unlink()
    server.requests.clear()
    fetch(PLAIN, more)
    assert [path for _, path, _ in server.requests] == ["/more.zip"]


@pytest.mark.parametrize("checksum", ["sha256:" + "0" * 64, "md5:" + "0" * 32])
def test_a_wrong_checksum_is_an_error_and_leaves_nothing(fetch, server, tmp_path, checksum):
    with pytest.raises(DataError, match=f"must have the checksum {checksum} that the publisher states.*download was removed"):
        fetch(PLAIN | {"checksum": checksum})
    assert not list((tmp_path / "data").rglob("*.zip*"))
    assert not list((tmp_path / "data").rglob("fetched.json"))


def test_a_published_md5_is_checked(fetch):
    md5 = hashlib.md5(MIDI, usedforsecurity=False).hexdigest()
    assert (fetch(PLAIN | {"checksum": f"md5:{md5}"}) / "midi.zip").exists()


def test_without_a_published_checksum_that_of_the_first_download_holds(fetch, server):
    folder = fetch(PLAIN)
    (folder / "midi.zip").unlink()
    server.files["/midi.zip"] = zip_bytes({"b.mid": b"another"})
    with pytest.raises(DataError, match=r"of the first download \(fetched.json\).*to accept the new one, remove fetched.json"):
        fetch(PLAIN)
    (folder / "fetched.json").unlink()
    assert receipt(fetch(PLAIN))["files"][0]["sha256"] != SHA256


def test_a_page_under_the_name_of_an_archive_is_an_error(fetch, server, tmp_path):
    server.files["/midi.zip"] = b"<html>Please log in</html>"
    with pytest.raises(
        DataError, match=r"`midi.zip` must be an archive, received something else \(a page that asks to log in\?\)"
    ):
        fetch(PLAIN)
    assert not list((tmp_path / "data").rglob("*.zip*"))


def test_a_file_that_was_got_by_hand_is_taken(fetch, server, tmp_path):
    server.files.clear()
    with pytest.raises(
        DataError, match=r"404 Not Found.*get it by hand from https://example.org, put it at (\S+)/01_raw/tunes/midi.zip"
    ):
        fetch(PLAIN)
    (tmp_path / "data" / "01_raw" / "tunes" / "midi.zip").write_bytes(MIDI)
    assert receipt(fetch(PLAIN))["files"][0]["sha256"] == SHA256


def test_a_damaged_file_that_was_got_by_hand_is_refused(fetch, tmp_path):
    place = tmp_path / "data" / "01_raw" / "tunes"
    place.mkdir(parents=True)
    (place / "midi.zip").write_bytes(MIDI[:-1])
    with pytest.raises(DataError, match=r"midi.zip` must have the checksum .*Remove it and fetch again"):
        fetch(PLAIN | {"checksum": f"sha256:{SHA256}"})


def test_a_killed_download_goes_on_where_it_was(server, tmp_path):
    server.stalls = [150_000]
    table = tmp_path / "sources.yml"
    table.write_text(yaml.safe_dump({"tunes": ROW | {"files": [f"{server.address}/midi.zip"]}}))
    script = Path(__file__).with_name("fetch_run.py")
    process = subprocess.Popen([sys.executable, script, table, tmp_path / "data", "tunes", ""], stderr=subprocess.DEVNULL)
    partial = tmp_path / "data" / "01_raw" / ".fetch" / "tunes" / "midi.zip.partial"
    deadline = time.monotonic() + 60
    while (not partial.exists() or partial.stat().st_size < 100_000) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    received = partial.stat().st_size
    run_fetch(table, tmp_path / "data", "tunes")
    assert (tmp_path / "data" / "01_raw" / "tunes" / "midi.zip").read_bytes() == MIDI
    assert [asked for _, _, asked in server.requests] == ["", f"bytes={received}-"]
    assert not partial.exists()


def test_a_file_of_the_hub_is_that_of_a_commit_with_the_hubs_checksum(fetch, server):
    folder = fetch(ON_THE_HUB, hub_endpoint=server.address)
    (entry,) = receipt(folder)["files"]
    assert (entry["commit"], entry["published"]) == (COMMIT, f"sha256:{SHA256}")
    assert [(method, path) for method, path, _ in server.requests] == [
        ("HEAD", HUB_FILE),
        ("GET", HUB_FILE.replace("/main/", f"/{COMMIT}/")),
    ]


def test_a_cut_download_from_the_hub_goes_on(fetch, server):
    server.cuts = [98_304, 0, 0, 0]
    with pytest.raises(DataError, match="goes on from 98 kB"):
        fetch(ON_THE_HUB, hub_endpoint=server.address)
    fetch(ON_THE_HUB, hub_endpoint=server.address)
    assert server.requests[-1][2] == "bytes=98304-"


def test_a_file_that_the_hub_does_not_have_is_an_error(fetch, server):
    del server.files[HUB_FILE]
    with pytest.raises(
        DataError, match=r"`tunes.zip` must be a file of the data set owner/data on the Hugging Face Hub, received: 404"
    ):
        fetch(ON_THE_HUB, hub_endpoint=server.address)
    assert len(server.requests) == 1


def test_a_hub_that_is_away_is_an_error_that_says_so(fetch):
    with pytest.raises(DataError, match="Check the network"):
        fetch(ON_THE_HUB, hub_endpoint="http://127.0.0.1:9")


def test_a_server_that_is_not_the_hub_is_an_error(fetch, server):
    server.files["/elsewhere" + HUB_FILE] = MIDI
    with pytest.raises(DataError, match="received: an answer that is not the Hub's"):
        fetch(ON_THE_HUB, hub_endpoint=f"{server.address}/elsewhere")


def test_of_two_runs_for_one_collection_the_second_is_told(fetch, tmp_path):
    staging = tmp_path / "data" / "01_raw" / ".fetch" / "tunes"
    staging.mkdir(parents=True)
    with FileLock(staging / "lock"), pytest.raises(DataError, match="fetched by one run at a time; another one is at it"):
        fetch(PLAIN)


@pytest.mark.parametrize("trouble", ["no network", "no hub", "404", "no archive", "damaged", "busy"])
def test_each_trouble_is_a_message_without_a_traceback(fetch, server, tmp_path, trouble):
    options = {"take": ["*.mxl"]}
    if trouble == "no archive":
        server.files["/scores.zip"] = b"<html>"
    elif trouble == "damaged":
        server.files["/scores.zip"] = SCORES.replace(b"one", b"eno")
    elif trouble == "404":
        server.files.clear()
    staging = tmp_path / "data" / "01_raw" / ".fetch" / "tunes"
    staging.mkdir(parents=True)
    lock = FileLock(staging / "lock") if trouble == "busy" else nullcontext()
    file = {"no network": {"url": "http://127.0.0.1:9/scores.zip"}, "no hub": ON_THE_HUB}.get(trouble, ZIPPED_SCORES)
    with lock, pytest.raises(DataError) as error:
        fetch(file, hub_endpoint="http://127.0.0.1:9", **options)
    assert is_on_purpose(error.value)


def test_without_a_name_the_table_is_shown(tmp_path, caplog):
    (tmp_path / "sources.yml").write_text(yaml.safe_dump({"tunes": ROW | {"files": ["https://example.org/a.zip"]}}))
    with caplog.at_level(logging.INFO, "scogen_pipeline"), pytest.raises(RequestError, match="received none"):
        run_fetch(tmp_path / "sources.yml", tmp_path / "data", "")
    assert "NAME   SIZE     LICENCE  WHAT\ntunes  unknown  CC0 1.0  tunes" in caplog.text


def test_an_unknown_name_is_an_error_and_touches_nothing(tmp_path):
    (tmp_path / "sources.yml").write_text(yaml.safe_dump({"tunes": ROW | {"files": ["https://example.org/a.zip"]}}))
    with pytest.raises(RequestError, match=r"received `tune`\. Did you mean `tunes`\?"):
        run_fetch(tmp_path / "sources.yml", tmp_path / "data", "tune")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("damage", ["not json", "[]", '{"files": [{}]}', '{"files": 3}'])
def test_a_damaged_receipt_counts_as_none(tmp_path, damage):
    sources = RawSourcesDataset(str(tmp_path)).load()
    source = read_sources({"tunes": ROW | {"files": ["https://example.org/a.zip"]}})["tunes"]
    sources.folder(source).mkdir()
    (sources.folder(source) / "fetched.json").write_text(damage)
    assert not sources.is_complete(source)


def test_the_pipeline_takes_the_table_and_the_folder_and_gives_nothing():
    assert create_pipeline().inputs() == {"public_sources", "raw_sources", "params:fetch"}
    assert not create_pipeline().outputs()
    assert FetchSettings().source == ""
