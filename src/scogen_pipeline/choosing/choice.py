"""The best of the candidates: the one that is most like a real piece of its genre, in all figures together.

Not the likeliest, the most repetitive or the smoothest: that is never the most real. Nor the one nearest to the middle of all
real pieces, which would press everything into one mould: each choice has a real piece of its own for a pattern, see `custom`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scogen_pipeline.choosing.figures import LIKELIHOOD, ORIGINALITY, figures_of

if TYPE_CHECKING:
    from scogen_pipeline.choosing.candidates import Candidate
    from scogen_pipeline.choosing.custom import Custom
    from scogen_pipeline.choosing.settings import ChoosingSettings
    from scogen_pipeline.metrics.originality.comparing import Comparison, OriginalityIndex
    from scogen_pipeline.music.piece import Piece


@dataclass(frozen=True)
class Choice:
    """A piece that was kept.

    Args:
        piece: The piece.
        number: Which candidate it was, from 1.
        n_candidates: Of how many.
        distances: How far it is from its pattern, by group of figures; empty if there was no choice.
        comparison: What it shares with the training set; None without an index.
        usual_run: Longest run, in notes, that 95 % of real pieces of the genre share with the others; None if it is not known.
    """

    piece: Piece
    number: int
    n_candidates: int
    distances: Mapping[str, float]
    comparison: Comparison | None
    usual_run: float | None

    def receipt(self) -> str | None:
        """Write what was copied from whom as JSON; None without an index."""
        if self.comparison is None:
            return None
        facts = {
            "longest_shared_run": asdict(self.comparison.longest) if self.comparison.longest else None,
            "is_exact": self.comparison.is_exact,
            "share_of_ngrams": {str(n): _number(share) for n, share in self.comparison.shares.items()},
            "usual_longest_run": self.usual_run,
            "is_usual": None if self.usual_run is None else self.comparison.n_notes <= self.usual_run,
            "candidate": self.number,
            "candidates": self.n_candidates,
            "distances": {group: _number(value) for group, value in self.distances.items()},
        }
        return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def choose(
    candidates: Sequence[Candidate], index: OriginalityIndex, custom: Custom, settings: ChoosingSettings, seed: Sequence[int]
) -> Choice:
    """Return the best candidate; of equals the first.

    Args:
        candidates: At least one, all of one genre.
        index: The training set; an empty one is not asked.
        custom: What is usual.
        settings: What counts how much.
        seed: Draws the pattern.
    """
    genre = candidates[0].piece.genre
    comparisons = [index.compare(candidate.piece) if len(index) else None for candidate in candidates]
    distances: list[dict[str, float]] = [{}]
    best = 0
    if len(candidates) > 1:
        pattern = custom.pattern(genre, np.random.default_rng(list(seed)))
        pairs = zip(candidates, comparisons, strict=True)
        distances = [custom.distances(judged(candidate, comparison), pattern, genre) for candidate, comparison in pairs]
        totals = [sum(settings.weights[group] * value for group, value in each.items()) for each in distances]
        best = totals.index(min(totals))
    return Choice(candidates[best].piece, best + 1, len(candidates), distances[best], comparisons[best], custom.usual_run(genre))


def judged(candidate: Candidate, comparison: Comparison | None) -> dict[str, float]:
    """Return all figures of a candidate that are known."""
    figures = figures_of(candidate.piece, candidate.piece.n_bars)
    if candidate.log_probability is not None:
        figures[LIKELIHOOD] = candidate.log_probability
    if comparison is not None:
        figures[ORIGINALITY] = float(comparison.n_notes)
    return figures


def _number(value: float) -> Any:
    """Return a number that JSON can hold: NaN becomes null."""
    return round(value, 4) if value == value else None  # noqa: PLR0124
