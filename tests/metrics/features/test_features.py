"""Features of pieces so small that they can be counted by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from scogen_pipeline.metrics.features import FEATURES, LINEAR, POLYPHONIC, features_of
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

QUARTER = 24


def line(*pitches: int, lengths: tuple[int, ...] = (), n_bars: int = 0) -> Piece:
    """One note after another, quarters unless told otherwise."""
    durations = lengths or (QUARTER,) * len(pitches)
    onsets = [sum(durations[:at]) for at in range(len(durations))]
    notes = tuple(Note(onset, 0, pitch, length) for onset, pitch, length in zip(onsets, pitches, durations, strict=True))
    bars = n_bars or -(-sum(durations) // (4 * QUARTER))
    return Piece(parts_for((find_instrument("voice"),)), notes, (Meter(4, 4),) * bars, Key.parse("C"), genre="folk song")


def chords(*chords: tuple[int, ...]) -> Piece:
    """Four voices, top first, a chord a beat."""
    parts = parts_for(tuple(find_instrument(name) for name in ("soprano", "alto", "tenor", "bass")))
    notes = [Note(beat * QUARTER, part, pitch, QUARTER) for beat, chord in enumerate(chords) for part, pitch in enumerate(chord)]
    return Piece(parts, tuple(notes), (Meter(4, 4),) * -(-len(chords) // 4), Key.parse("C"), genre="chorale")


def test_intervals_of_the_line_are_repeats_steps_thirds_and_leaps() -> None:
    found = features_of(line(60, 60, 62, 65, 72, 71, 69, 60))

    # Repeat, step, third, leap (fourth or more) of 7, step, step, leap of 9.
    assert (found["repeated_note_share"], found["step_share"], found["third_share"]) == pytest.approx((1 / 7, 3 / 7, 1 / 7))
    assert (found["leap_share"], found["wide_leap_share"]) == pytest.approx((2 / 7, 1 / 7))
    assert found["recovered_leap_share"] == 1
    assert found["turn_share"] == pytest.approx(1 / 5)
    assert found["line_range_semitones"] == 12


def test_degrees_are_told_from_the_tonic_in_any_key() -> None:
    piece = line(60, 67, 61, 72)

    assert features_of(piece)["tonic_share"] == 0.5
    assert features_of(piece)["chromatic_share"] == 0.25
    assert features_of(piece.transposed(2, Key.parse("D"))) == pytest.approx(features_of(piece), nan_ok=True)


def test_a_note_held_over_the_beat_is_syncopated() -> None:
    found = features_of(line(60, 62, 64, lengths=(12, 24, 60)))

    assert found["syncopation_share"] == pytest.approx(2 / 3)
    assert found["on_beat_share"] == pytest.approx(1 / 3)
    assert (found["eighth_share"], found["quarter_share"], found["half_or_longer_share"]) == pytest.approx((1 / 3,) * 3)


def test_a_dotted_quarter_is_dotted_in_four_four_and_a_beat_in_six_eight() -> None:
    piece = line(60, 62, lengths=(36, 36), n_bars=1)

    assert features_of(piece)["dotted_share"] == 1
    assert features_of(replace(piece, meters=(Meter(6, 8),)))["dotted_share"] == 0


def test_measures_that_come_back_are_found_at_their_distance() -> None:
    a, b = (60, 62, 64, 65), (67, 65, 64, 62)
    found = features_of(line(*a, *b, *a, *b, *a, *b, *a, *b))

    assert (found["similarity_1_bar"], found["similarity_2_bars"], found["similarity_4_bars"]) == (pytest.approx(1 / 7), 1, 1)
    assert math.isnan(found["similarity_8_bars"])
    assert found["distinct_measure_share"] == 0.25
    assert found["rhythm_similarity_1_bar"] == 1


def test_long_notes_at_the_end_of_every_fourth_measure_are_phrase_ends() -> None:
    phrase = (24,) * 12 + (96,)
    found = features_of(line(*(64,) * 12, 60, *(64,) * 12, 62, lengths=phrase * 2))

    assert found["phrase_end_length_ratio"] == 4
    assert found["phrase_end_tonic_share"] == 0.5


def test_a_single_line_has_neither_texture_nor_harmony() -> None:
    found = features_of(line(60, 62))

    assert set(found) == set(FEATURES) == {*LINEAR, *POLYPHONIC}
    assert all(math.isnan(found[name]) for name in POLYPHONIC)


def test_texture_and_harmony_of_a_cadence() -> None:
    # I, I, V (root position), I in first inversion.
    found = features_of(chords((72, 67, 64, 48), (72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 60, 52)))

    assert found["chord_share"] == found["complete_triad_share"] == 1
    assert (found["tonic_triad_share"], found["dominant_triad_share"]) == (0.75, 0.25)
    assert found["root_position_share"] == 0.75
    assert found["chord_change_share"] == pytest.approx(2 / 3)
    assert (found["bass_fourth_or_fifth_share"], found["bass_stays_share"]) == pytest.approx((0.5, 1 / 3))
    assert found["notes_at_once"] == 4
    assert found["doubled_share"] == 0.25
    assert found["dissonance_share"] == 0
    assert found["together_share"] == 1


def test_seconds_and_tritones_are_dissonant() -> None:
    assert features_of(chords((72, 67, 64, 48), (71, 65, 62, 55)))["dissonance_share"] == 0.5


def test_silent_pieces_have_features() -> None:
    silent = replace(line(60), notes=())

    assert features_of(silent)["repeated_note_share"] == 0
    assert math.isnan(features_of(silent)["similarity_1_bar"])
