"""Words as outlines: text set with the fonts inside the Verovio wheel, so that no installed font is needed.

An SVG with `<text>` looks different on every machine: resvg drops text without an installed font, cairosvg draws empty
boxes for musical symbols, a browser substitutes. Outlines look the same everywhere, on paper too.

**Conventions**

- Coordinates are those of the page: x to the right, y downwards, the baseline of a run at its y.
- Verovio spaces words by the advance widths of the same fonts, without kerning; so does this module.
"""

from __future__ import annotations

import base64
import functools
import io
import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scogen_pipeline.errors import RenderError

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

MUSIC_FAMILY = "Bravura"
TEXT_FAMILY = "Liberation"
"""Metrically equal to Times, for which Verovio measures its words."""

_SPOKEN_BY_SYMBOL = {
    "\ueca2": "whole note",
    "\ueca3": "half note",
    "\ueca5": "quarter note",
    "\ueca7": "eighth note",
    "\ueca9": "sixteenth note",
    "\uecb7": " dotted",
    "\u266d": "flat",
    "\u266e": "natural",
    "\u266f": "sharp",
}
NO_BREAK_SPACE = "\u00a0"
_FONT_FACE = re.compile(r"base64,([^)]*)\).*?font-weight:\s*(\w+);\s*font-style:\s*(\w+)", re.DOTALL)


class TextStyle(NamedTuple):
    """How a run of text is set: family as Verovio names it, size in page units."""

    family: str = "Times"
    size: float = 0.0
    is_bold: bool = False
    is_italic: bool = False


#: Accidentals of a music font are centred on the line that they stand on; among words they belong half an x-height higher.
_ACCIDENTALS: Final = "♭♮♯"
_ACCIDENTAL_RISE: Final = 0.24


class TextRun(NamedTuple):
    """Consecutive characters in one style."""

    text: str
    style: TextStyle


class Outline(NamedTuple):
    """An SVG path, and how far the pen moved."""

    path: str
    advance: float


class Face:
    """One font, decoded: glyph outlines and advance widths by character.

    Args:
        font: An open font.
    """

    def __init__(self, font: TTFont) -> None:
        self.units_per_em: int = font["head"].unitsPerEm
        self._glyphs: Any = font.getGlyphSet()
        self._names: dict[int, str] = font.getBestCmap()

    def __contains__(self, char: str) -> bool:
        return ord(char) in self._names

    def advance(self, char: str) -> float:
        """Return the width of a character as a fraction of the font size."""
        return float(self._glyphs[self._names[ord(char)]].width) / self.units_per_em

    def outline(self, char: str, x: float, y: float, size: float) -> str:
        """Return the SVG path of a character whose origin is at (x, y)."""
        from fontTools.pens.svgPathPen import SVGPathPen  # noqa: PLC0415
        from fontTools.pens.transformPen import TransformPen  # noqa: PLC0415

        scale = size / self.units_per_em
        pen = SVGPathPen(self._glyphs, ntos=_short_number)
        self._glyphs[self._names[ord(char)]].draw(TransformPen(pen, (scale, 0, 0, -scale, x, y)))
        return str(pen.getCommands())


def width(runs: Iterable[TextRun]) -> float:
    """Return how wide the runs are, one after the other, in page units."""
    return sum(_face_of(char, run).advance(char) * run.style.size for run in runs for char in run.text)


def outline(runs: Iterable[TextRun], x: float, y: float) -> Outline:
    """Set runs one after the other from (x, y).

    Raises:
        RenderError: If no font of the wheel has a character.
    """
    pieces: list[str] = []
    pen_x = x
    for run in runs:
        for char in run.text:
            face = _face_of(char, run)
            raised = _ACCIDENTAL_RISE * run.style.size if char in _ACCIDENTALS else 0.0
            pieces.append(face.outline(char, pen_x, y - raised, run.style.size))
            pen_x += face.advance(char) * run.style.size
    return Outline("".join(pieces), pen_x - x)


def composed(text: str) -> str:
    """Compose accents (the fonts hold composed letters), and make a plain space of breaks, tabs and thin spaces."""
    letters = unicodedata.normalize("NFC", text)
    return "".join(" " if char.isspace() and char != NO_BREAK_SPACE else char for char in letters)


def spoken(runs: Iterable[TextRun]) -> str:
    """Return the words of the runs for `aria-label`, musical symbols by name."""
    text = "".join(_SPOKEN_BY_SYMBOL.get(char, char) for run in runs for char in run.text)
    return " ".join("".join(char for char in text if unicodedata.category(char) != "Co").split())


def _face_of(char: str, run: TextRun) -> Face:
    face = _find_face(char, run.style)
    if face is None:
        raise RenderError(
            f"`{run.text}` must use characters of the fonts Liberation Serif or Bravura, received `{char}` "
            f"(U+{ord(char):04X}). Write it in Latin, Greek or Cyrillic letters."
        )
    return face


def _find_face(char: str, style: TextStyle) -> Face | None:
    family = MUSIC_FAMILY if style.family == MUSIC_FAMILY else TEXT_FAMILY
    face = load_face(family, style.is_bold and family == TEXT_FAMILY, style.is_italic and family == TEXT_FAMILY)
    if char in face:
        return face
    # A flat or a sharp in a title is in the music font only; a letter in a musical run is in the text font only.
    other = load_face(TEXT_FAMILY if family == MUSIC_FAMILY else MUSIC_FAMILY)
    return other if char in other else None


@functools.cache
def load_face(family: str, is_bold: bool = False, is_italic: bool = False) -> Face:
    """Decode one font of the Verovio wheel; kept for the life of the process, as it takes 50 to 120 ms."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    wanted = ("bold" if is_bold else "normal", "italic" if is_italic else "normal")
    for data, *face in _FONT_FACE.findall(_style_sheet(family)):
        if tuple(face) == wanted:
            return Face(TTFont(io.BytesIO(base64.b64decode(data)), lazy=True))
    raise RenderError(f"The verovio package has no font {family}, {' '.join(wanted)}. Install verovio 5 to 6.")


@functools.cache
def _style_sheet(family: str) -> str:
    from importlib.resources import files  # noqa: PLC0415

    return (files("verovio") / "data" / f"{family}.css").read_text(encoding="ascii")


def _short_number(value: float) -> str:
    """A tenth of a page unit is a thousandth of a millimetre."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
