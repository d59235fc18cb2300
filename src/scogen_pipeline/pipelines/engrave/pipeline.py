"""The engrave pipeline: pieces -> MusicXML -> pages, and pieces -> MIDI -> sound."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import lay_out_pages, rasterise_pages, synthesise_audio, write_midi, write_musicxml, write_pdf


def create_pipeline() -> Pipeline:
    """Return the pipeline; one node a format."""
    return pipeline(
        [
            node(write_musicxml, "composed_pieces", "score_musicxml", name="write_musicxml"),
            node(lay_out_pages, ["score_musicxml", "params:page"], "score_svg", name="lay_out_pages"),
            node(rasterise_pages, ["score_svg", "params:page"], "score_png", name="rasterise_pages"),
            node(write_pdf, ["score_svg", "score_musicxml"], "score_pdf", name="write_pdf"),
            node(write_midi, "composed_pieces", "score_midi", name="write_midi"),
            node(synthesise_audio, "score_midi", ["score_wav", "score_mp3"], name="synthesise_audio"),
        ]
    )
