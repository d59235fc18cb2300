"""Gradient boosting on features of pieces: the judge that tells real from generated, and one genre from another.

**Conventions.** Features are a frame with a row a piece. A feature that is undefined (NaN) for more than half of the pieces
is left out: a single line has no harmony; where fewer pieces lack it, the trees treat "undefined" as a value of its own.

**References.** G. Ke et al., *LightGBM*, NIPS 2017, whose histograms scikit-learn's classifier uses.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier

#: Small trees, since some hundred pieces are few.
_MOST_LEAVES: Final = 8
_FEWEST_PIECES_A_LEAF: Final = 10
_LEARNING_RATE: Final = 0.08
_N_TREES: Final = 100

Array = Any


def usable(features: pd.DataFrame) -> list[str]:
    """Return the names of the features that are defined for at least half of the pieces and that differ."""
    values = {name: features[name].dropna().unique() for name in features.columns if features[name].notna().mean() >= 0.5}
    return [name for name, distinct in values.items() if len(distinct) > 1]


@dataclass(frozen=True)
class Judge:
    """A fitted classifier.

    Args:
        classifier: Takes the chosen columns.
        columns: Those that differ among the pieces it learned from; scikit-learn cannot bin a constant.
    """

    classifier: HistGradientBoostingClassifier
    columns: Array

    def scores(self, features: Array) -> Array:
        """Return how likely each piece is of the last class, shape `(n,)`."""
        with _one_thread():
            return self.classifier.predict_proba(features[:, self.columns])[:, -1]

    def classes_of(self, features: Array) -> Array:
        """Return the class of each piece, shape `(n,)`."""
        with _one_thread():
            return self.classifier.predict(features[:, self.columns])


def fit_judge(features: Array, classes: Array, seed: int) -> Judge:
    """Fit the classifier; classes count equally, however many pieces they have.

    Args:
        features: Shape `(n, n_features)`; NaN where undefined.
        classes: Shape `(n,)`.
        seed: Of the trees.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - a page is written without it

    columns = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in features.T])
    classifier = HistGradientBoostingClassifier(
        learning_rate=_LEARNING_RATE,
        max_iter=_N_TREES,
        max_leaf_nodes=_MOST_LEAVES,
        min_samples_leaf=_FEWEST_PIECES_A_LEAF,
        class_weight="balanced",
        early_stopping=False,
        random_state=seed,
    )
    with _one_thread():
        return Judge(classifier.fit(features[:, columns], classes), columns)


def _one_thread() -> AbstractContextManager[object]:
    """Keep scikit-learn to one core: on some hundred pieces, threads that wait for each other cost more than they bring."""
    import sklearn.ensemble  # noqa: F401, PLC0415 - its library must be there to be limited
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="openmp")
    return limits


def area_under_curve(scores: Array, is_positive: Array) -> float:
    """Return the chance that a positive scores higher than a negative; a tie counts half; NaN where one side is empty.

    >>> area_under_curve(np.array([1, 2, 3, 2]), np.array([False, False, True, True]))
    0.875
    """
    from scipy.stats import rankdata  # noqa: PLC0415

    n_positive = int(is_positive.sum())
    n_negative = len(is_positive) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[is_positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def grouped_resamples(groups: Array, n: int, seed: int) -> list[Array]:
    """Draw `n` bootstrap samples of whole groups with replacement; each is an array of row numbers."""
    _, codes = np.unique(groups, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    random = np.random.default_rng(seed)
    return [np.concatenate([members[at] for at in random.integers(0, len(members), len(members))]) for _ in range(n)]
