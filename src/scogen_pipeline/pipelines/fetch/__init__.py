"""Fetch: a public collection from the internet to `data/01_raw/`, with its licence shown first and written beside it.

`conf/base/sources.yml` lists the collections. Nothing else of the project opens a network.
"""

from scogen_pipeline.pipelines.fetch.pipeline import create_pipeline

__all__ = ["create_pipeline"]
