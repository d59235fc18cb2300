"""Report: whether a collection is any good, on one page.

Reads what ingest, labelling and the split have made, and decides nothing; it can be made at any time, as often as one likes.
"""

from scogen_pipeline.pipelines.report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
