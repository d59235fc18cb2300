"""One file for each name of a mapping, in a folder that may hold other files too."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

logger = logging.getLogger(__name__)

Content = str | bytes
Files = Mapping[str, Content | Sequence[Content]]

PAGE = "-page-"


class FileFolderDataset(AbstractDataset[Files, dict[str, Any]]):
    """Saves a mapping of name to content as `<path>/<name><suffix>`, and logs where each file lies.

    A content that is a sequence of pages becomes `<name><suffix>` if there is one page, else `<name>-page-1<suffix>`,
    `<name>-page-2<suffix>` and so on. Each file is written beside its place and moved there, so that no reader sees half of it.
    Pages of an earlier, longer piece of the same name are removed; no other file is.

    In the run that saved, loading returns the mapping that was saved, read back from the files. In any other, it returns all
    files of the folder that end in `suffix`, pages joined again, so that a notebook can look at everything that was made.

    Example in a catalog:

    .. code-block:: yaml

        score_svg:
          type: scogen_pipeline.datasets.file_folder.FileFolderDataset
          path: data/07_model_output
          suffix: .svg
          pages: true

    Args:
        path: The folder; made when first needed.
        suffix: End of each file name, with its dot.
        text: Whether the content is text (UTF-8), or bytes.
        pages: Whether each content is a sequence of pages.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(
        self, *, path: str, suffix: str, text: bool = False, pages: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(path)
        self._suffix = suffix
        self._is_text = text
        self._has_pages = pages
        self._saved: dict[str, list[Path]] | None = None
        self.metadata = metadata

    def save(self, data: Files) -> None:
        """Write one file, or one a page, for each name."""
        for name in data:
            if not name or name != Path(name).name:
                raise DatasetError(f"A name must be a file name without a folder, received `{name}`.")
        self._path.mkdir(parents=True, exist_ok=True)
        saved = {}
        for name, content in data.items():
            pages = list(content) if self._has_pages else [content]
            saved[name] = [self._path / f"{name}{mark}{self._suffix}" for mark in _page_marks(len(pages))]
            for file, page in zip(saved[name], pages, strict=True):
                self._write(file, page)
            for old in set(self._files_by_name().get(name, ())) - set(saved[name]) if self._has_pages else ():
                old.unlink()
        self._saved = saved

    def load(self) -> dict[str, Any]:
        """Read the files back: those of this run, else all."""
        files = self._saved if self._saved is not None else self._files_by_name()
        contents = {name: tuple(map(self._read, group)) for name, group in files.items()}
        return contents if self._has_pages else {name: content[0] for name, content in contents.items()}

    def _files_by_name(self) -> dict[str, list[Path]]:
        """Group the folder's files by the name that they were saved under, pages in order."""
        groups: dict[str, list[tuple[int, Path]]] = {}
        for file in self._path.glob(f"*{self._suffix}"):
            stem = file.name.removesuffix(self._suffix)
            page = re.fullmatch(rf"(.+){PAGE}(\d+)", stem) if self._has_pages else None
            name, number = (page[1], int(page[2])) if page else (stem, 0)
            groups.setdefault(name, []).append((number, file))
        return {name: [file for _, file in sorted(groups[name])] for name in sorted(groups)}

    def _read(self, file: Path) -> Content:
        return file.read_text(encoding="utf-8") if self._is_text else file.read_bytes()

    def _write(self, file: Path, content: Any) -> None:
        data = content.encode() if self._is_text else content
        handle, temporary = tempfile.mkstemp(dir=self._path, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            # mkstemp makes files that only their owner reads.
            os.chmod(temporary, 0o644)
            os.replace(temporary, file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        logger.info("Wrote %s", _short(file))

    def _exists(self) -> bool:
        return bool(self._files_by_name())

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "suffix": self._suffix}


def _page_marks(n_pages: int) -> list[str]:
    return [""] if n_pages == 1 else [f"{PAGE}{number}" for number in range(1, n_pages + 1)]


def _short(file: Path) -> str:
    """Return the path as a person would type it from here."""
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)
