import fsspec
import pytest
from kedro.io import DataCatalog, DatasetError

from scogen_pipeline.datasets.midi_source import MidiSourceDataset


def load(path, **options):
    return MidiSourceDataset(path=str(path), **options).load()


def test_the_source_is_loaded_and_its_files_are_not_read(tmp_path, monkeypatch):
    (tmp_path / "a.MID").write_bytes(b"x")
    assert [(file.path, file.load()) for file in load(tmp_path).files()] == [("a.MID", b"x")]


def test_a_folder_that_is_absent_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(DatasetError, match=r"(?s)`midi_dir`.*nowhere.*exists.*--params midi_dir="):
        load(tmp_path / "nowhere")


def test_an_empty_folder_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "metadata.json").write_bytes(b"{}")
    with pytest.raises(DatasetError, match="must hold MIDI files"):
        load(tmp_path)


def test_a_missing_driver_is_an_error_that_says_what_to_install(monkeypatch):
    def refuse(*_, **__):
        raise ImportError("Please install gcsfs to access Google Storage")

    monkeypatch.setattr(fsspec.core, "url_to_fs", refuse)
    with pytest.raises(DatasetError, match="pip install gcsfs"):
        load("gs://bucket/raw")


def test_credentials_of_the_catalog_reach_the_server(monkeypatch):
    entry = {"type": "scogen_pipeline.datasets.midi_source.MidiSourceDataset", "path": "memory://raw", "credentials": "store"}
    catalog = DataCatalog.from_config({"midi_source": entry}, {"store": {"key": "k"}})
    fsspec.filesystem("memory").pipe("/raw/a.mid", b"x")
    source = catalog["midi_source"].load()
    assert (source.address, dict(source.storage_options)) == ("memory://raw", {"key": "k"})
    fsspec.filesystem("memory").store.clear()


def test_it_exists_where_there_is_something(tmp_path):
    assert not MidiSourceDataset(path=str(tmp_path)).exists()
    assert not MidiSourceDataset(path=str(tmp_path / "nowhere")).exists()
    (tmp_path / "a.mid").write_bytes(b"x")
    assert MidiSourceDataset(path=str(tmp_path)).exists()


def test_the_source_is_read_only(tmp_path):
    with pytest.raises(DatasetError, match="read only"):
        MidiSourceDataset(path=str(tmp_path)).save({"a.mid": b""})
