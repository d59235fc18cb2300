"""A twin is asked for in the terms of its model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sampling.random_stepper import RandomStepper

from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.sampling.generate import write_each
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.sampling.twins import compose_twins, twin_request
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

WALTZ = Piece(
    parts_for((find_instrument("violin"), find_instrument("cello"))),
    (Note(0, 0, 72, 72), Note(0, 1, 48, 72)),
    (Meter(3, 4),) * 9,
    Key.parse("a"),
    tempo_qpm=150,
    genre="string quartet",
)


def test_genre_meter_mode_parts_tempo_length_and_pickup_are_asked_for() -> None:
    found = twin_request(WALTZ, 8, has_pickup=True)

    assert (found.customs.name, found.meter, found.parsed_key, found.n_bars) == ("string quartet", Meter(3, 4), Key.parse("a"), 8)
    assert (found.parts, found.tempo_qpm, found.has_pickup) == (WALTZ.parts, 150, True)


def test_customary_parts_are_left_to_the_genre() -> None:
    quartet = parts_for(tuple(find_instrument(name) for name in ("violin", "violin", "viola", "cello")))

    assert twin_request(replace(WALTZ, parts=quartet), 8, has_pickup=False).instruments == ""


def test_a_piano_is_one_instrument() -> None:
    piano = replace(WALTZ, parts=parts_for((find_instrument("voice"), find_instrument("piano"))), genre="folk song")

    assert twin_request(piano, 8, has_pickup=False).instruments == "voice+piano"


@pytest.mark.parametrize("meter", [Meter(1, 4), Meter(2, 8)])
def test_a_measure_too_short_for_a_pickup_gets_none(meter: Meter) -> None:
    assert not twin_request(replace(WALTZ, notes=(), meters=(meter,) * 9), 8, has_pickup=True).has_pickup


def test_each_name_gets_as_many_pieces_as_it_asks_for_and_no_two_alike() -> None:
    request = Request(genre="reel", bars=2, pickup="no")
    requests = {"a": request, "b": request, "c": replace(request, time_signature="3/4")}

    found = compose_twins(requests, RandomStepper(fit_vocabulary()), seed=5, n_each={"a": 2, "b": 1, "c": 1})

    assert list(found) == ["a/0", "a/1", "b/0", "c/0"]
    assert len({piece.notes for piece in found.values()}) == 4
    assert found["c/0"].meter == Meter(3, 4)


def test_requests_side_by_side_must_cut_off_alike() -> None:
    requests = [Request(bars=2, top_k=top_k) for top_k in (0, 5)]

    with pytest.raises(ValueError, match="one `top_k` and `top_p`"):
        write_each(requests, RandomStepper(fit_vocabulary()))
