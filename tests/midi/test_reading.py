import gzip
import random
import re
import struct

import pytest

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.midi.reading import piece_id_of, read_midi, reader_version
from scogen_pipeline.midi.rejects import Reason
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes

METER = b"\xff\x58\x04\x04\x02"
KEY = b"\xff\x59\x02\x00\x00"
TEMPO = b"\xff\x51\x03\x07\xa1\x20"  # 120 quarter notes a minute


@pytest.fixture
def plain(small_midi):
    return small_midi(keys=((0, 0, "major"),))


def rows(table):
    return [tuple(row.values())[1:] for row in table.to_pylist()]


def reason_of(data):
    with pytest.raises(MidiError) as caught:
        read_midi(data, "x.mid")
    assert caught.value.detail
    return caught.value.reason


def replaced(data, old, new):
    assert data.count(old) == 1
    return data.replace(old, new)


def last_track(data):
    return data.rindex(b"MTrk")


def with_track_length(data, change):
    at = last_track(data) + 4
    length = struct.unpack_from(">I", data, at)[0]
    return data[:at] + struct.pack(">I", length + change) + data[at + 4 :]


def with_events(events):
    body = events + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(body)) + body


# --- what is written is what is read


@pytest.mark.parametrize("seed", range(20))
def test_notes_survive_a_round_trip(seed):
    random_ = random.Random(seed)  # noqa: S311 - not for secrets
    tracks = []
    for program in (0, 40, 73):
        ends = {}
        notes = []
        for _ in range(50):
            pitch = random_.randrange(128)
            onset = ends.get(pitch, 0) + random_.randrange(100)
            ends[pitch] = onset + random_.randrange(1, 500)
            notes.append((onset, ends[pitch] - onset, pitch, random_.randrange(1, 128)))
        tracks.append(MidiTrack(f"Part {program}", program, notes))
    tables = read_midi(midi_bytes(tracks, tpq=random_.choice([24, 96, 480])), "x.mid")
    expected = [(index, *note) for index, track in enumerate(tracks) for note in track.notes]
    assert rows(tables.notes) == sorted(expected, key=lambda note: (note[1], note[0], note[3]))
    assert rows(tables.tracks) == [(i, t.name, t.program, False, 50) for i, t in enumerate(tracks)]


def test_tempos_meters_and_keys_survive_a_round_trip(small_midi):
    tables = read_midi(
        small_midi(tempos=((0, 60.0), (48, 90.0)), meters=((0, 3, 4), (72, 6, 8)), keys=((0, -3, "minor"), (72, 4, "major"))), "x"
    )
    assert rows(tables.tempos) == [(0, 60.0), (48, pytest.approx(90.0, abs=1e-4))]
    assert rows(tables.time_signatures) == [(0, 3, 4), (72, 6, 8)]
    assert rows(tables.key_signatures) == [(0, -3, "minor"), (72, 4, "major")]


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("fifths", range(-7, 8))
def test_every_key_survives_a_round_trip(small_midi, fifths, mode):
    assert rows(read_midi(small_midi(keys=((0, fifths, mode),)), "x").key_signatures) == [(0, fifths, mode)]


def test_the_piece_row_says_where_and_how_much(plain):
    piece = read_midi(plain, "bach/a.mid").pieces.to_pylist()[0]
    assert piece == {
        "piece_id": piece_id_of(plain),
        "path": "bach/a.mid",
        "tpq": 24,
        "n_notes": 8,
        "n_tracks": 1,
        "end_ticks": 192,
        "seconds": 4.0,
        "time_base": "score",
        "n_bytes": len(plain),
        "title": "",
        "composer": "",
        "copyright": "",
    }


def test_every_table_has_its_schema(plain):
    for name, table in read_midi(plain, "x").by_name().items():
        assert table.schema == SCHEMA_BY_TABLE[name]


def test_drums_are_marked():
    tables = read_midi(midi_bytes([MidiTrack("Kit", 0, [(0, 12, 36, 100)], is_drum=True)], tpq=24), "x")
    assert rows(tables.tracks) == [(0, "Kit", 0, True, 1)]


def test_a_file_without_tempo_meter_and_key_has_empty_tables(small_midi):
    tables = read_midi(small_midi(tempos=(), meters=()), "x")
    assert (len(tables.tempos), len(tables.time_signatures), len(tables.key_signatures)) == (0, 0, 0)


