"""The training set as a table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from tests.metrics.test_musical import piece_of

from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.originality.index_table import INDEX_SCHEMA, KnownPiece, index_of, known_pieces
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.vocabulary import fit_vocabulary


def tune(seed: int, n: int = 40) -> list[int]:
    return np.random.default_rng(seed).integers(60, 80, n).tolist()


def known(seed: int) -> KnownPiece:
    return KnownPiece(f"Tune {seed}", "tests", piece_of(tune(seed)))


def test_each_line_is_a_row_of_as_many_grams_as_fit() -> None:
    table = index_of([KnownPiece("Two", "tests", piece_of(tune(1), tune(2, 20)))]).read_pandas()
    assert table["part"].tolist() == [0, 1]
    assert [len(hashes) for hashes in table["hashes"]] == [33, 13]
    assert table["gaps"][1].tolist() == [0, *[1] * 12]
    assert table["measure_gaps"][1].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]


def test_a_sparse_index_keeps_some_of_the_grams_of_the_full_one() -> None:
    full, sparse = (index_of([known(1), known(2), known(3)], every).read_pandas() for every in (1, 4))
    for all_hashes, some in zip(full["hashes"], sparse["hashes"], strict=True):
        assert set(some) <= set(all_hashes)
    assert 10 < sum(map(len, sparse["hashes"])) < 50


def test_pieces_are_taken_one_by_one() -> None:
    taken = []

    def pieces() -> Iterator[KnownPiece]:
        for seed in range(3000):
            taken.append(seed)
            yield known(seed % 7)

    reader = index_of(pieces())
    assert reader.schema == INDEX_SCHEMA
    assert not taken
    reader.read_next_batch()
    assert len(taken) < 1100


@pytest.mark.parametrize("every", [0, 65])
def test_an_index_of_no_grams_is_refused(every: int) -> None:
    with pytest.raises(RequestError, match="`every` must be a whole number from 1 to 64, received"):
        index_of([], every)


def test_encoded_pieces_are_decoded_with_the_names_that_they_go_by() -> None:
    vocabulary = fit_vocabulary()
    piece = piece_of(tune(1), tune(2))
    encoded = encode(piece)
    row = {"conditions": vocabulary.ids_of(encoded.conditions), "ids": vocabulary.ids_of(encoded.tokens)}
    rows = [row | {"path": "corpus/bach/bwv1.mid", "title": ""}, row | {"path": "corpus/a.mid", "title": "Air"}]
    first, second = known_pieces(pd.DataFrame(rows).to_dict("records"), vocabulary)
    assert (first.title, first.collection) == ("bwv1.mid", "corpus/bach")
    assert (second.title, second.collection) == ("Air", "corpus")
    assert first.piece.notes == piece.notes
