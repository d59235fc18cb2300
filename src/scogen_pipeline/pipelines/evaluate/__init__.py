"""Evaluate: how well the model predicts held-out music, and how its own music compares with it."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
