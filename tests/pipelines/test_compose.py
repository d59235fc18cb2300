"""From a request to pieces, and from tables to ids, by way of a catalog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.sampling.random_stepper import RandomStepper

from scogen_pipeline.pipelines import compose
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary


@dataclass(frozen=True)
class FakeModel:
    """A trained model that has learnt nothing."""

    vocabulary: Vocabulary

    def stepper(self) -> RandomStepper:
        return RandomStepper(self.vocabulary)


def composed(request: Request, primer: bytes = b"") -> dict:
    catalog = DataCatalog(
        {
            "generation_model": MemoryDataset(FakeModel(fit_vocabulary()), copy_mode="assign"),
            "primer": MemoryDataset(primer),
            "params:request": MemoryDataset(request),
            "composed_pieces": MemoryDataset(copy_mode="assign"),
        }
    )
    SequentialRunner().run(compose.create_pipeline(), catalog)
    return catalog.load("composed_pieces")


def test_a_request_becomes_as_many_pieces_as_it_asks_for() -> None:
    pieces = composed(Request(key="Bb", genre="jig", bars=4, n=3, title="Three of them", seed=9))
    assert list(pieces) == [f"three-of-them-no-{number}-9" for number in (1, 2, 3)]
    assert {piece.key.name for piece in pieces.values()} == {"Bb major"}
    assert len({piece.notes for piece in pieces.values()}) == 3


def test_a_primer_opens_the_piece(small_midi: Callable[..., bytes]) -> None:
    (piece,) = composed(Request(key="C", genre="reel", bars=8), small_midi(keys=[(0, 0, "major")])).values()
    assert [note.pitch % 12 for note in piece.notes[:8]] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert piece.n_bars == 8
