"""Notes and metadata to the bytes of a Standard MIDI File.

It is the only writer of MIDI in the project: the corpus, the printed score and the tests share it, so that what is written is
what `midi.reading` expects.

**Conventions**

- Times are ticks, `tpq` of them to the quarter note. Type 1: track 0 conducts (title, composer, tempos, meters, keys), each
  `MidiTrack` follows in its own track, on its own channel while the 16 last.
- Text is UTF-8; `midi.text_events` reads that and falls back to Latin-1.
- At one tick meta events come first, then note ends, then note starts, so that a repeated pitch is two notes.
- The bytes depend on the arguments only.

**References**: MIDI Manufacturers Association, *Standard MIDI Files 1.0*, RP-001.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scogen_pipeline.midi.text_events import COMPOSER_PREFIX

_DRUM_CHANNEL: Final = 9
_PITCHED_CHANNELS: Final = tuple(channel for channel in range(16) if channel != _DRUM_CHANNEL)
_NAME_BY_FIFTHS: Final = {
    "major": dict(enumerate(["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"], start=-7)),
    "minor": dict(
        enumerate(["Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m"], start=-7)
    ),
}

#: A message and where it belongs: (tick, rank among the messages of that tick, message).
_Event = tuple[int, int, Any]


@dataclass(frozen=True)
class MidiTrack:
    """The notes of one track.

    Args:
        name: Track name, "" for none.
        program: General MIDI program, 0 to 127.
        notes: `(onset_ticks, duration_ticks, pitch, velocity)`; durations of 1 or more, velocities 1 to 127, any order.
        is_drum: Whether the track plays on the drum channel.
    """

    name: str
    program: int
    notes: Sequence[tuple[int, int, int, int]]
    is_drum: bool = False


def midi_bytes(
    tracks: Sequence[MidiTrack],
    *,
    tpq: int,
    tempos: Sequence[tuple[int, float]] = ((0, 120.0),),
    meters: Sequence[tuple[int, int, int]] = ((0, 4, 4),),
    keys: Sequence[tuple[int, int, str]] = (),
    title: str = "",
    composer: str = "",
    copyright_notice: str = "",
) -> bytes:
    """Write a Standard MIDI File of type 1.

    Args:
        tracks: In the order of the file.
        tpq: Ticks per quarter note, 24 to 30,000.
        tempos: `(tick, quarter notes per minute)`.
        meters: `(tick, numerator, denominator)`.
        keys: `(tick, fifths from -7 to 7, "major" or "minor")`.
        title: Written as the name of track 0.
        composer: Written as the text event `Composer: NAME`.
        copyright_notice: Written as the copyright event.
    """
    import mido  # noqa: PLC0415 - pipelines that write no MIDI do not pay for it

    conductor = [
        *_text_events(title, composer, copyright_notice),
        *((tick, 1, mido.MetaMessage("set_tempo", tempo=round(60_000_000 / qpm))) for tick, qpm in tempos),
        *((tick, 1, mido.MetaMessage("time_signature", numerator=over, denominator=under)) for tick, over, under in meters),
        *((tick, 1, mido.MetaMessage("key_signature", key=_NAME_BY_FIFTHS[mode][fifths])) for tick, fifths, mode in keys),
    ]
    file = mido.MidiFile(type=1, ticks_per_beat=tpq, charset="utf-8")
    file.tracks.append(_delta_coded(conductor))
    file.tracks += [_delta_coded(_track_events(track, _channel(track, index))) for index, track in enumerate(tracks)]
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _channel(track: MidiTrack, index: int) -> int:
    return _DRUM_CHANNEL if track.is_drum else _PITCHED_CHANNELS[index % len(_PITCHED_CHANNELS)]


def _text_events(title: str, composer: str, copyright_notice: str) -> list[_Event]:
    import mido  # noqa: PLC0415

    events: list[_Event] = []
    if title:
        events.append((0, 0, mido.MetaMessage("track_name", name=_encodable(title))))
    if copyright_notice:
        events.append((0, 0, mido.MetaMessage("copyright", text=_encodable(copyright_notice))))
    if composer:
        events.append((0, 0, mido.MetaMessage("text", text=_encodable(f"{COMPOSER_PREFIX} {composer}"))))
    return events


def _encodable(text: str) -> str:
    """Replace what UTF-8 cannot hold (lone surrogates of undecodable file names) by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _track_events(track: MidiTrack, channel: int) -> list[_Event]:
    import mido  # noqa: PLC0415

    events: list[_Event] = [(0, 0, mido.MetaMessage("track_name", name=_encodable(track.name)))] if track.name else []
    events.append((0, 1, mido.Message("program_change", channel=channel, program=track.program)))
    for onset, duration, pitch, velocity in sorted(track.notes):
        events.append((onset, 3, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        events.append((onset + duration, 2, mido.Message("note_off", channel=channel, note=pitch, velocity=64)))
    return events


def _delta_coded(events: Iterable[_Event]) -> Any:
    import mido  # noqa: PLC0415

    messages = mido.MidiTrack()
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        messages.append(message.copy(time=tick - now))
        now = tick
    messages.append(mido.MetaMessage("end_of_track", time=0))
    return messages
