"""Encode: note tables to token ids, one row a piece, with a split that added files do not move."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
