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

from scogen_pipeline.choosing.ear import EXCERPT_BARS
from scogen_pipeline.choosing.figures import LIKELIHOOD, ORIGINALITY, figures_of
from scogen_pipeline.metrics.excerpt import excerpt
from scogen_pipeline.sampling.stages import last_bar

if TYPE_CHECKING:
    from scogen_pipeline.choosing.candidates import Candidate
    from scogen_pipeline.choosing.critic import Critic
    from scogen_pipeline.metrics.originality.comparing import Comparison
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


def choose(candidates: Sequence[Candidate], critic: Critic, seed: Sequence[int]) -> Choice:
    """Return the best candidate; of equals by figures the first.

    Args:
        candidates: At least one, all of one genre; if the critic knows it, written in stages.
        critic: What is thought of them.
        seed: Draws the candidate, or its pattern.
    """
    pieces = [candidate.piece for candidate in candidates]
    genre, random = pieces[0].genre, np.random.default_rng(list(seed))
    best, distances, odds = 0, dict[str, float](), None
    if len(candidates) > 1 and critic.knows(genre):
        best = drawn_in_the_end(pieces, critic, random)
        odds = critic.ear.odds(excerpt(pieces[best], EXCERPT_BARS))
    elif len(candidates) > 1:
        best, distances = _nearest_to_pattern(candidates, critic, random)
    usual_run = critic.custom.usual_run(genre)
    return Choice(pieces[best], best + 1, len(candidates), distances, critic.comparison(pieces[best]), usual_run, odds)


def drawn_in_the_end(pieces: Sequence[Piece], critic: Critic, random: np.random.Generator) -> int:
    """Draw one of the candidates that were written in stages, by what the last stage speaks for each.

    Args:
        pieces: Of one plan and of a genre that the critic knows.
        critic: What is thought of them.
        random: Draws.

    Returns:
        Which one.
    """
    end = last_bar(pieces[0].n_bars, has_pickup=pieces[0].begins_with_pickup)
    gains = np.array(critic.gains(pieces, end))
    weights = np.exp(gains - gains.max())
    return int(random.choice(len(pieces), p=weights / weights.sum()))


def _nearest_to_pattern(
    candidates: Sequence[Candidate], critic: Critic, random: np.random.Generator
) -> tuple[int, dict[str, float]]:
    genre, custom = candidates[0].piece.genre, critic.custom
    pattern = custom.pattern(genre, random)
    judgements = (judged(candidate, critic.comparison(candidate.piece)) for candidate in candidates)
    distances = [custom.distances(figures, pattern, genre) for figures in judgements]
    weights = critic.settings.weights
    totals = [sum(weights[group] * value for group, value in each.items()) for each in distances]
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
