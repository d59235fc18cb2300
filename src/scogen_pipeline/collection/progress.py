"""How far the workers are, told by the receipts that appear: they may be processes, or on other machines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tqdm import tqdm

from scogen_pipeline.collection.table_folder import TableFolder

_SECONDS: Final = 2.0


@contextmanager
def reading_progress(tables: TableFolder) -> Iterator[None]:
    """Show the number of files read, until the block ends; nothing where there is no terminal."""
    done, seen = threading.Event(), tables.finished()
    with tqdm(desc="Reading MIDI", unit="file", disable=None) as bar:

        def watch() -> None:
            known = seen
            while not done.wait(_SECONDS):
                now = tables.finished()
                bar.update(sum(receipt["n_files"] for _, receipt in tables.receipts_of(sorted(now - known))))
                known = now

        if bar.disable:
            yield
            return
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
