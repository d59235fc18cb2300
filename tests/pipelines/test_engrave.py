from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.notation.page import PageSettings
from scogen_pipeline.pipelines.engrave import create_pipeline

CONF = Path(__file__).parents[2] / "conf"


def scale(n_bars: int) -> Piece:
    notes = tuple(Note(24 * beat, 0, 60 + beat % 8, 24) for beat in range(4 * n_bars))
    return Piece(parts_for((find_instrument("violin"),)), notes, (Meter.parse("4/4"),) * n_bars, Key.parse("C"), title="Scale")


@pytest.fixture
def engraved(tmp_path: Path) -> Callable[..., Path]:
    def engrave(**pieces: Piece) -> Path:
        config = OmegaConfigLoader(
            str(CONF), base_env="base", default_run_env="base", runtime_params={"output_dir": str(tmp_path / "out")}
        )
        entries = {name: entry for name, entry in config["catalog"].items() if name in create_pipeline().all_outputs()}
        catalog = DataCatalog.from_config(entries)
        catalog["composed_pieces"] = MemoryDataset(pieces, copy_mode="assign")
        catalog["params:page"] = MemoryDataset(PageSettings(dpi=60), copy_mode="assign")
        SequentialRunner().run(create_pipeline(), catalog)
        return tmp_path / "out"

    return engrave


def test_a_piece_becomes_a_file_of_each_format(engraved: Callable[..., Path]) -> None:
    folder = engraved(scale=scale(4))
    suffixes = {"mid", "mp3", "musicxml", "pdf", "png", "svg", "wav"}
    assert {file.name for file in folder.iterdir()} == {f"scale.{suffix}" for suffix in suffixes}
    starts = {"mid": b"MThd", "pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<svg", "wav": b"RIFF", "musicxml": b"<?xml"}
    for suffix, start in starts.items():
        assert (folder / f"scale.{suffix}").read_bytes().startswith(start)


def test_the_same_piece_gives_the_same_bytes_in_every_format(engraved: Callable[..., Path]) -> None:
    folder = engraved(first=scale(4))
    engraved(second=scale(4))
    for file in folder.glob("first.*"):
        assert file.read_bytes() == file.with_stem("second").read_bytes(), file.suffix


def test_each_format_has_its_own_node() -> None:
    pipeline = create_pipeline()
    assert {node.name for node in pipeline.nodes} >= {"write_musicxml", "lay_out_pages", "rasterise_pages", "write_pdf"}
    assert pipeline.inputs() == {"composed_pieces", "params:page"}


def test_the_page_parameters_are_read_from_the_configuration() -> None:
    config = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base", runtime_params={"paper": "Letter"})
    assert PageSettings(**config["parameters"]["page"]) == PageSettings(paper="Letter", dpi=300)
