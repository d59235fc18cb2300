"""Encode: note tables to token ids, one row a piece."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
