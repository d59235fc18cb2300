from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from scogen_pipeline.errors import RenderError
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.notation import soundfont
from scogen_pipeline.notation.audio import TAIL_SECONDS, Sound, synthesise, to_mp3, to_wav

QUARTERS = MidiTrack("Piano", 0, [(480 * beat, 480, 60 + beat, 80) for beat in range(4)])


@pytest.fixture(scope="module")
def sound() -> Sound:
    return synthesise(midi_bytes([QUARTERS], tpq=480, tempos=[(0, 120.0)]))


def test_the_sound_lasts_as_long_as_the_music_and_its_tail(sound: Sound) -> None:
    assert sound.seconds == pytest.approx(2.0 + TAIL_SECONDS, abs=0.1)
    assert sound.samples.shape[1] == 2


def test_the_tail_rings_in_the_last_tempo() -> None:
    slow = synthesise(midi_bytes([QUARTERS], tpq=480, tempos=[(0, 120.0), (960, 60.0)]))
    assert slow.seconds == pytest.approx(3.0 + TAIL_SECONDS, abs=0.1)


def test_the_loudest_sample_is_one_decibel_below_full_scale(sound: Sound) -> None:
    assert 20 * np.log10(np.abs(sound.samples).max()) == pytest.approx(-1.0, abs=0.01)


def test_the_last_note_rings_out_and_the_end_is_silent(sound: Sound) -> None:
    level = np.abs(sound.samples).max(axis=1)
    assert level[round(2.05 * sound.rate) : round(2.2 * sound.rate)].max() > 0.01
    assert level[-10:].max() < 1e-4


def test_notes_sound_when_and_as_high_as_written() -> None:
    tracks = [MidiTrack("Drone", 42, [(0, 10, 36, 1)]), MidiTrack("Flute", 73, [(960, 960, 69, 90)])]
    sound = synthesise(midi_bytes(tracks, tpq=480, tempos=[(0, 120.0)]))
    assert np.abs(sound.samples[: round(0.95 * sound.rate)]).max() < 0.02
    steady = sound.samples[round(1.3 * sound.rate) : round(1.8 * sound.rate)].mean(axis=1)
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady)), 1 << 17))
    peak = int(spectrum[: 1 << 12].argmax()) * sound.rate / (1 << 17)
    assert peak == pytest.approx(440, rel=0.015)


def test_the_silence_before_a_pickup_is_not_waited_for(sound: Sound) -> None:
    late = MidiTrack("Piano", 0, [(onset + 1440, ticks, pitch, velocity) for onset, ticks, pitch, velocity in QUARTERS.notes])
    after_silence = synthesise(midi_bytes([late], tpq=480, tempos=[(0, 60.0), (960, 120.0)]))
    assert after_silence.seconds == pytest.approx(sound.seconds, abs=0.1)
    assert np.abs(after_silence.samples[: round(0.2 * sound.rate)]).max() > 0.1


def test_wav_and_mp3_last_exactly_as_long_as_the_sound(sound: Sound) -> None:
    for data, container in ((to_wav(sound), "WAV"), (to_mp3(sound), "MP3")):
        info = soundfile.info(io.BytesIO(data))
        assert (info.format, info.samplerate, info.channels, info.frames) == (container, 48_000, 2, len(sound.samples))


def test_the_same_midi_gives_the_same_files(sound: Sound) -> None:
    again = synthesise(midi_bytes([QUARTERS], tpq=480, tempos=[(0, 120.0)]))
    assert to_wav(again) == to_wav(sound)
    assert to_mp3(again) == to_mp3(sound)


def test_silence_stays_silence() -> None:
    sound = synthesise(midi_bytes([MidiTrack("Piano", 0, [])], tpq=480))
    assert float(np.abs(sound.samples).max(initial=0.0)) < 1e-3


def test_something_else_than_midi_is_an_error() -> None:
    with pytest.raises(RenderError, match="Standard MIDI File"):
        synthesise(b"RIFF")


def test_a_missing_soundfont_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfont, "PACKAGE", "no_such_package")
    with pytest.raises(RenderError, match="soundfont"):
        soundfont.load_soundfont.__wrapped__()
