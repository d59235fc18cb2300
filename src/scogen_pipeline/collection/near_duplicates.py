"""Which pieces are the same music, by the grams that they share.

Two pieces are *near duplicates* if they share more of the shorter one's grams than chance and style explain. Comparing every
piece with every other is out of the question from 10,000 on, so it is done in two steps, both in bounded memory:

1. **Candidates** from a sample of the grams. Whatever lies below a threshold is in the sample, so that two pieces keep or lose a
   common gram together; the threshold is chosen such that all of it is about `sample_grams`. The pieces that have a gram are
   listed in order, and each is paired with the next `_BAND` of the list. So a figure that half of all pieces have costs no more
   than `_BAND` pairs a piece, and no gram has to be left out for being common: the grams of a famous piece are common too.
2. **Verification** of the candidates with all grams, a slice (a sixteenth) at a time.

**Conventions.** Pieces are numbered in the order of their ids, so the result does not depend on the order of the parts. A pair's
left number is below its right one.

**References**: sampling by a threshold of the hash (FracMinHash) follows Irber et al. 2022, doi 10.1101/2022.01.11.475838.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa

from scogen_pipeline.collection.fingerprints import N_SLICES, SLICE_COLUMNS, TABLE

#: Grams in memory at once, 8 bytes each; the peak is some 5 times that.
SAMPLE_GRAMS: Final = 2**26
#: A short piece keeps at least so many grams of its own in the sample.
_LEAST_SAMPLE: Final = 32
_BAND: Final = 32
_MOST_CANDIDATES: Final = 32  # a piece, the nearest
_CHUNK: Final = 2**22
_FACTS: Final = ["piece_id", "collection", "is_monophonic", "n_grams", "n_strict_grams", "melody_key"]
_ALL: Final = 2.0**64
_PIECE_BITS: Final = 24  # 16 million pieces; what is left of a gram are 40 bits, enough to find candidates
_PIECE_MASK: Final = 2**_PIECE_BITS - 1
_PAIR_BITS: Final = 20  # pairs that are verified at once; what is left of a gram are 44 bits

# Thresholds: shared grams, and their share of the shorter piece's.
_LEAST_SHARED: Final = 8
_LEAST_CONTAINMENT: Final = 0.05
_LEAST_CONTAINMENT_ACROSS: Final = 0.08
_LEAST_SHARED_MONOPHONIC: Final = 5
#: Of 478 pairs of folk tunes with one title, most of them different tunes, 145 are found at 0.5 and 180 at 0.3, where the weakest
#: pairs still have 22 to 36 notes in a row in common.
_LEAST_CONTAINMENT_MONOPHONIC: Final = 0.3
#: Among a million pieces there are a million times as many unrelated pairs as among a thousand. Of 117,302 unrelated pairs of
#: piano music, 470 shared more than 0.01 of their grams, 113 more than 0.02, then 28, 15, 5 and 0: a quarter for each
#: hundredth. So for each four times as many pieces the thresholds rise by a hundredth, and false pairs stay as rare, by piece.
_FEW_PIECES: Final = 1_000
_RISE: Final = 0.01

_Array = Any


class Parts(Protocol):
    """What is needed of a `TableFolder`."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts."""

    def read(self, table: str, part: str, columns: list[str] | None = None) -> pa.Table:
        """Read one part of a table."""


@dataclass(frozen=True)
class NearDuplicates:
    """Pieces and the pairs of them that are the same music.

    Args:
        piece_ids: Sorted, as bytes, shape (n,).
        n_grams: Shape (n,).
        left: Number of the first piece of each pair, shape (n_pairs,), sorted.
        right: Number of the second.
        containment: What share of the shorter piece's grams the pair shares; 1 where only the whole melody told.
    """

    piece_ids: _Array
    n_grams: _Array
    left: _Array
    right: _Array
    containment: _Array


