"""What one part is playing while a piece is written.

**Conventions.** Ticks are grid ticks from the start of the piece. A single line has one layer of notes; a hand has two, so that a
note can be held beside moving ones.
"""

from __future__ import annotations

from typing import Final

#: A note is held beside moving ones for at least this long.
_SHORTEST_HOLD: Final = 24


class PartState:
    """The notes of one part, as far as they matter for what may come next.

    Args:
        max_notes: Most notes that the staff sounds at once.
    """

    def __init__(self, max_notes: int) -> None:
        self.max_notes = max_notes
        self.last_pitch = 0
        #: First tick from which the whole part is silent.
        self.end = 0
        #: (onset, pitch) of the last two onsets; of a chord the pitch that was written last.
        self._moves = [(-1, 0), (-1, 0)]
        self._layers = [(0, 0)] * (1 if max_notes == 1 else 2)  # (onset, end) of the last notes of each layer
        self._sounding: list[tuple[int, int, int]] = []  # (onset, end, pitch)

    @property
    def has_layers(self) -> bool:
        """Whether a note can be held beside moving ones."""
        return len(self._layers) > 1

    def is_free(self, tick: int) -> bool:
        """Tell whether a layer can begin a note; beside a held one it goes on from the last, or there is time for several."""
        if self.end <= tick:
            return True
        held = self.ends_after(tick)
        has_layer = any(end <= tick for _, end in self._layers)
        goes_on = any(end == tick for _, end in self._layers)
        return has_layer and (not held or goes_on or min(held) - tick >= _SHORTEST_HOLD)

    def ends_after(self, tick: int) -> list[int]:
        """Return where the layers end that sound at the tick and began before it."""
        return [end for onset, end in self._layers if onset < tick < end]

    def n_layers_begun(self, tick: int) -> int:
        """Return how many layers begin at the tick."""
        return sum(onset == tick < end for onset, end in self._layers)

    def pitches_at(self, tick: int) -> list[int]:
        """Return the pitches of the notes that begin at the tick."""
        return [pitch for onset, _, pitch in self._sounding if onset == tick]

    def pitch_before(self, tick: int) -> int:
        """Return the pitch of the last note that began before the tick, 0 if none did."""
        (first, earlier), (last, pitch) = self._moves
        return pitch if last < tick else earlier if first < tick else 0

    def pitches_sounding(self, tick: int) -> list[int]:
        """Return the pitches that sound at the tick."""
        return [pitch for onset, end, pitch in self._sounding if onset <= tick < end]

    def note(self, onset: int, duration: int, pitch: int) -> None:
        """Begin a note: it joins the layer of its chord, else takes a free layer, else cuts the one that ends first."""
        begun = (onset, onset + duration)
        if begun not in self._layers:
            free = [layer for layer, (_, end) in enumerate(self._layers) if end <= onset]
            by_end = sorted(range(len(self._layers)), key=lambda layer: self._layers[layer][1])
            self._layers[(free or by_end)[0]] = begun
            self.end = max(end for _, end in self._layers)
        self._sounding = [each for each in self._sounding if each[1] > onset]
        self._sounding.append((onset, onset + duration, pitch))
        self.last_pitch = pitch
        earlier = self._moves[-1] if self._moves[-1][0] < onset else self._moves[-2]
        self._moves = [earlier, (onset, pitch)]
