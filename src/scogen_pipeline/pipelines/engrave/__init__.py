"""Engrave: pieces to MusicXML, pages (SVG, PNG, PDF), MIDI and sound."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
