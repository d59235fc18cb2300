"""The candidate that is most like real music is kept, whatever the figure."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest
from tests.metrics.originality.test_index_table import known
from tests.metrics.test_musical import piece_of

from scogen_pipeline.choosing.candidates import Candidate
from scogen_pipeline.choosing.choice import Choice, choose
from scogen_pipeline.choosing.critic import Critic
from scogen_pipeline.choosing.custom import Custom, custom_table
from scogen_pipeline.choosing.ear import Ear, ear_table
from scogen_pipeline.choosing.figures import LIKELIHOOD, ORIGINALITY
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.metrics.originality.comparing import OriginalityIndex
from scogen_pipeline.metrics.originality.index_table import index_of
from scogen_pipeline.music.piece import Piece

MANY = ChoosingSettings(candidates=3)
DEAF = Ear(ear_table([]).to_pandas())
NO_INDEX = OriginalityIndex(index_of([]).read_pandas())


def reel(*line: int | None) -> Piece:
    return dataclasses.replace(piece_of(list(line)), genre="reel")


def custom(**figures: list[float]) -> Custom:
    rows = [dict(zip(figures, values, strict=True)) for values in zip(*figures.values(), strict=True)]
    return Custom(custom_table(("reel", row) for row in rows).to_pandas())


def spread(middle: float, width: float) -> list[float]:
    return [middle + width * (step - 50) / 50 for step in range(101)]


def chosen(pieces: list[Candidate], real: Custom, index: OriginalityIndex = NO_INDEX, settings=MANY, seed: int = 1) -> Choice:
    return choose(pieces, Critic(DEAF, index, real, settings), (seed, 0))


def test_neither_the_fullest_nor_the_emptiest_is_kept_but_the_usual_one() -> None:
    full, usual, empty = reel(*[60, 62] * 16), reel(*[60, None, 64, 62] * 8), reel(*[60, None, None, None] * 8)
    real = custom(rest_share=spread(0.25, 0.1), notes_per_bar=spread(3, 0.5))
    for order in ([full, usual, empty], [empty, full, usual], [usual, empty, full]):
        assert chosen([Candidate(piece) for piece in order], real).piece == usual


def test_the_likeliest_is_not_kept_if_real_music_is_less_likely() -> None:
    piece = reel(*[60, 62] * 8)
    real = custom(**{LIKELIHOOD: spread(-0.5, 0.1)})
    kept = chosen([Candidate(piece, opinion) for opinion in (-0.1, -0.9, -0.52)], real)
    assert kept.number == 3
    assert kept.distances["likelihood"] < 2


def test_a_copy_is_not_kept() -> None:
    index = OriginalityIndex(index_of([known(1), known(2)]).read_pandas())
    copy = dataclasses.replace(known(2).piece, genre="reel")
    own = dataclasses.replace(known(9).piece, genre="reel")
    real = custom(**{ORIGINALITY: spread(10, 4)})
    kept = chosen([Candidate(copy), Candidate(own)], real, index)
    assert kept.number == 2
    assert kept.comparison is not None
    assert kept.comparison.n_notes == 0


def test_of_equals_the_first_is_kept() -> None:
    assert chosen([Candidate(reel(60, 62))] * 3, custom(rest_share=spread(0, 1))).number == 1


def test_a_group_without_weight_does_not_count() -> None:
    piece = reel(*[60, 62] * 8)
    real = custom(**{LIKELIHOOD: spread(-0.5, 0.1)})
    settings = dataclasses.replace(MANY, likelihood=0)
    assert chosen([Candidate(piece, -5.0), Candidate(piece, -0.5)], real, settings=settings).number == 1


def test_the_receipt_names_the_source_and_the_band() -> None:
    index = OriginalityIndex(index_of([known(1), known(2)]).read_pandas())
    copy = dataclasses.replace(known(2).piece, genre="reel")
    facts = json.loads(chosen([Candidate(copy)], custom(**{ORIGINALITY: spread(10, 4)}), index).receipt() or "")
    assert facts["longest_shared_run"]["title"] == "Tune 2"
    assert facts["longest_shared_run"]["n_notes"] == 40
    assert facts["usual_longest_run"] == pytest.approx(13.6, abs=0.01)
    assert facts["is_usual"] is False
    assert facts["share_of_ngrams"] == {"8": 1, "12": 1, "16": 1}


def test_without_an_index_there_is_no_receipt() -> None:
    assert chosen([Candidate(reel(60, 62))], Custom(pd.DataFrame({"genre": []}))).receipt() is None


def test_chosen_pieces_are_as_different_as_real_ones_are() -> None:
    pieces = [Candidate(reel(*[60, None, None, None] * (8 - n) + [60, 62, 64, 62] * n + [60] * 4)) for n in range(9)]
    real = custom(notes_per_bar=[1.0, 4.0] * 20)
    kept = [chosen(pieces, real, seed=seed).number for seed in range(20)]
    assert set(kept) == {1, 9}
    assert kept == [chosen(pieces, real, seed=seed).number for seed in range(20)]
