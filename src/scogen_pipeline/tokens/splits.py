"""Which pieces train, validate and test.

The split follows the music, not the file: pieces that are equal once they are in C share a side, whatever they are called. It
depends on nothing else, so it stays put when files are added.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scogen_pipeline.errors import RequestError
from scogen_pipeline.tokens.alphabet import kind_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Split = Literal["train", "valid", "test"]


@dataclass(frozen=True)
class SplitShares:
    """How much is held out.

    Args:
        valid_share: Share of the pieces for early stopping, 0 to 0.5.
        test_share: Share of the pieces for evaluation, 0 to 0.5.

    Raises:
        RequestError: If a share is out of range.
    """

    valid_share: float = 0.08
    test_share: float = 0.08

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("valid_share", "test_share"):
            if not 0 <= getattr(self, name) <= 0.5:
                raise RequestError(f"`{name}` must be 0 to 0.5, received {getattr(self, name)}.")


def split_of(tokens: Sequence[str], shares: SplitShares) -> Split:
    """Return the side of a piece by a hash of its tokens, uniform and stable.

    Spelling a tune in C may move it up or down, by key; so the octave of its first note is left out.
    """
    digest = hashlib.sha256(" ".join(_without_octave(tokens)).encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < shares.test_share:
        return "test"
    return "valid" if place < shares.test_share + shares.valid_share else "train"


def _without_octave(tokens: Sequence[str]) -> Iterator[str]:
    pitches = [int(value_of(token)) for token in tokens if kind_of(token) == "pitch"]
    octave = 12 * (pitches[0] // 12) if pitches else 0
    for token in tokens:
        yield f"pitch={int(value_of(token)) - octave}" if kind_of(token) == "pitch" else token
