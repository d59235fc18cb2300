"""The vocabulary on disk is the vocabulary, or an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.vocabulary import VocabularyDataset
from scogen_pipeline.tokens.vocabulary import fit_vocabulary


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    dataset = VocabularyDataset(filepath=str(tmp_path / "sub" / "vocabulary.json"))
    dataset.save(fit_vocabulary())
    assert dataset.load() == fit_vocabulary()
    assert [file.name for file in (tmp_path / "sub").iterdir()] == ["vocabulary.json"]


def test_an_edited_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.json"
    VocabularyDataset(filepath=str(file)).save(fit_vocabulary())
    file.write_text(file.read_text().replace("pitch=60", "pitch=600"))
    with pytest.raises(DatasetError, match="hash"):
        VocabularyDataset(filepath=str(file)).load()


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="kedro run --pipeline encode"):
        VocabularyDataset(filepath=str(tmp_path / "none.json")).load()
