"""The rows of the floors, of the count model and of trained networks, for any of the sets.

**Conventions.** The names of the models are those of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.literature import calibration, grid_floors
from scogen_pipeline.metrics.literature.chorales import VOICES, ChoraleAdapter
from scogen_pipeline.metrics.literature.context_model import CHORALE_CHAIN, ROLL_CHAIN, ContextModel
from scogen_pipeline.metrics.literature.frames import FrameAdapter
from scogen_pipeline.metrics.literature.network import network_nats
from scogen_pipeline.metrics.literature.recipes import NetworkChoice, adapter_of_network
from scogen_pipeline.metrics.literature.results import SCHEMA, result_rows
from scogen_pipeline.metrics.literature.rolls import RollAdapter
from scogen_pipeline.metrics.literature.sets import BenchmarkSet

if TYPE_CHECKING:
    from scogen_pipeline.model.bundle import TrainedModel

#: The product's network, in the table.
NETWORK: Final = "scogen's network"


@dataclass(frozen=True)
class SpellingSettings:
    """How a frame is spelled.

    Args:
        voice_order: Order of the voices of a chorale, each of S, A, T and B once.
        spell_hold: Whether a kept note of a chorale is a token of its own.
        high_to_low: Whether the notes of a roll's frame are named from above.

    Raises:
        RequestError: If a value is none of these.
    """

    voice_order: str = VOICES
    spell_hold: bool = False
    high_to_low: bool = True

    def __post_init__(self) -> None:
        """Check the values."""
        if sorted(self.voice_order) != sorted(VOICES):
            raise RequestError(f"`voice_order` must name each of S, A, T and B once, received `{self.voice_order}`.")
        for name in ("spell_hold", "high_to_low"):
            if not isinstance(getattr(self, name), bool):
                raise RequestError(f"`{name}` must be true or false, received {getattr(self, name)!r}.")

    def adapter(self, benchmark: BenchmarkSet) -> FrameAdapter:
        """Make the adapter of a set."""
        if benchmark.is_grid:
            return ChoraleAdapter(benchmark, order=self.voice_order, hold=self.spell_hold)
        return RollAdapter(benchmark, descending=self.high_to_low)


def floor_rows(sets: Mapping[str, BenchmarkSet]) -> pd.DataFrame:
    """Return the rows of the trivial floors of every set."""
    return pd.concat([(_grid_rows if benchmark.is_grid else _roll_rows)(benchmark) for benchmark in sets.values()])


def context_model_rows(sets: Mapping[str, BenchmarkSet], settings: SpellingSettings) -> pd.DataFrame:
    """Return the rows of the count model of every set."""
    return pd.concat([_context_rows(benchmark, settings.adapter(benchmark)) for benchmark in sets.values()])


def network_rows(sets: Mapping[str, BenchmarkSet], networks: Mapping[str, TrainedModel], choice: NetworkChoice) -> pd.DataFrame:
    """Return the rows of the networks that are trained, by the name of their set; without any, no rows."""
    none: pd.DataFrame = SCHEMA.empty_table().to_pandas()
    parts: list[pd.DataFrame] = []
    for name, model in networks.items():
        benchmark, stepper = sets[name], model.stepper()
        adapter = adapter_of_network(benchmark, model)
        pieces = benchmark.pieces["test"]
        n_tokens = [len(sequence.tokens) for sequence in adapter.sequences("test")]
        parts.append(result_rows(benchmark, NETWORK, network_nats([stepper], adapter, pieces), n_tokens))
        if choice.benchmark_transpositions:
            shifts = range(-choice.benchmark_transpositions, choice.benchmark_transpositions + 1)
            title = f"{NETWORK}, {len(shifts)} transpositions mixed"
            parts.append(result_rows(benchmark, title, network_nats([stepper], adapter, pieces, shifts), n_tokens))
    return pd.concat(parts or [none])


def _roll_rows(rolls: BenchmarkSet) -> pd.DataFrame:
    n_tokens = [roll.size for roll in rolls.pieces["test"]]
    n_after_first = [roll[1:].size for roll in rolls.pieces["test"]]
    markov = calibration.markov_nlls(rolls)
    return pd.concat(
        [
            result_rows(rolls, "pitch unigram", calibration.unigram_nlls(rolls), n_tokens),
            result_rows(rolls, "pitch Markov, first frame skipped", markov, n_after_first, skips_first_frame=True),
        ]
    )


def _grid_rows(grid: BenchmarkSet) -> pd.DataFrame:
    n_tokens = [piece.size for piece in grid.pieces["test"]]
    floors = grid_floors.published_nlls(grid) | {"copy by beat, proper": grid_floors.proper_nlls(grid)}
    return pd.concat([result_rows(grid, model, nlls, n_tokens) for model, nlls in floors.items()])


def _context_rows(benchmark: BenchmarkSet, adapter: FrameAdapter) -> pd.DataFrame:
    model = ContextModel(
        adapter, CHORALE_CHAIN if benchmark.is_grid else ROLL_CHAIN, adapter.sequences("train"), adapter.sequences("valid")
    )
    pieces = list(adapter.sequences("test"))
    return result_rows(
        benchmark, "context counts", [model.nats(piece) for piece in pieces], [len(piece.tokens) for piece in pieces]
    )
