"""The network: an LSTM language model of tokens that is told what to write.

::

    conditions (batch, slots) -> Embedding -> flatten -> Dense ──┐ (the same at every step)
    tokens (batch, time) -> Embedding ───────────── concatenate ─┴-> Dropout -> [LSTM -> Dropout] x n -> Dense -> logits
    features (batch, time, k) -> k Embeddings ───────────┤ (if there are any, see `sight`)                   + penalties
    dense (batch, time, d) -> Dense ─────────────────────┘                                            + scores of relations

The last Dense may share its weights with the tokens' embedding (`tie_weights`), and may stand several times (`n_softmaxes`): then
the result is the log of a mixture of softmaxes, whose shares depend on the LSTM too. Tokens may also be scored by how they stand
to what is seen (`relation`).

Only standard layers and `keras.ops`, so a saved network loads in safe mode, without custom objects, on every backend.

**Conventions.** `tokens` and `conditions` are int32 ids of one vocabulary. The output is *logits*, (batch, time, vocabulary),
whose softmax is the distribution of the next id. The name of the network carries the hash of its vocabulary.

**References.** Press and Wolf, 2017 (tied weights); Yang et al., 2018 (mixtures of softmaxes).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.errors import DataError, VocabularyError
from scogen_pipeline.model.relation import SCORES_PREFIX, TABLE_PREFIX, related_tokens
from scogen_pipeline.model.sight import Sight, feature_embedding_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import keras
    import numpy.typing as npt

    from scogen_pipeline.model.relation import Source
    from scogen_pipeline.model.settings import NetworkSettings
    from scogen_pipeline.tokens.vocabulary import Vocabulary

#: Size of the embedding of one condition: there are some twenty values a slot.
CONDITION_EMBEDDING_SIZE: Final = 16
#: Names of the layers of `sight`; the index of the feature follows.
FEATURE_PREFIX: Final = "feature_"
PENALTY_PREFIX: Final = "penalty_by_"
DENSE_PROJECTION: Final = "dense_projection"
#: Layers between the LSTM and the logits, if weights are tied or softmaxes mixed.
TIED_CONTEXT: Final = "tied_context"
SHARES: Final = "softmax_shares"
CONTEXTS: Final = "softmax_contexts"
#: What the product's network sees beside tokens and conditions.
BLIND: Final = Sight()
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
    lstm_layer: Callable[..., keras.layers.LSTM] | None = None,
    *,
    sight: Sight = BLIND,
    carries_state: bool = False,
) -> keras.Model:
    """Build the network with fresh weights.

    Args:
        settings: Its size.
        vocabulary: The vocabulary that it speaks.
        n_conditions: Number of condition slots; there may be none.
        seed: Decides the initial weights and what dropout drops.
        lstm_layer: What makes an LSTM layer; the Keras layer by default.
        sight: What else it sees.
        carries_state: Whether the state before the first step is an input (`hidden_1`, `cell_1`, ..., a pair a layer) and the
            one after the last step an output, in the same order, behind the logits.

    Raises:
        DataError: If the table of allowed tokens is of another vocabulary.
    """
    import keras  # noqa: PLC0415  (pulls in a backend, 8 s, that generation need not pay)
    from keras import layers  # noqa: PLC0415

    draw = _Draw(seed)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    inputs = {"tokens": tokens}
    embedding_layer = partial(layers.ReversibleEmbedding, reverse_dtype="float32") if settings.tie_weights else layers.Embedding
    embedding = embedding_layer(
        vocabulary.size, settings.embedding_size, embeddings_initializer=draw.uniform(), name="token_embedding"
    )
    x = embedding(tokens)
    seen = [x]
    if n_conditions:
        inputs["conditions"] = conditions = keras.Input((n_conditions,), dtype="int32", name="conditions")
        request = _request_vector(conditions, settings, vocabulary.size, draw)
        # (batch, time, 1) @ (batch, 1, condition_size): the request at every step, over a time that is not known here. Not a sum
        # with zeros: Keras 3.15 on TensorFlow takes (1, n, 1) + (1, 1, n) for a bias and returns (1, n, 1).
        seen.append(keras.ops.matmul(keras.ops.ones_like(x[:, :, :1]), keras.ops.expand_dims(request, 1)))
    if sight.feature_sizes:
        inputs["features"] = keras.Input((None, len(sight.feature_sizes)), dtype="int32", name="features")
        seen += _feature_vectors(inputs["features"], sight, draw)
    if sight.dense_size:
        inputs["dense"] = keras.Input((None, sight.dense_size), name="dense")
        compress = layers.Dense(settings.dense_size, use_bias=False, kernel_initializer=draw.glorot(), name=DENSE_PROJECTION)
        seen.append(compress(inputs["dense"]))
    # Without conditions there may be nothing to join, and Keras joins no single tensor.
    x = layers.Concatenate(name="token_and_request")(seen) if len(seen) > 1 else x
    # Variational: what is dropped stays dropped for the whole window.
    noise_shape = (None, 1, None) if settings.variational_dropout else None
    input_dropout = settings.dropout if settings.input_dropout is None else settings.input_dropout
    x = seen_by_all = layers.Dropout(input_dropout, noise_shape, seed=draw.seed(), name="dropout_0")(x)
    outputs, states = [], []
    for level in range(1, settings.n_layers + 1):
        if settings.skip_connections and level > 1:
            x = layers.Concatenate(name=f"skip_{level}")([x, seen_by_all])
        lstm = (lstm_layer or layers.LSTM)(
            settings.lstm_units,
            return_sequences=True,
            return_state=carries_state,
            kernel_initializer=draw.glorot(),
            recurrent_initializer=keras.initializers.Orthogonal(seed=draw.seed()),
            name=f"lstm_{level}",
        )
        if carries_state:
            before = {
                f"{part}_{level}": keras.Input((settings.lstm_units,), name=f"{part}_{level}") for part in ("hidden", "cell")
            }
            inputs |= before
            x, *after = lstm(x, initial_state=list(before.values()))
            states += after
        else:
            x = lstm(x)
        x = layers.Dropout(settings.dropout, noise_shape, seed=draw.seed(), name=f"dropout_{level}")(x)
        outputs.append(x)
    if settings.skip_connections and len(outputs) > 1:
        x = layers.Concatenate(name="all_layers")(outputs)
    logits = _logits(x, settings, embedding, draw)
    if settings.relations and sight.relations:
        logits = keras.ops.add(logits, _relation_scores(x, inputs, vocabulary.size, sight))
    if sight.allowed is not None:
        logits = _without_forbidden(logits, inputs["features"], sight)
    return keras.Model(inputs, [logits, *states] if carries_state else logits, name=network_name(vocabulary))


def _logits(x: Any, settings: NetworkSettings, embedding: Any, draw: _Draw) -> Any:
    """Return the logits of the next token, (batch, time, vocabulary), in full precision whatever the layers below have."""
    import keras  # noqa: PLC0415
    from keras import layers  # noqa: PLC0415

    def output(context: Any) -> Any:
        if settings.tie_weights:
            return embedding(context, reverse=True)
        return layers.Dense(embedding.input_dim, kernel_initializer=draw.glorot(), dtype="float32", name="logits")(context)

    n, size = settings.n_softmaxes, settings.embedding_size if settings.tie_weights else settings.lstm_units
    if n == 1 and settings.tie_weights:
        x = layers.Dense(size, kernel_initializer=draw.glorot(), name=TIED_CONTEXT)(x)
    if n == 1:
        return output(x)
    shares = layers.Dense(n, kernel_initializer=draw.glorot(), dtype="float32", name=SHARES)(x)
    contexts = layers.Dense(n * size, activation="tanh", kernel_initializer=draw.glorot(), name=CONTEXTS)(x)
    each = output(layers.Reshape((-1, n, size), name="context_of_each")(contexts))  # (batch, time, softmaxes, vocabulary)
    mixed = keras.ops.log_softmax(each) + keras.ops.expand_dims(keras.ops.log_softmax(shares), -1)
    return keras.ops.logsumexp(mixed, axis=2)


def _relation_scores(x: Any, inputs: Mapping[str, Any], vocabulary_size: int, sight: Sight) -> Any:
    """Return what the relations add to the logits, (batch, time, vocabulary); nothing before training."""
    from keras import layers, ops  # noqa: PLC0415

    block, total = related_tokens(sight.relations), None
    for relation in sight.relations:
        name = f"{SCORES_PREFIX}{relation.source}"
        scores = layers.Dense(relation.n_relations, kernel_initializer="zeros", dtype="float32", name=name)(x)
        numbers = _looked_up(
            relation.numbers[:, block], _values_of(relation.source, inputs), f"{TABLE_PREFIX}{relation.source}_{block.start}"
        )
        if relation.n_relations == 1:
            found = scores * numbers
        else:
            # Number 0 scores nothing.
            padded = ops.pad(scores, [[0, 0], [0, 0], [1, 0]])
            found = ops.take_along_axis(padded, ops.cast(numbers, "int32"), axis=-1)
        total = found if total is None else total + found
    return ops.pad(total, [[0, 0], [0, 0], [block.start, vocabulary_size - block.stop]])


def _values_of(source: Source, inputs: Mapping[str, Any]) -> Any:
    """Return the value that relations are measured from, (batch, time)."""
    from keras import ops  # noqa: PLC0415

    if isinstance(source, int):
        return inputs["features"][:, :, source]
    dense = inputs["dense"]
    if source == "lowest":
        index = ops.argmax(dense, axis=-1)
    else:
        index = dense.shape[-1] - 1 - ops.argmax(ops.flip(dense, axis=-1), axis=-1)
    return ops.cast(index + 1, "int32") * ops.cast(ops.max(dense, axis=-1) > 0, "int32")


def _feature_vectors(features: Any, sight: Sight, draw: _Draw) -> list[Any]:
    """Return the embedding of each feature, shapes (batch, time, its size)."""
    from keras import layers  # noqa: PLC0415

    return [
        layers.Embedding(
            n_values, feature_embedding_size(n_values), embeddings_initializer=draw.uniform(), name=f"{FEATURE_PREFIX}{index}"
        )(features[:, :, index])
        for index, n_values in enumerate(sight.feature_sizes)
    ]


def _without_forbidden(logits: Any, features: Any, sight: Sight) -> Any:
    """Add the penalties, so that no probability is wasted on what cannot follow."""
    import keras  # noqa: PLC0415

    penalties = sight.penalties()
    if penalties.shape[1] != logits.shape[-1]:
        raise DataError(f"`allowed` must have a column for each of {logits.shape[-1]} tokens, received {penalties.shape[1]}.")
    added = _looked_up(penalties, features[:, :, sight.allowed_by], f"{PENALTY_PREFIX}{sight.allowed_by}")
    return keras.layers.Add(dtype="float32", name="allowed_logits")([logits, added])


def _looked_up(rows: npt.NDArray[Any], values: Any, name: str) -> Any:
    """Return the row of each value, (batch, time, columns). Rows are weights that are not trained, so they are saved."""
    from keras import layers  # noqa: PLC0415

    table = layers.Embedding(*rows.shape, trainable=False, embeddings_initializer="zeros", dtype="float32", name=name)
    found = table(values)
    table.set_weights([rows])
    return found


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
