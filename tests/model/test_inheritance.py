"""A network that goes on from one that saw less."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.inheritance import inherit
from scogen_pipeline.model.network import build_network
from scogen_pipeline.model.settings import NetworkSettings
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

SETTINGS = NetworkSettings(embedding_size=6, condition_size=5, lstm_units=7, dense_size=4)
N_DENSE = 9


def network(sizes: tuple[int, ...], seed: int, settings: NetworkSettings = SETTINGS, n_dense: int = N_DENSE) -> keras.Model:
    """Build a network that sees features of these sizes."""
    return build_network(settings, fit_vocabulary(), 3, seed, sight=Sight(sizes, n_dense))


@pytest.mark.parametrize("changes", [{}, {"skip_connections": True}])
@pytest.mark.parametrize("n_dense", [0, N_DENSE])
def test_a_network_that_sees_more_computes_at_first_what_the_older_one_did(changes: dict[str, bool], n_dense: int) -> None:
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    older, younger = network((4, 5), 1, settings, n_dense), network((4, 5, 6, 3), 2, settings, n_dense)
    inherit(younger, older)
    random = np.random.default_rng(1)
    fed = {
        "tokens": random.integers(0, 50, (2, 8)),
        "conditions": random.integers(0, 50, (2, 3)),
        "features": np.stack([random.integers(0, size, (2, 8)) for size in (4, 5, 6, 3)], axis=-1),
    }
    fed |= {"dense": random.integers(0, 2, (2, 8, n_dense)).astype(np.float32)} if n_dense else {}
    known = fed | {"features": fed["features"][:, :, :2]}
    np.testing.assert_allclose(np.asarray(younger(fed)), np.asarray(older(known)), atol=1e-6)


def test_what_is_no_further_feature_is_refused() -> None:
    older = network((4, 5), 1)
    for other in (network((5, 5, 6), 2), network((4,), 2), network((4, 5, 6), 2, replace(SETTINGS, lstm_units=8))):
        with pytest.raises(DataError, match="start_from"):
            inherit(other, older)
