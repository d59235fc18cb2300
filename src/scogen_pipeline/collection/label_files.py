"""Files of labels: CSV, TSV, Parquet and JSON, as a stream of rows of one shape.

A file may have a row for each of a million pieces, so it is read in chunks. A chunk is a mapping from the names of the file's
columns to their texts; `find_columns` says what they are.

**Conventions.** All fields are text, "" where there is nothing. A row has the columns of `RAW_SCHEMA`: `label` (counts the rows
of one file), `file` (as it is written there, relative to the folder of the file of labels), and the fields.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scogen_pipeline.collection.label_fields import FIELDS, find_columns
from scogen_pipeline.collection.label_json import json_chunks, json_line_chunks
from scogen_pipeline.errors import DataError

RAW_SCHEMA: Final = pa.schema([("label", pa.int64()), ("file", pa.string()), *((field, pa.string()) for field in FIELDS)])
CHUNK_ROWS: Final = 16_384
#: What programs write where there is nothing.
_NOTHING: Final = pa.array(["nan", "none", "null", "n/a"])
#: Fields that are often spelled as file names are.
_SPELLED_WITH_UNDERSCORES: Final = frozenset({"title", "composer", "performer"})
_SNIFFED_BYTES: Final = 2**16
_LONGEST_FIELD: Final = 2**24

Chunk: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class LabelFile:
    """A file of labels that has not been opened.

    Args:
        name: Its path or address.
        open: Opens it.
        folder: The files that it speaks of lie below this folder of the source, "" for all.
        file_column: Name of the column that names the MIDI file, "" to find it.
        is_given: Whether the user named the file; others may be something else than labels.
    """

    name: str
    open: Callable[[], BinaryIO]
    folder: str = ""
    file_column: str = ""
    is_given: bool = False


def read_labels(file: LabelFile) -> Iterator[pa.Table]:
    """Read a file of labels, some thousand rows at a time.

    Yields:
        Tables of `RAW_SCHEMA`; a row of the file with several columns that name a MIDI file is as many rows.

    Raises:
        DataError: If it is no such file, or none of its columns names the MIDI file.
    """
    n_rows = 0
    try:
        with file.open() as opened:
            for chunk in _chunks_of(opened, file.name):
                columns = find_columns(list(chunk), file.file_column, file.is_given)
                texts = {name: _text(values) for name, values in chunk.items()}
                n_chunk = len(next(iter(texts.values())))
                fields = {field: _field(field, [texts[name] for name in names]) for field, names in columns.fields.items()}
                empty = pa.repeat(pa.scalar(""), n_chunk)
                labels = pa.array(range(n_rows, n_rows + n_chunk), pa.int64())
                for name in columns.files:
                    named = {"label": labels, "file": texts[name], **{field: fields.get(field, empty) for field in FIELDS}}
                    rows = pa.table(named, schema=RAW_SCHEMA)
                    yield rows.filter(pc.not_equal(rows["file"], ""))
                n_rows += n_chunk
    except DataError as error:
        raise DataError(f"`{file.name}` {error}") from error
    except (pa.ArrowInvalid, csv.Error, UnicodeDecodeError, OSError, EOFError) as error:
        raise DataError(f"`{file.name}` must be a readable file of labels, received an error: {error}. Repair it.") from error


def _chunks_of(opened: BinaryIO, name: str) -> Iterator[Chunk]:
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    for suffix in reversed(suffixes):
        if suffix in _READERS:
            return _READERS[suffix](opened)
    raise DataError(f"must be a file of labels in one of {', '.join(_READERS)}, received another. Export it as CSV.")


def _csv_chunks(opened: BinaryIO) -> Iterator[Chunk]:
    """Read comma-, semicolon- or tab-separated text with a header; UTF-8, else Latin-1."""
    csv.field_size_limit(_LONGEST_FIELD)
    with io.TextIOWrapper(opened, encoding=_encoding_of(opened), newline="") as text:
        first = text.readline()
        delimiter = max("\t,;", key=first.count)
        header = next(csv.reader([first], delimiter=delimiter), [])
        rows = csv.reader(text, delimiter=delimiter)
        while chunk := list(islice(rows, CHUNK_ROWS)):
            even = [(row + [""] * len(header))[: len(header)] for row in chunk if row]
            if even:
                yield dict(zip(header, map(list, zip(*even, strict=True)), strict=True))


def _encoding_of(opened: BinaryIO) -> str:
    """Return the encoding of a text and go back to its beginning."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        while data := opened.read(_SNIFFED_BYTES):
            decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    else:
        return "utf-8-sig"
    finally:
        opened.seek(0)


def _parquet_chunks(opened: BinaryIO) -> Iterator[Chunk]:
    file = pq.ParquetFile(opened)
    for batch in file.iter_batches(CHUNK_ROWS):
        yield dict(zip(batch.schema.names, batch.columns, strict=True))


_READERS: Final[Mapping[str, Callable[[BinaryIO], Iterator[Chunk]]]] = {
    ".csv": _csv_chunks,
    ".tsv": _csv_chunks,
    ".txt": _csv_chunks,
    ".parquet": _parquet_chunks,
    ".json": json_chunks,
    ".jsonl": json_line_chunks,
}


def _text(values: Any) -> Any:
    """Return a column as clean text: no nulls, no space around or doubled, and nothing where "nan" or the like stands."""
    column = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        column = pa.nulls(len(column), pa.string())
    if pa.types.is_floating(column.type) and pc.all(pc.equal(column, pc.floor(column))).as_py():
        column = column.cast(pa.int64(), safe=False)
    column = pc.fill_null(column.cast(pa.string()), "")
    column = pc.utf8_trim_whitespace(pc.replace_substring_regex(column, r"\s+", " "))
    return pc.if_else(pc.is_in(pc.utf8_lower(column), _NOTHING), "", column)


def _field(field: str, columns: list[Any]) -> Any:
    joined = columns[0] if len(columns) == 1 else pc.utf8_trim_whitespace(pc.binary_join_element_wise(*columns, " "))
    if field not in _SPELLED_WITH_UNDERSCORES:
        return joined
    return pc.if_else(pc.match_substring(joined, " "), joined, pc.replace_substring(joined, "_", " "))
