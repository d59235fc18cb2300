"""Raw notes land on the grid where a copyist would write them."""

from __future__ import annotations

import numpy as np
import pytest

from scogen_pipeline.errors import DataError
from scogen_pipeline.music.key import Key
from scogen_pipeline.tokens.gridding import to_grid
from scogen_pipeline.tokens.quantise import RawPiece, RawTrack, quantise


def track(notes: list[tuple[int, int, int]], name: str = "", program: int = 73) -> RawTrack:
    onsets, durations, pitches = (np.array(column, dtype=np.int64) for column in zip(*notes, strict=True))
    return RawTrack(name, program, onsets, durations, pitches)


def on_grid(notes: list[tuple[int, int]], tpq: int = 480) -> list[tuple[int, int]]:
    onsets, durations = (np.array(column, dtype=np.int64) for column in zip(*notes, strict=True))
    return list(zip(*(array.tolist() for array in to_grid(onsets, durations, tpq)), strict=True))


def test_straight_and_triplet_quarters_stay_what_they_are() -> None:
    straight = [(0, 240), (240, 120), (360, 120)]
    triplets = [(480, 160), (640, 160), (800, 160)]
    assert on_grid(straight + triplets) == [(0, 12), (12, 6), (18, 6), (24, 8), (32, 8), (40, 8)]


def test_written_durations_are_kept_with_their_rests() -> None:
    assert on_grid([(0, 240), (480, 240), (960, 480)]) == [(0, 12), (24, 12), (48, 24)]


def test_detached_playing_is_written_up_to_the_next_onset() -> None:
    assert on_grid([(0, 431), (480, 397), (960, 441)]) == [(0, 24), (24, 24), (48, 21)]


def test_gridding_twice_is_gridding_once() -> None:
    random = np.random.default_rng(3)
    onsets = np.sort(random.integers(0, 20_000, 300))
    durations = random.integers(1, 900, 300)
    once = to_grid(onsets, durations, 480)
    again = to_grid(once[0], once[1], 24)
    assert np.array_equal(once[0], again[0])


def test_measures_follow_the_time_signatures() -> None:
    raw = RawPiece(480, [track([(0, 480, 60), (3 * 480, 2000, 62)])], meters=[(0, 3, 4), (3 * 480, 4, 4)])
    assert [str(meter) for meter in quantise(raw).meters] == ["3/4", "4/4", "4/4"]


def test_a_measure_cut_short_gets_the_meter_that_it_has_left() -> None:
    raw = RawPiece(480, [track([(0, 480, 60), (480, 480, 62)])], meters=[(0, 4, 4), (480, 3, 4)])
    assert [str(meter) for meter in quantise(raw).meters] == ["1/4", "3/4"]


def test_a_meter_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(DataError, match="time_signature"):
        quantise(RawPiece(480, [track([(0, 480, 60)])], meters=[(0, 11, 32)]))
    with pytest.raises(DataError, match="bar lines"):
        quantise(RawPiece(480, [track([(0, 4000, 60)])], meters=[(0, 4, 4), (20, 3, 4)]))


def test_no_pitched_note_is_refused() -> None:
    with pytest.raises(DataError, match="tracks"):
        quantise(RawPiece(480, []))


def test_a_label_decides_the_key_before_the_signature_and_the_notes() -> None:
    a_minor = [track([(0, 480, 69), (480, 480, 72), (960, 480, 76), (1440, 480, 69)])]
    assert quantise(RawPiece(480, a_minor)).key.mode == "minor"
    assert quantise(RawPiece(480, a_minor, fifths=0)).key == Key(0, "minor")
    assert quantise(RawPiece(480, a_minor, key=Key.parse("F"), fifths=0)).key.name == "F major"


def test_two_piano_tracks_are_right_and_left_hand() -> None:
    low, high = track([(0, 480, 40)], program=0), track([(0, 480, 72)], program=0)
    piece = quantise(RawPiece(480, [low, high]))
    assert [(part.hand, piece.notes_of(index)[0].pitch) for index, part in enumerate(piece.parts)] == [
        ("right", 72),
        ("left", 40),
    ]


def test_one_piano_track_is_split_between_the_hands() -> None:
    chords = [(480 * step, 480, pitch) for step in range(8) for pitch in (41, 48, 67, 72)]
    piece = quantise(RawPiece(480, [track(chords, program=0)]))
    assert {note.pitch for note in piece.notes_of(0)} == {67, 72}
    assert {note.pitch for note in piece.notes_of(1)} == {41, 48}


def test_a_voice_and_a_piano_keep_their_order() -> None:
    voice = track([(0, 480, 67)], name="Voice", program=53)
    piece = quantise(RawPiece(480, [voice, track([(0, 480, 72)], program=0), track([(0, 480, 40)], program=0)]))
    assert [part.label for part in piece.parts] == ["Voice", "Piano", "Piano"]


def test_of_two_equal_notes_the_longer_is_kept() -> None:
    piece = quantise(RawPiece(480, [track([(0, 480, 60), (0, 960, 60)])]))
    assert [note.duration for note in piece.notes] == [48]


@pytest.mark.parametrize("meters", [[(0, 65, 4)], [(0, 4, 4), (480 * 33 * 4, 3, 4)], [(0, 40, 4), (480 * 37, 4, 4)]])
def test_a_measure_longer_than_any_meter_is_refused_and_no_other_error(meters: list[tuple[int, int, int]]) -> None:
    raw = RawPiece(480, [track([(0, 480, 60), (480 * 40, 480, 62)])], meters=meters)
    if meters == [(0, 4, 4), (480 * 33 * 4, 3, 4)]:
        assert quantise(raw).n_bars > 1
    else:
        with pytest.raises(DataError, match="1 to 32"):
            quantise(raw)
