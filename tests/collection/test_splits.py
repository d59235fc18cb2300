"""The split follows the clusters, keeps its shares, and moves nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pytest

from scogen_pipeline.collection.clusters import cluster
from scogen_pipeline.collection.near_duplicates import NearDuplicates
from scogen_pipeline.collection.splits import SplitShares, deal_splits, report_splits, splits_sentence
from scogen_pipeline.errors import RequestError

SHARES = SplitShares(0.2, 0.2)
NOBODY = pd.DataFrame({"piece_id": [], "split": []}, dtype=str)


def collection(names: Iterable[str], pairs: Iterable[tuple[str, str]] = (), long: Iterable[str] = ()) -> NearDuplicates:
    ids = sorted(names)
    edges = np.array(sorted(sorted((ids.index(one), ids.index(other))) for one, other in pairs), int).reshape(-1, 2)
    n_grams = np.array([1000 if name in set(long) else 100 for name in ids])
    return NearDuplicates(np.array([name.encode() for name in ids]), n_grams, edges[:, 0], edges[:, 1], np.ones(len(edges)))


def dealt(found: NearDuplicates, former: Mapping[str, str] | pd.DataFrame = NOBODY, shares: SplitShares = SHARES) -> pd.DataFrame:
    known = (
        former if isinstance(former, pd.DataFrame) else pd.DataFrame({"piece_id": list(former), "split": list(former.values())})
    )
    return deal_splits(found, cluster(found), known, shares)


def sides(found: NearDuplicates, former: Mapping[str, str] | pd.DataFrame = NOBODY) -> dict[str, str]:
    table = dealt(found, former)
    return dict(zip(table["piece_id"], table["split"], strict=True))


def leaks(found: NearDuplicates, split_by_piece: Mapping[str, str]) -> list[tuple[str, str]]:
    names = [name.decode() for name in found.piece_ids]
    pairs = [(names[one], names[other]) for one, other in zip(found.left, found.right, strict=True)]
    return [pair for pair in pairs if len({split_by_piece[name] for name in pair} - {"quarantine"}) > 1]


def random_collection(seed: int, n: int = 200, n_pairs: int = 160) -> NearDuplicates:
    chance = np.random.default_rng(seed)
    names = [f"{number:04x}" for number in chance.permutation(2**16)[:n]]
    pairs = {(names[one], names[other]) for one, other in chance.integers(n, size=(n_pairs, 2)).tolist() if one != other}
    return collection(names, pairs, long=names[::10])


def some_of(found: NearDuplicates, names: set[str]) -> NearDuplicates:
    ids = [name.decode() for name in found.piece_ids]
    pairs = [(ids[one], ids[other]) for one, other in zip(found.left, found.right, strict=True)]
    lengths = dict(zip(ids, found.n_grams, strict=True))
    return collection(names, [pair for pair in pairs if set(pair) <= names], [name for name in names if lengths[name] > 100])


def test_a_row_a_piece_sorted_with_the_name_of_its_cluster() -> None:
    table = dealt(collection(["c", "a", "b", "d"], [("c", "b"), ("d", "c")]))
    assert table["piece_id"].tolist() == ["a", "b", "c", "d"]
    assert table["cluster"].tolist() == ["a", "b", "b", "b"]
    assert table["n_in_cluster"].tolist() == [1, 3, 3, 3]
    assert len(set(table["split"][1:])) == 1


def test_shares_are_kept() -> None:
    table = dealt(collection([f"{number:04}" for number in range(4000)]), shares=SplitShares(0.1, 0.2))
    counts = table["split"].value_counts(normalize=True)
    assert counts["valid"] == pytest.approx(0.1, abs=0.02)
    assert counts["test"] == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("seed", range(20))
def test_no_pair_is_on_two_sides(seed: int) -> None:
    found = random_collection(seed)
    assert leaks(found, sides(found)) == []


@pytest.mark.parametrize("seed", range(20))
def test_added_files_move_nobody_and_leak_nothing(seed: int) -> None:
    found = random_collection(seed)
    names = [name.decode() for name in found.piece_ids]
    chance = np.random.default_rng(seed)
    known: set[str] = set()
    former: dict[str, str] = {}
    for _ in range(4):
        known |= set(chance.choice(names, 60).tolist())
        now = sides(some_of(found, known), former)
        assert leaks(found, {name: now.get(name, "quarantine") for name in names}) == []
        assert all(now[name] == side for name, side in former.items() if side != "quarantine")
        former = now


def test_running_again_changes_nothing() -> None:
    found = random_collection(1)
    once = dealt(found)
    pd.testing.assert_frame_equal(dealt(found, once), once)


def test_new_pieces_join_the_side_of_old_ones_even_through_other_new_ones() -> None:
    for side in ("train", "valid", "test"):
        found = collection("abcd", [("b", "c"), ("a", "b")])
        assert sides(found, {"c": side}) == sides(found, {"c": side}) | {"a": side, "b": side, "c": side}


def test_a_new_piece_between_two_sides_is_quarantined_and_nobody_else() -> None:
    found = collection(["new", "old1", "old2", "too"], [("new", "old1"), ("new", "old2"), ("too", "old1")])
    expected = {"old1": "train", "old2": "test", "new": "quarantine", "too": "train"}
    assert sides(found, {"old1": "train", "old2": "test"}) == expected
    assert sides(found, expected) == expected


def test_a_chain_of_new_pieces_between_two_sides_is_quarantined() -> None:
    found = collection(["new1", "new2", "old1", "old2"], [("new1", "old1"), ("new1", "new2"), ("new2", "old2")])
    assert sides(found, {"old1": "train", "old2": "test"}) == {
        "old1": "train", "old2": "test", "new1": "quarantine", "new2": "quarantine"
    }  # fmt: skip


def opus(former: Mapping[str, str]) -> str:
    found = collection(["a1", "a2", "b1", "b2", "opus"], [("a1", "a2"), ("b1", "b2"), ("opus", "a1"), ("opus", "b2")], ["opus"])
    table = dealt(found, former)
    assert table["cluster"].tolist() == ["a1", "a1", "b1", "b1", "opus"]
    return str(table["split"].iloc[-1])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("train", "train", "train"),
        ("train", "test", "quarantine"),
        ("test", "test", "quarantine"),
        ("valid", "train", "quarantine"),
    ],
)
def test_a_bridge_is_trained_on_only_if_all_that_it_touches_is(one: str, other: str, expected: str) -> None:
    assert opus({"a1": one, "a2": one, "b1": other, "b2": other}) == expected


def test_a_bridge_that_was_trained_on_draws_new_clusters_to_it() -> None:
    assert opus({"opus": "train"}) == "train"


def test_old_pieces_that_turn_out_alike_are_parted_and_the_test_stays() -> None:
    found = collection("abc", [("a", "b"), ("b", "c")])
    assert sides(found, {"a": "train", "b": "test", "c": "valid"}) == {"a": "quarantine", "b": "test", "c": "quarantine"}


def test_a_large_cluster_is_trained_on() -> None:
    for start in range(20):
        names = [f"{start:02}{number:03}" for number in range(100)]
        table = dealt(collection(names, [(names[0], name) for name in names[1:60]]), shares=SplitShares(0.5, 0.4))
        assert set(table["split"][:60]) == {"train"}


def test_other_shares_apply_to_new_pieces_only() -> None:
    names = [f"{number:03}" for number in range(300)]
    before = dealt(collection(names[:200]))
    after = dealt(collection(names), before, SplitShares(0, 0.5))
    pd.testing.assert_series_equal(after["split"][:200], before["split"])
    assert set(after["split"][200:]) == {"train", "test"}


def test_nothing_is_dealt_without_pieces() -> None:
    table = dealt(collection([]))
    assert list(table.columns) == ["piece_id", "cluster", "split", "n_in_cluster"]
    assert len(table) == 0
    assert report_splits(collection([]), cluster(collection([])), table)["leaked_random_share"] == 0


def test_the_report_counts_what_a_random_split_would_leak() -> None:
    names = [f"{number:03}" for number in range(1000)]
    found = collection(names, zip(names[0:600:2], names[1:600:2], strict=True))
    table = dealt(found)
    report = report_splits(found, cluster(found), table)
    train_share = (table["split"] == "train").mean()
    assert report["leaked_random_share"] == pytest.approx(0.6 * train_share, abs=0.001)
    assert report["leaked_random"] == round(report["leaked_random_share"] * report["n_test"])
    assert (report["n_clusters"], report["largest_cluster"], report["leaked"]) == (700, 2, 0)
    assert sum(report[f"n_{side}"] for side in ("train", "valid", "test", "quarantine")) == report["n_pieces"] == 1000
    assert "1,000 pieces in 700 clusters, the largest of 2" in splits_sentence(report)


def test_the_report_sees_leaks_in_a_split_that_has_them() -> None:
    found = collection("abcd", [("a", "b"), ("c", "d")])
    table = dealt(found).assign(split=["train", "test", "test", "quarantine"])
    assert report_splits(found, cluster(found), table)["leaked"] == 1


@pytest.mark.parametrize("share", [-0.1, 0.6])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(RequestError, match="test_share"):
        SplitShares(test_share=share)


def test_some_must_be_left_to_train_on() -> None:
    with pytest.raises(RequestError, match="less than 1 together"):
        SplitShares(0.5, 0.5)
