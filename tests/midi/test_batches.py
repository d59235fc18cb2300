from concurrent.futures import ThreadPoolExecutor

import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.midi.batches import Batch, IngestSettings, MidiFile, cut_batches, read_batch
from scogen_pipeline.midi.collecting import collect_tables
from scogen_pipeline.midi.rejects import counts_sentence


def files_of(data_by_path):
    return {path: MidiFile("stamp", lambda data=data: data) for path, data in data_by_path.items()}


def collected(data_by_path, mean_size=4, workers=1):
    with ThreadPoolExecutor(workers) as executor:
        return collect_tables(read_batch(batch, executor, workers) for batch in cut_batches(files_of(data_by_path), mean_size))


@pytest.fixture
def folder(small_midi):
    return {f"{index:02}.mid": small_midi(index, 4 + index) for index in range(30)} | {"07b.mid": b"no music"}


def test_batches_hold_every_file_once_in_order(folder):
    batches = cut_batches(files_of(folder), 4)
    assert [path for batch in batches for path, _ in batch.files] == sorted(folder)
    assert len(batches) > 3
    assert max(len(batch.files) for batch in batches) <= 16


def test_an_added_file_changes_one_batch(folder):
    before = {batch.name for batch in cut_batches(files_of(folder), 4)}
    after = {batch.name for batch in cut_batches(files_of(folder | {"00a.mid": b""}), 4)}
    assert len(before - after) == 1


def test_a_changed_stamp_changes_the_name_of_the_batch():
    old = cut_batches({"a.mid": MidiFile("1", bytes)}, 4)
    new = cut_batches({"a.mid": MidiFile("2", bytes)}, 4)
    assert old[0].name != new[0].name


@pytest.mark.parametrize(("mean_size", "workers"), [(1, 1), (3, 2), (64, 3)])
def test_the_tables_do_not_depend_on_batches_and_workers(folder, mean_size, workers):
    assert collected(folder, mean_size, workers) == collected(folder)


def test_every_file_is_a_piece_or_a_reject(folder):
    tables = collected(folder)
    assert tables["pieces"]["path"].to_pylist() + tables["rejects"]["path"].to_pylist() == [
        *sorted(set(folder) - {"07b.mid"}),
        "07b.mid",
    ]


@pytest.mark.parametrize("mean_size", [1, 64])
def test_later_files_of_the_same_bytes_are_rejects_that_name_the_first(small_midi, mean_size):
    same = small_midi()
    tables = collected({"d.mid": same, "b.mid": same, "a.mid": small_midi(61), "c.mid": same}, mean_size)
    assert tables["pieces"]["path"].to_pylist() == ["a.mid", "b.mid"]
    assert tables["notes"].num_rows == 16
    assert tables["rejects"].to_pylist() == [
        {"path": path, "reason": "duplicate", "detail": "the same bytes as b.mid"} for path in ("c.mid", "d.mid")
    ]


def test_a_file_that_cannot_be_opened_is_a_reject():
    def refuse():
        raise PermissionError(13, "Permission denied")

    with ThreadPoolExecutor(1) as executor:
        tables = read_batch(Batch("x", (("a.mid", MidiFile("", refuse)),)), executor, 1)
    assert tables["rejects"].to_pylist() == [{"path": "a.mid", "reason": "unopenable", "detail": "Permission denied"}]


def test_notes_are_in_the_order_of_the_paths(small_midi):
    tables = collected({"b.mid": small_midi(20), "a.mid": small_midi(90)})
    assert tables["notes"]["piece_id"].unique().to_pylist() == tables["pieces"]["piece_id"].to_pylist()
    assert tables["notes"]["pitch"][0].as_py() == 90


@pytest.mark.parametrize("bad", [{"workers": 0}, {"workers": True}, {"batch_files": 0}, {"batch_files": 1.5}, {"workers": 65}])
def test_settings_out_of_range_are_refused(bad):
    with pytest.raises(RequestError, match=next(iter(bad))):
        IngestSettings(**bad)


def test_a_run_without_rejects_says_so():
    assert counts_sentence(3, []) == "3 of 3 files read; 0 rejects"
