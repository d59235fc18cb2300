"""Nodes of the engrave pipeline: adapters between the catalog and `scogen_pipeline.notation`.

Every mapping is keyed by the name of the piece, which becomes the name of its files. What a node needs is imported in it, so
that a run without it starts fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scogen_pipeline.music.piece import Piece
from scogen_pipeline.notation.page import PageSettings


def write_musicxml(composed_pieces: Mapping[str, Piece]) -> dict[str, str]:
    """Notate each piece."""
    from scogen_pipeline.notation.musicxml import to_musicxml  # noqa: PLC0415

    return {name: to_musicxml(piece) for name, piece in composed_pieces.items()}


def lay_out_pages(score_musicxml: Mapping[str, str], page: PageSettings) -> dict[str, tuple[str, ...]]:
    """Lay each score out, one SVG a page."""
    from scogen_pipeline.notation.layout import lay_out  # noqa: PLC0415

    return {name: lay_out(musicxml, page) for name, musicxml in score_musicxml.items()}


def rasterise_pages(score_svg: Mapping[str, Sequence[str]], page: PageSettings) -> dict[str, tuple[bytes, ...]]:
    """Draw each page as PNG."""
    from scogen_pipeline.notation.raster import to_png  # noqa: PLC0415

    return {name: tuple(to_png(svg, page.dpi) for svg in pages) for name, pages in score_svg.items()}


def write_pdf(score_svg: Mapping[str, Sequence[str]], score_musicxml: Mapping[str, str]) -> dict[str, bytes]:
    """Bind the pages of each score into one PDF that bears its title and composer."""
    from scogen_pipeline.notation.mei import read_credits  # noqa: PLC0415
    from scogen_pipeline.notation.pdf import to_pdf  # noqa: PLC0415

    return {name: to_pdf(pages, *read_credits(score_musicxml[name])) for name, pages in score_svg.items()}


def write_midi(composed_pieces: Mapping[str, Piece]) -> dict[str, bytes]:
    """Write each piece as a Standard MIDI File."""
    from scogen_pipeline.notation.midi_file import to_midi  # noqa: PLC0415

    return {name: to_midi(piece) for name, piece in composed_pieces.items()}


def synthesise_audio(score_midi: Mapping[str, bytes]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Play each MIDI file; return it as WAV and as MP3."""
    from scogen_pipeline.notation.audio import synthesise, to_mp3, to_wav  # noqa: PLC0415

    sounds = {name: synthesise(midi) for name, midi in score_midi.items()}
    return {name: to_wav(sound) for name, sound in sounds.items()}, {name: to_mp3(sound) for name, sound in sounds.items()}
