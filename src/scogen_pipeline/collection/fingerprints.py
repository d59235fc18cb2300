"""What a piece sounds like, as a set of numbers that two copies of it share, whatever their key, tempo and file.

Onsets closer than 50 ms are one (a chord of a performance is never played at once). Their highest pitches are the melody, their
lowest the bass line. Eight intervals in a row of either line, at least four of them different, are a *gram*; a piece is the
set of its grams. Two pieces of music share next to none, two performances of one share most (`collection.near_duplicates`).

**Conventions**

- A gram is a hash of 64 bits, a bijection of its eight intervals: the same on every machine, and without collisions.
- Its lowest bit tells *loose* grams, of three different intervals only. Monophonic pieces, whose grams are few, have them too.
- Grams lie in 16 *slices* by their highest four bits, a column each, so that a sixteenth of all grams can be read alone.
- `melody_key` stands for the whole piece (lines and rhythm), for those that are too short for grams; 0 is a piece of no notes.
- Percussion is left out, where there is anything else.

**References**: splitmix64, https://prng.di.unimi.it/splitmix64.c.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from scogen_pipeline.collection.table_folder import TableFolder

TABLE: Final = "fingerprints"
N_SLICES: Final = 16
SLICE_COLUMNS: Final = tuple(f"grams_{number:02}" for number in range(N_SLICES))
FINGERPRINT_SCHEMA: Final[Any] = pa.schema(
    [
        ("piece_id", pa.string()),
        ("collection", pa.string()),  # the first folder of the path
        ("is_monophonic", pa.bool_()),
        ("n_grams", pa.int32()),
        ("n_strict_grams", pa.int32()),  # without the loose ones
        ("melody_key", pa.uint64()),
        *((name, pa.list_(pa.uint64())) for name in SLICE_COLUMNS),
    ]
)

_CHORD_SECONDS: Final = 0.05
_DEFAULT_QPM: Final = 120.0
_GRAM: Final = 8
_STRICT_DISTINCT: Final = 4
_LOOSE_DISTINCT: Final = 3
#: A tune may have a double stop, and an organ piece a bar without bass.
_MONOPHONIC_SHARE: Final = 0.95
_PIECE_SHIFT: Final = 31  # ticks are below 2**30

_Array = Any  # np.ndarray; its type parameters say nothing that the comments do not


@dataclass(frozen=True)
class _Chords:
    """Onsets that are heard as one, sorted by piece and time; arrays of one length.

    Args:
        piece: Number of the piece.
        seconds: Onset.
        top: Highest pitch.
        bottom: Lowest pitch.
    """

    piece: _Array
    seconds: _Array
    top: _Array
    bottom: _Array


def fingerprint_version() -> str:
    """Return a digest of this code; a part of fingerprints is taken up only by the code that made it."""
    return hashlib.sha256(resources.files(__package__ or "").joinpath("fingerprints.py").read_bytes()).hexdigest()[:16]


def fingerprint_parts_of(midi_tables: TableFolder) -> dict[str, str]:
    """Return what the fingerprints of each part are called -> the part, in the order of the parts.

    A part keeps its name when copies of other files are dropped from it; its receipt tells.
    """
    names, version = {}, fingerprint_version()
    for receipt in midi_tables.receipts():
        lines = f"{version}\n{json.dumps(receipt, sort_keys=True)}"
        names[f"{receipt['part']}-{hashlib.sha256(lines.encode()).hexdigest()[:8]}"] = receipt["part"]
    return names


@dataclass(frozen=True)
class FingerprintPart:
    """A task for a worker: fingerprint a part of the tables and write the result to another folder.

    Args:
        midi_tables: What to read.
        fingerprints: Where to write.
    """

    midi_tables: TableFolder
    fingerprints: TableFolder

    def __call__(self, names: tuple[str, str]) -> str:
        """Do it for one part.

        Args:
            names: What is written, and the part that it is of.

        Returns:
            The name of what was written.
        """
        name, part = names
        tables = self.midi_tables
        rows = fingerprint(
            tables.read("pieces", part, ["piece_id", "path", "tpq"]),
            tables.read("tracks", part, ["piece_id", "track", "is_drum"]),
            tables.read("notes", part, ["piece_id", "track", "onset_ticks", "pitch"]),
            tables.read("tempos", part, ["piece_id", "tick", "qpm"]),
        )
        self.fingerprints.write(name, {TABLE: rows}, {"n_pieces": rows.num_rows})
        return name


def fingerprint(pieces: pa.Table, tracks: pa.Table, notes: pa.Table, tempos: pa.Table) -> pa.Table:
    """Fingerprint all pieces of a part at once.

    Args:
        pieces: Columns piece_id, path, tpq. Of pieces that come twice the first row counts.
        tracks: Columns piece_id, track, is_drum.
        notes: Columns piece_id, track, onset_ticks, pitch; `piece_id` may be dictionary coded, as everywhere.
        tempos: Columns piece_id, tick, qpm.

    Returns:
        A row a piece, in the order of `pieces`, by `FINGERPRINT_SCHEMA`. The grams of a piece are different and sorted.
    """
    if not pieces.num_rows:
        return FINGERPRINT_SCHEMA.empty_table()
    ids = pieces["piece_id"].cast(pa.string()).combine_chunks()
    first = np.sort(np.unique(ids.to_numpy(zero_copy_only=False).astype("S"), return_index=True)[1])
    pieces, ids = pieces.take(first), ids.take(first)
    chords = _chords(*_melodic_notes(ids, tracks, notes), pieces["tpq"].to_numpy(), _numbers(tempos, ids), tempos)
    is_monophonic = _is_monophonic(chords, len(ids))
    grams, bounds = _grams(chords, is_monophonic)
    of_piece = np.repeat(np.arange(len(ids)), np.diff(bounds))
    n_loose = np.bincount(of_piece[(grams & np.uint64(1)) == 1], minlength=len(ids))
    n_grams = np.diff(bounds)
    columns = [
        ids,
        pc.list_element(
            pc.split_pattern(pc.replace_substring_regex(pieces["path"].cast(pa.string()), r"^([^/]*)$", "/"), "/"), 0
        ),
        is_monophonic,
        n_grams.astype(np.int32),
        (n_grams - n_loose).astype(np.int32),
        _melody_keys(chords, len(ids)),
        *_slices(of_piece, grams, len(ids)),
    ]
    return pa.table(
        [column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column) for column in columns],
        schema=FINGERPRINT_SCHEMA,
    )


def _numbers(table: pa.Table, ids: pa.Array) -> _Array:
    """Return the row of `ids` that each row of a table belongs to, -1 for none."""
    coded = table["piece_id"]
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    coded = coded.unify_dictionaries().combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) and coded.num_chunks else coded
    if not len(coded):
        return np.zeros(0, np.int64)
    number = pc.fill_null(pc.index_in(coded.dictionary.cast(pa.string()), value_set=ids), -1).to_numpy(zero_copy_only=False)
    return number.astype(np.int64)[coded.indices.to_numpy(zero_copy_only=False)]


def _melodic_notes(ids: pa.Array, tracks: pa.Table, notes: pa.Table) -> tuple[_Array, _Array, _Array]:
    """Return piece, tick and pitch of the notes that are no percussion, or of all where nothing else is; sorted."""
    piece, track = _numbers(notes, ids), notes["track"].to_numpy()
    ticks, pitch = notes["onset_ticks"].to_numpy().astype(np.int64), notes["pitch"].to_numpy()
    drum_rows = tracks["is_drum"].to_numpy()
    owner, number = _numbers(tracks, ids), tracks["track"].to_numpy()
    with_melody = np.zeros(len(ids) + 1, bool)
    with_melody[owner[~drum_rows]] = True
    drums = (owner << 16 | number)[drum_rows & with_melody[owner]]
    kept = piece >= 0
    if len(drums):
        kept &= ~np.isin(piece << 16 | track, drums)
    if not kept.all():
        piece, ticks, pitch = piece[kept], ticks[kept], pitch[kept]
    place = piece << _PIECE_SHIFT | ticks
    if (np.diff(place) < 0).any():
        order = np.argsort(place, kind="stable")
        piece, ticks, pitch = piece[order], ticks[order], pitch[order]
    return piece, ticks, pitch


def _chords(piece: _Array, ticks: _Array, pitch: _Array, tpq: _Array, tempo_piece: _Array, tempos: pa.Table) -> _Chords:
    seconds = _seconds(piece, ticks, tpq, tempo_piece, tempos)
    is_first = np.ones(len(piece), bool)
    is_first[1:] = (np.diff(piece) != 0) | (np.diff(seconds) >= _CHORD_SECONDS)
    starts = np.flatnonzero(is_first)
    if not len(starts):
        return _Chords(piece, seconds, pitch.astype(np.int16), pitch.astype(np.int16))
    top, bottom = np.maximum.reduceat(pitch, starts), np.minimum.reduceat(pitch, starts)
    return _Chords(piece[starts], seconds[starts], top.astype(np.int16), bottom.astype(np.int16))


def _seconds(piece: _Array, ticks: _Array, tpq: _Array, tempo_piece: _Array, tempos: pa.Table) -> _Array:
    """Return the time of each tick, by the tempo map of its piece."""
    n, known = len(tpq), tempo_piece >= 0
    # Each piece begins with the standard's default, which an event at tick 0 replaces: of equal ticks the last counts.
    at_piece = np.concatenate([np.arange(n), tempo_piece[known]])
    at_tick = np.concatenate([np.zeros(n, np.int64), tempos["tick"].to_numpy().astype(np.int64)[known]])
    qpm = np.concatenate([np.full(n, _DEFAULT_QPM), tempos["qpm"].to_numpy()[known]])
    place = at_piece << _PIECE_SHIFT | at_tick
    order = np.argsort(place, kind="stable")
    place, at_piece, at_tick = place[order], at_piece[order], at_tick[order]
    tick_seconds = 60 / (qpm[order] * tpq[at_piece])
    # A piece's first event is at tick 0, so what is summed up across pieces falls out below.
    lasts = np.where(np.diff(at_piece) == 0, np.diff(at_tick), 0) * tick_seconds[:-1]
    passed = np.concatenate([[0.0], np.cumsum(lasts)])
    passed -= passed[np.searchsorted(at_piece, np.arange(n))][at_piece]
    here = np.searchsorted(place, piece << _PIECE_SHIFT | ticks, side="right") - 1
    seconds: _Array = passed[here] + (ticks - at_tick[here]) * tick_seconds[here]
    return seconds


def _is_monophonic(chords: _Chords, n: int) -> _Array:
    one = np.bincount(chords.piece[chords.top == chords.bottom], minlength=n)
    return one >= _MONOPHONIC_SHARE * np.maximum(np.bincount(chords.piece, minlength=n), 1)


def _grams(chords: _Chords, is_monophonic: _Array) -> tuple[_Array, _Array]:
    """Return the grams of all pieces, one after the other, and where each piece's begin (and the last one's end)."""
    lines = [_grams_of_line(line, chords.piece, is_monophonic) for line in (chords.top, chords.bottom)]
    edges = [np.searchsorted(piece, np.arange(len(is_monophonic) + 1)) for piece, _ in lines]
    (_, top), (_, bottom) = lines
    sets = [np.empty(0, np.uint64)]
    # A loop over pieces, since many short sorts are faster than one long one.
    for number in range(len(is_monophonic)):
        (a, b), (c, d) = (edge[number : number + 2] for edge in edges)
        both = np.sort(np.concatenate([top[a:b], bottom[c:d]]))
        sets.append(both[np.concatenate([[True], both[1:] != both[:-1]])] if len(both) else both)
    bounds = np.concatenate([[0], np.cumsum([len(grams) for grams in sets[1:]], dtype=np.int64)])
    return np.concatenate(sets), bounds


def _grams_of_line(line: _Array, piece: _Array, is_monophonic: _Array) -> tuple[_Array, _Array]:
    n = len(line) - _GRAM
    if n <= 0:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    steps = np.diff(line).astype(np.int8)
    distinct = _n_distinct(steps)
    owner = piece[:n]
    is_loose = distinct == _LOOSE_DISTINCT
    kept = (owner == piece[_GRAM:]) & ((distinct >= _STRICT_DISTINCT) | (is_loose & is_monophonic[owner]))
    codes = _mixed(_packed(steps)[kept]) & ~np.uint64(1) | is_loose[kept].astype(np.uint64)
    return owner[kept], codes


def _n_distinct(steps: _Array) -> _Array:
    """Return how many different intervals each run of eight has."""
    n = len(steps) - _GRAM + 1
    count = np.full(n, _GRAM, np.int8)
    # Of each interval of a run: does one of those before it in the run equal it?
    is_known = np.zeros(len(steps), bool)
    for back in range(1, _GRAM):
        is_known[back:] |= steps[back:] == steps[:-back]
        count -= is_known[back : back + n]
    return count


def _packed(steps: _Array) -> _Array:
    """Return each run of eight intervals as the eight bytes of a number."""
    ones = steps.view(np.uint8).astype(np.uint64)
    twos = ones[:-1] | ones[1:] << np.uint64(8)
    fours = twos[:-2] | twos[2:] << np.uint64(16)
    packed: _Array = fours[:-4] | fours[4:] << np.uint64(32)
    return packed


def _mixed(numbers: _Array) -> _Array:
    """Spread numbers evenly over 64 bits, no two to one place (splitmix64)."""
    mixed: _Array = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return mixed ^ mixed >> np.uint64(31)


def _melody_keys(chords: _Chords, n: int) -> _Array:
    """Return a number for each piece that depends on both lines and on the rhythm, and not on key or tempo."""
    keys = np.zeros(n, np.uint64)
    if not len(chords.piece):
        return keys
    is_first = np.concatenate([[True], np.diff(chords.piece) != 0])
    starts = np.flatnonzero(is_first)
    length = np.diff(np.append(starts, len(is_first)))
    place = np.arange(len(is_first)) - np.repeat(starts, length)
    top, bottom = chords.top.astype(np.int64), chords.bottom.astype(np.int64)
    rise, fall, wait = (np.diff(line, prepend=line[:1]) for line in (top, bottom, chords.seconds))
    first_wait = np.repeat(wait[np.minimum(starts + 1, len(wait) - 1)], length)
    # Quarters of an octave of time: a ratio of small whole numbers never lies between two of them.
    with np.errstate(divide="ignore", invalid="ignore"):
        rhythm = np.round(4 * np.log2(wait / first_wait))
    rhythm = np.where(place > 1, rhythm, 0)
    rise, fall = (np.where(is_first, 0, line) for line in (rise, fall))
    codes = place.astype(np.int64) << 36 | (rise + 128) << 27 | (fall + 128) << 18 | (top - bottom) << 10
    codes = codes | (np.clip(rhythm, -500, 500) + 512).astype(np.int64)
    keys[chords.piece[starts]] = np.add.reduceat(_mixed(codes.astype(np.uint64)), starts) | np.uint64(1)
    return keys


def _slices(of_piece: _Array, grams: _Array, n: int) -> list[pa.Array]:
    number = (grams >> np.uint64(60)).astype(np.int8)
    columns = []
    for slice_ in range(N_SLICES):
        chosen = number == slice_
        offsets = np.concatenate([[0], np.cumsum(np.bincount(of_piece[chosen], minlength=n))])
        columns.append(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(grams[chosen])))
    return columns
