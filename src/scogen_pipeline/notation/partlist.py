"""The list of players: names, abbreviations, braces and brackets, and the sounds that a notation program plays them with.

**Conventions.** A *player* is one MusicXML part: one part of the piece, or the two hands of a grand staff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from scogen_pipeline.music.instruments import Instrument
from scogen_pipeline.music.piece import Part, Piece

_DRUM_CHANNEL: Final = 10

#: Instruments that a bracket joins when they stand next to each other, and whether bar lines run through: not across sung words.
_FAMILIES: Final = (
    (frozenset({"soprano", "alto", "tenor", "bass"}), False),
    (frozenset({"violin", "viola", "cello", "double bass"}), True),
    (frozenset({"piccolo", "flute", "recorder", "oboe", "english horn", "clarinet", "bassoon"}), True),
    (frozenset({"trumpet", "horn", "trombone", "tuba"}), True),
)

#: Customary abbreviations; any other name keeps its first letters.
_ABBREVIATIONS: Final = {
    "soprano": "S.", "alto": "A.", "tenor": "T.", "bass": "B.", "voice": "V.", "piano": "Pno.", "harpsichord": "Hpschd.",
    "organ": "Org.", "harp": "Hp.", "violin": "Vln.", "fiddle": "Fdl.", "viola": "Vla.", "cello": "Vc.", "double bass": "Db.",
    "piccolo": "Picc.", "flute": "Fl.", "recorder": "Rec.", "tin whistle": "T. W.", "oboe": "Ob.", "english horn": "E. H.",
    "clarinet": "Cl.", "bassoon": "Bsn.", "soprano saxophone": "S. Sax.", "alto saxophone": "A. Sax.",
    "tenor saxophone": "T. Sax.", "trumpet": "Tpt.", "horn": "Hn.", "trombone": "Tbn.", "tuba": "Tba.",
    "accordion": "Acc.", "guitar": "Gtr.", "mandolin": "Mdn.", "banjo": "Bj.",
}  # fmt: skip


@dataclass(frozen=True)
class Player:
    """One MusicXML part: its identifier, and the indices of the piece's parts that it plays, top staff first."""

    identifier: str
    parts: tuple[int, ...]


def players(piece: Piece) -> tuple[Player, ...]:
    """Group the parts of a piece: a right hand and the left hand after it are one player."""
    groups: list[list[int]] = []
    for index, part in enumerate(piece.parts):
        if groups and part.hand == "left" and _is_right_hand_of(piece.parts[groups[-1][-1]], part):
            groups[-1].append(index)
        else:
            groups.append([index])
    return tuple(Player(f"P{number}", tuple(group)) for number, group in enumerate(groups, start=1))


def _is_right_hand_of(upper: Part, lower: Part) -> bool:
    return upper.hand == "right" and upper.instrument == lower.instrument and upper.name == lower.name


def abbreviation(part: Part) -> str:
    """Return the short name before later systems, with the number of a doubled instrument.

    >>> from scogen_pipeline.music.instruments import find_instrument
    >>> abbreviation(Part(find_instrument("violin"), name="Violin 2"))
    'Vln. 2'
    """
    short = _ABBREVIATIONS[part.instrument.name]
    own_number = part.label.removeprefix(part.instrument.title).strip()
    return f"{short} {own_number}" if own_number.isdigit() else short


def add_part_list(root: Element, piece: Piece) -> None:
    """Append the `part-list` of a piece to the document."""
    part_list = SubElement(root, "part-list")
    numbered = list(enumerate(players(piece), start=1))
    for family, group in groupby(numbered, key=lambda item: _family(piece.parts[item[1].parts[0]].instrument)):
        members = list(group)
        is_joined = family is not None and len(members) > 1
        if is_joined:
            _start_group(part_list, through=family is not None and _FAMILIES[family][1])
        for number, player in members:
            _add_score_part(part_list, player, [piece.parts[index] for index in player.parts], number)
        if is_joined:
            SubElement(part_list, "part-group", type="stop", number="1")


def _family(instrument: Instrument) -> int | None:
    return next((index for index, (names, _) in enumerate(_FAMILIES) if instrument.name in names), None)


def _start_group(part_list: Element, *, through: bool) -> None:
    group = SubElement(part_list, "part-group", type="start", number="1")
    SubElement(group, "group-symbol").text = "bracket"
    SubElement(group, "group-barline").text = "yes" if through else "no"


def _add_score_part(part_list: Element, player: Player, parts: Sequence[Part], number: int) -> None:
    part = parts[0]
    score_part = SubElement(part_list, "score-part", id=player.identifier)
    SubElement(score_part, "part-name").text = part.label
    SubElement(score_part, "part-abbreviation").text = abbreviation(part)
    instrument_id = f"{player.identifier}-I1"
    instrument = SubElement(score_part, "score-instrument", id=instrument_id)
    SubElement(instrument, "instrument-name").text = part.instrument.title
    midi = SubElement(score_part, "midi-instrument", id=instrument_id)
    channel = (number - 1) % 15 + 1
    SubElement(midi, "midi-channel").text = str(channel if channel < _DRUM_CHANNEL else channel + 1)
    SubElement(midi, "midi-program").text = str(part.instrument.program + 1)
