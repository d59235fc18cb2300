"""A small collection as tables on the disk, built in code: what ingest, describe and the split would have left."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from scogen_pipeline.collection.piece_facts import FACT_SCHEMA
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE

TPQ = 480


@dataclass(frozen=True)
class PieceOf:
    """A piece of quarter notes, one after the other; `signatures` are (tick, numerator, denominator)."""

    path: str
    pitches: tuple[int, ...] = (60, 62, 64, 65)
    time_base: str = "score"
    title: str = ""
    composer: str = ""
    genre: str = ""
    licence: str = ""
    copyright: str = ""
    collection: str = ""
    key: str = ""
    fifths: int | None = None
    qpm: float = 90.0
    signatures: tuple[tuple[int, int, int], ...] = ((0, 4, 4),)
    program: int = 0
    is_drum: bool = False
    has_pedal: bool = False
    cluster: str = ""
    split: str = "train"

    @property
    def piece_id(self) -> str:
        return hashlib.sha256(self.path.encode("utf-8", "backslashreplace")).hexdigest()[:16]


@dataclass
class SmallCollection:
    """What the report reads."""

    tables: TableFolder
    facts: pa.Table
    splits: pd.DataFrame
    report: dict[str, Any] = field(default_factory=dict)


def small_collection(
    folder: Path,
    pieces: list[PieceOf],
    rejects: tuple[tuple[str, str, str], ...] = (),
    sidecars: tuple[str, ...] = (),
    source: str = "/music/tunes",
    pieces_a_part: int = 2,
) -> SmallCollection:
    """Write the tables and return what the report reads."""
    tables = TableFolder(str(folder / "midi"))
    parts = []
    for start in range(0, max(len(pieces), 1), pieces_a_part):
        part = f"part{start:03}"
        chosen = pieces[start : start + pieces_a_part]
        refused = rejects if start == 0 else ()
        tables.write(part, _tables(chosen, refused), {"n_files": len(chosen) + len(refused)})
        parts.append(part)
    tables.commit(Manifest(tuple(parts), {name: name for name in sidecars}, source))
    facts = pa.Table.from_pylist([_fact(piece) for piece in sorted(pieces, key=lambda piece: piece.piece_id)], schema=FACT_SCHEMA)
    splits = pd.DataFrame(
        [(piece.piece_id, piece.cluster or piece.piece_id, piece.split) for piece in pieces],
        columns=["piece_id", "cluster", "split"],
    )
    return SmallCollection(tables, facts, splits)


def _tables(pieces: list[PieceOf], rejects: tuple[tuple[str, str, str], ...]) -> dict[str, pa.Table]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMA_BY_TABLE}
    for piece in pieces:
        own = {"piece_id": piece.piece_id}
        rows["files"].append(own | {"path": piece.path, "n_bytes": 1000})
        rows["pieces"].append(_fact(piece) | {"end_ticks": TPQ * len(piece.pitches), "n_bytes": 1000})
        rows["tracks"].append(
            own | {"track": 0, "name": "", "program": piece.program, "is_drum": piece.is_drum, "n_notes": len(piece.pitches)}
        )
        rows["notes"] += [
            own | {"track": 0, "onset_ticks": TPQ * at, "duration_ticks": TPQ, "pitch": pitch, "velocity": 64 + at % 2}
            for at, pitch in enumerate(piece.pitches)
        ]
        rows["tempos"].append(own | {"tick": 0, "qpm": piece.qpm})
        rows["time_signatures"] += [
            own | {"tick": tick, "numerator": numerator, "denominator": denominator}
            for tick, numerator, denominator in piece.signatures
        ]
        if piece.fifths is not None:
            rows["key_signatures"].append(own | {"tick": 0, "fifths": piece.fifths, "mode": "major"})
        if piece.has_pedal:
            rows["pedals"].append(own | {"track": 0, "tick": 0, "controller": 64, "value": 127})
    rows["rejects"] = [{"path": path, "reason": reason, "detail": detail} for path, reason, detail in rejects]
    return {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in SCHEMA_BY_TABLE.items()}


def _fact(piece: PieceOf) -> dict[str, Any]:
    labels = ("path", "time_base", "title", "composer", "genre", "licence", "collection", "copyright", "key", "fifths")
    numerator, denominator = piece.signatures[0][1:] if piece.signatures else (0, 0)
    return {name: getattr(piece, name) for name in labels} | {
        "piece_id": piece.piece_id,
        "part": "",
        "tpq": TPQ,
        "n_notes": len(piece.pitches),
        "n_tracks": 1,
        "seconds": len(piece.pitches) * 60 / piece.qpm,
        "tempo_qpm": piece.qpm,
        "meter": f"{numerator}/{denominator}" if numerator else "",
    }
