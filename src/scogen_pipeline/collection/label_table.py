"""The labels of a collection: what files of labels and the names of folders say of each piece, in one table.

A row of a file of labels names its MIDI file as its author saw it: from another folder, with another suffix or none, with or
without leading zeros. So it is matched step by step, strictly first, and a step counts only where it leaves no doubt: one row and
one file of that name.

**Conventions**

- The table has a row for each file with a label, sorted by path; text, "" where nothing is known.
- `genre` and `key` are ours or ""; `genre_label` keeps the words of the label.
- Of several sources the first that has a field gives it: the file that the user named, then sidecars (the nearest folder first,
  `labels` before `metadata`), then the pattern. What the MIDI file says of itself comes after them, in `piece_facts`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from scogen_pipeline.collection.label_fields import FIELDS, genre_of_label, key_of_label
from scogen_pipeline.collection.label_files import RAW_SCHEMA, LabelFile, read_labels
from scogen_pipeline.collection.label_pattern import PathPattern, parse_pattern
from scogen_pipeline.collection.scratch_database import ScratchDatabase, scratch_database
from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.errors import DataError, RequestError

logger = logging.getLogger(__name__)

#: The columns of the table of labels: those that the corpus step writes come first.
LABEL_SCHEMA: Final = pa.schema(
    [
        ("path", pa.string()),
        *((field, pa.string()) for field in FIELDS[:-1]),
        ("audio_score", pa.float64()),
        ("genre_label", pa.string()),
    ]
)
_STORED: Final = pa.schema([("id", pa.int64()), ("rank", pa.int32()), *RAW_SCHEMA])
_STEM: Final = r"regexp_replace(lower(nfc_normalize({name})), '\.(mid|midi|kar|rmi)$', '')"
_LAST: Final = "regexp_extract(stem, '{folders}[^/]+$')"
#: What is compared, step by step: the path; without suffix and case; its last three, two names, its last; that without zeros.
_STEPS: Final = (
    "name",
    "stem",
    _LAST.format(folders="[^/]+/[^/]+/"),
    _LAST.format(folders="[^/]+/"),
    _LAST.format(folders=""),
    f"ltrim({_LAST.format(folders='')}, '0')",
)
_SHOWN: Final = 5
_QUOTE: Final = "'"


@dataclass(frozen=True)
class DescribeSettings:
    """Where labels come from, and what the joins may use.

    Args:
        labels_key: Column of the files of labels that names the MIDI file, "" to find it.
        label_pattern: What the folders mean, such as `{composer}/{title}`; "" for nothing.
        workers: Threads; 0 for one a processor.
        memory_mb: Memory that the joins may use; the rest goes to the disk.

    Raises:
        RequestError: If a value is out of range, or the pattern names an unknown field.
    """

    labels_key: str = ""
    label_pattern: str = ""
    workers: int = 0
    memory_mb: int = 1024

    def __post_init__(self) -> None:
        """Check the ranges and the pattern."""
        for name, value, low, high in (("workers", self.workers, 0, 1024), ("memory_mb", self.memory_mb, 256, 2**20)):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise RequestError(f"`{name}` must be a whole number from {low} to {high}, received {value!r}.")
        if not isinstance(self.label_pattern, str):
            raise RequestError(
                f"`label_pattern` must be text, received {self.label_pattern!r}. Begin it with ./ as in ./{{composer}}/{{title}}."
            )
        _ = self.pattern

    @property
    def pattern(self) -> PathPattern | None:
        """The pattern, if there is one."""
        return parse_pattern(self.label_pattern) if self.label_pattern else None


def label_table(tables: TableFolder, given: Sequence[LabelFile], settings: DescribeSettings) -> pa.RecordBatchReader:
    """Return the labels of the pieces of a collection, as a stream of rows of `LABEL_SCHEMA`.

    Args:
        tables: The collection, with the sidecars that were found in it.
        given: Files of labels that the user named; they must be readable.
        settings: Which column names the MIDI file, and what the folders mean.

    Raises:
        DataError: If a given file is unreadable or names no MIDI files.
    """
    files = [replace(file, file_column=settings.labels_key) for file in [*given, *_sidecars(tables)]]
    with scratch_database(settings.workers, settings.memory_mb, tables.filesystem) as database:
        database.run(
            "CREATE TABLE piece AS SELECT row_number() OVER () AS n, path FROM read_parquet($files)",
            {"files": tables.files("pieces")},
        )
        unreadable: list[int] = []
        database.load("raw", _stored(files, unreadable), _STORED)
        _match(database, files, unreadable)
        database.run(f"CREATE TABLE labelled AS {_merged(settings.pattern)}")
        database.translate("genre_of", "SELECT DISTINCT genre FROM labelled", genre_of_label)
        database.translate("key_of", "SELECT DISTINCT key, mode FROM labelled", key_of_label)
        _log(database, files)
        return database.stream(_FINAL, LABEL_SCHEMA)


def _sidecars(tables: TableFolder) -> list[LabelFile]:
    """Return the sidecars, the most particular first."""
    found = []
    for path in tables.sidecars():
        place = PurePosixPath(path)
        folder = "" if str(place.parent) == "." else str(place.parent)
        found.append(LabelFile(path, partial(tables.open_sidecar, path), folder))
    return sorted(found, key=_particularity)


def _particularity(file: LabelFile) -> tuple[int, bool, str]:
    return -len(PurePosixPath(file.folder).parts), not PurePosixPath(file.name).name.lower().startswith("labels"), file.name


def _stored(files: Iterable[LabelFile], unreadable: list[int]) -> Iterator[pa.Table]:
    """Yield the rows of all files, numbered; files that are no labels and were not asked for are said and noted."""
    n_rows = 0
    for rank, file in enumerate(files):
        try:
            for rows in read_labels(file):
                ids = pa.array(range(n_rows, n_rows + rows.num_rows), pa.int64())
                ranks = pa.repeat(pa.scalar(rank, pa.int32()), rows.num_rows)
                n_rows += rows.num_rows
                yield pa.table([ids, ranks, *_cleaned(rows).columns], schema=_STORED)
        except DataError as error:
            if file.is_given:
                raise
            unreadable.append(rank)
            logger.warning("Not used as labels: %s", error)


def _cleaned(rows: pa.Table) -> pa.Table:
    """Write the names of files as we do."""
    names = pc.replace_substring_regex(pc.replace_substring(rows["file"], "\\", "/"), r"^(\./+|/+)+", "")
    return rows.set_column(rows.schema.get_field_index("file"), "file", names)


def _match(database: ScratchDatabase, files: Sequence[LabelFile], unreadable: Sequence[int]) -> None:
    """Make the table `matched`: which label belongs to which piece."""
    ranks = [rank for rank in range(len(files)) if rank not in set(unreadable)]
    sources = pa.table({"rank": pa.array(ranks, pa.int32()), "folder": pa.array([files[r].folder for r in ranks], pa.string())})
    database.load("source", [sources], sources.schema)
    # The same file may be named in several rows, as a score is that has several performances: the first counts.
    database.run(
        f"""
        CREATE TABLE label AS
        SELECT min(id) AS id, rank, file AS name, {_STEM.format(name="file")} AS stem
        FROM raw WHERE rank IN (SELECT rank FROM source) GROUP BY rank, file
        """  # noqa: S608
    )
    # A piece meets the sources of all folders above it, and its name is told from there.
    database.run(
        f"""
        CREATE TABLE met AS
        SELECT n, rank, name, {_STEM.format(name="name")} AS stem FROM (
            SELECT n, rank, if(folder = '', path, substr(path, length(folder) + 2)) AS name
            FROM (SELECT n, path, array_to_string(parts[:depth], '/') AS folder FROM (
                SELECT n, path, string_split(path, '/') AS parts, unnest(range(len(string_split(path, '/')))) AS depth FROM piece
            )) JOIN source USING (folder)
        )
        """  # noqa: S608
    )
    database.run("CREATE TABLE matched (id BIGINT, n BIGINT, rank INTEGER)")
    for step in _STEPS:
        if not database.count("SELECT count(*) FROM label ANTI JOIN matched USING (id)"):
            return
        if not database.count("SELECT count(*) FROM met ANTI JOIN matched USING (n, rank)"):
            return
        database.run(
            f"""
            INSERT INTO matched SELECT id, n, rank
            FROM (SELECT rank, {step} AS shared, min(id) AS id FROM label GROUP BY rank, shared HAVING count(*) = 1) named
            JOIN (SELECT rank, {step} AS shared, min(n) AS n FROM met GROUP BY rank, shared HAVING count(*) = 1) found
                USING (rank, shared)
            ANTI JOIN (SELECT id FROM matched) used USING (id)
            ANTI JOIN (SELECT n, rank FROM matched) done USING (n, rank)
            WHERE shared <> ''
            """  # noqa: S608
        )


def _merged(pattern: PathPattern | None) -> str:
    """Return the query that puts together what the sources say of each piece, one row a piece that has a label."""
    firsts = ", ".join(f"arg_min({field}, rank) FILTER ({field} <> '') AS {field}" for field in FIELDS)
    known = f"SELECT n, {firsts} FROM matched JOIN raw USING (id, rank) GROUP BY n"  # noqa: S608
    if not pattern:
        return f"SELECT path, {_fields('coalesce({field}, {empty})')} FROM piece JOIN ({known}) USING (n)"  # noqa: S608
    stem = r"regexp_replace(path, '(?i)\.(mid|midi|kar|rmi)$', '')"
    names = ", ".join(f"'{field}'" for field in pattern.fields)
    taken = f"regexp_extract({stem}, '{pattern.expression.replace(_QUOTE, _QUOTE * 2)}', [{names}])"
    either = ", ".join(
        f"coalesce({field}, {_spaced(field) if field in pattern.fields else repr('')}) AS {field}" for field in FIELDS
    )
    return f"""
        SELECT path, {either} FROM (SELECT n, path, {taken} AS taken FROM piece) LEFT JOIN ({known}) known USING (n)
        WHERE known.n IS NOT NULL OR taken['{pattern.fields[0]}'] <> ''
    """  # noqa: S608


def _spaced(field: str) -> str:
    value = f"taken['{field}']"
    return f"if(contains({value}, ' '), {value}, replace({value}, '_', ' '))"


def _fields(template: str) -> str:
    return ", ".join(template.format(field=field, empty="''") + f" AS {field}" for field in FIELDS)


_FINAL: Final = f"""
    SELECT path, collection, title, composer, genre_of.given AS genre, key_of.given AS key,
        if(mode = '', split_part(key_of.given, ' ', 2), mode) AS mode, meter,
        {", ".join(FIELDS[FIELDS.index("source") : -1])},
        try_cast(audio_score AS DOUBLE) AS audio_score, labelled.genre AS genre_label
    FROM labelled JOIN genre_of USING (genre) JOIN key_of USING (key, mode) ORDER BY path