def find_near_duplicates(fingerprints: Parts, sample_grams: int = SAMPLE_GRAMS) -> NearDuplicates:
    """Find the pairs.

    Args:
        fingerprints: Folder with the table `fingerprints`.
        sample_grams: How many grams are in memory at once, about. Fewer find fewer of the distant pairs.
    """
    index = _Index(fingerprints)
    candidates = _candidates(index, sample_grams)
    shared = _n_shared(index, *candidates, sample_grams)
    left, right, containment = _verified(index, *candidates, shared)
    same_left, same_right = _same_melody(index.melody_key)
    left, right = np.concatenate([left, same_left]), np.concatenate([right, same_right])
    containment = np.concatenate([containment, np.ones(len(same_left))])
    order = np.lexsort((-containment, right, left))
    left, right, containment = left[order], right[order], containment[order]
    is_first = np.ones(len(left), bool)
    is_first[1:] = (np.diff(left) != 0) | (np.diff(right) != 0)
    return NearDuplicates(index.piece_ids, index.n_grams, left[is_first], right[is_first], containment[is_first])


class _Index:
    """The pieces of all parts, numbered in the order of their ids; their grams stay on disk."""

    def __init__(self, folder: Parts) -> None:
        self._folder = folder
        parts = [folder.read(TABLE, part, _FACTS) for part in folder.parts]
        facts = {name: _joined([part[name] for part in parts]) for name in _FACTS}
        self.piece_ids, first, numbers = np.unique(facts["piece_id"], return_index=True, return_inverse=True)
        # The same file in two collections belongs to the first by name, whatever the order of the parts.
        _, collections = np.unique(facts["collection"], return_inverse=True)
        self.collection = np.full(len(first), len(numbers))
        np.minimum.at(self.collection, numbers, collections)
        self.is_monophonic = facts["is_monophonic"][first].astype(bool)
        self.n_grams = facts["n_grams"][first].astype(np.int64)
        self.n_strict = facts["n_strict_grams"][first].astype(np.int64)
        self.melody_key = facts["melody_key"][first].astype(np.uint64)
        # A piece that comes twice is read once.
        is_first = np.zeros(len(numbers), bool)
        is_first[first] = True
        ends = np.cumsum([0, *(part.num_rows for part in parts)])
        rows = np.where(is_first, numbers, -1)
        self._numbers = {name: rows[ends[at] : ends[at + 1]] for at, name in enumerate(folder.parts)}

    def grams(self, share: _Array, columns: tuple[str, ...]) -> Iterator[tuple[str, _Array, _Array]]:
        """Yield column, number of the piece and gram for each gram of some pieces, part by part; sorted within a piece.

        Args:
            share: What share of its grams is wanted of each piece, the lowest first, shape (n,); at least so many come.
            columns: Slices, a result each.
        """
        for part, numbers in self._numbers.items():
            wanted = np.where(numbers >= 0, share[numbers], 0)
            most = wanted.max(initial=0)
            needed = [name for name in columns if SLICE_COLUMNS.index(name) < most * N_SLICES]
            table = self._folder.read(TABLE, part, needed) if needed else pa.table({})
            for name in needed:
                lists = table[name].combine_chunks()
                lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
                values, of_row = lists.flatten().to_numpy(), np.repeat(np.arange(len(lengths)), lengths)
                kept = wanted[of_row] > 0
                yield name, numbers[of_row[kept]], values[kept]


def _joined(columns: list[Any]) -> _Array:
    if not columns:
        return np.empty(0)
    arrays = [column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column for column in columns]
    joined = pa.chunked_array([chunk for column in arrays for chunk in column.chunks], type=arrays[0].type).to_numpy()
    return np.char.encode(joined.astype(str), "utf-8") if joined.dtype == object else joined


# Candidates.


def _candidates(index: _Index, sample_grams: int) -> tuple[_Array, _Array]:
    rate = _sampling_rates(index.n_grams, sample_grams)
    entries = _sampled_entries(index, rate)
    piece = (entries & np.uint64(_PIECE_MASK)).astype(np.int32)
    n_followers = _n_followers(entries >> np.uint64(_PIECE_BITS))
    del entries
    order = np.argsort(piece)
    begins = np.searchsorted(piece[order], np.arange(len(rate) + 1))
    n_pairs = np.concatenate([[0], np.cumsum(n_followers[order], dtype=np.int64)])[begins]
    found = [np.empty((2, 0), np.int64)]
    for first, last in _blocks(n_pairs, _CHUNK):
        places = order[begins[first] : begins[last]]
        found.append(_counted_pairs(index, rate, piece, places[n_followers[places] > 0], n_followers))
    left, right = np.concatenate(found, axis=1)
    return left, right


