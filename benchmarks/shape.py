"""How often generated pieces return, copy and close beside held-out real ones, and the weights that would make them even.

    python benchmarks/shape.py [--model FOLDER] [--data FOLDER] [--genres "folk song+reel"] [--n 128] [--rounds 3]
        [--weights "returning=0.5,copying=1"] [--leave copying]

A round writes twins of held-out pieces (`sampling.twins`) and counts, of the choices that `sampling.shape` leans on, how many
went its way: in the twins, and in the tokens of the real pieces. The weights of the next round are those of this one, and the
difference of the log odds; those that are to be left stay as they are. Printed last, for `sampling.shape.WEIGHTS`: run this again
when the network is another.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.pairing import pair_pieces, pieces_of
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.sampling import shape
from scogen_pipeline.sampling.generate import write_each
from scogen_pipeline.sampling.plan import Plan
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.sampling.twins import BATCH, twin_requests
from scogen_pipeline.tokens.alphabet import START, kind_of
from scogen_pipeline.tokens.view import View
from scogen_pipeline.tokens.vocabulary import Vocabulary

DATA = Path(__file__).parents[1] / "data"
COLUMNS = ["piece_id", "split", "genre", "n_bars", "ids", "conditions"]
MOST_BARS = 24
NAMES = tuple(field.name for field in fields(shape.Weights))

Tokens = tuple[str, ...]


def written(model: TrainedModel, requests: Iterable[Request], seed: int) -> Iterator[tuple[Request, Plan, Tokens]]:
    """Write a piece for each request, no two from the same seed."""
    stepper = model.stepper()
    seeded = [replace(request, seed=1000 * seed + index) for index, request in enumerate(requests)]
    for start in range(0, len(seeded), BATCH):
        batch = seeded[start : start + BATCH]
        yield from ((writer.request, writer.plan, writer.tokens) for writer in write_each(batch, stepper))


def real(pairs: pd.DataFrame, requests: Mapping[str, Request], vocabulary: Vocabulary) -> Iterator[tuple[Request, Plan, Tokens]]:
    """Yield the tokens of the real pieces that have twins, as many measures as those have."""
    for row in pairs[pairs["origin"] == "real"].itertuples():
        plan = Plan.of(requests[row.piece])
        tokens = vocabulary.tokens_of(row.ids)[1:-1]
        bars = [index for index, token in enumerate(tokens) if kind_of(token) == "bar"]
        yield requests[row.piece], plan, tokens[: bars[plan.n_bars] if len(bars) > plan.n_bars else None]


def rates(pieces: Iterable[tuple[Request, Plan, Tokens]], vocabulary: Vocabulary) -> dict[str, float]:
    """Return how often a choice went the way that `sampling.shape` leans, of the times that it could."""
    asked, gone = Counter[str](), Counter[str]()
    for request, plan, tokens in pieces:
        view, memory = View(plan.conditions), shape.Shape(plan, vocabulary, request.customs.name, 1.0)
        view.take(START)
        for token in tokens:
            token_id = vocabulary.id_of(token)
            for name, ids in memory.leanings(view.features(), view):
                if ids and (name == "returning" or kind_of(token) == kind_of(vocabulary.tokens[ids[0]])):
                    asked[name] += 1
                    gone[name] += token_id in ids
            view.take(token)
            memory.take(token_id)
    # Half a choice more on either side keeps the odds finite.
    return {name: (gone[name] + 0.5) / (asked[name] + 1) for name in NAMES}


def log_odds(rate: float) -> float:
    """Return the natural log of the odds of a choice that is made at this rate."""
    return float(np.log(rate / (1 - rate)))


def tune(model: TrainedModel, pairs: pd.DataFrame, genre: str, names: Iterable[str], n_rounds: int, n: int) -> shape.Weights:
    """Print the rates of each round, and return the weights that follow from the last."""
    requests = twin_requests(pieces_of(pairs, model.vocabulary, "real"), MOST_BARS)
    wanted = rates(real(pairs, requests, model.vocabulary), model.vocabulary)
    asked = [request for request in requests.values() for _ in range(-(-n // len(requests)))]
    for number in range(n_rounds):
        weights = shape.WEIGHTS.get(genre, shape.Weights())
        found = rates(written(model, asked, 1 + number), model.vocabulary)
        table = pd.DataFrame({"weight": asdict(weights), "real": wanted, "generated": found})
        print(f"\n{genre}, round {number + 1}: {len(asked)} pieces\n{table.round(3)}", flush=True)
        gains = {name: getattr(weights, name) + log_odds(wanted[name]) - log_odds(found[name]) for name in names}
        shape.WEIGHTS[genre] = replace(weights, **{name: round(gain, 2) for name, gain in gains.items()})
    return shape.WEIGHTS[genre]


def main() -> None:
    """Tune genre by genre."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DATA / "06_models" / "pretrained")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--genres", default="folk song+reel+jig+hornpipe+chorale")
    parser.add_argument("--n", type=int, default=128, help="pieces a genre and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--weights", default="", help="to begin with, instead of those in use")
    parser.add_argument("--leave", default="copying", help="weights that are not to be found, joined by +")
    given = parser.parse_args()
    names = [name for name in NAMES if name not in given.leave.split("+")]
    model, inputs = TrainedModelDataset(filepath=str(given.model)).load(), given.data / "05_model_input"
    splits = pd.read_parquet(inputs / "splits.parquet", columns=["piece_id", "cluster"])
    tuned = {}
    for genre in given.genres.split("+"):
        if given.weights:
            named = (text.split("=") for text in given.weights.split(","))
            shape.WEIGHTS[genre] = shape.Weights(**{name.strip(): float(value) for name, value in named})
        filters = [("genre", "=", genre), ("split", "in", ("valid", "train"))]  # the test split is to judge by
        encoded = pq.read_table(inputs / "encoded_pieces.parquet", columns=COLUMNS, filters=filters).to_pandas()
        pairs = pair_pieces(encoded, splits, model.vocabulary, genres=(genre,), n=given.n, n_bars=16, seed=1)
        tuned[genre] = tune(model, pairs, genre, names, given.rounds, given.n)
    print("\n" + "\n".join(f'    "{genre}": {weights},' for genre, weights in tuned.items()))


if __name__ == "__main__":
    main()