def test_the_reader_has_a_version():
    assert re.fullmatch(r"[0-9a-f]{16}", reader_version())


def test_seconds_follow_the_tempo_map(small_midi):
    assert read_midi(small_midi(tempos=()), "x").pieces["seconds"].to_pylist() == [4.0]  # 120 is the default
    assert read_midi(small_midi(tempos=((48, 60.0),)), "x").pieces["seconds"].to_pylist() == [1.0 + 6.0]
    assert read_midi(small_midi(tempos=((0, 60.0), (9_999, 30.0))), "x").pieces["seconds"].to_pylist() == [8.0]


def test_the_size_is_that_of_the_file_as_found(plain):
    assert read_midi(gzip.compress(plain), "x").pieces["n_bytes"].to_pylist() == [len(gzip.compress(plain))]


# --- what can be put right is put right


def riff(data):
    return b"RIFF" + struct.pack("<I", len(data) + 12) + b"RMIDdata" + struct.pack("<I", len(data)) + data


RESCUED = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "RIFF": riff,
    "gzipped RIFF": lambda data: gzip.compress(riff(data), mtime=0),
    "junk before the header": lambda data: b"\x00" * 128 + data,
    "junk after the last track": lambda data: data + b"\x00junk" * 9,
    "a half track after the last": lambda data: data + b"MTrk\x00\x00\x01\x00\x00",
    "too few tracks promised": lambda data: data[:10] + struct.pack(">H", 1) + data[12:],
    "a longer header": lambda data: data[:4] + struct.pack(">I", 8) + data[8:14] + b"\x00\x00" + data[14:],
    "an alien chunk": lambda data: data[:14] + b"XFIH" + struct.pack(">I", 3) + b"abc" + data[14:],
}


@pytest.mark.parametrize("damage", RESCUED)
def test_rescued_files_have_all_their_notes(plain, damage):
    assert rows(read_midi(RESCUED[damage](plain), "x").notes) == rows(read_midi(plain, "x").notes)


def test_a_velocity_above_127_is_loud():
    data = with_events(b"\x00\x90\x3c\xff\x60\x80\x3c\x40")
    assert rows(read_midi(data, "x").notes) == [(0, 0, 96, 60, 127)]


NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x40"

IRRELEVANT = {
    "a controller above 127": b"\x00\xb0\x07\xff" + NOTE,
    "a controller's number above 127": b"\x00\xb0\x87\x10" + NOTE,
    "a pitch bend above 127": b"\x00\xe0\x87\x90" + NOTE,
    "a tempo of zero after the last note": NOTE + b"\x00\xff\x51\x03\x00\x00\x00",
    "no beats in a measure after the last note": NOTE + b"\x00\xff\x58\x04\x00\x02\x18\x08",
    "nine sharps after the last note": NOTE + b"\x00\xff\x59\x02\x09\x00",
    "a key beyond all time": NOTE + b"\xff\xff\xff\x7f\xff\x01\x00" * 9 + b"\x00\xff\x59\x02\x00\x00",
    "a pedal beyond all time": NOTE + b"\xff\xff\xff\x7f\xb0\x40\x00" * 9,
    "a meter inside a message": b"\x00\xff\x7f\x05\xff\x58\x04\x04\x22" + NOTE + b"\x00\xff\x58\x04\x04\x02\x18\x08",
    "a delta time that looks like a meter": b"\x00\xff\x58\x04\x04\x02\x18\x08" + NOTE + b"\xff\x58\x04\x40\x22\x04\x40",
}


@pytest.mark.parametrize("fault", IRRELEVANT)
def test_a_fault_that_no_note_can_feel_costs_no_piece(fault):
    tables = read_midi(with_events(IRRELEVANT[fault]), "x")
    assert rows(tables.notes)[0] == (0, 0, 96, 60, 64)
    assert all(row[0] < 2**30 for name in ("tempos", "key_signatures", "time_signatures") for row in rows(getattr(tables, name)))


