"""Pages to one PDF: vector outlines, one page each, in the size of the paper.

**Conventions.** A PDF point is 1/72 inch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scogen_pipeline.errors import RenderError
from scogen_pipeline.notation.raster import MM_PER_INCH, draw, open_drawing, paper_size

POINTS_PER_INCH = 72


def to_pdf(svgs: Sequence[str], title: str = "", author: str = "") -> bytes:
    """Return a PDF with one page an SVG.

    Args:
        svgs: Flattened pages, at least one.
        title: For the file's properties, not printed.
        author: For the file's properties, not printed.

    Raises:
        RenderError: If there is no page.
    """
    import skia  # noqa: PLC0415

    if not svgs:
        raise RenderError("`svgs` must hold at least one page, received none.")
    stream = skia.DynamicMemoryWStream()
    # No creation date: the same pages give the same bytes.
    document = skia.PDF.MakeDocument(stream, _properties(title, author))
    for svg in svgs:
        width, height = (length * POINTS_PER_INCH / MM_PER_INCH for length in paper_size(svg))
        draw(open_drawing(svg), document.beginPage(width, height), width, height)
        document.endPage()
    document.close()
    return bytes(stream.detachAsData())


def _properties(title: str, author: str) -> Any:
    import skia  # noqa: PLC0415

    properties = skia.PDF.Metadata()
    properties.fTitle, properties.fAuthor, properties.fCreator = title, author, "scogen"
    return properties
