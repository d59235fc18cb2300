"""The pedals of a piece.

The parser hands out controllers with the notes of their channel and drops those of a track chunk without notes; but notation
programs like to write the pedals of a piano into a chunk of their own (144 of the 295 files of piano-midi.de). So the chunks in
which no note is found are read here.

**Conventions**

- Kept are the controllers 64 (sustain), 66 (sostenuto) and 67 (soft) with all their values, sorted by time.
- Pedals of a chunk without notes belong to the first track that begins on their channel, or else to the first track. Those of a
  channel without notes, in a chunk in which another channel has notes, are not found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from scogen_pipeline.midi.text_events import PEDAL_CONTROLLERS, Head, variable_length

_IS_PEDAL: Final = np.isin(np.arange(256), PEDAL_CONTROLLERS)

_Pedals = list[tuple[int, int, int, int]]  # channel or track, tick, controller, value


def read_pedals(tracks: Sequence[Any], data: bytes, heads: Sequence[Head], max_tick: int) -> tuple[Any, ...]:
    """Read the pedals.

    Args:
        tracks: The tracks of the parser.
        data: The file.
        heads: The heads of its track chunks.
        max_tick: Pedals from this tick on are left out.

    Returns:
        Track, tick, controller and value of each event.
    """
    events_by_track = [track.controls.numpy() for track in tracks]
    if len(tracks) == 1:
        ticks, controllers, values = (events_by_track[0][name] for name in ("time", "number", "value"))
        numbers = np.zeros(len(ticks), np.int16)
    else:
        ticks, controllers, values = (
            np.concatenate([events[name] for events in events_by_track]) for name in ("time", "number", "value")
        )
        numbers = np.repeat(np.arange(len(tracks), dtype=np.int16), [len(events["time"]) for events in events_by_track])
    columns: tuple[Any, ...] = (numbers, ticks, controllers, values)
    order = np.flatnonzero(_IS_PEDAL[controllers] & (ticks.view(np.uint32) < max_tick))
    silent = _silent_pedals(data, heads, len(tracks), max_tick)
    if silent:
        columns = tuple(
            np.append(column.take(order), more) for column, more in zip(columns, zip(*silent, strict=True), strict=True)
        )
        return tuple(column.take(np.argsort(columns[1], kind="stable")) for column in columns)
    if len(tracks) > 1:
        order = order[np.argsort(ticks[order], kind="stable")]
    elif len(order) and order[-1] - order[0] == len(order) - 1:  # as a rule other controllers are set before the music only
        return tuple(column[order[0] : order[-1] + 1] for column in columns)
    return tuple(column.take(order) for column in columns)


def _silent_pedals(data: bytes, heads: Sequence[Head], n_tracks: int, max_tick: int) -> _Pedals:
    """Return the pedals of chunks without notes, with their tracks."""
    channels = [head.channel for head in heads if head.channel is not None]
    if len(channels) != n_tracks:  # some chunk is several tracks: which is whose cannot be told
        channels = []
    return [
        (channels.index(channel) if channel in channels else 0, tick, controller, value)
        for head in heads
        if head.channel is None and head.has_pedals
        for channel, tick, controller, value in _pedals_without_notes(data, head.start, head.end)
        if tick < max_tick
    ]


def _pedals_without_notes(data: bytes, start: int, end: int) -> _Pedals:
    """Return the pedals of the channels of a chunk that have no notes in it."""
    pedals: _Pedals = []
    sounding: set[int] = set()
    body, n_bytes = data[start:end] + bytes(9), end - start  # zeros, so that an event that is cut short ends nevertheless
    at = tick = status = 0
    while at < n_bytes:
        delta, at = variable_length(body, at)
        tick += delta
        if body[at] >= 0x80:
            status, at = body[at], at + 1
        if status >= 0xF0:
            length, at = variable_length(body, at + (status == 0xFF))
            at += length
            continue
        if 0x90 <= status < 0xA0:
            sounding.add(status & 0x0F)
        elif 0xB0 <= status < 0xC0 and body[at] in PEDAL_CONTROLLERS:
            pedals.append((status & 0x0F, tick, body[at], min(body[at + 1], 127)))
        at += 1 if 0xC0 <= status < 0xE0 else 2
    return [pedal for pedal in pedals if pedal[0] not in sounding]
