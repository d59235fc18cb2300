"""Twins as a user gets them: the best of several candidates each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scogen_pipeline.choosing.choice import drawn_in_the_end
from scogen_pipeline.sampling.generate import writers_for
from scogen_pipeline.sampling.stages import write_in_stages
from scogen_pipeline.sampling.twins import BATCH, by_length, compose_twins, seeded

if TYPE_CHECKING:
    from scogen_pipeline.choosing.critic import Critic
    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.particles import Stepper
    from scogen_pipeline.sampling.request import Request


def choose_twins(
    requests: Mapping[str, Request], stepper: Stepper, critic: Critic, seed: int, n_each: Mapping[str, int]
) -> dict[str, Piece]:
    """Write candidates for each request, and choose as `generate` does.

    Args:
        requests: What is asked for, by name.
        stepper: The model.
        critic: What is thought of candidates; of a genre that it does not know one is written.
        seed: Same seed, same pieces.
        n_each: How many pieces of each name.

    Returns:
        Pieces by "name/number", in the order of the requests.
    """
    n_candidates = critic.settings.n_each(1)
    heard = {name: request for name, request in requests.items() if n_candidates > 1 and critic.knows(request.customs.name)}
    others = {name: request for name, request in requests.items() if name not in heard}
    chosen = compose_twins(others, stepper, seed, n_each)
    asked = seeded(heard, seed, n_each)
    for names in by_length(asked, BATCH // n_candidates):
        groups = [writers_for(replace(asked[name], n=n_candidates), stepper.vocabulary) for name in names]
        for name, written in zip(names, write_in_stages(groups, stepper, critic), strict=True):
            pieces = [writer.piece() for writer in written]
            chosen[name] = pieces[drawn_in_the_end(pieces, critic, np.random.default_rng([asked[name].seed, seed]))]
    return {name: chosen[name] for name in seeded(requests, seed, n_each)}
