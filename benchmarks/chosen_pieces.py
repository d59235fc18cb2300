"""Pieces as a user gets them, many of one kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scogen_pipeline.choosing.candidates import write_candidates
from scogen_pipeline.choosing.choice import choose
from scogen_pipeline.choosing.critic import Critic
from scogen_pipeline.choosing.settings import MOST_WRITTEN
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.request import Request


def chosen_pieces(request: Request, n: int, stepper: Any, critic: Critic) -> list[Piece]:
    """Write and choose `n` pieces, half in major and half in minor, as many at a time as fit into a batch."""
    pieces: list[Piece] = []
    at_once = min(MOST_WRITTEN // critic.settings.n_each(1), -(-n // 2))
    while len(pieces) < n:
        seed = request.seed + len(pieces)
        asked = replace(request, key="Ca"[len(pieces) // at_once % 2], n=at_once, seed=seed)
        groups = write_candidates(asked, stepper, critic).values()
        pieces += [choose(group, critic, (seed, number)).piece for number, group in enumerate(groups)]
    return pieces[:n]
