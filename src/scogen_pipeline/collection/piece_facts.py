"""What is known about each piece, gathered from the tables of a collection and its labels: a row a piece.

The tables may hold more rows than fit into memory. A piece's rows are all in one part, so its tempo, key and meter are worked out
some parts at a time; only the results, one row a piece, are joined with the labels and sorted.

**Conventions**

- Rows are sorted by `piece_id`. Text is "" where nothing is known.
- Title and composer are those of the label, else those that the file gives in its text events.
- `tempo_qpm` is the median, since a rubato is written as many tempos; 120 where there is none, as the MIDI standard says.
- `fifths` and `meter` are the first of the file; `key` is that of the label.
- `tokens.tables.piece_facts` says the same of a few pieces in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from scogen_pipeline.collection.label_table import DescribeSettings
from scogen_pipeline.collection.scratch_database import scratch_database
from scogen_pipeline.collection.table_folder import TableFolder

FACT_SCHEMA: Final = pa.schema(
    [
        ("piece_id", pa.string()),
        ("path", pa.string()),
        ("part", pa.string()),
        ("time_base", pa.string()),
        ("tpq", pa.int32()),
        ("n_notes", pa.int32()),
        ("n_tracks", pa.int16()),
        ("seconds", pa.float64()),
        ("title", pa.string()),
        ("composer", pa.string()),
        ("genre", pa.string()),
        ("licence", pa.string()),
        ("collection", pa.string()),
        ("copyright", pa.string()),
        ("key", pa.string()),
        ("fifths", pa.int8()),
        ("tempo_qpm", pa.float64()),
        ("meter", pa.string()),
    ]
)
#: Parts that are looked at together: some thousand files, and with a rubato in each some million tempos.
_PARTS_AT_ONCE: Final = 16
_OWN: Final = ("pieces", "tempos", "key_signatures", "time_signatures")

#: Ticks are below 2^30 and rows of a part below 2^32, so one number orders the events of a piece, those of a tick as in the file.
_ORDER: Final = "(tick::BIGINT << 32) + file_row_number"
_FACTS_OF_PARTS: Final = f"""
    INSERT INTO fact
    SELECT piece_id, path, regexp_extract(filename, '([^/]+)\\.parquet$', 1) AS part, time_base, tpq, n_notes, n_tracks, seconds,
        title, composer, copyright, fifths, coalesce(qpm, 120.0) AS tempo_qpm, coalesce(meter, '') AS meter
    FROM read_parquet($pieces, filename = true)
    LEFT JOIN (SELECT piece_id, median(qpm) AS qpm FROM read_parquet($tempos) GROUP BY piece_id) USING (piece_id)
    LEFT JOIN (
        SELECT piece_id, arg_min(fifths, {_ORDER}) AS fifths
        FROM read_parquet($key_signatures, file_row_number = true) GROUP BY piece_id
    ) USING (piece_id)
    LEFT JOIN (
        SELECT piece_id, arg_min(numerator || '/' || denominator, {_ORDER}) AS meter
        FROM read_parquet($time_signatures, file_row_number = true) GROUP BY piece_id
    ) USING (piece_id)
"""  # noqa: S608
_WITH_LABELS: Final = """
    SELECT piece_id, path, part, time_base, tpq, n_notes, n_tracks, seconds,
        coalesce(nullif(label.title, ''), fact.title) AS title, coalesce(nullif(label.composer, ''), fact.composer) AS composer,
        coalesce(genre, '') AS genre, coalesce(licence, '') AS licence, coalesce(collection, '') AS collection, copyright,
        coalesce(key, '') AS key, fifths, tempo_qpm, meter
    FROM fact LEFT JOIN label USING (path) ORDER BY piece_id
"""


def facts_of_pieces(tables: TableFolder, labels: pa.RecordBatchReader, settings: DescribeSettings) -> pa.RecordBatchReader:
    """Return what is known about each piece, as a stream of rows of `FACT_SCHEMA`.

    Args:
        tables: The collection.
        labels: Its table of labels, at most one row a path.
        settings: Threads and memory.
    """
    with scratch_database(settings.workers, settings.memory_mb, tables.filesystem) as database:
        database.run(_NEW_TABLE)
        for files in _files_of_parts(tables):
            database.run(_FACTS_OF_PARTS, files)
        database.register("streamed", labels)
        database.run("CREATE TABLE label AS SELECT path, title, composer, genre, licence, collection, key FROM streamed")
        return database.stream(_WITH_LABELS, FACT_SCHEMA)


_NEW_TABLE: Final = """
    CREATE TABLE fact (
        piece_id VARCHAR, path VARCHAR, part VARCHAR, time_base VARCHAR, tpq INTEGER, n_notes INTEGER, n_tracks SMALLINT,
        seconds DOUBLE, title VARCHAR, composer VARCHAR, copyright VARCHAR, fifths TINYINT, tempo_qpm DOUBLE, meter VARCHAR
    )
"""


def _files_of_parts(tables: TableFolder) -> Iterator[dict[str, list[str]]]:
    """Yield the files of each table that pieces are described by, some parts at a time."""
    files = {table: tables.files(table) for table in _OWN}
    for start in range(0, len(files["pieces"]), _PARTS_AT_ONCE):
        yield {table: paths[start : start + _PARTS_AT_ONCE] for table, paths in files.items()}
