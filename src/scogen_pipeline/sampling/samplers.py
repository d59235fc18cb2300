"""Choosing one token from the model's logits.

**References.** A. Fan et al., *Hierarchical Neural Story Generation* (2018), top-k; A. Holtzman et al., *The Curious Case of
Neural Text Degeneration* (2020), top-p.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        ids = np.flatnonzero(allowed)
        spread = np.zeros(len(allowed))
        spread[ids] = self._weights(logits[ids])
        return np.asarray(spread / spread.sum())

    def draw(self, logits: FloatArray, allowed: Sequence[int], random: np.random.Generator) -> int:
        """Draw one of the allowed ids."""
        if len(allowed) == 1:
            return allowed[0]
        ids = np.sort(np.array(allowed))
        cumulated = self._weights(logits[ids]).cumsum()
        return int(ids[cumulated.searchsorted(random.random() * cumulated[-1], side="right")])

    def _weights(self, logits: FloatArray) -> FloatArray:
        """Return what the choice is weighed by, 0 for what is cut off, shape of the logits."""
        if not len(logits):
            raise ValueError("`allowed` must hold at least one token, received none.")
        scaled = logits.astype(np.float64) / self.temperature
        weights: FloatArray = np.exp(scaled - scaled.max())
        if self.top_k or self.top_p < 1:
            order = np.argsort(-weights, kind="stable")
            cumulated = weights[order].cumsum()
            n_kept = int(cumulated.searchsorted((self.top_p - 1e-12) * cumulated[-1])) + 1
            weights[order[min(n_kept, self.top_k or n_kept) :]] = 0.0
        return weights
