from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.notation.schema import validate_musicxml

from scogen_pipeline.music.instruments import INSTRUMENTS, find_instrument
from scogen_pipeline.music.key import ALL_KEYS, Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.notation.musicxml import to_musicxml
from scogen_pipeline.notation.printed_measures import printed_measures
from scogen_pipeline.notation.quantise import clean
from scogen_pipeline.sampling.primer import Primer
from scogen_pipeline.scores.conversion import convert_score

Build = Callable[..., Piece]


def tree(text: str) -> Element:
    return ElementTree.fromstring(text)  # noqa: S314 - written by this package


def _sounding(stream: object) -> list[tuple[int, int, int]]:
    """(onset, pitch, duration) in grid ticks of one music21 part, ties joined by this test and not by music21."""
    heads = []
    for element in stream.recurse().notes:  # type: ignore[attr-defined]
        onset = round(24 * element.getOffsetInHierarchy(stream))
        duration = round(24 * element.quarterLength)
        chord = getattr(element, "notes", (element,))
        heads += [(onset, head.pitch.midi, duration, head.tie.type if head.tie else "") for head in chord]
    joined: list[tuple[int, int, int]] = []
    open_by_pitch: dict[tuple[int, int], int] = {}
    for onset, pitch, duration, tie in sorted(heads):
        if tie in ("stop", "continue"):
            index = open_by_pitch.pop((pitch, onset))
            start, _, before = joined[index]
            joined[index] = (start, pitch, before + duration)
        else:
            index = len(joined)
            joined.append((onset, pitch, duration))
        if tie in ("start", "continue"):
            open_by_pitch[pitch, onset + duration] = index
    assert not open_by_pitch
    return sorted(joined)


def read_with_music21(text: str) -> list[list[tuple[int, int, int]]]:
    from music21 import converter  # noqa: PLC0415

    return [_sounding(part) for part in converter.parse(text, format="musicxml").parts]


def expected(piece: Piece) -> list[list[tuple[int, int, int]]]:
    """The notes of each part; a pickup begins at once."""
    silence = piece.meter.bar_ticks - piece.pickup_ticks if piece.pickup_ticks else 0
    return [sorted((n.onset - silence, n.pitch, n.duration) for n in piece.notes_of(part)) for part in range(len(piece.parts))]


def assert_measures_full(text: str, piece: Piece) -> None:
    for part in tree(text).findall("part"):
        elements = part.findall("measure")
        lengths = [measure.ticks for measure in printed_measures(clean(piece))]
        assert len(elements) == piece.n_bars == len(lengths)
        for element, length in zip(elements, lengths, strict=True):
            ticks: dict[str, int] = defaultdict(int)
            for child in element:
                if child.tag in ("note", "forward") and child.find("chord") is None:
                    ticks[child.findtext("voice", "")] += int(child.findtext("duration", "0"))
            assert "1" in ticks
            assert set(ticks.values()) == {length}


def notes_in(text: str) -> list[Element]:
    return [note for note in tree(text).iter("note") if note.find("rest") is None]


def looks(text: str) -> list[tuple[str, str, str]]:
    """(pitch, type with dots, accidental) of each notehead."""
    return [
        (
            f"{n.findtext('pitch/step')}{n.findtext('pitch/alter', '')}",
            n.findtext("type", "") + "." * len(n.findall("dot")),
            n.findtext("accidental", ""),
        )
        for n in notes_in(text)
    ]


def test_each_piece_follows_the_schema_and_fills_its_measures(piece: Piece) -> None:
    text = to_musicxml(piece)
    validate_musicxml(text)
    assert_measures_full(text, piece)


def test_music21_reads_the_sounding_notes_of_the_piece(piece: Piece) -> None:
    assert read_with_music21(to_musicxml(piece)) == expected(clean(piece))


def test_small_pieces_need_no_cleaning(pieces: dict[str, Piece]) -> None:
    assert [name for name, piece in pieces.items() if name != "piano" and clean(piece) != piece] == []


def test_the_text_depends_on_the_piece_only(piece: Piece) -> None:
    assert to_musicxml(piece) == to_musicxml(piece)


