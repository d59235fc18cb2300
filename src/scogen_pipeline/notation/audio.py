"""MIDI to sound: synthesised, brought to full level, with time to ring out.

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
    """Play a Standard MIDI File; the sound lasts `TAIL_SECONDS` longer than the file.

    Raises:
        RenderError: If the synthesizer cannot read the file.
    """
    import midirenderer  # noqa: PLC0415
    import soundfile  # noqa: PLC0415

    try:
        wave = midirenderer.render_wave_from(load_soundfont(), _with_tail(midi))
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


def _with_tail(midi: bytes) -> bytes:
    """Move the end of the file, where the synthesizer stops, behind the reverberation."""
    import mido  # noqa: PLC0415

    file = mido.MidiFile(file=io.BytesIO(midi))
    ticks = round(mido.second2tick(TAIL_SECONDS, file.ticks_per_beat, _last_tempo(file)))
    longest = max(file.tracks, key=lambda track: sum(message.time for message in track))
    if longest and longest[-1].type == "end_of_track":
        longest[-1].time += ticks
    else:
        longest.append(mido.MetaMessage("end_of_track", time=ticks))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


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
