"""What is said of a collection, and how gravely."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.metrics.data_report.small_collection import PieceOf, small_collection

from scogen_pipeline.metrics.data_report.counting import count_collection
from scogen_pipeline.metrics.data_report.facts import Collection
from scogen_pipeline.metrics.data_report.verdict import Finding, judge


def pieces(n: int = 200, **options: object) -> list[PieceOf]:
    return [
        PieceOf(
            f"{index}.mid",
            **{  # type: ignore[arg-type]
                "pitches": (60,) * 80, "genre": f"genre {index % 3}", "composer": f"composer {index % 3}", "licence": "CC0",
                "key": "D minor", "split": ("train", "valid", "test")[index % 3],
            } | options,
        )
        for index in range(n)
    ]  # fmt: skip


@pytest.fixture
def sound(tmp_path: Path) -> Collection:
    return counted(tmp_path, pieces())


def counted(folder: Path, some: list[PieceOf], rejects: tuple[tuple[str, str, str], ...] = ()) -> Collection:
    tunes = small_collection(folder, some, rejects, pieces_a_part=1000)
    return count_collection(tunes.tables, tunes.facts, tunes.splits, {"leaked_share": 0.0, "leaked_random_share": 0.5})


def finding(collection: Collection, words: str) -> Finding:
    (found,) = (each for each in judge(collection).findings if words in each.title)
    return found


def test_a_sound_collection_has_nothing_but_fine_findings(sound: Collection) -> None:
    assert {each.level for each in judge(sound).findings} == {"fine"}


def test_findings_come_gravest_first(sound: Collection) -> None:
    verdict = judge(replace(sound, n_scores=0, n_performances=200, n_files=250))

    levels = [each.level for each in verdict.findings]
    assert levels == sorted(levels, key=["problem", "warning", "note", "fine"].index)
    assert verdict.level == "problem"


def test_a_lost_file_is_a_problem(sound: Collection) -> None:
    assert finding(replace(sound, n_files=203), "3 files unaccounted for").level == "problem"


def test_performances_are_told_of_with_the_reason(tmp_path: Path) -> None:
    some = pieces(150) + [replace(piece, path=f"p/{piece.path}", time_base="performance") for piece in pieces(50)]

    found = finding(counted(tmp_path, some), "50 performances (25\N{NO-BREAK SPACE}% of the pieces) are not used for notation")
    assert "nonsense measures" in found.text


def test_missing_labels_and_licences_are_warned_of(tmp_path: Path) -> None:
    collection = counted(tmp_path, pieces(166, genre="", licence="") + [replace(p, path=f"x/{p.path}") for p in pieces(34)])

    assert finding(collection, "83\N{NO-BREAK SPACE}% of the pieces have no genre label").level == "warning"
    assert finding(collection, "No licence is known for 166 pieces").level == "warning"


def test_one_composer_of_most_pieces_is_warned_of_and_of_all_noted(tmp_path: Path) -> None:
    most = pieces(140, composer="Clara") + [replace(piece, path=f"x/{piece.path}") for piece in pieces(60)]

    assert finding(counted(tmp_path / "a", most), "of one composer: Clara").level == "warning"
    assert finding(counted(tmp_path / "b", pieces(composer="Clara")), "All pieces are of one composer").level == "note"


def test_many_rejects_are_a_warning_and_few_a_note(tmp_path: Path) -> None:
    many = tuple((f"x{index}.mid", "truncated", "") for index in range(50))

    assert finding(counted(tmp_path / "a", pieces(), many), "50 files refused").level == "warning"
    assert finding(counted(tmp_path / "b", pieces(), many[:3]), "3 files refused").level == "note"


def test_exact_copies_are_no_refusals(tmp_path: Path) -> None:
    collection = counted(tmp_path, pieces(), (("x.mid", "duplicate", "the same bytes as 0.mid"),))

    assert finding(collection, "1 exact copy left out").level == "note"
    assert not [each for each in judge(collection).findings if "refused" in each.title]


def test_a_leak_is_a_warning(sound: Collection) -> None:
    assert finding(replace(sound, leaked_share=0.1), "have a near-duplicate in training").level == "warning"


def test_near_duplicates_are_noted_with_what_a_random_split_would_have_leaked(tmp_path: Path) -> None:
    collection = counted(tmp_path, pieces(cluster="one"))

    assert "about 50\N{NO-BREAK SPACE}% of the test pieces" in finding(collection, "near-duplicates of others").text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"licence": "CC BY-NC 4.0"}, "for non-commercial use only"),
        ({"key": "", "fifths": None}, "All 200 scores have no key"),
        ({"key": "G major"}, "No piece is in minor"),
        ({"qpm": 120.0}, "exactly 120"),
        ({"pitches": (60,) * 9}, "fewer than 50 notes"),
        ({"pitches": (60,) * 60 + (120,) * 20}, "outside the piano's range"),
    ],
)
def test_what_is_odd_is_noted(tmp_path: Path, options: dict[str, object], words: str) -> None:
    assert finding(counted(tmp_path, pieces(**options)), words).level == "note"


def test_scores_without_time_signatures_are_warned_of(tmp_path: Path) -> None:
    assert finding(counted(tmp_path, pieces(signatures=())), "All 200 scores have no time signature").level == "warning"
