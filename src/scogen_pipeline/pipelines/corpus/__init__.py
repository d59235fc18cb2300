"""Corpus: the scores of the music21 corpus (and of other folders) to MIDI files and a table of labels."""

from scogen_pipeline.pipelines.corpus.pipeline import create_pipeline

__all__ = ["create_pipeline"]
