"""How candidates are chosen from, and how much is kept to choose by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scogen_pipeline.model.settings import check_ranges

_GROUPS: Final = ("likelihood", "structure", "theory", "texture", "originality")
#: Most pieces that a request, and so a batch, can have.
MOST_WRITTEN: Final = 64
#: Candidates of each piece if nothing is said: more of them sound better, and take longer.
_CUSTOMARY: Final = 16
_CHOOSING_RANGES: Final = {"candidates": (0, MOST_WRITTEN), "ear": (0.0, 100.0), **dict.fromkeys(_GROUPS, (0.0, 100.0))}
_CUSTOM_RANGES: Final = {"pieces_per_genre": (1, 10_000), "index_every": (1, 64), "ear_pieces": (0, 10_000)}


@dataclass(frozen=True)
class ChoosingSettings:
    """How the best candidate is found.

    Args:
        candidates: Pieces written for each one that is kept, 1 to 64; 0 for sixteen, or as many as fit into a batch.
        ear: Power of the odds that candidates are drawn by, where the model has an ear for the genre; 0 to choose by figures.
        likelihood: Weight of the model's own opinion, 0 to 100.
        structure: Weight of phrases, cadences and what comes back.
        theory: Weight of part-writing and the scale.
        texture: Weight of density, note values and range.
        originality: Weight of what is shared with the training set.

    Raises:
        RequestError: If a value is out of range.
    """

    candidates: int = 0
    ear: float = 1.5
    likelihood: float = 1.0
    structure: float = 1.0
    theory: float = 1.0
    texture: float = 1.0
    originality: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_ranges(self, _CHOOSING_RANGES)

    def n_each(self, n_pieces: int) -> int:
        """Return how many candidates each of some pieces has.

        >>> [ChoosingSettings().n_each(n_pieces) for n_pieces in (1, 5, 64)]
        [16, 12, 1]
        """
        return self.candidates or min(_CUSTOMARY, MOST_WRITTEN // n_pieces)

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
        ear_pieces: Most training pieces of a genre, and twins of them, that the ear learns from; 0 for no ear.

    Raises:
        RequestError: If a value is out of range.
    """

    pieces_per_genre: int = 200
    index_every: int = 2
    ear_pieces: int = 60

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_ranges(self, _CUSTOM_RANGES)
