"""Generated pieces beside held-out real ones, measure by measure.

**Conventions.** The long table has one row a piece and measure: origin ("real" or "generated"), genre, piece, measure, value.
Real pieces are cut to the customary length of their genre, so that both sides are equally long: repetition, range and entropy
grow with length. Real pieces are read in C major or A minor, as the model knows them, so `out_of_range_share` is not told of
them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.musical import describe
from scogen_pipeline.music.genres import GENRES, find_genre
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Part, Piece
from scogen_pipeline.tokens.alphabet import PAD, value_of
from scogen_pipeline.tokens.encoding import CONDITIONS, decode
from scogen_pipeline.tokens.vocabulary import Vocabulary

_MAX_GENERATED: Final = 100
_DEFAULT_GENRE: Final = "chorale"
_KEYS_IN_TURN: Final = ("C major", "A minor")


@dataclass(frozen=True)
class EvaluationSettings:
    """How much is evaluated.

    Args:
        generated_per_genre: Pieces to generate in each genre, 1 to 100.
        max_held_out: Most held-out pieces to read, 1 or more.
        genres: Genres to generate, joined by "+"; "" for those of the held-out pieces.
        evaluation_seed: Chooses the held-out pieces and seeds the generation, 0 to 2**32 - 1.

    Raises:
        RequestError: If a value is out of range or a genre is unknown.
    """

    generated_per_genre: int = 4
    max_held_out: int = 64
    genres: str = ""
    evaluation_seed: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        ranges = {"generated_per_genre": (1, _MAX_GENERATED), "max_held_out": (1, 1_000_000), "evaluation_seed": (0, 2**32 - 1)}
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise RequestError(f"`{name}` must be a whole number from {low} to {high}, received {value!r}.")
        _ = self.genre_names

    @property
    def genre_names(self) -> tuple[str, ...]:
        """The genres that are named, each once."""
        return tuple(dict.fromkeys(find_genre(name).name for name in self.genres.split("+") if name.strip()))

    def genres_to_generate(self, held_out_genres: Iterable[str]) -> tuple[str, ...]:
        """Return the named genres, else the known ones among the held-out pieces, else one that always works."""
        return self.genre_names or tuple(sorted(set(held_out_genres) & set(GENRES))) or (_DEFAULT_GENRE,)

    def keys(self) -> dict[str, int]:
        """Return how many pieces of each genre to generate in which key: major and minor in turn, in keys without signature."""
        n_major = math.ceil(self.generated_per_genre / len(_KEYS_IN_TURN))
        counts = zip(_KEYS_IN_TURN, (n_major, self.generated_per_genre - n_major), strict=True)
        return {key: count for key, count in counts if count}


def real_piece(ids: Iterable[int], conditions: Iterable[int], vocabulary: Vocabulary) -> Piece:
    """Decode a held-out piece in C major or A minor, cut to the customary length of its genre."""
    tokens = dict(zip(CONDITIONS, vocabulary.tokens_of(conditions), strict=True))
    roles = [value_of(token) for slot, token in tokens.items() if slot.startswith("role_") and token != PAD]
    genre = value_of(tokens["genre"])
    piece = decode(
        vocabulary.tokens_of(ids),
        parts=tuple(_part_of(role) for role in roles),
        meter=Meter.parse(value_of(tokens["meter"])),
        key=Key(0, "minor" if value_of(tokens["mode"]) == "minor" else "major"),
        genre=genre,
    )
    return opening(piece, GENRES[genre].bars) if genre in GENRES else piece


def _part_of(role: str) -> Part:
    """Return a part that has the role; which instrument plays a melody does not matter here."""
    if role.startswith("piano"):
        return Part(find_instrument("piano"), "right" if role == "piano_right" else "left")
    return Part(find_instrument("voice" if role == "melody" else role))


def opening(piece: Piece, n_bars: int) -> Piece:
    """Return the first `n_bars` measures; notes that sound on are cut off."""
    meters = piece.meters[:n_bars]
    end = sum(meter.bar_ticks for meter in meters)
    notes = (note._replace(duration=min(note.end, end) - note.onset) for note in piece.notes if note.onset < end)
    return replace(piece, meters=meters, notes=tuple(sorted(notes)))


def measure_table(generated: Mapping[str, Piece], held_out: pd.DataFrame, vocabulary: Vocabulary) -> pd.DataFrame:
    """Measure generated pieces and the held-out pieces of their genres.

    Returns:
        The long table: origin, genre, piece, measure, value; real pieces first. Undefined values are left out.
    """
    genres = {piece.genre for piece in generated.values()}
    columns = (held_out[name] for name in ("piece_id", "ids", "conditions"))
    real = {piece_id: real_piece(ids, conditions, vocabulary) for piece_id, ids, conditions in zip(*columns, strict=True)}
    table = pd.concat(
        [
            _measured("real", {name: piece for name, piece in real.items() if piece.genre in genres}),
            _measured("generated", generated),
        ],
        ignore_index=True,
    )
    is_told = (table["origin"] != "real") | (table["measure"] != "out_of_range_share")
    return table[is_told].dropna(subset="value").reset_index(drop=True)


def _measured(origin: str, pieces: Mapping[str, Piece]) -> pd.DataFrame:
    columns = ["origin", "genre", "piece", "measure", "value"]
    rows = [
        (origin, piece.genre, name, measure, value)
        for name, piece in pieces.items()
        for measure, value in describe(piece).items()
    ]
    return pd.DataFrame(rows, columns=columns).astype({"value": float})


def musical_table(measures: pd.DataFrame) -> pd.DataFrame:
    """Put the means side by side.

    Returns:
        One row a genre ("all" first) and measure: genre, measure, real, generated, real_std, generated_std, n_real, n_generated.
    """
    pooled = pd.concat([measures.assign(genre="all"), measures], ignore_index=True)
    grouped = pooled.groupby(["genre", "measure", "origin"], as_index=False)["value"].agg(["mean", "std", "count"])
    sides = [
        grouped.loc[grouped["origin"] == origin, ["genre", "measure", "mean", "std", "count"]].rename(
            columns={"mean": origin, "std": f"{origin}_std", "count": f"n_{origin}"}
        )
        for origin in ("real", "generated")
    ]
    table = sides[0].merge(sides[1], how="outer", on=["genre", "measure"])
    table[["n_real", "n_generated"]] = table[["n_real", "n_generated"]].fillna(0).astype(int)
    measure_rank = {name: rank for rank, name in enumerate(dict.fromkeys(measures["measure"]))}
    table = table.assign(is_genre=table["genre"] != "all", rank=table["measure"].map(measure_rank))
    columns = ["genre", "measure", "real", "generated", "real_std", "generated_std", "n_real", "n_generated"]
    return table.sort_values(["is_genre", "genre", "rank"])[columns].reset_index(drop=True)


def headline_numbers(language: pd.DataFrame, musical: pd.DataFrame) -> dict[str, float]:
    """Return the numbers by which runs are compared: likelihoods of all models, means of all measures over all genres."""
    numbers = {
        f"nll_per_{unit}.{row.model}": float(getattr(row, f"nll_per_{unit}"))
        for row in language[language["genre"] == "all"].itertuples()
        for unit in ("token", "note")
    }
    for row in musical[musical["genre"] == "all"].itertuples():
        numbers |= {f"{origin}.{row.measure}": float(getattr(row, origin)) for origin in ("real", "generated")}
    return {name: value for name, value in numbers.items() if math.isfinite(value)}