def _sampling_rates(n_grams: _Array, sample_grams: int) -> _Array:
    """Return what share of its grams each piece has in the sample: 1, 1/2, 1/4 ..., and more for short pieces."""
    rate = 1.0
    while n_grams.sum() * rate > sample_grams:
        rate /= 2
    rates: _Array = np.minimum(1, np.maximum(rate, _LEAST_SAMPLE / np.maximum(n_grams, 1)))
    return rates


def _sampled_entries(index: _Index, rate: _Array) -> _Array:
    """Return the sampled grams that several pieces have, each with its piece in the lowest bits, sorted."""
    limit = np.where(rate < 1, rate * _ALL, _ALL - 2**12).astype(np.uint64)
    sets = [np.empty(0, np.uint64)]
    for _, piece, grams in index.grams(rate, SLICE_COLUMNS):
        kept = grams <= limit[piece]
        sets.append(grams[kept] & ~np.uint64(_PIECE_MASK) | piece[kept].astype(np.uint64))
    entries = np.concatenate(sets)
    del sets
    entries.sort()
    # Most grams are in one piece only.
    is_again = np.flatnonzero(entries[1:] >> np.uint64(_PIECE_BITS) == entries[:-1] >> np.uint64(_PIECE_BITS))
    is_shared = np.zeros(len(entries), bool)
    is_shared[is_again] = is_shared[is_again + 1] = True
    return entries[is_shared]


def _n_followers(grams: _Array) -> _Array:
    """Return how many entries after each one have the same gram, up to the band."""
    if not len(grams):
        return np.empty(0, np.uint8)
    ends = np.append(np.flatnonzero(np.diff(grams)), len(grams) - 1)
    lengths = np.diff(ends, prepend=-1)
    followers = np.repeat(ends, lengths)
    followers -= np.arange(len(grams))
    return np.minimum(followers, _BAND).astype(np.uint8)


def _blocks(cumulated: _Array, most: int) -> Iterator[tuple[int, int]]:
    """Cut a range such that each block sums up to `most` at most, or is a single element."""
    first, n = 0, len(cumulated) - 1
    while first < n:
        last = int(np.searchsorted(cumulated, cumulated[first] + most, side="right")) - 1
        yield first, max(last, first + 1)
        first = max(last, first + 1)


def _counted_pairs(index: _Index, rate: _Array, piece: _Array, places: _Array, n_followers: _Array) -> _Array:
    """Return the pairs of some left pieces that have enough in common in the sample, the nearest of each; shape (2, pairs)."""
    counts = n_followers[places].astype(np.int64)
    at = np.repeat(places.astype(np.int64), counts)
    right = piece[at + 1 + _within(counts)].astype(np.int64)
    pairs, shared = np.unique(piece[at].astype(np.int64) << 32 | right, return_counts=True)
    pairs, shared = pairs[shared > 1], shared[shared > 1]
    left, right = pairs >> 32, pairs & 0xFFFFFFFF
    least_shared, least_containment, shortest = _rule(index, left, right)
    common_rate = np.minimum(rate[left], rate[right])
    # Half of what verification asks for: a sample is no more than a sample.
    kept = shared >= 0.5 * common_rate * np.maximum(least_shared, least_containment * shortest)
    left, right, nearness = left[kept], right[kept], (shared / np.maximum(common_rate * shortest, 1))[kept]
    order = np.lexsort((right, -nearness, left))
    rank = _within(np.unique(left, return_counts=True)[1])
    return np.stack([left[order], right[order]])[:, rank < _MOST_CANDIDATES]


def _within(lengths: _Array) -> _Array:
    """Return 0, 1, ... for each run of some lengths: [2, 3] -> [0, 1, 0, 1, 2]."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) - np.repeat(starts, lengths)


# Verification.


def _rule(index: _Index, left: _Array, right: _Array) -> tuple[_Array, _Array, _Array]:
    """Return, for each pair, how many grams it must share, what share of the shorter piece's, and how many that one has."""
    n_monophonic = index.is_monophonic[left].astype(np.int8) + index.is_monophonic[right]
    across = index.collection[left] != index.collection[right]
    rise = _RISE * max(0.0, math.log(max(len(index.n_grams), 1) / _FEW_PIECES, 4))
    containment = np.where(across, _LEAST_CONTAINMENT_ACROSS, _LEAST_CONTAINMENT) + rise
    containment[n_monophonic > 0] = _LEAST_CONTAINMENT_MONOPHONIC
    shared = np.where(n_monophonic == 2, _LEAST_SHARED_MONOPHONIC, _LEAST_SHARED)
    # A tune and a piano piece can only share what both may have.
    lengths = [np.where(n_monophonic == 2, index.n_grams[side], index.n_strict[side]) for side in (left, right)]
    return shared, containment, np.minimum(*lengths)


