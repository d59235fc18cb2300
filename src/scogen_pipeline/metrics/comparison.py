"""Generated pieces beside held-out real ones: in every measure, to a judge of real and generated, to a judge of genres.

**Conventions.** The long table of measures has one row a piece and measure: origin, genre, piece, measure, value; the table of
features one row a piece and one column a feature. The origin is "real" (held out), "train" (training pieces like the held-out
ones: the band that real music keeps to) or "generated" (twins of the held-out ones). All are compared by excerpts of equally
many measures (`metrics.excerpt`): repetition, range and entropy grow with length. All are in C major or A minor, as the model
knows them, so `out_of_range_share` is not told of real ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.distributions import compare
from scogen_pipeline.metrics.excerpt import SHORTEST, excerpt
from scogen_pipeline.metrics.features import FEATURES, features_of
from scogen_pipeline.metrics.musical import describe
from scogen_pipeline.metrics.pairing import pieces_of
from scogen_pipeline.metrics.two_sample import two_sample_test
from scogen_pipeline.music.genres import GENRES, find_genre
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.tokens.vocabulary import Vocabulary

#: Held-out pieces, training pieces like them, and generated ones.
ORIGINS: Final = ("real", "train", "generated")


@dataclass(frozen=True)
class EvaluationSettings:
    """How much is evaluated.

    Args:
        generated_per_genre: Pieces to generate in each genre, 1 to 1000, and held-out pieces of it at most.
        max_held_out: Most held-out pieces whose likelihood is measured, 1 or more.
        excerpt_bars: Most measures of a piece that are compared, 4 to 128.
        genres: Genres to compare, joined by "+"; "" for those of the held-out pieces.
        evaluation_seed: Chooses the held-out pieces and seeds the generation, 0 to 2**32 - 1.

    Raises:
        RequestError: If a value is out of range or a genre is unknown.
    """

    generated_per_genre: int = 4
    max_held_out: int = 64
    excerpt_bars: int = 16
    genres: str = ""
    evaluation_seed: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        ranges = {
            "generated_per_genre": (1, 1000),
            "max_held_out": (1, 1_000_000),
            "excerpt_bars": (SHORTEST, 128),
            "evaluation_seed": (0, 2**32 - 1),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise RequestError(f"`{name}` must be a whole number from {low} to {high}, received {value!r}.")
        _ = self.genre_names

    @property
    def genre_names(self) -> tuple[str, ...]:
        """The genres that are named, each once."""
        return tuple(dict.fromkeys(find_genre(name).name for name in self.genres.split("+") if name.strip()))

    def genres_to_compare(self, held_out_genres: Iterable[str]) -> tuple[str, ...]:
        """Return the named genres, else the known ones among the held-out pieces."""
        return self.genre_names or tuple(sorted(set(held_out_genres) & set(GENRES)))


def opening(piece: Piece, n_bars: int) -> Piece:
    """Return the first `n_bars` measures; notes that sound on are cut off."""
    meters = piece.meters[:n_bars]
    end = sum(meter.bar_ticks for meter in meters)
    notes = (note._replace(duration=min(note.end, end) - note.onset) for note in piece.notes if note.onset < end)
    return replace(piece, meters=meters, notes=tuple(sorted(notes)))


def compared_pieces(
    pairs: pd.DataFrame, twins: Mapping[str, Piece], vocabulary: Vocabulary, n_bars: int
) -> Iterator[tuple[str, str, str, Piece]]:
    """Yield origin, name, group and excerpt of all pieces: of real ones, of their siblings, of generated ones.

    Args:
        pairs: The table of `pairing.pair_pieces`.
        twins: Generated pieces by "name of the real piece/number".
        vocabulary: What the ids mean.
        n_bars: Measures of the excerpts.
    """
    group_of = dict(zip(pairs["piece"], pairs["group"], strict=True))
    for origin in ORIGINS[:2]:
        for name, piece in pieces_of(pairs, vocabulary, origin):
            yield origin, name, group_of[name], excerpt(piece, n_bars)
    for name, piece in twins.items():
        yield "generated", name, group_of[name.rpartition("/")[0]], excerpt(piece, n_bars)


def measure_pieces(compared: Iterable[tuple[str, str, str, Piece]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure all pieces.

    Args:
        compared: What `compared_pieces` yields.

    Returns:
        The long table of measures, and the wide table of features: origin, genre, piece, group, and a column a feature.
    """
    measures, features = [], []
    for origin, name, group, piece in compared:
        measures += [(origin, piece.genre, name, measure, value) for measure, value in describe(piece).items()]
        features.append({"origin": origin, "genre": piece.genre, "piece": name, "group": group, **features_of(piece)})
    table = pd.DataFrame(measures, columns=["origin", "genre", "piece", "measure", "value"]).astype({"value": float})
    is_told = (table["origin"] == "generated") | (table["measure"] != "out_of_range_share")
    told = table[is_told].dropna(subset="value").reset_index(drop=True)
    return told, pd.DataFrame(features, columns=["origin", "genre", "piece", "group", *FEATURES])


