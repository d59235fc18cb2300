"""Counting a collection, by hand on one side and by DuckDB on the other."""

from __future__ import annotations

import uuid
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest
from tests.metrics.data_report.small_collection import TPQ, PieceOf, SmallCollection, small_collection

from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.data_report.counting import count_collection
from scogen_pipeline.metrics.data_report.facts import Amount, Collection, ReportSettings, as_numbers

PIECES = [
    PieceOf("a.mid", tuple(range(60, 72)), composer="Clara", genre="air", licence="CC0", key="A minor", split="test"),
    PieceOf("b.mid", (48, 84), composer="Clara", genre="air", fifths=-2, signatures=((0, 3, 4),), program=40),
    PieceOf("c.mid", composer="Fanny", copyright="© Fanny", qpm=120.0, signatures=(), key="no such key"),
    PieceOf("d.mid", (70,) * 30, "performance", title="Rain", signatures=(), cluster="c", has_pedal=True, split="valid"),
    PieceOf("e.mid", (71,) * 30, "performance", cluster="c", signatures=(), split="valid"),
]
REJECTS = (
    ("x/1.mid", "truncated", "track 1 should have 9 bytes"),
    ("x/2.mid", "truncated", ""),
    ("x/3.mid", "truncated", ""),
    ("y.mid", "duplicate", "the same bytes as a.mid"),
)


@pytest.fixture
def tunes(tmp_path: Path) -> SmallCollection:
    return small_collection(tmp_path, PIECES, REJECTS, ("x/metadata.csv",))


@pytest.fixture
def counted(tunes: SmallCollection) -> Collection:
    report = {"leaked_share": 0.0, "leaked_random_share": 0.4}
    return count_collection(tunes.tables, tunes.facts, tunes.splits, report, ReportSettings(report_examples=2))


def test_files_are_pieces_and_rejects(counted: Collection) -> None:
    assert (counted.n_files, counted.n_scores, counted.n_performances, counted.n_lost) == (9, 3, 2, 0)
    assert (counted.n_rejects, counted.n_duplicates, counted.n_refused) == (4, 1, 3)


def test_a_file_that_is_neither_is_told_of(tunes: SmallCollection) -> None:
    tunes.tables.write("part000", {}, {"n_files": 10})

    assert count_collection(tunes.tables, tunes.facts).n_lost == 4


def test_rejects_are_counted_by_reason_with_the_first_paths_as_examples(counted: Collection) -> None:
    assert [(rejected.reason, rejected.n) for rejected in counted.rejects] == [("truncated", 3), ("duplicate", 1)]
    assert counted.rejects[0].examples == (("x/1.mid", "track 1 should have 9 bytes"), ("x/2.mid", ""))


def test_scores_and_performances_are_counted_apart(counted: Collection) -> None:
    assert counted.n_notes == (12 + 2 + 4, 60)
    assert counted.seconds == pytest.approx(((12 + 2) * 60 / 90 + 4 / 2, 60 * 60 / 90))
    assert counted.composers.amounts == (Amount("Clara", 2, 0), Amount("Fanny", 1, 0))
    assert counted.composers.unnamed == Amount("", 0, 2)
    assert counted.n_pedalled == 1


def test_a_meter_is_told_of_scores_only(counted: Collection) -> None:
    assert counted.meters.amounts == (Amount("3/4", 1, 0), Amount("4/4", 1, 0))
    assert counted.meters.unnamed == Amount("", 1, 0)
    assert counted.spreads["tempo_qpm"].n == counted.spreads["measures"].n == 3


def test_names_beyond_the_table_are_summed(tunes: SmallCollection) -> None:
    genres = count_collection(tunes.tables, tunes.facts, settings=ReportSettings(report_names=1)).composers

    assert (genres.amounts, genres.n_names, genres.others) == ((Amount("Clara", 2, 0),), 2, Amount("", 1, 0))
    assert genres.n == 5


def test_a_key_is_that_of_the_label_else_the_one_written_else_unknown(counted: Collection) -> None:
    assert {(key.fifths, key.mode, key.n_scores) for key in counted.keys} == {(0, "minor", 1), (-2, "major", 1)}
    assert counted.n_without == {"tempo": 0, "meter": 1, "key": 2}


@pytest.mark.parametrize(
    ("signatures", "n_notes", "expected"),
    [
        (((0, 4, 4),), 16, 4),
        (((0, 4, 4),), 17, 5),  # the last measure need not be full
        ((), 8, 2),  # nothing written: 4/4
        (((0, 3, 8),), 3, 2),
        (((0, 4, 4), (0, 3, 4)), 6, 2),  # the second at a tick replaces the first
        (((4 * TPQ, 2, 4),), 8, 3),  # 4/4 until the first
        (((0, 2, 4), (4 * TPQ, 6, 8)), 10, 4),
        (((0, 4, 4), (400 * TPQ, 3, 4)), 8, 2),  # beyond the last note
    ],
)
def test_measures_follow_the_time_signatures(
    tmp_path: Path, signatures: tuple[tuple[int, int, int], ...], n_notes: int, expected: int
) -> None:
    tunes = small_collection(tmp_path, [PieceOf("a.mid", (60,) * n_notes, signatures=signatures)])

    assert count_collection(tunes.tables, tunes.facts).largest[0].n_measures == expected


