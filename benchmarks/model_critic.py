"""What candidates are judged by, from the folder of a model, for benchmarks that judge what a user gets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from scogen_pipeline.choosing.critic import Critic
from scogen_pipeline.choosing.custom import CUSTOM_SCHEMA, Custom
from scogen_pipeline.choosing.ear import EAR_SCHEMA, Ear
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.metrics.originality.comparing import OriginalityIndex
from scogen_pipeline.metrics.originality.index_table import INDEX_SCHEMA


def critic_of(model: Path | str, settings: ChoosingSettings) -> Critic:
    """Read the critic of the model in a folder; of tables that are not there it knows nothing."""
    folder = Path(model)
    ear = _table(folder / "ear.parquet", EAR_SCHEMA)
    index = _table(folder / "originality.parquet", INDEX_SCHEMA)
    return Critic(Ear(ear), OriginalityIndex(index), Custom(_table(folder / "usual.parquet", CUSTOM_SCHEMA)), settings)


def _table(file: Path, schema: pa.Schema) -> pd.DataFrame:
    return pd.read_parquet(file) if file.is_file() else pd.DataFrame(columns=schema.names)
