"""Verovio's SVG to a plain SVG that every reader draws alike.

Verovio writes a nested `<svg>`, `currentColor` and `<text>`. Nested pages come out blank in weasyprint and pymupdf, staff
lines vanish in skia, sizes are wrong in cairosvg, words depend on installed fonts. The flattened page has a size in
millimetres, one coordinate system, plain colours, and outlines for words with the words themselves in `aria-label`. Ids and
classes stay, so that a player can find a note.

**Conventions.** A page unit is a hundredth of a millimetre.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from scogen_pipeline.errors import RenderError
from scogen_pipeline.notation.text_paths import TextRun, TextStyle, composed, outline, spoken, width

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
INK = "#000000"

_DROPPED_ELEMENTS = {"desc", "title", "style", "metadata"}
_DROPPED_ATTRIBUTES = {"color", "font-family", "overflow", "version", "{http://www.w3.org/XML/1998/namespace}lang"}


class _Chunk(NamedTuple):
    """Runs that are anchored together at one point."""

    x: float
    y: float
    anchor: str
    runs: list[TextRun]


def flatten(svg: str) -> str:
    """Return a self-contained page without text, nested SVG or CSS.

    Raises:
        RenderError: If the page has no drawing, or a word has a character that no font has.
    """
    from lxml import etree  # noqa: PLC0415

    source = etree.fromstring(svg.encode())
    drawing = source.find(f"{{{SVG}}}svg")
    if drawing is None:
        raise RenderError("The laid out page must hold a drawing, received none.")
    view_box = drawing.get("viewBox", "")
    page = etree.Element(f"{{{SVG}}}svg", nsmap={None: SVG, "xlink": XLINK}, attrib=_page_attributes(source, view_box))
    etree.SubElement(page, f"{{{SVG}}}rect", width="100%", height="100%", fill="#ffffff")
    for child in (*source.iterfind(f"{{{SVG}}}defs"), *drawing):
        page.extend(_flat(child))
    return str(etree.tostring(page, encoding="unicode")) + "\n"


def _page_attributes(source: Element, view_box: str) -> dict[str, str]:
    return {"width": source.get("width", ""), "height": source.get("height", ""), "viewBox": view_box}


def _flat(element: Element) -> Iterator[Element]:
    """Yield the plain form of an element: itself, one path for a text, or nothing."""
    name = _local_name(element)
    if name in _DROPPED_ELEMENTS or element.get("visibility") == "hidden":
        return
    if name == "text":
        yield from _text_paths(element)
        return
    flat = element.makeelement(element.tag, _plain_attributes(element))
    for child in element:
        flat.extend(_flat(child))
    if name != "g" or len(flat):
        yield flat


def _plain_attributes(element: Element) -> dict[str, str]:
    kept = {key: value for key, value in element.attrib.items() if key not in _DROPPED_ATTRIBUTES}
    return {str(key): INK if value == "currentColor" else str(value) for key, value in kept.items()}


def _text_paths(text: Element) -> Iterator[Element]:
    for chunk in _chunks(text):
        runs = _trimmed(chunk.runs)
        if runs:
            shift = {"middle": 0.5, "end": 1.0}.get(chunk.anchor, 0.0) * width(runs)
            path = outline(runs, chunk.x - shift, chunk.y).path
            yield text.makeelement(f"{{{SVG}}}path", {"role": "img", "aria-label": spoken(runs), "d": path})


def _chunks(text: Element) -> list[_Chunk]:
    """Cut a `<text>` where a span sets a new position, as SVG does."""
    chunks: list[_Chunk] = [_Chunk(_number(text, "x", 0.0), _number(text, "y", 0.0), text.get("text-anchor", "start"), [])]

    def visit(element: Element, style: TextStyle, anchor: str) -> None:
        style = _styled(element, style)
        anchor = element.get("text-anchor", anchor)
        if element is not text and (element.get("x") is not None or element.get("y") is not None):
            chunks.append(_Chunk(_number(element, "x", chunks[-1].x), _number(element, "y", chunks[-1].y), anchor, []))
        chunks[-1].runs.append(TextRun(composed(element.text or ""), style))
        for child in element:
            if _local_name(child) not in _DROPPED_ELEMENTS:
                visit(child, style, anchor)
            chunks[-1].runs.append(TextRun(composed(child.tail or ""), style))

    visit(text, TextStyle(), chunks[0].anchor)
    return chunks


def _styled(element: Element, inherited: TextStyle) -> TextStyle:
    """Return the style of a span: what it sets itself, else what it inherits."""
    changes: dict[str, Any] = {}
    if "font-family" in element.attrib:
        changes["family"] = element.get("font-family")
    if "font-size" in element.attrib:
        changes["size"] = float(str(element.get("font-size")).removesuffix("px"))
    if "font-weight" in element.attrib:
        changes["is_bold"] = element.get("font-weight") == "bold"
    if "font-style" in element.attrib:
        changes["is_italic"] = element.get("font-style") == "italic"
    return inherited._replace(**changes)


def _trimmed(runs: list[TextRun]) -> list[TextRun]:
    """Drop the spaces around a chunk, as SVG does, and the empty runs."""
    full = [run for run in runs if run.text]
    while full and not full[0].text.strip(" "):
        del full[0]
    while full and not full[-1].text.strip(" "):
        del full[-1]
    if full:
        full[0] = full[0]._replace(text=full[0].text.lstrip(" "))
        full[-1] = full[-1]._replace(text=full[-1].text.rstrip(" "))
    return full


def _number(element: Element, name: str, default: float) -> float:
    return float(str(element.get(name, default)))


def _local_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
