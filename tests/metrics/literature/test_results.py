"""The table of results, and the count model that goes through it first."""

from __future__ import annotations

import numpy as np
import pytest
from tests.metrics.literature.made_up_sets import grid, made_up_sets, rolls

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.metrics.literature.context_model import CHORALE_CHAIN, ROLL_CHAIN, ContextModel
from scogen_pipeline.metrics.literature.evaluation import SpellingSettings, context_model_rows, floor_rows
from scogen_pipeline.metrics.literature.frames import allowed
from scogen_pipeline.metrics.literature.published import PUBLISHED, published_table
from scogen_pipeline.metrics.literature.results import SCHEMA, result_rows, results_table, summarise_results
from scogen_pipeline.metrics.literature.sets import FILE_BY_SET


@pytest.mark.parametrize("settings", [SpellingSettings(), SpellingSettings("BTAS", True, False)])
def test_the_count_model_is_a_distribution_over_what_the_mask_allows(settings: SpellingSettings) -> None:
    for benchmark, chain in ((rolls(), ROLL_CHAIN), (grid(), CHORALE_CHAIN)):
        adapter = settings.adapter(benchmark)
        training = list(adapter.sequences("train"))
        model = ContextModel(adapter, chain, training, training)
        sequence = adapter.sequence(benchmark.pieces["test"][0])
        may, totals = allowed(adapter, sequence), np.zeros(len(sequence.tokens))
        for token in range(adapter.n_tokens):
            tried = type(sequence)(
                np.full_like(sequence.tokens, token), sequence.features, sequence.dense, sequence.frame_of_token, 1
            )
            totals += np.where(may[:, token], np.exp(model.log_likelihoods(tried)), 0)
        np.testing.assert_allclose(totals, 1)


def test_the_count_model_uses_as_many_levels_as_validation_likes() -> None:
    adapter = SpellingSettings().adapter(grid())
    training = list(adapter.sequences("train"))

    assert ContextModel(adapter, CHORALE_CHAIN, training, training).n_levels == len(CHORALE_CHAIN)
    assert ContextModel(adapter, CHORALE_CHAIN[:1], training, training).n_levels == 1


def test_a_chain_of_too_many_contexts_is_refused() -> None:
    adapter = SpellingSettings().adapter(grid())
    training = list(adapter.sequences("train"))
    with pytest.raises(DataError, match="2\\^62"):
        ContextModel(adapter, [[feature.name for feature in adapter.features]], training, training)


def test_there_is_a_row_for_each_test_piece_and_model() -> None:
    sets = made_up_sets()
    table = results_table([floor_rows(sets), context_model_rows(sets, SpellingSettings())])

    assert table.schema.equals(SCHEMA)
    frame = table.to_pandas()
    assert len(frame) == 3 * (4 * 3 + 5)
    assert set(frame["set"]) == set(FILE_BY_SET)
    assert (frame["nll_nats"] > 0).all()
    skipping = frame[frame["model"].str.contains("skipped")].set_index(["set", "piece"])["n_frames"]
    others = frame[frame["model"] == "pitch unigram"].set_index(["set", "piece"])["n_frames"]
    assert (others - skipping == 1).all()


def test_figures_are_pooled_over_pieces_and_not_means_of_means() -> None:
    rows = result_rows(rolls(), "mine", [1.0, 2.0, 3.0], [10, 10, 10]).assign(
        n_frames=[1, 1, 4], n_notes=[2, 2, 2], leak=["clean", "leaked", "leaked"]
    )
    summary = summarise_results(rows).set_index("pieces")

    assert summary["nats_per_frame"].to_dict() == pytest.approx({"all": 1.0, "clean": 1.0, "leaked": 1.0})
    assert summary["nats_per_note"].to_dict() == pytest.approx({"all": 1.0, "clean": 0.5, "leaked": 1.25})
    assert summary["n_pieces"].to_dict() == {"all": 3, "clean": 1, "leaked": 2}


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="a number for each of 3 test pieces"):
        result_rows(rolls(), "mine", [1.0], [1])
    rows = result_rows(rolls(), "mine", [1.0] * 3, [1] * 3)
    with pytest.raises(DataError, match="another name"):
        results_table([rows, rows])


def test_published_figures_say_where_they_are_from_and_what_is_unchecked() -> None:
    table = published_table()

    assert set(table["set"]) == set(FILE_BY_SET)
    assert all(figure.source for figure in PUBLISHED)
    unchecked = table[table["is_from_memory"]]
    assert set(zip(unchecked["set"], unchecked["model"], strict=True)) == {("musedata", "RNN-RBM"), ("piano_midi", "RNN-RBM")}


def test_spelling_settings_are_checked() -> None:
    with pytest.raises(RequestError, match="`voice_order` must"):
        SpellingSettings(voice_order="SAAB")
    with pytest.raises(RequestError, match="`spell_hold` must be true or false, received 'yes'"):
        SpellingSettings(spell_hold="yes")  # type: ignore[arg-type]
