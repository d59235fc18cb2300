"""The notebooks run from top to bottom on the data of the smoke run, and are committed without results."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = sorted(file.name for file in FOLDER.glob("*.ipynb"))


def test_there_is_one_for_the_data_and_one_for_the_pages() -> None:
    assert NAMES == ["01_data.ipynb", "02_pages.ipynb"]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_holds_neither_results_nor_functions(name: str) -> None:
    for cell in nbformat.read(FOLDER / name, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            assert "def " not in cell.source
            assert "lambda" not in cell.source


@pytest.mark.xdist_group("kedro")
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs(name: str, smoke_run: subprocess.CompletedProcess[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert smoke_run.returncode == 0, smoke_run.stderr
    monkeypatch.setenv("KEDRO_ENV", "smoke")
    notebook = nbformat.read(FOLDER / name, as_version=4)
    NotebookClient(notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    kinds = {kind for cell in notebook.cells for output in cell.get("outputs", ()) for kind in output.get("data", ())}
    assert kinds >= ({"image/svg+xml", "image/png"} if "pages" in name else {"text/html", "image/png"})
