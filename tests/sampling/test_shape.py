"""Returns, copies and endings gain what their weights say, and nothing else does."""

from __future__ import annotations

import pytest

from scogen_pipeline.sampling import shape
from scogen_pipeline.sampling.plan import Plan
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.sampling.shape import Shape, Weights
from scogen_pipeline.tokens.view import View
from scogen_pipeline.tokens.vocabulary import Vocabulary

#: A phrase of two measures, a quarter and eighths.
OPENING = "bar=4 phrase=2 chord=0-major chord=0-major pos=0 dur=24 pitch=60 pos=24 dur=12 pitch=62 pos=36 dur=12 pitch=64"
SECOND = "bar=3 chord=0-major chord=0-major pos=0 dur=12 pitch=67 pos=12 dur=12 pitch=65"
RETURN = "bar=2 like=2 phrase=2 chord=0-major chord=0-major pos=0 dur=24"


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shape.WEIGHTS, "reel", Weights(1.0, 2.0, 3.0, 4.0, running=5.0, repeating=-6.0))
    monkeypatch.setitem(shape.WEIGHTS, "chorale", Weights())


def gains(vocabulary: Vocabulary, text: str, strength: float = 1.0, genre: str = "reel") -> dict[str, float]:
    """What each token gains after those of the text."""
    plan = Plan.of(Request(genre=genre, bars=4, pickup="no"))
    view, memory = View(plan.conditions), Shape(plan, vocabulary, genre, strength)
    for token in text.split():
        view.take(token)
        memory.take(vocabulary.id_of(token))
    return {vocabulary.tokens[token_id]: gain for token_id, gain in memory.gains(view.features(), view).items()}


def test_where_a_measure_begins_returns_gain(vocabulary: Vocabulary) -> None:
    found = gains(vocabulary, f"{OPENING} bar=3")
    assert {token.partition("=")[0] for token in found} == {"like"}
    assert set(found.values()) == {1.0}
    assert "like=0" not in found


def test_a_return_that_goes_on_gains_nothing(vocabulary: Vocabulary) -> None:
    assert not gains(vocabulary, f"{OPENING} {SECOND} {RETURN} pitch=60 bar=1")


def test_the_pitch_that_comes_back_gains(vocabulary: Vocabulary) -> None:
    assert gains(vocabulary, f"{OPENING} {SECOND} {RETURN}") == {"pitch=60": 2.0}


def test_at_the_end_of_a_phrase_long_notes_gain(vocabulary: Vocabulary) -> None:
    found = gains(vocabulary, f"{OPENING} {SECOND} pos=72")
    assert set(found.values()) == {3.0}
    assert "dur=24" in found
    assert "dur=12" not in found


@pytest.mark.parametrize("place", [f"{OPENING} pos=72", f"{OPENING} {SECOND} pos=24"], ids=["within", "early"])
def test_elsewhere_they_do_not(vocabulary: Vocabulary, place: str) -> None:
    assert not gains(vocabulary, place)


def test_a_long_last_note_gains_on_the_first_and_fifth_degree(vocabulary: Vocabulary) -> None:
    found = gains(vocabulary, f"{OPENING} {SECOND} pos=72 dur=24")
    assert {int(token.partition("=")[2]) % 12 for token, gain in found.items() if gain == 4.0} == {0, 7}
    assert 4.0 not in gains(vocabulary, f"{OPENING} {SECOND} pos=72 dur=12").values()


def test_a_line_that_came_by_step_runs_on_and_does_not_repeat(vocabulary: Vocabulary) -> None:
    assert gains(vocabulary, f"{OPENING} pos=48 dur=12") == {"pitch=64": -6.0, "pitch=65": 5.0, "pitch=66": 5.0}
    assert gains(vocabulary, f"{OPENING} {SECOND} pos=24 dur=12") == {"pitch=65": -6.0, "pitch=64": 5.0, "pitch=63": 5.0}
    after_leap = f"{OPENING} bar=3 chord=0-major chord=0-major pos=0 dur=12 pitch=69 pos=12 dur=12"
    assert gains(vocabulary, after_leap) == {"pitch=69": -6.0}


def test_at_strength_nought_nothing_gains(vocabulary: Vocabulary) -> None:
    assert not gains(vocabulary, f"{OPENING} bar=3", strength=0.0)


#: Four parts in C major; the tenor and the bass are to come.
CHORD = "bar=4 phrase=2 chord=0-major chord=0-major pos=0 part=0 dur=24 pitch=72 part=1 dur=24 pitch=67"


@pytest.mark.parametrize(
    ("weights", "part", "classes"),
    [
        (Weights(agreeing=1.0), 2, {0, 4, 7}),
        (Weights(completing=1.0), 2, {4}),
        (Weights(rooting=1.0), 2, set()),
        (Weights(rooting=1.0), 3, {0}),
    ],
    ids=["chord", "what is wanting", "no bass", "bass"],
)
def test_tones_of_the_planned_chord_gain(
    vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch, weights: Weights, part: int, classes: set[int]
) -> None:
    monkeypatch.setitem(shape.WEIGHTS, "chorale", weights)
    found = gains(vocabulary, f"{CHORD} part={part} dur=24", genre="chorale")
    assert {int(token.partition("=")[2]) % 12 for token in found} == classes
    assert set(found.values()) <= {1.0}


def test_nothing_completes_a_chord_that_sounds_or_a_single_line(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    for genre in ("reel", "chorale"):
        monkeypatch.setitem(shape.WEIGHTS, genre, Weights(completing=1.0, rooting=1.0))
    assert not gains(vocabulary, f"{OPENING} pos=48 dur=12")
    assert not gains(vocabulary, f"{CHORD} part=2 dur=24 pitch=64 part=2 dur=24", genre="chorale")


def test_steps_either_way_gain_where_no_measure_comes_back(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shape.WEIGHTS, "reel", Weights(stepping=1.0))
    assert gains(vocabulary, f"{OPENING} pos=48 dur=12") == dict.fromkeys(("pitch=62", "pitch=63", "pitch=65", "pitch=66"), 1.0)
    assert not gains(vocabulary, f"{OPENING} {SECOND} {RETURN}")
