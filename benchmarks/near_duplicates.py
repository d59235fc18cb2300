"""Find the near duplicates of collections whose duplicates are known.

    python benchmarks/near_duplicates.py                  # piano-midi-de, ASAP, GiantMIDI: recall, false alarms, leaks, ms a file
    python benchmarks/near_duplicates.py --tunes FOLDER   # MIDI with a labels.parquet (kedro run --pipeline corpus): by title
    python benchmarks/near_duplicates.py --pieces 100000  # synthetic fingerprints: time, peak memory, recall

Real music is looked for in the folder of SCOGEN_SHARED or in ../shared. In ASAP a folder is a piece, so its files are the truth
(`x_repeat` and `x_no_repeat` are the same piece). Pairs with other sets have no such truth; they are listed to be looked at.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from scogen_pipeline.collection.clusters import Clusters, cluster
from scogen_pipeline.collection.fingerprints import FINGERPRINT_SCHEMA, N_SLICES, TABLE, fingerprint
from scogen_pipeline.collection.near_duplicates import SAMPLE_GRAMS, NearDuplicates, find_near_duplicates
from scogen_pipeline.collection.splits import SplitShares, deal_splits, report_splits, splits_sentence
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.midi.batch_tables import read_batch
from scogen_pipeline.midi.files import MidiFile

REPOSITORY = Path(__file__).parents[1]
SETS = ("piano-midi-de", "asap", "giantmidi-preview")
NOBODY = pd.DataFrame({"piece_id": [], "split": []}, dtype=str)


def written(folder: Path, root: Path, sets: tuple[str, ...], target: str) -> tuple[TableFolder, dict[str, str]]:
    """Fingerprint the MIDI files of some folders; return the folder of fingerprints and piece_id -> path."""
    fingerprints, path_by_id = TableFolder(target), {}
    for name in sets:
        files = [
            MidiFile(path.relative_to(root).as_posix(), "", path.stat().st_size, path.read_bytes)
            for path in sorted((folder / name).rglob("*.mid"))
        ]
        tables = read_batch(files)
        rows, seconds = timed_fingerprint(tables)
        start = time.process_time()
        fingerprints.write(name or "all", {TABLE: rows}, {})
        end = time.process_time()
        n, n_notes = rows.num_rows, tables["notes"].num_rows
        size = os.path.getsize(fingerprints.address + f"/{TABLE}/{name or 'all'}.parquet")
        print(
            f"{name or 'all':20}{n:6} pieces {n_notes:9,} notes: {1000 * seconds / n:.2f} ms a piece, "
            f"{1000 * (end - start) / n:.2f} ms to write, {size / n / 1000:.1f} kB"
        )
        pieces = tables["pieces"]
        path_by_id |= dict(zip(pieces["piece_id"].to_pylist(), pieces["path"].to_pylist(), strict=True))
    fingerprints.commit(Manifest(tuple(name or "all" for name in sets), {}, str(folder)))
    return fingerprints, path_by_id


def timed_fingerprint(tables: dict[str, pa.Table]) -> tuple[pa.Table, float]:
    """Return fingerprints, and the seconds that they took at best."""
    best = np.inf
    for _ in range(3):
        start = time.process_time()  # one thread, on machines that do other things too
        rows = fingerprint(*(tables[table] for table in ("pieces", "tracks", "notes", "tempos")))
        best = min(best, time.process_time() - start)
    return rows, float(best)


def judged(fingerprints: TableFolder, sample_grams: int) -> tuple[NearDuplicates, Clusters]:
    """Find and split, and print the time and what was found."""
    start, cpu = time.perf_counter(), time.process_time()
    found = find_near_duplicates(fingerprints, sample_grams)
    middle, middle_cpu = time.perf_counter(), time.process_time()
    clusters = cluster(found)
    splits = deal_splits(found, clusters, NOBODY, SplitShares())
    end = time.process_time()
    print(f"{len(found.left):,} pairs in {middle_cpu - cpu:.1f} s of one processor ({middle - start:.1f} s passed)", end=", ")
    print(f"clusters and split in {end - middle_cpu:.1f} s")
    print(splits_sentence(report_splits(found, clusters, splits)))
    return found, clusters


def piece_of(path: str) -> str:
    """Return the folder in ASAP, which is the piece; "" elsewhere."""
    return re.sub("_(no_)?repeat$", "", path.rpartition("/")[0]) if path.startswith("asap/") else ""


def measure_real(data: Path, sample_grams: int) -> None:
    """Print recall against the folders of ASAP, and everything that was found beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        fingerprints, path_by_id = written(data, data, SETS, scratch)
        found, clusters = judged(fingerprints, sample_grams)
    paths = [path_by_id[name.decode()] for name in found.piece_ids]
    pieces = [piece_of(path) for path in paths]
    report_recall(paths, pieces, clusters)
    n_near = np.bincount(np.concatenate([found.left, found.right]), minlength=len(paths))
    ours = np.array([not path.startswith("giantmidi") for path in paths])
    print(f"A random split of 10 % would leak {np.mean(1 - 0.1 ** n_near[ours]):.1%} of the test pieces of the first two sets.")
    print("Bridges:", [paths[at] for at in np.flatnonzero(clusters.is_bridge)])
    print("\nClusters with music of no folder of ASAP, or of several:")
    for members in members_of(clusters):
        names = {pieces[at] for at in members} - {""}
        others = sorted(paths[at] for at in members if not pieces[at])
        if len(members) > 1 and (len(names) > 1 or others):
            print(f"  {len(members)}:", ", ".join(sorted(names) + others))
    print("\nWeakest pairs that are not one folder of ASAP:")
    order = np.argsort(found.containment, kind="stable")
    for pair in [at for at in order if not pieces[found.left[at]] or pieces[found.left[at]] != pieces[found.right[at]]][:20]:
        print(f"  {found.containment[pair]:.3f}  {paths[found.left[pair]]}  {paths[found.right[pair]]}")


