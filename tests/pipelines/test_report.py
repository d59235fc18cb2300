"""The report pipeline as a slice, with the tables of a small collection."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.metrics.data_report.small_collection import PieceOf, small_collection

from scogen_pipeline.metrics.data_report.facts import ReportSettings
from scogen_pipeline.pipelines.report import create_pipeline


class KeptDataset(MemoryDataset):
    """Stays readable after the run."""

    def _release(self) -> None:
        pass


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Any]:
    tunes = small_collection(tmp_path, [PieceOf(f"{index}.mid") for index in range(5)], (("x.mid", "empty", ""),))
    inputs = {
        "midi_tables": tunes.tables,
        "piece_facts": tunes.facts.to_pandas(),
        "splits": tunes.splits,
        "split_report": {},
        "params:report": ReportSettings(report_title="Five tunes"),
    }
    pipeline = create_pipeline()
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in inputs.items()})
    for name in pipeline.all_outputs():
        catalog[name] = KeptDataset(copy_mode="assign")
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog[name].load() for name in pipeline.all_outputs()}


def test_the_report_is_a_page_with_the_title_that_was_asked_for(results: dict[str, Any]) -> None:
    assert results["data_report"].startswith("<!DOCTYPE html>")
    assert "Data report: <bdi>Five tunes</bdi>" in results["data_report"]


def test_numbers_are_finite_metrics_with_a_step(results: dict[str, Any]) -> None:
    numbers = results["report_numbers"]

    assert numbers["files"] == {"value": 6.0, "step": 0}
    assert numbers["pieces"] == {"value": 5.0, "step": 0}
    assert all(math.isfinite(item["value"]) for item in numbers.values())
