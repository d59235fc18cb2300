"""Examples that are read from a file in each epoch, a bounded number of them at a time.

**Conventions**

- The row groups of a split come in a new order in each epoch. As many as fit into the buffer make a chunk, and the windows of a
  chunk are shuffled. The order follows from (seed, epoch): a run that was killed reads on as if it had not been.
- Where pieces are taken several times, their row group is visited several times, so that the times are apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.encoded_pieces import EncodedPieces, examples_of
from scogen_pipeline.tokens.examples import Examples, training_batches, validation_batches

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from scogen_pipeline.tokens.batches import Batch
    from scogen_pipeline.tokens.cutting import Cutting

#: Targets that are shuffled together: some thousand windows, 100 MB with 50 bytes known before each.
BUFFER_TARGETS: Final = 2**21
#: In fewer batches, too few windows are of like length.
_LEAST_BATCHES: Final = 64
_COLUMNS: Final = ("conditions", "ids", "features", "dense")


@dataclass(frozen=True, eq=False)
class StreamedExamples:
    """The pieces of a split, read anew in each epoch.

    Args:
        pieces: The file.
        split: Which of them: "train", "valid" or "test".
        dense_size: Number of dense values that are known before each target.
        genre_repeats: Most times that the pieces of a small genre are taken, so that it comes nearer to the largest one.
        buffer_targets: Targets that are shuffled together.
    """

    pieces: EncodedPieces
    split: str
    dense_size: int = 0
    genre_repeats: int = 1
    buffer_targets: int = BUFFER_TARGETS

    @cached_property
    def _rows(self) -> pd.DataFrame:
        """One row a piece of the split in the order of the file: group, n_ids, repeats (how often it is taken)."""
        rows = self.pieces.index[self.pieces.index["split"] == self.split]
        return rows.assign(repeats=genre_repeats_of(rows["genre"], rows["n_ids"], self.genre_repeats))

    @cached_property
    def _repeats_by_group(self) -> dict[int, npt.NDArray[np.int64]]:
        groups, repeats = self._rows["group"].to_numpy(), self._rows["repeats"].to_numpy()
        return {group: repeats[groups == group] for group in np.unique(groups).tolist()}

    @cached_property
    def n_targets(self) -> int:
        """Number of ids that an epoch predicts."""
        return int(((self._rows["n_ids"] - 1) * self._rows["repeats"]).sum())

    @property
    def n_conditions(self) -> int:
        """Number of condition slots."""
        return self.pieces.n_conditions

    @cached_property
    def hash(self) -> str:
        """Of the file and of all that decides what is read of it, in hex."""
        facts = (self.pieces.hash, self.split, self.genre_repeats, self.dense_size, self.buffer_targets)
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def training_batches(self, cutting: Cutting, seed: int, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, as they are read."""
        visits = [(group, turn) for group, repeats in self._repeats_by_group.items() for turn in range(repeats.max())]
        order = np.random.default_rng((seed, epoch, 2)).permutation(len(visits))
        return training_batches(self._chunks([visits[index] for index in order], cutting), cutting, seed, epoch)

    def ordered_batches(self, cutting: Cutting) -> Iterator[Batch]:
        """Yield every target once, nothing withheld, as they are read."""
        return validation_batches(self._chunks([(group, 0) for group in self._repeats_by_group], cutting), cutting)

    def _chunks(self, visits: list[tuple[int, int]], cutting: Cutting) -> Iterator[Examples]:
        """Yield the pieces of row groups that are visited, those that are taken more often than `turn` times."""
        held: list[Examples] = []
        n_targets = max(self.buffer_targets, _LEAST_BATCHES * cutting.batch_size * cutting.window_length)
        for (group, turn), table in zip(visits, self.pieces.tables((group for group, _ in visits), _COLUMNS), strict=True):
            is_taken = self._repeats_by_group[group] > turn
            if len(is_taken) != table.num_rows:
                raise DataError("`encoded_pieces` must have one split a row group. Run the pipeline `encode` again.")
            held.append(examples_of(table if is_taken.all() else table.filter(is_taken), self.dense_size))
            if sum(examples.n_targets for examples in held) >= n_targets:
                yield _joined(held)
                held = []
        if held:
            yield _joined(held)


def _joined(parts: Sequence[Examples]) -> Examples:
    ids, features, dense = (
        tuple(chain.from_iterable(getattr(each, name) for each in parts)) for name in ("ids", "features", "dense")
    )
    conditions = np.concatenate([each.conditions for each in parts])
    return replace(parts[0], ids=ids, conditions=conditions, features=features, dense=dense)


def genre_repeats_of(genres: pd.Series, n_ids: pd.Series, most: int) -> npt.NDArray[np.int64]:
    """Return how often each piece is taken: as often as its genre fits into the largest, counted in ids, at most `most` times.

    Pieces without a genre are taken once.

    Args:
        genres: Of each piece.
        n_ids: Of each piece.
        most: At least 1.
    """
    n_by_genre = n_ids.groupby(genres).sum()
    repeats_by_genre = (n_by_genre.max() // n_by_genre).clip(1, most)
    repeats_by_genre.loc[repeats_by_genre.index == ""] = 1
    return np.asarray(repeats_by_genre.reindex(genres), dtype=np.int64)
