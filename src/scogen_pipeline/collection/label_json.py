"""Labels in JSON, as a stream: a file of hundreds of megabytes is never in memory as a whole.

**Conventions**, by the outermost value:

- A list of objects: a row each.
- An object of objects: a row each, named by its key (`label_fields.OBJECT_KEY`).
- An object of objects with `metadata` and `audio_scores` (Aria-MIDI): a row for each segment, named `<key>_<segment>`.
- An object of columns, each a list or an object with the row's number for a key (MAESTRO): a row each. Only these are held whole.

Objects within a row are opened up once; what is deeper is left out. Lists become texts joined by commas.

**References.** L. Bradshaw and S. Colton, *Aria-MIDI: a dataset of piano MIDI files for symbolic music modeling* (ICLR 2025).
C. Hawthorne et al., *Enabling factorized piano music modeling and generation with the MAESTRO dataset* (ICLR 2019).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, BinaryIO, Final, TypeAlias

import ijson

from scogen_pipeline.collection.label_fields import OBJECT_KEY, is_known
from scogen_pipeline.errors import DataError

_CHUNK_ROWS: Final = 16_384

_Row: TypeAlias = dict[str, str]


def json_chunks(opened: BinaryIO) -> Iterator[Mapping[str, list[str]]]:
    """Read JSON.

    Raises:
        DataError: If it is none, or no table of labels.
    """
    head = opened.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")
    opened.seek(3 if _has_mark(opened) else 0)
    try:
        if head[:1] == b"[":
            yield from _chunks(_row(value) for value in ijson.items(opened, "item", use_float=True))
        elif head[:1] == b"{":
            yield from _object_chunks(ijson.kvitems(opened, "", use_float=True))
        else:
            raise DataError("must be JSON with a list or an object, received something else. Look into it.")
    except ijson.JSONError as error:
        raise DataError(f"must be JSON, received an error: {error}. A file with an object in each line is .jsonl.") from error


def json_line_chunks(opened: BinaryIO) -> Iterator[Mapping[str, list[str]]]:
    """Read a file with a JSON object in each line.

    Raises:
        DataError: If a line is none.
    """
    try:
        yield from _chunks(_row(json.loads(line)) for line in opened if line.strip())
    except json.JSONDecodeError as error:
        raise DataError(f"must have a JSON object in each line, received an error: {error}. Repair it.") from error


def _has_mark(opened: BinaryIO) -> bool:
    opened.seek(0)
    return opened.read(3) == b"\xef\xbb\xbf"


def _object_chunks(pairs: Iterable[tuple[str, Any]]) -> Iterator[Mapping[str, list[str]]]:
    remaining = iter(pairs)
    first = next(remaining, None)
    if first is None:
        return
    pairs = chain([first], remaining)
    if _is_column(*first):
        yield _columns(pairs)
    elif isinstance(first[1], dict):
        yield from _chunks(row for key, value in pairs for row in _keyed_rows(key, value))
    else:
        raise DataError("must hold labels by file or in a list, received an object of other things. Look into it.")


def _is_column(name: str, value: Any) -> bool:
    if isinstance(value, list):
        return is_known(name) and not any(isinstance(each, dict | list) for each in value)
    return isinstance(value, dict) and bool(value) and is_known(name) and all(index.isdecimal() for index in value)


def _columns(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, list[str]]:
    columns = {name: list(map(_text, value.values() if isinstance(value, dict) else value)) for name, value in pairs}
    if len({len(values) for values in columns.values()}) > 1:
        raise DataError("must have columns of the same length, received others. Look into it.")
    return columns


def _keyed_rows(key: str, value: Any) -> Iterator[_Row]:
    """Yield the rows of one entry: of Aria-MIDI one for each segment, of others one."""
    if not isinstance(value, dict):
        return
    scores = value.get("audio_scores")
    if not isinstance(scores, dict):
        yield {OBJECT_KEY: key} | _row(value)
        return
    row = _row({name: each for name, each in value.items() if name != "audio_scores"})
    for segment, score in scores.items():
        yield row | {OBJECT_KEY: f"{key}_{segment}", "audio_score": _text(score)}


def _row(value: Any) -> _Row:
    if not isinstance(value, dict):
        raise DataError("must hold an object for each label, received something else. Look into it.")
    row: _Row = {}
    for name, each in value.items():
        if isinstance(each, dict):
            row |= {inner: _text(deep) for inner, deep in each.items()}
        else:
            row[name] = _text(each)
    return row


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _chunks(rows: Iterable[_Row]) -> Iterator[Mapping[str, list[str]]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK_ROWS)):
        names = dict.fromkeys(name for row in chunk for name in row)
        yield {name: [row.get(name, "") for row in chunk] for name in names}
