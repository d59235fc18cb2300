"""MusicXML to pages: Verovio lays out, this module chooses the staff size and flattens.

**Conventions**

- A Verovio `unit` is half the distance between two staff lines, in tenths of a millimetre: 8 makes a staff 6.4 mm high.
- The same MusicXML always gives the same bytes: Verovio's random ids are seeded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from scogen_pipeline.errors import RenderError
from scogen_pipeline.notation.casting_off import measure_widths
from scogen_pipeline.notation.line_breaks import MeasureWidths, is_worth_stretching, system_starts
from scogen_pipeline.notation.mei import break_systems, patch_mei, read_credits
from scogen_pipeline.notation.page import PageSettings
from scogen_pipeline.notation.svg_flatten import flatten

if TYPE_CHECKING:
    from verovio import toolkit as Toolkit  # noqa: N812

UNITS = (8.5, 8.0, 7.5, 7.0, 6.5)
"""Staff sizes to try, largest first: 6.8 mm, a part's size, down to 5.2 mm, a pocket score's."""

MIN_LAST_PAGE_FILL = 0.45
MIN_LAST_SYSTEM_FILL = 0.5
MARGIN = 150

_OPTIONS = {
    "pageMarginTop": MARGIN,
    "pageMarginBottom": MARGIN,
    "pageMarginLeft": MARGIN,
    "pageMarginRight": MARGIN,
    "scale": 100,
    "mmOutput": True,
    "spacingDurDetection": True,
    "spacingStaff": 10,
    "spacingBraceGroup": 10,
    "spacingSystem": 6,
    "mnumInterval": 0,
    # Gootville lacks the metronome's notes, Leland's are too big.
    "font": "Bravura",
    "smuflTextFont": "none",
    "header": "encoded",
    "svgFormatRaw": True,
    "xmlIdSeed": 1,
}
_STAFF_LINE = re.compile(r'<path d="M[\d.]+ ([\d.]+) L[\d.]+ \1"')


class _Layout(NamedTuple):
    """One try: a staff size, the systems, the number of pages, and how full the last one is."""

    unit: float
    mei: str
    is_last_justified: bool
    n_pages: int
    last_page_fill: float


def lay_out(musicxml: str, page: PageSettings) -> tuple[str, ...]:
    """Return one flattened SVG a page.

    Raises:
        RenderError: If Verovio cannot read the MusicXML, or a character cannot be printed.
    """
    import verovio  # noqa: PLC0415

    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit()
    mei = _read(toolkit, musicxml)
    layout = _fit(toolkit, mei, page)
    _load(toolkit, layout, page)
    return tuple(flatten(toolkit.renderToSVG(number)) for number in range(1, toolkit.getPageCount() + 1))


def _read(toolkit: Toolkit, musicxml: str) -> str:
    toolkit.setOptions(_OPTIONS)
    if not toolkit.loadData(musicxml):
        raise RenderError("`musicxml` must be a score that Verovio reads, received something else. Validate it first.")
    return patch_mei(toolkit.getMEI(), read_credits(musicxml))


def _fit(toolkit: Toolkit, mei: str, page: PageSettings) -> _Layout:
    """Return the largest staff size that does not leave a nearly empty last page; the fullest last page if none does."""
    widths = _cast_off(toolkit, mei, page)
    tries: list[_Layout] = []
    for unit in UNITS:
        layout = _Layout(unit, *_in_systems(mei, widths, page, unit), n_pages=1, last_page_fill=0.0)
        layout = layout._replace(n_pages=_load(toolkit, layout, page))
        if layout.n_pages > 1:
            layout = layout._replace(n_pages=_load(toolkit, layout, page))
        tries.append(layout._replace(last_page_fill=_fill(toolkit.renderToSVG(layout.n_pages), page)))
        if layout.n_pages == 1 or tries[-1].last_page_fill >= MIN_LAST_PAGE_FILL:
            return tries[-1]
    return max(tries, key=lambda layout: layout.last_page_fill)


def _cast_off(toolkit: Toolkit, mei: str, page: PageSettings) -> MeasureWidths | None:
    """Return the width of each measure at `UNITS[0]`, or `None` where one system holds them all."""
    plain = _OPTIONS | {"unit": UNITS[0], "header": "none", "footer": "none"} | _paper(page)
    toolkit.setOptions(plain | {"breaks": "auto"})
    toolkit.loadData(mei)
    in_systems = toolkit.renderToSVG(1)
    toolkit.setOptions(plain | {"breaks": "none"})
    toolkit.loadData(mei)
    return measure_widths(toolkit.renderToSVG(1), in_systems)


def _in_systems(mei: str, widths: MeasureWidths | None, page: PageSettings, unit: float) -> tuple[str, bool]:
    """Return the MEI with its systems evenly filled, and whether the last one reaches the right margin."""
    if widths is None:
        return mei, False
    line_width = 10 * (page.size[0] - 2 * MARGIN) * UNITS[0] / unit
    starts = system_starts(widths, line_width)
    return break_systems(mei, starts), is_worth_stretching(widths, line_width, starts, MIN_LAST_SYSTEM_FILL)


def _load(toolkit: Toolkit, layout: _Layout, page: PageSettings) -> int:
    """Lay out one try and return the number of its pages."""
    is_long = layout.n_pages > 1
    choice = {
        "unit": layout.unit,
        "breaks": "line",
        "footer": "encoded" if is_long else "none",
        # A short piece stays at the top of its page; the pages of a long one end at the same height.
        "justifyVertically": is_long,
        "minLastJustification": 0.0 if layout.is_last_justified else 0.8,
    }
    toolkit.setOptions(_OPTIONS | _paper(page) | choice)
    toolkit.loadData(layout.mei)
    return int(toolkit.getPageCount())


def _paper(page: PageSettings) -> dict[str, int]:
    return {"pageWidth": page.size[0], "pageHeight": page.size[1]}


def _fill(svg: str, page: PageSettings) -> float:
    """Return how far down the page the last staff reaches, as a part of the height between the margins."""
    lowest = max((float(y) for y in _STAFF_LINE.findall(svg)), default=0.0)
    return lowest / (10 * (page.size[1] - 2 * MARGIN))
