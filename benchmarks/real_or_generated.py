"""Real or generated? The full tables: every measure beside real music, the two-sample tests, the judge of genres, structure.

    python benchmarks/real_or_generated.py [--model FOLDER] [--data FOLDER] [--per-genre 200] [--genres "chorale+reel"]
        [--bars 16] [--seed 1] [--candidates 0] [--output FOLDER]

Reads `05_model_input/encoded_pieces.parquet` and `splits.parquet` of the data folder (run `kedro run --pipeline data` and
`--pipeline encode` before), writes `real_or_generated/` in its `08_reporting`: the tables as Parquet, and `report.md` to read.
A genre is finished before the next begins, and is not generated again if its tables are there (`--again` does).
Pieces are what a user gets: written in stages and chosen by the critic from as many candidates as `generate` writes, unless
`--candidates` is another number; with 1 nothing is chosen.
What is compared, and how: docs/evaluation.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from model_critic import critic_of
from scogen_pipeline.choosing.critic import Critic
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.choosing.twins import choose_twins
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.comparison import EvaluationSettings, compared_pieces, measure_pieces, musical_table, tell_apart
from scogen_pipeline.metrics.features import FEATURES
from scogen_pipeline.metrics.genre_recognition import recall_table, recognise_genres
from scogen_pipeline.metrics.pairing import pair_pieces, pieces_of
from scogen_pipeline.metrics.structure_table import structure_ratios, structure_table
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.sampling.twins import twin_requests
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

DATA = Path(__file__).parents[1] / "data"
COLUMNS = ["piece_id", "split", "genre", "n_bars", "ids", "conditions"]
#: Features named for each genre.
N_TELLS = 10
#: Tables that are kept of each genre.
KINDS = ("measures", "features", "structure")
SIDES = ("real", "generated")


def measure_genre(
    model: TrainedModel,
    encoded: pd.DataFrame,
    splits: pd.DataFrame,
    genre: str,
    settings: EvaluationSettings,
    critic: Critic,
) -> dict[str, pd.DataFrame]:
    """Choose, generate and measure the pieces of a genre; a table for each of `KINDS`."""
    seed, n_bars = settings.evaluation_seed, settings.excerpt_bars
    pairs = pair_pieces(
        encoded, splits, model.vocabulary, genres=(genre,), n=settings.generated_per_genre, n_bars=n_bars, seed=seed
    )
    requests = twin_requests(pieces_of(pairs, model.vocabulary, "real"), n_bars * 3 // 2)
    n_each = {str(name): int(n) for name, n in zip(pairs["piece"], pairs["n_each"], strict=True) if n}
    twins = choose_twins(requests, model.stepper(), critic, seed, n_each)
    compared = list(compared_pieces(pairs, twins, model.vocabulary, n_bars))
    measures, features = measure_pieces(compared)
    structure = [structure_table(side, [piece for origin, *_, piece in compared if origin == side]) for side in SIDES]
    return {"measures": measures, "features": features, "structure": pd.concat(structure, ignore_index=True)}


def read_encoded(data: Path, genre: str) -> pd.DataFrame:
    """Read the pieces of a genre, without what only training needs."""
    file = data / "05_model_input" / "encoded_pieces.parquet"
    return pq.read_table(file, columns=COLUMNS, filters=[("genre", "=", genre)]).to_pandas()


def report(
    musical: pd.DataFrame, tests: pd.DataFrame, tells: pd.DataFrame, recalls: pd.DataFrame, structure: pd.DataFrame
) -> Iterator[str]:
    """Yield the lines of the report."""
    yield "# Real or generated?\n\n## Two-sample tests\n"
    yield "AUC of generated pieces beside held-out ones; control: training pieces beside held-out ones.\n"
    yield "| genre | real | generated | AUC | interval | control AUC | interval |\n|---|---|---|---|---|---|---|"
    for genre, rows in tests.groupby("genre", sort=False):
        ours, control = (rows[rows["origin"] == origin].iloc[0] for origin in ("generated", "train"))
        cells = [f"{row.auc:.3f} | {row.low:.3f} to {row.high:.3f}" for row in (ours, control)]
        yield f"| {genre} | {ours.n_real} | {ours.n_other} | {' | '.join(cells)} |"
    yield "\n## What gives us away\n\n| genre | feature | ours | real | AUC alone | importance |\n|---|---|---|---|---|---|"
    for genre, rows in tells.groupby("genre", sort=False):
        for row in rows.head(N_TELLS).to_dict("records"):
            numbers = " | ".join(f"{row[name]:.3f}" for name in ("generated", "real", "alone", "importance"))
            yield f"| {genre} | {row['feature']} | {numbers} |"
    yield "\n## Recall of genres\n\n| genre | real | generated | difference |\n|---|---|---|---|"
    for row in recalls.to_dict("records"):
        yield f"| {row['genre']} | {row['real']:.2f} | {row['generated']:.2f} | {row['difference']:+.2f} |"
    yield "\n## Structure\n\nRatio of the means, with the interval; the goal is 0.9 to 1.1.\n"
    yield "| genre | figure | ours | real | ratio | interval |\n|---|---|---|---|---|---|"
    for row in structure.to_dict("records"):
        numbers = f"{row['generated']:.3f} | {row['real']:.3f} | {row['ratio']:.2f}"
        yield f"| {row['genre']} | {row['figure']} | {numbers} | {row['ratio_low']:.2f} to {row['ratio_high']:.2f} |"
    yield "\n## Measures\n\nOverlapping area and distance with the interval; in brackets those of training pieces, the band.\n"
    yield "| genre | measure | ours | real | overlap | distance |\n|---|---|---|---|---|---|"
    for row in musical.dropna(subset="overlap").to_dict("records"):
        overlap = f"{row['overlap']:.2f} ({row['overlap_low']:.2f} to {row['overlap_high']:.2f}) [{row['band_overlap']:.2f}]"
        distance = f"{row['distance']:.2f} ({row['distance_low']:.2f} to {row['distance_high']:.2f}) [{row['band_distance']:.2f}]"
        yield f"| {row['genre']} | {row['measure']} | {row['generated']:.3f} | {row['real']:.3f} | {overlap} | {distance} |"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DATA / "06_models" / "pretrained")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--per-genre", type=int, default=200)
    parser.add_argument("--genres", default="", help="joined by +; those of the held-out pieces by default")
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--candidates", type=int, default=0, help="as many as generate writes by default; 1 chooses nothing")
    parser.add_argument("--output", type=Path, help="by default 08_reporting/real_or_generated of the data folder")
    parser.add_argument("--again", action="store_true", help="generate genres anew that are there")
    return parser.parse_args()


def main() -> None:
    """Measure genre by genre, then judge all together."""
    given = arguments()
    settings = EvaluationSettings(given.per_genre, excerpt_bars=given.bars, genres=given.genres, evaluation_seed=given.seed)
    model = TrainedModelDataset(filepath=str(given.model)).load()
    model.require_vocabulary(fit_vocabulary())
    critic = critic_of(given.model, ChoosingSettings(candidates=given.candidates))
    inputs, output = given.data / "05_model_input", given.output or given.data / "08_reporting" / "real_or_generated"
    output.mkdir(parents=True, exist_ok=True)
    splits = pd.read_parquet(inputs / "splits.parquet", columns=["piece_id", "cluster"])
    known = pd.read_parquet(inputs / "encoded_pieces.parquet", columns=["genre", "split"])
    tables: list[list[pd.DataFrame]] = []
    for genre in settings.genres_to_compare(known.loc[known["split"].isin(("test", "valid")), "genre"]):
        files = {kind: output / f"{kind}-{genre.replace(' ', '_')}.parquet" for kind in KINDS}
        if given.again or not all(file.exists() for file in files.values()):
            began = time.perf_counter()
            found = measure_genre(model, read_encoded(given.data, genre), splits, genre, settings, critic)
            for kind, table in found.items():
                table.to_parquet(files[kind])
            print(f"{genre}: generated and measured in {time.perf_counter() - began:.0f} s", flush=True)
        tables.append([pd.read_parquet(files[kind]) for kind in KINDS])
    measures, features, structure = (pd.concat(each, ignore_index=True) for each in zip(*tables, strict=True))
    tests, tells = tell_apart(features, given.seed)
    confusion = recognise_genres(features, list(FEATURES), given.seed)
    results = {
        "musical_metrics": musical_table(measures, given.seed),
        "two_sample_tests": tests,
        "two_sample_tells": tells,
        "genre_confusion": confusion,
        "genre_recalls": recall_table(confusion),
        "structure_ratios": structure_ratios(structure),
    }
    for name, table in results.items():
        table.to_parquet(output / f"{name}.parquet")
    lines = report(results["musical_metrics"], tests, tells, results["genre_recalls"], results["structure_ratios"])
    (output / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(tests.round(3).to_string(index=False))
    print(f"{output / 'report.md'}; worst overlap: {np.nanmin(results['musical_metrics']['overlap']):.2f}")


if __name__ == "__main__":
    main()
