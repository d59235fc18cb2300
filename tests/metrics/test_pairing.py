"""Held-out pieces and training pieces like them."""

from __future__ import annotations

import pandas as pd

from scogen_pipeline.metrics.pairing import decoded_piece, pair_pieces
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

VOCABULARY = fit_vocabulary()


def tune(meter: Meter = Meter(4, 4), n_bars: int = 8, key: str = "C", genre: str = "reel") -> Piece:  # noqa: B008 (frozen)
    beat = meter.beat_ticks
    notes = tuple(Note(at * beat, 0, 60 + at % 8, beat) for at in range(n_bars * meter.bar_ticks // beat))
    instruments = tuple(find_instrument(name) for name in GENRES[genre].instruments)
    return Piece(parts_for(instruments), notes, (meter,) * n_bars, Key.parse(key), tempo_qpm=100, genre=genre)


def row(piece_id: str, split: str, piece: Piece) -> dict[str, object]:
    encoded = encode(piece)
    ids, conditions = VOCABULARY.ids_of(encoded.tokens), VOCABULARY.ids_of(encoded.conditions)
    return {
        "piece_id": piece_id, "split": split, "genre": piece.genre, "n_bars": piece.n_bars, "ids": ids, "conditions": conditions,
    }  # fmt: skip


def paired(*rows: dict[str, object], n: int = 2) -> pd.DataFrame:
    encoded = pd.DataFrame(rows)
    splits = pd.DataFrame({"piece_id": encoded["piece_id"], "cluster": "c" + encoded["piece_id"]})
    return pair_pieces(encoded, splits, VOCABULARY, genres=("reel",), n=n, n_bars=16, seed=1)


def test_siblings_share_the_meter_then_the_mode_then_the_length() -> None:
    found = paired(
        row("held", "test", tune()),
        row("waltz", "train", tune(Meter(3, 4))),
        row("minor", "train", tune(key="a")),
        row("longer", "train", tune(n_bars=9)),
        row("long", "train", tune(n_bars=14)),
    )

    assert found[["origin", "piece"]].to_numpy().tolist() == [["real", "held"], ["train", "longer"], ["train", "long"]]
    assert found[["group", "n_each"]].to_numpy().tolist()[0] == ["cheld", 2]


def test_validation_pieces_stand_in_where_the_test_split_has_too_few() -> None:
    rows = [row("a", "valid", tune()), row("b", "test", tune()), row("c", "train", tune())]

    assert paired(*rows, n=1)["piece"].to_list() == ["b", "c"]
    assert paired(*rows, n=2)["piece"].to_list() == ["b", "a", "c"]
    assert set(paired(rows[2], row("d", "train", tune()), n=1)["origin"]) == {"real", "train"}


def test_pieces_that_cannot_be_compared_are_not_chosen() -> None:
    assert paired(row("short", "test", tune(n_bars=4)), row("fine", "test", tune()))["piece"].to_list() == ["fine"]


def test_a_decoded_piece_is_in_c_with_its_parts_and_a_tempo_of_its_class() -> None:
    piece = tune(key="D", genre="chorale")
    encoded = encode(piece)
    found = decoded_piece(VOCABULARY.ids_of(encoded.tokens), VOCABULARY.ids_of(encoded.conditions), VOCABULARY)

    assert [part.instrument.name for part in found.parts] == ["soprano", "alto", "tenor", "bass"]
    assert found.notes == piece.transposed(-2, Key.parse("C")).notes
    again = encode(found)
    assert again.conditions == encoded.conditions
    assert again.tokens == encoded.tokens