@pytest.mark.parametrize("key", ALL_KEYS, ids=lambda key: key.name)
def test_every_key_has_its_signature_and_sounds_as_it_should(pieces: dict[str, Piece], key: Key) -> None:
    source = pieces["reel"] if key.mode == "major" else pieces["quartet"]
    shift = (key.tonic_pitch_class - source.key.tonic_pitch_class + 5) % 12 - 5
    piece = source.transposed(shift, key)
    text = to_musicxml(piece)
    root = tree(text)
    assert root.findtext(".//key/fifths") == str(key.fifths)
    assert root.findtext(".//key/mode") == key.mode
    natural = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    sounding = sorted(
        12 * (int(n.findtext("pitch/octave", "")) + 1)
        + natural[n.findtext("pitch/step", "")]
        + int(n.findtext("pitch/alter", "0"))
        for n in notes_in(text)
    )
    assert sounding == sorted(note.pitch for note in piece.notes)


def test_header_names_title_and_composer(pieces: dict[str, Piece]) -> None:
    root = tree(to_musicxml(pieces["chorale"]))
    assert root.findtext("work/work-title") == root.findtext("movement-title") == "Chorale in F sharp minor"
    creator = root.find("identification/creator")
    assert creator is not None
    assert (creator.get("type"), creator.text) == ("composer", "scogen, after chorale")


@pytest.mark.parametrize(
    ("meter", "qpm", "unit", "dots", "bpm"),
    [("4/4", 96, "quarter", 0, "96"), ("6/8", 174, "quarter", 1, "116"), ("9/8", 168, "quarter", 1, "112"),
     ("3/2", 144, "half", 0, "72"), ("2/2", 144, "half", 0, "72"), ("3/8", 60, "eighth", 0, "120"),
     ("6/4", 180, "half", 1, "60")],
)  # fmt: skip
def test_tempo_word_and_mark_share_one_direction(build: Build, meter: str, qpm: float, unit: str, dots: int, bpm: str) -> None:
    root = tree(to_musicxml(build("flute", meter, "C", ["C5/12"], tempo_qpm=float(qpm))))
    (direction,) = root.iter("direction")
    assert direction.findtext("direction-type/words")
    assert direction.findtext("direction-type/metronome/beat-unit") == unit
    assert len(direction.findall("direction-type/metronome/beat-unit-dot")) == dots
    assert direction.findtext("direction-type/metronome/per-minute") == bpm
    sound = direction.find("sound")
    assert sound is not None
    assert sound.get("tempo") == str(qpm)


def test_a_piano_is_one_part_with_two_staves(pieces: dict[str, Piece]) -> None:
    root = tree(to_musicxml(pieces["song"]))
    assert [name.text for name in root.iter("part-name")] == ["Voice", "Piano"]
    assert [staves.text for staves in root.iter("staves")] == ["2"]
    assert {note.findtext("staff") for note in root.findall("part[2]/measure/note")} == {"1", "2"}
    assert not list(root.iter("part-group"))


@pytest.mark.parametrize(("name", "through"), [("quartet", "yes"), ("chorale", "no")])
def test_families_are_bracketed(pieces: dict[str, Piece], name: str, through: str) -> None:
    root = tree(to_musicxml(pieces[name]))
    assert [group.get("type") for group in root.iter("part-group")] == ["start", "stop"]
    assert root.findtext(".//group-symbol") == "bracket"
    assert root.findtext(".//group-barline") == through


def test_doubled_instruments_are_numbered(pieces: dict[str, Piece]) -> None:
    root = tree(to_musicxml(pieces["quartet"]))
    assert [short.text for short in root.iter("part-abbreviation")] == ["Vln. 1", "Vln. 2", "Vla.", "Vc."]


def test_every_instrument_can_be_written() -> None:
    for instrument in INSTRUMENTS.values():
        piece = Piece(parts_for((instrument,)), (Note(0, 0, instrument.low, 24),), (Meter(4, 4),), Key(0, "major"))
        validate_musicxml(to_musicxml(piece))


def test_tenor_sings_from_a_treble_clef_an_octave_down(pieces: dict[str, Piece]) -> None:
    clefs = [
        (clef.findtext("sign"), clef.findtext("clef-octave-change")) for clef in tree(to_musicxml(pieces["chorale"])).iter("clef")
    ]
    assert clefs == [("G", None), ("G", None), ("G", "-1"), ("F", None)]


