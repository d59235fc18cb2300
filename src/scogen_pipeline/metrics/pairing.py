"""Which pieces are compared: held-out real ones, and training pieces like them.

A generated piece is compared with a real one that was asked for in the same terms (its *twin*, see `sampling.twins`). For the
band that real music itself keeps to, each held-out piece also has real *siblings*: training pieces of its genre with the same
meter, mode and parts, as far as there are any, and about as many measures.

**Conventions.** The table has one row a piece: origin ("real": held out, "train": a sibling), genre, piece (its id), group (its
cluster of near duplicates), n_each (how many twins and siblings it has; 0 for siblings), ids, conditions. Held-out pieces are
those of the test split; where these are too few, of the validation split, too; of the training split if there are no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from scogen_pipeline.metrics.excerpt import is_comparable
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Part, Piece, parts_for
from scogen_pipeline.music.tempo import BPM_BY_WORD, qpm_from_bpm, tempo_class
from scogen_pipeline.tokens.alphabet import PAD, value_of
from scogen_pipeline.tokens.encoding import CONDITIONS, decode
from scogen_pipeline.tokens.vocabulary import Vocabulary

_COLUMNS: Final = ["origin", "genre", "piece", "group", "n_each", "ids", "conditions"]
#: What siblings should share, the most important first.
_SHARED: Final = ("meter", "mode", *(slot for slot in CONDITIONS if slot.startswith("role_")))
#: The tempo in the middle of each class: of the words of the class the middle one.
_BPM_BY_CLASS: Final = {
    name: sorted(bpm for bpm in BPM_BY_WORD.values() if tempo_class(bpm) == name)
    for name in map(tempo_class, BPM_BY_WORD.values())
}

Array = Any


def decoded_piece(ids: Array, conditions: Array, vocabulary: Vocabulary) -> Piece:
    """Decode an encoded piece, in C major or A minor, with the customary instruments and a tempo of its class."""
    tokens = dict(zip(CONDITIONS, vocabulary.tokens_of(conditions), strict=True))
    meter = Meter.parse(value_of(tokens["meter"]))
    tempi = _BPM_BY_CLASS[value_of(tokens["tempo"])]
    genre = value_of(tokens["genre"])
    return decode(
        vocabulary.tokens_of(ids),
        parts=_parts_of(
            [value_of(tokens[slot]) for slot in CONDITIONS if slot.startswith("role_") and tokens[slot] != PAD], genre
        ),
        meter=meter,
        key=Key(0, "minor" if value_of(tokens["mode"]) == "minor" else "major"),
        tempo_qpm=qpm_from_bpm(tempi[len(tempi) // 2], meter),
        genre=genre,
    )


def _parts_of(roles: list[str], genre: str) -> tuple[Part, ...]:
    """Return the customary parts of the genre if they have these roles, else some that have."""
    customary = parts_for(tuple(find_instrument(name) for name in GENRES[genre].instruments)) if genre in GENRES else ()
    if [part.role for part in customary] == roles:
        return customary
    return tuple(_part_of(role) for role in roles)


def _part_of(role: str) -> Part:
    if role.startswith("piano"):
        return Part(find_instrument("piano"), "right" if role == "piano_right" else "left")
    return Part(find_instrument("voice" if role == "melody" else role))


def pair_pieces(
    encoded: pd.DataFrame,
    splits: pd.DataFrame,
    vocabulary: Vocabulary,
    *,
    genres: tuple[str, ...],
    n: int,
    n_bars: int,
    seed: int,
) -> pd.DataFrame:
    """Choose the pieces to compare.

    Args:
        encoded: The encoded pieces.
        splits: Cluster of each piece.
        vocabulary: What the ids mean.
        genres: Genres to choose from.
        n: Twins, and siblings, of a genre; held-out pieces at most.
        n_bars: Measures of the excerpts.
        seed: Same seed, same pieces.
    """
    clusters = dict(zip(splits["piece_id"], splits["cluster"], strict=True))
    columns = ["piece_id", "split", "genre", "n_bars", "ids", "conditions"]
    known = encoded.loc[encoded["genre"].isin(genres), columns].sort_values("piece_id").rename(columns={"piece_id": "piece"})
    known["group"] = [clusters.get(piece, piece) for piece in known["piece"]]
    random = np.random.default_rng(seed)
    frames = [_of_genre(known[known["genre"] == genre], vocabulary, n, n_bars, random) for genre in genres]
    return pd.concat([pd.DataFrame(columns=_COLUMNS), *frames], ignore_index=True)


def _of_genre(known: pd.DataFrame, vocabulary: Vocabulary, n: int, n_bars: int, random: np.random.Generator) -> pd.DataFrame:
    shuffled = known.iloc[random.permutation(len(known))]
    held_out = pd.concat([shuffled[shuffled["split"] == split] for split in ("test", "valid")])
    held_out = shuffled if held_out.empty else held_out  # a sample of a handful has none
    real = held_out.iloc[_first_comparable(held_out, range(len(held_out)), vocabulary, n, n_bars)]
    if real.empty:
        return pd.DataFrame(columns=_COLUMNS)
    real = real.assign(origin="real", n_each=-(-n // len(real)))
    train = shuffled[(shuffled["split"] == "train") & ~shuffled["piece"].isin(real["piece"])]
    return pd.concat([real, _siblings(real, train, vocabulary, n_bars)])[_COLUMNS]


def _first_comparable(pieces: pd.DataFrame, rows: Any, vocabulary: Vocabulary, n: int, n_bars: int) -> list[int]:
    """Return the first `n` of the rows whose excerpt can be compared."""
    chosen: list[int] = []
    ids, conditions = pieces["ids"].to_numpy(), pieces["conditions"].to_numpy()
    for row in rows:
        if len(chosen) == n:
            break
        if is_comparable(decoded_piece(ids[row], conditions[row], vocabulary), n_bars):
            chosen.append(row)
    return chosen


def _siblings(real: pd.DataFrame, train: pd.DataFrame, vocabulary: Vocabulary, n_bars: int) -> pd.DataFrame:
    """Give each real piece the training pieces that are most like it, each only once."""
    shared = [CONDITIONS.index(slot) for slot in _SHARED]
    conditions = np.stack(train["conditions"].to_list())[:, shared] if len(train) else np.empty((0, len(shared)))
    lengths = np.minimum(train["n_bars"].to_numpy(), n_bars + 2)
    is_free = np.ones(len(train), dtype=np.bool_)
    chosen: list[int] = []
    sought = zip(real["conditions"], real["n_bars"].to_numpy(), real["n_each"].to_numpy(), strict=True)
    for own_conditions, length, n in sought:
        is_other = conditions != np.asarray(own_conditions)[shared]
        distance = (is_other * np.arange(len(shared), 0, -1)).sum(axis=1) * 100 + abs(lengths - min(length, n_bars + 2))
        nearest = (row for row in np.argsort(distance, kind="stable") if is_free[row])
        own = _first_comparable(train, nearest, vocabulary, n, n_bars)
        is_free[own] = False
        chosen += own
    return train.iloc[chosen].assign(origin="train", n_each=0)


def pieces_of(pairs: pd.DataFrame, vocabulary: Vocabulary, origin: str) -> Iterator[tuple[str, Piece]]:
    """Yield name and piece of each row of the origin."""
    for row in pairs[pairs["origin"] == origin].itertuples():
        yield str(row.piece), decoded_piece(row.ids, row.conditions, vocabulary)
