"""Candidates make way for better ones at the end of each stage, and each is a whole piece in the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from tests.sampling.random_stepper import RandomStepper

from scogen_pipeline.music.piece import Note, Piece
from scogen_pipeline.sampling.generate import write, writers_for
from scogen_pipeline.sampling.particles import Particle, begin, resample
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.sampling.stages import last_bar, write_in_stages
from scogen_pipeline.tokens.vocabulary import Vocabulary

REQUEST = Request(genre="reel", bars=13, n=4, pickup="no")


class Habit(RandomStepper):
    """Logits that follow from the last token alone, so that it does not matter what is written beside."""

    def step(self, ids, state, features, dense):
        rows = [np.random.default_rng(token_id).normal(0, 2, self.vocabulary.size) for token_id in ids]
        return np.array(rows, np.float32), state


class Listener:
    """A critic that remembers what it was asked, and says what it is told to say of the pitches of the last stage."""

    def __init__(self, weight: float = 0.0) -> None:
        self.weight = weight
        self.heard: list[tuple[list[Piece], int]] = []

    def gains(self, pieces: Sequence[Piece], n_bars: int) -> list[float]:
        self.heard.append((list(pieces), n_bars))
        return [self.weight * np.mean([note.pitch for note in stage_of(piece, n_bars)]) for piece in pieces]


def stage_of(piece: Piece, n_bars: int) -> list[Note]:
    ticks = piece.meter.bar_ticks
    return [note for note in piece.notes if (n_bars - 4) * ticks <= note.onset < n_bars * ticks]


def written(vocabulary: Vocabulary, listener: Listener, *requests: Request) -> list[list[Piece]]:
    groups = [writers_for(request, vocabulary) for request in requests]
    return [[writer.piece() for writer in group] for group in write_in_stages(groups, Habit(vocabulary), listener)]


def test_a_critic_without_an_opinion_changes_nothing(vocabulary: Vocabulary) -> None:
    (pieces,) = written(vocabulary, Listener(), REQUEST)
    assert pieces == [writer.piece() for writer in write(writers_for(REQUEST, vocabulary), Habit(vocabulary))]


def test_each_stage_but_the_last_is_heard_with_silence_after_it(vocabulary: Vocabulary) -> None:
    listener = Listener()
    written(vocabulary, listener, REQUEST, Request(genre="reel", bars=5, n=2, pickup="yes"), Request(bars=2, n=2))
    assert [(len(pieces), n_bars) for pieces, n_bars in listener.heard] == [(4, 4), (4, 8)]
    for pieces, n_bars in listener.heard:
        for piece in pieces:
            assert piece.n_bars == 13
            ticks = piece.meter.bar_ticks
            assert max(note.onset for note in piece.notes) < n_bars * ticks
            assert max(note.end for note in piece.notes) > (n_bars - 1) * ticks


def test_a_pickup_does_not_count(vocabulary: Vocabulary) -> None:
    listener = Listener()
    written(vocabulary, listener, Request(genre="reel", bars=8, n=2, pickup="yes"))
    ((pieces, n_bars),) = listener.heard
    assert n_bars == 4
    assert all(max(note.end for note in piece.notes) > 4 * piece.meter.bar_ticks for piece in pieces)
    assert last_bar(9, has_pickup=True) == 7


def test_what_is_found_better_takes_the_places_of_the_others(vocabulary: Vocabulary) -> None:
    listener = Listener(weight=1e3)
    (pieces,) = written(vocabulary, listener, REQUEST)
    best = [
        max(heard, key=lambda piece, end=n_bars: np.mean([note.pitch for note in stage_of(piece, end)]))
        for heard, n_bars in listener.heard
    ]
    ticks = pieces[0].meter.bar_ticks
    for piece in pieces:
        for (_, n_bars), example in zip(listener.heard, best, strict=True):
            assert stage_of(piece, n_bars)[:-1] == stage_of(example, n_bars)[:-1]  # the last may sound on
        assert sum(meter.bar_ticks for meter in piece.meters) == 13 * ticks
    assert len({piece.notes for piece in pieces}) > 1
    assert (pieces,) == tuple(written(vocabulary, Listener(weight=1e3), REQUEST))


def test_each_is_drawn_as_often_as_its_weight_says_and_keeps_its_place(vocabulary: Vocabulary) -> None:
    particles = begin(writers_for(REQUEST, vocabulary), Habit(vocabulary))
    for index, particle in enumerate(particles):
        for token_id in vocabulary.ids_of(["bar=13", *["like=2"] * index]):
            particle.writer.ids.append(int(token_id))
    lengths = np.array(
        [len(particle.writer.ids) for particle in resample_without_reading(particles, [0.0, np.log(2), -50.0, 0.0])]
    )
    assert sorted(lengths) == [1, 2, 2, 4]
    assert list(lengths[[0, 1, 3]]) == [1, 2, 4]
    assert resample(particles, [7.0] * 4, np.random.default_rng(1)) == particles


def resample_without_reading(particles: list[Particle], weights: list[float]) -> list[Particle]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scogen_pipeline.sampling.writer.Writer.write", lambda self, token_id: self.ids.append(token_id))
        return resample(particles, weights, np.random.default_rng(1))
