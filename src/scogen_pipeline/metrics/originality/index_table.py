"""The training set as a table of hashes, to be stored beside the model.

Of the grams of each line those are kept whose hash can be divided by `every`: the same ones wherever the music stands, so that
two equal runs keep the same grams. A table of every gram measures runs to the note; one of every fourth is a third as large and
finds each run up to a few notes at its ends.

**Conventions.** One row a line: title, collection, part, every, and for each gram kept `hashes` (32 bits), `gaps` (notes since
the last one, for the first: since the start of the line) and `measure_gaps` (the same in measures).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.originality.grams import HashArray, Line, lines_of
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Part, Piece
from scogen_pipeline.tokens.alphabet import MAX_PARTS, value_of
from scogen_pipeline.tokens.encoding import CONDITIONS, decode
from scogen_pipeline.tokens.vocabulary import Vocabulary

INDEX_SCHEMA: Final = pa.schema(
    [
        ("title", pa.string()),
        ("collection", pa.string()),
        ("part", pa.uint8()),
        ("every", pa.uint8()),
        ("hashes", pa.list_(pa.uint32())),
        ("gaps", pa.list_(pa.uint16())),
        ("measure_gaps", pa.list_(pa.uint16())),
    ]
)
_LINES_A_BATCH: Final = 1024
_MOST_SPARSE: Final = 64


class KnownPiece(NamedTuple):
    """A piece that the model has seen, and what to call it."""

    title: str
    collection: str
    piece: Piece


def index_of(pieces: Iterable[KnownPiece], every: int = 1) -> pa.RecordBatchReader:
    """Return the index as a stream: pieces are read one by one, so memory stays small.

    Args:
        pieces: The training set.
        every: Keep one of so many grams, 1 to 64.

    Raises:
        RequestError: If `every` is out of range.
    """
    if not 1 <= every <= _MOST_SPARSE:
        raise RequestError(f"`every` must be a whole number from 1 to {_MOST_SPARSE}, received {every}.")
    return pa.RecordBatchReader.from_batches(INDEX_SCHEMA, _batches(pieces, every))


def _batches(pieces: Iterable[KnownPiece], every: int) -> Iterator[pa.RecordBatch]:
    rows = (_row(known, line, every) for known in pieces for line in lines_of(known.piece))
    while batch := list(islice(rows, _LINES_A_BATCH)):
        yield pa.RecordBatch.from_pylist(batch, schema=INDEX_SCHEMA)


def _row(known: KnownPiece, line: Line, every: int) -> dict[str, object]:
    positions = kept(line.hashes, every)
    return {
        "title": known.title,
        "collection": known.collection,
        "part": line.part,
        "every": every,
        "hashes": stored(line.hashes[positions]),
        "gaps": np.diff(positions, prepend=0),
        "measure_gaps": np.diff(line.notes.measures[positions], prepend=0),
    }


def kept(hashes: HashArray, every: int) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return the positions of the grams that an index of one in `every` keeps."""
    return np.flatnonzero(hashes % np.uint64(every) == 0)


def stored(hashes: HashArray) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Return the upper halves of hashes: the lower bits of those kept are the same."""
    return (hashes >> np.uint64(32)).astype(np.uint32)


def known_pieces(rows: Iterable[Mapping[str, Any]], vocabulary: Vocabulary) -> Iterator[KnownPiece]:
    """Decode encoded pieces (path, title, conditions, ids) one by one, in C and for any instruments.

    A piece without a title is called by its file; the collection is the folder that the file lies in.
    """
    parts = (Part(find_instrument("voice")),) * MAX_PARTS
    for row in rows:
        tokens = dict(zip(CONDITIONS, vocabulary.tokens_of(row["conditions"]), strict=True))
        meter = Meter.parse(value_of(tokens["meter"]))
        piece = decode(vocabulary.tokens_of(row["ids"]), parts=parts, meter=meter, key=Key(0, "major"))
        folder, _, file = str(row["path"]).rpartition("/")
        yield KnownPiece(str(row["title"]) or file, folder, piece)
