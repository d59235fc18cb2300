"""Describe: the labels of the pieces, from wherever people keep them, and what is known about each piece."""

from scogen_pipeline.pipelines.describe.pipeline import create_pipeline

__all__ = ["create_pipeline"]