def musical_table(measures: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Put real and generated side by side, and real training pieces beside held-out ones as the band to be in.

    Returns:
        One row a genre ("all" first) and measure: genre, measure; mean, deviation and number of each origin (real, generated,
        train, real_std, n_real and so on); the fields of `distributions.Comparison` of the generated with the real, and with the
        prefix `band_` of the training pieces with the real.
    """
    pooled = pd.concat([measures.assign(genre="all"), measures], ignore_index=True)
    measure_rank = {name: rank for rank, name in enumerate(dict.fromkeys(measures["measure"]))}
    rows: list[dict[str, Any]] = [
        {"genre": genre, "measure": measure, **_side_by_side(group, seed)}
        for (genre, measure), group in pooled.groupby(["genre", "measure"])
    ]
    rows.sort(key=lambda row: (row["genre"] != "all", row["genre"], measure_rank[row["measure"]]))
    return pd.DataFrame(rows, columns=["genre", "measure", *_side_by_side(measures.iloc[:0], seed)])


def _side_by_side(group: pd.DataFrame, seed: int) -> dict[str, Any]:
    values = {origin: group.loc[group["origin"] == origin, "value"].to_numpy(dtype=np.float64) for origin in ORIGINS}
    row: dict[str, Any] = {}
    for origin, own in values.items():
        row |= {origin: float(own.mean()) if len(own) else math.nan}
        row |= {f"{origin}_std": float(own.std(ddof=1)) if len(own) > 1 else math.nan, f"n_{origin}": len(own)}
    row |= compare(values["generated"], values["real"], seed)._asdict()
    band = compare(values["train"], values["real"], seed)._asdict()
    return row | {f"band_{name}": value for name, value in band.items()}


def tell_apart(features: pd.DataFrame, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Test whether generated pieces, and as a control real training pieces, can be told from held-out ones.

    Returns:
        One row a genre ("all" first) and origin: genre, origin, auc, low, high, n_real, n_other; and what gives the generated
        pieces away: genre and the columns of `TwoSampleTest.tells`.
    """
    names = [name for name in features.columns if name in FEATURES]
    results, tells = [], []
    for genre in ("all", *sorted(features["genre"].unique())):
        own = features if genre == "all" else features[features["genre"] == genre]
        for origin in ("generated", "train"):
            two = own[own["origin"].isin(("real", origin))]
            test = two_sample_test(two[names], (two["origin"] == origin).to_numpy(), two["group"].to_numpy(), seed)
            result = {"auc": test.auc, "low": test.low, "high": test.high, "n_real": test.n_real, "n_other": test.n_generated}
            results.append({"genre": genre, "origin": origin, **result})
            tells += [test.tells.assign(genre=genre)] if origin == "generated" else []
    columns = ["genre", "feature", "importance", "alone", "generated", "real"]
    return pd.DataFrame(results), pd.concat([pd.DataFrame(columns=columns), *tells], ignore_index=True)[columns]


def headline_numbers(
    language: pd.DataFrame, musical: pd.DataFrame, tests: pd.DataFrame, recalls: pd.DataFrame
) -> dict[str, float]:
    """Return the numbers by which runs are compared; what could not be measured is left out.

    Likelihoods of all models, means of all measures over all genres, AUC and recall of each genre.
    """
    numbers = {
        f"nll_per_{unit}.{row['model']}": float(row[f"nll_per_{unit}"])
        for row in language[language["genre"] == "all"].to_dict("records")
        for unit in ("token", "note")
    }
    for row in musical[musical["genre"] == "all"].to_dict("records"):
        numbers |= {f"{origin}.{row['measure']}": float(row[origin]) for origin in ("real", "generated")}
        numbers[f"overlap.{row['measure']}"] = float(row["overlap"])
    for row in tests.to_dict("records"):
        numbers[f"auc.{row['origin']}.{slug_of(row['genre'])}"] = float(row["auc"])
    for row in recalls.to_dict("records"):
        numbers |= {f"recall.{origin}.{slug_of(row['genre'])}": float(row[origin]) for origin in ("real", "generated")}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def slug_of(genre: str) -> str:
    """Return the name of a genre as a part of the name of a metric.

    >>> slug_of("folk song")
    'folk_song'
    """
    return genre.replace(" ", "_")
