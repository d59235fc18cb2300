import importlib.util
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader

from scogen_pipeline.datasets.score_library import ScoreLibraryDataset
from scogen_pipeline.scores import score_batches
from scogen_pipeline.scores.labels import COLLECTIONS
from scogen_pipeline.scores.score_batches import LABEL_COLUMNS, REJECT_COLUMNS
from scogen_pipeline.scores.score_files import CorpusSettings

SCRIPT = Path(__file__).with_name("corpus_run.py")


def script():
    spec = importlib.util.spec_from_file_location("corpus_run", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run_corpus = script().run_corpus

COLLECTION_NAMES = ("airdsAirs", "oneills1850", "ryansMammoth")
TUNE = "X:{n}\nT:Tune {n}\nR:{rhythm}\nM:4/4\nL:1/8\nK:G\n{body}|]\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of three collections (so three batches): two books of five tunes, and two single tunes, one barred irregularly."""
    folder = tmp_path / "corpus"
    for name in COLLECTION_NAMES:
        (folder / name).mkdir(parents=True)
    for name, rhythm in (("airdsAirs", ""), ("oneills1850", "reel")):
        tunes = (TUNE.format(n=n, rhythm=rhythm, body=f"GABc dedB|G{n}{'ABcde'[n]}4") for n in range(5))
        (folder / name / "book.abc").write_text("\n".join(tunes))
    (folder / "ryansMammoth" / "Single.abc").write_text(TUNE.format(n=1, rhythm="reel", body="GABc dedB|G8"))
    (folder / "ryansMammoth" / "Odd.abc").write_text(TUNE.format(n=1, rhythm="reel", body="GAB|GABcd|GA|GABc dedB ABcd|G3|G4"))
    return folder


def contents(raw: Path) -> dict[str, bytes]:
    return {path.relative_to(raw).as_posix(): path.read_bytes() for path in sorted(raw.rglob("*")) if path.is_file()}


def labels(raw: Path) -> pd.DataFrame:
    return pd.read_parquet(raw / "labels.parquet")


def midi_files(raw: Path) -> set[str]:
    return {path.relative_to(raw).as_posix() for path in raw.rglob("*.mid")}


def test_each_file_has_one_label_row_and_each_reject_a_reason(corpus, tmp_path):
    run_corpus(corpus, tmp_path / "raw")
    table, rejects = labels(tmp_path / "raw"), pd.read_parquet(tmp_path / "raw" / "corpus_rejects.parquet")
    assert list(table.columns) == list(LABEL_COLUMNS)
    assert list(rejects.columns) == list(REJECT_COLUMNS)
    assert table.path.is_unique
    assert set(table.path) == midi_files(tmp_path / "raw")
    assert list(rejects.path) == ["music21/ryansMammoth/Odd.mid"]
    assert rejects.reason[0] in ("irregular barring", "odd measure", "no meter")


def test_two_processes_write_what_one_writes(corpus, tmp_path):
    run_corpus(corpus, tmp_path / "one")
    run_corpus(corpus, tmp_path / "two", workers=2)
    assert midi_files(tmp_path / "one") == midi_files(tmp_path / "two")
    assert {k: v for k, v in contents(tmp_path / "one").items() if k.endswith((".mid", ".parquet"))} == {
        k: v for k, v in contents(tmp_path / "two").items() if k.endswith((".mid", ".parquet"))
    }


def test_a_killed_run_is_completed_with_the_result_of_an_undisturbed_one(corpus, tmp_path):
    raw = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, str(SCRIPT), str(corpus), str(raw)])
    deadline = time.monotonic() + 60
    while not midi_files(raw) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run_corpus(corpus, raw)
    run_corpus(corpus, tmp_path / "undisturbed")
    assert contents(raw) == contents(tmp_path / "undisturbed")


def test_a_second_run_converts_nothing_again(corpus, tmp_path, monkeypatch):
    run_corpus(corpus, tmp_path / "raw")
    before = contents(tmp_path / "raw")
    monkeypatch.setattr(score_batches, "convert_batch", lambda *_: pytest.fail("converted again"))
    run_corpus(corpus, tmp_path / "raw")
    assert contents(tmp_path / "raw") == before


def test_a_file_that_was_deleted_is_made_again(corpus, tmp_path):
    raw = tmp_path / "raw"
    run_corpus(corpus, raw)
    before = contents(raw)
    (raw / "music21" / "ryansMammoth" / "Single.mid").unlink()
    run_corpus(corpus, raw)
    assert contents(raw) == before


def test_a_smaller_selection_removes_what_the_larger_one_wrote_and_nothing_else(corpus, tmp_path):
    raw = tmp_path / "raw"
    run_corpus(corpus, raw)
    (raw / "music21" / "oneills1850" / "mine.mid").write_bytes(b"mine")
    run_corpus(corpus, raw, collections="oneills1850", pieces=3)
    assert len(labels(raw)) == 3
    assert midi_files(raw) == {*labels(raw).path, "music21/oneills1850/mine.mid"}
    assert not (raw / "music21" / "ryansMammoth").exists()


def test_with_a_folder_of_the_users_own_nothing_changes(corpus, tmp_path):
    raw = tmp_path / "raw"
    run_corpus(corpus, raw, pieces=3)
    before = contents(raw)
    run_corpus(corpus, raw, midi_dir="elsewhere")
    assert contents(raw) == before
    run_corpus(corpus, tmp_path / "fresh", midi_dir="elsewhere")
    assert not (tmp_path / "fresh").exists()


def test_labels_of_other_files_than_the_users_own_stay_as_they_are(corpus, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    pd.DataFrame({"path": ["mine.mid"], "genre": ["reel"]}).to_parquet(raw / "labels.parquet")
    run_corpus(corpus, raw, midi_dir="elsewhere")
    assert list(labels(raw).path) == ["mine.mid"]


def test_the_installed_music21_has_every_collection_that_is_offered():
    library = ScoreLibraryDataset().load()
    assert [name for name in COLLECTIONS if not library.collection(name)] == []


def test_the_default_parameters_are_valid():
    conf = Path(__file__).parents[2] / "conf"
    loader = OmegaConfigLoader(str(conf), base_env="base", default_run_env="base", runtime_params={})
    assert CorpusSettings(**loader["parameters"]["corpus"]).collection_names
