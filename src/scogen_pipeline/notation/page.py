"""What a user may choose about the printed page.

**Conventions.** Lengths are tenths of a millimetre, Verovio's unit for page sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

from scogen_pipeline.errors import RequestError, did_you_mean

PAPER_SIZES = {"A4": (2100, 2970), "Letter": (2159, 2794)}
"""Width and height by name, in tenths of a millimetre."""

MIN_DPI, MAX_DPI = 50, 1200


@dataclass(frozen=True)
class PageSettings:
    """Paper and resolution of the printed page.

    Args:
        paper: "A4" or "Letter", in any case.
        dpi: Dots per inch of the PNG pages.

    Raises:
        RequestError: If a value is not allowed.
    """

    paper: str = "A4"
    dpi: int = 300

    def __post_init__(self) -> None:
        """Check the values, and spell the paper as `PAPER_SIZES` does."""
        by_folded = {name.casefold(): name for name in PAPER_SIZES}
        name = by_folded.get(str(self.paper).casefold())
        if name is None:
            hint = did_you_mean(str(self.paper), PAPER_SIZES)
            raise RequestError(f"`paper` must be one of {', '.join(PAPER_SIZES)}, received `{self.paper}`.{hint}")
        object.__setattr__(self, "paper", name)
        is_whole = isinstance(self.dpi, int) and not isinstance(self.dpi, bool)
        if not is_whole or not MIN_DPI <= self.dpi <= MAX_DPI:
            raise RequestError(
                f"`dpi` must be a whole number from {MIN_DPI} to {MAX_DPI}, received {self.dpi!r}. Use 300 for print."
            )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in tenths of a millimetre."""
        return PAPER_SIZES[self.paper]
