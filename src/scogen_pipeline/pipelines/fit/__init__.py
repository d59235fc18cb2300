"""Fit: token ids to a trained model, resumable after each epoch."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
