"""The literature's pieces for the product's own network: examples to train on, and what the network makes of a split.

**Conventions.** The vocabulary's first ids are the adapter's tokens, then come the marks, which are never allowed. There are no
conditions. A piece is scored from its first frame to its last with the state carried all the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from scogen_pipeline.metrics.literature.frames import FrameAdapter, FrameSequence, column
from scogen_pipeline.metrics.literature.mixtures import mixed
from scogen_pipeline.metrics.literature.sets import PieceArray
from scogen_pipeline.model.fitting import TrainingData
from scogen_pipeline.model.scoring import mean_log_probabilities
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.tokens.alphabet import END, PAD, START
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Examples, RetoldExamples

if TYPE_CHECKING:
    from scogen_pipeline.model.scoring import Scorer

#: The network is given the token before anyway.
_LEFT_OUT: Final = "previous_token"
_MARKS: Final = (END, PAD, START)


def frame_vocabulary(adapter: FrameAdapter) -> Vocabulary:
    """Return the adapter's tokens as a vocabulary, under the name of its set."""
    return Vocabulary((*(f"{adapter.name}={token}" for token in range(adapter.n_tokens)), *_MARKS))


def sight_of(adapter: FrameAdapter) -> Sight:
    """Return which features, dense values and masks the adapter has."""
    sizes = [adapter.features[index].size for index in _columns(adapter)]
    marks = np.zeros((len(adapter.masks), len(_MARKS)), bool)
    allowed = np.concatenate([adapter.masks, marks], axis=1)
    return Sight(tuple(sizes), adapter.dense_size, allowed, allowed_by=0)


def frame_examples(adapter: FrameAdapter, split: str, random: np.random.Generator | None = None) -> Examples:
    """Return the pieces of a split in the published order; with `random`, each transposed."""
    return _examples(adapter, list(adapter.sequences(split, random)))


def _examples(adapter: FrameAdapter, sequences: Sequence[FrameSequence]) -> Examples:
    start_id, columns = frame_vocabulary(adapter).start_id, _columns(adapter)
    return Examples(
        ids=tuple(np.concatenate([[start_id], sequence.tokens]).astype(np.int32) for sequence in sequences),
        conditions=np.zeros((len(sequences), 0), np.int32),
        features=tuple(sequence.features[:, columns] for sequence in sequences),
        dense=tuple(sequence.dense for sequence in sequences if sequence.dense is not None),
    )


def frame_training_data(adapter: FrameAdapter) -> TrainingData:
    """Return what a network learns a set from: the training split, transposed anew in each epoch, and the validation split."""
    train = RetoldExamples(lambda random: frame_examples(adapter, "train", random))
    return TrainingData(train, frame_examples(adapter, "valid"), frame_vocabulary(adapter), sight_of(adapter))


def network_nats(
    scorers: Sequence[Scorer], adapter: FrameAdapter, pieces: Sequence[PieceArray], shifts: Sequence[int] = (0,)
) -> list[float]:
    """Return the nats that the mean of some networks needs for each piece.

    Args:
        scorers: The networks.
        adapter: What they were trained with.
        pieces: Such as the test split.
        shifts: Transpositions in semitones. Several are mixed (`mixtures`) into a distribution that is proper, since they do not
            depend on the piece: token by token if tokens keep their order, else frame by frame.
    """
    by_shift = [_step_scores(scorers, adapter, [adapter.shifted(piece, shift) for piece in pieces]) for shift in shifts]
    if len(shifts) == 1:
        return [-float(scores.sum()) for scores in by_shift[0]]
    return [-float(mixed(np.stack(scores)).sum()) for scores in zip(*by_shift, strict=True)]


def _step_scores(scorers: Sequence[Scorer], adapter: FrameAdapter, pieces: Sequence[PieceArray]) -> list[npt.NDArray[np.float64]]:
    """Return the log-probability of each token of each piece, or of each frame."""
    sequences = [adapter.sequence(piece) for piece in pieces]
    scores = [score.astype(np.float64) for score in mean_log_probabilities(scorers, [_examples(adapter, sequences)])]
    if adapter.keeps_order:
        return scores
    starts = (np.flatnonzero(np.diff(sequence.frame_of_token, prepend=-1)) for sequence in sequences)
    return [np.add.reduceat(score, start) for score, start in zip(scores, starts, strict=True)]


def _columns(adapter: FrameAdapter) -> npt.NDArray[np.intp]:
    left_out = column(adapter, _LEFT_OUT)
    return np.array([index for index in range(len(adapter.features)) if index != left_out])
