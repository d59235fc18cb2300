"""How candidates are chosen from, and how much is kept to choose by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scogen_pipeline.model.settings import check_ranges

_GROUPS: Final = ("likelihood", "structure", "theory", "texture", "originality")
_CHOOSING_RANGES: Final = {"candidates": (1, 64), **dict.fromkeys(_GROUPS, (0.0, 100.0))}
_CUSTOM_RANGES: Final = {"pieces_per_genre": (1, 10_000), "index_every": (1, 64)}


@dataclass(frozen=True)
class ChoosingSettings:
    """How the best candidate is found.

    Args:
        candidates: Pieces written for each one that is kept, 1 to 64.
        likelihood: Weight of the model's own opinion, 0 to 100.
        structure: Weight of phrases, cadences and what comes back.
        theory: Weight of part-writing and the scale.
        texture: Weight of density, note values and range.
        originality: Weight of what is shared with the training set.

    Raises:
        RequestError: If a value is out of range.
    """

    candidates: int = 1
    likelihood: float = 1.0
    structure: float = 1.0
    theory: float = 1.0
    texture: float = 1.0
    originality: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_ranges(self, _CHOOSING_RANGES)

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each group of figures."""
        return {name: float(getattr(self, name)) for name in _GROUPS}


@dataclass(frozen=True)
class CustomSettings:
    """How much of the real music is kept beside a model, to choose by.

    Args:
        pieces_per_genre: Most pieces of a genre whose figures are read.
        index_every: The index of the training set keeps one of so many grams, 1 to 64: 1 measures runs to the note, 2 is about
            half as large.

    Raises:
        RequestError: If a value is out of range.
    """

    pieces_per_genre: int = 200
    index_every: int = 2

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_ranges(self, _CUSTOM_RANGES)
