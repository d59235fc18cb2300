"""What is known before each token."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from tests.tokens.test_encoding import pieces

from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.tokens.alphabet import LOW_PITCH, POSITIONS
from scogen_pipeline.tokens.encoding import conditions_of, encode
from scogen_pipeline.tokens.view import DENSE_SIZE, FEATURE_SIZES, FEATURES, View, rows_of, view_of

DUET = parts_for((INSTRUMENTS["violin"], INSTRUMENTS["cello"]))
BLANK = Piece(DUET, (), (Meter(4, 4),) * 8, Key(0, "major"))


def seen_after(*tokens: str) -> dict[str, int]:
    """Return the features by name after some tokens of a duet."""
    view = View(conditions_of(BLANK))
    for token in tokens:
        view.take(token)
    return dict(zip(FEATURES, view.features(), strict=True))


PLAN = ("chord=0-major", "chord=7-dominant")


@given(pieces())
@settings(max_examples=30, deadline=None)
def test_every_feature_is_within_its_size(piece: Piece) -> None:
    encoded = encode(piece)
    features, dense = view_of(encoded.conditions, encoded.tokens)
    assert features.shape == (len(encoded.tokens) - 1, len(FEATURES))
    assert dense.shape == (len(encoded.tokens) - 1, DENSE_SIZE)
    assert (features < np.array(FEATURE_SIZES)).all()
    assert set(np.unique(dense)) <= {0, 1}


@given(pieces())
@settings(max_examples=20, deadline=None)
def test_a_piece_that_is_written_is_seen_as_one_that_is_read(piece: Piece) -> None:
    encoded = encode(piece)
    features, dense = view_of(encoded.conditions, encoded.tokens)
    view = View(encoded.conditions)
    for row, token in enumerate(encoded.tokens[:-1]):
        view.take(token)
        now, sounding = rows_of([view])
        assert np.array_equal(now[0], features[row])
        assert np.array_equal(sounding[0], dense[row])


def test_nothing_that_comes_later_is_known() -> None:
    tune = tuple(Note(24 * beat, 0, 60 + beat, 24) for beat in range(8))
    other = (*tune[:5], *(note._replace(pitch=note.pitch - 7) for note in tune[5:]))
    meters = (Meter(4, 4),) * 2
    one, two = (encode(Piece(DUET, notes, meters, Key(0, "major"))).tokens for notes in (tune, other))
    n_same = next(index for index, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
    conditions = conditions_of(BLANK)
    assert n_same > 10
    assert np.array_equal(view_of(conditions, one)[0][:n_same], view_of(conditions, two)[0][:n_same])


def test_a_part_remembers_its_last_two_pitches() -> None:
    seen = seen_after("bar=8", "phrase=4", *PLAN, "pos=0", "dur=24", "pitch=60", "pos=24", "dur=24", "pitch=64", "pos=48")
    assert (seen["last_pitch"], seen["pitch_before"]) == (64 - LOW_PITCH + 1, 60 - LOW_PITCH + 1)


def test_the_contour_tells_a_step_up_from_a_step_down_and_from_a_leap() -> None:
    begun = ("bar=8", "phrase=4", *PLAN, "pos=0", "dur=24")
    contours = {
        name: seen_after(*begun, f"pitch={before}", "pos=24", "dur=24", "pitch=64", "pos=48")["contour"]
        for name, before in {"up": 62, "down": 65, "same": 64, "leap up": 57, "leap down": 71}.items()
    }
    assert len(set(contours.values())) == 5
    assert 0 not in contours.values()
    assert seen_after(*begun, "pitch=62", "pos=24")["contour"] == 0


def test_a_note_that_is_held_is_known_with_its_end() -> None:
    seen = seen_after("bar=8", "phrase=4", *PLAN, "pos=0", "dur=48", "pitch=60", "pos=24", "part=1")
    assert seen["holding"] == 0b01
    assert POSITIONS[seen["next_end"] - 1] == 48


def test_the_chord_of_the_moment_and_the_next_one_are_known() -> None:
    first = seen_after("bar=8", "phrase=4", *PLAN, "pos=24")
    later = seen_after("bar=8", "phrase=4", *PLAN, "pos=48")
    assert first["next_chord"] == later["chord"] != first["chord"]
    assert later["next_chord"] == 0


def test_phrases_are_counted_down() -> None:
    measure = (*PLAN, "pos=0", "dur=24", "pitch=60")
    seen = seen_after("bar=8", "phrase=4", *measure, "bar=7", *measure, "bar=6")
    assert (seen["phrase_left"], seen["phrase_done"]) == (2, 2)


MODEL = ("bar=8", "phrase=4", *PLAN, "pos=0", "dur=24", "pitch=60", "part=1", "dur=96", "dur=3", "pitch=48", "pos=72", "part=0")
MODEL += ("dur=24", "pitch=67", "bar=7")


@pytest.mark.parametrize(
    ("tokens", "name", "value"),
    [
        (("like=1",), "next_chord", seen_after("bar=8", "phrase=4", *PLAN, "pos=0")["chord"]),
        (("like=1", *PLAN), "model_position", 1),
        (("like=1", *PLAN, "pos=0"), "model_part", 1),
        (("like=1", *PLAN, "pos=0"), "model_pitch", 60 - LOW_PITCH + 1),
        (("like=1", *PLAN, "pos=0", "dur=24", "pitch=60"), "model_part", 2),
        (("like=1", *PLAN, "pos=0", "dur=24", "pitch=60"), "model_pitch", 0),
        (("like=1", *PLAN, "pos=0", "part=1"), "model_pitch", 48 - LOW_PITCH + 1),
        (("like=1", *PLAN, "pos=12"), "model_position", POSITIONS.index(72) + 1),
        (("like=0", *PLAN, "pos=0"), "model_pitch", 0),
    ],
)
def test_what_the_model_measure_has_here_is_known(tokens: tuple[str, ...], name: str, value: int) -> None:
    assert seen_after(*MODEL, *tokens)[name] == value


def test_what_is_left_of_a_tied_note_of_the_model_measure_is_known() -> None:
    whole = seen_after(*MODEL, "like=1", *PLAN, "pos=0", "part=1")["model_duration"]
    rest = seen_after(*MODEL, "like=1", *PLAN, "pos=0", "part=1", "dur=96")["model_duration"]
    assert rest < whole
    assert rest > 0


CHORD = (*PLAN, "pos=0", "dur=24", "pitch=72", "part=1", "dur=24", "pitch=53")


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        # A fifth above the octave, both up a step: 55 would move in parallel fifths.
        (("pos=24", "part=0", "dur=24", "pitch=74", "part=1"), {"above_pitch": 74, "parallel": 55}),
        (("pos=24", "part=0", "dur=24", "pitch=71", "part=1"), {"above_pitch": 71, "parallel": 52}),
        # The other part stays, or only the one in hand moves: nothing is parallel.
        (("pos=24", "part=0", "dur=24", "pitch=72", "part=1"), {"above_pitch": 72, "parallel": None}),
        (("pos=24",), {"above_pitch": 72, "below_pitch": None, "bass_pitch": None, "parallel": None}),
        (("pos=24", "part=0"), {"above_pitch": None, "below_pitch": 53, "bass_pitch": 53}),
    ],
)
def test_what_the_other_parts_do_is_known(tokens: tuple[str, ...], expected: dict[str, int | None]) -> None:
    seen = seen_after("bar=8", "phrase=4", *CHORD, *tokens)
    assert {name: seen[name] for name in expected} == {
        name: 0 if pitch is None else pitch - LOW_PITCH + 1 for name, pitch in expected.items()
    }


def test_how_the_part_above_moves_at_this_onset_is_known() -> None:
    begun = ("bar=8", "phrase=4", *CHORD, "pos=24")
    moves = {
        name: seen_after(*begun, "part=0", "dur=24", f"pitch={pitch}", "part=1")["above_move"]
        for name, pitch in {"stays": 72, "up": 74, "down": 71, "leap up": 77, "leap down": 67}.items()
    }
    assert len(set(moves.values())) == 5
    assert 0 not in moves.values()
    assert seen_after(*begun)["above_move"] == 0


def test_an_interval_without_a_perfect_one_before_it_makes_no_parallels() -> None:
    third = (*PLAN, "pos=0", "dur=24", "pitch=72", "part=1", "dur=24", "pitch=57")
    assert seen_after("bar=8", "phrase=4", *third, "pos=24", "part=0", "dur=24", "pitch=74", "part=1")["parallel"] == 0


def test_two_parts_above_may_each_be_followed_in_parallel() -> None:
    parts = parts_for(tuple(INSTRUMENTS[name] for name in ("violin", "viola", "cello")))
    view = View(conditions_of(Piece(parts, (), (Meter(4, 4),) * 8, Key(0, "major"))))
    before = ("pos=0", "dur=24", "pitch=72", "part=1", "dur=24", "pitch=67", "part=2", "dur=24", "pitch=60")
    now = ("pos=24", "part=0", "dur=24", "pitch=74", "part=1", "dur=24", "pitch=65", "part=2")
    for token in ("bar=8", "phrase=4", *PLAN, *before, *now):
        view.take(token)
    seen = dict(zip(FEATURES, view.features(), strict=True))
    assert {seen["parallel"], seen["parallel_too"]} == {62 - LOW_PITCH + 1, 58 - LOW_PITCH + 1}


def test_where_a_motif_went_before_is_known_on_another_degree() -> None:
    onsets_and_pitches = [(12 * index, pitch) for index, pitch in enumerate((60, 62, 64, 72, 65, 67, 69))]
    line = [token for onset, pitch in onsets_and_pitches for token in (f"pos={onset}", "dur=12", f"pitch={pitch}")]
    seen = seen_after("bar=8", "phrase=4", *PLAN, *line, "pos=84")
    # 60 62 64 went to 72; 65 67 69 would go to 77.
    assert seen["echo_pitch"] == 77 - LOW_PITCH + 1
    assert seen["echo_duration"] > 0
    assert seen["echo_length"] == 2
    assert seen_after("bar=8", "phrase=4", *PLAN, *line[:6])["echo_length"] == 0


def test_beats_are_counted_from_the_end_of_a_long_note() -> None:
    begun = ("bar=8", "phrase=4", *PLAN, "pos=0", "dur=12", "pitch=60", "pos=12", "dur=12", "pitch=62")
    assert seen_after(*begun)["since_long"] == 0
    long = (*begun, "pos=24", "dur=48", "pitch=64")
    assert seen_after(*long)["since_long"] == 1
    assert seen_after(*long, "pos=72", "dur=24", "pitch=65", "bar=7", *PLAN, "pos=0")["since_long"] == 2
