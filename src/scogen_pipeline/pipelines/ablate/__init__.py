"""Ablate: what each part of the network and of its training is worth."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
