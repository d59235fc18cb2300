"""Choosing one token from the model's logits.

**References.** A. Fan et al., *Hierarchical Neural Story Generation* (2018), top-k; A. Holtzman et al., *The Curious Case of
Neural Text Degeneration* (2020), top-p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sampler:
    """Draws from a tempered, truncated softmax.

    Args:
        temperature: Divides the logits; above 0.
        top_k: Keep the k likeliest; 0 keeps all.
        top_p: Keep the smallest set of likeliest tokens with at least this probability.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def probabilities(self, logits: FloatArray, allowed: BoolArray) -> FloatArray:
        """Return the distribution that is drawn from, float64.

        Truncation sees only what is allowed, so a forbidden favourite takes no mass from the rest.

        Args:
            logits: Shape `(vocab,)`.
            allowed: Shape `(vocab,)`, at least one true.

        Raises:
            ValueError: If nothing is allowed.
        """
        if not allowed.any():
            raise ValueError("`allowed` must hold at least one token, received none.")
        scaled = np.where(allowed, logits.astype(np.float64) / self.temperature, -np.inf)
        weights = np.exp(scaled - scaled.max())
        order = np.argsort(-weights, kind="stable")
        cumulated = np.cumsum(weights[order]) / weights.sum()
        n_kept = int(np.searchsorted(cumulated, self.top_p - 1e-12)) + 1
        if self.top_k:
            n_kept = min(n_kept, self.top_k)
        weights[order[n_kept:]] = 0.0
        return np.asarray(weights / weights.sum())

    def draw(self, logits: FloatArray, allowed: BoolArray, random: np.random.Generator) -> int:
        """Draw one id."""
        cumulated = np.cumsum(self.probabilities(logits, allowed))
        return int(np.searchsorted(cumulated, random.random() * cumulated[-1], side="right"))
