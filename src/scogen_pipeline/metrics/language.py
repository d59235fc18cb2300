"""Negative log-likelihood: how surprised a model is by music that it has not seen.

**Conventions.** In nats (natural logarithm), lower is better. *Per token* divides by the tokens that are predicted (all but
`<start>`, `<end>` among them), *per note* by the notes of the piece, which does not depend on the spelling. A set of pieces is
pooled: its sum of nats over its sum of tokens or notes. Of a very long piece the first 4,096 tokens count, for all models alike.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.floors import Floor, fit_bigram, fit_copy, fit_unigram
from scogen_pipeline.model.scoring import Scorer, log_probabilities
from scogen_pipeline.tokens.alphabet import kind_of
from scogen_pipeline.tokens.corpus import View
from scogen_pipeline.tokens.view import view_of
from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary
from scogen_pipeline.tokens.windows import Examples

logger = logging.getLogger(__name__)
#: An opera act of 60,000 tokens would take as long as all others together.
_MAX_TOKENS: Final = 4096
#: Where held-out pieces come from, best first: a sample of a handful may have an empty test split.
_SPLITS: Final = ("test", "valid", "train")


def nlls_of(scorer: Scorer, examples: Examples) -> list[float]:
    """Return the nats that a model needs for each piece."""
    return [-float(score.sum(dtype=np.float64)) for score in log_probabilities(scorer, examples)]


def held_out(encoded_pieces: pd.DataFrame, max_pieces: int, seed: int) -> pd.DataFrame:
    """Draw at most `max_pieces` pieces of the test split, the same ones for the same seed; of another split if it is empty.

    Raises:
        DataError: If there is no piece at all.
    """
    for split in _SPLITS:
        pieces = encoded_pieces[encoded_pieces["split"] == split].sort_values("piece_id")
        if len(pieces):
            break
    else:
        raise DataError("`encoded_pieces` must hold at least one piece, received none. Run the pipeline `encode` first.")
    if split != _SPLITS[0]:
        logger.warning("The test split is empty: evaluating on %d pieces of the split `%s`.", len(pieces), split)
    chosen = np.random.default_rng(seed).permutation(len(pieces))[:max_pieces]
    return pieces.iloc[np.sort(chosen)]


def language_table(
    encoded_pieces: pd.DataFrame,
    chosen: pd.DataFrame,
    scorer: Scorer,
    vocabulary: Vocabulary,
    view: View | None = view_of,
) -> pd.DataFrame:
    """Compare a model with the floors on the chosen pieces.

    Args:
        encoded_pieces: What the floors are fitted on.
        chosen: The pieces to read.
        scorer: The model.
        vocabulary: What the ids mean.
        view: Tells what the model sees before each target; without one, it sees nothing.

    Returns:
        One row a model and genre ("all" first): model, genre, split, n_pieces, n_tokens, n_notes, nll_per_token, nll_per_note.
    """
    read = Examples(tuple(_id_arrays(chosen["ids"])), np.stack(_id_arrays(chosen["conditions"]))).shortened(_MAX_TOKENS)
    examples = viewed(read, vocabulary, view)
    sequences = examples.ids
    is_note = np.array([kind_of(token) == "pitch" for token in vocabulary.tokens])
    facts = pd.DataFrame(
        {
            "genre": chosen["genre"].to_numpy(),
            "split": chosen["split"].to_numpy(),
            "n_tokens": [len(ids) - 1 for ids in sequences],
            "n_notes": [int(is_note[ids].sum()) for ids in sequences],
        }
    )
    nlls = {"lstm": nlls_of(scorer, examples)}
    for name, floor in fit_floors(encoded_pieces, vocabulary).items():
        nlls[name] = [-float(floor.log_likelihoods(ids).sum()) for ids in sequences]
    return pd.concat([_pooled(name, facts.assign(nll=values)) for name, values in nlls.items()], ignore_index=True)


def viewed(examples: Examples, vocabulary: Vocabulary, view: View | None) -> Examples:
    """Add what is known before each target, which follows from conditions and ids."""
    if view is None:
        return examples
    told = (map(vocabulary.tokens_of, rows) for rows in (examples.conditions, examples.ids))
    features, dense = zip(*map(view, *told), strict=True)
    return replace(examples, features=tuple(rows.astype(np.int32) for rows in features), dense=dense)


def fit_floors(encoded_pieces: pd.DataFrame, vocabulary: Vocabulary) -> dict[str, Floor]:
    """Fit the floors: counts on the training split, weights on the validation split (on the training split if it is empty)."""
    training, validation = (
        _id_arrays(encoded_pieces.loc[encoded_pieces["split"] == split, "ids"]) for split in ("train", "valid")
    )
    validation = validation or training
    unigram = fit_unigram(training, vocabulary.size)
    return {
        "copy": fit_copy(validation, unigram, vocabulary),
        "bigram": fit_bigram(training, validation, unigram),
        "unigram": unigram,
    }


def _id_arrays(column: pd.Series) -> list[IntArray]:
    return [np.asarray(ids, dtype=np.int32) for ids in column]


def _pooled(model: str, pieces: pd.DataFrame) -> pd.DataFrame:
    groups = [("all", pieces), *((str(genre) or "other", group) for genre, group in pieces.groupby("genre"))]
    rows = []
    for genre, group in groups:
        nll, n_tokens, n_notes = group["nll"].sum(), int(group["n_tokens"].sum()), int(group["n_notes"].sum())
        rows.append(
            {
                "model": model,
                "genre": genre,
                "split": group["split"].iloc[0],
                "n_pieces": len(group),
                "n_tokens": n_tokens,
                "n_notes": n_notes,
                "nll_per_token": nll / n_tokens,
                "nll_per_note": nll / max(1, n_notes),
            }
        )
    return pd.DataFrame(rows)
