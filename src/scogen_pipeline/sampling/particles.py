"""Pieces that are written side by side, as particles: each may stop, go on, or be taken over by another.

**References.** Particles and resampling are those of sequential Monte Carlo: Doucet and Johansen, *A Tutorial on Particle
Filtering and Smoothing* (2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from scogen_pipeline.sampling.samplers import Sampler
from scogen_pipeline.sampling.writer import Writer
from scogen_pipeline.tokens.view import rows_of

if TYPE_CHECKING:
    from scogen_pipeline.sampling.samplers import FloatArray
    from scogen_pipeline.tokens.view import ByteArray
    from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary


class State(Protocol):
    """What a model remembers, a row a piece."""

    def rows(self, chosen: Sequence[int]) -> Any:
        """Return the state of some rows."""

    def with_rows(self, others: Sequence[Any]) -> Any:
        """Return the state with the rows of others after its own."""


class Stepper(Protocol):
    """A model that reads a token a step. `model.stepping.NumpyStepper` is one; a test may bring its own."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary that the model was trained with."""

    def start(self, conditions: IntArray) -> Any:
        """Return the `State` before the first token; `conditions` has shape `(batch, slots)`."""

    def step(self, ids: IntArray, state: Any, features: IntArray, dense: ByteArray) -> tuple[FloatArray, Any]:
        """Read one token a piece, shape `(batch,)`, and the view of the next one.

        Returns:
            Logits, shape `(batch, vocab)`, and the new state.
        """


class Particle(NamedTuple):
    """A piece as far as it is written, and what the model remembers of it: a state of one row."""

    writer: Writer
    state: State


def begin(writers: Sequence[Writer], stepper: Stepper) -> list[Particle]:
    """Return particles of which nothing is written."""
    conditions = np.array([stepper.vocabulary.ids_of(writer.plan.conditions) for writer in writers])
    state = stepper.start(conditions)
    return [Particle(writer, state.rows([row])) for row, writer in enumerate(writers)]


def advance(particles: Sequence[Particle], stepper: Stepper, stops: Callable[[Writer], bool]) -> list[Particle]:
    """Write on side by side until each piece is finished, or stops.

    Args:
        particles: Of requests with the same `top_k` and `top_p`.
        stepper: The model.
        stops: Asked after each token of a piece that is not finished.

    Raises:
        ValueError: If they cut off differently.
    """
    cuts = {(writer.request.top_k, writer.request.top_p) for writer, _ in particles}
    if len(cuts) != 1:
        raise ValueError(f"`particles` must have one `top_k` and `top_p`, received {sorted(cuts)}.")
    sampler, start_id = Sampler(*cuts.pop()), stepper.vocabulary.start_id
    result = list(particles)
    places = [place for place, particle in enumerate(particles) if not particle.writer.is_finished]
    if not places:
        return result
    writing = [particles[place].writer for place in places]
    state = particles[places[0]].state.with_rows([particles[place].state for place in places[1:]])
    ids = np.array([writer.ids[-1] if writer.ids else start_id for writer in writing], dtype=np.int32)
    while places:
        seen, dense = rows_of([writer.view for writer in writing])
        logits, state = stepper.step(ids, state, seen, dense)
        choices = [writer.choice(row) for writer, row in zip(writing, seen, strict=True)]
        drawn = sampler.draw(logits, choices, [writer.random for writer in writing])
        for writer, token_id in zip(writing, drawn, strict=True):
            writer.write(token_id)
        rows = [row for row, writer in enumerate(writing) if not (writer.is_finished or stops(writer))]
        if len(rows) < len(writing):
            # Who has come to an end takes no more steps.
            for row in set(range(len(writing))) - set(rows):
                result[places[row]] = Particle(writing[row], state.rows([row]))
            writing, places, state = [writing[row] for row in rows], [places[row] for row in rows], state.rows(rows)
            drawn = [drawn[row] for row in rows]
        ids = np.array(drawn, dtype=np.int32)
    return result


def resample(particles: Sequence[Particle], log_weights: Sequence[float], random: np.random.Generator) -> list[Particle]:
    """Let those that weigh little go on from what others have written, each as often as its weight says.

    Args:
        particles: Of one plan.
        log_weights: One a particle, natural logarithms.
        random: Draws.

    Returns:
        As many particles. Who is drawn at all keeps its place.
    """
    n, weights = len(particles), np.exp(np.asarray(log_weights, np.float64) - np.max(log_weights))
    # Systematic resampling: one draw for all, so that equal weights change nothing.
    levels = (random.random() + np.arange(n)) * (weights.sum() / n)
    drawn = np.minimum(np.searchsorted(weights.cumsum(), levels), n - 1)
    n_drawn = np.bincount(drawn, minlength=n)
    surplus = iter(np.repeat(np.arange(n), np.maximum(n_drawn - 1, 0)).tolist())
    return [
        particle if n_drawn[place] else _successor(particle, particles[next(surplus)]) for place, particle in enumerate(particles)
    ]


def _successor(particle: Particle, ancestor: Particle) -> Particle:
    return Particle(particle.writer.taking_over(ancestor.writer), ancestor.state)
