"""Feed broken MIDI files and hostile archives to the ingest pipeline: each file must end as a piece or as a reject with a reason.

    python benchmarks/mutated_midi.py [N] [--seed SEED]

Takes real files (see midi_archives.py), damages N of them (default 1,000) in ten ways, packs others into archives that lie, bomb,
point elsewhere or break off, runs the pipeline on the folder, and prints what became of each kind of damage. The exit status is 1
if a file is lost or counted twice, or if anything appears outside the tables.
"""

from __future__ import annotations

import argparse
import gzip
import io
import logging
import random
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from ingest_once import ingest
from midi_archives import originals
from scogen_pipeline.collection.table_folder import TableFolder

LONGEST_DELTA = b"\xff\xff\xff\x7f"

Damage = Callable[[bytes, random.Random], bytes]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 30)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _without_some(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(14, len(data))
    return data[:at] + data[at + chance.randrange(1, 200) :]


def _with_wrong_track_length(data: bytes, chance: random.Random) -> bytes:
    starts = [at for at in range(len(data) - 8) if data[at : at + 4] == b"MTrk"]
    at = chance.choice(starts) + 4
    return data[:at] + chance.choice([bytes(4), b"\xff\xff\xff\xff", b"\x00\x00" + chance.randbytes(2)]) + data[at + 4 :]


def _with_event(events: tuple[bytes, ...]) -> Damage:
    """Damage that puts one of some events at the start of the first track, and lets the track's length tell."""

    def damage(data: bytes, chance: random.Random) -> bytes:
        event = b"\x00" + chance.choice(events)
        length = int.from_bytes(data[18:22], "big") + len(event)
        return data[:18] + length.to_bytes(4, "big") + event + data[22:]

    return damage


def _with_huge_deltas(data: bytes, chance: random.Random) -> bytes:
    at = data.rindex(b"MTrk")
    events = (LONGEST_DELTA + b"\x90\x3c\x40\x00\x80\x3c\x40") * chance.randrange(4, 40)
    length = int.from_bytes(data[at + 4 : at + 8], "big") + len(events)
    return data[: at + 4] + length.to_bytes(4, "big") + events + data[at + 8 :]


DAMAGES: dict[str, Damage] = {
    "truncated": lambda data, chance: data[: chance.randrange(len(data))],
    "bytes changed": _flipped,
    "bytes missing": _without_some,
    "track length": _with_wrong_track_length,
    "division": lambda data, chance: data[:12] + chance.choice([b"\0\0", b"\0\1", b"\xe7\x28", b"\xff\xff"]) + data[14:],
    "tempo": _with_event((b"\xff\x51\x03\0\0\0", b"\xff\x51\x03\0\0\1", b"\xff\x51\x03\xff\xff\xff")),
    "meter and key": _with_event((b"\xff\x58\x04\0\2\x18\x08", b"\xff\x58\x04\4\x22\x18\x08", b"\xff\x59\x02\x0c\0")),
    "huge deltas": _with_huge_deltas,
    "wrapped (harmless)": lambda data, chance: chance.choice([gzip.compress(data, 1, mtime=0), chance.randbytes(99) + data]),
    "noise": lambda _, chance: chance.randbytes(chance.randrange(400)),
}


def write_damaged(folder: Path, count: int, seed: int) -> None:
    """Write damaged files, named `<damage>/<number>.mid`."""
    chance = random.Random(seed)  # noqa: S311 - the same files each time
    files = originals()
    for index in range(count):
        name = list(DAMAGES)[index % len(DAMAGES)]
        path = folder / name / f"{index:05}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DAMAGES[name](chance.choice(files), chance))


def _zip_bytes(members: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue()


def _tar_bytes(members: Mapping[str, bytes | tarfile.TarInfo], mode: str = "w:gz") -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            member = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(name)
            if isinstance(data, bytes):
                member.size = len(data)
            archive.addfile(member, io.BytesIO(data) if isinstance(data, bytes) else None)
    return sink.getvalue()


def _link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def _overwritten(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 60)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _elsewhere(chance: random.Random, good: bytes) -> dict[str, bytes]:
    names = ["../outside.mid", "../../outside.mid", "/tmp/outside.mid", "C:\\outside.mid", "a/../../outside.mid"]  # noqa: S108
    return {name: good + bytes([index]) for index, name in enumerate(chance.sample(names, len(names)))}


#: Suffix and maker of each kind of archive, from some good members.
ARCHIVES: dict[str, tuple[str, Callable[[dict[str, bytes], random.Random], bytes]]] = {
    "good zip": (".zip", lambda members, _: _zip_bytes(members)),
    "good tar.gz": (".tar.gz", lambda members, _: _tar_bytes(members)),
    "zip cut": (".zip", lambda members, chance: _cut(_zip_bytes(members), chance)),
    "tar.gz cut": (".tar.gz", lambda members, chance: _cut(_tar_bytes(members), chance)),
    "tar cut": (".tar", lambda members, chance: _cut(_tar_bytes(members, "w"), chance)),
    "zip changed": (".zip", lambda members, chance: _overwritten(_zip_bytes(members), chance)),
    "tar.gz changed": (".tar.gz", lambda members, chance: _overwritten(_tar_bytes(members), chance)),
    "tar changed": (".tar", lambda members, chance: _overwritten(_tar_bytes(members, "w"), chance)),
    "zip elsewhere": (".zip", lambda members, chance: _zip_bytes(_elsewhere(chance, min(members.values())))),
    "tar elsewhere": (".tar.gz", lambda members, chance: _tar_bytes(_elsewhere(chance, min(members.values())))),
    "links": (
        ".tar",
        lambda members, _: _tar_bytes(
            {
                **members,
                "soft.mid": _link("soft.mid", "/etc/passwd", tarfile.SYMTYPE),
                "hard.mid": _link("hard.mid", "x", tarfile.LNKTYPE),
            },
            "w",
        ),
    ),
    "zip bomb": (".zip", lambda _, chance: _zip_bytes({"bomb.mid": b"MThd" + bytes(2**28 + chance.randrange(99))})),
    "tar bomb": (".tar.gz", lambda _, chance: _tar_bytes({"bomb.mid": b"MThd" + bytes(2**28 + chance.randrange(99))})),
    "nested": (".zip", lambda members, _: _zip_bytes({"inner.zip": _zip_bytes(members), "inner.tar.gz": _tar_bytes(members)})),
    "archive of noise": (".zip", lambda _, chance: chance.randbytes(chance.randrange(4000))),
}


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def write_archives(folder: Path, count: int, seed: int) -> dict[str, set[str]]:
    """Write archives, and return for the intact ones the paths that must be found."""
    chance = random.Random(seed)  # noqa: S311 - the same files each time
    files, expected = originals(), {}
    for index in range(count):
        kind = list(ARCHIVES)[index % len(ARCHIVES)]
        suffix, make = ARCHIVES[kind]
        members = {f"{place}.mid": chance.choice(files)[:-1] + bytes([0, index % 256]) for place in range(8)}
        path = folder / kind / f"{index:05}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make(members, chance))
        name = path.relative_to(folder).as_posix()
        expected[name] = {f"{name}/{member}" for member in members} if kind.startswith(("good", "links")) else set()
    return expected


def report(tables: TableFolder, expected: set[str], archives: Mapping[str, set[str]]) -> int:
    """Print what became of the files, and return the number of those that were lost or counted twice."""
    pieces, rejects = (tables.frame(name) for name in ("pieces", "rejects"))
    outcomes = [(path, "read") for path in pieces["path"]] + list(zip(rejects["path"], rejects["reason"], strict=True))
    kinds = Counter((path.split("/")[0], reason) for path, reason in outcomes)
    for damage in (*DAMAGES, *ARCHIVES):
        found = [f"{reason} {number}" for (name, reason), number in kinds.most_common() if name == damage]
        print(f"{damage:20}{', '.join(found)}")
    totals = Counter(reason for _, reason in outcomes)
    print("\n" + "\n".join(f"{number:6}  {reason}" for reason, number in totals.most_common()))
    paths = [path for path, _ in outcomes]
    lost = (expected | set().union(*archives.values())) - set(paths)
    silent = [name for name in archives if not any(path == name or path.startswith(f"{name}/") for path in paths)]
    twice = len(paths) - len(set(paths))
    print(f"\n{len(paths)} files = {len(pieces)} pieces + {len(rejects)} rejects")
    print(f"lost: {len(lost)}, archives without a word: {len(silent)}, counted twice: {twice}")
    return len(lost) + len(silent) + twice


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", metavar="N", type=int, nargs="?", default=1_000, help="how many files (1,000)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    logging.getLogger("kedro").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        folder, tables = Path(scratch, "raw"), Path(scratch, "tables")
        write_damaged(folder, arguments.count, arguments.seed)
        expected = {path.relative_to(folder).as_posix() for path in folder.rglob("*.mid")}
        archives = write_archives(folder, max(len(ARCHIVES), arguments.count // 20), arguments.seed)
        before = {path for path in Path(scratch).rglob("*") if tables not in path.parents}
        start = time.perf_counter()
        ingest(folder, tables)
        print(f"{arguments.count} files and {len(archives)} archives in {time.perf_counter() - start:.1f} s\n")
        strays = {path for path in Path(scratch).rglob("*") if tables not in path.parents} - before - {tables}
        print(f"written outside the tables: {len(strays)}")
        return 1 if report(TableFolder(str(tables)), expected, archives) or strays else 0


if __name__ == "__main__":
    sys.exit(main())
