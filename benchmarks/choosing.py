"""What is gained by choosing from several candidates.

    python benchmarks/choosing.py --model data/06_models/pretrained [--n 64] [--candidates 1 4 16] [--genres "chorale+reel"]

Needs the tables that the pipeline `reference` writes beside the model, and encoded pieces to compare with (`--encoded`). For each
genre and number of candidates: how far the figures that are chosen by lie from those of held-out pieces (Wasserstein distance in
standard deviations of the real ones, mean over the figures), how spread they are (median ratio of standard deviations), how well
the other features of `metrics.features` tell real from generated (AUC, 0.5: not at all), and the time a piece takes.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from chosen_pieces import chosen_pieces
from model_critic import critic_of
from scogen_pipeline.choosing.figures import figures_of
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.excerpt import excerpt, is_comparable
from scogen_pipeline.metrics.features import features_of
from scogen_pipeline.metrics.pairing import decoded_piece
from scogen_pipeline.metrics.two_sample import two_sample_test
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.request import Request


def distance(real: pd.DataFrame, generated: pd.DataFrame) -> tuple[float, float]:
    """Return the mean distance of the figures, and the median ratio of their spreads."""
    known = [name for name in real if real[name].notna().sum() > 5 and generated[name].notna().sum() > 5 and real[name].std() > 0]
    spreads = {name: float(real[name].std()) for name in known}
    pairs = {name: (real[name].dropna() / spreads[name], generated[name].dropna() / spreads[name]) for name in known}
    distances = [wasserstein_distance(*pair) for pair in pairs.values()]
    return float(np.mean(distances)), float(np.median([pair[1].std() for pair in pairs.values()]))


def separability(real: list[Piece], generated: list[Piece], n_bars: int) -> float:
    """Return the AUC of the two-sample test."""
    pieces = [*real, *generated]
    features = pd.DataFrame([features_of(excerpt(piece, n_bars)) for piece in pieces]).dropna(axis=1, how="all")
    is_generated = np.arange(len(pieces)) >= len(real)
    return float(two_sample_test(features, is_generated, np.arange(len(pieces))).auc)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="data/06_models/pretrained")
    parser.add_argument("--encoded", default="data/05_model_input/encoded_pieces.parquet")
    parser.add_argument("--genres", default="chorale+folk song+reel")
    parser.add_argument("--n", type=int, default=64)
    parser.add_argument("--candidates", type=int, nargs="+", default=[1, 4, 16])
    arguments = parser.parse_args()
    model = TrainedModelDataset(filepath=arguments.model).load()
    stepper = model.stepper()
    rows = pd.read_parquet(arguments.encoded, columns=["genre", "ids", "conditions"], filters=[("split", "==", "test")])
    print(f"{'genre':20}{'candidates':>11}{'distance':>10}{'spread':>8}{'AUC':>7}{'s/piece':>9}")
    for genre in arguments.genres.split("+"):
        n_bars = GENRES[genre].bars
        decoded = [decoded_piece(row.ids, row.conditions, model.vocabulary) for row in rows[rows["genre"] == genre].itertuples()]
        real = [piece for piece in decoded if is_comparable(piece, n_bars)][: arguments.n]
        measured = pd.DataFrame([figures_of(piece, n_bars) for piece in real])
        for n_candidates in arguments.candidates:
            critic = critic_of(arguments.model, ChoosingSettings(candidates=n_candidates))
            start = time.perf_counter()
            pieces = chosen_pieces(Request(genre=genre), arguments.n, stepper, critic)
            seconds = (time.perf_counter() - start) / len(pieces)
            away, spread = distance(measured, pd.DataFrame([figures_of(piece, n_bars) for piece in pieces]))
            auc = separability(real, pieces, n_bars)
            print(f"{genre:20}{n_candidates:11d}{away:10.3f}{spread:8.2f}{auc:7.3f}{seconds:9.2f}")


if __name__ == "__main__":
    main()
