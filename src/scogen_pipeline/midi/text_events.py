"""The words in a MIDI file: title, composer, copyright and track names, read from the raw meta events FF 01 to FF 07.

The note reader (symusic) drops text and copyright and breaks Latin-1 names; the licences of collections ask for attribution, so
the words are read apart.

**Conventions**

- Text is UTF-8 where it decodes as such, else Latin-1 (which always decodes). Blanks and control characters in a row become one
  blank. An absent text is "".
- Only the head of a track is read, up to its first note: there the standard wants the names and the copyright.
- A composer has no event of his own. `Composer: NAME` is believed; else the first text of the first track, as piano-midi.de
  writes it, if it looks like a name and is not the name in the copyright notice.

**References**: *Standard MIDI Files 1.0*, RP-001, "Meta-Events".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from scogen_pipeline.music.tempo import BPM_BY_WORD

#: How `midi.writing` marks the composer among the text events.
COMPOSER_PREFIX: Final = "Composer:"
#: Sustain, sostenuto and soft pedal.
PEDAL_CONTROLLERS: Final = (64, 66, 67)

_TEXT, _COPYRIGHT, _TRACK_NAME = 1, 2, 3
_MAX_HEAD_EVENTS: Final = 256
#: Tempos, meters and keys with their delta times: a conductor track may have a thousand before its end, and no note.
_WORDLESS: Final = re.compile(rb"(?:[\x80-\xff]{0,3}[\x00-\x7f]\xff(?:\x51\x03...|\x58\x04....|\x59\x02..))+", re.DOTALL)
_TEMPO_WORDS: Final = tuple(word.casefold() for word in BPM_BY_WORD)
#: "Franz Schubert", "J. S. Bach", "Dvořák"; not "Allegro con fuoco" (small words), "Update: 1.2.03" (digits, colon).
_PERSON: Final = re.compile(
    r"(?:[^\W\d_a-z][\w.'-]*\s+(?:(?:van|von|de|da|di|der|den|la|le)\s+)*){0,4}[^\W\d_a-z][^\W\d_]+(?:-[^\W\d_]+)*"
)


class Words(NamedTuple):
    """What a file says about itself.

    Args:
        title: The names of the first track, joined by commas.
        composer: A person's name.
        copyright: The copyright notices, joined by "; ".
        name_by_garbled: Track names that are not UTF-8: how a reader that knows only UTF-8 shows them -> the name.
    """

    title: str
    composer: str
    copyright: str
    name_by_garbled: dict[str, str]


class Head(NamedTuple):
    """The beginning of a track chunk, up to its first note.

    Args:
        start: Where the body of the chunk begins in the file.
        end: Where it ends.
        texts: (kind, bytes) of the text events 1 to 7.
        channel: Channel of the first note, 0 to 15; None if none was found.
        pedal: Where the first pedal event begins in the file, with its delta time, and its channel; None if none was found.
    """

    start: int
    end: int
    texts: list[tuple[int, bytes]]
    channel: int | None
    pedal: tuple[int, int] | None


def read_heads(data: bytes, spans: Sequence[tuple[int, int]]) -> list[Head]:
    """Read the heads of track chunks; broken events end the reading of their chunk, never the program.

    Args:
        data: A MIDI file.
        spans: Where the bodies of its track chunks begin and end.
    """
    return [_read_head(data, start, end) for start, end in spans]


def words_of(heads: Sequence[Head]) -> Words:
    """Say what a file says about itself."""
    texts_by_track = [head.texts for head in heads]
    first = texts_by_track[0] if heads else []
    notices = _unique(text for texts in texts_by_track for kind, text in texts if kind == _COPYRIGHT)
    raw_names = [text for texts in texts_by_track for kind, text in texts if kind == _TRACK_NAME]
    return Words(
        title=", ".join(_unique(text for kind, text in first if kind == _TRACK_NAME)),
        composer=_composer([_decoded(text) for kind, text in first if kind == _TEXT], " ".join(notices)),
        copyright="; ".join(notices),
        name_by_garbled={name.decode("utf-8", "replace"): _decoded(name) for name in raw_names},
    )


def _composer(texts: Sequence[str], notice: str) -> str:
    for text in texts:
        if text.startswith(COMPOSER_PREFIX):
            return text.removeprefix(COMPOSER_PREFIX).strip()
    first = texts[0] if texts else ""
    is_signed = bool(notice) and first not in notice  # who typed the notes often signs with his name
    return first if is_signed and _PERSON.fullmatch(first) and not first.casefold().startswith(_TEMPO_WORDS) else ""


@lru_cache(maxsize=4096)
def _decoded(text: bytes) -> str:
    try:
        words = text.decode("utf-8")
    except UnicodeDecodeError:
        words = text.decode("latin-1")
    if not words.isprintable():
        words = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(words.split())


def _unique(texts: Iterable[bytes]) -> list[str]:
    return [words for words in dict.fromkeys(map(_decoded, texts)) if words]


def _read_head(data: bytes, start: int, end: int) -> Head:
    texts: list[tuple[int, bytes]] = []
    at, status = start, 0
    channel = pedal = None
    try:
        for _ in range(_MAX_HEAD_EVENTS):
            before = at
            while data[at] >= 0x80:  # the delta time
                at += 1
            at += 1
            if data[at] >= 0x80:
                status, at = data[at], at + 1
            if at >= end:
                break
            if 0x90 <= status < 0xA0:
                channel = status & 0x0F
                break
            if status >= 0xF0:
                kind = data[at] if status == 0xFF else 0
                length, at = _variable_length(data, at + (status == 0xFF))
                if 1 <= kind <= 7:
                    texts.append((kind, data[at : min(at + length, end)]))
                at += length
                if wordless := _WORDLESS.match(data, at, end):
                    at = wordless.end()
            else:
                pedal = pedal or _pedal(before, status, data[at])
                at += 1 if 0xC0 <= status < 0xE0 else 2
    except IndexError:
        pass  # the track ends within an event; whether that matters is for the note reader to say
    return Head(start, end, texts, channel, pedal)


def _pedal(start: int, status: int, controller: int) -> tuple[int, int] | None:
    return (start, status & 0x0F) if 0xB0 <= status < 0xC0 and controller in PEDAL_CONTROLLERS else None


def _variable_length(data: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length quantity: its value and the index after it."""
    value = 0
    for index in range(at, at + 4):
        value = value << 7 | data[index] & 0x7F
        if data[index] < 0x80:
            return value, index + 1
    return value, at + 4
