"""The evaluate pipeline as a slice: a hand-made catalog, a model that knows nothing, real tunes made in code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.sampling.random_stepper import Nothing

from scogen_pipeline.errors import VocabularyError
from scogen_pipeline.metrics.comparison import EvaluationSettings
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.pipelines.evaluate import create_pipeline
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary, fit_vocabulary

VOCABULARY = fit_vocabulary()


class UniformStepper:
    """Finds every token equally likely."""

    vocabulary = VOCABULARY

    def start(self, conditions: IntArray) -> Nothing:
        return Nothing()

    def step(self, ids: IntArray, state: Nothing, features: np.ndarray, dense: np.ndarray) -> tuple[np.ndarray, Nothing]:
        return np.zeros((len(ids), VOCABULARY.size), dtype=np.float32), state

    def log_probabilities(
        self, ids: list[IntArray], conditions: IntArray, features: Sequence[IntArray] = (), dense: Sequence[np.ndarray] = ()
    ) -> list[np.ndarray]:
        return [np.full(len(sequence) - 1, -np.log(VOCABULARY.size)) for sequence in ids]


@dataclass(frozen=True)
class FakeModel:
    vocabulary: Vocabulary = VOCABULARY

    def stepper(self) -> UniformStepper:
        return UniformStepper()

    # The real check, so that the test of a refusal tests it.
    require_vocabulary = TrainedModel.require_vocabulary


def tune(seed: int, genre: str = "reel", n_bars: int = 24) -> Piece:
    instruments = tuple(find_instrument(name) for name in GENRES[genre].instruments)
    scale = np.random.default_rng(seed).choice([60, 62, 64, 65, 67, 69, 71, 72], size=n_bars * 4)
    notes = [
        Note(beat * 24, part, int(pitch) - 5 * part, 24) for beat, pitch in enumerate(scale) for part in range(len(instruments))
    ]
    return Piece(parts_for(instruments), tuple(notes), (Meter(4, 4),) * n_bars, Key.parse("C"), genre=genre)


def encoded_table() -> pd.DataFrame:
    rows = []
    for seed in range(12):
        genre = "reel" if seed % 2 else "chorale"
        piece = tune(seed, genre)
        encoded = encode(piece)
        rows.append(
            {
                "piece_id": f"{seed:016x}",
                "split": ("train", "train", "valid", "test")[seed // 3],
                "genre": genre,
                "n_bars": piece.n_bars,
                "n_notes": len(piece.notes),
                "conditions": VOCABULARY.ids_of(encoded.conditions),
                "ids": VOCABULARY.ids_of(encoded.tokens),
            }
        )
    return pd.DataFrame(rows)


class KeptDataset(MemoryDataset):
    """Stays readable after the run."""

    def _release(self) -> None:
        pass


def splits_table() -> pd.DataFrame:
    return pd.DataFrame({"piece_id": [f"{seed:016x}" for seed in range(12)], "cluster": [f"{seed:016x}" for seed in range(12)]})


def catalog(**inputs: object) -> DataCatalog:
    data = {
        "encoded_pieces": encoded_table(),
        "splits": splits_table(),
        "vocabulary": VOCABULARY,
        "trained_model": FakeModel(),
        "params:evaluation": EvaluationSettings(generated_per_genre=2, max_held_out=3),
    }
    return DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in (data | inputs).items()})


@pytest.fixture(scope="module")
def results() -> dict[str, object]:
    pipeline = create_pipeline()
    data = catalog()
    for name in pipeline.all_outputs():
        data[name] = KeptDataset(copy_mode="assign")
    SequentialRunner().run(pipeline, data)
    return {name: data[name].load() for name in pipeline.all_outputs()}


def test_a_model_that_knows_nothing_needs_log_v_and_more_than_the_floors(results: dict[str, object]) -> None:
    table = results["language_metrics"]
    overall = table[table["genre"] == "all"].set_index("model")["nll_per_token"]

    assert overall["lstm"] == pytest.approx(np.log(VOCABULARY.size))
    assert overall["bigram"] < overall["unigram"] < overall["lstm"]
    assert set(table["genre"]) == {"all", "reel", "chorale"}


def test_each_held_out_piece_has_a_twin_in_its_own_terms(results: dict[str, object]) -> None:
    pairs = results["real_pairs"].set_index("piece")
    twins = results["twins"]

    assert Counter(piece.genre for piece in twins.values()) == {"chorale": 2, "reel": 2}
    assert all(pairs.loc[name.partition("/")[0], "genre"] == piece.genre for name, piece in twins.items())
    assert {(piece.n_bars, piece.meter, piece.key) for piece in twins.values()} == {(24, Meter(4, 4), Key.parse("C"))}


def test_real_and_generated_stand_side_by_side(results: dict[str, object]) -> None:
    table = results["musical_metrics"].set_index(["genre", "measure"])

    assert table.loc[("reel", "scale_consistency"), "real"] == 1
    assert table.loc[("all", "notes_per_bar"), "real"] == pytest.approx(4)
    assert table.loc[("all", "notes_per_bar"), "n_real"] == 4
    assert table.loc[("reel", "notes_per_bar"), ["n_train", "train", "band_distance"]].to_list()[:2] == [2, 4]
    assert table.loc[("all", "notes_per_bar"), "n_generated"] == 4
    assert table.loc[("all", "out_of_range_share"), "n_real"] == 0
    assert table.loc[("all", "out_of_range_share"), "generated"] == 0
    assert not any(measure == "voice_crossing_share" for genre, measure in table.index if genre == "reel")
    assert table.index[0] == ("all", "pitch_class_entropy_bits")


def test_too_few_pieces_are_no_test_and_no_headline(results: dict[str, object]) -> None:
    tests = results["two_sample_tests"]

    assert tests["auc"].isna().all()
    assert tests[["genre", "origin", "n_real", "n_other"]].to_numpy().tolist()[:2] == [
        ["all", "generated", 4, 4],
        ["all", "train", 4, 4],
    ]
    assert results["genre_recalls"].empty
    assert not any(name.startswith(("auc", "recall")) for name in results["evaluation_numbers"])


def test_the_figure_has_a_panel_for_each_measure_and_one_for_the_likelihood(results: dict[str, object]) -> None:
    titles = [axes.get_title(loc="left") for axes in results["evaluation_figure"].axes]

    assert titles[0] == "Negative log-likelihood of 3 held-out pieces (nats, lower is better)"
    assert len(titles) == 2 + results["musical_measures"]["measure"].nunique()


def test_headlines_are_finite_metrics_with_a_step(results: dict[str, object]) -> None:
    numbers = results["evaluation_numbers"]

    assert numbers["nll_per_token.lstm"] == {"value": pytest.approx(np.log(VOCABULARY.size)), "step": 0}
    assert all(np.isfinite(item["value"]) for item in numbers.values())
    assert {"real.compression_ratio", "generated.compression_ratio"} <= set(numbers)


def test_a_model_of_another_vocabulary_is_refused() -> None:
    other = Vocabulary(tuple(reversed(VOCABULARY.tokens)))
    slice_ = create_pipeline().only_nodes("draw_held_out_pieces", "measure_language")

    with pytest.raises(VocabularyError, match="must be the one that the model was trained on"):
        SequentialRunner().run(slice_, catalog(trained_model=replace(FakeModel(), vocabulary=other)))
