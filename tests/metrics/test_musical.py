"""Musical measures on tunes whose numbers can be counted by hand, and on Bach, whose numbers are published."""

from __future__ import annotations

import json
import math
from itertools import groupby
from pathlib import Path

import pytest

from scogen_pipeline.metrics.musical import MEASURES, POLYPHONIC_MEASURES, describe
from scogen_pipeline.metrics.structure import compression_ratio, repeated_share, top_line
from scogen_pipeline.metrics.voice_leading import chord_share, chords, crossing_share, parallels
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

SATB = parts_for(tuple(map(find_instrument, ("soprano", "alto", "tenor", "bass"))))
QUARTER = 24


def piece_of(*lines: list[int | None], key: str = "C") -> Piece:
    """Make a piece of quarter notes in 4/4, one line a voice; `None` is a rest."""
    notes = [
        Note(beat * QUARTER, part, pitch, QUARTER)
        for part, line in enumerate(lines)
        for beat, pitch in enumerate(line)
        if pitch is not None
    ]
    n_bars = -(-max(map(len, lines)) // 4)
    return Piece(SATB[: len(lines)], tuple(sorted(notes)), (Meter(4, 4),) * n_bars, Key.parse(key))


def chorale(frames: list[list[int]]) -> Piece:
    """Make a piece of a JSB chorale: four pitches each sixteenth, -1 where a voice rests; equal neighbours are one note."""
    notes = []
    for part in range(4):
        at = 0
        for pitch, run in groupby(frame[part] for frame in frames):
            length = len(list(run)) * QUARTER // 4
            notes += [Note(at, part, pitch, length)] if pitch >= 0 else []
            at += length
    return Piece(SATB, tuple(sorted(notes)), (Meter(4, 4),) * -(-len(frames) // 16), Key.parse("C"))


def test_an_even_scale_has_the_entropy_of_seven_pitch_classes() -> None:
    values = describe(piece_of([60, 62, 64, 65, 67, 69, 71, None]))

    assert values["pitch_class_entropy_bits"] == pytest.approx(math.log2(7))
    assert values["scale_consistency"] == values["key_consistency"] == values["stepwise_share"] == 1
    assert values["pitch_range_semitones"] == 11
    assert values["notes_per_bar"] == 3.5
    assert values["rest_share"] == pytest.approx(1 / 8)
    assert values["note_value_entropy_bits"] == 0


def test_a_tune_in_another_key_is_consistent_with_its_scale_but_not_with_the_signature() -> None:
    values = describe(piece_of([67, 69, 71, 72, 74, 76, 78, 79], key="C"))

    assert values["scale_consistency"] == 1
    assert values["key_consistency"] == pytest.approx(7 / 8)


def test_leaps_are_no_steps_and_repeated_notes_are_no_moves() -> None:
    assert describe(piece_of([60, 60, 62, 67]))["stepwise_share"] == 0.5


def test_the_bass_of_a_soprano_is_out_of_range() -> None:
    assert describe(piece_of([40, 60, 61, 62]))["out_of_range_share"] == 0.25


def test_parallel_fifths_and_octaves_are_told_apart_from_contrary_and_oblique_motion() -> None:
    assert parallels(piece_of([67, 69], [60, 62]), 7) == pytest.approx(100 / 2)  # two changes: to the chord, to the rest
    assert parallels(piece_of([72, 74], [60, 62]), 0) == pytest.approx(100 / 2)
    assert parallels(piece_of([67, 74, 74, 74], [60, 55, 55, 55]), 7) == 0
    assert parallels(piece_of([67, 67, 67, 67], [60, 60, 62, 62]), 7) == 0


def test_crossing_is_measured_in_time() -> None:
    assert crossing_share(piece_of([60, 60, 60, 60], [55, 62, 55, 55])) == 0.25


def test_a_chord_in_one_part_is_no_voice() -> None:
    piece = Piece(SATB[:1], (Note(0, 0, 60, 24), Note(0, 0, 64, 48)), (Meter(4, 4),), Key.parse("C"))

    assert list(chords(piece)) == [((None,), 24), ((64,), 24), ((None,), 48)]
    assert [note.pitch for note in top_line(piece)] == [64]


def test_what_returns_at_another_pitch_counts_as_repeated() -> None:
    sequence = [60, 62, 65, 64, 62, 64, 67, 66]

    assert repeated_share(piece_of(sequence)) == pytest.approx(1 / 5)
    assert repeated_share(piece_of([60, 62, 65, 69, 68, 61, 71, 70])) == 0


def test_a_repeated_phrase_compresses_and_a_scattered_one_does_not() -> None:
    phrase = [60, 67, 64, 71]

    assert compression_ratio(piece_of(phrase * 4)) == pytest.approx(16 / 7)  # 4 notes and 3 translations
    assert compression_ratio(piece_of(phrase)) < 16 / 7
    assert compression_ratio(piece_of([60])) == 1


def test_an_empty_piece_has_numbers_too() -> None:
    values = describe(piece_of([None] * 4))

    assert values["rest_share"] == 1
    assert values["compression_ratio"] == 1
    assert all(math.isnan(values[name]) for name in POLYPHONIC_MEASURES)
    assert set(values) == {*MEASURES, *POLYPHONIC_MEASURES}


def test_bach_has_the_published_numbers(shared_data: Path) -> None:
    path = shared_data / "benchmarks" / "jsb" / "Jsb16thSeparated.json"
    pieces = [chorale(frames) for frames in json.loads(path.read_text())["test"]]
    n_changes = sum(sum(1 for _ in chords(piece)) - 1 for piece in pieces)
    mean = lambda name: sum(MEASURES[name](piece) for piece in pieces) / len(pieces)  # noqa: E731

    assert len(pieces) == 77
    assert mean("pitch_class_entropy_bits") == pytest.approx(3.03, abs=0.005)
    assert mean("scale_consistency") == pytest.approx(0.93, abs=0.005)
    assert mean("repeated_motif_share") == pytest.approx(0.19, abs=0.01)
    # Bach goes a little further than an amateur choir.
    assert mean("out_of_range_share") < 0.01
    for interval, published in ((7, 0.23), (0, 0.08)):
        found = sum(parallels(piece, interval) * (sum(1 for _ in chords(piece)) - 1) for piece in pieces) / n_changes
        assert found == pytest.approx(published, abs=0.01)
    crossed = sum(crossing_share(piece) * piece.end for piece in pieces) / sum(piece.end for piece in pieces)
    assert crossed == pytest.approx(0.02, abs=0.001)
    assert sum(chord_share(piece) for piece in pieces) / len(pieces) == pytest.approx(0.91, abs=0.02)
