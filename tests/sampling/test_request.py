"""A request is understood or refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.request import Request


def test_what_is_left_open_is_customary_in_the_genre() -> None:
    jig = Request(key="D", genre="jig")
    assert (str(jig.meter), jig.n_bars, [part.label for part in jig.parts]) == ("6/8", 16, ["Fiddle"])
    assert jig.tempo_qpm == 116 * 1.5


def test_a_full_request_means_what_it_says() -> None:
    request = Request("F# minor", "3/4", 96, "chorale", "flute+cello", 16, "Evening", 2, 7)
    assert request.parsed_key.name == "F# minor"
    assert (str(request.meter), request.tempo_bpm, request.n_bars) == ("3/4", 96, 16)
    assert [instrument.name for instrument in request.ensemble] == ["flute", "cello"]
    assert request.title_of(1) == "Evening, No. 2"
    assert request.composer == "scogen, after chorale"


def test_empty_values_of_a_configuration_are_open() -> None:
    request = Request(key="F", time_signature=None, tempo=None, instruments=None, bars=None, title=None)  # type: ignore[arg-type]
    assert request == Request(key="F")
    assert request.title_of(0) == "Chorale in F major"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"key": "H"}, "A to G"),
        ({"time_signature": "4"}, "written like 3/4"),
        ({"time_signature": "1/8"}, "1/4 to 4/2"),
        ({"tempo": "Alegro"}, "Did you mean `Allegro`"),
        ({"genre": "jigg"}, "Did you mean `jig`"),
        ({"instruments": "flut"}, "Did you mean `flute`"),
        ({"instruments": "piano+piano+piano+piano+flute"}, "at most 8 staves"),
        ({"bars": 1}, "`bars` must be a whole number from 2 to 128"),
        ({"bars": 12.5}, "whole number"),
        ({"n": 0}, "`n` must be"),
        ({"seed": -1}, "`seed` must be"),
        ({"temperature": 0}, "`temperature` must be a number from 0.05 to 2.0"),
        ({"temperature": "hot"}, "`temperature` must be a number"),
        ({"top_p": 1.1}, "`top_p` must be"),
        ({"top_k": True}, "`top_k` must be"),
    ],
    ids=str,
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(values: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        Request(**values)


def test_numbers_may_come_as_text() -> None:
    assert Request(bars="8", seed="3", temperature="1").n_bars == 8  # type: ignore[arg-type]
