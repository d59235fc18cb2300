"""Pieces are cut at bar lines, settings refuse what cannot be."""

from __future__ import annotations

import pandas as pd
import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.comparison import EvaluationSettings, headline_numbers, musical_table, opening
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

NAN = float("nan")
PIECE = Piece(
    parts_for((find_instrument("voice"), find_instrument("piano"))),
    (Note(0, 0, 62, 48), Note(0, 1, 66, 24), Note(0, 2, 50, 144), Note(72, 1, 69, 24)),
    (Meter(3, 4), Meter(3, 4)),
    Key.parse("D"),
    genre="lied",
)


def test_an_opening_cuts_notes_at_its_last_bar_line() -> None:
    assert opening(PIECE, 1).notes == (Note(0, 0, 62, 48), Note(0, 1, 66, 24), Note(0, 2, 50, 72))
    assert opening(PIECE, 9) == PIECE


def test_genres_come_from_the_settings_else_from_the_held_out_pieces() -> None:
    assert EvaluationSettings(genres="folk+jig+folk song").genres_to_compare(["reel"]) == ("folk song", "jig")
    assert EvaluationSettings().genres_to_compare(["reel", "", "jig", "reel", "polka"]) == ("jig", "reel")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"excerpt_bars": 3}, "`excerpt_bars` must be a whole number from 4"),
        ({"generated_per_genre": 0}, "`generated_per_genre` must be a whole number from 1"),
        ({"max_held_out": 2.5}, "`max_held_out` must be a whole number"),
        ({"evaluation_seed": -1}, "`evaluation_seed` must be a whole number from 0"),
        ({"evaluation_seed": True}, "`evaluation_seed` must be a whole number"),
        ({"genres": "rel"}, "Did you mean `reel`"),
    ],
)
def test_settings_that_cannot_be_say_what_is_allowed(settings: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        EvaluationSettings(**settings)


def test_a_side_without_pieces_is_empty_and_leaves_no_headline() -> None:
    measures = pd.DataFrame(
        [("real", "jig", "a", "rest_share", 0.25), ("real", "jig", "b", "rest_share", 0.75)],
        columns=["origin", "genre", "piece", "measure", "value"],
    )
    language = pd.DataFrame([{"model": "lstm", "genre": "all", "nll_per_token": 1.0, "nll_per_note": 2.0}])
    tests = pd.DataFrame(
        [{"genre": "folk song", "origin": "generated", "auc": 0.75}, {"genre": "jig", "origin": "train", "auc": NAN}]
    )
    recalls = pd.DataFrame([{"genre": "slip jig", "real": 0.5, "generated": NAN}])

    table = musical_table(measures)

    assert table[["genre", "real", "n_real", "n_generated"]].to_numpy().tolist() == [["all", 0.5, 2, 0], ["jig", 0.5, 2, 0]]
    assert table["overlap"].isna().all()
    assert headline_numbers(language, table, tests, recalls) == {
        "nll_per_token.lstm": 1.0,
        "nll_per_note.lstm": 2.0,
        "real.rest_share": 0.5,
        "auc.generated.folk_song": 0.75,
        "recall.real.slip_jig": 0.5,
    }


def test_nothing_to_compare_is_a_table_without_rows() -> None:
    table = musical_table(pd.DataFrame(columns=["origin", "genre", "piece", "measure", "value"]))

    assert table.empty
    assert {"genre", "measure", "real", "generated", "overlap", "band_distance", "n_train"} <= set(table)
