"""Small pieces of music as fingerprints in memory, for tests: built from MIDI bytes by the project's own reader."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pyarrow as pa

from scogen_pipeline.collection.fingerprints import fingerprint
from scogen_pipeline.midi.batch_tables import read_batch
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes

#: (onset_ticks, duration_ticks, pitch, velocity), 24 ticks to the quarter note.
Notes = list[tuple[int, int, int, int]]


class PartsInMemory:
    """What is needed of a folder of fingerprints."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self.parts = tuple(tables)
        self._tables = tables

    def read(self, table: str, part: str, columns: list[str] | None = None) -> pa.Table:
        return self._tables[part] if columns is None else self._tables[part].select(columns)


def piano(seed: int, n: int = 120) -> Notes:
    """Two voices that move at random."""
    chance = random.Random(seed)  # noqa: S311 - the same music each time
    onsets = [12 * at for at in range(n)]
    return [(at, 12, 72 + chance.randrange(-9, 10), 80) for at in onsets] + [
        (at, 12, 48 + chance.randrange(-9, 10), 80) for at in onsets
    ]


def tune(seed: int, n: int = 40) -> Notes:
    """One voice that moves at random."""
    chance = random.Random(seed)  # noqa: S311 - the same music each time
    return [(12 * at, 12, 67 + chance.randrange(-7, 8), 80) for at in range(n)]


def moved(notes: Notes, steps: int = 0, ticks: int = 0) -> Notes:
    return [(onset + ticks, duration, pitch + steps, velocity) for onset, duration, pitch, velocity in notes]


def performed(notes: Notes, seed: int) -> Notes:
    """The same notes at 480 ticks to the quarter, no chord quite together."""
    chance = random.Random(seed)  # noqa: S311 - the same music each time
    return [(20 * onset + chance.randrange(15), 200, pitch, velocity) for onset, _, pitch, velocity in notes]


def joined(pieces: Sequence[Notes]) -> Notes:
    """Pieces one after the other."""
    whole: Notes = []
    for piece in pieces:
        whole += moved(piece, ticks=whole[-1][0] + 480 if whole else 0)
    return whole


def midi(notes: Notes, tpq: int = 24, qpm: float = 120.0) -> bytes:
    return midi_bytes([MidiTrack("Piano", 0, notes)], tpq=tpq, tempos=((0, qpm),))


def tables_of(files: Mapping[str, bytes]) -> dict[str, pa.Table]:
    return read_batch([MidiFile(path, "", len(data), lambda data=data: data) for path, data in files.items()])


def fingerprints_of(files: Mapping[str, bytes]) -> pa.Table:
    tables = tables_of(files)
    return fingerprint(tables["pieces"], tables["tracks"], tables["notes"], tables["tempos"])


def ids_by_path(files: Mapping[str, bytes]) -> dict[str, str]:
    pieces = tables_of(files)["pieces"]
    return dict(zip(pieces["path"].to_pylist(), pieces["piece_id"].to_pylist(), strict=True))
