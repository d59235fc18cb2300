"""Preloaded into a Dask worker: it stops in the middle of a part, says so, and waits to be killed.

The process id is written to the file that the variable SCOGEN_TEST_STOPPED names. A worker that finds the file there works on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scogen_pipeline.collection.table_folder import TableFolder

N_PARTS_BEFORE = 5


def dask_setup(worker: Any) -> None:
    """Replace the writing of parts in this process."""
    said, n_written = Path(os.environ["SCOGEN_TEST_STOPPED"]), 0
    write = TableFolder.write

    def stopping_write(folder: TableFolder, part: str, tables: Mapping[str, Any], receipt: Mapping[str, Any]) -> None:
        nonlocal n_written
        if n_written == N_PARTS_BEFORE and not said.exists():
            # What a writer leaves behind that is killed in the middle of a file.
            folder.filesystem.pipe_file(f"{folder.address}/pieces/.{part}.parquet.0.partial", b"PAR1")
            said.write_text(str(os.getpid()))
            while True:
                time.sleep(0.01)
        n_written += 1
        write(folder, part, tables, receipt)

    if not said.exists():
        TableFolder.write = stopping_write  # type: ignore[method-assign]