def test_right_events_after_the_last_note_are_kept():
    tables = read_midi(with_events(NOTE + b"\x00\xff\x59\x02\x02\x00\x00\xff\x51\x03\x07\xa1\x20"), "x")
    assert (rows(tables.key_signatures), rows(tables.tempos)) == ([(96, 2, "major")], [(96, 120.0)])


def test_notes_without_duration_are_kept():
    data = with_events(b"\x00\x90\x3c\x40\x00\x80\x3c\x40\x60\x90\x3e\x40\x60\x80\x3e\x40")
    assert [note[2] for note in rows(read_midi(data, "x").notes)] == [0, 96]


# --- what cannot ends in its reason

HUGE = b"\xff\xff\xff\x7f"  # the longest delta time, 2**28 - 1

BROKEN = {
    "no bytes": (lambda data: b"", Reason.EMPTY),
    "a text file": (lambda data: b"Dear diary", Reason.NOT_MIDI),
    "a header of two bytes": (lambda data: data[:4] + struct.pack(">I", 2) + data[8:], Reason.NOT_MIDI),
    "only a header": (lambda data: data[:14], Reason.TRUNCATED),
    "half a header": (lambda data: data[:9], Reason.TRUNCATED),
    "cut in a track": (lambda data: data[:-9], Reason.TRUNCATED),
    "cut between tracks": (lambda data: data[: last_track(data)], Reason.TRUNCATED),
    "a cut gzip": (lambda data: gzip.compress(data)[:-20], Reason.TRUNCATED),
    "a broken gzip": (lambda data: gzip.compress(data)[:12] + b"\xff" * 40, Reason.UNREADABLE),
    "a gzip bomb": (lambda data: gzip.compress(bytes(65 * 2**20), 1), Reason.TOO_LARGE),
    "type 2": (lambda data: data[:8] + struct.pack(">H", 2) + data[10:], Reason.BAD_FORMAT),
    "type 9": (lambda data: data[:8] + struct.pack(">H", 9) + data[10:], Reason.BAD_FORMAT),
    "division zero": (lambda data: data[:12] + struct.pack(">H", 0) + data[14:], Reason.BAD_TPQ),
    "division 23": (lambda data: data[:12] + struct.pack(">H", 23) + data[14:], Reason.BAD_TPQ),
    "SMPTE division": (lambda data: data[:12] + b"\xe7\x28" + data[14:], Reason.BAD_TPQ),
    "no tracks": (lambda data: data[:10] + struct.pack(">H", 0) + data[12:14], Reason.NO_NOTES),
    "a silent track": (lambda data: midi_bytes([MidiTrack("", 0, [])], tpq=24), Reason.NO_NOTES),
    "a track that stops early": (lambda data: with_track_length(data, -20), Reason.TRACK_LENGTH),
    "a track of no length": (lambda data: data[:18] + bytes(4) + data[22:], Reason.TRACK_LENGTH),
    "a track that swallows the next": (
        lambda data: data[:18] + struct.pack(">I", len(data) - 22) + data[22:],
        Reason.TRACK_LENGTH,
    ),
    "a track one byte too long": (lambda data: data[:21] + bytes([data[21] + 1]) + data[22:], Reason.TRACK_LENGTH),
    "a loud velocity and a pitch above 127": (lambda data: with_events(b"\x00\x90\x3c\xff\x00\xf4\xbc\x40"), Reason.UNREADABLE),
    "a length beyond the file": (lambda data: with_track_length(data, 2**31), Reason.TRUNCATED),
    "a pitch above 127": (lambda data: with_events(b"\x00\x90\xbc\x40\x60\x80\xbc\x40"), Reason.UNREADABLE),
    "a loud velocity and then a pitch above 127": (
        lambda data: with_events(b"\x00\x90\x3c\xff\x60\x80\x3c\x40\x00\x90\xbc\x40\x60\x80\xbc\x40"),
        Reason.UNREADABLE,
    ),
    "a program above 127": (lambda data: with_events(b"\x00\xc0\xff\x00\x90\x3c\x40\x60\x80\x3c\x40"), Reason.UNREADABLE),
    "an event out of nothing": (lambda data: with_events(b"\x00\xf4\x3c\x40"), Reason.UNREADABLE),
    "an onset that overflows": (
        lambda data: with_events((HUGE + b"\x90\x3c\x40\x60\x80\x3c\x40") * 5),
        Reason.BAD_TICK,
    ),
    "a tempo of zero": (lambda data: replaced(data, TEMPO, TEMPO[:3] + bytes(3)), Reason.BAD_TEMPO),
    "a tempo too slow": (lambda data: replaced(data, TEMPO, TEMPO[:3] + b"\xff\xff\xff"), Reason.BAD_TEMPO),
    "a tempo too fast": (lambda data: replaced(data, TEMPO, TEMPO[:3] + b"\x00\xe0\x00"), Reason.BAD_TEMPO),
    "no beats in a measure": (lambda data: replaced(data, METER, METER[:3] + b"\x00\x02"), Reason.BAD_METER),
    "a denominator of 128": (lambda data: replaced(data, METER, METER[:3] + b"\x04\x07"), Reason.BAD_METER),
    "a denominator that wraps to 4": (lambda data: replaced(data, METER, METER[:3] + b"\x04\x22"), Reason.BAD_METER),
    "nine sharps": (lambda data: replaced(data, KEY, KEY[:3] + b"\x09\x00"), Reason.BAD_KEY),
    "a third mode": (lambda data: replaced(data, KEY, KEY[:3] + b"\x00\x02"), Reason.BAD_KEY),
    "seven hours": (lambda data: midi_bytes([MidiTrack("", 0, [(7 * 7200 * 24, 24, 60, 80)])], tpq=24), Reason.TOO_LONG),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_broken_files_end_in_their_reason(plain, damage):
    damaged, reason = BROKEN[damage]
    assert reason_of(damaged(plain)) == reason


def test_six_hours_are_counted_with_the_tempo_map():
    seven_hours_at_120 = [MidiTrack("", 0, [(7 * 7200 * 24, 24, 60, 80)])]
    faster_after_a_minute = midi_bytes(seven_hours_at_120, tpq=24, tempos=((0, 120.0), (120 * 24, 240.0)))
    assert len(read_midi(faster_after_a_minute, "x").notes) == 1


def test_too_many_tracks_are_refused():
    data = b"MThd" + struct.pack(">IHHH", 6, 1, 2**15, 24) + b"MTrk\x00\x00\x00\x04\x00\xff\x2f\x00" * 2**15
    assert reason_of(data) == Reason.TOO_LARGE


def mutations(files, count, seed=0):
    random_ = random.Random(seed)  # noqa: S311 - not for secrets
    for index in range(count):
        data = bytearray(random_.choice(files))
        kind = index % 6
        at = random_.randrange(len(data))
        if kind == 0:
            del data[at:]
        elif kind == 1:
            for _ in range(random_.randrange(1, 9)):
                data[random_.randrange(len(data))] = random_.randrange(256)
        elif kind == 2:
            data[18:22] = random_.randbytes(4)
        elif kind == 3:
            data[at:at] = HUGE * random_.randrange(1, 4)
        elif kind == 4:
            data[12:14] = random_.choice([b"\x00\x00", b"\xe7\x28", b"\x00\x01", b"\xff\xff"])
        else:
            del data[at : at + random_.randrange(1, 30)]
        yield bytes(data)


def outcome(data):
    """The number of notes, or the reason."""
    try:
        tables = read_midi(data, "x")
    except MidiError as error:
        return Reason(error.reason)
    assert len(tables.notes) == tables.pieces["n_notes"][0].as_py()
    return len(tables.notes)


def test_a_thousand_mutated_files_are_read_or_refused_with_a_reason(small_midi):
    files = [
        small_midi(pitch, 40, keys=((0, 2, "major"),), title="Étude", composer="Anna Magdalena Bach") for pitch in (40, 60, 80)
    ]
    outcomes = [outcome(data) for data in mutations(files, 1000)]
    assert 400 < sum(isinstance(found, Reason) for found in outcomes) < 1000
    assert 0 not in outcomes


def test_real_pieces_are_read_whole(shared_data):
    files = sorted((shared_data / "piano-midi-de").rglob("*.mid"))[:12]
    for file in files:
        tables = read_midi(file.read_bytes(), file.name)
        assert len(tables.notes) > 100
        assert len(tables.time_signatures) >= 1
        assert "Krueger" in tables.pieces["copyright"][0].as_py() or "Krüger" in tables.pieces["copyright"][0].as_py()