def test_a_left_hand_that_stays_high_changes_clef_and_a_lone_high_note_does_not(build: Build) -> None:
    high = build("piano", "4/4", "C", ["C6/96 C6 C6 C6 C6", "C3/96 C5 G5 E5 C3"])
    lone = build("piano", "4/4", "C", ["C6/96 C6", "C3/24 E4 C3 C3 C3/96"])

    def lower_clefs(piece: Piece) -> list[str | None]:
        root = tree(to_musicxml(piece))
        return [clef.findtext("sign") for clef in root.iter("clef") if clef.get("number") == "2"]

    assert lower_clefs(high) == ["F", "G", "F"]
    assert lower_clefs(lone) == ["F"]


def test_the_last_bar_line_is_final_and_the_only_one(piece: Piece) -> None:
    for part in tree(to_musicxml(piece)).findall("part"):
        assert [style.text for style in part.iter("bar-style")] == ["light-heavy"]
        assert part.findall("measure")[-1].findtext("barline/bar-style") == "light-heavy"


def test_meters_are_written_where_they_change(pieces: dict[str, Piece]) -> None:
    root = tree(to_musicxml(pieces["meter change"]))
    times = {
        m.get("number"): f"{t.findtext('beats')}/{t.findtext('beat-type')}" for m in root.iter("measure") for t in m.iter("time")
    }
    assert times == {"1": "4/4", "2": "6/8", "3": "3/4", "4": "2/4"}


def test_accidentals_stand_where_a_reader_needs_them(build: Build) -> None:
    text = to_musicxml(build("flute", "4/4", "A minor", ["A4/24 G#4 G#4 A4 G4/48 F#4/24 G#4/24 A4/96"]))
    assert [accidental for _, _, accidental in looks(text)] == ["", "sharp", "", "", "natural", "sharp", "sharp", ""]
    courtesies = [a.get("cautionary") for a in tree(text).iter("accidental")]
    assert courtesies == [None, "yes", None, None]


def test_a_tie_carries_its_accidental_over_the_bar_line_alone(build: Build) -> None:
    text = to_musicxml(build("flute", "2/4", "D minor", ["D5/24 C#5/48 C#5/24 D5/48"]))
    assert [(p, a) for p, _, a in looks(text)] == [("D", ""), ("C1", "sharp"), ("C1", ""), ("C1", "sharp"), ("D", "")]


def test_a_whole_measure_of_silence_is_one_measure_rest(build: Build) -> None:
    root = tree(to_musicxml(build("flute", "3/4", "C", ["r/72 C5/72"])))
    (rest,) = root.iter("rest")
    assert rest.get("measure") == "yes"


def test_triplets_have_time_modification_and_brackets_only_without_a_beam(build: Build) -> None:
    text = to_musicxml(build("flute", "2/4", "C", ["C5/8 D5 E5 F5/24 C5/16 D5 E5", ""]))
    root = tree(text)
    starts = [tuplet for tuplet in root.iter("tuplet") if tuplet.get("type") == "start"]
    assert [tuplet.get("bracket") for tuplet in starts] == ["no", "yes"]
    modified = [n.findtext("type") for n in notes_in(text) if n.find("time-modification") is not None]
    assert modified == ["eighth"] * 3 + ["quarter"] * 3


def test_second_layers_have_stems_and_no_printed_rests(pieces: dict[str, Piece]) -> None:
    root = tree(to_musicxml(pieces["piano"]))
    first = root.findall("part/measure")[0]
    stems = {(n.findtext("voice"), n.findtext("stem")) for n in first.findall("note") if n.findtext("staff") == "1"}
    assert stems == {("1", "up"), ("2", "down")}
    printed = [n.findtext("voice") for n in root.iter("note") if n.find("rest") is not None and n.get("print-object") != "no"]
    assert set(printed) <= {"1", "5"}


def test_the_schema_that_scores_are_held_against_refuses_others_with_the_place() -> None:
    with pytest.raises(AssertionError, match="line 2"):
        validate_musicxml("<score-partwise version='4.0'>\n<part-list/></score-partwise>")


