import importlib.util
import logging
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

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


def table(data_dir, name):
    return pd.read_parquet(data_dir / "02_intermediate" / f"{name}.parquet")


def bytes_of_tables(data_dir):
    return {name: (data_dir / "02_intermediate" / f"{name}.parquet").read_bytes() for name in SCHEMA_BY_TABLE}


def parts(data_dir):
    return {part.name: part.stat().st_mtime_ns for part in (data_dir / "02_intermediate" / "midi_parts").iterdir()}


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
    assert list(notes.groupby("piece_id", sort=False).size()) == list(pieces["n_notes"])
    assert list(notes["piece_id"].unique()) == list(pieces["piece_id"])
    assert set(table(tmp_path, "tracks")["piece_id"]) == set(pieces["piece_id"])


@pytest.mark.parametrize(
    ("moment", "count"),
    [("read", 1), ("read", 33), ("rename", 3), ("rename", 10)],
    ids=["at the first file", "in the middle of reading", "while a part is saved", "while the tables are saved"],
)
def test_a_killed_run_is_taken_up_and_ends_in_the_same_bytes(midi_folder, tmp_path, undisturbed, moment, count):
    killed = subprocess.run([sys.executable, SCRIPT, midi_folder, tmp_path, moment, str(count)], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    finished = {name: time for name, time in parts(tmp_path).items() if name[0] != "."} if count > 1 else {}
    assert bool(finished) == (count > 1)
    run_ingest(midi_folder, tmp_path)
    assert bytes_of_tables(tmp_path) == undisturbed
    assert finished.items() <= parts(tmp_path).items()
    assert not [name for name in parts(tmp_path) if name[0] == "."]


def test_a_second_run_opens_no_file(midi_folder, tmp_path, undisturbed, monkeypatch):
    run_ingest(midi_folder, tmp_path)

    def refuse(*_):
        pytest.fail("a finished batch was read again")

    monkeypatch.setattr(nodes, "read_batch", refuse)
    run_ingest(midi_folder, tmp_path)
    assert bytes_of_tables(tmp_path) == undisturbed


def test_parts_of_another_folder_do_not_leak(midi_folder, tmp_path, undisturbed, small_midi):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.mid").write_bytes(small_midi(100))
    run_ingest(other, tmp_path)
    assert len(table(tmp_path, "pieces")) == 1
    run_ingest(midi_folder, tmp_path)
    assert bytes_of_tables(tmp_path) == undisturbed


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


@pytest.mark.parametrize("settings", [{"workers": 3}, {"batch_files": 1}, {"batch_files": 100}])
def test_settings_do_not_change_the_bytes(midi_folder, tmp_path, undisturbed, settings):
    run_ingest(midi_folder, tmp_path, **settings)
    assert bytes_of_tables(tmp_path) == undisturbed


def test_one_line_counts_the_rejects_by_reason(midi_folder, tmp_path, small_midi, caplog):
    shutil.copy(midi_folder / "group0" / "000.mid", midi_folder / "group3" / "copy.mid")
    with caplog.at_level(logging.INFO, nodes.logger.name):
        run_ingest(midi_folder, tmp_path)
    assert [record.getMessage() for record in caplog.records if record.name == nodes.logger.name] == [
        "54 of 61 files read; 7 rejects: truncated 6, duplicate 1"
    ]


def test_a_folder_without_a_usable_file_is_an_error_that_says_why(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.mid").write_bytes(b"no music")
    with pytest.raises(DataError, match="at least one usable MIDI file: 0 of 1 files read; 1 rejects: not_midi 1"):
        run_ingest(tmp_path / "raw", tmp_path)


def test_a_folder_that_does_not_exist_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(DatasetError, match=r"must be a folder that exists.*--params midi_dir=FOLDER"):
        run_ingest(tmp_path / "nowhere", tmp_path)


def test_ingest_waits_for_the_labels():
    assert "labels" in create_pipeline().inputs()
    assert create_pipeline().outputs() == set(SCHEMA_BY_TABLE)
