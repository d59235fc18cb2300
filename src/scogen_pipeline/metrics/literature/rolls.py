"""Piano rolls as tokens: the notes of a frame from high to low, then an end of frame.

A token is one of the 88 pitches or `end`. Each note is lower than the one before (or higher, `descending=False`), which the masks
enforce, so a set of notes has one spelling and silence is `end` alone.

**Conventions.** Pitches are 0 to 87; 88 as a pitch feature means "none". `end` is token 88; 89 as previous token is the start of
the piece. A *candidate* is the next note that this frame could keep from the last one: the nearest pitch, beyond those chosen
already, that sounded in the previous frame.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.metrics.literature.echoes import N_STEPS, find_echoes
from scogen_pipeline.metrics.literature.frames import (
    MASK_ROW,
    ByteArray,
    Feature,
    FrameSequence,
    IntArray,
    ages,
    shifted_down,
)
from scogen_pipeline.metrics.literature.sets import BenchmarkSet, PieceArray

Bits = npt.NDArray[np.bool_]
_MOST_NOTES = 15
_MOST_AGE = 31


class RollAdapter:
    """The pieces of a set of rolls as sequences.

    Args:
        rolls: The set.
        descending: Whether a frame is spelled from high to low.
        n_previous: How many earlier frames the dense vector shows, the last one first; then come the notes chosen already.
        max_shift: Farthest random transposition, in semitones; never beyond the pitches that training has.
        echoes: Whether to tell what followed when this was last heard, see `echoes`; its notes end the dense vector.

    Raises:
        RequestError: If a number is out of range.
    """

    def __init__(
        self, rolls: BenchmarkSet, *, descending: bool = True, n_previous: int = 1, max_shift: int = 6, echoes: bool = True
    ) -> None:
        if not 0 <= n_previous <= 16 or not 0 <= max_shift <= 87:
            raise RequestError(f"`n_previous` must be from 0 to 16 and `max_shift` from 0 to 87: {n_previous}, {max_shift}.")
        self.name = rolls.name
        self.keeps_order = False  # after a shift, the highest note may be the lowest
        self._rolls, self._descending, self._n_previous, self._max_shift = rolls, descending, n_previous, max_shift
        self._has_echoes = echoes
        self._n_pitches = n = rolls.pieces["train"][0].shape[1]
        self.end = self.none = n
        self.n_tokens = n + 1
        self.dense_size = (n_previous + 1 + echoes) * n
        self.masks = self._all_masks()
        self._compass = _bounds(np.stack([roll.max(axis=0) for roll in rolls.pieces["train"]]))
        self.features: tuple[Feature, ...] = (
            Feature(MASK_ROW, n + 1),  # also the note chosen last in this frame
            Feature("previous_token", n + 2),
            Feature("n_chosen", _MOST_NOTES + 1),
            Feature("candidate", n + 1),
            Feature("candidate_age", _MOST_AGE + 1),
            Feature("same_rank", n + 1),  # the note of this rank in the previous frame
            Feature("last_was_kept", 3),  # the note chosen last sounded before: no, yes, none chosen
            Feature("n_previous", _MOST_NOTES + 1),  # notes of the previous frame
            Feature("frame_age", _MOST_AGE + 1),  # for how many frames nothing has changed
            Feature("frame_mod_16", 16),
            Feature("frame_mod_12", 12),
        )
        if echoes:
            self.features += (
                Feature("echo_likeness", N_STEPS),
                Feature("echo_run", N_STEPS),
                Feature("echo_next", n + 2),  # the next token as the source has it; one more than the end: there is none
                Feature("echo_agrees", 2),  # whether what is chosen of this frame is in the source, and nothing was left out
            )

    def sequences(self, split: str, random: np.random.Generator | None = None) -> Iterator[FrameSequence]:
        """Yield the pieces of a split; with `random`, each transposed."""
        for roll in self._rolls.pieces[split]:
            yield self.sequence(roll if random is None else self.transposed(roll, random))

    def shifted(self, piece: PieceArray, semitones: int) -> PieceArray:
        """Shift a roll, in a circle: what leaves the keyboard comes back at its other end, and no two rolls become one."""
        return np.roll(piece, semitones, axis=1)

    def transposed(self, roll: PieceArray, random: np.random.Generator) -> PieceArray:
        """Shift a roll by a random number of semitones that keeps it within what training has."""
        if not roll.any():
            return roll
        (low, high), (lowest, highest) = _bounds(roll), self._compass
        down, up = min(self._max_shift, max(0, low - lowest)), min(self._max_shift, max(0, highest - high))
        # No note is near an edge that it could be rolled over.
        return np.roll(roll, int(random.integers(-down, up + 1)), axis=1)

    def sequence(self, piece: PieceArray) -> FrameSequence:
        """Spell a roll."""
        # "Along" counts pitches in the order of spelling; (frames, pitches).
        along = self._turned(piece > 0)
        frame, place = np.nonzero(np.concatenate([along, np.ones((len(along), 1), bool)], axis=1))
        tokens = self._pitches(place)
        is_first = shifted_down(frame, -1) != frame
        chosen = np.where(is_first, -1, shifted_down(place, -1))  # along; -1 if none
        columns = self._columns(along, frame, chosen, np.where(is_first, self.none, shifted_down(tokens, 0)))
        columns[:, 1] = shifted_down(tokens, self.n_tokens)
        dense = self._dense(piece, along, frame, place)
        if self._has_echoes:
            heard, sounding = self._echo_columns(piece, along, frame, chosen)
            columns, dense = np.concatenate([columns, heard], axis=1), np.concatenate([dense, sounding], axis=1)
        return FrameSequence(
            tokens=tokens,
            features=columns,
            dense=dense,
            frame_of_token=frame.astype(np.int32),
            n_notes=int(piece.sum()),
        )

    def frames(self, tokens: IntArray) -> PieceArray:
        """Read a roll back.

        Raises:
            DataError: If the tokens spell none.
        """
        is_end = tokens == self.end
        if not len(tokens) or not is_end[-1]:
            raise DataError("`tokens` must end with the end of a frame, received something else.")
        frame = np.cumsum(is_end) - is_end
        row = np.where(shifted_down(is_end, 1) > 0, self.none, shifted_down(tokens, 0))
        if (tokens < 0).any() or (tokens > self.end).any() or not self.masks[row, tokens].all():
            raise DataError("`tokens` must spell each frame in order, received notes that are out of it.")
        roll = np.zeros((int(is_end.sum()), self._n_pitches), np.uint8)
        roll[frame[~is_end], tokens[~is_end]] = 1
        return roll

    def _columns(self, along: Bits, frame: npt.NDArray[np.int64], chosen: IntArray, last: IntArray) -> IntArray:
        """Return the features; `chosen` along, `last` as pitch."""
        previous = np.concatenate([np.zeros_like(along[:1]), along[:-1]])
        rank = np.arange(len(frame)) - np.searchsorted(frame, frame)
        candidate = _next_set(previous)[frame, chosen + 1]
        is_any = candidate < self._n_pitches
        # Age of each pitch that sounded in the previous frame.
        age = np.concatenate([np.zeros((1, self._n_pitches), np.int32), ages(along, _MOST_AGE)[:-1]])
        n_before = previous.sum(axis=1)
        starts = np.concatenate([[0], np.cumsum(n_before)])[:-1]
        notes = np.append(np.nonzero(previous)[1], self.none)
        at_rank = np.where(rank < n_before[frame], notes[np.minimum(starts[frame] + rank, len(notes) - 1)], self.none)
        was_there = previous[frame, np.maximum(chosen, 0)]
        code = np.concatenate([[0], np.cumsum((along[1:] != along[:-1]).any(axis=1))])
        frame_age = np.concatenate([[0], ages(code, _MOST_AGE)[:-1]])
        values = (
            last,
            np.zeros_like(last),
            np.minimum(rank, _MOST_NOTES),
            self._pitches(candidate),
            np.where(is_any, age[frame, np.minimum(candidate, self._n_pitches - 1)], 0),
            self._pitches(at_rank),
            np.where(chosen < 0, 2, was_there),
            np.minimum(n_before, _MOST_NOTES)[frame],
            frame_age[frame],
            frame % 16,
            frame % 12,
        )
        return np.stack([np.asarray(value, np.int32) for value in values], axis=1)

    def _echo_columns(
        self, piece: PieceArray, along: Bits, frame: npt.NDArray[np.int64], chosen: IntArray
    ) -> tuple[IntArray, ByteArray]:
        """Return the features of the source of each frame, and its notes."""
        echoes = find_echoes(piece)
        has_source = (echoes.source >= 0)[:, None]
        there = np.where(has_source, along[echoes.source], False)
        next_there = self._pitches(_next_set(there)[frame, chosen + 1])
        is_same = np.concatenate([np.ones_like(has_source), np.cumprod(there == along, axis=1, dtype=bool)], axis=1)
        rows = (
            echoes.likeness[frame],
            echoes.run[frame],
            np.where(has_source[frame, 0], next_there, self.end + 1),
            is_same[frame, chosen + 1] & has_source[frame, 0],
        )
        notes = np.where(has_source, piece[echoes.source] > 0, False)
        return np.stack([np.asarray(row, np.int32) for row in rows], axis=1), notes[frame].astype(np.uint8)

    def _dense(self, piece: PieceArray, along: Bits, frame: npt.NDArray[np.int64], place: npt.NDArray[np.int64]) -> ByteArray:
        sounding = (piece > 0).astype(np.uint8)
        silence = np.zeros((self._n_previous, self._n_pitches), np.uint8)
        padded = np.concatenate([silence, sounding])
        earlier = [padded[frame + self._n_previous - back] for back in range(1, self._n_previous + 1)]
        chosen = along[frame] & (np.arange(self._n_pitches) < place[:, None])
        return np.concatenate([*earlier, self._turned(chosen).astype(np.uint8)], axis=1)

    def _turned(self, bits: Bits) -> Bits:
        return bits[:, ::-1] if self._descending else bits

    def _pitches(self, along: npt.NDArray[np.integer]) -> IntArray:
        """Return pitches for places along; the place after the last stays."""
        turned = np.where(along < self._n_pitches, self._n_pitches - 1 - along, along) if self._descending else along
        return np.asarray(turned, np.int32)

    def _all_masks(self) -> Bits:
        pitch, last = np.arange(self._n_pitches), np.arange(self._n_pitches + 1)[:, None]
        beyond = pitch < last if self._descending else pitch > last
        beyond[self.none] = True
        return np.concatenate([beyond, np.ones((len(beyond), 1), bool)], axis=1)


def _bounds(roll: npt.NDArray[np.generic]) -> tuple[int, int]:
    sounding = np.flatnonzero(roll.any(axis=0))
    return int(sounding[0]), int(sounding[-1])


def _next_set(bits: Bits) -> npt.NDArray[np.int64]:
    """Return the first set place at or after each place, one more than the last where there is none; (frames, places + 1)."""
    n = bits.shape[1]
    places = np.where(bits, np.arange(n), n)
    after = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([after, np.full((len(bits), 1), n)], axis=1)
