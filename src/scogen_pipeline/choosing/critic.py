"""The critic: what speaks for a piece that is being written, as far as it is written.

It finds better what is likelier to be real by *ear*, and no more copied than is usual. After each stage it tells by how much that
has changed: the odds of all that is heard now, less those of what had been heard before. Added up over the stages, these are the
odds of the piece. Of a piece that is longer than the ear listens, each stage is heard with the twelve measures before it.

**Conventions.** Gains are natural logarithms of the weights that candidates are drawn by. Measures are counted without a pickup.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scogen_pipeline.choosing.ear import EXCERPT_BARS
from scogen_pipeline.metrics.excerpt import measures_between
from scogen_pipeline.sampling.stages import STAGE_BARS

if TYPE_CHECKING:
    from scogen_pipeline.choosing.custom import Custom
    from scogen_pipeline.choosing.ear import Ear
    from scogen_pipeline.choosing.settings import ChoosingSettings
    from scogen_pipeline.metrics.originality.comparing import Comparison, OriginalityIndex
    from scogen_pipeline.music.piece import Piece

#: Opinions that are kept: what many candidates have come from is judged once.
_REMEMBERED: Final = 1024


class Critic:
    """Judges the candidates of a piece, see `sampling.stages`.

    Args:
        ear: Tells real from generated.
        index: The training set; an empty one is not asked.
        custom: What is usual.
        settings: What counts how much.
    """

    def __init__(self, ear: Ear, index: OriginalityIndex, custom: Custom, settings: ChoosingSettings) -> None:
        self.ear, self.index, self.custom, self.settings = ear, index, custom, settings
        self._opinion = lru_cache(_REMEMBERED)(self._opinion_of)

    def knows(self, genre: str) -> bool:
        """Tell whether candidates of a genre can be drawn by their odds, and shall be."""
        return self.settings.ear > 0 and self.ear.knows(genre)

    def comparison(self, piece: Piece) -> Comparison | None:
        """Return what a piece shares with the training set; None without an index."""
        return self.index.compare(piece) if len(self.index) else None

    def gains(self, pieces: Sequence[Piece], n_bars: int) -> list[float]:
        """Return what the last stage speaks for each of some pieces.

        Args:
            pieces: Of one genre, which the ear knows, written up to the measure `n_bars`.
            n_bars: At least 1; the stage begins after the last multiple of `STAGE_BARS` below it.
        """
        before = (n_bars - 1) // STAGE_BARS * STAGE_BARS
        start = max(0, before + STAGE_BARS - EXCERPT_BARS)
        return [self._opinion(_heard(piece, start, n_bars)) - self._opinion_before(piece, start, before) for piece in pieces]

    def _opinion_before(self, piece: Piece, start: int, end: int) -> float:
        return self._opinion(_heard(piece, start, end)) if end > start else 0.0

    def _opinion_of(self, piece: Piece) -> float:
        """Return what speaks for some measures, as a piece of their own."""
        odds = self.settings.ear * self.ear.odds(piece)
        comparison = self.comparison(piece)
        return odds if comparison is None else odds - self.settings.originality * self._beyond_band(comparison, piece.genre)

    def _beyond_band(self, comparison: Comparison, genre: str) -> float:
        """Return by how many notes the longest run shared with the training set is longer than is usual."""
        usual_run = self.custom.usual_run(genre)
        return 0.0 if usual_run is None else max(0.0, comparison.n_notes - usual_run)


def _heard(piece: Piece, start: int, end: int) -> Piece:
    """Return the full measures from `start` (0 is the first) up to and without `end`."""
    first = int(piece.begins_with_pickup)
    return measures_between(piece, first + start, first + end)
