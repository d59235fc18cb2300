import importlib.util
import logging
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from kedro.io import DatasetError

from scogen_pipeline.collection import strands
from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.pipelines.ingest import create_pipeline, nodes

SCRIPT = Path(__file__).with_name("ingest_run.py")


def script():
    spec = importlib.util.spec_from_file_location("ingest_run", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run_ingest = script().run_ingest


def tables_of(data_dir):
    return TableFolder(str(data_dir / "02_intermediate" / "midi"))


def table(data_dir, name):
    return tables_of(data_dir).frame(name)


def bytes_of_tables(data_dir):
    folder = data_dir / "02_intermediate" / "midi"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def times_of_parts(data_dir):
    return {path.name: path.stat().st_mtime_ns for path in (data_dir / "02_intermediate" / "midi" / "receipts").glob("*")}


@pytest.fixture
def undisturbed(midi_folder, tmp_path):
    run_ingest(midi_folder, tmp_path / "undisturbed")
    return bytes_of_tables(tmp_path / "undisturbed")


def test_every_file_is_a_piece_or_a_reject(midi_folder, tmp_path):
    run_ingest(midi_folder, tmp_path)
    pieces, rejects = table(tmp_path, "pieces"), table(tmp_path, "rejects")
    assert (len(pieces), len(rejects)) == (54, 6)
    assert sorted([*pieces["path"], *rejects["path"]]) == sorted(f"group{index % 4}/{index:03}.mid" for index in range(60))
    assert set(rejects["reason"]) == {"truncated"}


def test_tables_join_by_piece_id(midi_folder, tmp_path):
    run_ingest(midi_folder, tmp_path)
    pieces, notes = table(tmp_path, "pieces"), table(tmp_path, "notes")
    assert list(notes.groupby("piece_id", sort=False, observed=True).size()) == list(pieces["n_notes"])
    assert list(notes["piece_id"].unique()) == list(pieces["piece_id"])
    assert set(table(tmp_path, "tracks")["piece_id"]) == set(pieces["piece_id"])


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_gives_the_pieces_of_its_folder(midi_folder, tmp_path, kind):
    archive = tmp_path / f"set.{kind}"
    files = sorted(midi_folder.rglob("*.mid"))
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            for each in files:
                file.write(each, each.relative_to(midi_folder))
    else:
        with tarfile.open(archive, "w:gz" if kind == "tar.gz" else "w") as file:
            for each in files:
                file.add(each, each.relative_to(midi_folder))
    run_ingest(archive, tmp_path / "archive")
    run_ingest(midi_folder, tmp_path / "folder")
    from_archive, from_folder = table(tmp_path / "archive", "pieces"), table(tmp_path / "folder", "pieces")
    assert sorted(from_archive["piece_id"]) == sorted(from_folder["piece_id"])
    assert len(table(tmp_path / "archive", "rejects")) == 6


@pytest.mark.parametrize(
    ("moment", "count"),
    [("read", 1), ("read", 4), ("write", 3), ("write", 17)],
    ids=["at the first batch", "in the middle of reading", "in the first part", "in the second part"],
)
def test_a_killed_run_is_taken_up_and_ends_in_the_same_bytes(midi_folder, tmp_path, undisturbed, moment, count):
    killed = subprocess.run([sys.executable, SCRIPT, midi_folder, tmp_path, moment, str(count)], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    finished = times_of_parts(tmp_path)
    assert bool(finished) == (count > 3)
    run_ingest(midi_folder, tmp_path)
    assert bytes_of_tables(tmp_path) == undisturbed
    assert finished.items() <= times_of_parts(tmp_path).items()


def test_a_second_run_opens_no_file(midi_folder, tmp_path, undisturbed, monkeypatch):
    run_ingest(midi_folder, tmp_path)
    monkeypatch.setattr(strands, "read_batch", lambda _: pytest.fail("a finished batch was read again"))
    run_ingest(midi_folder, tmp_path)
    assert bytes_of_tables(tmp_path) == {**undisturbed, "manifest.json": bytes_of_tables(tmp_path)["manifest.json"]}


@pytest.mark.parametrize("change", ["added", "removed", "changed"])
def test_a_changed_folder_gives_what_a_first_run_would(midi_folder, tmp_path, small_midi, change):
    run_ingest(midi_folder, tmp_path)
    file = midi_folder / "group1" / "001.mid"
    if change == "removed":
        file.unlink()
    else:
        (file if change == "changed" else file.with_name("001b.mid")).write_bytes(small_midi(3, 99))
    run_ingest(midi_folder, tmp_path)
    run_ingest(midi_folder, tmp_path / "fresh")
    assert bytes_of_tables(tmp_path) == bytes_of_tables(tmp_path / "fresh")


def test_several_processes_give_the_same_bytes(midi_folder, tmp_path, undisturbed, monkeypatch):
    monkeypatch.setattr(strands, "_FEWEST_TO_SHARE", 1)
    run_ingest(midi_folder, tmp_path, n_workers=2)
    assert bytes_of_tables(tmp_path) == undisturbed


def test_one_line_counts_the_rejects_by_reason(midi_folder, tmp_path, caplog):
    shutil.copy(midi_folder / "group0" / "000.mid", midi_folder / "group3" / "copy.mid")
    with caplog.at_level(logging.INFO, nodes.logger.name):
        run_ingest(midi_folder, tmp_path)
    assert [record.getMessage() for record in caplog.records if record.name == nodes.logger.name] == [
        "61 files = 54 pieces + 7 rejects: truncated 6, duplicate 1"
    ]


def test_a_folder_without_a_usable_file_is_an_error_that_says_why(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.mid").write_bytes(b"no music")
    with pytest.raises(DataError, match="at least one usable MIDI file: 1 files = 0 pieces \\+ 1 rejects: not_midi 1"):
        run_ingest(tmp_path / "raw", tmp_path)


def test_a_folder_that_does_not_exist_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(DatasetError, match=r"must be.*exist.*--params midi_dir="):
        run_ingest(tmp_path / "nowhere", tmp_path)


def test_ingest_waits_for_the_labels():
    assert "labels" in create_pipeline().inputs()
    assert create_pipeline().outputs() == {"midi_tables"}
    assert SCHEMA_BY_TABLE.keys() >= {"files", "pieces", "notes", "pedals", "rejects"}
