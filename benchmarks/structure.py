"""The structure of generated pieces beside that of held-out real ones, with the ratio of the means.

    python benchmarks/structure.py --model data/06_models/pretrained [--n 64] [--genres "chorale+reel"] [--keep FILE]

Needs encoded pieces to compare with (`--encoded`). Both sides are excerpts of as many measures, without pickup and last measure
(`metrics.excerpt`); real pieces that are shorter are left out. The goal is a ratio of 0.9 to 1.1. `--keep` writes one row a
piece.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pandas as pd

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.excerpt import excerpt
from scogen_pipeline.metrics.pairing import decoded_piece
from scogen_pipeline.metrics.structure_table import structure_ratios, structure_table
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.generate import compose_pieces
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.vocabulary import Vocabulary


def held_out(rows: pd.DataFrame, vocabulary: Vocabulary, genre: str, n_bars: int) -> Iterator[Piece]:
    """Yield the excerpts of test pieces that are long enough."""
    for row in rows[rows["genre"] == genre].sort_values("piece_id").itertuples():
        piece = excerpt(decoded_piece(row.ids, row.conditions, vocabulary), n_bars)
        if piece.n_bars == n_bars:
            yield piece


def main() -> None:
    """Print a table a genre."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="data/06_models/pretrained")
    parser.add_argument("--encoded", default="data/05_model_input/encoded_pieces.parquet")
    parser.add_argument("--genres", default="+".join(GENRES))
    parser.add_argument("--n", type=int, default=64, help="pieces a genre, at most 64")
    parser.add_argument("--keep", help="a Parquet file for the figures of each piece")
    arguments = parser.parse_args()
    model = TrainedModelDataset(filepath=arguments.model).load()
    stepper = model.stepper()
    columns = ["piece_id", "split", "genre", "conditions", "ids"]
    rows = pd.read_parquet(arguments.encoded, columns=columns, filters=[("split", "==", "test")])
    tables = []
    for genre in arguments.genres.split("+"):
        # The excerpt of a generated piece is a measure shorter than the piece.
        n_bars = GENRES[genre].bars - 1
        real = structure_table("real", list(held_out(rows, model.vocabulary, genre, n_bars))[: arguments.n])
        if not len(real):
            continue
        pieces = compose_pieces(Request(genre=genre, n=arguments.n), stepper).values()
        generated = structure_table("generated", [excerpt(piece, n_bars) for piece in pieces])
        tables.append(pd.concat([real, generated], ignore_index=True))
        print(f"\n{genre}: {len(real)} real pieces, {len(generated)} generated")
        print(structure_ratios(tables[-1]).drop(columns="genre").round(3).to_string(index=False))
    if arguments.keep and tables:
        pd.concat(tables, ignore_index=True).to_parquet(arguments.keep)


if __name__ == "__main__":
    main()
