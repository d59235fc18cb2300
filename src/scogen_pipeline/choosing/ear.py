"""The ear: what a trained listener goes by who is asked whether a piece is real.

A model's errors are its own: its lines run on too little, say, and its basses leap. For each genre a classifier learns them from
real training pieces and from the model's own pieces that were asked for in their terms. Candidates are then drawn by their odds
of being real. Drawn so from many, pieces are spread as real ones are; whoever kept the one with the highest odds would get
pieces that are all alike.

The classifier is a logistic regression on each feature and its square, so it is kept as a table of numbers, and needs nothing
but NumPy to listen. Four measures sound other than sixteen: there is a classifier for each of a few *lengths*. What is weighed by
odds needs them right, not only in the right order: those of pieces that the classifier has not learned from say how far it can be
believed, and its odds are scaled by that. Nor is more real than real real: odds end at those that one real piece in ten exceeds,
beyond which the classifier has learned from nothing.

**Conventions.** Odds are natural logarithms: 0 if real and generated are equally likely, above 0 for real. What is heard are
excerpts, see `metrics.excerpt`; what is heard of them are the features of `metrics.features` and figures of structure: how many
measures return, and how phrases end.

**References.** Azadi et al., *Discriminator Rejection Sampling* (2019); Grover et al., *Bias Correction of Learned Generative
Models using Likelihood-Free Importance Weighting* (2019); Platt, *Probabilistic Outputs for Support Vector Machines* (1999), for
the scale.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.boosting import usable
from scogen_pipeline.metrics.features import FEATURES, features_of
from scogen_pipeline.metrics.phrasing import cadence_share, regular_phrase_share
from scogen_pipeline.metrics.self_similarity import RETURN_SHARES, return_shares
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.stages import STAGE_BARS

#: Most measures that are listened to.
EXCERPT_BARS: Final = 16
#: Excerpts of up to so many measures, and of more than the length before, are told apart by a classifier of their own.
LENGTHS: Final = tuple(range(STAGE_BARS, EXCERPT_BARS + 1, STAGE_BARS))
EAR_SCHEMA: Final = pa.schema(
    [
        ("genre", pa.string()),
        ("bars", pa.int32()),  # the length
        ("feature", pa.string()),  # empty for the constant
        *((name, pa.float64()) for name in ("centre", "spread", "linear", "square")),
        ("ceiling", pa.float64()),  # the most that the odds can be, the same in all rows of a genre and length
    ]
)
_HEARD: Final = (*FEATURES, *RETURN_SHARES, "regular_phrase_share", "cadence_share")
#: Farther from the centre, in spreads, makes no difference: there is little to learn from out there. Chorales that were not
#: learned from are told by an AUC of 0.96 so, with 4 by 0.94.
_FARTHEST: Final = 2.0
#: Inverse of the penalty on weights: some hundred pieces are few for twice as many weights.
_TRUST: Final = 0.1
_N_FOLDS: Final = 5
#: Share of the real pieces whose odds are not cut off.
_CEILING: Final = 0.9

FloatArray = npt.NDArray[np.float64]


def heard_features(piece: Piece) -> dict[str, float]:
    """Return what is heard of an excerpt; NaN where a feature is not defined."""
    phrasing = {"regular_phrase_share": regular_phrase_share(piece), "cadence_share": cadence_share(piece)}
    return features_of(piece) | return_shares(piece) | phrasing


def fit_ear(
    genre: str, n_bars: int, real: Sequence[Mapping[str, float]], generated: Sequence[Mapping[str, float]]
) -> pd.DataFrame:
    """Learn to tell real from generated.

    Args:
        genre: Of all pieces.
        n_bars: Their length, one of `LENGTHS`.
        real: `heard_features` of real pieces.
        generated: Those of about as many generated ones.

    Returns:
        Rows of the table of `EAR_SCHEMA`.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (2 s that listening does not need)
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415

    features = pd.DataFrame([*real, *generated], columns=list(_HEARD))
    names = usable(features)
    values = features[names].to_numpy(dtype=np.float64)
    centres, spreads = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    is_real = np.arange(len(values)) < len(real)
    classifier = LogisticRegression(C=_TRUST, class_weight="balanced", max_iter=5000)
    terms = np.concatenate(_terms(values, centres, spreads), axis=1)
    folds = StratifiedKFold(_N_FOLDS, shuffle=True, random_state=1)
    odds = cross_val_predict(classifier, terms, is_real, cv=folds, method="decision_function")
    scale = max(0.0, float(LogisticRegression(C=np.inf, class_weight="balanced").fit(odds[:, None], is_real).coef_[0, 0]))
    classifier.fit(terms, is_real)
    linear, square = np.split(scale * classifier.coef_[0], 2)
    ceiling = scale * float(np.quantile(odds[is_real], _CEILING))
    facts = {"feature": names, "centre": centres, "spread": spreads, "linear": linear, "square": square}
    constant = {"feature": "", "centre": 0.0, "spread": 1.0, "linear": scale * float(classifier.intercept_[0]), "square": 0.0}
    table: pd.DataFrame = pd.concat([pd.DataFrame([constant]), pd.DataFrame(facts)], ignore_index=True).assign(
        genre=genre, bars=n_bars, ceiling=ceiling
    )
    return table.reindex(columns=EAR_SCHEMA.names)


