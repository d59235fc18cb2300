"""Count a collection from its Parquet tables, by DuckDB.

A million pieces have thousands of millions of notes; so nothing is loaded: DuckDB streams the files, keeps to its share of memory
and goes to the disk beyond it. One row a piece is kept, in a temporary file.

**Conventions.** Quantities of a piece: `seconds`, `notes`, `notes_a_second`, `semitones` (highest minus lowest pitch, drums left
out), `measures` and `tempo_qpm` (scores only). A file without a time signature is in 4/4, as the MIDI standard has it.

**References**: DuckDB, https://duckdb.org.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import pandas as pd
import pyarrow as pa

from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.data_report.facts import (
    SPLITS,
    Amount,
    Cluster,
    Collection,
    KeyCount,
    PieceLine,
    Program,
    Rejected,
    ReportSettings,
    SplitSizes,
    Spread,
    Tally,
)
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.music.general_midi import program_name
from scogen_pipeline.music.key import Key

if TYPE_CHECKING:
    from scogen_pipeline.collection.scratch_database import ScratchDatabase

#: A data frame, an Arrow table, a stream of Arrow batches, or the address of a Parquet file.
Rows: TypeAlias = "pd.DataFrame | Any | str"

_PIANO_TOP_SEMITONES: Final = 88
_EDGES: Final[Mapping[str, tuple[float, ...]]] = {
    "seconds": (0, 5, 10, 20, 30, 60, 120, 180, 300, 600, 1_200, 1_800, 3_600, math.inf),
    "notes": (0, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, math.inf),
    "measures": (0, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 512, math.inf),
    "notes_a_second": (*range(21), math.inf),
    "semitones": (*range(0, _PIANO_TOP_SEMITONES + 1, 4), math.inf),
    "tempo_qpm": (0, *range(30, 241, 10), math.inf),
}
_SCORES: Final = "time_base = 'score'"
_SCORES_ONLY: Final = frozenset({"measures", "tempo_qpm"})
_CLUSTER_SIZES: Final = (("1", 1, 1), ("2", 2, 2), ("3", 3, 3), ("4 to 5", 4, 5), ("6 to 10", 6, 10), ("over 10", 11, 2**31))
_TRACK_NUMBERS: Final = (("1", 1, 1), ("2", 2, 2), ("3", 3, 3), ("4", 4, 4), ("5 to 8", 5, 8), ("over 8", 9, 2**31))


_VIEWED: Final = ("pieces", "tracks", "notes", "tempos", "time_signatures", "key_signatures", "pedals", "rejects")
#: Parts that are looked at together: more would need more memory, fewer would leave threads idle.
_PARTS_AT_ONCE: Final = 32
_NO_SPLITS: Final = pa.schema([(name, pa.string()) for name in ("piece_id", "cluster", "split")]).empty_table()


class Tables(Protocol):
    """What is needed of `collection.table_folder.TableFolder`."""

    @property
    def filesystem(self) -> Any:
        """The fsspec file system of the addresses."""

    @property
    def manifest(self) -> Any:
        """What the folder consists of; `source` is the address that was read."""

    def files(self, table: str) -> list[str]:
        """Return the addresses of the Parquet files of a table."""

    def sidecars(self) -> list[str]:
        """Return the paths of the files of labels."""

    def receipts(self) -> list[dict[str, Any]]:
        """Return what each part says of itself; `n_files` is how many files it was made of."""


def count_collection(
    tables: Tables,
    piece_facts: Rows,
    splits: Rows | None = None,
    split_report: Mapping[str, Any] | None = None,
    settings: ReportSettings | None = None,
) -> Collection:
    """Count everything that the report tells.

    Args:
        tables: Folder of the tables of `midi.notes`.
        piece_facts: A row a piece: piece_id, path, time_base, title, composer, genre, licence, collection, copyright, key,
            fifths, tempo_qpm, meter, seconds, n_notes, n_tracks.
        splits: A row a piece: piece_id, cluster, split. None or without rows if the collection has not been split.
        split_report: `leaked_share` and `leaked_random_share`, if they are known.
        settings: How many names and examples; how much memory.
    """
    settings = settings or ReportSettings()
    from scogen_pipeline.collection.scratch_database import scratch_database  # noqa: PLC0415 - DuckDB is slow to import

    with scratch_database(settings.workers, settings.memory_mb, tables.filesystem) as database:
        counter = _Counter(database, tables, settings)
        counter.lay_out(piece_facts, splits)
        return counter.collection(split_report or {})


class _Counter:
    """One row a piece in a scratch database, and views of the Parquet files."""

    def __init__(self, database: ScratchDatabase, tables: Tables, settings: ReportSettings) -> None:
        self._database = database
        self._tables = tables
        self._settings = settings
        self._has_drums = self._has_splits = False

    def _rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        return self._database.run(query, values)

    def _row(self, query: str) -> tuple[Any, ...]:
        return self._rows(query)[0]

    # The tables.

    def lay_out(self, piece_facts: Rows, splits: Rows | None) -> None:
        """Make a view of each table that is asked, and the row of each piece."""
        self._keep("fact", piece_facts)
        self._keep("divided", _NO_SPLITS if splits is None else splits)
        self._has_splits = bool(self._row("select count(*) from divided")[0])
        for name, schema in SCHEMA_BY_TABLE.items():
            self._keep(f"no_{name}", schema.empty_table())
        self._describe_pieces({name: self._tables.files(name) for name in _VIEWED})
        self._rows(_PIECE)
        self._rows(_CLUSTER_SIZE)

    def _describe_pieces(self, files: Mapping[str, Sequence[str]]) -> None:
        """Work out what is known of each piece from its rows, which are all in one part; then view all parts together."""
        n_parts = len(files["notes"])
        for start in [0, *range(_PARTS_AT_ONCE, n_parts, _PARTS_AT_ONCE)]:
            for name in _VIEWED:
                self._view(name, files[name][start : start + _PARTS_AT_ONCE])
            for table, query in (
                ("sounding", self._sounding()),
                ("measured", _MEASURED),
                ("event", _EVENT),
                ("written", _WRITTEN),
            ):
                self._rows(f"{f'insert into {table}' if start else f'create temp table {table} as'} {query}")
        for name in _VIEWED:
            self._view(name, files[name])
        self._has_drums = self._sounds_of_drums()

    def _sounding(self) -> str:
        return _SOUNDING.format(pitched=_PITCHED if self._sounds_of_drums() else "")

    def _sounds_of_drums(self) -> bool:
        return bool(self._row("select count(*) from tracks where is_drum")[0])

    def _view(self, name: str, files: Sequence[str]) -> None:
        """Name the rows of some files; of none, an empty table."""
        self._rows(f"create or replace temp view {name} as from {_parquet(files) if files else f'no_{name}'}")

    def _keep(self, name: str, rows: Rows) -> None:
        """Make a table of rows that perhaps can be read only once."""
        if isinstance(rows, str):
            self._rows(f"create temp table {name} as from {_parquet([rows])}")
            return
        self._database.register("given", pa.Table.from_pandas(rows) if isinstance(rows, pd.DataFrame) else rows)
        self._rows(f"create temp table {name} as from given")

    # What they say.

    def collection(self, split_report: Mapping[str, Any]) -> Collection:
        """Ask everything."""
        pitches, velocities, n_drum_notes = self._notes()
        n_scores, n_performances, n_score_notes, n_performance_notes, score_seconds, performance_seconds, n_bytes = self._row(
            _TOTALS
        )
        n_zero, n_pedalled, n_even, *without, n_default_tempo, n_keyless = self._row(_ODDITIES)
        programs = self._rows(_PROGRAMS)
        n_clusters, n_clustered = self._row(_CLUSTERED)
        splits, split_totals = self._splits()
        return Collection(
            name=self._settings.report_title or _name_of(self._tables.manifest.source),
            n_files=sum(int(receipt["n_files"]) for receipt in self._tables.receipts()),
            n_scores=n_scores,
            n_performances=n_performances,
            n_notes=(n_score_notes, n_performance_notes),
            seconds=(score_seconds, performance_seconds),
            n_bytes=n_bytes,
            rejects=self._rejects(),
            composers=self._tally("composer"),
            genres=self._tally("genre"),
            collections=self._tally("collection"),
            licences=self._tally("licence"),
            copyrights=self._tally("copyright"),
            meters=self._tally("meter", _SCORES),
            tracks=self._tracks(),
            keys=self._keys(),
            n_keyless=n_keyless,
            n_without=dict(zip(("tempo", "meter", "key"), without, strict=True)),
            n_default_tempo=n_default_tempo,
            spreads={name: self._spread(name) for name in _EDGES},
            pitches=pitches,
            velocities=velocities,
            n_drum_notes=n_drum_notes,
            n_zero_notes=n_zero,
            n_pedalled=n_pedalled,
            n_even=n_even,
            programs=tuple(
                Program("Drums" if program < 0 else program_name(program), n_pieces, n_notes)
                for program, n_pieces, n_notes in programs[: self._settings.report_names]
            ),
            n_programs=len(programs),
            largest=self._pieces("desc"),
            smallest=self._pieces("asc"),
            has_splits=self._has_splits,
            clusters=self._clusters(),
            cluster_sizes=self._cluster_sizes(),
            n_clusters=n_clusters,
            n_clustered=n_clustered,
            splits=splits,
            split_totals=split_totals,
            leaked_share=_share(split_report, "leaked_share"),
            leaked_random_share=_share(split_report, "leaked_random_share"),
            sidecars=tuple(sorted(self._tables.sidecars())),
        )

    def _notes(self) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """Return how often each pitch and each velocity sounds, and how many notes are drums'."""
        counts = self._rows("select pitch, velocity, count(*) from notes group by all")
        drums = dict(self._rows(_DRUM_PITCHES)) if self._has_drums else {}
        pitches, velocities = [0] * 128, [0] * 128
        for pitch, velocity, n in counts:
            pitches[pitch] += n
            velocities[velocity] += n
        for pitch, n in drums.items():
            pitches[pitch] -= n
        return tuple(pitches), tuple(velocities), sum(drums.values())

    def _rejects(self) -> tuple[Rejected, ...]:
        rows = self._rows(_REJECTS, most=self._settings.report_examples)
        return tuple(
            Rejected(reason, n, tuple((each["path"], each["detail"] or "") for each in examples)) for reason, n, examples in rows
        )

    def _tally(self, column: str, scope: str = "true") -> Tally:
        """Count the pieces within a scope by a column of names."""
        ranked = _TALLY.format(column=column, scope=scope, most=self._settings.report_names)
        amounts, others, unnamed, n_names = [], Amount(""), Amount(""), 0
        for name, kind, n_scores, n_performances, n in self._rows(ranked):
            amount = Amount(name or "", n_scores, n_performances)
            if kind == "named":
                amounts.append(amount)
            elif kind == "others":
                others = amount
            else:
                unnamed = amount
            n_names += 0 if kind == "unnamed" else n
        return Tally(tuple(sorted(amounts, key=lambda amount: (-amount.n, amount.name))), n_names, others, unnamed)

    def _tracks(self) -> tuple[Amount, ...]:
        numbers = self._rows("select n_tracks, time_base, count(*) from piece group by all")
        return tuple(
            Amount(
                name,
                sum(n for tracks, base, n in numbers if low <= tracks <= high and base == "score"),
                sum(n for tracks, base, n in numbers if low <= tracks <= high and base != "score"),
            )
            for name, low, high in _TRACK_NUMBERS
        )

    def _keys(self) -> tuple[KeyCount, ...]:
        counts: Counter[tuple[Key, str]] = Counter()
        for label, fifths, mode, base, n in self._rows(_KEYS):
            key = _key_of(label, fifths, mode)
            if key:
                counts[key, base] += n
        return tuple(
            KeyCount(key.fifths, key.mode, counts[key, "score"], counts[key, "performance"])
            for key in sorted({key for key, _ in counts})
        )

    def _spread(self, name: str) -> Spread:
        edges = _EDGES[name]
        n_bins = len(edges) - 1
        cases = " ".join(f"when {name} < {edge:g} then {index}" for index, edge in enumerate(edges[1:-1]))
        scope = _SCORES if name in _SCORES_ONLY else "true"
        where = f"where {name} is not null and {scope}"
        counts = {"score": [0] * n_bins, "performance": [0] * n_bins}
        for base, index, n in self._rows(
            f"select time_base, case {cases} else {n_bins - 1} end, count(*) from piece {where} group by all"  # noqa: S608
        ):
            counts[base][index] += n
        (quartiles,) = self._row(f"select quantile_cont({name}::double, [0, 0.25, 0.5, 0.75, 1]) from piece {where}")  # noqa: S608
        return Spread(edges, tuple(counts["score"]), tuple(counts["performance"]), tuple(quartiles or ()))

    def _pieces(self, order: str) -> tuple[PieceLine, ...]:
        rows = self._rows(_EXTREMES.format(order=order), most=self._settings.report_examples)
        return tuple(PieceLine(*row) for row in rows)

    def _clusters(self) -> tuple[Cluster, ...]:
        rows = self._rows(_LARGEST_CLUSTERS, most=self._settings.report_examples)
        return tuple(Cluster(n, tuple(examples)) for n, examples in rows)

    def _cluster_sizes(self) -> tuple[tuple[str, int], ...]:
        sizes = self._rows("select size, sum(size)::bigint from cluster_size group by size")
        return tuple((name, sum(n for size, n in sizes if low <= size <= high)) for name, low, high in _CLUSTER_SIZES)

    def _splits(self) -> tuple[tuple[SplitSizes, ...], SplitSizes]:
        sizes: dict[str, list[int]] = {}
        totals = [0] * len(SPLITS)
        for genre, split, n in self._rows("select genre, split, count(*) from piece where split is not null group by all"):
            if split in SPLITS:
                sizes.setdefault(genre, [0] * len(SPLITS))[SPLITS.index(split)] += n
                totals[SPLITS.index(split)] += n
        lines = [SplitSizes(genre, tuple(numbers)) for genre, numbers in sizes.items()]
        lines.sort(key=lambda line: (not line.genre, -line.n, line.genre))
        most = self._settings.report_names
        return (*lines[:most], *_summed(lines[most:])), SplitSizes("", tuple(totals))


