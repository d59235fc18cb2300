"""A part of a collection, from its tables to rows of ids.

Only scores are encoded. The ticks of a performance are no beats; on a grid they would be notes in measures that nobody played.

**Conventions.** A part becomes two tables: `pieces`, one row for each that was encoded (the columns of `tokens.encoded_pieces`
but for `split`, and the number of ids), and `faults`, one row for each that was not: piece_id, path, reason. Both are sorted by
piece_id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from scogen_pipeline.errors import DataError, VocabularyError
from scogen_pipeline.tokens.encoded_pieces import SCHEMA
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.packing import ByteArray, packed_dense, packed_features
from scogen_pipeline.tokens.quantise import RawPiece, quantise
from scogen_pipeline.tokens.tables import raw_pieces
from scogen_pipeline.tokens.view import view_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from scogen_pipeline.collection.table_folder import TableFolder
    from scogen_pipeline.tokens.vocabulary import Vocabulary

#: Conditions and tokens -> features and dense values, each with a row a target.
View = Callable[[Sequence[str], Sequence[str]], tuple[ByteArray, ByteArray]]

PART_SCHEMA: Final[Any] = pa.schema([field for field in SCHEMA if field.name != "split"]).append(pa.field("n_ids", pa.int32()))
FAULT_SCHEMA: Final[Any] = pa.schema([(name, pa.string()) for name in ("piece_id", "path", "reason")])
#: What a worker needs of `collection.piece_facts`.
FACT_COLUMNS: Final = ("piece_id", "path", "time_base", "tpq", "genre", "title", "composer", "tempo_qpm", "key", "fifths")
_TABLES: Final = ("tracks", "notes", "time_signatures")
_PERFORMANCE: Final = "a performance: its ticks are no beats. Align it to its beats first."
#: Packages whose code decides how a piece is spelled.
_SPELLING: Final = ("tokens", "analysis", "music")


@dataclass(frozen=True)
class EncodePart:
    """A task for a worker: encode a part of the tables and write the rows to another folder.

    Args:
        midi_tables: What to read.
        encoded_parts: Where to write.
        vocabulary: Gives the ids.
    """

    midi_tables: TableFolder
    encoded_parts: TableFolder
    vocabulary: Vocabulary

    def name(self, part: str, receipt: Mapping[str, Any], facts: pa.Table) -> str:
        """Name what will be written by all that it follows from."""
        lines = [spelling_version(), self.vocabulary.hash, repr(sorted(receipt.items())), repr(facts.to_pydict())]
        return f"{part}-{hashlib.sha256(chr(10).join(lines).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"

    def __call__(self, task: tuple[str, str, pa.Table]) -> str:
        """Encode one part.

        Args:
            task: What is written, the part that it is of, and the facts of its pieces.

        Returns:
            The name of what was written.
        """
        name, part, facts = task
        tables = {table: self.midi_tables.read(table, part).to_pandas() for table in _TABLES}
        pieces, faults = encode_part(tables, facts.to_pandas(), self.vocabulary)
        n_performances = sum(time_base != "score" for time_base in facts["time_base"].to_pylist())
        receipt = {"n_pieces": pieces.num_rows, "n_faults": faults.num_rows, "n_performances": n_performances}
        self.encoded_parts.write(name, {"pieces": pieces, "faults": faults}, receipt)
        return name


def encode_part(
    tables: Mapping[str, pd.DataFrame], facts: pd.DataFrame, vocabulary: Vocabulary, view: View = view_of
) -> tuple[pa.Table, pa.Table]:
    """Encode the scores of a part.

    Args:
        tables: `tracks`, `notes` and `time_signatures`.
        facts: One row a piece, columns `FACT_COLUMNS`.
        vocabulary: Gives the ids.
        view: Tells what is known before each target.

    Returns:
        The tables `pieces` and `faults`.
    """
    is_score = facts["time_base"] == "score"
    faults = facts.loc[~is_score, ["piece_id", "path"]].assign(reason=_PERFORMANCE).to_dict("records")
    rows: list[dict[str, Any]] = []
    for piece_id, raw in raw_pieces(facts[is_score], *(tables[name] for name in _TABLES)):
        try:
            rows.append({"piece_id": piece_id, **_encoded_row(raw, vocabulary, view)})
        except (DataError, VocabularyError) as error:
            faults.append({"piece_id": piece_id, "path": raw.source, "reason": str(error)})
    return (
        pa.Table.from_pylist(rows, PART_SCHEMA).sort_by("piece_id"),
        pa.Table.from_pylist(faults, FAULT_SCHEMA).sort_by("piece_id"),
    )


def _encoded_row(raw: RawPiece, vocabulary: Vocabulary, view: View) -> dict[str, Any]:
    piece = quantise(raw)
    encoded = encode(piece)
    features, dense = view(encoded.conditions, encoded.tokens)
    return {
        "path": raw.source,
        "genre": piece.genre,
        "title": piece.title,
        "n_bars": piece.n_bars,
        "n_notes": len(piece.notes),
        "conditions": vocabulary.ids_of(encoded.conditions),
        "ids": vocabulary.ids_of(encoded.tokens),
        "features": packed_features(features),
        "dense": packed_dense(dense),
        "n_ids": len(encoded.tokens),
    }


@cache
def spelling_version() -> str:
    """Return a digest of the code that encodes; a part is taken up only by the code that made it."""
    digest = hashlib.sha256()
    for package in _SPELLING:
        for file in sorted(resources.files(f"scogen_pipeline.{package}").iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