def _verified(index: _Index, left: _Array, right: _Array, n_shared: _Array) -> tuple[_Array, _Array, _Array]:
    least_shared, least_containment, shortest = _rule(index, left, right)
    containment = n_shared / np.maximum(shortest, 1)
    kept = (n_shared >= least_shared) & (containment > least_containment)
    return left[kept], right[kept], containment[kept]


def _n_shared(index: _Index, left: _Array, right: _Array, sample_grams: int) -> _Array:
    """Count the grams that each pair shares, among all of their grams."""
    shared = np.zeros(len(left), np.int64)
    wanted = np.zeros(len(index.n_grams), bool)
    wanted[left] = wanted[right] = True
    total = int(index.n_grams[wanted].sum())
    if not total:
        return shared
    # As many slices at once as fit, else a slice piece by piece.
    n_columns = min(N_SLICES, max(1, N_SLICES * sample_grams // total))
    n_cuts = max(1, -(-total // (N_SLICES * sample_grams)))
    for start in range(0, N_SLICES, n_columns):
        for cut in range(n_cuts):
            for store in _slices(index, wanted, SLICE_COLUMNS[start : start + n_columns], cut, n_cuts):
                _add_shared(shared, left, right, *store)
    return shared


def _slices(
    index: _Index, wanted: _Array, columns: tuple[str, ...], cut: int, n_cuts: int
) -> Iterator[tuple[_Array, _Array, _Array]]:
    """Yield, for each slice, where each piece's grams begin, how many there are, and all of them (44 bits of each)."""
    grams: dict[str, list[_Array]] = {name: [] for name in columns}
    pieces: dict[str, list[_Array]] = {name: [] for name in columns}
    for name, piece, found in index.grams(wanted.astype(float), columns):
        within = found << np.uint64(4)  # the slice itself
        kept = within / _ALL * n_cuts // 1 == cut if n_cuts > 1 else slice(None)
        grams[name].append(within[kept] >> np.uint64(_PAIR_BITS))
        pieces[name].append(piece[kept].astype(np.int32))
    for name in columns:
        if not grams[name]:
            continue
        piece = np.concatenate(pieces.pop(name))
        begins, lengths = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
        starts = np.flatnonzero(np.diff(piece, prepend=-1))
        begins[piece[starts]], lengths[piece[starts]] = starts, np.diff(np.append(starts, len(piece)))
        yield begins, lengths, np.concatenate(grams.pop(name))


def _add_shared(shared: _Array, left: _Array, right: _Array, begins: _Array, lengths: _Array, grams: _Array) -> None:
    cumulated = np.concatenate([[0], np.cumsum(lengths[left] + lengths[right])])
    for first, last in _blocks(cumulated, _CHUNK):
        for start in range(first, last, 2**_PAIR_BITS):
            stop = min(last, start + 2**_PAIR_BITS)
            keys = [_tagged(side[start:stop], begins, lengths, grams) for side in (left, right)]
            both = np.sort(np.concatenate(keys))
            twice = both[1:][both[1:] == both[:-1]]
            shared[start:stop] += np.bincount((twice >> np.uint64(64 - _PAIR_BITS)).astype(np.int64), minlength=stop - start)


def _tagged(pieces: _Array, begins: _Array, lengths: _Array, grams: _Array) -> _Array:
    """Return the grams of some pieces, each with the place of its piece in the highest bits."""
    counts = lengths[pieces]
    places = np.repeat(begins[pieces], counts) + _within(counts)
    tags = np.repeat(np.arange(len(pieces), dtype=np.uint64) << np.uint64(64 - _PAIR_BITS), counts)
    tagged: _Array = tags | grams[places]
    return tagged


def _same_melody(keys: _Array) -> tuple[_Array, _Array]:
    """Pair each piece with the next of the same melody."""
    order = np.argsort(keys, kind="stable")
    order = order[keys[order] > 0]
    same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    return order[same], order[same + 1]
