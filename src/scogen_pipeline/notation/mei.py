"""The MEI between Verovio's two readings: what a printed page needs and a MusicXML import leaves out.

Verovio's automatic header prints the movement title and no composer; its automatic footer prints a logo; words and metronome
mark of a tempo are two elements that land on different sides of the staff. So the MusicXML is read once, the MEI patched, and
the MEI laid out.

**References**: MEI 5, `pgHead`, `pgFoot`, `tempo`; SMuFL 1.4, metronome marks (U+ECA0 to U+ECB7).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from scogen_pipeline.notation.text_paths import TextRun, TextStyle, composed, width

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MEI = "http://www.music-encoding.org/ns/mei"

_METRONOME_NOTES = {"1": "\ueca2", "2": "\ueca3", "4": "\ueca5", "8": "\ueca7", "16": "\ueca9"}
_AUGMENTATION_DOT = "\uecb7"

TITLE_SIZE, COMPOSER_SIZE, PAGE_NUMBER_SIZE, TEMPO_SIZE = 200, 105, "90%", "115%"
METRONOME_NOTE_SIZE = "72%"
TEMPO_LIFT = "1.5vu"
"""Per cent of Verovio's text size, which is 4.5 units: with a unit of 0.8 mm, 20 pt for the title and 11 pt for the composer."""

LARGEST_TEXT = 382.5
"""Verovio's text size in page units at the largest staff: 4.5 units of 0.85 mm."""


class Credits(NamedTuple):
    """What stands above the music."""

    title: str
    composer: str


def read_credits(musicxml: str) -> Credits:
    """Return the title (of the work, else of the movement) and the composer, or empty strings."""
    from lxml import etree  # noqa: PLC0415

    score = etree.fromstring(musicxml.encode())
    title = score.findtext("work/work-title") or score.findtext("movement-title") or ""
    composer = score.findtext("identification/creator[@type='composer']") or ""
    return Credits(composed(title).strip(), composed(composer).strip())


def patch_mei(mei: str, heading: Credits, line_width: float) -> str:
    """Return the MEI with header, footer and one tempo mark a place, above the first staff.

    Args:
        mei: What Verovio made of the MusicXML.
        heading: Title and composer, made smaller where they are wider than the line.
        line_width: Between the margins, in page units (hundredths of a millimetre).
    """
    from lxml import etree  # noqa: PLC0415

    root = etree.fromstring(mei.encode())
    _set_header_and_footer(root, heading, line_width)
    _drop_abbreviation_of_a_solo(root)
    for measure in root.iter(f"{{{MEI}}}measure"):
        _merge_tempos(measure)
    return str(etree.tostring(root, encoding="unicode"))


def begins_with_pickup(mei: str) -> bool:
    """Tell whether the first measure is shorter than its meter and not counted: `metcon="false"` and number 0."""
    from lxml import etree  # noqa: PLC0415

    first = next(etree.fromstring(mei.encode()).iter(f"{{{MEI}}}measure"), None)
    return first is not None and (first.get("metcon"), first.get("n")) == ("false", "0")


def break_systems(mei: str, starts: Sequence[int]) -> str:
    """Return the MEI with a system break before each measure whose index is in `starts`, and no other break.

    The first measure has one too: without any, Verovio would break by itself.
    """
    from lxml import etree  # noqa: PLC0415

    root = etree.fromstring(mei.encode())
    for old in [*root.iter(f"{{{MEI}}}sb", f"{{{MEI}}}pb")]:
        _remove(old)
    measures = [*root.iter(f"{{{MEI}}}measure")]
    for start in starts:
        measures[start].addprevious(_new(root, "sb"))
    return str(etree.tostring(root, encoding="unicode"))


def _set_header_and_footer(root: Element, heading: Credits, line_width: float) -> None:
    for old in [*root.iter(f"{{{MEI}}}pgHead", f"{{{MEI}}}pgFoot")]:
        _remove(old)
    score = next(root.iter(f"{{{MEI}}}scoreDef"))
    score.insert(0, _page_footer(root))
    if any(heading):
        score.insert(0, _page_header(root, heading, line_width))


