"""The plan of each measure while a piece is written, and forms that are asked for."""

from __future__ import annotations

import pytest
from tests.sampling.random_stepper import RandomStepper

from scogen_pipeline.analysis.phrases import MAX_PHRASE
from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.form import check_form, returns_of_form
from scogen_pipeline.sampling.generate import write_each
from scogen_pipeline.sampling.outline import Outline
from scogen_pipeline.sampling.plan import Plan
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.sampling.token_ids import token_ids_of
from scogen_pipeline.tokens.alphabet import kind_of, value_of
from scogen_pipeline.tokens.vocabulary import Vocabulary


def measures(request: Request, vocabulary: Vocabulary) -> list[list[str]]:
    """Return the tokens of each measure of a piece that is written at random."""
    (writer,) = write_each([request], RandomStepper(vocabulary, request.seed))
    tokens = writer.tokens
    starts = [index for index, token in enumerate(tokens) if kind_of(token) == "bar"]
    return [list(tokens[start:stop]) for start, stop in zip(starts, [*starts[1:], len(tokens)], strict=True)]


def distances(written: list[list[str]]) -> list[int]:
    """Return for each measure how many back the one lies that it is said to be like."""
    found, now = [], 0
    for measure in written:
        now = next((int(value_of(token)) for token in measure if kind_of(token) == "like"), now)
        found.append(now)
    return found


@pytest.mark.parametrize("genre", ["chorale", "reel", "classical piano", "slip jig"])
@pytest.mark.parametrize("seed", range(3))
def test_each_measure_has_a_complete_plan_before_its_notes(genre: str, seed: int, vocabulary: Vocabulary) -> None:
    request = Request(genre=genre, bars=9, seed=seed)
    n_slots = {"chorale": 4, "reel": 2, "classical piano": 2, "slip jig": 1}[genre]
    for measure in measures(request, vocabulary):
        kinds = [kind_of(token) for token in measure]
        plan = kinds[1 : kinds.index("pos")] if "pos" in kinds else kinds[1:]
        assert [kind for kind in plan if kind == "chord"] == ["chord"] * n_slots
        assert plan == sorted(plan, key=["like", "phrase", "chord"].index)


@pytest.mark.parametrize("seed", range(4))
def test_phrases_follow_each_other_and_end_with_the_piece(seed: int, vocabulary: Vocabulary) -> None:
    left = 0
    for measure in measures(Request(genre="folk song", bars=11, seed=seed), vocabulary):
        begun = [int(value_of(token)) for token in measure if kind_of(token) == "phrase"]
        assert len(begun) == (0 if left else 1)
        left = (begun or [left])[0] - 1
    assert left == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_measure_is_only_like_one_that_is_there(seed: int, vocabulary: Vocabulary) -> None:
    written = measures(Request(genre="reel", bars=12, seed=seed), vocabulary)
    assert all(distance <= bar for bar, distance in enumerate(distances(written)))
    assert any(distances(written))


def test_the_last_chords_are_a_dominant_and_the_tonic(vocabulary: Vocabulary) -> None:
    written = measures(Request(key="d", genre="folk song", time_signature="4/4", bars=4), vocabulary)
    chords = [[value_of(token) for token in measure if kind_of(token) == "chord"] for measure in written]
    assert chords[-1] == ["9-minor", "9-minor"]
    assert chords[-2][-1] in {"4-major", "4-dominant"}


def test_a_form_that_was_asked_for_decides_what_comes_back(vocabulary: Vocabulary) -> None:
    written = measures(Request(genre="reel", bars=16, form="AABA", pickup="no"), vocabulary)
    assert distances(written) == [0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0, 0, 8, 8, 8, 8]


@pytest.mark.parametrize(
    ("form", "n_bars", "returns"),
    [("A", 2, (0, 0)), ("AABB", 4, (0, 1, 0, 1)), ("ABA", 6, (0, 0, 0, 0, 4, 4)), ("ABAC", 4, (0, 0, 2, 0))],
)
def test_a_section_is_like_its_last_appearance(form: str, n_bars: int, returns: tuple[int, ...]) -> None:
    assert returns_of_form(form, n_bars) == returns


def test_a_form_may_be_typed_in_small_letters() -> None:
    assert check_form(" aaba ", 16) == "AABA"


@pytest.mark.parametrize(
    ("form", "bars", "words"),
    [("A-B", 16, "letters"), ("AAB", 16, "equal sections"), ("ABCDEFGHA", 45, "at most 32 measures")],
)
def test_a_form_that_cannot_be_kept_is_refused(form: str, bars: int, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        Request(form=form, bars=bars)


def test_there_is_always_a_plan_token_to_choose(vocabulary: Vocabulary) -> None:
    outline = Outline(Plan.of(Request(bars=40, genre="reel")), vocabulary)
    for _ in range(40):
        outline.begin_bar()
        while outline.is_open:
            ids = outline.allowed_ids()
            assert ids
            outline.take(*token_ids_of(vocabulary).meanings[ids[-1]])
    assert MAX_PHRASE < 40
