"""Reference: encoded pieces and a trained model to what is usual and what is known, by which candidates are chosen."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
