"""A DuckDB database on the disk for joins that do not fit into memory; gone when it is closed.

**Conventions.** Nothing is fetched from the network: extensions are neither installed nor loaded. What a query gives is sorted by
the query itself; the order of rows is never left to the threads.

**References**: https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

if TYPE_CHECKING:
    import duckdb

_BATCH_ROWS: Final = 65_536
#: What a thread of DuckDB needs to sort and join at all.
_MB_A_THREAD: Final = 128
_MOST_TOGETHER: Final = 1_024
_PREFIX: Final = "scogen-"


class ScratchDatabase:
    """A connection with what DuckDB lacks for our purposes.

    Args:
        connection: To an empty database.
        folder: Where files may be left until the database is closed.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        self.folder = folder

    def run(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query; its rows, if it has any, should be few."""
        return self._connection.execute(query, dict(parameters or {})).fetchall()

    def count(self, query: str) -> int:
        """Return the number that a query gives."""
        return int(self.run(query)[0][0])

    def register(self, name: str, batches: pa.RecordBatchReader) -> None:
        """Give a stream of rows a name; it can be read once."""
        self._connection.register(name, batches)

    def translate(self, name: str, query: str, function: Callable[..., str]) -> None:
        """Make a table of what a function of texts gives for the rows of a query, in the column `given` beside them."""
        result = self._connection.execute(query)
        columns = [column[0] for column in result.description or []]
        schema = pa.schema([(column, pa.string()) for column in (*columns, "given")])

        def tables() -> Iterator[pa.Table]:
            while rows := result.fetchmany(_BATCH_ROWS):
                yield pa.table([*zip(*rows, strict=True), [function(*row) for row in rows]], schema=schema)

        self.load(name, tables(), schema)

    def load(self, name: str, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
        """Make a view of rows that come as a stream of tables."""
        path = self.folder / f"{name}.parquet"
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for table in _together(tables):
                writer.write_table(table)
        self.run(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{_quoted(path)}')")  # noqa: S608 - our own names

    def stream(self, query: str, schema: pa.Schema) -> pa.RecordBatchReader:
        """Run a query now and return its rows as a stream, which outlives the database."""
        folder = TemporaryDirectory(prefix=_PREFIX)
        path = Path(folder.name) / "rows.parquet"
        self.run(f"COPY ({query}) TO '{_quoted(path)}' (FORMAT parquet, ROW_GROUP_SIZE {_BATCH_ROWS})")
        return pa.RecordBatchReader.from_batches(schema, _batches(path, schema, folder))


def _batches(path: Path, schema: pa.Schema, folder: TemporaryDirectory[str]) -> Iterator[pa.RecordBatch]:
    with folder, pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS):
            yield batch.cast(schema)


def _together(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield small tables as larger ones: each that is written costs a millisecond."""
    held: list[pa.Table] = []
    n_rows = 0
    for table in tables:
        held.append(table)
        n_rows += table.num_rows
        if n_rows >= _BATCH_ROWS or len(held) == _MOST_TOGETHER:
            yield pa.concat_tables(held)
            held, n_rows = [], 0
    if held:
        yield pa.concat_tables(held)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@contextmanager
def scratch_database(
    n_threads: int = 0, memory_mb: int = 1024, filesystem: AbstractFileSystem | None = None
) -> Iterator[ScratchDatabase]:
    """Open an empty database in a temporary folder, and remove it at the end.

    Args:
        n_threads: 0 for one a processor; never more than the memory allows.
        memory_mb: What DuckDB may hold; the rest goes to the disk.
        filesystem: Where the queries read, if that is not this machine.
    """
    import duckdb  # noqa: PLC0415 - a page is written without it

    threads = max(1, min(n_threads or os.cpu_count() or 1, memory_mb // _MB_A_THREAD))
    with TemporaryDirectory(prefix=_PREFIX) as name:
        options: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": f"{name}/spilled",
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
        connection = duckdb.connect(f"{name}/scratch.duckdb", config=options)
        try:
            connection.execute("SET enable_progress_bar = false")
            if filesystem is not None and not isinstance(filesystem, LocalFileSystem):
                connection.register_filesystem(filesystem)
            yield ScratchDatabase(connection, Path(name))
        finally:
            connection.close()
