"""Casting off: reading from Verovio's own drawing how wide each measure wants to be.

**Conventions.** Widths are page units (hundredths of a millimetre) at the staff size that the drawing was made with.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from scogen_pipeline.errors import RenderError
from scogen_pipeline.notation.line_breaks import MeasureWidths

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SVG = "{http://www.w3.org/2000/svg}"
_STAFF_LINE = re.compile(r"M([\d.]+) [\d.]+ L([\d.]+) ")
_PLACE = re.compile(r"translate\(([\d.]+),")


class _DrawnMeasure(NamedTuple):
    """Left and right end of a measure, and where its first note or rest stands."""

    left: float
    right: float
    music: float


def measure_widths(one_system: str, in_systems: str, *, has_pickup: bool = False) -> MeasureWidths:
    """Return the widths that the music wants.

    Args:
        one_system: SVG of all the music in one endless system.
        in_systems: SVG of the first page in systems, which shows how much room a later system loses to names and clefs.
        has_pickup: Whether the first measure is a pickup.

    Raises:
        RenderError: If nothing was drawn.
    """
    from lxml import etree  # noqa: PLC0415

    measures = _measures(etree.fromstring(one_system.encode()))
    if not measures:
        raise RenderError("`musicxml` must hold at least one measure that can be drawn, received none.")
    lead = min((measure.music - measure.left for measure in measures[1:]), default=0.0)
    first_head = measures[0].music - lead
    groups = (group for group in etree.fromstring(in_systems.encode()).iter(f"{_SVG}g") if group.get("class") == "system")
    later = [_measures(group)[0].music - lead for group in groups][1:]
    widths = (measures[0].right - first_head, *(measure.right - measure.left for measure in measures[1:]))
    return MeasureWidths(widths, first_head, min(later, default=first_head), has_pickup)


def _measures(group: Element) -> list[_DrawnMeasure]:
    return [_measure(measure) for measure in group.iter(f"{_SVG}g") if measure.get("class") == "measure"]


def _measure(measure: Element) -> _DrawnMeasure:
    spans = [(float(match[1]), float(match[2])) for line in measure.iter(f"{_SVG}path") if (match := _line(line))]
    left, right = min(span[0] for span in spans), max(span[1] for span in spans)
    layers = (layer for layer in measure.iter(f"{_SVG}g") if layer.get("class") == "layer")
    music = [float(match[1]) for layer in layers for symbol in layer.iter(f"{_SVG}use") if (match := _place(symbol))]
    return _DrawnMeasure(left, right, min(music, default=left))


def _line(path: Element) -> re.Match[str] | None:
    """Match a staff line: a path right in the staff, not a stem or a ledger line deeper down."""
    parent = path.getparent()
    return _STAFF_LINE.match(path.get("d", "")) if parent is not None and parent.get("class") == "staff" else None


def _place(symbol: Element) -> re.Match[str] | None:
    return _PLACE.match(symbol.get("transform", ""))
