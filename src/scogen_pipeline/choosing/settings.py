"""How candidates are chosen from, and how much is kept to choose by."""

from __future__ import annotations

from dataclasses import dataclass, fields

from scogen_pipeline.errors import RequestError

_RANGES = {"candidates": (1, 64), "pieces_per_genre": (1, 10_000), "index_every": (1, 64)}
_HEAVIEST = 100.0


def _check_whole(name: str, value: object) -> None:
    low, high = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RequestError(f"`{name}` must be a whole number from {low} to {high}, received {value!r}.")


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
        _check_whole("candidates", self.candidates)
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _HEAVIEST:
                raise RequestError(f"`{field.name}` must be a number from 0 to {_HEAVIEST:g}, received {value!r}.")

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each group of figures."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)[1:]}


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
        for field in fields(self):
            _check_whole(field.name, getattr(self, field.name))
