"""Measure how many tokens per second are generated without TensorFlow, at several batch sizes.

    python benchmarks/generation_speed.py [--model data/06_models/pretrained] [--genre reel] [--batch 1 8 64] [--bars 16 64]

Two figures a row: the network alone, and whole pieces with view, grammar and sampling, up to the tokens. The original recipe
made 16 tokens per second (`benchmarks/original_recipes.py` measures one like it).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.model.stepping import NumpyStepper
from scogen_pipeline.sampling.generate import write, writers_for
from scogen_pipeline.sampling.plan import Plan
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.view import View, rows_of


def steps_per_second(stepper: NumpyStepper, plan: Plan, batch_size: int, seconds: float) -> float:
    """Step for some seconds and return the tokens per second of all rows together."""
    conditions = np.tile(stepper.vocabulary.ids_of(plan.conditions), (batch_size, 1))
    state, seen = stepper.start(conditions), rows_of([View(plan.conditions)] * batch_size)
    ids = np.random.default_rng(0).integers(0, stepper.vocabulary.size, (64, batch_size))
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        _, state = stepper.step(ids[steps % 64], state, *seen)
        steps += 1
    return steps * batch_size / (time.perf_counter() - began)


def tokens_per_second(stepper: NumpyStepper, request: Request, seconds: float) -> float:
    """Write pieces for some seconds and return their tokens per second."""
    began, n_tokens = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        n_tokens += sum(len(writer.tokens) for writer in write(writers_for(request, stepper.vocabulary), stepper))
    return n_tokens / (time.perf_counter() - began)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path(__file__).parents[1] / "data" / "06_models" / "pretrained")
    parser.add_argument("--genre", default="reel")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--bars", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--seconds", type=float, default=3)
    arguments = parser.parse_args()
    stepper = TrainedModelDataset(filepath=str(arguments.model)).load().stepper()
    print("| measures | batch | network alone, tokens/s | whole pieces, tokens/s |\n|---|---|---|---|")
    for bars in arguments.bars:
        for batch_size in arguments.batch:
            request = Request(genre=arguments.genre, bars=bars, n=batch_size)
            alone = steps_per_second(stepper, Plan.of(request), batch_size, arguments.seconds)
            whole = tokens_per_second(stepper, request, arguments.seconds)
            print(f"| {bars} | {batch_size} | {alone:,.0f} | {whole:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
