"""MIDI to sound: synthesised from the first note on, brought to full level, with time to ring out.

Why from the first note: the MIDI file of a piece with a pickup begins with the silence before it, so that its bar lines are
right; a listener would only wait.

**Conventions.** Samples are float32 in [-1, 1], shape (time, channel), two channels, 48,000 a second. Levels are dB below
full scale.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import RenderError
from scogen_pipeline.notation.soundfont import load_soundfont

if TYPE_CHECKING:
    import mido

TAIL_SECONDS = 2.0
"""Reverberation of a full chord falls below -60 dB in 1.5 s."""

FADE_SECONDS = 0.25
PEAK_DB = -1.0
"""Headroom for what MP3 adds between samples."""

_DEFAULT_TEMPO = 500_000


class Sound(NamedTuple):
    """Samples, shape (time, channel), and how many there are a second."""

    samples: npt.NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


def synthesise(midi: bytes) -> Sound:
    """Play a Standard MIDI File from its first note; the sound lasts `TAIL_SECONDS` longer than the file does from there.

    Raises:
        RenderError: If the synthesizer cannot read the file.
    """
    import midirenderer  # noqa: PLC0415
    import soundfile  # noqa: PLC0415

    try:
        wave = midirenderer.render_wave_from(load_soundfont(), _from_first_note(midi))
    except (ValueError, RuntimeError, EOFError, OSError) as error:
        raise RenderError(f"`midi` must be a Standard MIDI File, received {len(midi)} bytes that are not: {error}.") from error
    samples, rate = soundfile.read(io.BytesIO(wave), dtype="float32", always_2d=True)
    return Sound(_levelled(_faded(samples, rate)), rate)


def to_wav(sound: Sound) -> bytes:
    """Return the sound as a 16-bit WAV file."""
    return _written(sound, "WAV", "PCM_16")


def to_mp3(sound: Sound) -> bytes:
    """Return the sound as an MP3 file of exactly the same length."""
    return _written(sound, "MP3", "MPEG_LAYER_III")


def _written(sound: Sound, container: str, subtype: str) -> bytes:
    import soundfile  # noqa: PLC0415

    buffer = io.BytesIO()
    channels = sound.samples.shape[1]
    with soundfile.SoundFile(buffer, "w", sound.rate, channels, format=container, subtype=subtype) as file:
        # libsndfile's lossy encoders have crashed on a minute in one call.
        for start in range(0, len(sound.samples), sound.rate):
            file.write(sound.samples[start : start + sound.rate])
    return buffer.getvalue()


def _from_first_note(midi: bytes) -> bytes:
    """Leave out the silence at the start, and move the end, where the synthesizer stops, behind the reverberation."""
    import mido  # noqa: PLC0415

    file = mido.MidiFile(file=io.BytesIO(midi))
    _leave_out(file, _first_onset(file))
    _add_tail(file)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _first_onset(file: mido.MidiFile) -> int:
    onsets = []
    for track in file.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                onsets.append(now)
                break
    return min(onsets, default=0)


def _leave_out(file: mido.MidiFile, ticks: int) -> None:
    """Bring everything forward by `ticks`; what stands before them (tempo, sounds) comes at the start."""
    for track in file.tracks:
        left = ticks
        for message in track:
            cut = min(left, message.time)
            message.time -= cut
            left -= cut


def _add_tail(file: mido.MidiFile) -> None:
    import mido  # noqa: PLC0415

    ticks = round(mido.second2tick(TAIL_SECONDS, file.ticks_per_beat, _last_tempo(file)))
    longest = max(file.tracks, key=lambda track: sum(message.time for message in track))
    if longest and longest[-1].type == "end_of_track":
        longest[-1].time += ticks
    else:
        longest.append(mido.MetaMessage("end_of_track", time=ticks))


def _last_tempo(file: mido.MidiFile) -> int:
    tempos = [message.tempo for message in file.merged_track if message.type == "set_tempo"]
    return int(tempos[-1]) if tempos else _DEFAULT_TEMPO


def _faded(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float32]:
    """Bring the end to silence, so that a long reverberation does not click."""
    n_faded = min(len(samples), round(FADE_SECONDS * rate))
    gain = np.ones((len(samples), 1), dtype=np.float32)
    gain[len(samples) - n_faded :, 0] = np.linspace(1, 0, n_faded, dtype=np.float32)
    return samples * gain


def _levelled(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    peak = float(np.abs(samples).max(initial=0.0))
    return samples * np.float32(10 ** (PEAK_DB / 20) / peak) if peak else samples
