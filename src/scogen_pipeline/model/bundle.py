"""A trained model with all that is needed to use it: network, vocabulary, settings, metrics.

**Conventions.** The network is held as the bytes of a `.keras` file, so that a model can be carried, saved and stepped through
without importing Keras or a backend.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scogen_pipeline.model.network import check_vocabulary, network_name
from scogen_pipeline.model.stepping import NumpyStepper
from scogen_pipeline.model.stored_network import stored_name

if TYPE_CHECKING:
    import keras

    from scogen_pipeline.tokens.vocabulary import Vocabulary


@dataclass(frozen=True)
class TrainedModel:
    """A trained network and its facts.

    Args:
        network: The bytes of a `.keras` file without optimizer.
        vocabulary: What its ids mean.
        settings: The network's and the training's, by group and name.
        data_hash: Of the pieces that it was trained on.
        metrics: Name to value, such as `valid_nll` in nats per token.

    Raises:
        VocabularyError: If the network was trained on another vocabulary.
    """

    network: bytes = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    settings: Mapping[str, Mapping[str, Any]]
    data_hash: str
    metrics: Mapping[str, float]

    def __post_init__(self) -> None:
        """Check that network and vocabulary belong together."""
        check_vocabulary(stored_name(self.network), self.vocabulary)

    @classmethod
    def of_network(
        cls,
        network: keras.Model,
        vocabulary: Vocabulary,
        *,
        settings: Mapping[str, Mapping[str, Any]],
        data_hash: str,
        metrics: Mapping[str, float],
    ) -> TrainedModel:
        """Take a Keras model; its weights are copied."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "network.keras"
            network.save(file)
            return cls(file.read_bytes(), vocabulary, settings, data_hash, metrics)

    def require_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Refuse data that were encoded with another vocabulary.

        Raises:
            VocabularyError: If `vocabulary` is not the model's.
        """
        check_vocabulary(network_name(self.vocabulary), vocabulary)

    def keras_model(self) -> keras.Model:
        """Load the network into Keras, in safe mode and without custom objects."""
        import keras  # noqa: PLC0415  (8 s that `stepper` does not need)

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "network.keras"
            file.write_bytes(self.network)
            return keras.saving.load_model(file, compile=False, safe_mode=True)

    def stepper(self) -> NumpyStepper:
        """Return the network as a NumPy program that computes one token after another."""
        return NumpyStepper(self.network, self.vocabulary)

    def facts_json(self) -> str:
        """Write all but network and vocabulary."""
        facts = {
            "vocabulary_hash": self.vocabulary.hash,
            "data_hash": self.data_hash,
            "metrics": dict(self.metrics),
            "settings": {group: dict(values) for group, values in self.settings.items()},
        }
        return json.dumps(facts, indent=2, sort_keys=True) + "\n"
