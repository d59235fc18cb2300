"""The describe pipeline with the project's own configuration."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.cli.utils import _split_params
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from scogen_pipeline.collection.label_table import DescribeSettings
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.midi.batch_tables import read_batch
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.pipelines.describe import create_pipeline

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture
def tables(tmp_path, small_midi) -> TableFolder:
    """Two pieces, one of which a sidecar speaks of."""
    folder = TableFolder(str(tmp_path / "tables"))
    data = {"Bach/Air.mid": small_midi(title="Own"), "Bach/Badinerie.mid": small_midi(first_pitch=50, title="Own")}
    batch = [MidiFile(path, "", len(each), lambda each=each: each) for path, each in data.items()]
    folder.write("part", read_batch(batch), {})
    sidecar = tmp_path / "labels.parquet"
    pd.DataFrame({"path": ["Bach/Air.mid"], "genre": ["air"], "title": ["Air"]}).to_parquet(sidecar)
    folder.keep_sidecar("0.parquet", lambda: sidecar.open("rb"))
    folder.commit(Manifest(("part",), {"labels.parquet": "0.parquet"}, "made"))
    return folder


def run(tables: TableFolder, data_dir: Path, params: str = "") -> pd.DataFrame:
    """Run the pipeline as `kedro run --params` does, and return the facts by path."""
    typed = _split_params(None, None, params) if params else {}
    loader = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base", runtime_params=typed)
    loader["globals"] = {"data_dir": str(data_dir)}
    loader.config_patterns["catalog"] = ["catalog_describe.yml"]
    loader.config_patterns["parameters"] = ["parameters_describe.yml"]
    catalog = DataCatalog.from_config(loader["catalog"])
    catalog["midi_tables"] = MemoryDataset(tables, copy_mode="assign")
    settings: dict[str, Any] = {name: loader["parameters"]["describe"][name] for name in DescribeSettings.__dataclass_fields__}
    catalog["params:describe"] = MemoryDataset(DescribeSettings(**settings))
    SequentialRunner().run(create_pipeline(), catalog)
    facts: pd.DataFrame = catalog["piece_facts"].load().read_pandas()
    return facts.set_index("path")


def test_sidecars_are_used_without_being_asked_for(tables, tmp_path):
    facts = run(tables, tmp_path)
    assert facts.loc["Bach/Air.mid", ["genre", "title", "composer"]].tolist() == ["air", "Air", ""]
    assert facts.loc["Bach/Badinerie.mid", ["genre", "title"]].tolist() == ["", "Own"]
    labels = pd.read_parquet(tmp_path / "02_intermediate" / "piece_labels.parquet")
    assert labels.path.tolist() == ["Bach/Air.mid"]


def test_a_file_and_a_pattern_may_be_typed(tables, tmp_path, caplog):
    file = tmp_path / "mine.csv"
    file.write_text("which,title,licence\nBadinerie,Named,CC0\nnobody,x,y\n")
    with caplog.at_level(logging.INFO, "scogen_pipeline"):
        facts = run(tables, tmp_path, f"labels={file},labels_key=which,label_pattern=./{{composer}}/{{title}}")
    assert facts.loc["Bach/Air.mid", ["composer", "title", "licence"]].tolist() == ["Bach", "Air", ""]
    assert facts.loc["Bach/Badinerie.mid", ["composer", "title", "licence"]].tolist() == ["Bach", "Named", "CC0"]
    assert "2 pieces have one, 0 have none; 1 rows belong to no piece" in caplog.text


@pytest.mark.parametrize("typed", ["./{composer}/{title}", "/{composer}/*", "'{composer}/{title}'", "./**/{title}"])
def test_a_pattern_survives_the_command_line(typed):
    params = _split_params(None, None, f"label_pattern={typed}")
    assert DescribeSettings(**params).pattern


def test_a_second_run_writes_the_same_bytes(tables, tmp_path):
    written = []
    for _ in range(2):
        run(tables, tmp_path, "label_pattern=./*/{title}")
        written.append([path.read_bytes() for path in sorted((tmp_path / "02_intermediate").iterdir())])
    assert written[0] == written[1]
    assert len(written[0]) == 2
