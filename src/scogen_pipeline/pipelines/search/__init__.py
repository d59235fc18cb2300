"""Search: good settings of network and training, found by many short trainings."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
