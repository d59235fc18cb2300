"""Split: which pieces train, validate and test, such that no near duplicate of a test piece is trained on."""

from scogen_pipeline.pipelines.split.pipeline import create_pipeline

__all__ = ["create_pipeline"]
