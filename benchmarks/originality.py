"""What generated pieces share with the training set, beside what held-out human pieces share with it.

    python benchmarks/originality.py --model data/06_models/pretrained [--n 64] [--genres "chorale+reel"] [--candidates 0]

Needs the encoded pieces that the model was trained on (`--encoded`). The index holds every gram, so runs are told to the note.
For each genre: the longest shared run in notes and measures (median, and the 95 % quantile, which for the held-out pieces is the
band), and the mean share of 8-, 12- and 16-grams. Held-out pieces are cut to the customary length of the genre, which generated
ones have. The last column says how many of the outputs stay inside the band; the line below, which one copied most, and whom.
Generated pieces are what a user gets, chosen from as many candidates as `generate` writes; `--candidates 1` chooses nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from chosen_pieces import chosen_pieces
from model_critic import critic_of
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.comparison import opening
from scogen_pipeline.metrics.originality.comparing import LENGTHS, Comparison, OriginalityIndex
from scogen_pipeline.metrics.originality.index_table import index_of, known_pieces
from scogen_pipeline.metrics.pairing import decoded_piece
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.vocabulary import Vocabulary

BAND = 0.95
COLUMNS = ["piece_id", "path", "split", "genre", "title", "conditions", "ids"]


def rows_of(file: str, split: str) -> Iterator[dict[str, Any]]:
    """Yield the encoded pieces of a split, some at a time in memory."""
    for batch in pq.ParquetFile(file).iter_batches(256, columns=COLUMNS):
        yield from (row for row in batch.to_pylist() if row["split"] == split)


def build_index(file: str, vocabulary: Vocabulary) -> OriginalityIndex:
    """Hash the training set, and say how long that takes."""
    start = time.perf_counter()
    index = OriginalityIndex(index_of(known_pieces(rows_of(file, "train"), vocabulary)).read_pandas())
    print(f"Index of {len(index):,} grams in {time.perf_counter() - start:.0f} s.")
    return index


def held_out(file: str, vocabulary: Vocabulary, genre: str, n: int) -> list[Piece]:
    """Return test pieces of a genre, cut to its length."""
    rows = sorted((row for row in rows_of(file, "test") if row["genre"] == genre), key=lambda row: str(row["piece_id"]))
    pieces = (decoded_piece(row["ids"], row["conditions"], vocabulary) for row in rows[:n])
    return [opening(piece, GENRES[genre].bars) for piece in pieces]


def line(name: str, found: list[Comparison], band: float) -> str:
    """Return one line of the table."""
    notes, measures = ([getattr(each, of) for each in found] for of in ("n_notes", "n_measures"))
    shares = [np.nanmean([each.shares[n] for each in found]) for n in LENGTHS]
    inside = np.mean([each.n_notes <= band for each in found])
    return (
        f"{name:28}{len(found):5d}{np.median(notes):8.0f}{np.quantile(notes, BAND):8.1f}{np.median(measures):9.1f}"
        f"{np.quantile(measures, BAND):8.1f}" + "".join(f"{share:9.3f}" for share in shares) + f"{inside:9.3f}"
    )


def compare(index: OriginalityIndex, pieces: Iterable[Piece]) -> tuple[list[Comparison], float]:
    """Compare pieces; also return the milliseconds that a piece takes."""
    start = time.perf_counter()
    found = [index.compare(piece) for piece in pieces]
    return found, 1000 * (time.perf_counter() - start) / max(1, len(found))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="data/06_models/pretrained")
    parser.add_argument("--encoded", default="data/05_model_input/encoded_pieces.parquet")
    parser.add_argument("--genres", default="+".join(GENRES))
    parser.add_argument("--n", type=int, default=64, help="pieces a genre")
    parser.add_argument("--candidates", type=int, default=0, help="as many as generate writes by default; 1 chooses nothing")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    model = TrainedModelDataset(filepath=arguments.model).load()
    index, stepper = build_index(arguments.encoded, model.vocabulary), model.stepper()
    critic = critic_of(arguments.model, ChoosingSettings(candidates=arguments.candidates))
    names = ("n", "median", "95 %", "measures", "95 %", *(f"{n}-grams" for n in LENGTHS), "inside")
    print(" " * 28 + "".join(f"{name:>{width}}" for name, width in zip(names, (5, 8, 8, 9, 8, 9, 9, 9, 9), strict=True)))
    for genre in arguments.genres.split("+"):
        real, took = compare(index, held_out(arguments.encoded, model.vocabulary, genre, arguments.n))
        if not real:
            continue
        band = float(np.quantile([each.n_notes for each in real], BAND))
        print(line(f"{genre}, held out", real, band))
        request = Request(genre=genre, seed=arguments.seed)
        generated, _ = compare(index, chosen_pieces(request, arguments.n, stepper, critic))
        print(line(f"{genre}, generated", generated, band))
        print(f"    {max(generated, key=lambda each: each.n_notes).receipt} ({took:.1f} ms a piece)")


if __name__ == "__main__":
    main()
