"""The slice from note tables to the files that training and evaluation read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.datasets.arrow_table import ArrowTableDataset
from scogen_pipeline.datasets.encoded_pieces import EncodedPiecesDataset
from scogen_pipeline.datasets.local_workers import LocalWorkers
from scogen_pipeline.datasets.midi_tables import MidiPartsDataset, MidiTablesDataset
from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.batch_tables import read_batch
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.pipelines.encode import create_pipeline
from scogen_pipeline.tokens import encoding_parts, sorting
from scogen_pipeline.tokens.encoded_pieces import EncodedPieces
from scogen_pipeline.tokens.packing import feature_rows, packed_rows, unpacked
from scogen_pipeline.tokens.tables import piece_facts
from scogen_pipeline.tokens.view import DENSE_SIZE, view_of
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

VOCABULARY = fit_vocabulary()
SPLITS = ("train", "valid", "test")


class CountingWorkers(LocalWorkers):
    """Work in this process, and remember how many tasks there were."""

    def __init__(self) -> None:
        super().__init__(1)
        self.n_tasks = 0

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        self.n_tasks += len(items)
        return super().map(function, items)


class Run:
    """The pipeline over some files in a folder; may be run again."""

    def __init__(self, folder: Path, parts: dict[str, dict[str, bytes]]) -> None:
        self.folder, self.workers = folder, CountingWorkers()
        tables = TableFolder(str(folder / "midi"))
        for part, files in parts.items():
            opened = [MidiFile(path, "1", len(data), lambda data=data: data) for path, data in files.items()]
            tables.write(part, read_batch(opened), {})
        tables.commit(Manifest(tuple(parts)))
        no_labels = pd.DataFrame({"path": []}, dtype=str)
        facts = piece_facts(tables.frame("pieces"), no_labels, tables.frame("tempos"), tables.frame("key_signatures"))
        part_by_path = {path: part for part, files in parts.items() for path in files}
        self.facts = facts.assign(time_base="score", part=facts["path"].map(part_by_path))
        self.splits = facts[["piece_id"]].assign(split=[SPLITS[index % 3] for index in range(len(facts))])
        self.tables = tables

    def __call__(self) -> dict[str, Any]:
        path = str(self.folder / "encoded")
        catalog = DataCatalog(
            {
                "midi_tables": MemoryDataset(self.tables, copy_mode="assign"),
                "piece_facts": MemoryDataset(self.facts),
                "splits": MemoryDataset(self.splits),
                "workers": MemoryDataset(self.workers, copy_mode="assign"),
                "vocabulary": MemoryDataset(copy_mode="assign"),
                "encoded_parts": MidiPartsDataset(path),
                "encoded_tables": MidiTablesDataset(path),
                "viewed_pieces": EncodedPiecesDataset(str(self.folder / "viewed.parquet")),
                "encoded_pieces": EncodedPiecesDataset(str(self.folder / "encoded.parquet"), load_as="frame"),
                "unencoded_pieces": ArrowTableDataset(str(self.folder / "unencoded.parquet")),
            }
        )
        SequentialRunner().run(create_pipeline(), catalog)
        return {name: catalog.load(name) for name in ("viewed_pieces", "encoded_pieces", "unencoded_pieces")}


@pytest.fixture
def parts(small_midi: Callable[..., bytes]) -> dict[str, dict[str, bytes]]:
    """Three parts of four pieces, one of which has a meter that cannot be spelled."""
    files = {f"{n}.mid": small_midi(first_pitch=40 + n, n_notes=5 + n) for n in range(11)}
    files["odd.mid"] = small_midi(first_pitch=51, meters=[(0, 11, 32)])
    names = list(files)
    return {f"p{part}": {name: files[name] for name in names[part::3]} for part in range(3)}


def test_every_piece_is_encoded_or_named_with_the_reason(parts: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    results = Run(tmp_path, parts)()
    frame = results["encoded_pieces"]
    named = [*frame["path"], *results["unencoded_pieces"]["path"]]
    assert sorted(named) == sorted(name for own in parts.values() for name in own)
    assert "11/32" in results["unencoded_pieces"]["reason"].iloc[0]
    assert frame["piece_id"].is_monotonic_increasing
    for row in frame.to_dict("records"):
        tokens = VOCABULARY.tokens_of(row["ids"])
        assert row["n_notes"] == int(row["path"].removesuffix(".mid")) + 5 == sum(token.startswith("pitch=") for token in tokens)
        assert (tokens[0], tokens[-1]) == ("<start>", "<end>")


def test_training_finds_the_view_of_each_piece_in_row_groups_of_one_split(
    parts: dict[str, dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "GROUP_IDS", 60)
    monkeypatch.setattr(sorting, "_GROUPS_A_BUCKET", 2)
    run = Run(tmp_path, parts)
    pieces: EncodedPieces = run()["viewed_pieces"]
    tables = [table.to_pandas() for table in pieces.tables(range(pieces.n_groups))]
    assert len(tables) > 4
    assert all(len(set(table["split"])) == 1 for table in tables)
    rows = pd.concat(tables)
    assert rows.equals(rows.sort_values(["split", "piece_id"]))
    assert dict(zip(rows["piece_id"], rows["split"], strict=True)).items() <= dict(run.splits.to_numpy()).items()
    for row in rows.to_dict("records"):
        n_targets = len(row["ids"]) - 1
        features, dense = view_of(VOCABULARY.tokens_of(row["conditions"]), VOCABULARY.tokens_of(row["ids"]))
        assert np.array_equal(feature_rows(row["features"], n_targets), features)
        assert np.array_equal(unpacked(packed_rows(row["dense"], n_targets, DENSE_SIZE), DENSE_SIZE), dense)


def test_what_an_earlier_run_has_encoded_is_taken_up_and_only_the_part_whose_labels_changed_is_done_again(
    parts: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    run = Run(tmp_path, parts)
    first = run()["encoded_pieces"]
    assert run.workers.n_tasks == 3
    pd.testing.assert_frame_equal(run()["encoded_pieces"], first)
    assert run.workers.n_tasks == 3
    run.facts.loc[run.facts["path"] == "4.mid", "title"] = "Another"
    changed = run()["encoded_pieces"]
    assert run.workers.n_tasks == 4
    assert changed.loc[changed["path"] == "4.mid", "title"].tolist() == ["Another"]
    assert len(TableFolder(str(tmp_path / "encoded")).finished()) == 3


def test_parts_that_are_given_out_one_by_one_give_the_same_file(
    parts: dict[str, dict[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Run(tmp_path / "a", parts)()["viewed_pieces"]
    monkeypatch.setattr(encoding_parts, "_PARTS_AT_ONCE", 1)
    assert Run(tmp_path / "b", parts)()["viewed_pieces"].hash == together.hash


def test_a_collection_of_nothing_that_can_be_spelled_is_refused(small_midi: Callable[..., bytes], tmp_path: Path) -> None:
    run = Run(tmp_path, {"p1": {"odd.mid": small_midi(meters=[(0, 11, 32)])}})
    with pytest.raises(DataError, match=r"at least one that can be notated, received 1.*11/32"):
        run()


def test_a_piece_without_a_split_is_refused(parts: dict[str, dict[str, bytes]], tmp_path: Path) -> None:
    run = Run(tmp_path, parts)
    run.splits = run.splits.iloc[1:]
    with pytest.raises(DataError, match="`splits` must have all pieces"):
        run()
