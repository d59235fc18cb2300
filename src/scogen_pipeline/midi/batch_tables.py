"""A batch of MIDI files to one table of each kind.

**Conventions.** Rows are in the order of the files. Files of the same bytes have a row of `files` and of `pieces` each and their
notes once: which of them is a piece is decided when all batches are there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.columns import PIECE_TABLES, PieceColumns, table_of
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.midi.reading import read_columns
from scogen_pipeline.midi.rejects import Reason, rejects_table


@dataclass
class _Found:
    """What has become of the files so far."""

    paths: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    pieces: list[PieceColumns] = field(default_factory=list)
    errors: dict[str, MidiError] = field(default_factory=dict)


def read_batch(files: Iterable[MidiFile]) -> dict[str, pa.Table]:
    """Read files.

    Args:
        files: Each is loaded once, when its turn comes; of two with the same path only one can be accounted for.

    Returns:
        A table for each name of `SCHEMA_BY_TABLE`; `piece_id` is dictionary coded where it repeats.
    """
    found = _Found()
    for file in files:
        _read_into(found, file)
    unique = list({piece.piece_id: piece for piece in found.pieces}.values())
    tables = {name: table_of(name, found.pieces if name == "pieces" else unique) for name in PIECE_TABLES}
    accounts = pa.Table.from_arrays(
        [
            pa.array(column, kind.type)
            for column, kind in zip((found.paths, found.sizes, found.ids), SCHEMA_BY_TABLE["files"], strict=True)
        ],
        schema=SCHEMA_BY_TABLE["files"],
    )
    return {"files": accounts} | tables | {"rejects": rejects_table(found.errors)}


def _read_into(found: _Found, file: MidiFile) -> None:
    path, size, piece = _storable(file.path), file.n_bytes, None
    try:
        data = file.load()
        size = len(data)
        piece = read_columns(data, path)
        found.pieces.append(piece)
    except MidiError as error:
        found.errors[path] = error
    except OSError as error:
        found.errors[path] = MidiError(Reason.UNOPENABLE, _storable(error.strerror or str(error)))
    found.paths.append(path)
    found.sizes.append(size)
    found.ids.append(piece.piece_id if piece else None)


def _storable(text: str) -> str:
    r"""Return text that UTF-8 can hold: a byte of a file name that is no UTF-8 becomes like `\udcfc`.

    >>> _storable("Kr\udcfcger.mid")
    'Kr\\udcfcger.mid'
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
