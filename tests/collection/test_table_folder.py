"""Tables in parts: what is committed is whole, and what is not is invisible."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.errors import DataError

ROWS = pa.table({"piece_id": ["a", "a", "b"], "tick": pa.array([0, 24, 0], pa.int32())})


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> TableFolder:
    return TableFolder(str(tmp_path / "tables") if request.param == "local" else f"memory://{tmp_path}/tables")


def test_what_is_written_is_read_back(folder: TableFolder) -> None:
    folder.write("p1", {"notes": ROWS}, {"n_files": 2})
    assert folder.read("notes", "p1").to_pydict() == ROWS.to_pydict()
    assert folder.finished() == {"p1"}
    assert dict(folder.receipts_of(["p1"])) == {"p1": {"n_files": 2}}


def test_the_same_table_gives_the_same_bytes_whether_its_ids_are_dictionary_coded_or_not(folder: TableFolder) -> None:
    coded = ROWS.set_column(0, "piece_id", ROWS["piece_id"].dictionary_encode())
    folder.write("p1", {"notes": ROWS}, {})
    folder.write("p2", {"notes": coded}, {})
    first, second = (folder.filesystem.cat_file(f"{folder.address}/notes/{part}.parquet") for part in ("p1", "p2"))
    assert first == second


def test_parts_that_no_manifest_names_are_no_part_of_the_collection(folder: TableFolder) -> None:
    for part in ("p1", "p2", "p3"):
        folder.write(part, {"notes": ROWS}, {})
    folder.commit(Manifest(("p3", "p1"), n_files=4))
    assert folder.parts == ("p3", "p1")
    assert len(folder.frame("notes")) == 6
    assert folder.finished() == {"p1", "p3"}
    assert [address.rsplit("/", 1)[1] for address in folder.files("notes")] == ["p3.parquet", "p1.parquet"]


def test_a_commit_leaves_nothing_of_killed_runs(folder: TableFolder) -> None:
    folder.write("p1", {"notes": ROWS}, {})
    folder.filesystem.pipe_file(f"{folder.address}/notes/.p2.parquet.1234.partial", b"half")
    folder.commit(Manifest(("p1",)))
    names = {path.rsplit("/", 1)[1] for path in folder.filesystem.find(folder.address)}
    assert names == {"p1.parquet", "p1.json", "manifest.json"}


def test_a_part_without_a_receipt_is_unfinished(folder: TableFolder) -> None:
    folder.write("p1", {"notes": ROWS}, {})
    folder.forget("p1")
    assert folder.finished() == frozenset()


def test_a_folder_without_a_manifest_says_what_to_run(folder: TableFolder) -> None:
    with pytest.raises(DataError, match=r"must hold finished tables.*--pipeline ingest"):
        _ = folder.parts


def test_files_of_labels_are_kept_under_their_path(folder: TableFolder) -> None:
    folder.keep_sidecar("0123.json", lambda: io.BytesIO(b"{}"))
    folder.keep_sidecar("0123.json", lambda: pytest.fail("copied twice"))
    folder.commit(Manifest(sidecars={"a.zip/metadata.json": "0123.json"}))
    assert folder.sidecars() == ["a.zip/metadata.json"]
    with folder.open_sidecar("a.zip/metadata.json") as file:
        assert file.read() == b"{}"


def test_a_folder_can_be_sent_to_another_process(folder: TableFolder) -> None:
    folder.write("p1", {"notes": ROWS}, {})
    sent: TableFolder = pickle.loads(pickle.dumps(folder))  # noqa: S301
    assert sent.finished() == {"p1"}


def test_pandas_reads_a_table_without_scogen(tmp_path: Path) -> None:
    folder = TableFolder(str(tmp_path))
    folder.write("p1", {"notes": ROWS}, {})
    folder.write("p2", {"notes": ROWS}, {})
    frame = pd.read_parquet(tmp_path / "notes")
    assert frame["piece_id"].tolist() == ["a", "a", "b"] * 2
