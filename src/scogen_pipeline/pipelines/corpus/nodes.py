"""Nodes of the corpus pipeline."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator

import pandas as pd
from tqdm import tqdm

from scogen_pipeline.scores.score_batches import LABEL_COLUMNS, REJECT_COLUMNS, CorpusPart, CorpusPlan, convert_batches, key_of
from scogen_pipeline.scores.score_files import CorpusSettings, ScoreLibrary, batches_of, select_pieces

logger = logging.getLogger(__name__)


def plan_corpus(score_library: ScoreLibrary, settings: CorpusSettings) -> CorpusPlan:
    """Decide which pieces are converted, in which batches. With `midi_dir` the plan is inactive: nothing is written."""
    if settings.midi_dir:
        logger.info("Corpus: nothing to do, the MIDI files are those of `midi_dir` %s.", settings.midi_dir)
        return CorpusPlan((), is_active=False)
    return CorpusPlan(tuple(batches_of(select_pieces(score_library, settings))))


def convert_scores(corpus_plan: CorpusPlan, finished: dict[str, CorpusPart], settings: CorpusSettings) -> Iterator[CorpusPart]:
    """Yield the part of each batch that no earlier run has finished."""
    batches = [] if settings.midi_dir else corpus_plan.batches
    missing = [batch for batch in batches if key_of(batch) not in finished]
    total, left = (sum(len(batch) for batch in some) for some in (batches, missing))
    with tqdm(total=total, initial=total - left, unit="piece", desc="corpus", disable=not left) as bar:
        for part in convert_batches(missing, settings.workers, settings.timeout_s):
            yield part
            bar.update(len(part.labels) + len(part.rejects))


def collect_labels(
    corpus_plan: CorpusPlan, corpus_parts: dict[str, CorpusPart], settings: CorpusSettings
) -> Iterator[pd.DataFrame]:
    """Yield the labels of the files of the plan, sorted by path; nothing with `midi_dir`, so that nothing is written."""
    if not settings.midi_dir:
        labels = [row for part in _parts_of(corpus_plan, corpus_parts) for row in part.labels]
        logger.info("Corpus: %d pieces.", len(labels))
        yield _table(labels, LABEL_COLUMNS)


def collect_rejects(
    corpus_plan: CorpusPlan, corpus_parts: dict[str, CorpusPart], settings: CorpusSettings
) -> Iterator[pd.DataFrame]:
    """Yield the pieces of the plan that could not be converted, sorted by path; nothing with `midi_dir`."""
    if not settings.midi_dir:
        rejects = [row for part in _parts_of(corpus_plan, corpus_parts) for row in part.rejects]
        reasons = Counter(row["reason"] for row in rejects)
        logger.info("Corpus: %d rejected. %s", len(rejects), dict(reasons.most_common()) or "")
        yield _table(rejects, REJECT_COLUMNS)


def _parts_of(corpus_plan: CorpusPlan, corpus_parts: dict[str, CorpusPart]) -> list[CorpusPart]:
    return [corpus_parts[key] for key in map(key_of, corpus_plan.batches) if key in corpus_parts]


def _table(rows: list[dict[str, str]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype="string").sort_values("path", ignore_index=True)
