"""From a request to pieces, and from tables to ids, by way of a catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.choosing.fake_judge import FakeJudge

from scogen_pipeline.choosing.custom import CUSTOM_SCHEMA
from scogen_pipeline.choosing.ear import EAR_SCHEMA
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.metrics.originality.index_table import KnownPiece, index_of
from scogen_pipeline.pipelines import compose
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary


@dataclass(frozen=True)
class FakeModel:
    """A trained model that has learnt nothing."""

    vocabulary: Vocabulary

    def stepper(self) -> FakeJudge:
        return FakeJudge(self.vocabulary)


def composed(
    request: Request, primer: bytes = b"", n_candidates: int = 1, known_music: pd.DataFrame | None = None
) -> tuple[dict, dict]:
    """Pieces and receipts."""
    nothing = index_of([]).read_pandas()
    catalog = DataCatalog(
        {
            "generation_model": MemoryDataset(FakeModel(fit_vocabulary()), copy_mode="assign"),
            "primer": MemoryDataset(primer),
            "params:request": MemoryDataset(request),
            "params:choosing": MemoryDataset(ChoosingSettings(candidates=n_candidates)),
            "known_music": MemoryDataset(nothing if known_music is None else known_music),
            "known_figures": MemoryDataset(pd.DataFrame(columns=CUSTOM_SCHEMA.names)),
            "known_ear": MemoryDataset(pd.DataFrame(columns=EAR_SCHEMA.names)),
            "candidates": MemoryDataset(copy_mode="assign"),
            "composed_pieces": MemoryDataset(copy_mode="assign"),
            "originality_receipts": MemoryDataset(),
        }
    )
    SequentialRunner().run(compose.create_pipeline(), catalog)
    return catalog.load("composed_pieces"), catalog.load("originality_receipts")


def test_a_request_becomes_as_many_pieces_as_it_asks_for() -> None:
    pieces, _ = composed(Request(key="Bb", genre="jig", bars=4, n=3, title="Three of them", seed=9))
    assert list(pieces) == [f"three-of-them-no-{number}-9" for number in (1, 2, 3)]
    assert {piece.key.name for piece in pieces.values()} == {"Bb major"}
    assert len({piece.notes for piece in pieces.values()}) == 3


def test_a_primer_opens_the_piece(small_midi: Callable[..., bytes]) -> None:
    pieces, _ = composed(Request(key="C", genre="reel", bars=8), small_midi(keys=[(0, 0, "major")]))
    (piece,) = pieces.values()
    assert [note.pitch % 12 for note in piece.notes[:8]] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert piece.n_bars == 8


def test_the_same_seed_chooses_the_same_piece_and_says_what_it_copied(caplog: pytest.LogCaptureFixture) -> None:
    request = Request(genre="reel", bars=4, seed=5)
    with caplog.at_level("INFO"):
        pieces, receipts = composed(request, n_candidates=4)
        (piece,) = pieces.values()
        assert receipts == {}
        assert "training set" not in caplog.text
        index = index_of([KnownPiece("The Same", "tests", piece)]).read_pandas()
        again, receipts = composed(request, n_candidates=4, known_music=index)
    assert again == pieces
    assert set(receipts) == set(pieces)
    assert '"title": "The Same"' in receipts["reel-in-c-major-5"]
    assert "with The Same of tests, bar 1." in caplog.text
