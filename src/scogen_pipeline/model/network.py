"""The network: an LSTM language model of tokens that is told what to write.

::

    conditions (batch, slots) -> Embedding -> flatten -> Dense ──┐ (the same at every step)
    tokens (batch, time) -> Embedding ───────────── concatenate ─┴-> Dropout -> [LSTM -> Dropout] x n -> Dense -> logits

Only standard layers and `keras.ops`, so a saved network loads in safe mode, without custom objects, on every backend.

**Conventions.** `tokens` and `conditions` are int32 ids of one vocabulary. The output is *logits*, (batch, time, vocabulary),
whose softmax is the distribution of the next id. The name of the network carries the hash of its vocabulary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.errors import VocabularyError

if TYPE_CHECKING:
    import keras

    from scogen_pipeline.model.settings import NetworkSettings
    from scogen_pipeline.tokens.vocabulary import Vocabulary

#: Size of the embedding of one condition: there are some twenty values a slot.
CONDITION_EMBEDDING_SIZE: Final = 16
#: Digits of the vocabulary's hash in the network's name.
_HASH_DIGITS: Final = 12


def network_name(vocabulary: Vocabulary) -> str:
    """Name a network by the vocabulary that it speaks."""
    return f"scogen_{vocabulary.hash[:_HASH_DIGITS]}"


def check_vocabulary(name: str, vocabulary: Vocabulary) -> None:
    """Refuse a network of another vocabulary.

    Args:
        name: The network's name.
        vocabulary: What is to be used with it.

    Raises:
        VocabularyError: If the network was trained on another vocabulary.
    """
    if name != network_name(vocabulary):
        raise VocabularyError(
            f"`vocabulary` must be the one that the model was trained on, {name.removeprefix('scogen_')}, received "
            f"{vocabulary.hash[:_HASH_DIGITS]}. Train a model on these data with `kedro run --pipeline train`, or encode the "
            "data with the model's vocabulary."
        )


def build_network(
    settings: NetworkSettings,
    vocabulary: Vocabulary,
    n_conditions: int,
    seed: int = 0,
    lstm_layer: type[keras.layers.LSTM] | None = None,
) -> keras.Model:
    """Build the network with fresh weights.

    Args:
        settings: Its size.
        vocabulary: The vocabulary that it speaks.
        n_conditions: Number of condition slots.
        seed: Decides the initial weights and what dropout drops.
        lstm_layer: What computes the LSTM; the Keras layer by default.
    """
    import keras  # noqa: PLC0415  (pulls in a backend, 8 s, that generation need not pay)
    from keras import layers  # noqa: PLC0415

    draw = _Draw(seed)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    conditions = keras.Input((n_conditions,), dtype="int32", name="conditions")
    x = layers.Embedding(vocabulary.size, settings.embedding_size, embeddings_initializer=draw.uniform(), name="token_embedding")(
        tokens
    )
    request = _request_vector(conditions, settings, vocabulary.size, draw)
    # (batch, time, 1) @ (batch, 1, condition_size): the request at every step, over a time that is not known here. Not a sum with
    # zeros: Keras 3.15 on TensorFlow takes (1, n, 1) + (1, 1, n) for a bias and returns (1, n, 1).
    repeated = keras.ops.matmul(keras.ops.ones_like(x[:, :, :1]), keras.ops.expand_dims(request, 1))
    x = layers.Concatenate(name="token_and_request")([x, repeated])
    x = layers.Dropout(settings.dropout, seed=draw.seed(), name="dropout_0")(x)
    for level in range(1, settings.n_layers + 1):
        x = (lstm_layer or layers.LSTM)(
            settings.lstm_units,
            return_sequences=True,
            kernel_initializer=draw.glorot(),
            recurrent_initializer=keras.initializers.Orthogonal(seed=draw.seed()),
            name=f"lstm_{level}",
        )(x)
        x = layers.Dropout(settings.dropout, seed=draw.seed(), name=f"dropout_{level}")(x)
    logits = layers.Dense(vocabulary.size, kernel_initializer=draw.glorot(), name="logits")(x)
    return keras.Model({"tokens": tokens, "conditions": conditions}, logits, name=network_name(vocabulary))


def _request_vector(conditions: Any, settings: NetworkSettings, vocabulary_size: int, draw: _Draw) -> Any:
    """Return the conditions as one vector, shape (batch, condition_size)."""
    from keras import layers  # noqa: PLC0415

    embedded = layers.Embedding(
        vocabulary_size, CONDITION_EMBEDDING_SIZE, embeddings_initializer=draw.uniform(), name="condition_embedding"
    )(conditions)
    flat = layers.Flatten(name="all_conditions")(embedded)
    return layers.Dense(settings.condition_size, activation="tanh", kernel_initializer=draw.glorot(), name="request")(flat)


class _Draw:
    """Seeds and seeded initialisers, so that a network depends on its seed and on no global state."""

    def __init__(self, seed: int) -> None:
        self._next = 1000 * seed

    def seed(self) -> int:
        self._next += 1
        return self._next

    def uniform(self) -> keras.initializers.Initializer:
        import keras  # noqa: PLC0415

        return keras.initializers.RandomUniform(-0.05, 0.05, seed=self.seed())

    def glorot(self) -> keras.initializers.Initializer:
        import keras  # noqa: PLC0415

        return keras.initializers.GlorotUniform(seed=self.seed())
