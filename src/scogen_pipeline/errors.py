"""The exceptions that scogen raises on purpose.

::

    ScogenError
    ├── RequestError (ValueError)     what the user asked for cannot be done: says what is allowed
    ├── MidiError (ValueError)        a MIDI file is unreadable or out of range: carries a reject reason
    ├── DataError (ValueError)        a table or corpus cannot be used, e.g. nothing usable in it
    ├── VocabularyError (ValueError)  a model and a vocabulary, or a token and a vocabulary, do not fit
    └── RenderError (RuntimeError)    a score could not be laid out or written

**Conventions.** Messages read ```name` must be <rule>, received <value>. <What to do.>``
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ScogenError(Exception):
    """Base of every error that scogen raises on purpose."""


class RequestError(ScogenError, ValueError):
    """What was asked for is not possible; the message says what is."""


class MidiError(ScogenError, ValueError):
    """A MIDI file that cannot be used.

    Args:
        reason: One of `scogen_pipeline.midi.rejects.Reason`, as its value.
        detail: What was found, for the rejects table.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class DataError(ScogenError, ValueError):
    """A table or a corpus that cannot be used."""


class VocabularyError(ScogenError, ValueError):
    """A token, a vocabulary and a model that do not belong together."""


class RenderError(ScogenError, RuntimeError):
    """A score that could not be laid out or written."""


def did_you_mean(received: str, allowed: Iterable[str]) -> str:
    """Return a sentence that names the nearest allowed word, or an empty string.

    >>> did_you_mean("choral", ["chorale", "reel"])
    ' Did you mean `chorale`?'
    """
    by_folded = {word.casefold(): word for word in allowed}
    near = difflib.get_close_matches(received.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean `{by_folded[near[0]]}`?" if near else ""
