"""The best of the candidates: one that could be a real piece of its genre.

Not the likeliest, the most repetitive or the smoothest: that is never the most real. Where the model has an ear for the genre,
candidates are drawn by their odds of being real (`ear`). Elsewhere each choice has a real piece of its own for a pattern
(`custom`); whoever kept the one nearest to the middle of all real pieces would press everything into one mould.
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
    from scogen_pipeline.choosing.ear import Ear
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
        distances: How far it is from its pattern, by group of figures; empty if there was none.
        comparison: What it shares with the training set; None without an index.
        usual_run: Longest run, in notes, that 95 % of real pieces of the genre share with the others; None if it is not known.
        odds: Log odds of being real, if it was drawn by them.
    """

    piece: Piece
    number: int
    n_candidates: int
    distances: Mapping[str, float]
    comparison: Comparison | None
    usual_run: float | None
    odds: float | None = None

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
            "log_odds_of_real": None if self.odds is None else _number(self.odds),
            "distances": {group: _number(value) for group, value in self.distances.items()},
        }
        return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def choose(
    candidates: Sequence[Candidate],
    index: OriginalityIndex,
    custom: Custom,
    ear: Ear,
    settings: ChoosingSettings,
    seed: Sequence[int],
) -> Choice:
    """Return the best candidate; of equals by figures the first.

    Args:
        candidates: At least one, all of one genre.
        index: The training set; an empty one is not asked.
        custom: What is usual.
        ear: Tells real from generated, in the genres that it knows.
        settings: What counts how much.
        seed: Draws the candidate, or its pattern.
    """
    genre = candidates[0].piece.genre
    comparisons = [index.compare(candidate.piece) if len(index) else None for candidate in candidates]
    best, distances, odds = 0, dict[str, float](), None
    if len(candidates) > 1:
        random = np.random.default_rng(list(seed))
        if settings.ear and ear.knows(genre):
            beyond = [0.0 if each is None else _beyond_band(each, custom, genre) for each in comparisons]
            best, odds = drawn_by_odds([candidate.piece for candidate in candidates], beyond, ear, settings, random)
        else:
            best, distances = _nearest_to_pattern(candidates, comparisons, custom, settings, random)
    return Choice(candidates[best].piece, best + 1, len(candidates), distances, comparisons[best], custom.usual_run(genre), odds)


def drawn_by_odds(
    pieces: Sequence[Piece], beyond: Sequence[float], ear: Ear, settings: ChoosingSettings, random: np.random.Generator
) -> tuple[int, float]:
    """Draw a piece by its odds of being real.

    Args:
        pieces: Of one genre, which the ear knows.
        beyond: How far the longest run that each shares with the training set lies beyond what is usual, in spreads.
        ear: Tells the odds.
        settings: `ear` is the power of the odds, `originality` what a spread beyond costs.
        random: Draws.

    Returns:
        Which one, and its log odds.
    """
    odds = np.array([ear.odds(piece) for piece in pieces])
    scores = settings.ear * odds - settings.originality * np.array(beyond)
    weights = np.exp(scores - scores.max())
    best = int(random.choice(len(pieces), p=weights / weights.sum()))
    return best, float(odds[best])


def _beyond_band(comparison: Comparison, custom: Custom, genre: str) -> float:
    return custom.distances({ORIGINALITY: float(comparison.n_notes)}, {}, genre).get("originality", 0.0)


def _nearest_to_pattern(
    candidates: Sequence[Candidate],
    comparisons: Sequence[Comparison | None],
    custom: Custom,
    settings: ChoosingSettings,
    random: np.random.Generator,
) -> tuple[int, dict[str, float]]:
    genre = candidates[0].piece.genre
    pattern = custom.pattern(genre, random)
    pairs = zip(candidates, comparisons, strict=True)
    distances = [custom.distances(judged(candidate, comparison), pattern, genre) for candidate, comparison in pairs]
    totals = [sum(settings.weights[group] * value for group, value in each.items()) for each in distances]
    best = totals.index(min(totals))
    return best, distances[best]


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
