"""Ingest: any collection of MIDI files to tables of pieces, tracks, notes, pedals, tempos, meters, keys, and rejects.

A broken file is a row of `rejects` with a reason, never a crash and never silence; a killed run goes on where it stopped.
"""

from scogen_pipeline.pipelines.ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
