"""A request to pieces: the model proposes, the grammar disposes.

Pieces are written side by side in one batch, those of one request or of many; each has a random state of its own, so the third
piece of five is the same as the third of three.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scogen_pipeline.errors import RequestError
from scogen_pipeline.sampling.grammar import Grammar
from scogen_pipeline.sampling.plan import Plan
from scogen_pipeline.sampling.primer import has_pickup
from scogen_pipeline.sampling.samplers import Choice, Sampler
from scogen_pipeline.sampling.shape import Shape
from scogen_pipeline.tokens.encoding import decode
from scogen_pipeline.tokens.view import View, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.request import Request
    from scogen_pipeline.sampling.samplers import FloatArray
    from scogen_pipeline.tokens.view import ByteArray
    from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary


class State(Protocol):
    """What a model remembers, a row a piece."""

    def rows(self, chosen: Sequence[int]) -> Any:
        """Return the state of some rows."""


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


def compose_pieces(request: Request, stepper: Stepper, primer: tuple[str, ...] = ()) -> dict[str, Piece]:
    """Write the pieces that a request asks for.

    Args:
        request: What is asked for.
        stepper: The model.
        primer: Tokens of the measures to go on from, from `sampling.primer`; the piece begins with them.

    Returns:
        Pieces by file name, without an ending.
    """
    if primer:
        request = replace(request, pickup="yes" if has_pickup(primer, request.meter) else "no")
    plan = Plan.of(request)
    written = [
        _piece_of(tokens, plan, request, index) for index, tokens in enumerate(write_tokens(plan, stepper, request, primer))
    ]
    return {f"{slug(piece.title)}-{request.seed}": piece for piece in written}


def compose_piece(request: Request, stepper: Stepper) -> Piece:
    """Write the first piece that a request asks for."""
    return next(iter(compose_pieces(replace(request, n=1), stepper).values()))


def compose_each(requests: Sequence[Request], stepper: Stepper) -> list[Piece]:
    """Write the first piece of each request, all side by side; see `write_each`."""
    written = write_each(requests, stepper)
    return [_piece_of(tokens, plan, request, 0) for (plan, tokens), request in zip(written, requests, strict=True)]


def write_each(requests: Sequence[Request], stepper: Stepper) -> list[tuple[Plan, tuple[str, ...]]]:
    """Sample the first token string of each request, without marks, and the plan that it keeps.

    Args:
        requests: What is asked for, with the same `top_k` and `top_p`.
        stepper: The model.

    Raises:
        ValueError: If they cut off differently.
    """
    writers = [_Writer(Plan.of(request), stepper.vocabulary, request, 0, []) for request in requests]
    return list(zip((writer.plan for writer in writers), _write(writers, stepper), strict=True))


def write_tokens(plan: Plan, stepper: Stepper, request: Request, primer: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Sample `request.n` token strings that keep the plan, without marks."""
    opening = stepper.vocabulary.ids_of(primer).tolist()
    writers = [_Writer(plan, stepper.vocabulary, request, index, opening) for index in range(request.n)]
    return _write(writers, stepper)


def _write(writers: Sequence[_Writer], stepper: Stepper) -> list[tuple[str, ...]]:
    vocabulary = stepper.vocabulary
    cuts = {(request.top_k, request.top_p) for request in (writer.request for writer in writers)}
    if len(cuts) != 1:
        raise ValueError(f"`requests` must have one `top_k` and `top_p`, received {sorted(cuts)}.")
    sampler = Sampler(*cuts.pop())
    state = stepper.start(np.array([vocabulary.ids_of(writer.plan.conditions) for writer in writers]))
    ids = np.full(len(writers), vocabulary.start_id, dtype=np.int32)
    writing = writers
    while writing:
        seen, dense = rows_of([writer.view for writer in writing])
        logits, state = stepper.step(ids, state, seen, dense)
        choices = [writer.choice(row) for writer, row in zip(writing, seen, strict=True)]
        drawn = sampler.draw(logits, choices, [writer.random for writer in writing])
        for writer, token_id in zip(writing, drawn, strict=True):
            writer.write(token_id)
        rows = [row for row, writer in enumerate(writing) if not writer.is_finished]
        if len(rows) < len(writing):
            # Who has finished takes no more steps.
            writing, state = [writing[row] for row in rows], state.rows(rows)
            drawn = [drawn[row] for row in rows]
        ids = np.array(drawn, dtype=np.int32)
    return [vocabulary.tokens_of(writer.ids[:-1]) for writer in writers]


def _piece_of(tokens: tuple[str, ...], plan: Plan, request: Request, index: int) -> Piece:
    return decode(
        tokens,
        parts=plan.parts,
        meter=plan.meter,
        key=plan.key,
        shift=plan.shift,
        tempo_qpm=request.tempo_qpm,
        genre=request.customs.name,
        title=request.title_of(index),
        composer=request.composer,
        source=f"seed {request.seed}",
    )


class _Writer:
    """One piece of a batch: its grammar, its view, its random state and the ids so far, `<start>` left out."""

    def __init__(self, plan: Plan, vocabulary: Vocabulary, request: Request, index: int, opening: list[int]) -> None:
        self.plan, self.request = plan, request
        self.ids: list[int] = []
        self.view = View(plan.conditions)
        self.random = np.random.default_rng([request.seed, index])
        self._tokens = vocabulary.tokens
        self._grammar = Grammar(plan, vocabulary)
        self._shape = Shape(plan, vocabulary, request.customs.name, request.shape)
        self._opening = opening

    @property
    def is_finished(self) -> bool:
        return self._grammar.is_finished

    def choice(self, seen: IntArray) -> Choice:
        """Return what may come next, of the opening while it lasts; `seen` is the view."""
        grammar, n_written = self._grammar, len(self.ids)
        if n_written < len(self._opening):
            return Choice([self._opening[n_written]])
        ids = grammar.allowed_ids()
        return Choice(ids, self._temperature(), self._leanings(ids, seen))

    def _leanings(self, ids: list[int], seen: IntArray) -> list[float]:
        """Return what the first of the ids gain, by how parts go together, and by the shape of the piece."""
        strength, gains = self.request.counterpoint, self._shape.gains(seen)
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
        self.view.take(self._tokens[token_id])
        self._shape.take(token_id)
        self.ids.append(token_id)


def slug(title: str) -> str:
    """Turn a title into a file name.

    >>> slug("Reel in F♯ minor, No. 2")
    'reel-in-f-sharp-minor-no-2'
    """
    spelled = title.casefold().replace("#", "-sharp").replace("♯", "-sharp").replace("♭", "-flat")
    name = re.sub(r"[^\w]+", "-", spelled).strip("-_")[:80]
    if not name:
        raise RequestError(f"`title` must hold a letter or a digit, received `{title}`.")
    return name
