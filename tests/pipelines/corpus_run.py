"""Runs the corpus pipeline on two folders: what the tests of that pipeline kill and run again. Usage: CORPUS RAW."""

from __future__ import annotations

import sys
from pathlib import Path

from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import ParquetDataset

from scogen_pipeline.datasets.corpus_parts import CorpusPartsDataset, CorpusPlanDataset
from scogen_pipeline.datasets.score_library import ScoreLibraryDataset
from scogen_pipeline.pipelines.corpus import create_pipeline
from scogen_pipeline.scores.score_files import CorpusSettings


def run_corpus(corpus: Path, raw: Path, **settings: object) -> None:
    """Convert all collections of a corpus, in this process, into a raw folder."""
    options = {"collections": "airdsAirs+oneills1850+ryansMammoth", "pieces": 0, "workers": 1} | settings
    catalog = DataCatalog(
        {
            "score_library": ScoreLibraryDataset(str(corpus)),
            "corpus_plan": CorpusPlanDataset(str(raw)),
            "corpus_parts_finished": CorpusPartsDataset(str(raw)),
            "corpus_parts": CorpusPartsDataset(str(raw)),
            "labels": ParquetDataset(filepath=str(raw / "labels.parquet")),
            "corpus_rejects": ParquetDataset(filepath=str(raw / "corpus_rejects.parquet")),
            "params:corpus": MemoryDataset(CorpusSettings(**options)),  # type: ignore[arg-type]
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)


if __name__ == "__main__":
    run_corpus(Path(sys.argv[1]), Path(sys.argv[2]))
