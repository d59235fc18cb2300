"""Which pieces train, validate and test: near duplicates are on one side, and nobody changes sides.

**Conventions**

- A cluster is dealt by a hash of its name, which is the smallest id of its pieces: the order of the files plays no part.
- A piece that had a side keeps it. New pieces join the side of the old ones that they resemble.
- What resembles pieces of two sides is on none: *quarantine* is neither trained on nor tested with. So is a bridge (see
  `clusters`), unless all that it touches is trained on.
- A cluster of more than half of what a side is to get is trained on; else one famous work could be the whole test.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from scogen_pipeline.collection.clusters import Clusters, components
from scogen_pipeline.collection.near_duplicates import NearDuplicates
from scogen_pipeline.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

SPLITS: Final = ("train", "valid", "test", "quarantine")
_TRAIN, _VALID, _TEST, _QUARANTINE = range(4)
_NEW: Final = -1
#: In a small collection half of a side is less than a cluster.
_NEVER_LARGE: Final = 20

SplitReport = dict[str, int | float]
_Array = Any


@dataclass(frozen=True)
class SplitShares:
    """How much is held out.

    Args:
        valid_share: Share of the clusters for early stopping, 0 to 0.5.
        test_share: Share of the clusters for evaluation, 0 to 0.5.

    Raises:
        RequestError: If a share is out of range, or nothing is left to train on.
    """

    valid_share: float = 0.08
    test_share: float = 0.08

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("valid_share", "test_share"):
            if not 0 <= getattr(self, name) <= 0.5:
                raise RequestError(f"`{name}` must be 0 to 0.5, received {getattr(self, name)}.")
        if self.valid_share + self.test_share >= 1:
            raise RequestError("`valid_share` and `test_share` must be less than 1 together, received 1. Leave some to train on.")


def deal_splits(found: NearDuplicates, clusters: Clusters, former: pd.DataFrame, shares: SplitShares) -> pd.DataFrame:
    """Give each piece a side.

    Args:
        found: The pieces and their near duplicates.
        clusters: What hangs together.
        former: Columns piece_id and split, of an earlier run; without rows if there was none.
        shares: How much of what is new is held out.

    Returns:
        Columns piece_id, cluster, split and n_in_cluster; a row a piece, sorted by piece_id.
    """
    ids = pd.Index(np.char.decode(found.piece_ids, "utf-8").astype(object) if len(found.piece_ids) else [], dtype=object)
    side = _former_sides(ids, former)
    size = np.bincount(clusters.number, minlength=len(ids))[clusters.number] if len(ids) else np.empty(0, int)
    is_old = side != _NEW
    side[_between_sides(found, side) & ~is_old] = _QUARANTINE
    _deal_new(found, side, clusters.is_bridge, shares)
    _judge_bridges(found, side, clusters.is_bridge)
    _part_old(found, side)
    return pd.DataFrame(
        {
            "piece_id": ids.to_numpy(),
            "cluster": ids.to_numpy()[clusters.number],
            "split": np.array(SPLITS, object)[side],
            "n_in_cluster": size.astype(np.int32),
        }
    )


def _former_sides(ids: pd.Index, former: pd.DataFrame) -> _Array:
    """Return the side that each piece had; quarantine is none, and is judged again."""
    names = former.drop_duplicates("piece_id").set_index("piece_id")["split"].reindex(ids)
    return names.map({name: at for at, name in enumerate(SPLITS[:_QUARANTINE])}).fillna(_NEW).to_numpy().astype(np.int64)


def _both_ways(found: NearDuplicates) -> tuple[_Array, _Array]:
    return np.concatenate([found.left, found.right]), np.concatenate([found.right, found.left])


def _sides_touched(piece: _Array, side: _Array, n: int) -> _Array:
    """Return the sides among (piece, side) of each piece, as bits."""
    touched = np.zeros(n, np.int64)
    np.bitwise_or.at(touched, piece[side >= 0], 1 << side[side >= 0])
    return touched


def _between_sides(found: NearDuplicates, side: _Array) -> _Array:
    piece, other = _both_ways(found)
    touched = _sides_touched(piece, side[other], len(side))
    several: _Array = touched & (touched - 1) > 0
    return several


def _deal_new(found: NearDuplicates, side: _Array, is_bridge: _Array, shares: SplitShares) -> None:
    """Let groups of new pieces join the side that they touch; deal those that touch none."""
    is_new = (side == _NEW) & ~is_bridge
    inside = is_new[found.left] & is_new[found.right]
    group = components(len(side), found.left[inside], found.right[inside])
    piece, other = _both_ways(found)
    kept = is_new[piece] & (side[other] >= 0) & (side[other] < _QUARANTINE)
    touched = _sides_touched(group[piece[kept]], side[other[kept]], len(side))
    by_bits = np.full(8, _QUARANTINE)
    by_bits[[1 << _TRAIN, 1 << _VALID, 1 << _TEST]] = _TRAIN, _VALID, _TEST
    size = np.bincount(group, minlength=len(side))
    of_group = by_bits[touched]
    for first in np.flatnonzero((np.arange(len(side)) == group) & is_new & (touched == 0)).tolist():
        of_group[first] = _dealt(found.piece_ids[first], int(size[first]), len(side), shares)
    side[is_new] = of_group[group[is_new]]


def _dealt(name: bytes, size: int, n: int, shares: SplitShares) -> int:
    place = int.from_bytes(hashlib.sha256(name).digest()[:8], "big") / 2**64
    if place < shares.test_share:
        chosen, share = _TEST, shares.test_share
    elif place < shares.test_share + shares.valid_share:
        chosen, share = _VALID, shares.valid_share
    else:
        return _TRAIN
    return _TRAIN if size > max(_NEVER_LARGE, share * n / 2) else chosen


def _judge_bridges(found: NearDuplicates, side: _Array, is_bridge: _Array) -> None:
    piece, other = _both_ways(found)
    waiting = is_bridge & (side == _NEW)
    touched = _sides_touched(piece, side[other], len(side))
    side[waiting] = np.where(touched[waiting] & ~(1 << _TRAIN), _QUARANTINE, _TRAIN)


def _part_old(found: NearDuplicates, side: _Array) -> None:
    """Take old pieces from training, or from validation, that turn out to resemble what is held out.

    It takes a change of the recipe, or a new sample of a far larger collection, to find a pair that was not found before.
    """
    piece, other = _both_ways(found)
    lost = (side[piece] < side[other]) & (side[other] < _QUARANTINE)
    side[piece[lost]] = _QUARANTINE


def report_splits(found: NearDuplicates, clusters: Clusters, splits: pd.DataFrame) -> SplitReport:
    """Count sides, clusters and leaks.

    A test piece is *leaked* if a near duplicate of it is trained on. `leaked_random` is how many would be on average if as many
    pieces were dealt one by one; `leaked` is how many are, which is checked pair by pair.
    """
    n, counts = len(splits), splits["split"].value_counts()
    n_by_side = {name: int(counts.get(name, 0)) for name in SPLITS}
    n_near = np.bincount(np.concatenate([found.left, found.right]), minlength=n)
    random_share = float(np.mean(1 - (1 - n_by_side["train"] / max(n - 1, 1)) ** n_near)) if n > 1 else 0.0
    leaked = _n_leaked(found, splits["split"].to_numpy())
    return {
        "n_pieces": n,
        **{f"n_{name}": number for name, number in n_by_side.items()},
        "n_clusters": int(splits["cluster"].nunique()),
        "largest_cluster": int(splits["n_in_cluster"].max()) if n else 0,
        "n_with_near_duplicates": int((n_near > 0).sum()),
        "n_pairs": len(found.left),
        "n_bridges": int(clusters.is_bridge.sum()),
        "n_without_grams": int((found.n_grams == 0).sum()),
        "leaked_random": round(random_share * n_by_side["test"]),
        "leaked_random_share": random_share,
        "leaked": leaked,
        "leaked_share": leaked / max(n_by_side["test"], 1),
    }


def _n_leaked(found: NearDuplicates, split: Iterable[str]) -> int:
    side = np.asarray(split)
    piece, other = _both_ways(found)
    return len(np.unique(piece[(side[piece] == "test") & (side[other] == "train")]))


def splits_sentence(report: SplitReport) -> str:
    """Say in one line how it went."""
    return (
        "{n_pieces:,} pieces in {n_clusters:,} clusters, the largest of {largest_cluster:,}: {n_train:,} train, "
        "{n_valid:,} valid, {n_test:,} test, {n_quarantine:,} quarantine. "
        "Of the test pieces a random split would have leaked {leaked_random:,} ({leaked_random_share:.1%}), this one {leaked:,}."
    ).format(**report)
