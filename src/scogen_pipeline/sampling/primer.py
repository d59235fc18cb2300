"""A MIDI file to go on from.

**Conventions.** The primer is spelled in C major or A minor like any piece, so what follows is in the key that is asked for,
and so is the primer itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scogen_pipeline.errors import RequestError
from scogen_pipeline.midi.reading import read_midi
from scogen_pipeline.music.piece import Note, Piece, longest_pickup
from scogen_pipeline.tokens.alphabet import END, START, bar_token, kind_of, value_of
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.quantise import quantise
from scogen_pipeline.tokens.tables import labelled_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scogen_pipeline.music.meter import Meter
    from scogen_pipeline.sampling.request import Request

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Primer:
    """The beginning of a piece, to be continued.

    Args:
        piece: The MIDI file on the grid.
    """

    piece: Piece

    @classmethod
    def read(cls, data: bytes) -> Primer:
        """Read a MIDI file.

        Raises:
            MidiError: If it cannot be read.
        """
        tables = {name: table.to_pandas() for name, table in read_midi(data, "primer").by_name().items()}
        ((_, raw),) = labelled_pieces(tables)
        return cls(quantise(raw))

    def tokens_for(self, request: Request) -> tuple[str, ...]:
        """Return the tokens of the measures that the new piece begins with: at most half of what is asked for.

        Raises:
            RequestError: If the primer is in another meter, or for another number of staves.
        """
        piece = self.piece
        if set(piece.meters) != {request.meter}:
            meters = ", ".join(sorted({str(meter) for meter in piece.meters}))
            raise RequestError(
                f"`primer` must be in {request.meter} throughout, received {meters}. Ask for `time_signature={piece.meter}`."
            )
        if len(piece.parts) != len(request.parts):
            raise RequestError(
                f"`primer` must have {len(request.parts)} staves like the request, received {len(piece.parts)}. "
                "Ask for its `instruments`."
            )
        n_bars = min(piece.n_bars, max(1, request.n_bars // 2))
        if n_bars < piece.n_bars:
            logger.info("The primer has %d measures; the first %d are taken.", piece.n_bars, n_bars)
        tokens = encode(_first_bars(piece, n_bars)).tokens
        return _recounted(tokens, request.n_bars + has_pickup(tokens, piece.meter))


def has_pickup(tokens: Iterable[str], meter: Meter) -> bool:
    """Tell whether a piece begins before its first full measure."""
    first = next((int(value_of(token)) for token in tokens if kind_of(token) == "pos"), 0)
    return 0 < meter.bar_ticks - first <= longest_pickup(meter)


def _first_bars(piece: Piece, n_bars: int) -> Piece:
    """Cut a piece after some measures; notes that sound on end there."""
    meters = piece.meters[:n_bars]
    end = sum(meter.bar_ticks for meter in meters)
    notes = tuple(
        Note(note.onset, note.part, note.pitch, min(note.end, end) - note.onset) for note in piece.notes if note.onset < end
    )
    return Piece(piece.parts, notes, meters, piece.key, piece.tempo_qpm, piece.genre)


def _recounted(tokens: Iterable[str], n_bars: int) -> tuple[str, ...]:
    """Count the measures that are left down from `n_bars`."""
    recounted, bars_left = [], n_bars
    for token in tokens:
        if kind_of(token) == "bar":
            recounted.append(bar_token(bars_left))
            bars_left -= 1
        elif token not in (START, END):
            recounted.append(token)
    return tuple(recounted)
