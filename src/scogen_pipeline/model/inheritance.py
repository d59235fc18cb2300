"""A network that goes on from another one, and may see and score more than it did.

Features that stand behind those of the older network have weights of 0 at first, and so have relations: the younger network
computes what the older one computed, until it has learned to use what it sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.network import DENSE_PROJECTION, FEATURE_PREFIX
from scogen_pipeline.model.relation import is_of_relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
    import numpy.typing as npt


def inherit(network: keras.Model, trained: keras.Model) -> None:
    """Give a network the weights of a trained one.

    Args:
        network: May have further features and relations, behind those of `trained`.
        trained: Of the same sizes otherwise; `network.build_network` made both.

    Raises:
        DataError: If they differ in anything else.
    """
    own, given = ({layer.name: layer for layer in each.layers if layer.weights} for each in (network, trained))
    fresh = {name for name in own.keys() - given.keys() if is_of_relation(name) or name.startswith(FEATURE_PREFIX)}
    widths = [own[name].weights[0].shape[1] for name in fresh if name.startswith(FEATURE_PREFIX)]
    weights = {name: _widened(layer.get_weights(), own.get(name), sum(widths), _n_dense(own)) for name, layer in given.items()}
    fits = own.keys() - fresh == given.keys() and all(
        [weight.shape for weight in weights[name]] == [weight.shape for weight in layer.weights]
        for name, layer in own.items()
        if name not in fresh
    )
    if not fits:
        raise DataError(
            "`start_from` must name a model that was trained on what these data tell, received one with other inputs or "
            "sizes. Start without it."
        )
    for name, values in weights.items():
        own[name].set_weights(values)


def _n_dense(layers: Mapping[str, Any]) -> int:
    """Return how many inputs of the LSTM, the last ones, stand for dense values."""
    return int(layers[DENSE_PROJECTION].weights[0].shape[1]) if DENSE_PROJECTION in layers else 0


def _widened(
    weights: list[npt.NDArray[np.float32]], layer: keras.layers.Layer | None, n_fresh: int, n_dense: int
) -> list[npt.NDArray[np.float32]]:
    """Put rows of 0 into the kernel of a layer that sees the fresh features: they come before the dense values."""
    if layer is None or not n_fresh or layer.weights[0].shape[0] != len(weights[0]) + n_fresh:
        return weights
    kernel, *others = weights
    return [np.insert(kernel, [len(kernel) - n_dense] * n_fresh, 0, axis=0), *others]
