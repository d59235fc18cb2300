"""The promise check must see what a careful reader sees: each corruption of a good file fails the right column, and only that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.adherence import Finding, Promise, check_files, final_bass
from scogen_pipeline.metrics.written import read_midi_file, read_musicxml
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.notation.midi_file import to_midi
from scogen_pipeline.notation.musicxml import to_musicxml

PROMISE = Promise(Key.parse("D"), Meter(3, 4), 96.0, (find_instrument("violin"), find_instrument("cello")), 3)
STEP_OF = {50: ("D", 3, 0), 52: ("E", 3, 0), 57: ("A", 3, 0), 73: ("C", 5, 1), 74: ("D", 5, 0), 76: ("E", 5, 0)}
#: Pitches of each measure, one a quarter; a number after a colon is a duration in quarters.
VIOLIN = ("74 76 73", "76:2 73", "74:3")
CELLO = ("50:3", "57:3", "50:3")


def notes_of(bars: tuple[str, ...]) -> list[tuple[int, int, int, int]]:
    notes = []
    for index, bar in enumerate(bars):
        at = index * 3 * 24
        for word in bar.split():
            pitch, _, quarters = word.partition(":")
            notes.append((at, int(quarters or 1) * 24, int(pitch), 80))
            at += int(quarters or 1) * 24
    return notes


def midi(
    qpm: float = 96.0, key: tuple[int, int, str] = (0, 2, "major"), meter: tuple[int, int, int] = (0, 3, 4), **parts
) -> bytes:
    tracks = [
        MidiTrack("Violin", parts.get("program", 40), notes_of(parts.get("violin", VIOLIN))),
        MidiTrack("Cello", 42, notes_of(parts.get("cello", CELLO))),
    ]
    return midi_bytes(tracks, tpq=24, tempos=((0, qpm),), meters=(meter,), keys=(key,))


def xml_note(word: str) -> str:
    pitch, _, quarters = word.partition(":")
    step, octave, alter = STEP_OF[int(pitch)]
    return (
        f"<note><pitch><step>{step}</step><alter>{alter}</alter><octave>{octave}</octave></pitch>"
        f"<duration>{int(quarters or 1) * 2}</duration></note>"
    )


ATTRIBUTES = (
    "<attributes><divisions>2</divisions><key><fifths>2</fifths><mode>major</mode></key>"
    "<time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
)
TEMPO = (
    "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>96</per-minute></metronome>"
    '</direction-type><sound tempo="96"/></direction>'
)


def xml_part(identity: str, bars: tuple[str, ...], tempo: str = "") -> str:
    measures = (
        f'<measure number="{number}">{ATTRIBUTES + tempo if number == 1 else ""}{"".join(map(xml_note, bar.split()))}</measure>'
        for number, bar in enumerate(bars, start=1)
    )
    return f'<part id="{identity}">{"".join(measures)}</part>'


def xml_listing(identity: str, name: str, program: int) -> str:
    return (
        f'<score-part id="{identity}"><part-name>{name}</part-name><score-instrument id="{identity}-I"><instrument-name>{name}'
        f'</instrument-name></score-instrument><midi-instrument id="{identity}-I"><midi-program>{program + 1}</midi-program>'
        "</midi-instrument></score-part>"
    )


def musicxml(violin: tuple[str, ...] = VIOLIN, cello: tuple[str, ...] = CELLO) -> str:
    listing = xml_listing("P1", "Violin", 40) + xml_listing("P2", "Cello", 42)
    parts = xml_part("P1", violin, TEMPO) + xml_part("P2", cello)
    return f'<score-partwise version="4.0"><part-list>{listing}</part-list>{parts}</score-partwise>'


def failures(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.name for finding in findings if not finding.is_kept}


def test_good_files_keep_every_promise() -> None:
    findings = check_files(musicxml(), midi(), PROMISE)

    assert [f for f in findings if not f.is_kept] == []
    assert len(findings) == len({f.name for f in findings}) == 18


def edit(old: str, new: str, count: int = -1) -> Callable[[str], str]:
    def apply(text: str) -> str:
        assert old in text
        return text.replace(old, new, count)

    return apply


def without_last_bar(text: str) -> str:
    start = text.index('<measure number="3">')
    return text[:start] + text[text.index("</measure>", start) + len("</measure>") :]


@pytest.mark.parametrize(
    ("corrupt", "columns"),
    [
        (edit("<step>D</step>", "<step>E</step>"), {"xml tonic", "same notes"}),
        (without_last_bar, {"xml bars", "same notes"}),
        (edit("<per-minute>96</per-minute>", "<per-minute>120</per-minute>"), {"xml tempo"}),
        (edit("<beat-unit>quarter</beat-unit>", "<beat-unit>half</beat-unit>"), {"xml tempo"}),
        (edit(TEMPO, ""), {"xml tempo"}),
        (edit("<duration>2</duration>", "<duration>1</duration>", 1), {"xml full", "same notes"}),
        (edit("<duration>6</duration>", "<duration>5</duration>", 1), {"xml full"}),
        (edit("<duration>6</duration>", "<duration>8</duration>", 1), {"xml full"}),
        (edit("<fifths>2</fifths>", "<fifths>1</fifths>", 1), {"xml key"}),
        (edit("<mode>major</mode>", "<mode>minor</mode>"), {"xml key"}),
        (edit("<part-name>Violin</part-name>", "<part-name>Viola</part-name>"), {"xml instruments"}),
        (edit("<midi-program>41</midi-program>", "<midi-program>1</midi-program>"), {"xml instruments"}),
        (edit("<octave>5</octave>", "<octave>8</octave>", 1), {"xml range", "same notes"}),
    ],
)
def test_a_corrupted_musicxml_fails_its_column(corrupt: Callable[[str], str], columns: set[str]) -> None:
    assert failures(check_files(corrupt(musicxml()), midi(), PROMISE)) == columns


def test_a_wrong_meter_in_musicxml_fails_meter_and_full() -> None:
    changed = edit("<beats>3</beats>", "<beats>4</beats>")(musicxml())

    assert failures(check_files(changed, midi(), PROMISE)) == {"xml meter", "xml full"}


@pytest.mark.parametrize(
    ("played", "columns"),
    [
        (midi(qpm=100.0), {"midi tempo"}),
        (midi(key=(0, 2, "minor")), {"midi key"}),
        (midi(key=(0, -1, "major")), {"midi key"}),
        (midi(meter=(0, 6, 8)), {"midi meter"}),
        (midi(program=41), {"midi instruments"}),
        (midi(violin=("74 76 73", "76:2 73", "73:3")), {"same notes"}),
        (midi(violin=("50 76 73", "76:2 73", "74:3")), {"midi range", "same notes"}),
        (midi(cello=("50:3", "57:3", "57:3")), {"midi tonic", "same notes"}),
        (midi(violin=VIOLIN[:2], cello=CELLO[:2]), {"midi bars", "midi tonic", "same notes"}),
        (midi(violin=(*VIOLIN, "74:3"), cello=(*CELLO, "50:3")), {"midi bars", "same notes"}),
    ],
)
def test_a_corrupted_midi_fails_its_column(played: bytes, columns: set[str]) -> None:
    assert failures(check_files(musicxml(), played, PROMISE)) == columns


@pytest.mark.parametrize(
    ("changed", "columns"),
    [
        ({"key": Key.parse("b")}, {"xml key", "midi key", "xml tonic", "midi tonic"}),
        ({"tempo_bpm": 97.0}, {"xml tempo", "midi tempo"}),
        ({"n_bars": 4}, {"xml bars", "midi bars"}),
        ({"instruments": (find_instrument("cello"), find_instrument("violin"))}, {"xml instruments", "midi instruments"}),
    ],
)
def test_good_files_do_not_keep_another_promise(changed: dict[str, object], columns: set[str]) -> None:
    assert failures(check_files(musicxml(), midi(), replace(PROMISE, **changed))) == columns


def test_a_grand_staff_is_two_staves_in_musicxml_and_one_or_two_tracks_in_midi() -> None:
    promise = replace(PROMISE, instruments=(find_instrument("piano"),))
    bars = []
    for number, (right, left) in enumerate(zip(VIOLIN, CELLO, strict=True), start=1):
        upper = "".join(map(xml_note, right.split())).replace("</note>", "<staff>1</staff></note>")
        lower = "".join(map(xml_note, left.split())).replace("</note>", "<voice>5</voice><staff>2</staff></note>")
        attributes = ATTRIBUTES.replace("</attributes>", "<staves>2</staves></attributes>")
        start = attributes + TEMPO if number == 1 else ""
        bars.append(f'<measure number="{number}">{start}{upper}<backup><duration>6</duration></backup>{lower}</measure>')
    listing = f"<part-list>{xml_listing('P1', 'Piano', 0)}</part-list>"
    text = f'<score-partwise>{listing}<part id="P1">{"".join(bars)}</part></score-partwise>'
    header = {"tpq": 24, "tempos": ((0, 96.0),), "meters": ((0, 3, 4),), "keys": ((0, 2, "major"),)}
    one = midi_bytes([MidiTrack("Piano", 0, notes_of(VIOLIN) + notes_of(CELLO))], **header)
    two = midi_bytes([MidiTrack("Piano", 0, notes_of(VIOLIN)), MidiTrack("Piano (left)", 0, notes_of(CELLO))], **header)

    assert failures(check_files(text, one, promise)) == failures(check_files(text, two, promise)) == set()
    assert "xml full" in failures(
        check_files(text.replace("<duration>6</duration><voice>5", "<duration>5</duration><voice>5", 1), two, promise)
    )


UPBEAT = replace(PROMISE, has_pickup=True)


def upbeat_musicxml(last: str = "74:2", cello_last: str = "50:2") -> str:
    """The trial in 3/4 with a quarter before the first bar line and a last measure of two."""
    text = musicxml(("74", "74 76 73", "76:2 73", last), ("50", "50:3", "57:3", cello_last))
    for number in range(1, 5):
        implicit = ' implicit="yes"' if number == 1 else ""
        text = text.replace(f'<measure number="{number}">', f'<measure number="{number - 1}"{implicit}>')
    return text


def upbeat_midi(**parts) -> bytes:
    def shifted(bars: tuple[str, ...]) -> list[tuple[int, int, int, int]]:
        return [(at + 48 if at < 72 else at, ticks, pitch, velocity) for at, ticks, pitch, velocity in notes_of(bars)]

    violin = shifted(parts.get("violin", ("74", "74 76 73", "76:2 73", "74:2")))
    cello = shifted(parts.get("cello", ("50", "50:3", "57:3", "50:2")))
    tracks = [MidiTrack("Violin", 40, violin), MidiTrack("Cello", 42, cello)]
    return midi_bytes(tracks, tpq=24, tempos=((0, 96.0),), meters=((0, 3, 4),), keys=((0, 2, "major"),))


def test_a_pickup_is_not_counted_and_sounds_at_the_end_of_its_measure() -> None:
    assert failures(check_files(upbeat_musicxml(), upbeat_midi(), UPBEAT)) == set()
    assert failures(check_files(upbeat_musicxml("74:3", "50:3"), upbeat_midi(), UPBEAT)) == set()
    score, played = read_musicxml(upbeat_musicxml()), read_midi_file(upbeat_midi())
    for read in (score, played):
        assert {part.pickup for part in read.parts} == {1}
        assert [note.onset for note in read.parts[0].notes] == [2, 3, 4, 5, 6, 8, 9]
    assert {part.n_bars for part in score.parts} == {3}


def test_a_pickup_and_none_are_different_promises() -> None:
    broken = {"xml pickup", "midi pickup"}
    assert failures(check_files(upbeat_musicxml(), upbeat_midi(), PROMISE)) >= broken
    assert failures(check_files(musicxml(), midi(), UPBEAT)) >= broken
    assert failures(check_files(upbeat_musicxml(), upbeat_midi(), replace(UPBEAT, n_bars=4))) == {"xml bars", "midi bars"}


def counted(text: str) -> str:
    """Number the pickup like any measure."""
    for number in range(3, -1, -1):
        text = text.replace(f'<measure number="{number}"', f'<measure number="{number + 1}"')
    return text


@pytest.mark.parametrize(
    ("corrupt", "columns"),
    [
        (counted, {"xml bars", "xml pickup", "xml full", "same notes"}),
        # A rest before the pickup, as a page that is not cut has it.
        (edit(xml_note("74"), "<note><rest/><duration>4</duration></note>" + xml_note("74"), 1), {"xml bars", "xml pickup"}),
        (edit(xml_note("50"), xml_note("50:2"), 1), {"xml pickup", "same notes"}),
        (edit(xml_note("74:2"), xml_note("74")), {"xml full"}),
        (edit(xml_note("74:2"), xml_note("74:3")), {"xml full"}),
        (edit(xml_note("76:2"), xml_note("76"), 1), {"xml full", "same notes"}),
    ],
)
def test_a_corrupted_pickup_in_musicxml_fails_its_column(corrupt: Callable[[str], str], columns: set[str]) -> None:
    assert failures(check_files(corrupt(upbeat_musicxml()), upbeat_midi(), UPBEAT)) >= columns


@pytest.mark.parametrize(
    ("played", "columns"),
    [
        (midi(), {"midi pickup", "same notes"}),
        (upbeat_midi(violin=("73 74", "74 76 73", "76:2 73", "74:2")), {"same notes"}),
        (upbeat_midi(violin=("74", "74 76 73", "76:2 73"), cello=("50", "50:3", "57:3")), {"midi bars", "same notes"}),
    ],
)
def test_a_corrupted_pickup_in_midi_fails_its_column(played: bytes, columns: set[str]) -> None:
    assert failures(check_files(upbeat_musicxml(), played, UPBEAT)) >= columns


def test_the_files_of_a_piece_with_a_pickup_keep_its_promises() -> None:
    notes = [Note(48, 0, 74, 24), *(Note(72 + 24 * i, 0, 76, 24) for i in range(3)), Note(144, 0, 74, 48), Note(144, 1, 50, 48)]
    parts = parts_for(UPBEAT.instruments)
    piece = Piece(parts, tuple(sorted(notes)), (Meter(3, 4),) * 3, UPBEAT.key, tempo_qpm=96.0)
    findings = check_files(to_musicxml(piece), to_midi(piece), replace(UPBEAT, n_bars=2))

    assert [finding for finding in findings if not finding.is_kept] == []


def test_a_tied_note_counts_once() -> None:
    tied = edit(
        xml_note("76:2"),
        xml_note("76").replace("</note>", '<tie type="start"/></note>')
        + xml_note("76").replace("</note>", '<tie type="stop"/></note>'),
    )(musicxml())

    assert failures(check_files(tied, midi(), PROMISE)) == set()
    assert read_musicxml(tied).parts[0].notes == read_musicxml(musicxml()).parts[0].notes
    assert failures(check_files(tied.replace('<tie type="start"/>', ""), midi(), PROMISE)) == set()
    assert failures(check_files(tied.replace('<tie type="stop"/>', ""), midi(), PROMISE)) == {"same notes"}


def in_voice(number: int, note: str) -> str:
    return note.replace("</duration>", f"</duration><voice>{number}</voice>")


def backup(quarters: int, tag: str = "backup") -> str:
    return f"<{tag}><duration>{quarters * 2}</duration></{tag}>"


@pytest.mark.parametrize(
    ("measure", "faults"),
    [
        (in_voice(1, xml_note("74:3")) + backup(3) + in_voice(2, xml_note("50:3")), ()),
        (in_voice(1, xml_note("74:3")) + backup(2) + in_voice(2, xml_note("50:1")), ()),
        (in_voice(1, xml_note("74:3")) + backup(2) + in_voice(2, xml_note("50:3")), ("bar 1: 4 of 3 quarters",)),
        (in_voice(1, xml_note("74:2")) + backup(2) + in_voice(2, xml_note("50:3")), ("bar 1: 2 of 3 quarters",)),
        (backup(1, "forward") + xml_note("74:2"), ("bar 1: a gap in voice 1",)),
        ("<note><grace/><pitch><step>D</step><octave>5</octave></pitch></note>" + xml_note("74:3"), ()),
        (xml_note("74:2") + backup(1) + xml_note("74:2"), ("bar 1: an overlap in voice 1",)),
        (xml_note("74:3") + xml_note("57:3").replace("<note>", "<note><chord/>"), ()),
    ],
)
def test_the_first_voice_fills_a_measure_and_the_others_stay_inside(measure: str, faults: tuple[str, ...]) -> None:
    attributed = ATTRIBUTES + measure
    text = (
        f"<score-partwise><part-list>{xml_listing('P1', 'Violin', 40)}</part-list>"
        f'<part id="P1"><measure number="1">{attributed}</measure></part></score-partwise>'
    )

    assert read_musicxml(text).parts[0].faults == faults


def test_unreadable_files_are_data_errors() -> None:
    with pytest.raises(DataError, match="MusicXML must be readable"):
        check_files("<score-partwise>", midi(), PROMISE)
    with pytest.raises(DataError, match="MIDI must be readable"):
        check_files(musicxml(), b"no music here", PROMISE)


def test_the_final_bass_of_silence_is_nothing() -> None:
    assert final_bass(()) is None
