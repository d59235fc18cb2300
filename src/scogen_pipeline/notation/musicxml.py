"""A piece as MusicXML 4.0, the file that every notation program opens and that the page is laid out from.

Why an own writer: see `docs/adr/0002-musicxml-writer.md`. Everything that the reader sees (accidentals, beams, ties, brackets) is
explicit, because layout programs draw what the file says. The text depends on the piece only: no date, no random identifier.

**Conventions.** `divisions` is 24, so durations are grid ticks. A grand staff is one MusicXML part with two staves; voices 1
to 4 are layers of the upper staff, 5 to 8 of the lower. A pickup is measure 0, which is implicit: readers do not count it.

**References.** https://www.w3.org/2021/06/musicxml40/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from scogen_pipeline.music.duration import TICKS_PER_QUARTER
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.music.tempo import MAX_BPM, tempo_word
from scogen_pipeline.notation.clefs import CLEF_SIGNS
from scogen_pipeline.notation.partlist import Player, add_part_list, players
from scogen_pipeline.notation.printed_measures import PrintedMeasure
from scogen_pipeline.notation.rhythm import STRAIGHT
from scogen_pipeline.notation.score import Head, Score, StaffMeasure, Symbol, Voice, engrave

_HEADER: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_VOICES_PER_STAFF: Final = 4


def to_musicxml(piece: Piece) -> str:
    """Write a piece as a MusicXML 4.0 document (partwise).

    Notes are cleaned first, see `notation.quantise`.
    """
    score = engrave(piece)
    root = Element("score-partwise", version="4.0")
    _add_header(root, score.piece)
    add_part_list(root, score.piece)
    for player in players(score.piece):
        part = SubElement(root, "part", id=player.identifier)
        for measure in score.measures:
            _add_measure(part, score, player, measure)
    # Names of our own, so that layout programs do not invent random ones, and a sounding note can be found on the page.
    for number, note in enumerate(root.iter("note"), start=1):
        note.set("id", f"note-{number}")
    ElementTree.indent(root, space=" ")
    return _HEADER + ElementTree.tostring(root, encoding="unicode") + "\n"


def _text(parent: Element, tag: str, text: object, **attributes: str) -> Element:
    child = SubElement(parent, tag, attributes)
    child.text = str(text)
    return child


def _add_header(root: Element, piece: Piece) -> None:
    if piece.title:
        _text(SubElement(root, "work"), "work-title", piece.title)
        _text(root, "movement-title", piece.title)
    identification = SubElement(root, "identification")
    if piece.composer:
        _text(identification, "creator", piece.composer, type="composer")
    encoding = SubElement(identification, "encoding")
    _text(encoding, "software", "scogen")
    for element in ("accidental", "beam", "stem"):
        SubElement(encoding, "supports", element=element, type="no" if element == "stem" else "yes")


def _add_measure(part: Element, score: Score, player: Player, measure: PrintedMeasure) -> None:
    is_pickup = measure.number == 0
    element = SubElement(part, "measure", {"number": str(measure.number), **({"implicit": "yes"} if is_pickup else {})})
    index = measure.place
    staves = [score.staves[number] for number in player.parts]
    _add_attributes(element, score.piece, staves, index)
    if index == 0 and player.parts[0] == 0:
        _add_tempo(element, score.piece)
    is_first = True
    for number, staff in enumerate(staves, start=1):
        for voice in staff[index].voices:
            if not is_first:
                _text(SubElement(element, "backup"), "duration", measure.ticks)
            _add_voice(element, voice, number, has_staves=len(staves) > 1)
            is_first = False
    if measure is score.measures[-1]:
        _text(SubElement(element, "barline", location="right"), "bar-style", "light-heavy")


def _add_attributes(element: Element, piece: Piece, staves: Sequence[tuple[StaffMeasure, ...]], index: int) -> None:
    """Write what changes at the start of a measure: key once, meter and clefs where they are new."""
    is_first = index == 0
    attributes = Element("attributes")
    if is_first:
        _text(attributes, "divisions", TICKS_PER_QUARTER)
        key = SubElement(attributes, "key")
        _text(key, "fifths", piece.key.fifths)
        _text(key, "mode", piece.key.mode)
    if is_first or piece.meters[index] != piece.meters[index - 1]:
        _add_time(attributes, piece.meters[index])
    if is_first and len(staves) > 1:
        _text(attributes, "staves", len(staves))
    for number, staff in enumerate(staves, start=1):
        if is_first or staff[index].clef != staff[index - 1].clef:
            _add_clef(attributes, staff[index].clef, number if len(staves) > 1 else None)
    if len(attributes):
        element.append(attributes)


def _add_time(attributes: Element, meter: Meter) -> None:
    time = SubElement(attributes, "time")
    _text(time, "beats", meter.numerator)
    _text(time, "beat-type", meter.denominator)


def _add_clef(attributes: Element, name: str, number: int | None) -> None:
    sign = CLEF_SIGNS[name]
    clef = SubElement(attributes, "clef", {} if number is None else {"number": str(number)})
    _text(clef, "sign", sign.sign)
    _text(clef, "line", sign.line)
    if sign.octave_change:
        _text(clef, "clef-octave-change", sign.octave_change)


def _add_tempo(element: Element, piece: Piece) -> None:
    """Write the tempo word and the metronome mark side by side, and the tempo for playback."""
    direction = SubElement(element, "direction", placement="above", system="only-top")
    words = SubElement(direction, "direction-type")
    _text(words, "words", tempo_word(min(piece.tempo_bpm, MAX_BPM)), **{"font-weight": "bold"})
    metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
    beat = STRAIGHT[piece.meter.beat_ticks]
    _text(metronome, "beat-unit", beat.type)
    for _ in range(beat.dots):
        SubElement(metronome, "beat-unit-dot")
    _text(metronome, "per-minute", round(piece.tempo_bpm))
    SubElement(direction, "sound", tempo=f"{round(piece.tempo_qpm, 4):g}")


def _add_voice(element: Element, voice: Voice, staff: int, *, has_staves: bool) -> None:
    number = voice.layer + 1 + _VOICES_PER_STAFF * (staff - 1)
    for symbol in voice.symbols:
        # Not `forward`: Verovio does not count one at the end of a measure and puts the next clef too early.
        is_hidden = not symbol.heads and voice.has_hidden_rests
        for index, head in enumerate(symbol.heads or (None,)):
            note = SubElement(element, "note", {"print-object": "no"} if is_hidden else {})
            _add_note(note, symbol, head, index)
            _add_look(note, symbol, head, number, staff if has_staves else None, index)


def _add_note(note: Element, symbol: Symbol, head: Head | None, index: int) -> None:
    """Write what sounds: pitch or rest, duration, ties."""
    if head is None:
        SubElement(note, "rest", {} if symbol.figure.value.type else {"measure": "yes"})
    else:
        if index:
            SubElement(note, "chord")
        pitch = SubElement(note, "pitch")
        _text(pitch, "step", head.spelling.step)
        if head.spelling.alter:
            _text(pitch, "alter", head.spelling.alter)
        _text(pitch, "octave", head.spelling.octave)
    _text(note, "duration", symbol.figure.ticks)
    for kind in _ties(symbol):
        SubElement(note, "tie", type=kind)


def _ties(symbol: Symbol) -> Iterator[str]:
    if symbol.tie_back:
        yield "stop"
    if symbol.tie_on:
        yield "start"


def _add_look(note: Element, symbol: Symbol, head: Head | None, voice: int, staff: int | None, index: int) -> None:
    """Write what is seen: voice, value, accidental, stem, staff, beams, ties and brackets, in the order of the schema."""
    value = symbol.figure.value
    _text(note, "voice", voice)
    if value.type:
        _text(note, "type", value.type)
    for _ in range(value.dots):
        SubElement(note, "dot")
    if head is not None and head.accidental:
        _text(note, "accidental", head.accidental, **({"cautionary": "yes"} if head.is_courtesy else {}))
    if value.is_triplet:
        _add_time_modification(note)
    if symbol.stem:
        _text(note, "stem", symbol.stem)
    if staff is not None:
        _text(note, "staff", staff)
    if index == 0:
        for level, mark in enumerate(symbol.beams, start=1):
            _text(note, "beam", mark, number=str(level))
    _add_notations(note, symbol, index)


def _add_time_modification(note: Element) -> None:
    modification = SubElement(note, "time-modification")
    _text(modification, "actual-notes", 3)
    _text(modification, "normal-notes", 2)


def _add_notations(note: Element, symbol: Symbol, index: int) -> None:
    kinds = list(_ties(symbol))
    has_tuplet = symbol.tuplet and index == 0
    if not kinds and not has_tuplet:
        return
    notations = SubElement(note, "notations")
    for kind in kinds:
        SubElement(notations, "tied", type=kind)
    if has_tuplet:
        looks = {"bracket": "yes" if symbol.has_bracket else "no", "show-number": "actual"} if symbol.tuplet == "start" else {}
        SubElement(notations, "tuplet", {"type": symbol.tuplet, "number": "1", **looks})
