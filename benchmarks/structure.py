"""The structure of generated pieces beside that of held-out real ones, with the ratio of the means and its interval of 95 %.

    python benchmarks/structure.py [--model FOLDER] [--data FOLDER] [--n 64] [--genres "chorale+reel"] [--shape 1]
        [--candidates 0] [--keep FILE]

Generated pieces are twins of the real ones (`sampling.twins`): asked for in the same meter, mode and length, with a pickup if the
real one has it. Else it is meters that are compared: a folk song in 2/4 has other cadences than one in 4/4. Both sides are
excerpts of at most 16 measures, without pickup and last measure (`metrics.excerpt`). The goal is a ratio of 0.9 to 1.1.
Generated ones are what a user gets, drawn by ear from as many candidates as `generate` writes, unless `--candidates` is another
number; 1 chooses nothing. `--keep` writes one row a piece.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from model_critic import critic_of
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.choosing.twins import choose_twins
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.excerpt import excerpt
from scogen_pipeline.metrics.pairing import pair_pieces, pieces_of
from scogen_pipeline.metrics.structure_table import structure_ratios, structure_table
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.sampling.twins import twin_requests

DATA = Path(__file__).parents[1] / "data"
COLUMNS = ["piece_id", "split", "genre", "n_bars", "ids", "conditions"]
N_BARS = 16


def main() -> None:
    """Print a table a genre."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DATA / "06_models" / "pretrained")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--genres", default="+".join(GENRES))
    parser.add_argument("--n", type=int, default=64, help="pieces a genre")
    parser.add_argument("--shape", type=float, default=1.0, help="of the requests; 0 leaves it to the model")
    parser.add_argument("--candidates", type=int, default=0, help="as many as generate writes by default; 1 chooses nothing")
    parser.add_argument("--keep", help="a Parquet file for the figures of each piece")
    given = parser.parse_args()
    model, inputs = TrainedModelDataset(filepath=str(given.model)).load(), given.data / "05_model_input"
    critic = critic_of(given.model, ChoosingSettings(candidates=given.candidates))
    splits = pd.read_parquet(inputs / "splits.parquet", columns=["piece_id", "cluster"])
    tables = []
    for genre in given.genres.split("+"):
        filters = [("genre", "=", genre), ("split", "in", ("test", "valid"))]
        encoded = pq.read_table(inputs / "encoded_pieces.parquet", columns=COLUMNS, filters=filters).to_pandas()
        pairs = pair_pieces(encoded, splits, model.vocabulary, genres=(genre,), n=given.n, n_bars=N_BARS, seed=1)
        models = dict(pieces_of(pairs, model.vocabulary, "real"))
        if not models:
            continue
        requests = twin_requests(models.items(), N_BARS + 1)
        asked = {name: replace(request, shape=given.shape) for name, request in requests.items()}
        n_each = dict.fromkeys(models, -(-given.n // len(models)))
        twins = choose_twins(asked, model.stepper(), critic, 1, n_each)
        real = structure_table("real", [excerpt(piece, N_BARS) for piece in models.values()])
        generated = structure_table("generated", [excerpt(piece, N_BARS) for piece in twins.values()])
        tables.append(pd.concat([real, generated], ignore_index=True))
        print(f"\n{genre}: {len(real)} real pieces, {len(generated)} generated")
        print(structure_ratios(tables[-1]).drop(columns="genre").round(3).to_string(index=False))
    if given.keep and tables:
        pd.concat(tables, ignore_index=True).to_parquet(given.keep)


if __name__ == "__main__":
    main()
