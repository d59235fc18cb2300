"""Promote: let `generate` use a newly trained model if it is better."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
