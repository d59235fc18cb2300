"""The benchmark draws what it says, finds what is broken, and the grammar alone keeps what a page shows."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from scogen_pipeline.metrics.adherence import Finding
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.key import ALL_KEYS

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "adherence.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("adherence_benchmark", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sixty_requests_meet_every_genre_key_and_meter(benchmark: ModuleType) -> None:
    requests = list(benchmark.random_requests(60, seed=1))

    assert {request.genre for request in requests} == set(GENRES)
    assert {request.parsed_key for request in requests} == set(ALL_KEYS)
    assert {request.time_signature for request in requests} == {"2/4", "3/4", "4/4", "6/8", "9/8", "3/2"}
    assert {bool(request.instruments) for request in requests} == {True, False}
    assert all(4 <= request.bars <= 24 for request in requests)
    assert requests == list(benchmark.random_requests(60, seed=1)) != list(benchmark.random_requests(60, seed=2))


def test_even_a_model_that_knows_nothing_keeps_what_the_page_shows(
    benchmark: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = benchmark.check_all(4, 1, benchmark.RandomStepper(1), tmp_path)

    assert len(list(tmp_path.iterdir())) == 8
    assert [finding for findings in results for finding in findings if not finding.is_kept] == []
    assert len(capsys.readouterr().out.splitlines()) >= 5


def test_a_broken_promise_stands_in_its_column_and_lowers_the_share(benchmark: ModuleType) -> None:
    kept = tuple(Finding(name, "", "", is_kept=True) for name in ("xml key", "midi key", "xml bars"))
    broken = (kept[0], kept[1]._replace(is_kept=False), kept[2])
    request = next(benchmark.random_requests(1, seed=1))

    assert benchmark.row(1, request, kept).split()[-10:] == ["ok"] * 10
    assert benchmark.row(1, request, broken).split()[-10:] == ["ok"] * 5 + ["MIDI"] + ["ok"] * 4
    assert benchmark.summary([kept, broken]).splitlines() == [
        "xml key            100.0 %",
        "midi key            50.0 %",
        "xml bars           100.0 %",
        "all of them         50.0 %  (1 of 2 requests)",
    ]


def test_the_exit_code_tells_whether_all_was_kept(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding("xml key", "+1 major", "+2 major", is_kept=True)
    monkeypatch.setattr(benchmark, "findings_of", lambda *_: (finding,))
    assert benchmark.main(["--untrained", "--n", "2"]) == 0

    finding = finding._replace(is_kept=False)
    assert benchmark.main(["--untrained", "--n", "2"]) == 1
    assert "promised +1 major, found +2 major" in capsys.readouterr().out
