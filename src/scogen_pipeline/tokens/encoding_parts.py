"""A whole collection encoded part by part, on all workers; parts that an earlier run has encoded are taken up.

**Conventions.** Only one part's rows are in the memory of a worker, and only the facts of some parts in that of the process that
gives out the work.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from scogen_pipeline.collection.piece_facts import FACT_SCHEMA
from scogen_pipeline.collection.scratch_database import scratch_database
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.corpus import FACT_COLUMNS, EncodePart

if TYPE_CHECKING:
    from scogen_pipeline.collection.collecting import Workers

logger = logging.getLogger(__name__)

#: Parts that are given out together: a part has some hundred pieces.
_PARTS_AT_ONCE: Final = 128
_COLUMNS: Final = ("part", *FACT_COLUMNS)
_SCHEMA: Final[Any] = pa.schema([FACT_SCHEMA.field(name) for name in _COLUMNS])


def encode_collection(encode_part: EncodePart, facts: Any, workers: Workers) -> Manifest:
    """Encode the parts that no earlier run has encoded.

    Args:
        encode_part: Knows the tables, the vocabulary and where the parts are written.
        facts: One row a piece: a stream of Arrow batches, an Arrow table or a data frame.
        workers: Work at the same time.

    Returns:
        What the encoded collection consists of.
    """
    folder, names = encode_part.encoded_parts, []
    receipt_by_part = {receipt["part"]: receipt for receipt in encode_part.midi_tables.receipts()}
    finished, waiting = folder.finished(), facts_by_part(facts)
    while some := list(islice(waiting, _PARTS_AT_ONCE)):
        tasks = [(encode_part.name(part, receipt_by_part[part], own), part, own) for part, own in some]
        names += [name for name, _, _ in tasks]
        for _ in workers.map(encode_part, [task for task in tasks if task[0] not in finished]):
            pass
        logger.info("Encoded %d parts.", len(names))
    manifest = Manifest(tuple(names), {}, encode_part.midi_tables.address)
    _account(folder, manifest)
    return manifest


def facts_by_part(facts: Any) -> Iterator[tuple[str, pa.Table]]:
    """Yield the facts of each part, sorted by piece_id."""
    with scratch_database() as database:
        database.register("facts", facts)
        rows = database.stream(f"SELECT {', '.join(_COLUMNS)} FROM facts ORDER BY part, piece_id", _SCHEMA)  # noqa: S608 - our own names
    held = _SCHEMA.empty_table()
    for batch in filter(len, rows):
        held = pa.concat_tables([held, pa.Table.from_batches([batch])])
        # The last part may go on in the next batch.
        *whole, last = pc.unique(held["part"]).to_pylist()
        for part in whole:
            yield part, _own(held, part)
        held = held.filter(pc.equal(held["part"], last))
    if held.num_rows:
        last = held["part"][0].as_py()
        yield last, _own(held, last)


def _own(facts: pa.Table, part: str) -> pa.Table:
    return facts.filter(pc.equal(facts["part"], part)).select(FACT_COLUMNS).combine_chunks()


def _account(folder: TableFolder, manifest: Manifest) -> None:
    """Say what became of the pieces.

    Raises:
        DataError: If no piece could be encoded.
    """
    counts: Counter[str] = Counter()
    for _, receipt in folder.receipts_of(manifest.parts):
        counts.update(receipt)
    n_all, n_performances = counts["n_pieces"] + counts["n_faults"], counts["n_performances"]
    n_unspelled = counts["n_faults"] - n_performances
    logger.info("Encoded %d of %d pieces; %d could not be spelled.", counts["n_pieces"], n_all, n_unspelled)
    if n_performances:
        logger.info("Left out %d performances: their ticks are no beats, so they cannot be notated.", n_performances)
    if not counts["n_pieces"]:
        reasons = Counter(reason for part in manifest.parts for reason in folder.read("faults", part)["reason"].to_pylist())
        raise DataError(f"`pieces` must hold at least one that can be notated, received {n_all}: {dict(reasons.most_common(3))}.")
