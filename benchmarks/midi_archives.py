"""Archives of as many MIDI files as one likes: real music, cut to excerpts, transposed, no two files alike.

    python benchmarks/midi_archives.py ARCHIVE.tar.gz N

The originals are those of `data/piano-midi-de` in SCOGEN_SHARED or ../shared, or scales built in code where that is absent. Each
file is an excerpt of 300 notes (3 kB) in one of twelve transpositions, with its number in a text event.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path

import symusic

from scogen_pipeline.midi.writing import MidiTrack, midi_bytes

REPOSITORY = Path(__file__).parents[1]
N_NOTES = 300


def originals() -> list[bytes]:
    """Return the bytes of real files, or of some built in code."""
    shared = Path(os.environ.get("SCOGEN_SHARED", REPOSITORY.parent / "shared")) / "data" / "piano-midi-de"
    files = sorted(shared.rglob("*.mid"))
    if files:
        return [file.read_bytes() for file in files]
    scales = [[(24 * step, 24, first + step % 12, 80) for step in range(400)] for first in range(30, 90)]
    return [midi_bytes([MidiTrack("Scale", 0, notes)], tpq=24, keys=((0, 0, "major"),)) for notes in scales]


def _excerpt(data: bytes) -> symusic.Score:
    score = symusic.Score.from_midi(data)
    onsets = sorted(onset for track in score.tracks for onset in track.notes.numpy()["time"].tolist())
    return score.clip(0, onsets[min(N_NOTES, len(onsets)) - 1] + 1, clip_end=True)


def _around_number(data: bytes) -> tuple[bytes, bytes]:
    """Return what comes before and after the eight digits of a text event at the start of the first track."""
    event = b"\0\xff\x01\x08"
    length = int.from_bytes(data[18:22], "big") + len(event) + 8
    return data[:18] + length.to_bytes(4, "big") + event, data[22:]


def midi_files(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes): `<folder>/<number>.mid`, a thousand a folder."""
    excerpts = [_excerpt(data) for data in originals()]
    models = [_around_number(excerpt.shift_pitch(step).dumps_midi()) for excerpt in excerpts for step in range(-6, 6)]
    chance = random.Random(seed)  # noqa: S311 - the same files each time
    for index in range(count):
        before, after = chance.choice(models)
        yield f"{index // 1000:04}/{index:08}.mid", b"%s%08d%s" % (before, index, after)


def write_archive(path: Path, count: int, seed: int = 0) -> None:
    """Write a `.tar.gz`."""
    with (
        gzip.open(path, "wb", compresslevel=1) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, data in midi_files(count, seed):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
            tar.members = []  # type: ignore[misc]


def main() -> None:
    """Write one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("count", metavar="N", type=int)
    arguments = parser.parse_args()
    write_archive(arguments.archive, arguments.count)


if __name__ == "__main__":
    main()
