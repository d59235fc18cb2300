"""Small pieces to analyse, built by hand."""

from __future__ import annotations

from collections.abc import Sequence

from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

QUARTER = 24


def melody(
    notes: Sequence[tuple[int, float]], meter: str = "4/4", key: str = "C", *, pickup: float = 0.0, instrument: str = "flute"
) -> Piece:
    """Lay (pitch, quarters) one after the other; pitch 0 is a rest. `pickup` quarters stand before the first bar line."""
    measure = Meter.parse(meter)
    now = round(measure.bar_ticks - pickup * QUARTER) if pickup else 0
    placed = []
    for pitch, quarters in notes:
        ticks = round(quarters * QUARTER)
        if pitch:
            placed.append(Note(now, 0, pitch, ticks))
        now += ticks
    n_bars = -(-now // measure.bar_ticks)
    return Piece(parts_for((INSTRUMENTS[instrument],)), tuple(placed), (measure,) * n_bars, Key.parse(key))


def harmony(chords: Sequence[Sequence[int]], quarters: float = 1.0, meter: str = "4/4", key: str = "C") -> Piece:
    """Lay chords one after the other, each the pitches of soprano, alto, tenor and bass; an empty one is a rest."""
    ticks, measure = round(quarters * QUARTER), Meter.parse(meter)
    voices = tuple(INSTRUMENTS[name] for name in ("soprano", "alto", "tenor", "bass"))
    notes = [Note(index * ticks, part, pitch, ticks) for index, chord in enumerate(chords) for part, pitch in enumerate(chord)]
    n_bars = -(-len(chords) * ticks // measure.bar_ticks)
    return Piece(parts_for(voices), tuple(sorted(notes)), (measure,) * n_bars, Key.parse(key))
