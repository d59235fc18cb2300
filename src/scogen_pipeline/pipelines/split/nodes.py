"""Nodes of the split pipeline."""

from __future__ import annotations

import logging

import pandas as pd
from tqdm import tqdm

from scogen_pipeline.collection.clusters import cluster
from scogen_pipeline.collection.collecting import Workers
from scogen_pipeline.collection.fingerprints import FingerprintPart, fingerprint_parts_of
from scogen_pipeline.collection.near_duplicates import find_near_duplicates
from scogen_pipeline.collection.splits import SplitReport, SplitShares, deal_splits, report_splits, splits_sentence
from scogen_pipeline.collection.table_folder import Manifest, TableFolder

logger = logging.getLogger(__name__)


def fingerprint_pieces(midi_tables: TableFolder, fingerprint_parts: TableFolder, workers: Workers) -> Manifest:
    """Fingerprint the parts that no earlier run has fingerprinted, on all workers.

    Args:
        midi_tables: What is read.
        fingerprint_parts: Where the workers write.
        workers: Work at the same time.
    """
    part_by_name = fingerprint_parts_of(midi_tables)
    finished = fingerprint_parts.finished()
    missing = [(name, part) for name, part in part_by_name.items() if name not in finished]
    done = workers.map(FingerprintPart(midi_tables, fingerprint_parts), missing)
    for _ in tqdm(done, total=len(missing), desc="Fingerprints", unit="part", disable=None):
        pass
    return Manifest(tuple(part_by_name), {}, midi_tables.address)


def split_pieces(fingerprints: TableFolder, former_splits: pd.DataFrame, shares: SplitShares) -> tuple[pd.DataFrame, SplitReport]:
    """Deal clusters of near duplicates to the sides, leave old pieces where they were, and log one line on leaks."""
    found = find_near_duplicates(fingerprints)
    clusters = cluster(found)
    splits = deal_splits(found, clusters, former_splits, shares)
    report = report_splits(found, clusters, splits)
    logger.info("%s", splits_sentence(report))
    return splits, report
