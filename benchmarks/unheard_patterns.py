"""Does choosing by ear bring pieces nearer to real ones in what the ear does not hear?

    python benchmarks/unheard_patterns.py [--model FOLDER] [--data FOLDER] [--genres "chorale+folk song"] [--per-genre 200]
        [--patterns 60] [--seed 1]

The two-sample test of `real_or_generated.py`, on the same pieces, but on the shares of single patterns (`metrics.patterns`: turns
of melody, rhythm and harmony) instead of the features that candidates are chosen by. The patterns are those that most training
pieces of the genre have. Prints the AUC of pieces among which nothing was chosen, of chosen ones, and of training pieces.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from model_critic import critic_of
from real_or_generated import DATA, read_encoded
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.choosing.twins import choose_twins
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.excerpt import excerpt
from scogen_pipeline.metrics.pairing import decoded_piece, pair_pieces, pieces_of
from scogen_pipeline.metrics.patterns import Pattern, common_patterns, pattern_shares
from scogen_pipeline.metrics.two_sample import two_sample_test
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.twins import twin_requests

N_BARS = 16
#: Training pieces that the patterns are taken from.
N_LEARNED = 400


def table(pieces: Iterable[tuple[str, Piece]], groups: dict[str, str], patterns: list[Pattern]) -> pd.DataFrame:
    """Return the shares of the patterns, one row a piece, and its group."""
    rows = [pattern_shares(excerpt(piece, N_BARS), patterns) | {"group": groups[name]} for name, piece in pieces]
    return pd.DataFrame(rows)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DATA / "06_models" / "pretrained")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--genres", default="chorale+folk song")
    parser.add_argument("--per-genre", type=int, default=200)
    parser.add_argument("--patterns", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    model = TrainedModelDataset(filepath=str(given.model)).load()
    vocabulary, stepper = model.vocabulary, model.stepper()
    splits = pd.read_parquet(given.data / "05_model_input" / "splits.parquet", columns=["piece_id", "cluster"])
    print("| genre | nothing chosen | chosen | training pieces |\n|---|---|---|---|")
    for genre in given.genres.split("+"):
        encoded = read_encoded(given.data, genre)
        pairs = pair_pieces(encoded, splits, vocabulary, genres=(genre,), n=given.per_genre, n_bars=N_BARS, seed=given.seed)
        groups = dict(zip(pairs["piece"].astype(str), pairs["group"].astype(str), strict=True))
        trained = encoded[encoded["split"] == "train"].sort_values("piece_id").head(N_LEARNED)
        learned = (decoded_piece(row.ids, row.conditions, vocabulary) for row in trained.itertuples())
        patterns = common_patterns((excerpt(piece, N_BARS) for piece in learned), given.patterns)
        requests = twin_requests(pieces_of(pairs, vocabulary, "real"), N_BARS * 3 // 2)
        n_each = {str(name): int(n) for name, n in zip(pairs["piece"], pairs["n_each"], strict=True) if n}
        real = table(pieces_of(pairs, vocabulary, "real"), groups, patterns)
        others = [table(pieces_of(pairs, vocabulary, "train"), groups, patterns)]
        for candidates in (0, 1):
            critic = critic_of(given.model, ChoosingSettings(candidates=candidates))
            twins = choose_twins(requests, stepper, critic, given.seed, n_each)
            named = ((name.rpartition("/")[0], piece) for name, piece in twins.items())
            others.append(table(named, groups, patterns))
        cells = [aucs(real, other, given.seed) for other in reversed(others)]
        print(f"| {genre} | {' | '.join(cells)} |", flush=True)


def aucs(real: pd.DataFrame, other: pd.DataFrame, seed: int) -> str:
    """Return AUC and interval."""
    both = pd.concat([real, other], ignore_index=True)
    is_other = np.arange(len(both)) >= len(real)
    test = two_sample_test(both.drop(columns="group"), is_other, both["group"].to_numpy(), seed)
    return f"{test.auc:.3f} ({test.low:.2f} to {test.high:.2f})"


if __name__ == "__main__":
    main()
