"""A model that knows nothing: it proposes at random, so that only the grammar can keep a promise."""

from __future__ import annotations

import numpy as np

from scogen_pipeline.tokens.vocabulary import Vocabulary


class Nothing:
    """The state of a model that remembers nothing."""

    def rows(self, chosen):
        return self

    def with_rows(self, others):
        return self


class RandomStepper:
    """Logits from a random state; every token is as likely as any other, in the long run."""

    def __init__(self, vocabulary: Vocabulary, seed: int = 0, spread: float = 3.0) -> None:
        self.vocabulary = vocabulary
        self._random = np.random.default_rng(seed)
        self._spread = spread

    def start(self, conditions):
        return Nothing()

    def step(self, ids, state, features, dense):
        return self._random.normal(0, self._spread, (len(ids), self.vocabulary.size)).astype(np.float32), state
