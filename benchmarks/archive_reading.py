"""How fast members come out of archives: this project beside Python's own modules.

    python benchmarks/archive_reading.py [MEMBERS]

Archives of MEMBERS (20,000 if not given) files of music are written to a temporary folder. Each reader is a process of its own;
seconds are of the processor.
"""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from isal import isal_zlib

from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.sources.midi_source import MidiSource


def music() -> list[bytes]:
    """Return files of 8 to 20 kB: piano music below `data/` of SCOGEN_SHARED or ../shared, else random notes."""
    folder = Path(os.environ.get("SCOGEN_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "piano-midi-de"
    files = [path.read_bytes() for path in sorted(folder.rglob("*.mid")) if 8_000 <= path.stat().st_size <= 20_000]
    return files or [random_notes(random.Random(seed)) for seed in range(100)]  # noqa: S311


def random_notes(chance: random.Random) -> bytes:
    """Write 1,700 notes."""
    notes = [(60 * step, 50 + chance.randrange(9), chance.randrange(36, 96), chance.randrange(30, 110)) for step in range(1_700)]
    return midi_bytes([MidiTrack("Piano", 0, notes)], tpq=480)


def write_archives(folder: Path, n_members: int) -> None:
    """Write the same members as music.tar.gz and music.zip."""
    files = music()
    with tarfile.open(folder / "music.tar.gz", "w:gz", compresslevel=6) as tar:
        for index in range(n_members):
            info = tarfile.TarInfo(f"music/{index % 100:02}/{index:07}.mid")
            info.size = len(files[index % len(files)])
            tar.addfile(info, io.BytesIO(files[index % len(files)]))
    with zipfile.ZipFile(folder / "music.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(n_members):
            archive.writestr(f"music/{index % 100:02}/{index:07}.mid", files[index % len(files)])


def unpack_with(decompressor: Callable[[], zlib._Decompress], folder: Path) -> None:
    """Unpack the stream and look at nothing: the floor."""
    inflate = decompressor()
    with (folder / "music.tar.gz").open("rb") as file:
        while packed := file.read(2**18):
            inflate.decompress(packed)


def stream_with_tarfile(folder: Path) -> None:
    """Load all members of the stream, clearing the list that `tarfile` keeps."""
    with tarfile.open(folder / "music.tar.gz", "r|gz") as archive:
        for member in archive:
            if file := archive.extractfile(member):
                file.read()
            archive.members.clear()  # type: ignore[attr-defined]


def load_with_zipfile(folder: Path) -> None:
    """Load all members of the zip."""
    with zipfile.ZipFile(folder / "music.zip") as archive:
        for name in archive.namelist():
            archive.read(name)


def walk(folder: Path, name: str, *, is_loading: bool) -> None:
    """Walk an archive with this project."""
    for file in MidiSource(str(folder / name)).files():
        if is_loading:
            file.load()


READERS: dict[str, Callable[[Path], None]] = {
    "tar.gz: zlib alone": lambda folder: unpack_with(lambda: zlib.decompressobj(31), folder),
    "tar.gz: ISA-L alone": lambda folder: unpack_with(lambda: isal_zlib.decompressobj(31), folder),
    "tar.gz: tarfile": stream_with_tarfile,
    "tar.gz: passed over": lambda folder: walk(folder, "music.tar.gz", is_loading=False),
    "tar.gz: loaded": lambda folder: walk(folder, "music.tar.gz", is_loading=True),
    "zip: zipfile": load_with_zipfile,
    "zip: passed over": lambda folder: walk(folder, "music.zip", is_loading=False),
    "zip: loaded": lambda folder: walk(folder, "music.zip", is_loading=True),
}


def measure(reader: str, folder: Path, n_members: int) -> None:
    """Run one reader and print its line."""
    start = time.process_time()
    READERS[reader](folder)
    print(f"{reader:22}{n_members / (time.process_time() - start):10,.0f} files/s", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
        with tempfile.TemporaryDirectory() as temporary:
            write_archives(Path(temporary), count)
            for one in READERS:
                subprocess.run([sys.executable, __file__, one, temporary, str(count)], check=True)