def ear_table(genres: Iterable[pd.DataFrame]) -> pa.Table:
    """Gather what was learned of each genre and length."""
    frames = [pd.DataFrame(columns=EAR_SCHEMA.names), *genres]
    rows = pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)
    return pa.Table.from_pandas(rows, EAR_SCHEMA, preserve_index=False)


class Ear:
    """Tells how likely pieces are to be real.

    Args:
        table: What `ear_table` wrote; without rows, no genre is known.

    Raises:
        DataError: If it is none of this version.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        missing = [name for name in EAR_SCHEMA.names if name not in table]
        if missing:
            raise DataError(
                f"`ear.parquet` must have the columns {', '.join(EAR_SCHEMA.names)}, received none called {', '.join(missing)}. "
                "It was learned by an earlier scogen: run `kedro run --pipeline reference` for its model again."
            )
        self._by_genre = {genre: _by_length(rows) for genre, rows in table.groupby("genre")}

    def knows(self, genre: str) -> bool:
        """Tell whether it has learned the genre."""
        return genre in self._by_genre

    def odds(self, heard: Piece) -> float:
        """Return the log odds that an excerpt of a piece of a known genre is real."""
        return self.odds_of(heard_features(heard), heard.genre, heard.n_bars)

    def odds_of(self, features: Mapping[str, float], genre: str, n_bars: int) -> float:
        """Return the log odds of so many measures with these features; one that is not defined says nothing."""
        weights = self._weights(genre, n_bars)
        values = np.array([features.get(name, math.nan) for name in weights.features])
        linear, square = _terms(values, weights.centres, weights.spreads)
        return min(weights.ceiling, float(weights.constant + linear @ weights.linear + square @ weights.square))

    def _weights(self, genre: str, n_bars: int) -> _Weights:
        """Return what was learned of the length that so many measures belong to, or of the nearest."""
        by_length = self._by_genre[genre]
        lengths = sorted(by_length)
        return by_length[lengths[min(bisect_left(lengths, n_bars), len(lengths) - 1)]]


class _Weights(NamedTuple):
    """What was learned of a genre and length; arrays have shape (features,)."""

    constant: float
    ceiling: float
    features: tuple[str, ...]
    centres: FloatArray
    spreads: FloatArray
    linear: FloatArray
    square: FloatArray

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Weights:
        """Take the rows of a genre and length."""
        is_constant = rows["feature"] == ""
        own = rows[~is_constant]
        columns = (own[name].to_numpy() for name in ("centre", "spread", "linear", "square"))
        constant = rows[is_constant].iloc[0]
        return cls(float(constant["linear"]), float(constant["ceiling"]), tuple(own["feature"]), *columns)


def _by_length(rows: pd.DataFrame) -> dict[int, _Weights]:
    return {n_bars: _Weights.of(rows[rows["bars"] == n_bars]) for n_bars in rows["bars"].unique().tolist()}


def _terms(values: FloatArray, centres: FloatArray, spreads: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far values are from the centre, and the square of that less its mean of 1; 0 where not defined."""
    scaled = np.clip((values - centres) / spreads, -_FARTHEST, _FARTHEST)
    is_known = ~np.isnan(scaled)
    linear: Any = np.where(is_known, scaled, 0.0)
    return linear, np.where(is_known, linear * linear - 1.0, 0.0)
