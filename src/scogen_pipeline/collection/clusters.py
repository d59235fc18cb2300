"""What hangs together by near duplicates: clusters, and the bridges that would join what is not the same music.

**References**: bridges are articulation points by Tarjan 1972, doi 10.1137/0201010.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from scogen_pipeline.collection.near_duplicates import NearDuplicates

#: A whole opus has more grams than its pieces have in the middle.
_LONGER: Final = 1.5

_Array = Any


@dataclass(frozen=True)
class Clusters:
    """What hangs together.

    Args:
        number: Cluster of each piece, named by the number of its first piece, shape (n,).
        is_bridge: Whether a piece is left out since it alone holds clusters together; it is a cluster of its own.
    """

    number: _Array
    is_bridge: _Array


def cluster(found: NearDuplicates) -> Clusters:
    """Group the pieces by the pairs, with files left out that alone hold groups together.

    Such a *bridge* is a recording of a whole opus, or a medley: longer than what it touches, and without it that falls apart into
    at least two groups that each have more than one piece. (Of variants of a folk tune one may be the link, too; these are better
    kept together.)
    """
    n = len(found.piece_ids)
    is_bridge = np.zeros(n, bool)
    is_bridge[_bridges(found, n)] = True
    kept = ~(is_bridge[found.left] | is_bridge[found.right])
    return Clusters(components(n, found.left[kept], found.right[kept]), is_bridge)


def components(n: int, left: _Array, right: _Array) -> _Array:
    """Return the number of the first piece of each piece's component, shape (n,)."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - a page is written without them
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    first = np.full(n, n)
    np.minimum.at(first, label, np.arange(n))
    numbers: _Array = first[label]
    return numbers


def _bridges(found: NearDuplicates, n: int) -> list[int]:
    """Return the pieces whose absence leaves two groups or more of two pieces or more."""
    component = components(n, found.left, found.right)
    size = np.bincount(component, minlength=n)
    inside = size[component[found.left]] >= 5  # two groups of two and the bridge
    neighbours: dict[int, list[int]] = {}
    for one, other in zip(found.left[inside].tolist(), found.right[inside].tolist(), strict=True):
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    bridges: list[int] = []
    seen: dict[int, int] = {}
    for root in sorted(neighbours):
        if root not in seen:
            bridges += _bridges_from(root, neighbours, seen, int(size[component[root]]))
    return [piece for piece in bridges if found.n_grams[piece] > _LONGER * np.median(found.n_grams[neighbours[piece]])]


def _bridges_from(root: int, neighbours: dict[int, list[int]], seen: dict[int, int], n: int) -> list[int]:
    """Walk a component in depth; a piece is a bridge if groups below it reach nothing above it."""
    low: dict[int, int] = {}
    size: dict[int, int] = {}
    cut_off: dict[int, list[int]] = {}  # sizes of the groups that a piece holds
    path = [(root, -1, iter(neighbours[root]))]
    seen[root] = low[root] = len(seen)
    size[root] = 1
    while path:
        piece, parent, rest = path[-1]
        step = next(rest, None)
        if step is None:
            path.pop()
            if parent >= 0:
                low[parent] = min(low[parent], low[piece])
                size[parent] += size[piece]
                if low[piece] >= seen[parent]:
                    cut_off.setdefault(parent, []).append(size[piece])
        elif step not in seen:
            seen[step] = low[step] = len(seen)
            size[step] = 1
            path.append((step, piece, iter(neighbours[step])))
        elif step != parent:
            low[piece] = min(low[piece], seen[step])
    return [piece for piece, groups in cut_off.items() if _n_large([*groups, n - 1 - sum(groups)]) > 1]


def _n_large(groups: list[int]) -> int:
    return sum(group > 1 for group in groups)
