import io

import mido

from scogen_pipeline.midi.writing import MidiTrack, midi_bytes


def test_the_same_arguments_give_the_same_bytes():
    tracks = [MidiTrack("Flute", 73, [(0, 24, 72, 90)])]
    assert midi_bytes(tracks, tpq=24) == midi_bytes(tracks, tpq=24)


def test_the_order_of_the_notes_does_not_matter():
    notes = [(24, 24, 62, 80), (0, 24, 60, 80), (0, 48, 64, 80)]
    assert midi_bytes([MidiTrack("", 0, notes)], tpq=24) == midi_bytes([MidiTrack("", 0, notes[::-1])], tpq=24)


def test_another_reader_agrees():
    data = midi_bytes(
        [MidiTrack("Violin", 40, [(0, 24, 76, 90), (24, 24, 76, 90)]), MidiTrack("Drums", 0, [(0, 12, 36, 100)], is_drum=True)],
        tpq=24,
        tempos=((0, 60.0),),
        meters=((0, 6, 8),),
        keys=((0, 1, "minor"),),
    )
    file = mido.MidiFile(file=io.BytesIO(data))
    metas = {message.type: message for message in file.tracks[0]}
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 24, 3)
    assert metas["set_tempo"].tempo == 1_000_000
    assert (metas["time_signature"].numerator, metas["time_signature"].denominator) == (6, 8)
    assert metas["key_signature"].key == "Em"
    assert [message.channel for message in file.tracks[2] if message.type == "note_on"] == [9]


def test_a_repeated_pitch_ends_before_it_starts_again():
    file = mido.MidiFile(file=io.BytesIO(midi_bytes([MidiTrack("", 0, [(0, 24, 60, 80), (24, 24, 60, 80)])], tpq=24)))
    assert [message.type for message in file.tracks[1] if not message.is_meta][1:] == [
        "note_on",
        "note_off",
        "note_on",
        "note_off",
    ]


def test_pitched_tracks_never_use_the_drum_channel():
    file = mido.MidiFile(file=io.BytesIO(midi_bytes([MidiTrack("", 0, [(0, 1, 60, 80)])] * 20, tpq=24)))
    channels = [message.channel for track in file.tracks for message in track if message.type == "note_on"]
    assert len(channels) == 20
    assert set(channels) == set(range(16)) - {9}


def test_a_title_that_utf8_cannot_hold_is_written_with_question_marks():
    assert b"caf?" in midi_bytes([MidiTrack("", 0, [(0, 1, 60, 80)])], tpq=24, title="caf\udce9")
