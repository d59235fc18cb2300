"""The two-sample test: can generated pieces be told from real ones, and by what?

Gradient boosting learns to tell them apart on four fifths of the pieces and judges the last fifth, five times. The area under its
ROC curve (AUC) is the chance that of a generated and a real piece it finds the right one: 0.5 if they cannot be told apart, 1 if
always.

**Conventions.** Pieces that belong together (near duplicates, a real piece and the twins that were asked for in its terms) have
one *group* and are on one side of each fold. The interval is a bootstrap of whole groups over the scores of the held-out folds
(2.5 % and 97.5 %); it says how sure the AUC is for these pieces, not how it would vary with other folds.

**References.** D. Lopez-Paz and M. Oquab, *Revisiting Classifier Two-Sample Tests*, ICLR 2017; L. Breiman, *Random Forests*, 2001
(permutation importance).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from scogen_pipeline.metrics.boosting import Judge, area_under_curve, fit_judge, grouped_resamples, usable

#: Fewer groups leave too few for a fold.
FEWEST_GROUPS: Final = 15
_N_FOLDS: Final = 5
_N_RESAMPLES: Final = 500
_N_PERMUTATIONS: Final = 3

Array = Any


@dataclass(frozen=True)
class TwoSampleTest:
    """The result of a test.

    Args:
        auc: Area under the curve over all held-out folds; NaN if there were too few pieces.
        low: Lower bound of the interval.
        high: Upper bound of the interval.
        n_real: Real pieces.
        n_generated: Generated pieces.
        tells: One row a feature: feature, importance (how much the AUC falls when its values are mixed up in the held-out fold),
            alone (AUC of the feature by itself; above 0.5 ours is higher), generated, real (means). The most important comes
            first; of equals, to three digits, the one that tells more alone: where many features tell the same, mixing one up
            changes nothing.
    """

    auc: float
    low: float
    high: float
    n_real: int
    n_generated: int
    tells: pd.DataFrame


def two_sample_test(features: pd.DataFrame, is_generated: Array, groups: Array, seed: int = 1) -> TwoSampleTest:
    """Try to tell generated pieces from real ones.

    Args:
        features: One row a piece, one column a feature.
        is_generated: Which rows are generated, shape `(n,)`.
        groups: Which rows belong together, shape `(n,)`.
        seed: Of the folds, the trees and the bootstrap.
    """
    is_generated, groups = np.asarray(is_generated, dtype=np.bool_), np.asarray(groups)
    n_generated = int(is_generated.sum())
    n_real = len(is_generated) - n_generated
    names = usable(features)
    fewest = min(len(np.unique(groups[is_generated])), len(np.unique(groups[~is_generated])))
    if fewest < FEWEST_GROUPS or not names:
        nan = float("nan")
        return TwoSampleTest(nan, nan, nan, n_real, n_generated, _tells(features[names], is_generated, np.full(len(names), nan)))
    values = features[names].to_numpy(dtype=np.float64)
    scores, importance = _judged(values, is_generated, groups, seed)
    low, high = _interval(scores, is_generated, groups, seed)
    tells = _tells(features[names], is_generated, importance)
    return TwoSampleTest(area_under_curve(scores, is_generated), low, high, n_real, n_generated, tells)


def _folds(is_generated: Array, groups: Array, seed: int) -> Iterator[tuple[Array, Array]]:
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - a page is written without it

    folds = StratifiedGroupKFold(_N_FOLDS, shuffle=True, random_state=seed)
    yield from folds.split(is_generated, is_generated, groups)


def _judged(values: Array, is_generated: Array, groups: Array, seed: int) -> tuple[Array, Array]:
    """Return the score of each piece by a judge that has not seen its group, and the importance of each feature."""
    random = np.random.default_rng(seed)
    scores, importance = np.zeros(len(values)), np.zeros(values.shape[1])
    for train, test in _folds(is_generated, groups, seed):
        judge = fit_judge(values[train], is_generated[train], seed)
        scores[test] = judge.scores(values[test])
        importance += _importance(judge, values[test], is_generated[test], random) / _N_FOLDS
    return scores, importance


def _importance(judge: Judge, values: Array, is_generated: Array, random: np.random.Generator) -> Array:
    """Return how much the AUC falls on average when the values of one feature are mixed up."""
    n, n_features = values.shape
    mixed = np.tile(values, (n_features * _N_PERMUTATIONS, 1, 1))  # (feature and permutation, piece, feature)
    for at in range(len(mixed)):
        mixed[at, :, at % n_features] = random.permutation(values[:, at % n_features])
    # All at once: a call of the judge costs more than its trees.
    scores = judge.scores(np.concatenate([values, mixed.reshape(-1, n_features)])).reshape(-1, n)
    aucs = np.array([area_under_curve(row, is_generated) for row in scores])
    return (aucs[0] - aucs[1:]).reshape(_N_PERMUTATIONS, n_features).mean(axis=0)


def _interval(scores: Array, is_generated: Array, groups: Array, seed: int) -> tuple[float, float]:
    resamples = grouped_resamples(groups, _N_RESAMPLES, seed)
    low, high = np.nanpercentile([area_under_curve(scores[rows], is_generated[rows]) for rows in resamples], (2.5, 97.5))
    return float(low), float(high)


def _tells(features: pd.DataFrame, is_generated: Array, importance: Array) -> pd.DataFrame:
    rows = []
    for name, its_importance in zip(features.columns, importance, strict=True):
        values = features[name].to_numpy(dtype=np.float64)
        is_told = ~np.isnan(values)
        rows.append(
            {
                "feature": name,
                "importance": float(its_importance),
                "alone": area_under_curve(values[is_told], is_generated[is_told]),
                "generated": float(values[is_told & is_generated].mean()) if (is_told & is_generated).any() else float("nan"),
                "real": float(values[is_told & ~is_generated].mean()) if (is_told & ~is_generated).any() else float("nan"),
            }
        )
    columns = ["feature", "importance", "alone", "generated", "real"]
    table = pd.DataFrame(rows, columns=columns)
    strength = (table["alone"] - 0.5).abs()
    order = table.assign(rank=table["importance"].round(3), strength=strength).sort_values(["rank", "strength"], ascending=False)
    return order[columns].reset_index(drop=True)
