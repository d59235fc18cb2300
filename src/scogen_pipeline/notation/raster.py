"""A page to PNG: greyscale, with its resolution written into the file.

skia draws a page in 30 ms where resvg takes 550, and its greys compress to half the size.

**Conventions.** Pixels are 8-bit grey, 0 is ink; arrays are (row, column).
"""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import RenderError

MM_PER_INCH = 25.4

PAPER_WHITE = 255
_SIZE = re.compile(r'<svg\b[^>]* width="([\d.]+)mm" height="([\d.]+)mm"')


def to_png(svg: str, dpi: int = 300) -> bytes:
    """Return the page as PNG; A4 at 300 dpi is 2480 x 3508 pixels."""
    from PIL import Image  # noqa: PLC0415

    buffer = io.BytesIO()
    Image.fromarray(to_pixels(svg, dpi)).save(buffer, "PNG", dpi=(dpi, dpi), compress_level=6)
    return buffer.getvalue()


def to_pixels(svg: str, dpi: int = 300) -> npt.NDArray[np.uint8]:
    """Return the page as grey pixels, shape (height, width)."""
    import skia  # noqa: PLC0415

    drawing = open_drawing(svg)
    width, height = (round(length * dpi / MM_PER_INCH) for length in paper_size(svg))
    pixels = np.full((height, width), PAPER_WHITE, dtype=np.uint8)
    info = skia.ImageInfo.Make(width, height, skia.kGray_8_ColorType, skia.kOpaque_AlphaType)
    draw(drawing, skia.Surface.MakeRasterDirect(info, pixels).getCanvas(), width, height)
    return pixels


def paper_size(svg: str) -> tuple[float, float]:
    """Return width and height of a page in millimetres.

    Raises:
        RenderError: If the page has none.
    """
    match = _SIZE.search(svg)
    if match is None:
        raise RenderError("`svg` must be a page with a width and a height in mm, received something else. Lay it out first.")
    return float(match[1]), float(match[2])


def draw(drawing: Any, canvas: Any, width: float, height: float) -> None:
    """Draw a page so that it fills `width` and `height` of the canvas."""
    # skia takes 90 pixels for an inch, SVG 96: the scale comes from the paper, not from skia's size.
    size = drawing.containerSize()
    canvas.scale(width / size.width(), height / size.height())
    drawing.render(canvas)


def open_drawing(svg: str) -> Any:
    """Return the page as skia's SVG document.

    Raises:
        RenderError: If it is not an SVG.
    """
    import skia  # noqa: PLC0415

    # Without the copy the stream reads memory that Python has freed: one page in thirty did not open.
    drawing = skia.SVGDOM.MakeFromStream(skia.MemoryStream(svg.encode(), copyData=True))
    if drawing is None:
        raise RenderError("`svg` must be a page that skia reads, received something else. Lay it out first.")
    return drawing
