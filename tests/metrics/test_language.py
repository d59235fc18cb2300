"""Likelihoods are exact: they sum to one over the vocabulary, and a model that knows nothing needs log V nats a token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics import language
from scogen_pipeline.metrics.floors import copied_ids, fit_bigram, fit_copy, fit_unigram, token_kinds
from scogen_pipeline.metrics.language import fit_floors, held_out, language_table, nlls_of
from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary
from scogen_pipeline.tokens.windows import Examples

TOKENS = (
    "<pad>",
    "<start>",
    "<end>",
    "bar=1",
    "bar=2",
    "pos=0",
    "pos=12",
    "part=0",
    "part=1",
    "dur=12",
    "dur=24",
    "pitch=60",
    "pitch=62",
)
VOCABULARY = Vocabulary(TOKENS)
BAR = "pos=0 dur=12 pitch=60 pos=12 dur=12 pitch=62"


class FakeScorer:
    """Knows one rule: after token i comes i + 1, with odds of `certainty` to one for each other token."""

    def __init__(self, certainty: float = 1.0) -> None:
        self.hit = math.log(certainty / (certainty + VOCABULARY.size - 1))
        self.miss = -math.log(certainty + VOCABULARY.size - 1)
        self.batches: list[list[int]] = []

    def log_probabilities(
        self, ids: Sequence[IntArray], conditions: IntArray, features: Sequence[IntArray] = (), dense: Sequence[np.ndarray] = ()
    ) -> list[np.ndarray]:
        assert len(conditions) == len(ids)
        assert not features
        assert not dense
        self.batches.append([len(sequence) for sequence in ids])
        return [np.where((s[:-1] + 1) % VOCABULARY.size == s[1:], self.hit, self.miss).astype(np.float32) for s in ids]


def ids_of(text: str) -> IntArray:
    return VOCABULARY.ids_of(["<start>", *text.split(), "<end>"])


def examples_of(sequences: Sequence[IntArray]) -> Examples:
    return Examples(tuple(sequences), np.zeros((len(sequences), 4), np.int32))


def table(texts: Sequence[str], splits: Sequence[str], genres: Sequence[str] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "piece_id": [f"{index:016x}" for index in range(len(texts))],
            "split": splits,
            "genre": genres or ["reel"] * len(texts),
            "n_notes": [text.count("pitch=") for text in texts],
            "conditions": [np.zeros(4, dtype=np.int32)] * len(texts),
            "ids": [ids_of(text) for text in texts],
        }
    )


def test_a_model_that_knows_nothing_needs_log_v_nats_a_token() -> None:
    sequences = [ids_of(BAR), ids_of("bar=1"), ids_of(f"bar=2 {BAR} bar=1")]

    nlls = nlls_of(FakeScorer(), examples_of(sequences))

    assert nlls == pytest.approx([(len(ids) - 1) * math.log(VOCABULARY.size) for ids in sequences])


def test_pieces_are_read_together_by_length_and_returned_in_their_own_order() -> None:
    rng = np.random.default_rng(1)
    sequences = [rng.integers(3, VOCABULARY.size, size).astype(np.int32) for size in rng.integers(2, 40, 70)]
    scorer = FakeScorer(9.0)

    together = nlls_of(scorer, examples_of(sequences))

    assert max(len(batch) for batch in scorer.batches) <= 64
    assert all(batch[-1] <= 1.5 * batch[0] for batch in scorer.batches)
    assert len(scorer.batches) < 12
    assert [length for batch in scorer.batches for length in batch] == sorted(map(len, sequences))
    assert together == pytest.approx([nlls_of(scorer, examples_of([ids]))[0] for ids in sequences])


def test_a_likelihood_is_the_sum_over_all_tokens_but_start() -> None:
    steps = [(a + 1) % VOCABULARY.size == b for a, b in pairwise(ids_of(BAR).tolist())]
    scorer = FakeScorer(9.0)

    (nll,) = nlls_of(scorer, examples_of([ids_of(BAR)]))

    assert nll == pytest.approx(-sum(scorer.hit if step else scorer.miss for step in steps), rel=1e-6)


def test_the_copy_is_the_token_at_the_same_place_of_the_previous_measure() -> None:
    kinds, names = token_kinds(VOCABULARY)
    ids = ids_of("bar=2 pos=0 dur=24 pitch=60 pos=12 dur=12 pitch=62 bar=1 pos=12 dur=24 pitch=60")
    copied = copied_ids(ids, kinds, names)
    words = [VOCABULARY.tokens[index] if index >= 0 else "" for index in copied]

    assert words[:8] == [""] * 8
    assert words[8:] == ["pos=0", "dur=12", "pitch=62", "bar=1"]


def test_another_part_is_another_place() -> None:
    kinds, names = token_kinds(VOCABULARY)
    ids = ids_of("bar=2 pos=0 dur=24 pitch=60 part=1 dur=12 pitch=62 bar=1 pos=0 part=1 dur=24 pitch=60 part=0")
    words = [VOCABULARY.tokens[index] if index >= 0 else "" for index in copied_ids(ids, kinds, names)]

    assert words[-6:] == ["pos=0", "dur=24", "dur=12", "pitch=62", "bar=1", ""]


def every_continuation(prefix: IntArray) -> list[IntArray]:
    return [np.append(prefix, np.int32(index)) for index in range(VOCABULARY.size)]


@pytest.mark.parametrize("length", [1, 2, 4, 7, 9, 11])
def test_each_floor_is_a_proper_distribution_at_each_place(length: int) -> None:
    training = [ids_of(f"bar=2 {BAR} bar=1 {BAR}")] * 3
    unigram = fit_unigram(training, VOCABULARY.size)
    floors = (unigram, fit_bigram(training, training, unigram), fit_copy(training, unigram, VOCABULARY))
    prefix = training[0][:length]

    for floor in floors:
        total = sum(math.exp(floor.log_likelihoods(ids)[-1]) for ids in every_continuation(prefix))
        assert total == pytest.approx(1)


def test_repetitive_music_is_easiest_for_the_copy_and_hardest_for_the_unigram() -> None:
    pieces = table([f"bar=2 {BAR} bar=1 {BAR} bar=1 {BAR}"] * 6, ["train"] * 3 + ["valid", "valid", "test"])
    ids = pieces["ids"].iloc[-1]

    nats = {name: -floor.log_likelihoods(ids).sum() for name, floor in fit_floors(pieces, VOCABULARY).items()}

    assert nats["bigram"] < nats["unigram"]
    assert nats["copy"] < nats["unigram"]


def test_without_validation_pieces_the_copy_is_half_trusted() -> None:
    unigram = fit_unigram([ids_of(BAR)], VOCABULARY.size)

    assert set(fit_copy([], unigram, VOCABULARY).weights) == {0.5}


def test_the_unigram_needs_training_pieces() -> None:
    with pytest.raises(DataError, match="at least one training piece"):
        fit_unigram([], 5)


def test_the_table_pools_tokens_and_notes_and_has_a_row_for_each_genre() -> None:
    pieces = table(
        [f"bar=1 {BAR}", f"bar=1 {BAR}", f"bar=2 {BAR} bar=1 {BAR}", "bar=1"],
        ["train", "valid", "test", "test"],
        ["", "reel", "reel", "jig"],
    )

    found = language_table(pieces, held_out(pieces, 10, seed=0), FakeScorer(), VOCABULARY, None).set_index(["model", "genre"])

    assert found.index.levels[0].tolist() == ["bigram", "copy", "lstm", "unigram"]
    assert set(found.loc["lstm"].index) == {"all", "reel", "jig"}
    row = found.loc[("lstm", "all")]
    assert (row["n_pieces"], row["n_tokens"], row["n_notes"], row["split"]) == (2, 17, 4, "test")
    assert row["nll_per_token"] == pytest.approx(math.log(VOCABULARY.size))
    assert row["nll_per_note"] == pytest.approx(math.log(VOCABULARY.size) * 17 / 4)


def test_of_a_very_long_piece_only_the_beginning_counts() -> None:
    pieces = table(["bar=1", f"bar=2 {BAR} " * 700], ["train", "test"])

    row = language_table(pieces, held_out(pieces, 1, 0), FakeScorer(), VOCABULARY, None).set_index("model").loc["lstm"].iloc[0]

    assert row["n_tokens"] == 4096
    assert row["n_notes"] == 4096 // 7 * 2
    assert row["nll_per_token"] == pytest.approx(math.log(VOCABULARY.size))


def test_held_out_pieces_are_the_same_for_the_same_seed_and_never_training_pieces() -> None:
    pieces = table(["bar=1"] * 40, ["train", "test"] * 20)

    first, again, other = (
        held_out(pieces.sample(frac=1, random_state=s), 5, seed=s // 2)["piece_id"].tolist() for s in (0, 1, 2)
    )

    assert first == again != other
    assert set(held_out(pieces, 99, 0)["split"]) == {"test"}


def test_an_empty_test_split_falls_back_on_validation_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert held_out(table(["bar=1"] * 2, ["train", "valid"]), 9, 0)["split"].tolist() == ["valid"]
    assert "test split is empty" in caplog.text
    with pytest.raises(DataError, match="at least one piece"):
        held_out(table([], []), 9, 0)


def test_a_model_that_sees_is_shown_the_view_of_each_piece_as_far_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of the target and whether it is a pitch stand for a real view."""
    monkeypatch.setattr(language, "_MAX_TOKENS", 6)
    shown: list[np.ndarray] = []

    class SeeingScorer(FakeScorer):
        def log_probabilities(self, ids, conditions, features=(), dense=()):
            shown.extend(np.concatenate(rows, axis=1) for rows in zip(features, dense, strict=True))
            return super().log_probabilities(ids, conditions)

    def view(conditions: Sequence[str], tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        is_pitch = [token.startswith("pitch=") for token in tokens[1:]]
        return np.arange(1, len(tokens), dtype=np.uint8)[:, None], np.array(is_pitch, np.uint8)[:, None]

    pieces = table([f"bar=1 {BAR}"] * 3, ["train", "valid", "test"])
    language_table(pieces, held_out(pieces, 1, 0), SeeingScorer(), VOCABULARY, view)
    assert [rows.tolist() for rows in shown] == [[[1, 0], [2, 0], [3, 0], [4, 1], [5, 0], [6, 0]]]
