"""The ear beside a model, for benchmarks that judge what a user gets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from scogen_pipeline.choosing.ear import EAR_SCHEMA, Ear


def ear_of(model: Path | str) -> Ear:
    """Read the ear of the model in a folder; one that knows nothing if there is none."""
    file = Path(model) / "ear.parquet"
    return Ear(pd.read_parquet(file) if file.is_file() else pd.DataFrame(columns=EAR_SCHEMA.names))
