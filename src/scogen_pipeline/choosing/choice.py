"""The best of the candidates: the one with the least that would surprise in a real piece of its genre.

Not the likeliest, the most repetitive or the smoothest: that is never the most real. Each figure counts against a candidate as
far as it lies outside of what is usual, and what lies inside counts nothing, so that the choice does not press all pieces into
one mould.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.choosing.figures import GROUPS, LIKELIHOOD, ORIGINALITY, figures_of

if TYPE_CHECKING:
    from scogen_pipeline.choosing.candidates import Candidate
    from scogen_pipeline.choosing.custom import Custom
    from scogen_pipeline.choosing.settings import ChoosingSettings
    from scogen_pipeline.metrics.originality.comparing import Comparison, OriginalityIndex
    from scogen_pipeline.music.piece import Piece

#: The band of originality: so many of the real pieces share no longer run with the others.
_BAND: Final = 0.95


@dataclass(frozen=True)
class Choice:
    """A piece that was kept.

    Args:
        piece: The piece.
        number: Which candidate it was, from 1.
        n_candidates: Of how many.
        surprise: What counted against it, by group; empty if there was no choice.
        comparison: What it shares with the training set; None without an index.
        usual_run: Longest run, in notes, that 95 % of real pieces of the genre share with the others; None if it is not known.
    """

    piece: Piece
    number: int
    n_candidates: int
    surprise: Mapping[str, float]
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
            "surprise": {group: _number(value) for group, value in self.surprise.items()},
        }
        return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def choose(candidates: Sequence[Candidate], index: OriginalityIndex, custom: Custom, settings: ChoosingSettings) -> Choice:
    """Return the best candidate; of equals the first.

    Args:
        candidates: At least one, all of one genre.
        index: The training set; an empty one is not asked.
        custom: What is usual.
        settings: What counts how much.
    """
    comparisons = [index.compare(candidate.piece) if len(index) else None for candidate in candidates]
    surprises: list[dict[str, float]] = [{}]
    best = 0
    if len(candidates) > 1:
        surprises = [
            surprise_of(judged(candidate, comparison), candidate.piece.genre, custom)
            for candidate, comparison in zip(candidates, comparisons, strict=True)
        ]
        totals = [sum(settings.weights[group] * value for group, value in each.items()) for each in surprises]
        best = totals.index(min(totals))
    piece = candidates[best].piece
    usual_run = custom.quantile(piece.genre, ORIGINALITY, _BAND)
    is_known = usual_run == usual_run  # noqa: PLR0124 - NaN is not known
    return Choice(piece, best + 1, len(candidates), surprises[best], comparisons[best], usual_run if is_known else None)


def judged(candidate: Candidate, comparison: Comparison | None) -> dict[str, float]:
    """Return all figures of a candidate that are known."""
    figures = figures_of(candidate.piece)
    if candidate.log_probability is not None:
        figures[LIKELIHOOD] = candidate.log_probability
    if comparison is not None:
        figures[ORIGINALITY] = float(comparison.n_notes)
    return figures


def surprise_of(figures: Mapping[str, float], genre: str, custom: Custom) -> dict[str, float]:
    """Return how surprising the figures of each group are on average."""
    return {
        group: fmean(custom.surprise(genre, name, figures[name]) for name in names if name in figures)
        for group, names in GROUPS.items()
        if any(name in figures for name in names)
    }


def _number(value: float) -> Any:
    """Return a number that JSON can hold: NaN becomes null."""
    return round(value, 4) if value == value else None  # noqa: PLR0124
