"""Candidates by a model that knows nothing."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from tests.choosing.fake_judge import FakeJudge

from scogen_pipeline.choosing.candidates import Candidate, write_candidates
from scogen_pipeline.choosing.ear import EAR_SCHEMA, Ear
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.generate import compose_pieces
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

DEAF = Ear(pd.DataFrame(columns=EAR_SCHEMA.names))
REQUEST = Request(genre="reel", bars=4, n=2, seed=3)


def written(request: Request, n_each: int) -> dict[str, list[Candidate]]:
    return write_candidates(request, FakeJudge(fit_vocabulary()), ChoosingSettings(candidates=n_each), DEAF)


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
    constant = pd.DataFrame([("reel", "", 0.0, 1.0, 0.0, 0.0)], columns=EAR_SCHEMA.names)
    judge, settings = FakeJudge(fit_vocabulary()), ChoosingSettings(candidates=2)
    heard = write_candidates(REQUEST, judge, settings, Ear(constant))
    assert all(candidate.log_probability is None for own in heard.values() for candidate in own)
    by_figures = write_candidates(REQUEST, judge, replace(settings, ear=0), Ear(constant))
    assert all(candidate.log_probability is not None for own in by_figures.values() for candidate in own)
