"""Adopt: let `generate` use a version of the registry, whatever its figures."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
