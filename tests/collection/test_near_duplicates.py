"""Near duplicates: copies find each other, strangers do not, and what alone holds clusters together is named."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest
from tests.collection.fingerprint_parts import (
    PartsInMemory,
    fingerprints_of,
    ids_by_path,
    joined,
    midi,
    moved,
    performed,
    piano,
    tune,
)

from scogen_pipeline.collection import near_duplicates
from scogen_pipeline.collection.clusters import Clusters, cluster, components
from scogen_pipeline.collection.fingerprints import FINGERPRINT_SCHEMA, N_SLICES
from scogen_pipeline.collection.near_duplicates import NearDuplicates, find_near_duplicates


def parts_of(files: Mapping[str, bytes], n_parts: int = 1) -> PartsInMemory:
    paths = sorted(files)
    return PartsInMemory(
        {f"p{part}": fingerprints_of({path: files[path] for path in paths[part::n_parts]}) for part in range(n_parts)}
    )


def clustered(files: Mapping[str, bytes], n_parts: int = 1) -> tuple[dict[str, int], set[str]]:
    """Cluster of each path, and the bridges."""
    found = find_near_duplicates(parts_of(files, n_parts))
    clusters = cluster(found)
    path_by_id = {name: path for path, name in ids_by_path(files).items()}
    paths = [path_by_id[name.decode()] for name in found.piece_ids]
    bridges = {path for path, is_bridge in zip(paths, clusters.is_bridge, strict=True) if is_bridge}
    return dict(zip(paths, clusters.number.tolist(), strict=True)), bridges


def groups(number_by_path: Mapping[str, int]) -> set[frozenset[str]]:
    return {frozenset(path for path, number in number_by_path.items() if number == each) for each in number_by_path.values()}


def made_up(sets: list[set[int]], *, is_monophonic: bool = False, collections: list[str] | None = None) -> PartsInMemory:
    """Fingerprints from sets of grams; the piece at n has the id `000n`."""
    rows = []
    for at, grams in enumerate(sets):
        slices = {f"grams_{number:02}": sorted(gram for gram in grams if gram >> 60 == number) for number in range(N_SLICES)}
        facts = {"piece_id": f"{at:04}", "collection": collections[at] if collections else "", "is_monophonic": is_monophonic}
        counts = {"n_grams": len(grams), "n_strict_grams": sum(gram % 2 == 0 for gram in grams), "melody_key": 0}
        rows.append(facts | counts | slices)
    return PartsInMemory({"p": pa.Table.from_pylist(rows, schema=FINGERPRINT_SCHEMA)})


def random_grams(seed: int, n: int) -> list[int]:
    return (np.random.default_rng(seed).integers(2**63, size=n, dtype=np.uint64) * np.uint64(2)).tolist()


def pairs(parts: PartsInMemory, **options: int) -> list[tuple[int, int]]:
    found = find_near_duplicates(parts, **options)
    return list(zip(found.left.tolist(), found.right.tolist(), strict=True))


def test_performances_in_any_key_and_excerpts_are_in_the_cluster_of_their_piece() -> None:
    files = {}
    for seed in range(4):
        files[f"{seed}/score.mid"] = midi(piano(seed))
        files[f"{seed}/higher.mid"] = midi(moved(piano(seed), 4), qpm=93)
        files[f"{seed}/played.mid"] = midi(performed(piano(seed), seed), tpq=480)
        files[f"{seed}/beginning.mid"] = midi(moved(piano(seed)[:60] + piano(seed)[120:180], -2))
    numbers, bridges = clustered(files)
    assert groups(numbers) == {frozenset(path for path in files if path.startswith(str(seed))) for seed in range(4)}
    assert not bridges


def test_copies_of_a_tune_too_short_for_grams_find_each_other() -> None:
    files = {f"{seed}-{step}.mid": midi(moved(tune(seed, 6), step)) for seed in range(3) for step in (0, 5)}
    numbers, _ = clustered(files)
    assert groups(numbers) == {frozenset({f"{seed}-0.mid", f"{seed}-5.mid"}) for seed in range(3)}


def test_variants_of_a_tune_find_each_other_and_share_of_a_phrase_is_not_enough() -> None:
    other_end, quotes = tune(1)[:28] + tune(2)[28:], tune(1)[:14] + tune(3)[14:]
    numbers, _ = clustered({"a.mid": midi(tune(1)), "b.mid": midi(other_end), "c.mid": midi(quotes), "d.mid": midi(tune(4))})
    assert groups(numbers) == {frozenset({"a.mid", "b.mid"}), frozenset({"c.mid"}), frozenset({"d.mid"})}


def test_the_order_and_the_number_of_parts_play_no_role() -> None:
    files = {f"{seed % 3}-{seed}.mid": midi(moved(piano(seed % 3), seed)) for seed in range(9)}
    assert clustered(files) == clustered(files, n_parts=4)


def test_a_piece_that_comes_twice_is_one() -> None:
    part = fingerprints_of({"a.mid": midi(piano(1)), "b.mid": midi(piano(2))})
    found = find_near_duplicates(PartsInMemory({"one": part, "two": part}))
    assert (len(found.piece_ids), len(found.left)) == (2, 0)


def test_no_piece_has_no_duplicate() -> None:
    for parts in (PartsInMemory({}), PartsInMemory({"p": FINGERPRINT_SCHEMA.empty_table()})):
        found = find_near_duplicates(parts)
        clusters = cluster(found)
        assert (len(found.piece_ids), len(found.left), len(clusters.number)) == (0, 0, 0)


@pytest.mark.parametrize(("n_shared", "is_pair"), [(7, False), (8, False), (50, False), (51, True)])
def test_unrelated_pieces_share_less_than_a_twentieth(n_shared: int, is_pair: bool) -> None:
    one, other = random_grams(1, 1000), random_grams(2, 1000)
    assert pairs(made_up([set(one), set(other[n_shared:] + one[:n_shared])])) == ([(0, 1)] if is_pair else [])


def test_eight_grams_must_be_shared_even_if_they_are_half_of_a_piece() -> None:
    one, other = random_grams(1, 14), random_grams(2, 14)
    assert pairs(made_up([set(one), set(other[7:] + one[:7])])) == []
    assert pairs(made_up([set(one), set(other[8:] + one[:8])])) == [(0, 1)]


def test_more_must_be_shared_across_collections() -> None:
    one, other = random_grams(1, 1000), random_grams(2, 1000)
    sets = [set(one), set(other[60:] + one[:60])]
    assert pairs(made_up(sets, collections=["a", "a"])) == [(0, 1)]
    assert pairs(made_up(sets, collections=["a", "b"])) == []


def test_more_must_be_shared_among_more_pieces() -> None:
    one, other = random_grams(1, 1000), random_grams(2, 1000)
    sets = [set(one), set(other[55:] + one[:55])]
    assert pairs(made_up(sets)) == [(0, 1)]
    assert pairs(made_up(sets + [set(random_grams(10 + at, 5)) for at in range(4000)])) == []


def test_what_everybody_plays_makes_no_duplicates_and_no_work() -> None:
    scales = random_grams(0, 10)
    sets = [set(scales + random_grams(1 + at, 490)) for at in range(400)]
    assert pairs(made_up(sets)) == []


def test_a_famous_piece_is_one_cluster_though_its_grams_are_as_common_as_scales() -> None:
    theme = random_grams(0, 200)
    sets = [
        set(random_grams(1 + at, 150) + np.random.default_rng(at).permutation(np.array(theme, np.uint64))[:100].tolist())
        for at in range(300)
    ]
    found = find_near_duplicates(made_up(sets))
    assert set(cluster(found).number) == {0}
    assert np.bincount(found.left).max() <= 2 * 32


@pytest.mark.parametrize("sample_grams", [100_000, 20_000, 5_000, 1])
def test_a_sample_finds_what_all_grams_find(sample_grams: int) -> None:
    sets = [set(random_grams(at // 2, 600)[: 200 + 400 * (at % 2)]) for at in range(60)]
    assert pairs(made_up(sets), sample_grams=sample_grams) == [(at, at + 1) for at in range(0, 60, 2)]


def test_small_blocks_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = [set(random_grams(at // 4, 300)) for at in range(40)]
    expected = pairs(made_up(sets))
    monkeypatch.setattr(near_duplicates, "_CHUNK", 100)
    assert pairs(made_up(sets)) == expected
    assert len(expected) == 60


def test_containment_counts_all_grams_of_the_shorter_piece() -> None:
    grams = random_grams(0, 1000)
    found = find_near_duplicates(made_up([set(grams), set(grams[:200] + random_grams(1, 200))]))
    assert found.containment.tolist() == [0.5]


def test_a_recording_of_a_whole_opus_is_a_bridge_and_its_pieces_stay_apart() -> None:
    files = {f"{seed}-{step}.mid": midi(moved(piano(seed), step)) for seed in range(4) for step in (0, 3)}
    opus = midi(joined([piano(seed) for seed in range(4)]))
    numbers, bridges = clustered(files | {"opus.mid": opus})
    assert bridges == {"opus.mid"}
    assert len(groups(numbers)) == 5


def bridges_of(n: int, edges: list[tuple[int, int]], n_grams: dict[int, int] | None = None) -> set[int]:
    left, right = (np.array([min(edge) if side == 0 else max(edge) for edge in edges]) for side in range(2))
    lengths = np.array([(n_grams or {}).get(at, 100) for at in range(n)])
    ids = np.array([f"{at:04}".encode() for at in range(n)])
    clusters = cluster(NearDuplicates(ids, lengths, left, right, np.ones(len(edges))))
    return set(np.flatnonzero(clusters.is_bridge).tolist())


def test_a_bridge_holds_two_groups_of_two() -> None:
    two_pairs = [(0, 1), (2, 3), (4, 0), (4, 2)]
    assert bridges_of(5, two_pairs, {4: 1000}) == {4}
    assert bridges_of(4, [(0, 1), (3, 0), (3, 2)], {3: 1000}) == set()  # the 2 alone is no group
    assert bridges_of(5, [*two_pairs, (1, 3)], {4: 1000}) == set()  # they hang together anyway


def test_a_variant_between_variants_is_no_bridge() -> None:
    assert bridges_of(5, [(0, 1), (2, 3), (4, 0), (4, 2)]) == set()


def test_bridges_are_those_that_trying_each_piece_finds() -> None:
    chance = np.random.default_rng(5)
    for _ in range(60):
        n = 16
        edges = sorted({(min(edge), max(edge)) for edge in chance.integers(n, size=(16, 2)).tolist() if edge[0] != edge[1]})
        for at in range(n):
            kept = [edge for edge in edges if at not in edge]
            numbers = Clusters(components(n, *np.array(kept, int).reshape(-1, 2).T), np.zeros(n, bool)).number
            touched = {int(numbers[other]) for edge in edges if at in edge for other in edge if other != at}
            holds = sum(np.count_nonzero(numbers == each) > 1 for each in touched) > 1
            assert (at in bridges_of(n, edges, {at: 1000})) == holds