def report_recall(paths: list[str], pieces: list[str], clusters: Clusters) -> None:
    """Print how many files are in the same cluster as most of their folder."""
    members: dict[str, list[int]] = {}
    for at, name in enumerate(pieces):
        members.setdefault(name, []).append(at)
    members.pop("", None)
    missed = []
    for each in members.values():
        (most, _), *_ = Counter(clusters.number[each].tolist()).most_common(1)
        missed += [paths[at] for at in each if len(each) > 1 and clusters.number[at] != most]
    total = sum(len(each) for each in members.values() if len(each) > 1)
    print(f"Recall {1 - len(missed) / total:.4f} of {total} files. Missed: {missed}")


def members_of(clusters: Clusters) -> Iterator[list[int]]:
    """Yield the pieces of each cluster."""
    yield from (rows.tolist() for rows in pd.Series(clusters.number).groupby(clusters.number).indices.values())


def measure_tunes(folder: Path, sample_grams: int) -> None:
    """Print how clusters go with titles."""
    with tempfile.TemporaryDirectory() as scratch:
        fingerprints, path_by_id = written(folder, folder, ("",), scratch)
        found, clusters = judged(fingerprints, sample_grams)
    labels = pd.read_parquet(folder / "labels.parquet").set_index("path")["title"]
    titles = [str(labels.get(path_by_id[name.decode()], "")) for name in found.piece_ids]
    plain = [re.sub(r"[^a-z]|\bthe\b|\b(reel|jig|hornpipe)\b", "", title.lower()) for title in titles]
    by_title: dict[str, list[int]] = {}
    for at, title in enumerate(plain):
        by_title.setdefault(title, []).append(at)
    pairs = [pair for title, each in by_title.items() if title and 1 < len(each) < 6 for pair in combinations(each, 2)]
    together = sum(clusters.number[one] == clusters.number[other] for one, other in pairs)
    print(f"Pairs of one title: {len(pairs)}, of which in one cluster {together}. (Many a title has several tunes.)")
    print("\nWeakest pairs of different titles:")
    order = np.argsort(found.containment, kind="stable")
    for pair in [at for at in order if plain[found.left[at]] != plain[found.right[at]]][:40]:
        print(f"  {found.containment[pair]:.2f}  {titles[found.left[pair]]} | {titles[found.right[pair]]}")
    print("\nLargest clusters:")
    for members in sorted(members_of(clusters), key=len)[-5:]:
        print(f"  {len(members)}:", " | ".join(titles[at] for at in members[:12]))


