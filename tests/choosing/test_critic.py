"""The critic tells at each stage what speaks for a piece, and candidates are drawn by it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from tests.choosing.fake_judge import FakeJudge
from tests.choosing.test_choice import NO_INDEX, custom
from tests.choosing.test_ear import ear, walk  # noqa: F401  (a fixture)
from tests.choosing.test_reference import VOCABULARY
from tests.metrics.originality.test_index_table import known

from scogen_pipeline.choosing.candidates import Candidate
from scogen_pipeline.choosing.choice import choose, drawn_in_the_end
from scogen_pipeline.choosing.critic import Critic
from scogen_pipeline.choosing.ear import Ear
from scogen_pipeline.choosing.figures import ORIGINALITY
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.choosing.twins import choose_twins
from scogen_pipeline.metrics.excerpt import measures_between
from scogen_pipeline.metrics.originality.comparing import OriginalityIndex
from scogen_pipeline.metrics.originality.index_table import index_of
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.request import Request

SETTINGS = ChoosingSettings(candidates=4)
USUAL = custom(rest_share=[0.0, 0.1])


@pytest.fixture(name="critic")
def critic_who_knows_reels(ear: Ear) -> Critic:  # noqa: F811
    return Critic(ear, NO_INDEX, USUAL, SETTINGS)


def test_what_the_stages_speak_for_a_piece_adds_up_to_its_odds(critic: Critic) -> None:
    piece = walk(3, 0.6)
    total = sum(critic.gains([piece], n_bars)[0] for n_bars in (4, 8, 12, 16))
    assert total == pytest.approx(SETTINGS.ear * critic.ear.odds(measures_between(piece, 0, 16)))


def test_each_stage_of_a_long_piece_is_heard_with_the_twelve_measures_before(critic: Critic) -> None:
    long = twice(walk(3, 0.6))
    other_opening = replace(
        long, notes=tuple(note._replace(pitch=60) if note.onset < 4 * long.meter.bar_ticks else note for note in long.notes)
    )
    assert critic.gains([long], 16) != critic.gains([other_opening], 16)
    assert critic.gains([long], 20) == critic.gains([other_opening], 20)


def test_a_stage_may_be_shorter_than_four_measures(critic: Critic) -> None:
    piece = walk(3, 0.6)
    before, after = (critic.ear.odds(measures_between(piece, 0, end)) for end in (4, 6))
    assert critic.gains([piece], 6) == [pytest.approx(SETTINGS.ear * (after - before))]


def test_a_copy_speaks_against_a_piece(ear: Ear) -> None:  # noqa: F811
    index = OriginalityIndex(index_of([known(1), known(2)]).read_pandas())
    copy, own = (replace(known(seed).piece, genre="reel") for seed in (2, 9))
    usual = custom(**{ORIGINALITY: [float(run) for run in range(20)]})
    deaf, wary = (Critic(ear, each, usual, replace(SETTINGS, originality=100)) for each in (NO_INDEX, index))
    (lost, kept) = np.subtract(wary.gains([copy, own], 8), deaf.gains([copy, own], 8))
    n_notes = index.compare(measures_between(copy, 0, 8)).n_notes
    assert lost == pytest.approx(-100 * (n_notes - 0.95 * 19))  # each note beyond the band
    assert lost < 0
    assert kept == 0
    chosen = choose([Candidate(copy), Candidate(own)], wary, (1, 0))
    assert chosen.number == 2
    assert chosen.comparison is not None
    assert choose([Candidate(own)] * 2, deaf, (1, 0)).comparison is None


def test_candidates_are_drawn_by_their_odds_and_not_always_the_best(ear: Ear) -> None:  # noqa: F811
    gentle = Critic(ear, NO_INDEX, USUAL, replace(SETTINGS, ear=0.3))
    pieces = [walk(seed, share) for seed, share in enumerate((0.4, 0.5, 0.8, 0.8))]
    random = np.random.default_rng(1)
    drawn = Counter(drawn_in_the_end(pieces, gentle, random) for _ in range(200))
    assert len(drawn) > 1
    assert drawn.most_common(1)[0][0] == int(np.argmax(gentle.gains(pieces, pieces[0].n_bars - 1)))


def test_the_choice_says_the_odds_and_depends_on_the_seed_alone(critic: Critic) -> None:
    candidates = [Candidate(walk(seed, 0.6)) for seed in range(4)]
    first, again = (choose(candidates, critic, (1, 0)) for _ in range(2))
    assert first == again
    assert first.odds == pytest.approx(critic.ear.odds(measures_between(first.piece, 0, first.piece.n_bars - 1)))
    assert first.distances == {}
    by_figures = choose(candidates, Critic(critic.ear, NO_INDEX, USUAL, replace(SETTINGS, ear=0)), (1, 0))
    assert by_figures.odds is None
    assert by_figures.distances


def test_twins_are_chosen_where_the_ear_knows_the_genre(critic: Critic) -> None:
    requests = {"a": Request(genre="reel", bars=6, pickup="no"), "b": Request(genre="jig", bars=4, pickup="no")}
    chosen = choose_twins(requests, FakeJudge(VOCABULARY), critic, 1, {"a": 2, "b": 1})
    assert list(chosen) == ["a/0", "a/1", "b/0"]
    assert [piece.genre for piece in chosen.values()] == ["reel", "reel", "jig"]
    assert len({piece.notes for piece in chosen.values()}) == 3


def twice(piece: Piece) -> Piece:
    length = piece.n_bars * piece.meter.bar_ticks
    again = tuple(note._replace(onset=note.onset + length) for note in piece.notes)
    return replace(piece, notes=piece.notes + again, meters=piece.meters * 2)
