"""Candidates for a piece that are written side by side and judged as they go.

After each stage of four measures the candidates that a critic finds better take the places of the others, and all go on. What is
wrong is left behind soon after it was written, and sixteen candidates of sixteen measures are a choice among far more than
sixteen pieces.

**Conventions.** Full measures are counted, without a pickup. The last measure of a piece is promised rather than chosen, so the
last stage ends before it; what is drawn then is up to who asked for the candidates.

**References.** Sequential Monte Carlo with a learned twist: Lew et al., *Sequential Monte Carlo Steering of Large Language
Models* (2023); Zhao et al., *Probabilistic Inference in Language Models via Twisted Sequential Monte Carlo* (2024).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from scogen_pipeline.sampling.particles import Particle, advance, begin, resample

if TYPE_CHECKING:
    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.particles import Stepper
    from scogen_pipeline.sampling.writer import Writer

#: Measures of a stage.
STAGE_BARS: Final = 4


class Critic(Protocol):
    """Judges pieces while they are written."""

    def gains(self, pieces: Sequence[Piece], n_bars: int) -> Sequence[float]:
        """Return the log weight that each candidate has gained in its last stage, which ends with the measure `n_bars`."""


def write_in_stages(groups: Sequence[Sequence[Writer]], stepper: Stepper, critic: Critic) -> list[list[Writer]]:
    """Write the candidates of some pieces to their end.

    Args:
        groups: The candidates of each piece, of one plan, at least one. All groups are written side by side; their requests have
            the same `top_k` and `top_p`.
        stepper: The model.
        critic: Says which are better.

    Returns:
        As many candidates of each piece; those that have come from one are the same up to where they parted.

    Raises:
        ValueError: If they cut off differently.
    """
    own = _grouped(begin([*chain.from_iterable(groups)], stepper), groups)
    end = 0
    while not all(particle.writer.is_finished for particle in chain.from_iterable(own)):
        end += STAGE_BARS
        written = advance([*chain.from_iterable(own)], stepper, partial(_ends_stage, end=end))
        own = [_better(group, critic, end) for group in _grouped(written, groups)]
    return [[particle.writer for particle in group] for group in own]


def last_bar(n_bars: int, *, has_pickup: bool) -> int:
    """Return the number of full measures before the last one of a piece of so many measures, at least 1."""
    return max(1, n_bars - 1 - has_pickup)


def _grouped(particles: Iterable[Particle], groups: Sequence[Sequence[Writer]]) -> list[list[Particle]]:
    pending = iter(particles)
    return [[next(pending) for _ in group] for group in groups]


def _ends_stage(writer: Writer, *, end: int) -> bool:
    return writer.n_bars_full == end < last_bar(writer.plan.n_bars, has_pickup=writer.plan.has_pickup)


def _better(group: list[Particle], critic: Critic, end: int) -> list[Particle]:
    """Draw the candidates that go on."""
    first = group[0].writer
    if first.is_finished:
        return group
    gains = critic.gains([writer.piece() for writer, _ in group], end)
    return resample(group, gains, np.random.default_rng([first.request.seed, first.index, end]))
