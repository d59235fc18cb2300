"""Candidates by a model that knows nothing."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from tests.choosing.fake_judge import FakeJudge
from tests.choosing.test_choice import NO_INDEX

from scogen_pipeline.choosing.candidates import Candidate, write_candidates
from scogen_pipeline.choosing.critic import Critic
from scogen_pipeline.choosing.custom import CUSTOM_SCHEMA, Custom
from scogen_pipeline.choosing.ear import EAR_SCHEMA, Ear
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.generate import compose_pieces
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

DEAF = Ear(pd.DataFrame(columns=EAR_SCHEMA.names))
NO_CUSTOM = Custom(pd.DataFrame(columns=CUSTOM_SCHEMA.names))
#: Finds every reel as likely as any other.
CONSTANT = Ear(pd.DataFrame([("reel", 16, "", 0.0, 1.0, 0.0, 0.0, 0.0)], columns=EAR_SCHEMA.names))
REQUEST = Request(genre="reel", bars=4, n=2, seed=3)


def written(request: Request, n_each: int, known: Ear = DEAF, **settings: float) -> dict[str, list[Candidate]]:
    critic = Critic(known, NO_INDEX, NO_CUSTOM, ChoosingSettings(candidates=n_each, **settings))
    return write_candidates(request, FakeJudge(fit_vocabulary()), critic)


def test_each_piece_has_its_own_candidates_under_its_own_name() -> None:
    found = written(REQUEST, 3)
    assert list(found) == ["reel-in-c-major-no-1-3", "reel-in-c-major-no-2-3"]
    assert [candidate.piece.title for candidate in found["reel-in-c-major-no-2-3"]] == ["Reel in C major, No. 2"] * 3
    assert len({candidate.piece.notes for own in found.values() for candidate in own}) == 6
    assert all(candidate.log_probability < 0 for own in found.values() for candidate in own)


def test_one_candidate_each_is_what_was_always_written() -> None:
    pieces = compose_pieces(REQUEST, FakeJudge(fit_vocabulary()))
    found = written(REQUEST, 1)
    assert {name: own[0].piece for name, own in found.items()} == pieces
    assert found["reel-in-c-major-no-1-3"][0].log_probability is None


def test_more_than_a_batch_is_refused() -> None:
    with pytest.raises(RequestError, match="`candidates` must be at most 32 for 2 pieces, received 33"):
        written(REQUEST, 33)


def test_where_there_is_an_ear_the_model_is_not_asked_what_it_thinks() -> None:
    heard = written(REQUEST, 2, CONSTANT)
    assert all(candidate.log_probability is None for own in heard.values() for candidate in own)
    by_figures = written(REQUEST, 2, CONSTANT, ear=0)
    assert all(candidate.log_probability is not None for own in by_figures.values() for candidate in own)


def test_candidates_that_are_written_in_stages_keep_the_promises_and_the_title() -> None:
    found = written(replace(REQUEST, bars=12), 3, CONSTANT)
    pieces = [candidate.piece for own in found.values() for candidate in own]
    assert [piece.title for piece in pieces] == ["Reel in C major, No. 1"] * 3 + ["Reel in C major, No. 2"] * 3
    assert all(piece.n_bars == 12 + piece.begins_with_pickup for piece in pieces)
    assert pieces == [candidate.piece for own in written(replace(REQUEST, bars=12), 3, CONSTANT).values() for candidate in own]
