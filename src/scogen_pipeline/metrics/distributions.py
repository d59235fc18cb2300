"""How far two samples of a number are apart: overlapping area, distance, and the ratio of their means.

**Conventions**

- *Overlapping area*: of two Gaussian kernel densities with one common bandwidth (Scott's rule on the pooled standard deviation,
  n the smaller sample), on 256 points; 1 if they are the same, 0 if they have nothing in common.
- *Distance*: the Wasserstein distance in standard deviations of the real sample: by how much, on average, values have to move.
- *Interval*: percentile bootstrap of the pieces, 2.5 % and 97.5 %, both samples drawn anew.

Even two samples of one distribution overlap by less than 1, the less the smaller they are: hence the band of real against real.

**References.** L.-C. Yang and A. Lerch, *On the evaluation of generative models in music*, Neural Computing and Applications
2020. They compare densities of distances between pieces; here it is the density of the measure itself, which is what a reader
sees.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

_N_POINTS: Final = 256
_N_RESAMPLES: Final = 200
_N_QUANTILES: Final = 200
#: Fewer values have no density.
FEWEST_VALUES: Final = 5

Array = Any


class Comparison(NamedTuple):
    """Overlapping area and distance, each with an interval; NaN where a side has too few values."""

    overlap: float
    overlap_low: float
    overlap_high: float
    distance: float
    distance_low: float
    distance_high: float


def compare(sample: Array, real: Array, seed: int = 1) -> Comparison:
    """Compare a sample with the real one.

    Args:
        sample: Finite values, shape `(n,)`.
        real: Finite values, shape `(m,)`; its standard deviation is the unit of the distance.
        seed: Of the bootstrap.
    """
    sample, real = np.asarray(sample, dtype=np.float64), np.asarray(real, dtype=np.float64)
    if min(len(sample), len(real)) < FEWEST_VALUES:
        return Comparison(*[float("nan")] * 6)
    random = np.random.default_rng(seed)
    draws = [_draws(len(values), random) for values in (sample, real)]
    overlaps = _overlaps(sample, real, draws)
    distances = _distances(sample, real, draws)
    return Comparison(*_with_interval(overlaps), *_with_interval(distances))


class Ratio(NamedTuple):
    """Ratio of two means, with an interval; NaN where a side has no values or the real mean is 0."""

    ratio: float
    ratio_low: float
    ratio_high: float


def ratio_of_means(sample: Array, real: Array, seed: int = 1) -> Ratio:
    """Compare the mean of a sample with that of the real one.

    Args:
        sample: Finite values, shape `(n,)`.
        real: Finite values, shape `(m,)`.
        seed: Of the bootstrap.
    """
    sides = [np.asarray(values, dtype=np.float64) for values in (sample, real)]
    if not all(map(len, sides)) or not sides[1].any():
        return Ratio(*[float("nan")] * 3)
    random = np.random.default_rng(seed)
    ours, theirs = (values[_draws(len(values), random)].mean(axis=1) for values in sides)
    with np.errstate(divide="ignore"):  # a draw of zeros only
        ratios = ours / theirs
    return Ratio(*_with_interval(ratios))


def _draws(n: int, random: np.random.Generator) -> Array:
    """Return row numbers, shape `(1 + resamples, n)`: all rows as they are, then drawn with replacement."""
    return np.concatenate([np.arange(n)[None], random.integers(0, n, (_N_RESAMPLES, n))])


def _with_interval(found: Array) -> list[float]:
    """Return the value of all rows as they are, and the bounds of those that were drawn."""
    return [float(found[0]), *np.percentile(found[1:], (2.5, 97.5)).tolist()]


def _overlaps(sample: Array, real: Array, draws: list[Array]) -> Array:
    pooled = np.concatenate([sample, real])
    spread = pooled.std()
    if spread == 0:
        return np.ones(1 + _N_RESAMPLES)
    bandwidth = spread * min(len(sample), len(real)) ** -0.2
    points = np.linspace(pooled.min() - 3 * bandwidth, pooled.max() + 3 * bandwidth, _N_POINTS)
    densities = []
    for values, rows in zip((sample, real), draws, strict=True):
        kernels = np.exp(-0.5 * ((points - values[:, None]) / bandwidth) ** 2)
        counts = np.stack([np.bincount(row, minlength=len(values)) for row in rows])
        density = counts @ kernels
        densities.append(density / density.sum(axis=1, keepdims=True))
    return np.minimum(*densities).sum(axis=1)


def _distances(sample: Array, real: Array, draws: list[Array]) -> Array:
    """Return the mean difference of the quantiles, which is the Wasserstein distance in one dimension."""
    unit = real.std() or sample.std() or 1.0
    levels = (np.arange(_N_QUANTILES) + 0.5) / _N_QUANTILES
    quantiles = [
        np.quantile(values[rows], levels, axis=1, method="inverted_cdf")
        for values, rows in zip((sample, real), draws, strict=True)
    ]
    return np.abs(quantiles[0] - quantiles[1]).mean(axis=0) / unit
