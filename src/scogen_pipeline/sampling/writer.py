"""One piece while it is written: its grammar, its view, its random state and the ids so far."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from scogen_pipeline.sampling.grammar import Grammar
from scogen_pipeline.sampling.samplers import Choice
from scogen_pipeline.sampling.shape import Shape
from scogen_pipeline.tokens.alphabet import bar_token
from scogen_pipeline.tokens.encoding import decode
from scogen_pipeline.tokens.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.plan import Plan
    from scogen_pipeline.sampling.request import Request
    from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary


class Writer:
    """Writes one piece of a batch.

    Args:
        plan: What the piece must be.
        vocabulary: That of the model.
        request: What is asked for.
        index: Which piece of the request, from 0; with the seed of the request it decides all draws.
        opening: Ids that the piece begins with.

    Attributes:
        ids: What is written, `<start>` left out.
        view: What the model sees.
        random: What the tokens are drawn with.
    """

    def __init__(self, plan: Plan, vocabulary: Vocabulary, request: Request, index: int = 0, opening: Sequence[int] = ()) -> None:
        self.plan, self.request, self.index = plan, request, index
        self.ids: list[int] = []
        self.view = View(plan.conditions)
        self.random = np.random.default_rng([request.seed, index])
        self._vocabulary, self._opening = vocabulary, opening
        self._grammar = Grammar(plan, vocabulary)
        self._shape = Shape(plan, vocabulary, request.customs.name, request.shape)

    @property
    def is_finished(self) -> bool:
        """Whether `<end>` has been written."""
        return self._grammar.is_finished

    @property
    def n_bars_full(self) -> int:
        """Number of measures that are written, without the one that has begun and that of the pickup."""
        return self._grammar.n_bars_begun - 1 - self.plan.has_pickup

    @property
    def tokens(self) -> tuple[str, ...]:
        """What is written, without marks."""
        return self._vocabulary.tokens_of(self.ids[:-1] if self.is_finished else self.ids)

    def choice(self, seen: IntArray) -> Choice:
        """Return what may come next, of the opening while it lasts; `seen` is the view."""
        n_written = len(self.ids)
        if n_written < len(self._opening):
            return Choice([self._opening[n_written]])
        ids = self._grammar.allowed_ids()
        return Choice(ids, self._temperature(), self._leanings(ids, seen))

    def _leanings(self, ids: list[int], seen: IntArray) -> list[float]:
        """Return what the first of the ids gain, by how parts go together, and by the shape of the piece."""
        strength, gains = self.request.counterpoint, self._shape.gains(seen, self.view)
        leanings = [strength * leaning for leaning in self._grammar.leanings()] if strength else []
        if not gains:
            return leanings
        return [leaning + gains.get(token_id, 0.0) for token_id, leaning in zip_longest(ids, leanings, fillvalue=0)]

    def _temperature(self) -> float:
        if self._grammar.is_at_pitch:
            return self.request.temperature
        return self.request.plan_temperature if self._grammar.is_at_form else self.request.rhythm_temperature

    def write(self, token_id: int) -> None:
        """Take the next token in."""
        self._grammar.advance(token_id)
        self.view.take(self._vocabulary.tokens[token_id])
        self._shape.take(token_id)
        self.ids.append(token_id)

    def taking_over(self, other: Writer) -> Writer:
        """Return a writer with the draws of this one who goes on from what another has written."""
        successor = Writer(self.plan, self._vocabulary, self.request, self.index, self._opening)
        for token_id in other.ids:
            successor.write(token_id)
        successor.random = self.random
        return successor

    def piece(self) -> Piece:
        """Return the piece as it stands; measures that are not begun are silent."""
        plan, request = self.plan, self.request
        silent = (bar_token(n_left) for n_left in range(plan.n_bars - self._grammar.n_bars_begun, 0, -1))
        return decode(
            (*self.tokens, *silent),
            parts=plan.parts,
            meter=plan.meter,
            key=plan.key,
            shift=plan.shift,
            tempo_qpm=request.tempo_qpm,
            genre=request.customs.name,
            title=request.title_of(self.index),
            composer=request.composer,
            source=f"seed {request.seed}",
        )
