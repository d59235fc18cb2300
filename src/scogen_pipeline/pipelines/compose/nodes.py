"""Nodes of the compose pipeline."""

from __future__ import annotations

from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.generate import compose_pieces
from scogen_pipeline.sampling.primer import Primer
from scogen_pipeline.sampling.request import Request


def compose_scores(generation_model: TrainedModel, primer: bytes, request: Request) -> dict[str, Piece]:
    """Write the pieces that are asked for; they go on from the primer if there is one."""
    opening = Primer.read(primer).tokens_for(request) if primer else ()
    return compose_pieces(request, generation_model.stepper(), opening)
