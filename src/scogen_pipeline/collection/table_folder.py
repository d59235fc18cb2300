"""The tables of a collection as a folder of Parquet parts, on this machine or anywhere that fsspec reaches.

A collection may have a million files and be read by many workers. So each table is a folder of parts, each part is written by
the worker that read it, and a part counts once its receipt is there. The *manifest* names the parts that make up the collection:
it is written last, and whoever reads the tables reads those parts and no others.

**Conventions**

- `<address>/<table>/<part>.parquet`, `<address>/receipts/<part>.json`, `<address>/sidecars/<name>`, `<address>/manifest.json`.
- Any file is there in full or not at all. Two workers that write the same part write the same bytes, whoever comes last.
- Rows are in the order of the files within a part, parts in the order of the source.

**References**: fsspec, https://filesystem-spec.readthedocs.io.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, Self

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from scogen_pipeline.collection.parquet import parquet_bytes
from scogen_pipeline.collection.whole_file import finish, unfinished, write_whole
from scogen_pipeline.errors import DataError

_MANIFEST: Final = "manifest.json"
_RECEIPTS: Final = "receipts"
_SIDECARS: Final = "sidecars"
_COPY_BYTES: Final = 2**20
#: Receipts are small and may be far away.
_READERS: Final = 16


@dataclass(frozen=True)
class Manifest:
    """What a collection consists of.

    Args:
        parts: Names of the parts, in the order of the source.
        sidecars: Path in the source -> name in the folder, of the files of labels that were found.
        source: Address that was read.
        n_files: Files that were found there.
    """

    parts: tuple[str, ...] = ()
    sidecars: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    n_files: int = 0


class TableFolder:
    """A folder of tables in parts; it can be sent to another process.

    Args:
        address: A local folder or any fsspec address.
        storage_options: What fsspec needs to reach it.
    """

    def __init__(self, address: str, storage_options: Mapping[str, Any] | None = None) -> None:
        self._options = dict(storage_options or {})
        self._fs, self._root = fsspec.core.url_to_fs(address, **self._options)
        self.address: str = self._root if self._is_local else self._fs.unstrip_protocol(self._root)
        self._manifest: Manifest | None = None

    def __reduce__(self) -> tuple[type[Self], tuple[str, dict[str, Any]]]:
        """Travel as an address."""
        return type(self), (self.address, self._options)

    @property
    def filesystem(self) -> fsspec.AbstractFileSystem:
        """The file system, for engines that open the files of `files` themselves."""
        return self._fs

    @property
    def _is_local(self) -> bool:
        return isinstance(self._fs, LocalFileSystem)

    # What has been committed.

    @property
    def is_committed(self) -> bool:
        """Whether there is a manifest."""
        return bool(self._fs.exists(self._path(_MANIFEST)))

    @property
    def manifest(self) -> Manifest:
        """The manifest.

        Raises:
            DataError: If nothing has been committed.
        """
        if self._manifest is None:
            self._manifest = self._read_manifest()
        return self._manifest

    def _read_manifest(self) -> Manifest:
        try:
            entry = json.loads(self._fs.cat_file(self._path(_MANIFEST)))
        except FileNotFoundError as error:
            raise DataError(
                f"`{self.address}` must hold finished tables, received none. Run the pipeline that makes them: "
                "kedro run --pipeline ingest."
            ) from error
        return Manifest(**entry | {"parts": tuple(entry["parts"])})

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the collection, in the order of the source."""
        return self.manifest.parts

    def files(self, table: str) -> list[str]:
        """Return the addresses of the Parquet files of a table."""
        return [f"{self.address}/{table}/{part}.parquet" for part in self.parts]

    def frame(self, table: str, columns: list[str] | None = None) -> pd.DataFrame:
        """Return all parts of a table as one data frame: for notebooks and small collections."""
        frame: pd.DataFrame = pa.concat_tables(self.read(table, part, columns) for part in self.parts).to_pandas()
        return frame.astype({name: str for name in ("piece_id",) if name in frame})

    def receipts(self) -> list[dict[str, Any]]:
        """Return what each part of the collection says of itself."""
        return [{"part": part, **receipt} for part, receipt in self.receipts_of(self.parts)]

    def sidecars(self) -> list[str]:
        """Return the paths, in the source, of the files of labels that were found."""
        return list(self.manifest.sidecars)

    def open_sidecar(self, path: str) -> BinaryIO:
        """Open a file of labels by its path in the source."""
        file: BinaryIO = self._fs.open(self._path(_SIDECARS, self.manifest.sidecars[path]), "rb")
        return file

    # Parts, committed or not.

    def read(self, table: str, part: str, columns: list[str] | None = None) -> pa.Table:
        """Read one part of a table; `piece_id` comes dictionary coded."""
        with self._fs.open(self._path(table, f"{part}.parquet"), "rb") as file:
            metadata = pq.read_metadata(file)
            coded = {"piece_id"}.intersection(metadata.schema.names)
            return pq.ParquetFile(file, metadata=metadata, read_dictionary=list(coded)).read(columns)

    def finished(self) -> frozenset[str]:
        """Return the names of the parts that are there in full."""
        folder = self._path(_RECEIPTS)
        if not self._fs.isdir(folder):
            return frozenset()
        self._fs.invalidate_cache(folder)
        names = (PurePosixPath(path).name for path in self._fs.ls(folder, detail=False))
        return frozenset(name.removesuffix(".json") for name in names if name.endswith(".json") and not name.startswith("."))

    def receipts_of(self, parts: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the receipts of some parts."""
        with ThreadPoolExecutor(1 if self._is_local else _READERS) as executor:
            yield from zip(parts, executor.map(self._receipt, parts), strict=True)

    def _receipt(self, part: str) -> dict[str, Any]:
        receipt: dict[str, Any] = json.loads(self._fs.cat_file(self._path(_RECEIPTS, f"{part}.json")))
        return receipt

    def write(self, part: str, tables: Mapping[str, pa.Table], receipt: Mapping[str, Any]) -> None:
        """Write some tables of a part, then its receipt."""
        for table, rows in tables.items():
            self._put(self._path(table, f"{part}.parquet"), parquet_bytes(rows))
        self._put(self._path(_RECEIPTS, f"{part}.json"), _json_bytes(receipt))

    def forget(self, part: str) -> None:
        """Declare a part unfinished."""
        self._fs.rm_file(self._path(_RECEIPTS, f"{part}.json"))

    def keep_sidecar(self, name: str, opened: Callable[[], BinaryIO]) -> None:
        """Copy a file of labels, unless it is there already."""
        path = self._path(_SIDECARS, name)
        if self._fs.exists(path):
            return
        partial = unfinished(self._fs, path)
        with opened() as source, self._fs.open(partial, "wb") as target:
            shutil.copyfileobj(source, target, _COPY_BYTES)
        finish(self._fs, partial, path)

    def commit(self, manifest: Manifest) -> None:
        """Write the manifest, then remove what it does not name."""
        self._manifest = None
        self._put(self._path(_MANIFEST), _json_bytes(asdict(manifest)))
        kept = {*manifest.parts, *manifest.sidecars.values()}
        for path in self._fs.find(self._root):
            name = PurePosixPath(path).name
            if path != self._path(_MANIFEST) and PurePosixPath(path).stem not in kept and name not in kept and name != ".lock":
                self._fs.rm_file(path)

    def _path(self, *names: str) -> str:
        return "/".join((self._root, *names))

    def _put(self, path: str, data: Any) -> None:
        write_whole(self._fs, path, data)


def _json_bytes(entry: Any) -> bytes:
    return json.dumps(entry, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