@st.composite
def random_pieces(draw: st.DrawFn) -> Piece:
    names = draw(st.sampled_from([("piano",), ("violin", "cello"), ("soprano", "alto"), ("fiddle",)]))
    parts = parts_for(tuple(find_instrument(name) for name in names))
    meters = draw(
        st.lists(st.sampled_from(["2/4", "3/4", "4/4", "6/8", "9/8", "3/2", "5/8", "7/8", "3/16"]), min_size=1, max_size=3)
    )
    first = Meter.parse(meters[0])
    silence = draw(st.integers(0, first.bar_ticks - 1))
    bars = ((first,) if silence else ()) + tuple(Meter.parse(meter) for meter in meters)
    end = sum(bar.bar_ticks for bar in bars)
    grid = draw(st.sampled_from([12, 6, 4, 3, 1]))
    count = draw(st.integers(0, 24))
    notes = []
    for _ in range(count):
        onset = grid * draw(st.integers(-(-silence // grid), (end - 1) // grid))
        duration = min(end - onset, grid * draw(st.integers(1, max(1, 60 // grid))))
        notes.append(Note(onset, draw(st.integers(0, len(parts) - 1)), draw(st.integers(45, 90)), duration))
    return Piece(parts, tuple(sorted(notes)), bars, draw(st.sampled_from(ALL_KEYS)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_pieces())
def test_any_piece_is_written_with_all_its_notes(piece: Piece) -> None:
    text = to_musicxml(piece)
    validate_musicxml(text)
    assert_measures_full(text, piece)
    assert read_with_music21(text) == expected(clean(piece))


UPBEAT = ["r/48 G4/24 C5/24 D5 E5 C5/48", "r/72 C3/72 C3/48"]


def test_a_pickup_is_measure_zero_that_no_reader_counts(build: Build) -> None:
    text = to_musicxml(build("violin, cello", "3/4", "C", UPBEAT))
    validate_musicxml(text)
    for part in tree(text).findall("part"):
        assert [(m.get("number"), m.get("implicit")) for m in part] == [("0", "yes"), ("1", None), ("2", None)]
        assert [sum(int(d.text or "") for d in m.findall("note/duration")) for m in part] == [24, 72, 48]
        assert [m.findtext("attributes/time/beats") for m in part] == ["3", None, None]
    assert [m.get("number") for m in tree(text).iter("measure") if m.find("direction") is not None] == ["0"]


def test_a_part_that_is_silent_in_the_pickup_has_a_rest_of_its_length(build: Build) -> None:
    first = tree(to_musicxml(build("violin, cello", "3/4", "C", UPBEAT))).find("part[2]/measure")
    assert first is not None
    (note,) = first.findall("note")
    assert (note.findtext("type"), note.find("rest[@measure]")) == ("quarter", None)


def test_a_page_with_a_pickup_is_ingested_as_the_measures_of_the_piece(build: Build) -> None:
    from music21 import converter  # noqa: PLC0415

    piece = build("violin, cello", "3/4", "C", UPBEAT)
    score = converter.parseData(to_musicxml(piece), format="musicxml")
    again = Primer.read(convert_score(score, genre="string quartet", collection="trial").midi).piece
    assert (again.meters, again.pickup_ticks, again.notes) == (piece.meters, piece.pickup_ticks, piece.notes)


def test_both_hands_of_a_pickup_begin_together(build: Build) -> None:
    text = to_musicxml(build("piano", "6/8", "G", ["r/60 D5/12 G5/72 G5/60", "r/72 G3/72 G3/60"]))
    assert {backup.findtext("duration") for backup in tree(text).iter("backup")} == {"12", "72", "60"}
    assert read_with_music21(text) == [[(0, 74, 12), (12, 79, 72), (84, 79, 60)], [(12, 55, 72), (84, 55, 60)]]


def test_triplet_figures_stay_inside_their_window(build: Build) -> None:
    text = to_musicxml(build("flute", "4/4", "C", ["C5/8 D5/4 E5 F5/8 G5/36 F5/12"]))
    kinds = [t.get("type") for t in tree(text).iter("tuplet")]
    assert all(a != b for a, b in pairwise(kinds))
    assert kinds[0] == "start"
    assert kinds[-1] == "stop"
