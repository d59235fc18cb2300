"""The vocabulary: tokens to ids and back, fitted by a scikit-learn `LabelEncoder`.

**Conventions.** The id of a token is its rank among the sorted classes of the encoder. The hash is over tokens in the order of
their ids, so two vocabularies agree if and only if their hashes do.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import VocabularyError, did_you_mean
from scogen_pipeline.tokens.alphabet import END, PAD, START, alphabet

if TYPE_CHECKING:
    from collections.abc import Iterable

IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Vocabulary:
    """A bijection between tokens and ids 0 to `size` - 1.

    Args:
        tokens: The classes of the label encoder: index = id.

    Raises:
        VocabularyError: If a token stands twice, or a mark is missing.
    """

    tokens: tuple[str, ...]
    _id_by_token: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the tokens."""
        object.__setattr__(self, "_id_by_token", {token: index for index, token in enumerate(self.tokens)})
        missing = {PAD, START, END} - set(self.tokens)
        if missing or len(self._id_by_token) != len(self.tokens):
            fault = f"without {sorted(missing)}" if missing else "with repetitions"
            raise VocabularyError(
                f"`tokens` must be distinct and hold {PAD}, {START} and {END}, received {len(self.tokens)} tokens {fault}. "
                "Build the vocabulary with `fit_vocabulary`."
            )

    @property
    def size(self) -> int:
        """Number of tokens."""
        return len(self.tokens)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the tokens in the order of their ids, in hex."""
        return hashlib.sha256("\n".join(self.tokens).encode()).hexdigest()

    @property
    def pad_id(self) -> int:
        """Id of `<pad>`."""
        return self._id_by_token[PAD]

    @property
    def start_id(self) -> int:
        """Id of `<start>`."""
        return self._id_by_token[START]

    @property
    def end_id(self) -> int:
        """Id of `<end>`."""
        return self._id_by_token[END]

    def id_of(self, token: str) -> int:
        """Return the id of a token.

        Raises:
            VocabularyError: If there is no such token.
        """
        if token not in self._id_by_token:
            raise VocabularyError(f"`token` must be in the vocabulary, received `{token}`.{did_you_mean(token, self.tokens)}")
        return self._id_by_token[token]

    def __contains__(self, token: str) -> bool:
        return token in self._id_by_token

    def ids_of(self, tokens: Iterable[str]) -> IntArray:
        """Return the ids of tokens, shape `(n,)`, int32.

        Raises:
            VocabularyError: If a token is not in the vocabulary.
        """
        return np.array([self.id_of(token) for token in tokens], dtype=np.int32)

    def tokens_of(self, ids: Iterable[int]) -> tuple[str, ...]:
        """Return the tokens of ids."""
        return tuple(self.tokens[index] for index in ids)

    def to_json(self) -> str:
        """Write the classes and their hash."""
        return json.dumps({"hash": self.hash, "classes": list(self.tokens)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """Read what `to_json` wrote.

        Raises:
            VocabularyError: If the text is no vocabulary, or the hash does not fit the classes.
        """
        try:
            content = json.loads(text)
            vocabulary = cls(tuple(content["classes"]))
            stored_hash = content["hash"]
        except (ValueError, KeyError, TypeError) as error:
            raise VocabularyError(f"`vocabulary` must be JSON with `classes` and `hash`: {error}.") from error
        if stored_hash != vocabulary.hash:
            raise VocabularyError(
                f"`vocabulary` must match its hash {stored_hash[:12]}, its classes hash to {vocabulary.hash[:12]}. "
                "It was edited or reordered: encode the data again."
            )
        return vocabulary


def fit_vocabulary() -> Vocabulary:
    """Fit a `LabelEncoder` on the whole alphabet and return its classes as a vocabulary."""
    from sklearn.preprocessing import LabelEncoder  # noqa: PLC0415  (2.5 s that generation need not pay)

    encoder = LabelEncoder().fit(list(alphabet()))
    return Vocabulary(tuple(str(token) for token in encoder.classes_))
