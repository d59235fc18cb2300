"""A vocabulary is a bijection that knows when it has been tampered with."""

from __future__ import annotations

import json

import pytest
from sklearn.preprocessing import LabelEncoder

from scogen_pipeline.errors import VocabularyError
from scogen_pipeline.tokens.alphabet import alphabet
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return fit_vocabulary()


def test_ids_are_those_of_the_label_encoder(vocabulary: Vocabulary) -> None:
    words = ["<start>", "bar=4", "pos=0", "pitch=60", "<end>"]
    encoder = LabelEncoder().fit(list(alphabet()))
    assert vocabulary.ids_of(words).tolist() == encoder.transform(words).tolist()
    assert vocabulary.tokens_of(vocabulary.ids_of(words)) == tuple(words)


def test_the_alphabet_holds_no_token_twice(vocabulary: Vocabulary) -> None:
    assert len(alphabet()) == len(set(alphabet())) == vocabulary.size


def test_a_vocabulary_reads_back_from_its_json(vocabulary: Vocabulary) -> None:
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


def test_shuffled_classes_are_refused(vocabulary: Vocabulary) -> None:
    content = json.loads(vocabulary.to_json())
    content["classes"][0], content["classes"][1] = content["classes"][1], content["classes"][0]
    with pytest.raises(VocabularyError, match="hash"):
        Vocabulary.from_json(json.dumps(content))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"classes": 3, "hash": ""}'])
def test_what_is_no_vocabulary_is_refused(text: str) -> None:
    with pytest.raises(VocabularyError):
        Vocabulary.from_json(text)


def test_an_unknown_token_is_refused_with_the_nearest(vocabulary: Vocabulary) -> None:
    with pytest.raises(VocabularyError, match="Did you mean `pitch=60`"):
        vocabulary.id_of("pitch60")
    assert "pitch=60" in vocabulary
    assert "pitch=600" not in vocabulary


def test_the_marks_must_be_there_and_nothing_twice() -> None:
    with pytest.raises(VocabularyError, match="without"):
        Vocabulary(("a", "b"))
    with pytest.raises(VocabularyError, match="repetitions"):
        Vocabulary(("<pad>", "<start>", "<end>", "a", "a"))


def test_the_marks_have_ids_of_their_own(vocabulary: Vocabulary) -> None:
    assert len({vocabulary.pad_id, vocabulary.start_id, vocabulary.end_id}) == 3
