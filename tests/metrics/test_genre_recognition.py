"""A judge of genres: right where genres differ, fair where they are mixed up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scogen_pipeline.metrics.genre_recognition import recall_table, recognise_genres

NAMES = ["tempo", "noise", "harmony"]


def pieces(origin: str, genre: str, centre: float, n: int, harmony: float = float("nan")) -> pd.DataFrame:
    random = np.random.default_rng([len(origin), len(genre), n])
    values = {"tempo": random.normal(centre, 1, n), "noise": random.normal(size=n), "harmony": harmony + random.normal(size=n)}
    return pd.DataFrame({"origin": origin, "genre": genre, **values})


def test_genres_that_the_model_mixes_up_are_found() -> None:
    table = pd.concat(
        [
            *(pieces("train", genre, centre, 60) for genre, centre in (("reel", 0), ("air", 6), ("jig", 12))),
            *(pieces("real", genre, centre, 40) for genre, centre in (("reel", 0), ("air", 6), ("jig", 12))),
            pieces("generated", "reel", 0, 40),
            pieces("generated", "air", 6, 20),
            pieces("generated", "jig", 0, 40),  # sounds like a reel
        ]
    )

    confusion = recognise_genres(table, NAMES)
    recalls = recall_table(confusion).set_index("genre")

    assert recalls["is_kept_apart"].to_dict() == {"air": True, "jig": False, "reel": True}
    assert (recalls["real"] > 0.9).all()
    assert recalls.loc["jig", "generated"] < 0.1
    assert recalls.loc["air", ["n_real", "n_generated"]].to_list() == [40, 20]
    jigs = confusion[(confusion["origin"] == "generated") & (confusion["genre"] == "jig")]
    assert jigs.set_index("recognised_as")["n"].idxmax() == "reel"


def test_genres_with_too_few_training_pieces_are_left_out() -> None:
    many = [pieces(origin, genre, centre, 30) for origin in ("train", "real") for genre, centre in (("reel", 0), ("jig", 9))]
    table = pd.concat([*many, pieces("train", "air", 4, 5), pieces("real", "air", 4, 9)])

    assert set(recognise_genres(table, NAMES)["genre"]) == {"reel", "jig"}
    assert recognise_genres(table[table["genre"] == "reel"], NAMES).empty
    assert recall_table(recognise_genres(table[table["genre"] == "reel"], NAMES)).empty


def test_harmony_counts_though_some_genres_have_none() -> None:
    table = pd.concat(
        [
            *(pieces(origin, "reel", 0, 40) for origin in ("train", "real")),
            *(pieces(origin, "chorale", 0, 41, harmony=1.0) for origin in ("train", "real")),
        ]
    )

    assert (recall_table(recognise_genres(table, NAMES))["real"] > 0.95).all()