"""  # noqa: S608


#: Rows of each file that name a piece, also those that are not the first to name it.
_USED: Final = """
    SELECT rank, count(DISTINCT label) FROM raw
    SEMI JOIN (SELECT rank, name AS file FROM label SEMI JOIN matched USING (id)) USING (rank, file) GROUP BY rank
"""


def _log(database: ScratchDatabase, files: Sequence[LabelFile]) -> None:
    """Say what has a label and what has not, of the pieces and of the rows of each file, in one line; and foreign genres."""
    n_pieces, n_labelled = (database.count(f"SELECT count(*) FROM {name}") for name in ("piece", "labelled"))  # noqa: S608
    rows = dict(database.run("SELECT rank, count(DISTINCT label) FROM raw GROUP BY rank"))
    used = dict(database.run(_USED))
    shown = [f"{file.name} {used.get(rank, 0)} of {rows.get(rank, 0)}" for rank, file in enumerate(files[:_SHOWN])]
    shown += [f"{len(files) - _SHOWN} more files"] if len(files) > _SHOWN else []
    logger.info(
        "Labels: %d pieces have one, %d have none; %d rows belong to no piece%s.",
        n_labelled,
        n_pieces - n_labelled,
        sum(rows.values()) - sum(used.values()),
        f" (used are {', '.join(shown)})" if shown else "",
    )
    others = database.run(
        f"""
        SELECT genre, count(*) FROM labelled JOIN genre_of USING (genre) WHERE genre <> '' AND given = ''
        GROUP BY genre ORDER BY 2 DESC, 1 LIMIT {_SHOWN}
        """  # noqa: S608
    )
    if others:
        named = ", ".join(f"{genre} {count}" for genre, count in others)
        logger.info("Genres that scogen does not have, kept as `genre_label`: %s.", named)
