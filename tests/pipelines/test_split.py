"""The split pipeline: no leak, stays put when files are added, does only what is new, same result with any workers."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pandas as pd
import pytest
from tests.collection.fingerprint_parts import midi, moved, performed, piano
from tests.pipelines.split_run import run_split, write_tables

from scogen_pipeline.collection import splits as domain
from scogen_pipeline.pipelines.split import nodes

Files = dict[str, bytes]


def versions(seed: int) -> Files:
    """A score, the same in another key, and a performance."""
    return {
        f"{seed}/score.mid": midi(piano(seed)),
        f"{seed}/higher.mid": midi(moved(piano(seed), 3)),
        f"{seed}/played.mid": midi(performed(piano(seed), seed), tpq=480),
    }


def parts_of(seeds: range) -> list[Files]:
    """Versions of one piece are in different parts."""
    kinds = ("score", "higher", "played")
    return [{path: data for seed in seeds for path, data in versions(seed).items() if kind in path} for kind in kinds]


def splits(data_dir: Path) -> pd.DataFrame:
    return pd.read_parquet(data_dir / "05_model_input" / "splits.parquet")


def report(data_dir: Path) -> dict[str, float]:
    loaded: dict[str, float] = json.loads((data_dir / "08_reporting" / "split_report.json").read_text(encoding="utf-8"))
    return loaded


def fingerprint_files(data_dir: Path) -> dict[str, int]:
    folder = data_dir / "02_intermediate" / "fingerprints" / "fingerprints"
    return {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}


def test_versions_of_a_piece_are_on_one_side(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_tables(tmp_path, parts_of(range(30)))
    with caplog.at_level(logging.INFO, nodes.logger.name):
        run_split(tmp_path)
    table = splits(tmp_path)
    assert table["piece_id"].is_monotonic_increasing
    assert len(table) == 90
    assert table["cluster"].nunique() == 30
    assert len(table[["cluster", "split"]].drop_duplicates()) == 30
    assert set(table["split"]) == {"train", "valid", "test"}
    numbers = report(tmp_path)
    assert (numbers["leaked"], numbers["n_pieces"]) == (0, 90)
    assert numbers["leaked_random_share"] > 0.5
    (line,) = [record.getMessage() for record in caplog.records if record.name == nodes.logger.name]
    assert line == domain.splits_sentence(numbers)


def test_added_files_are_all_that_is_done_and_move_nobody(tmp_path: Path) -> None:
    write_tables(tmp_path, parts_of(range(12))[:2])
    run_split(tmp_path)
    before, files = splits(tmp_path).set_index("piece_id")["split"], fingerprint_files(tmp_path)
    write_tables(tmp_path, [*parts_of(range(12)), versions(50)])
    run_split(tmp_path)
    after = splits(tmp_path).set_index("piece_id")["split"]
    assert after[before.index].equals(before)
    assert len(after) == 39
    assert report(tmp_path)["leaked"] == 0
    assert fingerprint_files(tmp_path).items() > files.items()


def test_parts_that_are_gone_leave_no_fingerprints(tmp_path: Path) -> None:
    write_tables(tmp_path, parts_of(range(3)))
    run_split(tmp_path)
    write_tables(tmp_path, parts_of(range(3))[:1])
    run_split(tmp_path)
    assert len(fingerprint_files(tmp_path)) == 1
    assert len(splits(tmp_path)) == 3


def test_the_order_of_the_parts_and_the_number_of_workers_change_nothing(tmp_path: Path) -> None:
    for name, parts, n_workers in (("a", parts_of(range(10)), 1), ("b", parts_of(range(10))[::-1], 2)):
        write_tables(tmp_path / name, parts)
        run_split(tmp_path / name, n_workers=n_workers)
    pd.testing.assert_frame_equal(splits(tmp_path / "a"), splits(tmp_path / "b"))
    assert report(tmp_path / "a") == report(tmp_path / "b")


def test_a_deleted_table_is_dealt_anew_by_the_shares(tmp_path: Path) -> None:
    write_tables(tmp_path, parts_of(range(10)))
    run_split(tmp_path)
    before = splits(tmp_path)
    run_split(tmp_path, shares=domain.SplitShares(0, 0))
    pd.testing.assert_frame_equal(splits(tmp_path), before)
    (tmp_path / "05_model_input" / "splits.parquet").unlink()
    run_split(tmp_path, shares=domain.SplitShares(0, 0))
    assert set(splits(tmp_path)["split"]) == {"train"}


def test_real_performances_are_in_the_cluster_of_their_score(tmp_path: Path, shared_data: Path) -> None:
    pieces = [folder for folder in sorted((shared_data / "asap" / "Bach" / "Fugue").iterdir()) if folder.is_dir()][:6]
    files = {f"{folder.name}/{file.name}": file.read_bytes() for folder in pieces for file in sorted(folder.glob("*.mid"))}
    write_tables(tmp_path, [files])
    run_split(tmp_path)
    assert splits(tmp_path)["cluster"].nunique() == len({path.split("/")[0] for path in files})