def synthetic_parts(n_pieces: int, seed: int) -> Iterator[tuple[str, pa.Table, list[int]]]:
    """Yield parts of made-up fingerprints, and the work that each piece is a version of.

    A third of the pieces are versions of popular works: a version has 60 % of the work's grams and the rest of its own. One
    gram in a hundred comes from a stock of 20,000 that all pieces draw from, the commonest in every second piece.
    """
    chance = np.random.default_rng(seed)
    stock = chance.integers(2**64, size=20_000, dtype=np.uint64) & ~np.uint64(1)
    n_works = max(1, n_pieces // 12)
    for number, start in enumerate(range(0, n_pieces, 1_000)):
        grams, works = [], []
        for at in range(start, min(start + 1_000, n_pieces)):
            size = int(np.clip(chance.lognormal(7.2, 0.8), 40, 12_000))
            own = chance.integers(2**64, size=size, dtype=np.uint64) & ~np.uint64(1)
            common = stock[np.minimum(chance.zipf(1.3, 1 + size // 100) - 1, len(stock) - 1)]
            work = -1
            if at % 3 == 0:
                # Of the works some are played a thousand times more often than others.
                work = int(n_works * chance.random() ** 3)
                theirs = np.random.default_rng(work).integers(2**64, size=size, dtype=np.uint64) & ~np.uint64(1)
                own = np.where(chance.random(size) < 0.6, theirs, own)
            grams.append(np.unique(np.concatenate([own, common])))
            works.append(work)
        yield f"part{number:05}", part_of(start, grams), works


def part_of(start: int, grams: list[np.ndarray]) -> pa.Table:
    """Lay out some sets of grams as a part of fingerprints."""
    n_grams = np.array([len(each) for each in grams], np.int32)
    ids = [f"{(number * 0x9E3779B97F4A7C15) % 2**64:016x}" for number in range(start, start + len(grams))]
    flat, owner = np.concatenate(grams), np.repeat(np.arange(len(grams)), n_grams)
    number = flat >> np.uint64(60)
    slices = []
    for slice_ in range(N_SLICES):
        chosen = number == slice_
        ends = np.cumsum(np.bincount(owner[chosen], minlength=len(grams)))
        slices.append(pa.ListArray.from_arrays(pa.array(np.append(0, ends), pa.int32()), pa.array(flat[chosen])))
    facts = [ids, [""] * len(ids), np.zeros(len(ids), bool), n_grams, n_grams, np.zeros(len(ids), np.uint64)]
    return pa.table([*(pa.array(column) for column in facts), *slices], schema=FINGERPRINT_SCHEMA)


def measure_synthetic(n_pieces: int, sample_grams: int, scratch: str) -> None:
    """Print time and peak memory for many pieces, and how many versions were found."""
    fingerprints, work_by_id, n_grams = TableFolder(scratch), {}, 0
    names = []
    for name, rows, works in synthetic_parts(n_pieces, 0):
        fingerprints.write(name, {TABLE: rows}, {})
        work_by_id |= dict(zip(rows["piece_id"].to_pylist(), works, strict=True))
        n_grams += int(rows["n_grams"].to_numpy().sum())
        names.append(name)
    fingerprints.commit(Manifest(tuple(names), {}, ""))
    print(f"{n_pieces:,} pieces, {n_grams:,} grams")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, clusters = judged(fingerprints, sample_grams)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"Peak memory {peak / 2**20:.2f} GB (before: {before / 2**20:.2f} GB)")
    works = np.array([work_by_id[name.decode()] for name in found.piece_ids])
    frame = pd.DataFrame({"work": works, "cluster": clusters.number}).query("work >= 0")
    sizes = frame.groupby("work")["cluster"].agg(["size", lambda each: each.value_counts().iloc[0]]).query("size > 1")
    print(f"Versions in the main cluster of their work: {sizes.iloc[:, 1].sum() / sizes['size'].sum():.4f}", end="; ")
    false = works[found.left] != works[found.right]
    print(f"pairs of different works: {int(false.sum())}; versions of the most popular work: {sizes['size'].max()}")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tunes", type=Path, metavar="FOLDER", help="MIDI files with a labels.parquet")
    parser.add_argument("--pieces", type=int, metavar="N", help="synthetic fingerprints")
    parser.add_argument("--sample-grams", type=int, default=SAMPLE_GRAMS, help="grams in memory at once")
    arguments = parser.parse_args()
    if arguments.tunes:
        measure_tunes(arguments.tunes, arguments.sample_grams)
    elif arguments.pieces:
        with tempfile.TemporaryDirectory() as scratch:
            measure_synthetic(arguments.pieces, arguments.sample_grams, scratch)
    else:
        data = Path(os.environ.get("SCOGEN_SHARED", REPOSITORY.parent / "shared")) / "data"
        if not data.is_dir():
            print(f"There must be real music at {data}. Set SCOGEN_SHARED to the folder that holds data/.", file=sys.stderr)
            return 2
        measure_real(data, arguments.sample_grams)
    return 0


if __name__ == "__main__":
    sys.exit(main())
