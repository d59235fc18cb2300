import gzip

import fsspec
import pytest
from kedro.io import DatasetError

from scogen_pipeline.collection.label_files import read_labels
from scogen_pipeline.datasets.label_file import LabelFileDataset

TEXT = b"path,title\na.mid,T\n"


def test_without_an_address_there_is_no_file():
    assert LabelFileDataset().load() == ()
    assert not LabelFileDataset().exists()


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_is_read_from_any_address(tmp_path, compressed):
    name = "labels.csv.gz" if compressed else "labels.csv"
    (tmp_path / name).write_bytes(gzip.compress(TEXT) if compressed else TEXT)
    with fsspec.open(f"memory://{tmp_path.name}/{name}", "wb") as file:
        file.write((tmp_path / name).read_bytes())
    for address in (str(tmp_path / name), f"memory://{tmp_path.name}/{name}"):
        (file,) = LabelFileDataset(address=address).load()
        assert file.is_given
        assert [row["title"] for table in read_labels(file) for row in table.to_pylist()] == ["T"]


def test_a_file_that_is_not_there_is_said_at_once(tmp_path):
    with pytest.raises(DatasetError, match=r"`labels` must be a file that exists, received `.*none\.csv`"):
        LabelFileDataset(address=str(tmp_path / "none.csv")).load()


def test_the_users_labels_are_never_written(tmp_path):
    with pytest.raises(DatasetError, match="read only"):
        LabelFileDataset(address=str(tmp_path / "labels.csv")).save(1)
