import pyarrow as pa
import pytest
from kedro.io import DatasetError

from scogen_pipeline.datasets.midi_parts import MidiPartNamesDataset, MidiPartsDataset

TABLES = {"pieces": pa.table({"path": ["a.mid"]}), "notes": pa.table({"pitch": pa.array([60, 62], pa.uint8())})}


def test_parts_are_added_one_by_one_and_read_when_called(tmp_path):
    dataset = MidiPartsDataset(path=str(tmp_path / "parts"))
    dataset.save({"one": TABLES})
    dataset.save({"two": TABLES})
    parts = dataset.load()
    assert list(parts) == ["one", "two"]
    assert parts["two"]() == TABLES


def test_unfinished_parts_do_not_count_and_are_replaced(tmp_path):
    (tmp_path / ".one.partial").mkdir()
    (tmp_path / ".one.partial" / "notes.parquet").write_bytes(b"PAR1 cut")
    names = MidiPartNamesDataset(path=str(tmp_path))
    assert names.load() == frozenset()
    dataset = MidiPartsDataset(path=str(tmp_path))
    dataset.save({"one": TABLES})
    assert names.load() == {"one"}
    assert dataset.load()["one"]() == TABLES


def test_a_part_that_is_saved_twice_is_the_second(tmp_path):
    dataset = MidiPartsDataset(path=str(tmp_path))
    dataset.save({"one": TABLES})
    dataset.save({"one": {"pieces": TABLES["pieces"]}})
    assert list(dataset.load()["one"]()) == ["pieces"]


def test_no_folder_means_no_parts(tmp_path):
    assert MidiPartNamesDataset(path=str(tmp_path / "none")).load() == frozenset()
    assert MidiPartNamesDataset(path=str(tmp_path / "none")).exists()
    assert not MidiPartsDataset(path=str(tmp_path / "none")).exists()
    assert MidiPartsDataset(path=str(tmp_path / "none")).load() == {}


def test_names_cannot_be_saved(tmp_path):
    with pytest.raises(DatasetError, match="read only"):
        MidiPartNamesDataset(path=str(tmp_path)).save({})
