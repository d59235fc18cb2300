"""The tables of many files, cut up by piece.

**Conventions.** Tables are pandas frames with the columns of `midi.notes`; `facts` is what is known about each piece:
piece_id, path, tpq, genre, title, composer, tempo_qpm, key ("" if unknown), fifths (missing if unknown).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scogen_pipeline.music.key import Key
from scogen_pipeline.tokens.quantise import RawPiece, RawTrack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scogen_pipeline.tokens.gridding import IntArray


def raw_pieces(
    facts: pd.DataFrame, tracks: pd.DataFrame, notes: pd.DataFrame, time_signatures: pd.DataFrame
) -> Iterator[tuple[str, RawPiece]]:
    """Yield each piece with its id, in the order of `facts`. Drum tracks and tracks without notes are left out."""
    tables = (tracks, notes, time_signatures)
    track_rows, note_rows, meter_rows = (table.groupby("piece_id", observed=True).indices for table in tables)
    pitched = tracks[["track", "name", "program", "is_drum"]].to_numpy(dtype=object)
    columns = {name: notes[name].to_numpy() for name in ("track", "onset_ticks", "duration_ticks", "pitch")}
    meters = time_signatures[["tick", "numerator", "denominator"]].to_numpy(dtype=np.int64)
    none = np.zeros(0, dtype=np.int64)
    for fact in facts.to_dict("records"):
        piece_id = str(fact["piece_id"])
        own = {name: column[note_rows.get(piece_id, none)] for name, column in columns.items()}
        own_tracks = [
            _track(str(name), int(program), own, own["track"] == track)
            for track, name, program, is_drum in pitched[track_rows.get(piece_id, none)]
            if not is_drum
        ]
        own_meters = [(int(t), int(n), int(d)) for t, n, d in meters[meter_rows.get(piece_id, none)]]
        yield piece_id, _raw_piece(fact, [track for track in own_tracks if len(track.pitches)], own_meters)


def _raw_piece(fact: Mapping[Any, Any], tracks: list[RawTrack], meters: list[tuple[int, int, int]]) -> RawPiece:
    return RawPiece(
        tpq=int(fact["tpq"]),
        tracks=tracks,
        meters=meters,
        key=Key.parse(fact["key"]) if fact["key"] else None,
        fifths=None if pd.isna(fact["fifths"]) else int(fact["fifths"]),
        tempo_qpm=float(fact["tempo_qpm"]),
        genre=str(fact["genre"]),
        title=str(fact["title"]),
        composer=str(fact["composer"]),
        source=str(fact["path"]),
    )


def _track(name: str, program: int, columns: Mapping[str, IntArray], chosen: np.ndarray) -> RawTrack:
    onsets, durations, pitches = (columns[each][chosen].astype(np.int64) for each in ("onset_ticks", "duration_ticks", "pitch"))
    order = np.lexsort((pitches, onsets))
    return RawTrack(name, program, onsets[order], durations[order], pitches[order])


def labelled_pieces(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, RawPiece]]:
    """Yield each piece of a set of tables (the names are those of `midi.notes`) with its id."""
    facts = piece_facts(tables["pieces"], pd.DataFrame({"path": []}, dtype=str), tables["tempos"], tables["key_signatures"])
    return raw_pieces(facts, tables["tracks"], tables["notes"], tables["time_signatures"])


def piece_facts(pieces: pd.DataFrame, labels: pd.DataFrame, tempos: pd.DataFrame, key_signatures: pd.DataFrame) -> pd.DataFrame:
    """Gather what is known about each piece: its labels where it has some, else what the file says of itself.

    Of several tempos the median holds, since a rubato is written as many; of several key signatures the first.
    """
    known = labels.reindex(columns=["path", "genre", "title", "composer", "key"]).astype("string").drop_duplicates("path")
    facts = pieces.merge(known, on="path", how="left", suffixes=("_file", ""))
    for name in ("title", "composer"):
        facts[name] = facts[name].replace("", pd.NA).fillna(facts[f"{name}_file"])
    first_key = key_signatures.sort_values("tick", kind="stable").drop_duplicates("piece_id")[["piece_id", "fifths"]]
    qpm = tempos.groupby("piece_id")["qpm"].median().rename("tempo_qpm").reset_index()
    facts = facts.merge(first_key, on="piece_id", how="left").merge(qpm, on="piece_id", how="left")
    facts = facts.fillna({"genre": "", "key": "", "title": "", "composer": "", "tempo_qpm": 120.0})
    facts["fifths"] = facts["fifths"].astype("Int8")
    columns = ["piece_id", "path", "tpq", "genre", "title", "composer", "tempo_qpm", "key", "fifths"]
    return facts[columns].sort_values("piece_id", ignore_index=True)