def test_pitches_and_ranges_leave_drums_out(tmp_path: Path) -> None:
    tunes = small_collection(tmp_path, [PieceOf("a.mid", (60, 61)), PieceOf("b.mid", (35, 99, 35), is_drum=True)])

    counted = count_collection(tunes.tables, tunes.facts)

    assert {pitch: n for pitch, n in enumerate(counted.pitches) if n} == {60: 1, 61: 1}
    assert (counted.n_drum_notes, sum(counted.velocities)) == (3, 5)
    assert counted.spreads["semitones"].quartiles == (1, 1, 1, 1, 1)
    assert [program.name for program in counted.programs] == ["Drums", "Acoustic grand piano"]


def test_largest_and_smallest_pieces_are_those_with_most_and_fewest_notes(counted: Collection) -> None:
    assert [line.path for line in counted.largest] == ["d.mid", "e.mid"]
    assert [line.path for line in counted.smallest] == ["b.mid", "c.mid"]
    assert counted.largest[0].n_measures is None


def test_clusters_and_splits_are_counted(counted: Collection) -> None:
    assert (counted.n_clusters, counted.n_clustered) == (1, 2)
    assert (counted.clusters[0].n, counted.clusters[0].examples) == (2, ("d.mid", "e.mid"))
    assert dict(counted.cluster_sizes) == {"1": 3, "2": 2, "3": 0, "4 to 5": 0, "6 to 10": 0, "over 10": 0}
    assert counted.split_totals.sizes == (2, 2, 1, 0)
    assert [(line.genre, line.sizes) for line in counted.splits] == [("air", (1, 0, 1, 0)), ("", (1, 2, 0, 0))]
    assert (counted.leaked_share, counted.leaked_random_share) == (0.0, 0.4)


def test_without_a_split_the_rest_is_counted(tunes: SmallCollection) -> None:
    for splits in (None, tunes.splits.head(0)):
        counted = count_collection(tunes.tables, tunes.facts, splits, {})
        assert (counted.n_pieces, counted.has_splits, counted.leaked_share) == (5, False, None)


def test_facts_come_as_a_frame_a_table_a_stream_or_an_address(
    tunes: SmallCollection, tmp_path: Path, counted: Collection
) -> None:
    pq.write_table(tunes.facts, tmp_path / "facts.parquet")
    forms = [tunes.facts.to_pandas(), tunes.facts, tunes.facts.to_reader(), str(tmp_path / "facts.parquet")]

    counts = [count_collection(tunes.tables, form, tunes.splits) for form in forms]

    assert all(each == counts[0] for each in counts)


def test_a_collection_without_anything_counts_as_nothing(tmp_path: Path) -> None:
    tunes = small_collection(tmp_path, [])
    counted = count_collection(tunes.tables, tunes.facts, tunes.splits)

    assert (counted.n_files, counted.n_pieces, counted.n_rejects) == (0, 0, 0)
    assert set(as_numbers(counted).values()) == {0.0}


def test_a_collection_of_no_parts_counts_as_nothing(tmp_path: Path) -> None:
    tunes = small_collection(tmp_path, [])
    tunes.tables.commit(type(tunes.tables.manifest)())

    assert count_collection(tunes.tables, tunes.facts).n_files == 0


def test_names_of_folders_are_not_taken_for_patterns(tmp_path: Path) -> None:
    folder = tmp_path / "a=1" / "it's [all] *"
    folder.mkdir(parents=True)
    tunes = small_collection(folder, PIECES)

    assert count_collection(tunes.tables, tunes.facts).n_pieces == 5


def test_tables_are_read_through_fsspec(tunes: SmallCollection, counted: Collection) -> None:
    far = f"memory://{uuid.uuid4().hex}"
    fsspec.filesystem("memory").put(tunes.tables.address, far, recursive=True)
    report = {"leaked_share": 0.0, "leaked_random_share": 0.4}

    again = count_collection(TableFolder(far), tunes.facts, tunes.splits, report, ReportSettings(report_examples=2))

    assert again == counted


def test_numbers_for_mlflow_are_finite_and_name_each_reason(counted: Collection) -> None:
    numbers = as_numbers(counted)

    assert numbers["rejects.truncated"] == 3
    assert numbers["split.test"] == 1
    assert numbers["leaked_random_share"] == 0.4
    assert numbers["median.notes"] == 12


@pytest.mark.parametrize("setting", [{"report_names": 0}, {"report_examples": 101}, {"memory_mb": 1}, {"workers": -1}])
def test_a_setting_out_of_range_is_refused(setting: dict[str, int]) -> None:
    with pytest.raises(RequestError, match=f"`{next(iter(setting))}` must be"):
        ReportSettings(**setting)
