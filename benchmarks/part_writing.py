"""Compare the part-writing of generated pieces with that of real ones, genre by genre, for several strengths of `counterpoint`.

    python benchmarks/part_writing.py [--model FOLDER] [--data FOLDER] [--genres "chorale+renaissance"] [--n 60]
        [--counterpoint 0 1]

Real are training pieces, so that `sampling.counterpoint` can be tuned by them; generated are their twins, among which nothing was
chosen. Shares are 0 to 1, parallels per 100 chord changes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from real_or_generated import DATA, read_encoded
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.excerpt import excerpt
from scogen_pipeline.metrics.musical import MEASURES
from scogen_pipeline.metrics.pairing import pair_pieces, pieces_of
from scogen_pipeline.metrics.voice_leading import chord_share, crossing_share, parallels
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.twins import compose_twins, twin_requests

N_BARS = 16
COLUMNS = {
    "chords": chord_share,
    "crossing": crossing_share,
    "parallel 5ths": lambda piece: parallels(piece, 7),
    "parallel 8ves": lambda piece: parallels(piece, 0),
    "steps": MEASURES["stepwise_share"],
    "rests": MEASURES["rest_share"],
}


def row(name: str, pieces: Iterable[Piece]) -> str:
    """Return one line of the table: the mean of each column."""
    known = [excerpt(piece, N_BARS) for piece in pieces]
    means = (sum(measure(piece) for piece in known) / len(known) for measure in COLUMNS.values())
    return f"| {name} | {' | '.join(f'{mean:.3f}' for mean in means)} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DATA / "06_models" / "pretrained")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--genres", default="chorale+renaissance+string quartet+lied")
    parser.add_argument("--n", type=int, default=60, help="pieces a row")
    parser.add_argument("--counterpoint", type=float, nargs="+", default=[0.0, 1.0])
    arguments = parser.parse_args()
    model = TrainedModelDataset(filepath=str(arguments.model)).load()
    splits = pd.read_parquet(arguments.data / "05_model_input" / "splits.parquet", columns=["piece_id", "cluster"])
    print(f"| | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
    for genre in arguments.genres.split("+"):
        encoded = read_encoded(arguments.data, genre)
        trained = encoded[encoded["split"] == "train"]
        pairs = pair_pieces(trained, splits, model.vocabulary, genres=(genre,), n=arguments.n, n_bars=N_BARS, seed=1)
        real = dict(pieces_of(pairs, model.vocabulary, "real"))
        print(row(f"{genre}, real", real.values()), flush=True)
        requests = twin_requests(real.items(), N_BARS * 3 // 2)
        for strength in arguments.counterpoint:
            asked = {name: replace(request, counterpoint=strength) for name, request in requests.items()}
            twins = compose_twins(asked, model.stepper(), 1, dict.fromkeys(asked, 1))
            print(row(f"{genre}, counterpoint {strength:g}", twins.values()), flush=True)


if __name__ == "__main__":
    main()
