"""Nodes of the compose pipeline."""

from __future__ import annotations

import logging

import pandas as pd

from scogen_pipeline.choosing.candidates import Candidate, write_candidates
from scogen_pipeline.choosing.choice import choose
from scogen_pipeline.choosing.critic import Critic
from scogen_pipeline.choosing.custom import Custom
from scogen_pipeline.choosing.ear import Ear
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.metrics.originality.comparing import OriginalityIndex
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.primer import Primer
from scogen_pipeline.sampling.request import Request

logger = logging.getLogger(__name__)


def gather_critic(
    known_music: pd.DataFrame, known_figures: pd.DataFrame, known_ear: pd.DataFrame, choosing: ChoosingSettings
) -> Critic:
    """Put together what candidates are judged by."""
    return Critic(Ear(known_ear), OriginalityIndex(known_music), Custom(known_figures), choosing)


def compose_candidates(
    generation_model: TrainedModel, primer: bytes, critic: Critic, request: Request
) -> dict[str, list[Candidate]]:
    """Write candidates for the pieces that are asked for; they go on from the primer if there is one."""
    opening = Primer.read(primer).tokens_for(request) if primer else ()
    return write_candidates(request, generation_model.stepper(), critic, opening)


def choose_pieces(
    candidates: dict[str, list[Candidate]], critic: Critic, request: Request
) -> tuple[dict[str, Piece], dict[str, str]]:
    """Keep the best candidate of each piece, and say what it shares with the training set where that is known."""
    choices = {name: choose(own, critic, (request.seed, number)) for number, (name, own) in enumerate(candidates.items())}
    receipts = {name: text for name, choice in choices.items() if (text := choice.receipt()) is not None}
    for name, choice in choices.items():
        if choice.comparison is not None:
            logger.info("%s: %s.", name, choice.comparison.receipt)
    return {name: choice.piece for name, choice in choices.items()}, receipts
