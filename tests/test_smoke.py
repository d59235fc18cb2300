"""The whole chain, as a user starts it."""

from __future__ import annotations

import sqlite3
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from scogen_pipeline.music.genres import find_genre

DATA = Path(__file__).parents[1] / "data" / "smoke"

pytestmark = pytest.mark.xdist_group("kedro")


def test_the_whole_chain_ends_in_a_score_that_music21_reads(smoke_run: subprocess.CompletedProcess[str]) -> None:
    from music21 import converter  # noqa: PLC0415  (a second that other tests need not pay)

    assert smoke_run.returncode == 0, smoke_run.stderr
    (file,) = (DATA / "07_model_output").glob("*.musicxml")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score = converter.parse(file)
    genre = find_genre("chorale")
    assert len(score.parts) == len(genre.instruments)
    # A pickup is measure 0 and is not counted.
    counted = [[measure for measure in part.getElementsByClass("Measure") if measure.number] for part in score.parts]
    assert all(len(measures) == genre.bars for measures in counted)


def test_every_format_is_written_and_its_place_is_said(smoke_run: subprocess.CompletedProcess[str]) -> None:
    for suffix in ("musicxml", "svg", "png", "pdf", "mid", "wav", "mp3"):
        for folder in ("07_model_output", "08_reporting/sample"):
            assert list((DATA / folder).rglob(f"*.{suffix}")), f"{folder}: {suffix}"
        assert f".{suffix}\n" in smoke_run.stderr


def test_each_table_model_and_report_is_where_the_catalog_says(smoke_run: subprocess.CompletedProcess[str]) -> None:
    for name in (
        "01_raw/labels.parquet",
        "02_intermediate/midi/manifest.json",
        "02_intermediate/piece_facts.parquet",
        "05_model_input/splits.parquet",
        "08_reporting/data_report.html",
        "08_reporting/split_report.json",
        "05_model_input/encoded_pieces.parquet",
        "05_model_input/viewed_pieces.parquet",
        "05_model_input/vocabulary.json",
        "06_models/local/network.keras",
        "08_reporting/language_metrics.csv",
        "08_reporting/musical_metrics.csv",
        "08_reporting/evaluation.png",
    ):
        assert (DATA / name).stat().st_size, name


def test_the_run_is_tracked_with_each_parameter_its_curves_its_page_and_its_sound(
    smoke_run: subprocess.CompletedProcess[str],
) -> None:
    with sqlite3.connect(DATA / "mlflow.db") as store:
        ((run_id,),) = store.execute("SELECT run_uuid FROM runs ORDER BY start_time DESC LIMIT 1").fetchall()
        names = {
            table: {name for (name,) in store.execute(f"SELECT DISTINCT key FROM {table} WHERE run_uuid = ?", (run_id,))}  # noqa: S608
            for table in ("params", "metrics", "tags")
        }
    assert {"fit.epochs", "network.lstm_units", "request.key"} <= names["params"]
    assert {"train_nll", "valid_nll", "tokens_per_second"} <= names["metrics"]
    assert {"data_hash", "vocabulary_hash"} <= names["tags"]
    artifacts = {file.suffix for file in (DATA / "mlruns" / run_id / "artifacts").rglob("*") if file.is_file()}
    assert {".keras", ".json", ".csv", ".png", ".mp3", ".musicxml"} <= artifacts


def test_a_run_shows_its_steps_and_no_warnings_of_libraries(smoke_run: subprocess.CompletedProcess[str]) -> None:
    assert "convert_scores\n" in smoke_run.stderr
    for noise in ("UserWarning", "DeprecationWarning", "FutureWarning", "resolver", "autolog", "type hints"):
        assert noise not in smoke_run.stdout + smoke_run.stderr


@pytest.mark.parametrize(
    ("parameters", "answer"),
    [
        ("keyy=F", "Did you mean `key`?"),
        ("key=H", "`key` must be"),
        ("genre=choral", "Did you mean `chorale`?"),
        ("bars=1000", "from 2 to 128"),
        ("model=nonexistent", "`model` must be one of"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_in_a_line_before_anything_runs(
    kedro: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, parameters: str, answer: str
) -> None:
    done = kedro("run", "--pipeline", "generate", "--params", f"{parameters},output_dir={tmp_path / 'pages'}")
    assert done.returncode == 1
    assert answer in done.stderr
    assert "Traceback" not in done.stderr
    assert "compose_scores" not in done.stderr or "model" in parameters
    assert not (tmp_path / "pages").exists()


def test_the_graph_can_be_drawn(kedro: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    pages = Path(__file__).parents[1] / "build" / "api" / "main"
    done = kedro("viz", "build")
    assert done.returncode == 0, done.stderr
    assert "encode_parts" in pages.read_text(encoding="utf-8")
