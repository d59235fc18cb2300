"""A piece as the symbols of a page: what stands where on which staff, before any file format.

**Conventions.** One `StaffMeasure` a part and measure; its voices are layers, upper first; the figures of a voice fill what is
printed of the measure, and their times count from where the full measure begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from scogen_pipeline.music.piece import Note, Piece
from scogen_pipeline.notation.accidentals import AccidentalMemory
from scogen_pipeline.notation.beams import beam_marks, beam_runs
from scogen_pipeline.notation.clefs import choose_clefs
from scogen_pipeline.notation.layers import Chord, split_layers
from scogen_pipeline.notation.printed_measures import PrintedMeasure, printed_measures
from scogen_pipeline.notation.quantise import clean
from scogen_pipeline.notation.rhythm import Figure, Span, Value, write_figures
from scogen_pipeline.notation.spelling import Spelling, spell

Stem = Literal["", "up", "down"]


class Head(NamedTuple):
    """A notehead: its name, the accidental printed before it ("" for none), and whether that is a courtesy."""

    spelling: Spelling
    accidental: str = ""
    is_courtesy: bool = False


class Symbol(NamedTuple):
    """A chord or a rest as printed.

    Args:
        figure: Its time and note value.
        heads: Noteheads, ascending; empty for a rest.
        tie_back: Whether a tie leads to it.
        tie_on: Whether a tie leads on.
        stem: Stem direction, "" where the layout may choose.
        beams: Beam marks, eighth beam first.
        tuplet: "start" or "stop" of a triplet.
        has_bracket: Whether the triplet that starts here needs a bracket.
    """

    figure: Figure
    heads: tuple[Head, ...] = ()
    tie_back: bool = False
    tie_on: bool = False
    stem: Stem = ""
    beams: tuple[str, ...] = ()
    tuplet: Literal["", "start", "stop"] = ""
    has_bracket: bool = False


@dataclass(frozen=True)
class Voice:
    """One layer of a measure of a staff. Rests of a hidden voice are not printed."""

    layer: int
    symbols: tuple[Symbol, ...]
    has_hidden_rests: bool = False


@dataclass(frozen=True)
class StaffMeasure:
    """A measure of one staff."""

    clef: str
    voices: tuple[Voice, ...]


@dataclass(frozen=True)
class Score:
    """The cleaned piece, its measures as printed, and for each part what stands in them."""

    piece: Piece
    measures: tuple[PrintedMeasure, ...]
    staves: tuple[tuple[StaffMeasure, ...], ...]


def engrave(piece: Piece) -> Score:
    """Decide everything that stands on the page."""
    piece = clean(piece)
    spelling_by_note = dict(zip(piece.notes, spell(piece.notes, piece.key), strict=True))
    measures = printed_measures(piece)
    staves = tuple(_engrave_part(piece, part, measures, spelling_by_note) for part in range(len(piece.parts)))
    return Score(piece, measures, staves)


def _engrave_part(
    piece: Piece, part: int, measures: Sequence[PrintedMeasure], spelling_by_note: dict[Note, Spelling]
) -> tuple[StaffMeasure, ...]:
    chords = split_layers(piece.notes_of(part))
    by_measure = _by_measure(chords, measures)
    heights = [[spelling_by_note[note].diatonic for chord in inside for note in chord.notes] for inside in by_measure]
    clefs = choose_clefs(piece.parts[part], heights)
    memory = AccidentalMemory(piece.key.fifths)
    staff = []
    for measure, inside, clef in zip(measures, by_measure, clefs, strict=True):
        memory.new_measure()
        heads = _read_heads(inside, measure, spelling_by_note, memory)
        staff.append(StaffMeasure(clef, _voices(inside, measure, heads)))
    return tuple(staff)


def _by_measure(chords: Sequence[Chord], measures: Sequence[PrintedMeasure]) -> list[list[Chord]]:
    """Return the chords that sound in each measure."""
    inside: list[list[Chord]] = [[] for _ in measures]
    first = 0
    for chord in chords:
        while measures[first].end <= chord.onset:
            first += 1
        for index in range(first, len(measures)):
            if measures[index].start >= chord.end:
                break
            inside[index].append(chord)
    return inside


def _read_heads(
    chords: Sequence[Chord], measure: PrintedMeasure, spelling_by_note: dict[Note, Spelling], memory: AccidentalMemory
) -> dict[Chord, tuple[Head, ...]]:
    """Name the noteheads of a measure in the order of reading, tied ones first."""
    heads = {}
    for chord in sorted(chords, key=lambda chord: (max(chord.onset, measure.start), chord.onset, chord.layer)):
        is_tied = chord.onset < measure.start
        spellings = [spelling_by_note[note] for note in chord.notes]
        heads[chord] = tuple(Head(spelling, *memory.read(spelling, is_tied=is_tied)) for spelling in spellings)
    return heads


def _voices(chords: Sequence[Chord], measure: PrintedMeasure, heads: dict[Chord, tuple[Head, ...]]) -> tuple[Voice, ...]:
    layers = sorted({0, *(chord.layer for chord in chords)})
    voices = []
    for layer in layers:
        own = [chord for chord in chords if chord.layer == layer]
        symbols = _symbols(own, measure, heads)
        # A second layer comes and goes without rests; an upper layer that pauses while another sounds on keeps them.
        has_hidden_rests = layer > 0 or (not own and len(layers) > 1)
        voices.append(Voice(layer, symbols, has_hidden_rests))
    return tuple(voices)


def _symbols(chords: Sequence[Chord], measure: PrintedMeasure, heads: dict[Chord, tuple[Head, ...]]) -> tuple[Symbol, ...]:
    if not chords and not measure.is_cut:
        return (Symbol(Figure(0, measure.ticks, Value(""), None)),)
    figures = write_figures(_spans(chords, measure), measure.meter)
    symbols = [_symbol(figure, chords, measure, heads) for figure in figures]
    runs = beam_runs(figures, measure.meter)
    for run in runs:
        stem: Stem = next((symbols[index].stem for index in run if symbols[index].stem), "")
        for index, marks in beam_marks(figures, run, measure.meter).items():
            symbols[index] = symbols[index]._replace(beams=marks, stem=stem)
    return tuple(_with_tuplets(symbols, runs))


def _spans(chords: Sequence[Chord], measure: PrintedMeasure) -> list[Span]:
    """Fill one layer of a measure with sounds and silences; times become relative to the full measure."""
    spans, now = [], measure.start - measure.origin
    for index, chord in enumerate(chords):
        start, end = (min(max(tick, measure.start), measure.end) - measure.origin for tick in (chord.onset, chord.end))
        if start > now:
            spans.append(Span(now, start, None))
        spans.append(Span(start, end, index))
        now = end
    last = measure.end - measure.origin
    return spans if now == last else [*spans, Span(now, last, None)]


def _symbol(figure: Figure, chords: Sequence[Chord], measure: PrintedMeasure, heads: dict[Chord, tuple[Head, ...]]) -> Symbol:
    if figure.chord is None:
        return Symbol(figure)
    chord = chords[figure.chord]
    tie_back, tie_on = chord.onset < measure.origin + figure.start, chord.end > measure.origin + figure.end
    is_first = chord.onset == measure.origin + figure.start
    shown = heads[chord] if is_first else tuple(Head(head.spelling) for head in heads[chord])
    stem: Stem = ("up", "down")[chord.layer % 2] if chord.is_shared else ""
    return Symbol(figure, shown, tie_back, tie_on, stem)


def _with_tuplets(symbols: Sequence[Symbol], runs: Sequence[tuple[int, ...]]) -> list[Symbol]:
    """Mark the first and last symbol of each triplet; one beam over all of it makes the bracket superfluous."""
    marked = list(symbols)
    for window in sorted({symbol.figure.window for symbol in symbols if symbol.figure.window is not None}):
        inside = [index for index, symbol in enumerate(symbols) if symbol.figure.window == window]
        has_bracket = tuple(inside) not in runs
        marked[inside[0]] = marked[inside[0]]._replace(tuplet="start", has_bracket=has_bracket)
        marked[inside[-1]] = marked[inside[-1]]._replace(tuplet="stop")
    return marked
