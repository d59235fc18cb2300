"""Compose: a request and a trained model to pieces."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
