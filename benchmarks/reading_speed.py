"""Measure how fast MIDI files become tables, beside other readers on the same files.

    python benchmarks/reading_speed.py [FOLDER ...] [--seconds 20] [--files 500]

For each folder (default: piano-midi-de, and the performances of asap, below `data/` of SCOGEN_SHARED or of ../shared; built in
code where they are absent):

- symusic notes: `symusic.Score.from_midi(bytes)` and `.notes.numpy()` of each track; the unit of the last column
- symusic notes, pedals: the same with `.controls.numpy()`, which holds more rows than the notes in recordings
- tables: bytes to Arrow tables; files: from the disk to Parquet files of all tables, as the ingest writes them
- files, no pedals: the same without the rows of `pedals`, for readers that have none
- mido, pretty_midi, music21, partitura: the first files of the folder, as many as are read in some seconds, compared with symusic
  on those same files; left out where they are not installed

All on one core, in seconds of that core; the ways take turns, and the best of their rounds counts.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import symusic as untyped_symusic

from scogen_pipeline.collection.batches import IngestSettings
from scogen_pipeline.collection.parquet import parquet_bytes
from scogen_pipeline.midi.batch_tables import read_batch
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes

REPOSITORY: Final = Path(__file__).parents[1]
SUFFIXES: Final = (".mid", ".midi")
ROUNDS: Final = 5

symusic: Any = untyped_symusic

Reader = Callable[[Sequence[Path], Sequence[bytes]], object]


def _symusic_notes(_: Sequence[Path], datas: Sequence[bytes]) -> None:
    for data in datas:
        for track in symusic.Score.from_midi(data).tracks:
            track.notes.numpy()


def _symusic_pedals(_: Sequence[Path], datas: Sequence[bytes]) -> None:
    for data in datas:
        for track in symusic.Score.from_midi(data).tracks:
            track.notes.numpy()
            track.controls.numpy()


def _tables(paths: Sequence[Path], datas: Sequence[bytes]) -> None:
    files = [MidiFile(path.name, "", 0, partial(bytes, data)) for path, data in zip(paths, datas, strict=True)]
    for batch in _batches(files):
        read_batch(batch)


def _files(paths: Sequence[Path], _: Sequence[bytes], without: str = "") -> None:
    files = [MidiFile(path.name, "", 0, path.read_bytes) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        for index, batch in enumerate(_batches(files)):
            for name, table in read_batch(batch).items():
                if name != without:
                    Path(folder, f"{name}-{index}.parquet").write_bytes(parquet_bytes(table))


def _files_without_pedals(paths: Sequence[Path], datas: Sequence[bytes]) -> None:
    _files(paths, datas, without="pedals")


def _batches(files: Sequence[MidiFile]) -> list[Sequence[MidiFile]]:
    size = IngestSettings().batch_files
    return [files[start : start + size] for start in range(0, len(files), size)]


OURS: Final[dict[str, Reader]] = {
    "symusic notes": _symusic_notes,
    "symusic notes, pedals": _symusic_pedals,
    "scogen tables": _tables,
    "scogen files": _files,
    "scogen files, no pedals": _files_without_pedals,
}


def _mido(data: bytes, _: Path) -> None:
    importlib.import_module("mido").MidiFile(file=io.BytesIO(data))


def _pretty_midi(data: bytes, _: Path) -> None:
    importlib.import_module("pretty_midi").PrettyMIDI(io.BytesIO(data))


def _music21(_: bytes, path: Path) -> None:
    importlib.import_module("music21.converter").parse(path, format="midi", forceSource=True)


def _partitura(_: bytes, path: Path) -> None:
    importlib.import_module("partitura").load_performance_midi(path)


PEERS: Final[dict[str, Callable[[bytes, Path], None]]] = {
    "mido": _mido,
    "pretty_midi": _pretty_midi,
    "music21": _music21,
    "partitura": _partitura,
}


def _n_notes(data: bytes) -> int:
    return sum(len(track.notes) for track in symusic.Score.from_midi(data).tracks)


def _best_times(readers: dict[str, Reader], paths: Sequence[Path], datas: Sequence[bytes], seconds: float) -> dict[str, float]:
    best = dict.fromkeys(readers, float("inf"))
    end = time.process_time() + seconds
    rounds = 0
    while rounds < ROUNDS or time.process_time() < end:
        for name, reader in readers.items():
            start = time.process_time()
            reader(paths, datas)
            best[name] = min(best[name], time.process_time() - start)
        rounds += 1
    return best


def _peer_times(name: str, paths: Sequence[Path], datas: Sequence[bytes], seconds: float) -> tuple[int, float, float]:
    """Read files until the time is up: how many were read, in what time, and the time of symusic for the same."""
    read = PEERS[name]
    read(datas[0], paths[0])  # imports
    spent = [0.0]
    for data, path in zip(datas, paths, strict=True):
        start = time.process_time()
        read(data, path)
        spent.append(spent[-1] + time.process_time() - start)
        if spent[-1] > seconds:
            break
    n_files = len(spent) - 1
    again = [min(_timed(read, data, path), after - before) for data, path, (before, after) in _zipped(datas, paths, spent)]
    symusic_time = _best_times({"": _symusic_notes}, paths[:n_files], datas[:n_files], 0)[""]
    return n_files, sum(again), symusic_time


def _zipped(
    datas: Sequence[bytes], paths: Sequence[Path], spent: Sequence[float]
) -> list[tuple[bytes, Path, tuple[float, float]]]:
    return list(zip(datas, paths, pairwise(spent), strict=False))


def _timed(read: Callable[[bytes, Path], None], data: bytes, path: Path) -> float:
    start = time.process_time()
    read(data, path)
    return time.process_time() - start


def _report(name: str, paths: Sequence[Path], seconds: float) -> None:
    readable = [(path, data) for path in paths if (data := path.read_bytes()) and _is_readable(data)]
    paths, datas = [path for path, _ in readable], [data for _, data in readable]
    notes = [_n_notes(data) for data in datas]
    print(f"\n{name}: {len(paths)} files, {sum(notes):,} notes, {sum(map(len, datas)) / 1e6:.1f} MB\n")
    print("| | files/s | notes/s | times symusic | ours (files) is faster |\n|---|---|---|---|---|")
    best = _best_times(OURS, paths, datas, seconds)
    for reader, spent in best.items():
        _print_row(reader, len(paths), sum(notes), spent, spent / best["symusic notes"], spent / best["scogen files"])
    for peer in PEERS:
        if importlib.util.find_spec(peer) is None:
            print(f"| {peer} | not installed | | | |")
            continue
        n_files, spent, symusic_spent = _peer_times(peer, paths, datas, seconds / 4)
        slower = spent / symusic_spent
        factor = slower * best["symusic notes"] / best["scogen files"]
        _print_row(f"{peer} ({n_files} files)", n_files, sum(notes[:n_files]), spent, slower, factor)


def _is_readable(data: bytes) -> bool:
    try:
        return _n_notes(data) > 0
    except RuntimeError:
        return False


def _print_row(name: str, n_files: int, n_notes: int, spent: float, slower: float, factor: float) -> None:
    print(f"| {name} | {n_files / spent:,.0f} | {n_notes / spent:,.0f} | {slower:,.2f} | {factor:,.2f} |", flush=True)


def _folders(shared: Path, scratch: Path) -> dict[str, list[Path]]:
    piano = _midi_files(shared / "piano-midi-de")
    performances = [path for path in _midi_files(shared / "asap") if not path.name.startswith("midi_score")]
    if piano and performances:
        return {"piano-midi-de": piano, "asap performances": performances}
    chance = random.Random(0)  # noqa: S311 - the same files each time
    for index in range(60):
        onsets = sorted(chance.randrange(600_000) for _ in range(3_000))
        notes = [(onset, chance.randrange(20, 900), chance.randrange(30, 90), chance.randrange(1, 128)) for onset in onsets]
        (scratch / f"{index}.mid").write_bytes(midi_bytes([MidiTrack("Piano", 0, notes)], tpq=480))
    return {"built in code": _midi_files(scratch)}


def _midi_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="*")
    parser.add_argument("--seconds", type=float, default=20, help="to spend on our ways of reading; a quarter of it on each peer")
    parser.add_argument("--files", type=int, default=500, help="read at most so many of a folder")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core, whatever the libraries would like
    warnings.simplefilter("ignore")
    shared = Path(os.environ.get("SCOGEN_SHARED", REPOSITORY.parent / "shared")) / "data"
    with tempfile.TemporaryDirectory() as scratch:
        given = {str(folder): _midi_files(folder) for folder in arguments.folders}
        for name, paths in (given or _folders(shared, Path(scratch))).items():
            _report(name, random.Random(0).sample(paths, min(arguments.files, len(paths))), arguments.seconds)  # noqa: S311


if __name__ == "__main__":
    main()
