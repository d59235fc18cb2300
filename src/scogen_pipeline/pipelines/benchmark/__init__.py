"""Benchmark: the figures of the literature, reproduced, with ours beside them."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