def _page_header(root: Element, heading: Credits, line_width: float) -> Element:
    header = _new(root, "pgHead", func="first")
    if heading.title:
        title = _new(root, "rend", halign="center", valign="top")
        header.append(_fitted(title, heading.title, TITLE_SIZE, line_width))
    if heading.composer:
        composer = _new(root, "rend", halign="right", valign="bottom")
        header.append(_fitted(composer, heading.composer, COMPOSER_SIZE, line_width))
    return header


def _fitted(place: Element, text: str, percent: int, line_width: float) -> Element:
    wanted = width([TextRun(text, TextStyle(size=LARGEST_TEXT * percent / 100))])
    place.set("fontsize", f"{math.floor(percent * min(1.0, line_width / wanted))}%")
    place.text = text
    return place


def _page_footer(root: Element) -> Element:
    footer = _new(root, "pgFoot", func="all")
    place = _new(root, "rend", halign="center", fontsize=PAGE_NUMBER_SIZE)
    number = _new(root, "num", label="page")
    number.text = "#"
    place.append(number)
    footer.append(place)
    return footer


def _drop_abbreviation_of_a_solo(root: Element) -> None:
    """Name the only player once: later systems need no "Vln."."""
    if len([*root.iter(f"{{{MEI}}}label")]) == 1:
        for abbreviation in [*root.iter(f"{{{MEI}}}labelAbbr")]:
            _remove(abbreviation)


def _merge_tempos(measure: Element) -> None:
    """Keep one tempo mark for each place in the measure, with the words that stand beside it."""
    kept: dict[str, Element] = {}
    for tempo in measure.findall(f"{{{MEI}}}tempo"):
        first = kept.setdefault(tempo.get("tstamp", "1"), tempo)
        if first is tempo:
            continue
        if first.get("mm") is None and tempo.get("mm") is not None:
            kept[tempo.get("tstamp", "1")] = tempo
            _remove(first)
        else:
            _remove(tempo)
    for tempo in kept.values():
        _write_tempo(measure, tempo)


def _write_tempo(measure: Element, tempo: Element) -> None:
    """Write words in bold and the metronome mark in plain type, or remove a mark with neither (a playback tempo)."""
    before = _words(tempo)
    words = before.removesuffix("(").strip() or _take_words_beside(measure, tempo)
    unit = _METRONOME_NOTES.get(tempo.get("mm.unit", ""))
    if not words and unit is None:
        _remove(tempo)
        return
    for child in list(tempo):
        tempo.remove(child)
    tempo.text = None
    tempo.set("place", "above")
    tempo.set("staff", "1")
    tempo.set("vo", TEMPO_LIFT)
    size = _new(tempo, "rend", fontsize=TEMPO_SIZE)
    size.text = words
    tempo.append(size)
    if unit is not None:
        opening, closing = ("(", ")") if before.endswith("(") else ("", "")
        tempo.append(_metronome_mark(tempo, unit, ("\u00a0\u00a0" if words else "") + opening, closing))


def _metronome_mark(tempo: Element, unit: str, opening: str, closing: str) -> Element:
    mark = _new(tempo, "rend", fontweight="normal", fontsize=TEMPO_SIZE)
    note = _new(tempo, "rend", fontsize=METRONOME_NOTE_SIZE)
    note.set("glyph.auth", "smufl")
    note.text = unit + _AUGMENTATION_DOT * int(tempo.get("mm.dots", "0"))
    note.tail = f"\u00a0= {tempo.get('mm')}{closing}"
    mark.text = opening
    mark.append(note)
    return mark


def _words(tempo: Element) -> str:
    """Return the text before the metronome mark, which Verovio writes as `WORDS <rend>note</rend> = BPM`."""
    if tempo.get("mm") is None:
        return " ".join("".join(map(str, tempo.itertext())).split())
    before: list[str] = [tempo.text or ""]
    for child in tempo:
        if child.get("glyph.auth") == "smufl":
            break
        before += ["".join(map(str, child.itertext())), child.tail or ""]
    return " ".join("".join(before).split())


def _take_words_beside(measure: Element, tempo: Element) -> str:
    for words in measure.findall(f"{{{MEI}}}dir"):
        if words.get("place") == "above" and words.get("tstamp") == tempo.get("tstamp") and words.get("staff") == "1":
            _remove(words)
            return " ".join("".join(map(str, words.itertext())).split())
    return ""


def _new(relative: Element, name: str, **attributes: str) -> Element:
    return relative.makeelement(f"{{{MEI}}}{name}", attributes)


def _remove(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
