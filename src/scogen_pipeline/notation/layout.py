"""MusicXML to pages: Verovio lays out, this module chooses the staff size and flattens.

**Conventions**

- A Verovio `unit` is half the distance between two staff lines, in tenths of a millimetre: 8 makes a staff 6.4 mm high.
- The same MusicXML always gives the same bytes: Verovio's random ids are seeded.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from scogen_pipeline.errors import RenderError
from scogen_pipeline.notation.casting_off import measure_widths
from scogen_pipeline.notation.line_breaks import fullness, system_starts
from scogen_pipeline.notation.mei import begins_with_pickup, break_systems, patch_mei, read_credits
from scogen_pipeline.notation.page import PageSettings
from scogen_pipeline.notation.svg_flatten import flatten

UNITS = (8.5, 8.0, 7.5, 7.0, 6.5)
"""Staff sizes to try, largest first: 6.8 mm, a part's size, down to 5.2 mm, a pocket score's."""

MIN_LAST_PAGE_FILL = 0.45
MIN_SYSTEM_FILL = 0.6
"""Systems emptier than this look stretched; a slightly smaller staff may need one system less."""

MIN_LAST_SYSTEM_FILL = 0.5
"""A last system emptier than this ends where its music ends."""

MIN_ONLY_SYSTEM_FILL = 0.8

SMALLEST_FOR_LOOSE, SMALLEST_FOR_ONE_PAGE = 7.5, 7.0
"""How far the staff may shrink to save a system, or a page."""

MARGIN = 150

_OPTIONS = {
    "pageMarginTop": MARGIN,
    "pageMarginBottom": MARGIN,
    "pageMarginLeft": MARGIN,
    "pageMarginRight": MARGIN,
    "scale": 100,
    "mmOutput": True,
    "spacingDurDetection": True,
    "spacingBraceGroup": 12,
    "mnumInterval": 0,
    # Gootville lacks the metronome's notes, Leland's are too big.
    "font": "Bravura",
    "smuflTextFont": "none",
    "bottomMarginHeader": 4.0,
    "svgFormatRaw": True,
    "xmlIdSeed": 1,
}
_STAFF_LINE = re.compile(r'<path d="M[\d.]+ ([\d.]+) L[\d.]+ \1"')


class Spacing(Enum):
    """How far staves and systems are apart."""

    WIDE = 1
    NARROW = 2
    PAGES = 3


_SPACING_OPTIONS: dict[Spacing, dict[str, object]] = {
    # A short piece stays at the top of its page; the pages of a long one end at the same height.
    Spacing.WIDE: {"spacingStaff": 12, "spacingSystem": 10, "justifyVertically": False, "footer": "none"},
    Spacing.NARROW: {"spacingStaff": 10, "spacingSystem": 6, "justifyVertically": True, "footer": "none"},
    Spacing.PAGES: {"spacingStaff": 10, "spacingSystem": 6, "justifyVertically": True, "footer": "encoded"},
}


class _Layout(NamedTuple):
    """One try: a staff size, the MEI with its systems, how full they are, the number of pages, how full the last one is."""

    unit: float
    mei: str
    fills: tuple[float, ...]
    n_pages: int = 1
    last_page_fill: float = 1.0
    spacing: Spacing = Spacing.WIDE

    @property
    def is_loose(self) -> bool:
        """Whether the music of a system is stretched a lot."""
        return len(self.fills) > 1 and min(self.fills) < MIN_SYSTEM_FILL


def lay_out(musicxml: str, page: PageSettings) -> tuple[str, ...]:
    """Return one flattened SVG a page.

    Raises:
        RenderError: If Verovio cannot read the MusicXML, or a character cannot be printed.
    """
    return tuple(flatten(svg) for svg in _Press(musicxml, page).pages())


class _Press:
    """Verovio with one score and one size of paper.

    Args:
        musicxml: The score.
        page: The paper.
    """

    def __init__(self, musicxml: str, page: PageSettings) -> None:
        import verovio  # noqa: PLC0415

        verovio.enableLog(verovio.LOG_ERROR)
        self._toolkit = verovio.toolkit()
        self._page_width, self._page_height = page.size
        self._toolkit.setOptions(_OPTIONS)
        if not self._toolkit.loadData(musicxml) or not self._toolkit.getPageCount():
            raise RenderError("`musicxml` must be a score that Verovio reads, received something else. Validate it first.")
        self._line_width = 10.0 * (self._page_width - 2 * MARGIN)
        self._mei = patch_mei(self._toolkit.getMEI(), read_credits(musicxml), self._line_width)
        self._has_pickup = begins_with_pickup(self._mei)

    def pages(self) -> list[str]:
        """Lay the score out at the best staff size and return Verovio's SVG of each page."""
        layout = self._fit()
        return [self._toolkit.renderToSVG(number) for number in range(1, self._load(layout) + 1)]

    def _fit(self) -> _Layout:
        """Return the largest staff size that is good, or the one with the least faults."""
        tries: list[_Layout] = []
        for unit in UNITS:
            tries.append(self._paged(self._in_systems(unit)))
            if _is_good(tries[-1]) or (tries[0].n_pages == 1 and unit <= SMALLEST_FOR_LOOSE):
                break
        return tries[-1] if _is_good(tries[-1]) else min(tries, key=_faults)

    def _in_systems(self, unit: float) -> _Layout:
        """Cast off: share the measures out evenly among as few systems as they need."""
        drafts = self._draft(unit, "none"), self._draft(unit, "auto")
        widths = measure_widths(*drafts, has_pickup=self._has_pickup)
        starts = system_starts(widths, self._line_width)
        return _Layout(unit, break_systems(self._mei, starts), fullness(widths, self._line_width, starts))

    def _paged(self, layout: _Layout) -> _Layout:
        """Choose the spacing: wide on one page, narrow on one page, or narrow with page numbers on several."""
        for spacing in (Spacing.WIDE, Spacing.NARROW, Spacing.PAGES):
            layout = layout._replace(spacing=spacing, n_pages=self._load(layout._replace(spacing=spacing)))
            if layout.n_pages == 1:
                return layout
        lowest = max((float(y) for y in _STAFF_LINE.findall(self._toolkit.renderToSVG(layout.n_pages))), default=0.0)
        return layout._replace(last_page_fill=lowest / (10 * (self._page_height - 2 * MARGIN)))

    def _draft(self, unit: float, breaks: str) -> str:
        """Return the music without header and footer, on one page or in one system."""
        self._set_options(unit=unit, breaks=breaks, header="none", footer="none")
        self._toolkit.loadData(self._mei)
        return str(self._toolkit.renderToSVG(1))

    def _load(self, layout: _Layout) -> int:
        """Lay out one try and return the number of its pages."""
        least = MIN_LAST_SYSTEM_FILL if len(layout.fills) > 1 else MIN_ONLY_SYSTEM_FILL
        self._set_options(
            unit=layout.unit,
            breaks="line",
            header="encoded",
            minLastJustification=0.0 if layout.fills[-1] >= least else 1.0,
            **_SPACING_OPTIONS[layout.spacing],
        )
        self._toolkit.loadData(layout.mei)
        return int(self._toolkit.getPageCount())

    def _set_options(self, **choice: object) -> None:
        paper = {"pageWidth": self._page_width, "pageHeight": self._page_height}
        self._toolkit.setOptions(_OPTIONS | paper | choice)


def _is_good(layout: _Layout) -> bool:
    """Say whether no smaller staff needs to be tried: two pages may become one, loose systems may become fewer."""
    if layout.n_pages == 1:
        return not layout.is_loose and layout.unit >= SMALLEST_FOR_ONE_PAGE
    return layout.n_pages > 2 and layout.last_page_fill >= MIN_LAST_PAGE_FILL


def _faults(layout: _Layout) -> tuple[bool, float, float]:
    """Order layouts, best first: a nearly empty last page is worst, then the larger staff is better."""
    is_empty = layout.last_page_fill < MIN_LAST_PAGE_FILL
    return is_empty, -layout.last_page_fill if is_empty else 0.0, -layout.unit
