"""Pieces cut into windows and batches: what the network sees in one epoch.

`cutting` says where the windows lie, `batches` and `lanes` put them together, `examples` holds pieces in memory and `streaming`
reads them from a file; what others need of it is here.
"""

from __future__ import annotations

from scogen_pipeline.tokens.batches import Batch
from scogen_pipeline.tokens.cutting import Cutting, IntArray, Windows, cut
from scogen_pipeline.tokens.examples import Examples, ExampleSource, RetoldExamples

__all__ = ["Batch", "Cutting", "ExampleSource", "Examples", "IntArray", "RetoldExamples", "Windows", "cut"]
