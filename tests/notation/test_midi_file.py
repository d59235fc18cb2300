from __future__ import annotations

import io
from collections.abc import Callable

import mido

from scogen_pipeline.music.piece import Piece
from scogen_pipeline.notation.midi_file import to_midi
from scogen_pipeline.notation.quantise import clean
from scogen_pipeline.sampling.primer import Primer


def read(piece: Piece) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(to_midi(piece)), charset="utf-8")


def sounding(track: mido.MidiTrack) -> list[tuple[int, int, int]]:
    now, started, notes = 0, {}, []
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            started[message.note] = now
        elif message.type in ("note_off", "note_on"):
            onset = started.pop(message.note)
            notes.append((onset // 20, message.note, (now - onset) // 20))
    return sorted(notes)


def test_each_part_is_a_track_with_the_notes_of_the_page(piece: Piece) -> None:
    cleaned = clean(piece)
    for part, track in enumerate(read(piece).tracks[1:]):
        assert sounding(track) == sorted((n.onset, n.pitch, n.duration) for n in cleaned.notes_of(part))


def test_every_track_lasts_to_the_final_bar_line(build: Callable[..., Piece]) -> None:
    piece = build("violin, cello", "3/4", "G", ["G4/72 B4/24", "G2/24"])
    assert [sum(message.time for message in track) for track in read(piece).tracks] == [144 * 20] * 3


def test_the_conductor_names_tempo_meters_and_key(pieces: dict[str, Piece]) -> None:
    conductor = read(pieces["meter change"]).tracks[0]
    now, meters = 0, []
    for message in conductor:
        now += message.time
        if message.type == "time_signature":
            meters.append((now // 20, message.numerator, message.denominator))
    assert meters == [(0, 4, 4), (96, 6, 8), (168, 3, 4), (240, 2, 4)]
    chorale = {message.type: message for message in read(pieces["chorale"]).tracks[0]}
    assert round(mido.tempo2bpm(chorale["set_tempo"].tempo)) == 76
    assert chorale["key_signature"].key == "F#m"


def test_tracks_have_the_printed_names_and_the_sounds(pieces: dict[str, Piece]) -> None:
    tracks = read(pieces["song"]).tracks[1:]
    assert [track.name for track in tracks] == ["Voice", "Piano (right hand)", "Piano (left hand)"]
    assert [message.program for track in tracks for message in track if message.type == "program_change"] == [53, 0, 0]


def test_a_pickup_stands_at_the_end_of_a_full_measure_and_is_read_back_as_it_was(pieces: dict[str, Piece]) -> None:
    chorale = clean(pieces["chorale"])
    again = Primer.read(to_midi(chorale)).piece
    assert chorale.pickup_ticks == again.pickup_ticks == 24
    assert (again.meters, again.notes) == (chorale.meters, chorale.notes)
    assert [message.numerator for message in read(chorale).tracks[0] if message.type == "time_signature"] == [4]


def test_downbeats_are_the_loudest(pieces: dict[str, Piece]) -> None:
    velocities: dict[int, set[int]] = {}
    now = 0
    for message in read(pieces["jig"]).tracks[1]:
        now += message.time
        if message.type == "note_on":
            velocities.setdefault(now // 20 % 72, set()).add(message.velocity)
    assert velocities[0] > velocities[36] or min(velocities[0]) > max(velocities[36]) > max(velocities[12])


def test_the_bytes_depend_on_the_piece_only(piece: Piece) -> None:
    assert to_midi(piece) == to_midi(piece)
