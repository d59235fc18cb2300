"""What followed when this was last heard: music repeats itself, and a recurrent network cannot look back a hundred frames.

Each frame has a *source*, an earlier frame such that what led to it is most like what leads to this one. The source is what a
performer who remembers the piece would expect now. All of it follows from earlier frames alone.

**Conventions.** A source of -1 is none. *Likeness* grows by one with each pair of equal frames and shrinks to a quarter with each
unequal pair, so a varied repeat is found again after its variation. Transposing a piece changes nothing.

**References.** Mahoney, 2005 (the match model of PAQ); Khandelwal et al., 2020 (nearest neighbours for language models).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scogen_pipeline.metrics.literature.frames import IntArray

#: A source lies at least so many frames back: what is held now is no memory.
LEAST_DISTANCE: Final = 8
_FORGETTING: Final = 4
#: Likeness and run are told in steps: 0, 1, 2, 3, 4, 6, 8, 12, ... up to 96 and above.
_STEPS: Final = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96])
N_STEPS: Final = len(_STEPS) + 1


class Echoes(NamedTuple):
    """Arrays of shape (frames,)."""

    source: IntArray  # -1 if none
    likeness: IntArray  # in steps
    run: IntArray  # frames for which the source has been right, in steps


def find_echoes(frames: npt.NDArray[np.generic]) -> Echoes:
    """Find the source of each frame.

    Args:
        frames: Shape (frames, columns).

    >>> tune = np.array([[1], [2], [3], [4], [5], [6], [7], [8], [9], [1], [2], [3]])
    >>> find_echoes(tune).source
    array([-1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  1,  2], dtype=int32)
    """
    numbers = np.unique(frames, axis=0, return_inverse=True)[1].ravel()
    _, first, by_number = np.unique(numbers, return_index=True, return_inverse=True)
    # Numbered by first appearance, which transposition does not change: an epoch transposed anew finds its echoes here.
    return _echoes(np.argsort(np.argsort(first))[by_number].astype(np.int32).tobytes())


@lru_cache(maxsize=2048)
def _echoes(numbers: bytes) -> Echoes:
    frames = np.frombuffer(numbers, np.int32)
    n = len(frames)
    source, likeness, run = np.full(n, -1, np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32)
    alike, equal = np.zeros(n + 1, np.int32), np.zeros(n + 1, np.int32)  # of each candidate for the frame at hand
    for frame in range(1, n):
        # Candidate i of this frame was candidate i - 1 of the last one, and frame i - 1 was what it foretold.
        is_right = frames[:frame] == frames[frame - 1]
        alike[1 : frame + 1] = np.where(is_right, alike[:frame] + 1, alike[:frame] // _FORGETTING)
        equal[1 : frame + 1] = np.where(is_right, equal[:frame] + 1, 0)
        n_candidates = frame - LEAST_DISTANCE + 1
        if n_candidates > 1:
            # The latest of the best.
            best = n_candidates - 1 - int(alike[:n_candidates][::-1].argmax())
            if alike[best]:
                source[frame], likeness[frame], run[frame] = best, alike[best], equal[best]
    return Echoes(source, *(np.searchsorted(_STEPS, values, side="right").astype(np.int32) for values in (likeness, run)))