def _key_of(label: str, fifths: int | None, mode: str | None) -> Key | None:
    """Return the key that a label names, else that of the file."""
    try:
        return Key.parse(label) if label else Key(fifths, mode) if fifths is not None and mode else None  # type: ignore[arg-type]
    except RequestError:
        return None


def _parquet(files: Sequence[str]) -> str:
    """Return the table function that reads some files; a view takes no parameters."""
    quoted = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    return f"read_parquet([{quoted}], hive_partitioning = false)"


def _summed(lines: Sequence[SplitSizes]) -> Iterable[SplitSizes]:
    """Return one line for many, if there are any."""
    if lines:
        yield SplitSizes(f"{len(lines)} others", tuple(map(sum, zip(*(line.sizes for line in lines), strict=True))))


def _name_of(source: str) -> str:
    """Return what a source is called: the last name of its address.

    >>> _name_of("s3://bucket/aria-midi.tar.gz"), _name_of("/data/01_raw/"), _name_of("")
    ('aria-midi.tar.gz', '01_raw', '')
    """
    return PurePosixPath(source.replace("\\", "/")).name


def _share(report: Mapping[str, Any], name: str) -> float | None:
    value = report.get(name)
    return None if value is None or not math.isfinite(value) else float(value)


_PITCHED: Final = "anti join (select piece_id, track from tracks where is_drum) using (piece_id, track)"
_SOUNDING: Final = """
select
  piece_id, min(pitch) as low, max(pitch) as high, min(velocity) < max(velocity) as has_dynamics, count(*) as n,
  count(*) filter (duration_ticks = 0) as n_zero
from notes {pitched}
group by piece_id
"""
# Before the first time signature 4/4 holds; what begins at the same tick replaces it.
_MEASURED: Final = """
with score as (
  select p.piece_id, p.tpq, p.end_ticks from pieces p join fact f using (piece_id) where f.time_base = 'score'
), signature as (
  select piece_id, tick, numerator * 4.0 / denominator as quarters from time_signatures semi join score using (piece_id)
  union all select piece_id, -1, 4.0 from score
), stretch as (
  select piece_id, greatest(tick, 0) as tick, quarters,
    lead(tick) over (partition by piece_id order by tick, quarters) as next_tick
  from signature
)
select piece_id, ceil(
  sum(greatest(0, least(coalesce(next_tick, end_ticks), end_ticks) - tick) / (tpq * quarters)) - 1e-6
)::integer as measures
from stretch join score using (piece_id)
group by piece_id
"""
_EVENT: Final = """
select piece_id, bool_or(kind = 't') as has_tempo, bool_or(kind = 'm') as has_meter, bool_or(kind = 'k') as has_key,
  bool_or(kind = 'p') as has_pedal
from (
  select distinct piece_id, 't' as kind from tempos
  union all select distinct piece_id, 'm' from time_signatures
  union all select distinct piece_id, 'k' from key_signatures
  union all select distinct piece_id, 'p' from pedals where controller = 64
)
group by piece_id
"""
# Programs write major where they do not know; what is written is told, not judged.
_WRITTEN: Final = """
select piece_id, arg_min(k.mode, (k.tick, k.mode)) as mode from key_signatures k join fact f using (piece_id, fifths)
group by piece_id
"""
_PIECE: Final = """
create temp table piece as
select
  f.piece_id, f.path, if(f.time_base = 'score', 'score', 'performance') as time_base, f.n_tracks, f.seconds,
  f.n_notes as notes, f.n_notes / nullif(f.seconds, 0) as notes_a_second,
  coalesce(f.title, '') as title, coalesce(f.composer, '') as composer, coalesce(f.genre, '') as genre,
  coalesce(f.licence, '') as licence, coalesce(f.collection, '') as collection, coalesce(f.copyright, '') as copyright,
  coalesce(f.key, '') as key, f.fifths, w.mode, f.tempo_qpm, coalesce(f.meter, '') as meter,
  s.high::integer - s.low::integer as semitones, s.has_dynamics, s.n_zero, m.measures, p.n_bytes,
  coalesce(e.has_tempo, false) as has_tempo, coalesce(e.has_meter, false) as has_meter, coalesce(e.has_key, false) as has_key,
  coalesce(e.has_pedal, false) as has_pedal, d.cluster, d.split
from fact f
left join pieces p using (piece_id)
left join sounding s using (piece_id)
left join measured m using (piece_id)
left join event e using (piece_id)
left join written w using (piece_id)
left join divided d using (piece_id)
"""
_CLUSTER_SIZE: Final = """
create temp view cluster_size as
select cluster, count(*) as size from piece where cluster is not null group by cluster
"""
_TOTALS: Final = """
select
  count(*) filter (time_base = 'score'), count(*) filter (time_base <> 'score'),
  coalesce(sum(notes) filter (time_base = 'score'), 0)::bigint, coalesce(sum(notes) filter (time_base <> 'score'), 0)::bigint,
  coalesce(sum(seconds) filter (time_base = 'score'), 0.0)::double,
  coalesce(sum(seconds) filter (time_base <> 'score'), 0.0)::double,
  coalesce(sum(n_bytes), 0)::bigint
from piece
"""
_ODDITIES: Final = """
select
  coalesce(sum(n_zero), 0)::bigint, count(*) filter (has_pedal), count(*) filter (not has_dynamics),
  count(*) filter (time_base = 'score' and not has_tempo), count(*) filter (time_base = 'score' and not has_meter),
  count(*) filter (time_base = 'score' and not has_key),
  count(*) filter (time_base = 'score' and abs(tempo_qpm - 120) < 0.005),
  count(*) filter (time_base = 'score' and key = '' and fifths is null)
from piece
"""
_DRUM_PITCHES: Final = """
select pitch, count(*) from notes
semi join (select piece_id, track from tracks where is_drum) using (piece_id, track)
group by pitch
"""
_PROGRAMS: Final = """
select program, count(*), sum(n_notes)::bigint
from (
  select piece_id, if(is_drum, -1, program::integer) as program, sum(n_notes) as n_notes from tracks group by all
)
group by program order by count(*) desc, program
"""
_REJECTS: Final = """
select reason, count(*), min_by({'path': path, 'detail': detail}, path, $most)
from rejects group by reason order by count(*) desc, reason
"""
_TALLY: Final = """
with named as (
  select {column} as name, count(*) filter (time_base = 'score') as n_scores,
    count(*) filter (time_base <> 'score') as n_performances
  from piece where {scope} group by {column}
), ranked as (
  select *, row_number() over (order by name = '', n_scores + n_performances desc, name) as place from named
), sorted as (
  select *, case when name = '' then 'unnamed' when place <= {most} then 'named' else 'others' end as kind from ranked
)
select if(kind = 'others', '', name[:1000]), kind, sum(n_scores)::bigint, sum(n_performances)::bigint, count(*)
from sorted group by 1, 2
"""
_KEYS: Final = "select key, fifths::integer, mode, time_base, count(*) from piece group by all"
_EXTREMES: Final = """
select title, composer, path, notes, seconds, measures from piece order by notes {order}, path limit $most
"""
_CLUSTERED: Final = "select count(*), coalesce(sum(size), 0)::bigint from cluster_size where size > 1"
_LARGEST_CLUSTERS: Final = """
select size, min(path, 3) from piece
join (from cluster_size where size > 1 order by size desc, cluster limit $most) using (cluster)
group by cluster, size order by size desc, cluster
"""
