"""Twins as a user gets them: the best of several candidates each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from scogen_pipeline.choosing.choice import drawn_by_odds
from scogen_pipeline.sampling.twins import compose_twins

if TYPE_CHECKING:
    from scogen_pipeline.choosing.ear import Ear
    from scogen_pipeline.choosing.settings import ChoosingSettings
    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.generate import Stepper
    from scogen_pipeline.sampling.request import Request


def choose_twins(
    requests: Mapping[str, Request],
    stepper: Stepper,
    ear: Ear,
    settings: ChoosingSettings,
    seed: int,
    n_each: Mapping[str, int],
) -> dict[str, Piece]:
    """Write pieces for each request and choose by ear; what they share with the training set is not asked.

    Args:
        requests: What is asked for, by name.
        stepper: The model.
        ear: Tells real from generated; of a genre that it does not know one candidate is written.
        settings: How many candidates, and how much the odds count.
        seed: Same seed, same pieces.
        n_each: How many pieces of each name.

    Returns:
        Pieces by "name/number", in the order of the requests.
    """
    n_candidates = {
        name: settings.n_each(1) if settings.ear and ear.knows(request.customs.name) else 1 for name, request in requests.items()
    }
    written = compose_twins(requests, stepper, seed, {name: n * n_each[name] for name, n in n_candidates.items()})
    random = np.random.default_rng(seed)
    chosen: dict[str, Piece] = {}
    for name, n in n_candidates.items():
        for number in range(n_each[name]):
            own = [written[f"{name}/{number * n + candidate}"] for candidate in range(n)]
            best = drawn_by_odds(own, [0.0] * n, ear, settings, random)[0] if n > 1 else 0
            chosen[f"{name}/{number}"] = own[best]
    return chosen
