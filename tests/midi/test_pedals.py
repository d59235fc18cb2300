import struct

from scogen_pipeline.midi.reading import read_midi

NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x40"


def midi_of(*bodies):
    chunks = b"".join(b"MTrk" + struct.pack(">I", len(body) + 4) + body + b"\x00\xff\x2f\x00" for body in bodies)
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(bodies), 480) + chunks


def pedals_of(*bodies):
    return [tuple(row.values())[1:] for row in read_midi(midi_of(*bodies), "x").pedals.to_pylist()]


def test_pedals_have_all_their_values():
    before = b"\x00\xb0\x07\x64\x00\x40\x7f\x00\x90\x3c\x40"
    later = b"\x60\xb0\x40\x2a\x00\x42\x01\x00\x40\x00\x10\x43\x7f\x50\x80\x3c\x40"
    assert pedals_of(before + later) == [(0, 0, 64, 127), (0, 96, 64, 42), (0, 96, 66, 1), (0, 96, 64, 0), (0, 112, 67, 127)]


def test_other_controllers_between_pedals_are_left_out():
    assert pedals_of(b"\x00\xb0\x40\x7f\x01\x07\x64\x01\x40\x00" + NOTE) == [(0, 0, 64, 127), (0, 2, 64, 0)]


def test_pedals_of_all_tracks_are_in_the_order_of_time():
    first, second = (b"\x00\x90\x3c\x40%b\xb0\x40\x7f\x60\x80\x3c\x40" % delta for delta in (b"\x20", b"\x10"))
    assert pedals_of(first, second) == [(1, 16, 64, 127), (0, 32, 64, 127)]


def test_a_chunk_of_pedals_belongs_to_the_track_on_its_channel():
    left = NOTE.replace(b"\x90", b"\x91").replace(b"\x80", b"\x81")
    chunk = b"\x00\xff\x03\x05Pedal\x00\xc1\x00\x10\xb1\x40\x7f\x82\x00\x40\x00\x00\xf0\x02\x01\xf7\x01\xb1\x43\x01"
    assert pedals_of(NOTE, chunk, left) == [(1, 16, 64, 127), (1, 272, 64, 0), (1, 273, 67, 1)]


def test_a_chunk_of_pedals_on_a_channel_of_its_own_belongs_to_the_first_track():
    assert pedals_of(b"\x00\xb5\x40\x7f", NOTE) == [(0, 0, 64, 127)]


def test_pedals_that_long_precede_the_notes_are_there_once():
    many = b"\x01\xb0\x40\x7f\x01\x40\x00" * 300
    assert len(pedals_of(many + NOTE)) == 600


def test_chunks_of_pedals_are_merged_with_the_others():
    assert pedals_of(NOTE + b"\x00\xb0\x40\x01", b"\x10\xb0\x40\x7f") == [(0, 16, 64, 127), (0, 96, 64, 1)]


def test_a_chunk_of_pedals_may_go_on_in_running_status():
    assert pedals_of(NOTE, b"\x00\xb0\x07\x64\x10\x40\x7f\x10\x40\x00\x00\xc0\x05") == [(0, 16, 64, 127), (0, 32, 64, 0)]
