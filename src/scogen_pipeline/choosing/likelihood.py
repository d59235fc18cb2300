"""The model's own opinion of a piece: the mean log probability of its tokens, at temperature 1 and without the grammar.

**Conventions.** Nats a token, 0 or below. Of a long piece the beginning counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from scogen_pipeline.model.scoring import Scorer, log_probabilities
from scogen_pipeline.tokens.view import view_of
from scogen_pipeline.tokens.windows import Examples

if TYPE_CHECKING:
    from scogen_pipeline.tokens.encoding import EncodedPiece
    from scogen_pipeline.tokens.vocabulary import Vocabulary

_MOST_TOKENS: Final = 1024


class Judge(Scorer, Protocol):
    """A model that tells how likely it finds a piece: `model.stepping.NumpyStepper`."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary that it was trained with."""


def mean_log_probabilities(pieces: Sequence[EncodedPiece], judge: Judge) -> list[float]:
    """Return the mean log probability of the tokens of each piece, `<start>` left out."""
    if not pieces:
        return []
    heard = [(piece.conditions, piece.tokens[: _MOST_TOKENS + 1]) for piece in pieces]
    views = [view_of(conditions, tokens) for conditions, tokens in heard]
    ids = judge.vocabulary.ids_of
    examples = Examples(
        tuple(ids(tokens) for _, tokens in heard),
        np.stack([ids(conditions) for conditions, _ in heard]),
        tuple(_integers(features) for features, _ in views),
        tuple(dense for _, dense in views),
    )
    return [float(score.mean(dtype=np.float64)) for score in log_probabilities(judge, examples)]


def _integers(features: Any) -> Any:
    return features.astype(np.int32)
