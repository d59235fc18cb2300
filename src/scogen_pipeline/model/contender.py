"""Which of two models is better, on the same held-out pieces."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.errors import VocabularyError
from scogen_pipeline.model.bundle import TrainedModel

if TYPE_CHECKING:
    from scogen_pipeline.model.fitting import TrainingData

logger = logging.getLogger(__name__)

#: Windows so long that hardly a piece is cut; a network is judged by whole pieces, since it writes whole pieces.
_WINDOW: Final = 2048
_BATCH: Final = 8


@dataclass(frozen=True)
class Contender:
    """A model that may be the one that `generate` uses.

    Args:
        model: The model.
        name: What to call it.
        version: Its number in the registry; 0 if it is not there.
    """

    model: TrainedModel
    name: str
    version: int = 0


def better_of(candidate: Contender, current: Contender, data: TrainingData) -> tuple[Contender, dict[str, float]]:
    """Return the better of two on the validation pieces, and the NLL of each in nats per token.

    The current one stays if both are equal, or if it speaks another vocabulary and so cannot be compared.

    Args:
        candidate: What may take its place.
        current: What is used at present.
        data: Encoded with the candidate's vocabulary.

    Raises:
        VocabularyError: If the data were encoded with another vocabulary than the candidate's.
    """
    candidate.model.require_vocabulary(data.vocabulary)
    try:
        current.model.require_vocabulary(data.vocabulary)
    except VocabularyError:
        logger.warning("%s speaks another vocabulary than %s: they cannot be compared.", current.name, candidate.name)
        return current, {"candidate_nll": validation_nll(candidate.model, data)}
    nlls = {"candidate_nll": validation_nll(candidate.model, data), "current_nll": validation_nll(current.model, data)}
    winner = candidate if nlls["candidate_nll"] < nlls["current_nll"] else current
    logger.info(
        "%s: %.4f nats per validation token; %s: %.4f. %s is better.",
        candidate.name,
        nlls["candidate_nll"],
        current.name,
        nlls["current_nll"],
        winner.name,
    )
    return winner, nlls


def validation_nll(model: TrainedModel, data: TrainingData) -> float:
    """Return the NLL of the validation pieces in nats per token, all conditions given, all models alike."""
    import keras  # noqa: PLC0415

    from scogen_pipeline.tokens.windows import Cutting  # noqa: PLC0415

    network = model.keras_model()
    network.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"), jit_compile=False
    )
    total = 0.0
    for batch in data.valid.ordered_batches(Cutting(_WINDOW, _BATCH, data.vocabulary.pad_id)):
        inputs = {name: getattr(batch, name) for name in network.input}
        network.reset_metrics()
        result: dict[str, Any] = network.test_on_batch(inputs, batch.targets, sample_weight=batch.weights, return_dict=True)
        total += float(batch.weights.sum()) * float(result["loss"])
    return total / data.valid.n_targets
