import pandas as pd

from scogen_pipeline.datasets.optional_table import OptionalTableDataset


def test_an_absent_table_has_its_columns_and_no_rows(tmp_path):
    dataset = OptionalTableDataset(filepath=str(tmp_path / "labels.parquet"), columns=["path", "genre"])
    assert not dataset.exists()
    assert dataset.load().to_dict("list") == {"path": [], "genre": []}


def test_an_absent_table_merges_with_a_table_of_paths(tmp_path):
    labels = OptionalTableDataset(filepath=str(tmp_path / "labels.parquet"), columns=["path", "genre"]).load()
    merged = pd.DataFrame({"path": ["a.mid"]}).merge(labels, on="path", how="left")
    assert merged["genre"].isna().tolist() == [True]


def test_a_table_comes_back(tmp_path):
    dataset = OptionalTableDataset(filepath=str(tmp_path / "new" / "labels.parquet"), columns=["path"])
    dataset.save(pd.DataFrame({"path": ["a.mid"], "genre": ["reel"]}))
    assert dataset.exists()
    assert dataset.load().to_dict("list") == {"path": ["a.mid"], "genre": ["reel"]}
