"""Four voices on a 16th grid as tokens: one token a voice and frame.

A token is a rest, one of the 88 pitches, or, in the *hold* view, "as before". There a voice that keeps its note is spelled `hold`
and nothing else: the note itself is masked, so that a frame has one spelling in either view.

**Conventions.** A note code is 0 for a rest and 1 to 88 for the pitches from MIDI 21; 89 as a feature means "none yet". Voices
are numbered S 0, A 1, T 2, B 3 whatever the order of spelling. Position counts from the first frame: a chorale may begin with an
upbeat that the file does not mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

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
    Mask,
    ages,
    shifted_down,
)
from scogen_pipeline.metrics.literature.sets import LOWEST_PITCH, N_PITCHES, REST, BenchmarkSet, PieceArray

VOICES: Final = "SATB"
HOLD: Final = N_PITCHES + 1
NONE: Final = N_PITCHES + 1
_N_CODES: Final = N_PITCHES + 1
_MOST_AGE: Final = 63


class ChoraleAdapter:
    """The pieces of the 16th grid as sequences.

    Args:
        grid: The set.
        order: The order in which the voices of a frame are spelled, e.g. "SATB" or "SBAT".
        hold: Whether a kept note is spelled `hold`.
        max_shift: Farthest random transposition, in semitones; never beyond the range that each voice has in training.
        echoes: Whether to tell what followed when this was last heard, see `echoes`.

    Raises:
        RequestError: If the order is none, or the shift out of range.
    """

    def __init__(
        self, grid: BenchmarkSet, *, order: str = VOICES, hold: bool = False, max_shift: int = 12, echoes: bool = True
    ) -> None:
        if sorted(order) != sorted(VOICES):
            raise RequestError(f"`order` must name each of S, A, T and B once, received `{order}`.")
        if not 0 <= max_shift <= 87:
            raise RequestError(f"`max_shift` must be from 0 to 87, received {max_shift}.")
        self.name = grid.name
        self.keeps_order = True
        self._grid, self._has_hold, self._max_shift, self._has_echoes = grid, hold, max_shift, echoes
        self._order = np.array([VOICES.index(voice) for voice in order])
        self.n_tokens = _N_CODES + hold
        self.dense_size = 2 * N_PITCHES
        self.masks = _masks(hold)
        self._ranges = _voice_ranges(np.concatenate(grid.pieces["train"]))
        note, voice_names = _N_CODES + 1, VOICES
        self.features: tuple[Feature, ...] = (
            Feature(MASK_ROW, len(self.masks)),
            Feature("previous_token", self.n_tokens + 1),
            Feature("voice", 4),
            Feature("last_note", note),  # of this voice
            Feature("last_age", _MOST_AGE + 1),  # for how many frames this voice has held it
            Feature("note_before", note),  # what this voice had before it
            Feature("position_in_beat", 4),
            Feature("position_in_measure", 16),
            Feature("moved", 16),  # a bit for each voice of this frame that is known to have changed
            *(Feature(f"now_{voice}", note) for voice in voice_names),  # of this frame, as far as chosen
            *(Feature(f"last_{voice}", note) for voice in voice_names),
        )
        if echoes:
            self.features += (
                Feature("echo_likeness", N_STEPS),
                Feature("echo_run", N_STEPS),
                Feature("echo_note", note),  # this voice's in the source
                Feature("echo_disagrees", 16),  # a bit for each voice of this frame that is known not to be as in the source
            )

    def sequences(self, split: str, random: np.random.Generator | None = None) -> Iterator[FrameSequence]:
        """Yield the pieces of a split; with `random`, each transposed."""
        for piece in self._grid.pieces[split]:
            yield self.sequence(piece if random is None else self.transposed(piece, random))

    def shifted(self, piece: PieceArray, semitones: int) -> PieceArray:
        """Shift the notes of a piece, not its rests; a piece that leaves the keyboard is refused when it is spelled."""
        return np.where(piece == REST, REST, piece + semitones).astype(np.int16)

    def transposed(self, piece: PieceArray, random: np.random.Generator) -> PieceArray:
        """Shift a piece by a random number of semitones that keeps each voice within its range in training."""
        own, known = _voice_ranges(piece), self._ranges
        down = min(self._max_shift, max(0, int((own[:, 0] - known[:, 0]).min())))
        up = min(self._max_shift, max(0, int((known[:, 1] - own[:, 1]).min())))
        return self.shifted(piece, int(random.integers(-down, up + 1)))

    def sequence(self, piece: PieceArray) -> FrameSequence:
        """Spell a piece.

        Raises:
            DataError: If a pitch is not on a piano.
        """
        pitches = piece[piece != REST]
        if (pitches < LOWEST_PITCH).any() or (pitches >= LOWEST_PITCH + N_PITCHES).any():
            raise DataError("`piece` must have pitches from 21 to 108 and rests of -1, received others.")
        codes = np.where(piece == REST, 0, piece.astype(np.int32) - LOWEST_PITCH + 1).astype(np.int32)
        last = shifted_down(codes, NONE)  # (frames, voices), like codes
        tokens = codes
        if self._has_hold:
            tokens = np.where(codes == last, HOLD, codes).astype(np.int32)
        flat_tokens = np.ascontiguousarray(tokens[:, self._order]).ravel()
        features = self._columns(codes, last)
        features[:, 1] = shifted_down(flat_tokens, self.n_tokens)
        dense = _dense(features)
        if self._has_echoes:
            features = np.concatenate([features, self._echo_columns(codes)], axis=1)
        return FrameSequence(
            tokens=flat_tokens,
            features=features,
            dense=dense,
            frame_of_token=np.repeat(np.arange(len(codes), dtype=np.int32), 4),
            n_notes=int(piece.size),
        )

    def frames(self, tokens: IntArray) -> PieceArray:
        """Read a piece back.

        Raises:
            DataError: If the tokens spell none.
        """
        if not len(tokens) or len(tokens) % 4 or (tokens < 0).any() or (tokens >= self.n_tokens).any():
            raise DataError(f"`tokens` must be four a frame, from 0 to {self.n_tokens - 1}, received others.")
        codes = np.zeros((len(tokens) // 4, 4), np.int32)
        codes[:, self._order] = tokens.reshape(-1, 4)
        last = np.full(4, NONE)
        for frame in codes:
            is_held = (frame == HOLD) if self._has_hold else np.zeros(4, bool)
            if (is_held & (last == NONE)).any() or (self._has_hold and ((frame == last) & ~is_held).any()):
                raise DataError("`tokens` must spell a kept note as `hold` and only that, received another spelling.")
            frame[is_held] = last[is_held]
            last = frame.copy()
        return np.where(codes == 0, REST, codes + LOWEST_PITCH - 1).astype(np.int16)

    def _columns(self, codes: IntArray, last: IntArray) -> IntArray:
        """Return the features in the order of spelling, (4 * frames, columns)."""
        n_frames = len(codes)
        age = shifted_down(ages(codes, _MOST_AGE), 0)
        before = _notes_before(codes)
        now = np.full((n_frames, 4, 4), NONE, np.int32)  # (frame, place, voice)
        moved = np.zeros((n_frames, 4), np.int32)  # (frame, place)
        for place in range(1, 4):
            known = self._order[:place]
            now[:, place, known] = codes[:, known]
            moved[:, place] = ((codes != last)[:, known] << known).sum(axis=1)
        index = np.arange(n_frames)[:, None]
        own = last[:, self._order]
        rows = (
            own if self._has_hold else np.zeros_like(own),
            np.zeros_like(own),
            np.broadcast_to(self._order, own.shape),
            own,
            age[:, self._order],
            before[:, self._order],
            np.broadcast_to(index % 4, own.shape),
            np.broadcast_to(index % 16, own.shape),
            moved,
        )
        columns = np.stack([np.asarray(row, np.int32) for row in rows], axis=-1)
        known_last = np.broadcast_to(last[:, None, :], now.shape)
        return np.concatenate([columns, now, known_last], axis=-1).reshape(4 * n_frames, -1)

    def _echo_columns(self, codes: IntArray) -> IntArray:
        """Return what the source of each frame tells, (4 * frames, columns)."""
        echoes = find_echoes(codes)
        there = np.where((echoes.source >= 0)[:, None], codes[echoes.source], NONE)
        disagrees = np.zeros_like(codes)
        for place in range(1, 4):
            known = self._order[:place]
            disagrees[:, place] = ((codes != there)[:, known] << known).sum(axis=1)
        own = there[:, self._order]
        rows = (
            np.broadcast_to(echoes.likeness[:, None], own.shape),
            np.broadcast_to(echoes.run[:, None], own.shape),
            own,
            disagrees,
        )
        return np.stack([np.asarray(row, np.int32) for row in rows], axis=-1).reshape(codes.size, -1)


def _masks(has_hold: bool) -> Mask:
    """Return one row without hold; with it, a row for each last note: all but that note, and no hold before the first note."""
    if not has_hold:
        return np.ones((1, _N_CODES), bool)
    masks = np.ones((_N_CODES + 1, _N_CODES + 1), bool)
    masks[np.arange(_N_CODES), np.arange(_N_CODES)] = False
    masks[NONE, HOLD] = False
    return masks


def _dense(features: IntArray) -> ByteArray:
    """Return the previous frame, then what is chosen of this one, as pitches; from the last eight columns of the features."""
    bits = np.zeros((len(features), 2, _N_CODES + 1), np.uint8)
    rows = np.arange(len(features))[:, None]
    bits[rows, 0, features[:, -4:]] = 1
    bits[rows, 1, features[:, -8:-4]] = 1
    return np.ascontiguousarray(bits[:, :, 1:-1].reshape(len(features), -1))


def _notes_before(codes: IntArray) -> IntArray:
    """Return, for each frame and voice, the note that came before the last one, (frames, voices)."""
    last = shifted_down(codes, NONE)
    before = np.full_like(codes, NONE)
    for frame in range(2, len(codes)):
        before[frame] = np.where(last[frame] == last[frame - 1], before[frame - 1], last[frame - 1])
    return before


def _voice_ranges(piece: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return the lowest and highest pitch of each voice, (voices, 2)."""
    pitches = piece.astype(np.int64)
    return np.stack([np.where(pitches == REST, 999, pitches).min(0), np.where(pitches == REST, -999, pitches).max(0)], axis=1)
