"""Read what was written: MusicXML and MIDI files back as plain facts.

This reading is independent of the writing on purpose: MusicXML is read by music21, MIDI by symusic (it is written with mido),
and neither sees a `Piece`. It judges nothing (see `metrics.adherence`) and mends nothing: what the file lacks stays empty.

**Conventions.** Times are exact quarter notes (`Fraction`); pitches are sounding MIDI numbers; a tied note counts once. MusicXML
gives one part a staff, MIDI one a track that has notes.

Time 0 is where the first measure would begin if it were full: a printed pickup of one quarter in 3/4 sounds at 2, as it does in
the MIDI file, which has the silence before it. What stands at the head of the score (meter, key, tempo) stands at 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from scogen_pipeline.errors import DataError


class WrittenNote(NamedTuple):
    """A note as a file has it: onset and duration in quarters, sounding pitch."""

    onset: Fraction
    pitch: int
    duration: Fraction


class WrittenTempo(NamedTuple):
    """A tempo as a file has it: where, in quarters, and how fast; `beat_quarters` is what the printed mark counts, 0 if none."""

    onset: Fraction
    qpm: float
    beat_quarters: float


class WrittenKey(NamedTuple):
    """A key signature: where, in quarters, its sharps (positive) or flats, and its mode or ""."""

    onset: Fraction
    fifths: int
    mode: str


@dataclass(frozen=True)
class WrittenPart:
    """One staff of a MusicXML file or one track of a MIDI file.

    Args:
        name: Part or track name, "" if none.
        program: General MIDI program from 0, -1 if none is given.
        notes: Sorted by onset and pitch.
        meters: Onset in quarters and time signature, "3/4".
        keys: Key signatures in order.
        n_bars: Measures that are counted, so not that of a pickup; 0 where the format does not say (MIDI).
        faults: Measures that are not exactly full: "bar 3: 3.5 of 4 quarters". The last may lack what the pickup has.
        pickup: Length of the music before the first bar line; 0 if there is none. In MIDI it holds for all tracks.
        end: Where the last measure ends; in MIDI, where the last note does.
    """

    name: str
    program: int
    notes: tuple[WrittenNote, ...]
    meters: tuple[tuple[Fraction, str], ...]
    keys: tuple[WrittenKey, ...]
    n_bars: int = 0
    faults: tuple[str, ...] = ()
    pickup: Fraction = Fraction(0)
    end: Fraction = Fraction(0)


@dataclass(frozen=True)
class WrittenScore:
    """A file as read back. MIDI has its meters and keys in every part, for they hold for all."""

    parts: tuple[WrittenPart, ...]
    tempos: tuple[WrittenTempo, ...]

    @property
    def notes(self) -> tuple[WrittenNote, ...]:
        """The notes of all parts, sorted."""
        return tuple(sorted(note for part in self.parts for note in part.notes))


def read_musicxml(text: str) -> WrittenScore:
    """Read a MusicXML document with music21; a grand staff becomes two parts.

    Raises:
        DataError: If music21 cannot read it.
    """
    from music21 import converter  # noqa: PLC0415
    from music21.exceptions21 import Music21Exception  # noqa: PLC0415
    from music21.tempo import MetronomeMark  # noqa: PLC0415

    try:
        score: Any = converter.parseData(text, format="musicxml", forceSource=True)
    except (Music21Exception, SyntaxError) as error:  # ElementTree's ParseError is a SyntaxError
        raise DataError(f"MusicXML must be readable by music21, received a document that is not: {error}") from error
    silence = max((_silence_before(measures) for measures in map(_measures, score.parts)), default=Fraction(0))
    tempos = {
        WrittenTempo(
            _placed(Fraction(mark.getOffsetInHierarchy(score)), silence),
            float(mark.getQuarterBPM() or 0),
            mark.referent.quarterLength,
        )
        for mark in score.recurse().getElementsByClass(MetronomeMark)
    }
    parts = (_staff(part, program) for part, program in zip(score.parts, _programs_by_staff(text), strict=True))
    return WrittenScore(tuple(parts), tuple(sorted(tempos)))


def _placed(onset: Fraction, silence: Fraction) -> Fraction:
    """Move a sign of the score by the silence before a pickup, unless it stands at the head."""
    return onset + silence if onset else onset


def _programs_by_staff(text: str) -> Iterator[int]:
    """Yield the General MIDI program of each staff from the document: music21 prefers what the name suggests to it."""
    from lxml import etree  # noqa: PLC0415

    root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True, encoding="utf-8"))
    for listed, part in zip(root.iter("score-part"), root.iter("part"), strict=True):
        program = int(listed.findtext("midi-instrument/midi-program") or 0) - 1
        yield from [program] * int(part.findtext("measure/attributes/staves") or 1)


def _measures(part: Any) -> list[Any]:
    from music21.stream import Measure  # noqa: PLC0415

    return list(part.getElementsByClass(Measure))


def _full_length(measure: Any) -> Fraction:
    return Fraction(measure.barDuration.quarterLength)


def _silence_before(measures: list[Any]) -> Fraction:
    """What a first measure that is not counted (number 0) lacks to be full; 0 if the first measure is counted."""
    if not measures or measures[0].number != 0:
        return Fraction(0)
    return max(Fraction(0), _full_length(measures[0]) - Fraction(measures[0].highestTime))


def _staff(part: Any, program: int) -> WrittenPart:
    measures = _measures(part)
    silence = _silence_before(measures)
    pickup = _full_length(measures[0]) - silence if silence else Fraction(0)
    heads = (
        (head._replace(onset=head.onset + silence), is_tied) for measure in measures for head, is_tied in _noteheads(measure)
    )
    signatures = [(measure, signature) for measure in measures for signature in measure.getElementsByClass("KeySignature")]
    return WrittenPart(
        name=part.partName or "",
        program=program,
        notes=tuple(sorted(_joined(heads))),
        meters=tuple(
            (_placed(Fraction(measure.offset), silence), sign.ratioString)
            for measure in measures
            for sign in measure.getElementsByClass("TimeSignature")
        ),
        keys=tuple(
            WrittenKey(_placed(Fraction(m.offset), silence), s.sharps, getattr(s, "mode", None) or "") for m, s in signatures
        ),
        n_bars=len(measures) - bool(pickup),
        faults=tuple(_faults(measures, pickup)),
        pickup=pickup,
        end=Fraction(part.highestTime) + silence,
    )


def _faults(measures: list[Any], pickup: Fraction) -> Iterator[str]:
    for measure in measures:
        full = _full_length(measure)
        if pickup and measure is measures[0]:
            full = pickup
        elif pickup and measure is measures[-1] and Fraction(measure.highestTime) == full - pickup:
            full -= pickup
        yield from _measure_faults(measure, full)


def _noteheads(measure: Any) -> Iterator[tuple[WrittenNote, bool]]:
    """Yield what is printed, and whether it is tied to the one before."""
    for element in measure.recurse().notes:
        if element.duration.isGrace:
            continue
        onset = Fraction(element.getOffsetInHierarchy(measure)) + Fraction(measure.offset)
        for note in element.notes if element.isChord else (element,):
            is_tied = note.tie is not None and note.tie.type in ("stop", "continue")
            yield WrittenNote(onset, note.pitch.midi, Fraction(element.duration.quarterLength)), is_tied


def _joined(noteheads: Iterable[tuple[WrittenNote, bool]]) -> Iterator[WrittenNote]:
    """Join tied noteheads; one that is tied to nothing stays a note of its own."""
    notes: dict[tuple[int, Fraction], WrittenNote] = {}  # by pitch and end
    for head, is_tied in sorted(noteheads):
        note = notes.pop((head.pitch, head.onset), None) if is_tied else None
        joined = head if note is None else note._replace(duration=note.duration + head.duration)
        end = (head.pitch, head.onset + head.duration)
        if end in notes:
            yield notes.pop(end)  # a unison: both are notes
        notes[end] = joined
    yield from notes.values()


def _measure_faults(measure: Any, full: Fraction) -> Iterator[str]:
    """Say which voices of a measure do not add up: the first must fill it, the others stay inside it; none may overlap itself."""
    for index, voice in enumerate(list(measure.voices) or [measure]):
        end = Fraction(0)
        has_gap = has_overlap = False
        for element in voice.notesAndRests:
            if element.duration.isGrace:
                continue
            onset = Fraction(element.offset)
            has_gap, has_overlap = has_gap or onset > end, has_overlap or onset < end
            end = onset + Fraction(element.duration.quarterLength)
        if end > full or (index == 0 and end != full):
            yield f"bar {measure.number}: {float(end):g} of {float(full):g} quarters"
        elif has_overlap or (index == 0 and has_gap):
            yield f"bar {measure.number}: {'an overlap' if has_overlap else 'a gap'} in voice {index + 1}"


def read_midi_file(data: bytes) -> WrittenScore:
    """Read a standard MIDI file with symusic; tracks without notes are left out.

    Raises:
        DataError: If symusic cannot read it.
    """
    from symusic import Score  # noqa: PLC0415

    try:
        midi: Any = Score.from_midi(data)
    except RuntimeError as error:
        raise DataError(f"MIDI must be readable by symusic, received a file that is not: {error}") from error
    tpq = midi.ticks_per_quarter
    meters = tuple((Fraction(sign.time, tpq), f"{sign.numerator}/{sign.denominator}") for sign in midi.time_signatures)
    keys = tuple(WrittenKey(Fraction(k.time, tpq), k.key, "minor" if k.tonality else "major") for k in midi.key_signatures)
    tempos = tuple(WrittenTempo(Fraction(tempo.time, tpq), tempo.qpm, 0.0) for tempo in midi.tempos)
    notes = [_track_notes(track, tpq) for track in midi.tracks]
    pickup = _pickup_before_bar_2(notes, meters)
    parts = (
        WrittenPart(track.name, track.program, own, meters, keys, pickup=pickup, end=max(n.onset + n.duration for n in own))
        for track, own in zip(midi.tracks, notes, strict=True)
        if own
    )
    return WrittenScore(tuple(parts), tempos)


def _pickup_before_bar_2(notes: Iterable[tuple[WrittenNote, ...]], meters: tuple[tuple[Fraction, str], ...]) -> Fraction:
    """What is left of the first measure when the first of all tracks begins, unless that is at once or later."""
    first = min((own[0].onset for own in notes if own), default=Fraction(0))
    bar = 4 * Fraction(meters[0][1]) if meters else Fraction(4)
    return bar - first if 0 < first < bar else Fraction(0)


def _track_notes(track: Any, tpq: int) -> tuple[WrittenNote, ...]:
    notes = (WrittenNote(Fraction(n.time, tpq), n.pitch, Fraction(n.duration, tpq)) for n in track.notes)
    return tuple(sorted(notes))
