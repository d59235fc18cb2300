"""The pedals of a piece.

The parser hands out controllers with the notes of their channel, and drops those of a track chunk without notes; but notation
programs like to write the pedals of a piano into a chunk of their own (144 of the 295 files of piano-midi.de, 61 % of all their
pedals). So the chunks that begin with a pedal and not with a note are given a note and parsed again.

**Conventions**

- Kept are the controllers 64 (sustain), 66 (sostenuto) and 67 (soft) with all their values, sorted by time.
- Pedals of a chunk without notes belong to the first track that begins on their channel, or else to the first track. Read are
  those on the channel of the first pedal of the chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from scogen_pipeline.midi.text_events import PEDAL_CONTROLLERS, Head

_IS_PEDAL: Final = np.isin(np.arange(256), PEDAL_CONTROLLERS)
#: A controller without a meaning: after it the events of a chunk may go on in running status.
_NOTHING: Final = b"\x77\x00"

_Events = dict[str, Any]  # "time", "number", "value" -> NumPy array


def read_pedals(tracks: Sequence[Any], data: bytes, heads: Sequence[Head], max_tick: int, parse: Callable[[bytes], Any]) -> Any:
    """Read the pedals.

    Args:
        tracks: The tracks of the parser.
        data: The file.
        heads: The heads of its track chunks.
        max_tick: Pedals from this tick on are left out.
        parse: Parses the body of a track chunk into tracks.

    Returns:
        A tuple of track, tick, controller and value of all events.
    """
    owned = [*((index, track.controls.numpy()) for index, track in enumerate(tracks))]
    if any(head.pedal is not None for head in heads):
        owned += _pedals_without_notes(data, heads, len(tracks), parse)
    names = ("time", "number", "value")
    ticks, controllers, values = (
        owned[0][1][name] if len(owned) == 1 else np.concatenate([events[name] for _, events in owned]) for name in names
    )
    numbers = np.repeat(np.array([owner for owner, _ in owned], np.int16), [len(events["time"]) for _, events in owned])
    columns = (numbers, ticks, controllers, values)
    order = np.flatnonzero(_IS_PEDAL[controllers] & (ticks.view(np.uint32) < max_tick))
    if len(owned) > 1:
        order = order[np.argsort(ticks[order], kind="stable")]
    elif len(order) and order[-1] - order[0] == len(order) - 1:  # as a rule other controllers are set before the music only
        return tuple(column[order[0] : order[-1] + 1] for column in columns)
    return tuple(column.take(order) for column in columns)


def _pedals_without_notes(
    data: bytes, heads: Sequence[Head], n_tracks: int, parse: Callable[[bytes], Any]
) -> Iterator[tuple[int, _Events]]:
    """Yield the controllers of chunks without notes, and the tracks that they belong to."""
    channels = [head.channel for head in heads if head.channel is not None]
    if len(channels) != n_tracks:  # some chunk is several tracks: which is whose cannot be told
        channels = []
    for head in heads:
        if head.channel is None and head.pedal is not None:
            at, channel = head.pedal
            note = bytes((0, 0x90 | channel, 60, 1, 0, 0x80 | channel, 60, 0, 0, 0xB0 | channel)) + _NOTHING
            for track in parse(data[head.start : at] + note + data[at : head.end]):
                if len(track.notes) == 1:  # with notes of its own it is one of the tracks already
                    yield channels.index(channel) if channel in channels else 0, track.controls.numpy()
