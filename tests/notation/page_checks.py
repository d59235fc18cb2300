"""Faults of a page that a program can see: what readers draw differently, ink at the edge, staff lines with gaps.

**Conventions.** Pixels are 8-bit grey, 0 is ink, shape (height, width), of the whole page; page units are hundredths of a
millimetre.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

INK_BELOW = 160
"""A thin line between two rows of pixels is grey."""

_PORTABLE_FAULTS = {
    "text": r"<text\b",
    "nested svg": r"(?s)<svg\b.*<svg\b",
    "style sheet": r"<style\b|\bstyle=",
    "currentColor": "currentColor",
    "link": r"https?://(?!www\.w3\.org/)",
}
_STAFF = re.compile(r'<g[^>]*class="staff"[^>]*>((?:<path [^>]*/>)+)')
_LINE = re.compile(r'd="M([\d.]+) ([\d.]+) L([\d.]+) \2"')
_MARGIN = re.compile(r'class="page-margin" transform="translate\((\d+), (\d+)\)"')


class StaffLine(NamedTuple):
    """A staff line in one measure, in page units from the corner of the paper."""

    left: float
    right: float
    y: float


def portability_faults(svg: str) -> tuple[str, ...]:
    """Return what in the SVG depends on fonts, style sheets or the reader.

    >>> portability_faults('<svg xmlns="http://www.w3.org/2000/svg"><text>Reel</text></svg>')
    ('text',)
    """
    return tuple(name for name, pattern in _PORTABLE_FAULTS.items() if re.search(pattern, svg))


def staff_lines(svg: str) -> list[StaffLine]:
    """Return all staff lines of a flattened page."""
    margin = _MARGIN.search(svg)
    left, top = (int(margin[1]), int(margin[2])) if margin else (0, 0)
    lines = (line for staff in _STAFF.findall(svg) for line in _LINE.findall(staff))
    return [StaffLine(float(x) + left, float(end) + left, float(y) + top) for x, y, end in lines]


def broken_staff_lines(svg: str, pixels: npt.NDArray[np.uint8]) -> list[StaffLine]:
    """Return the staff lines that are not ink from end to end."""
    _, _, width, _ = map(float, re.findall(r'viewBox="([^"]+)"', svg)[0].split())
    scale = pixels.shape[1] / width
    return [line for line in staff_lines(svg) if not _is_drawn(line, pixels, scale)]


def _is_drawn(line: StaffLine, pixels: npt.NDArray[np.uint8], scale: float) -> bool:
    row = round(line.y * scale - 0.5)
    strip = pixels[max(row - 1, 0) : row + 2, round(line.left * scale) + 1 : round(line.right * scale) - 1]
    return bool((strip.min(axis=0, initial=255) < INK_BELOW).all())


def edge_ink(pixels: npt.NDArray[np.uint8], part: float = 0.02) -> int:
    """Count the pixels with ink within `part` of the width from an edge, where a printer does not print."""
    edge = max(1, round(part * pixels.shape[1]))
    inside = pixels[edge:-edge, edge:-edge]
    return int((pixels < INK_BELOW).sum() - (inside < INK_BELOW).sum())
