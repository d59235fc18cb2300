"""The figures that candidates are judged by, in groups.

None of them is better for being larger: each is held against those of real pieces of the genre.

**Conventions.** A figure that is not defined (a parallel in a single line) is NaN and left out. Pickup and last measure are left
out too, see `metrics.excerpt`: they are asked for, not chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from scogen_pipeline.metrics.excerpt import excerpt
from scogen_pipeline.metrics.musical import (
    key_consistency,
    note_value_entropy,
    notes_per_bar,
    pitch_class_entropy,
    pitch_range,
    rest_share,
    stepwise_share,
)
from scogen_pipeline.metrics.phrasing import cadence_share, regular_phrase_share
from scogen_pipeline.metrics.self_similarity import return_shares, similarity
from scogen_pipeline.metrics.structure import repeated_share
from scogen_pipeline.metrics.voice_leading import chord_share, crossing_share, parallels
from scogen_pipeline.music.piece import Piece

#: Distances in measures at which phrases and their halves come back.
_DISTANCES: Final = (1, 2, 4, 8)
_STRUCTURE: Final[dict[str, Callable[[Piece], float]]] = {
    "repeated_motif_share": repeated_share,
    "regular_phrase_share": regular_phrase_share,
    "cadence_share": cadence_share,
}
_THEORY: Final[dict[str, Callable[[Piece], float]]] = {
    "key_consistency": key_consistency,
    "stepwise_share": stepwise_share,
}
_THEORY_OF_PARTS: Final[dict[str, Callable[[Piece], float]]] = {
    "chord_share": chord_share,
    "voice_crossing_share": crossing_share,
    "parallel_fifths_per_100": lambda piece: parallels(piece, 7),
    "parallel_octaves_per_100": lambda piece: parallels(piece, 0),
}
_TEXTURE: Final[dict[str, Callable[[Piece], float]]] = {
    "notes_per_bar": notes_per_bar,
    "rest_share": rest_share,
    "note_value_entropy_bits": note_value_entropy,
    "pitch_class_entropy_bits": pitch_class_entropy,
    "pitch_range_semitones": pitch_range,
}
#: Not read off the piece alone: the mean log probability of its tokens, and the longest run shared with the training set.
LIKELIHOOD: Final = "log_probability"
ORIGINALITY: Final = "longest_shared_run"

#: Figures by what they judge.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "likelihood": (LIKELIHOOD,),
    "structure": (
        *(f"similarity_{distance}" for distance in _DISTANCES),
        "near_return_share",
        "rhythm_return_share",
        *_STRUCTURE,
    ),
    "theory": (*_THEORY, *_THEORY_OF_PARTS),
    "texture": tuple(_TEXTURE),
    "originality": (ORIGINALITY,),
}


def figures_of(whole: Piece, n_bars: int) -> dict[str, float]:
    """Return the figures of structure, theory and texture of at most `n_bars` measures by name."""
    piece = excerpt(whole, n_bars)
    is_polyphonic = len({note.part for note in piece.notes}) > 1
    shares = return_shares(piece)
    return {
        **{f"similarity_{distance}": similarity(piece, distance) for distance in _DISTANCES},
        **{name: shares[name] for name in ("near_return_share", "rhythm_return_share")},
        **{name: figure(piece) for name, figure in (_STRUCTURE | _THEORY | _TEXTURE).items()},
        **{name: figure(piece) if is_polyphonic else math.nan for name, figure in _THEORY_OF_PARTS.items()},
    }
