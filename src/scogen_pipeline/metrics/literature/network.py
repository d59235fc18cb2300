"""The literature's pieces for the product's own network: examples to train on, and what the network makes of a split.

**Conventions.** The vocabulary's first ids are the adapter's tokens, then come the marks, which are never allowed. There are no
conditions. A piece is scored from its first frame to its last with the state carried all the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from scogen_pipeline.metrics.literature.frames import MASK_ROW, FrameAdapter, FrameSequence, column
from scogen_pipeline.metrics.literature.sets import N_PITCHES, REST, PieceArray
from scogen_pipeline.model.fitting import TrainingData
from scogen_pipeline.model.scoring import mean_log_probabilities
from scogen_pipeline.model.sight import Relation, Sight
from scogen_pipeline.tokens.alphabet import END, PAD, START
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Examples, RetoldExamples

if TYPE_CHECKING:
    from scogen_pipeline.model.scoring import Scorer

#: The network is given the token before anyway.
_LEFT_OUT: Final = "previous_token"
#: Notes that the next one is heard against.
_RELATED_ON_GRIDS: Final = ("last_note", "now_S", "now_A", "now_T", "now_B")
_RELATED_ON_ROLLS: Final = (MASK_ROW, "candidate", "same_rank")
_MARKS: Final = (END, PAD, START)


def frame_vocabulary(adapter: FrameAdapter) -> Vocabulary:
    """Return the adapter's tokens as a vocabulary, under the name of its set."""
    return Vocabulary((*(f"{adapter.name}={token}" for token in range(adapter.n_tokens)), *_MARKS))


def sight_of(adapter: FrameAdapter, *, is_relative: bool = False) -> Sight:
    """Return which features, dense values and masks the adapter has, and if asked for how tokens stand to the notes around."""
    sizes = [adapter.features[index].size for index in _columns(adapter)]
    marks = np.zeros((len(adapter.masks), len(_MARKS)), bool)
    allowed = np.concatenate([adapter.masks, marks], axis=1)
    names = [adapter.features[index].name for index in _columns(adapter)]
    is_grid = "voice" in names
    related = _RELATED_ON_GRIDS if is_grid else _RELATED_ON_ROLLS
    n_tokens = frame_vocabulary(adapter).size
    relations = [
        Relation(index, _intervals(sizes[index], n_tokens, lowest=int(is_grid)))
        for index, name in enumerate(names)
        if name in related
    ]
    return Sight(tuple(sizes), adapter.dense_size, allowed, 0, tuple(relations) if is_relative else ())


def _intervals(n_values: int, n_tokens: int, lowest: int) -> npt.NDArray[np.int32]:
    """Number the intervals from each note to each token; what is no note stands in a relation of its own.

    Args:
        n_values: Values of the feature: notes as tokens are, and "none".
        n_tokens: Size of the vocabulary.
        lowest: Id of the lowest pitch.
    """
    note, token = np.arange(n_values)[:, None] - lowest, np.arange(n_tokens)[None, :] - lowest
    is_pitch = [(ids >= 0) & (ids < N_PITCHES) for ids in (note, token)]
    interval = np.where(is_pitch[0] & is_pitch[1], token - note + N_PITCHES, 0)
    other = 2 * N_PITCHES + np.arange(n_tokens)[None, :]
    # A rest after a note, a hold, the end of a frame.
    return np.where(is_pitch[0] & ~is_pitch[1], other, interval).astype(np.int32)


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


def frame_training_data(adapter: FrameAdapter, *, is_relative: bool = False) -> TrainingData:
    """Return what a network learns a set from: the training split, transposed anew in each epoch, and the validation split."""
    train = RetoldExamples(lambda random: frame_examples(adapter, "train", random))
    return TrainingData(
        train, frame_examples(adapter, "valid"), frame_vocabulary(adapter), sight_of(adapter, is_relative=is_relative)
    )


def network_nats(
    scorers: Sequence[Scorer], adapter: FrameAdapter, pieces: Sequence[PieceArray], shifts: Sequence[int] = (0,)
) -> list[float]:
    """Return the nats that the mean of some networks needs for each piece.

    Args:
        scorers: The networks.
        adapter: What they were trained with.
        pieces: Such as the test split.
        shifts: Transpositions in semitones, of grids only. The mean of the probabilities over them is a proper one, since they do
            not depend on the piece.
    """
    tellings = [_examples(adapter, [adapter.sequence(_transposed(piece, shift)) for piece in pieces]) for shift in shifts]
    return [-float(score.sum(dtype=np.float64)) for score in mean_log_probabilities(scorers, tellings)]


def _transposed(piece: PieceArray, shift: int) -> PieceArray:
    return piece if not shift else np.where(piece == REST, REST, piece + shift).astype(np.int16)


def _columns(adapter: FrameAdapter) -> npt.NDArray[np.intp]:
    left_out = column(adapter, _LEFT_OUT)
    return np.array([index for index in range(len(adapter.features)) if index != left_out])
