"""Scores that music21 has read, to MIDI bytes whose bar lines are those of the score.

Ties are merged; grace notes, chord symbols, unpitched percussion and lyrics are dropped; repeats are not played out, and of two
endings only the second is kept, because a first ending that runs into the second is music that nobody plays.

**Conventions**

- Times are ticks, 480 to the quarter note; pitches are sounding. Velocity is 80 throughout: a score has no touch.
- The mode of a key: dorian, aeolian and phrygian count as minor, mixolydian and lydian as major, with their printed signatures.
  Where no mode is given, or the "major" that notation programs write by default, the last bass note decides, else the pitches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from scogen_pipeline.errors import MidiError, RequestError
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.key import MODES, Key, Mode, estimate_mode
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.tempo import MAX_BPM, MIN_BPM, bpm_from_qpm, qpm_from_bpm
from scogen_pipeline.scores.barring import TPQ, Barring, WrittenMeasure, lay_measures
from scogen_pipeline.scores.part_names import VOCAL_GENRES, PartDescription, name_tracks

_VELOCITY: Final = 80
_DEFAULT_BPM: Final = 96
_DUPLE_DANCES: Final = ("reel", "hornpipe", "strathspey")
_MODES: Final[dict[str, Mode]] = {
    "major": "major", "ionian": "major", "lydian": "major", "mixolydian": "major",
    "minor": "minor", "aeolian": "minor", "dorian": "minor", "phrygian": "minor", "locrian": "minor",
}  # fmt: skip


class WrittenNote(NamedTuple):
    """A notehead: ticks from the start of its measure, ticks it lasts, sounding pitch, and whether a tie leads on from it."""

    offset: int
    duration: int
    pitch: int
    is_tied_on: bool = False


@dataclass
class PartMeasure:
    """What one part has in one measure."""

    length: int = 0
    meter: Meter | None = None
    key: tuple[int, str] | None = None
    is_section_end: bool = False
    notes: list[WrittenNote] = field(default_factory=list)


@dataclass(frozen=True)
class ScorePart:
    """A part of a score, free of music21."""

    description: PartDescription
    measures: tuple[PartMeasure, ...]
    is_transposed: bool = False


@dataclass(frozen=True)
class ConvertedScore:
    """A score as MIDI, and what its label row needs."""

    midi: bytes
    title: str
    composer: str
    key: Key
    meter: Meter
    n_notes: int
    n_irregular: int


def convert_score(
    score: Any,
    *,
    genre: str,
    collection: str,
    title: str = "",
    composer: str = "",
    copyright_notice: str = "",
    major_is_certain: bool = False,
) -> ConvertedScore:
    """Convert a `music21.stream.Score`.

    Args:
        score: Read by music21; it is not changed.
        genre: A name of `music.genres` or ""; it decides names of parts and the default tempo.
        collection: Folder of the corpus, or any name.
        title: Overrides the title of the score.
        composer: Overrides the composer of the score.
        copyright_notice: Written into the file.
        major_is_certain: Whether a written "major" is meant, and not what a notation program writes by default.

    Raises:
        MidiError: With a reason, if the score has no notes or its measures make no bars.
    """
    parts = [part for part in _read_parts(score, genre) if any(measure.notes for measure in part.measures)]
    if not parts:
        raise MidiError("no notes", "")
    if len({len(part.measures) for part in parts}) > 1:
        raise MidiError("parts disagree", f"measures: {', '.join(str(len(part.measures)) for part in parts)}")
    barring = lay_measures(_measures_together(parts))
    tracks = [
        MidiTrack(name, program, _sounding(part, barring))
        for part, (name, program) in zip(parts, name_tracks([part.description for part in parts], genre, collection), strict=True)
    ]
    keys = _keys(parts, barring, tracks, major_is_certain)
    meter = barring.meters[0][1]
    title, composer = title or _title(score), composer or _composer(score)
    midi = midi_bytes(
        tracks,
        tpq=TPQ,
        tempos=((0, _tempo_qpm(score, genre, meter)),),
        meters=[(tick, meter.numerator, meter.denominator) for tick, meter in barring.meters],
        keys=[(tick, key.fifths, key.mode) for tick, key in keys],
        title=title,
        composer=composer,
        copyright_notice=copyright_notice,
    )
    n_notes = sum(len(track.notes) for track in tracks)
    return ConvertedScore(midi, title, composer, keys[0][1], meter, n_notes, barring.n_irregular)


def _read_parts(score: Any, genre: str) -> list[ScorePart]:
    parts = list(score.parts) or [score]
    skipped = _first_endings(parts[0])
    return [_read_part(part, skipped, is_vocal=genre in (*VOCAL_GENRES, "lied")) for part in parts]


def _read_part(part: Any, skipped: frozenset[int], *, is_vocal: bool) -> ScorePart:
    shift = _transposition(part)
    if is_vocal and shift % 12 == 0:
        # Files of vocal music say "octave lower" for a clef with an 8 whose pitches they have lowered already.
        shift = 0
    written = list(part.getElementsByClass("Measure")) or [part]
    measures = tuple(_read_measure(measure, shift) for index, measure in enumerate(written) if index not in skipped)
    return ScorePart(_describe(part, measures), measures, shift % 12 != 0)


def _first_endings(part: Any) -> frozenset[int]:
    """Indices of the measures under a first ending that has a second one."""
    order = {id(measure): index for index, measure in enumerate(part.getElementsByClass("Measure"))}
    spans = []
    for bracket in part.recurse().getElementsByClass("RepeatBracket"):
        inside = [order[id(measure)] for measure in bracket.getSpannedElements() if id(measure) in order]
        if inside:
            spans.append((str(bracket.number), min(inside), max(inside)))
    skipped: set[int] = set()
    for number, first, last in spans:
        is_followed = any(start == last + 1 and other.startswith("2") for other, start, _ in spans)
        if number == "1" and is_followed:
            skipped.update(range(first, last + 1))
    return frozenset(skipped)


def _transposition(part: Any) -> int:
    """Semitones from the written to the sounding pitch of a part."""
    if part.atSoundingPitch is not False:
        return 0
    instrument = part.getInstrument(returnDefault=False)
    return round(instrument.transposition.semitones) if instrument is not None and instrument.transposition else 0


def _read_measure(measure: Any, shift: int) -> PartMeasure:
    read = PartMeasure()
    for container in (measure, *measure.getElementsByClass("Voice")):
        base = 0.0 if container is measure else float(container.offset)
        for element in container:
            classes = element.classSet
            if "GeneralNote" in classes:
                _read_note(read, element, base, shift)
            elif "TimeSignature" in classes and element.offset == 0:
                read.meter = _meter_if_known(element.numerator, element.denominator)
            elif "KeySignature" in classes:
                read.key = read.key or (element.sharps or 0, str(getattr(element, "mode", "") or ""))
    barline = getattr(measure, "rightBarline", None)
    read.is_section_end = barline is not None and barline.type != "regular"
    return read


def _meter_if_known(numerator: int, denominator: int) -> Meter | None:
    """Return a meter, or `None` for the 1/6 or 23/32 that music21 makes up for a measure that it cannot bar."""
    try:
        return Meter(numerator, denominator)
    except RequestError:
        return None


def _read_note(read: PartMeasure, element: Any, base: float, shift: int) -> None:
    """Add the notes of a note, a chord or (no notes) a rest, and reckon its end into the length of the measure."""
    classes = element.classSet
    if element.duration.isGrace or "Harmony" in classes:
        return
    start, end = round((base + element.offset) * TPQ), round((base + element.offset + element.quarterLength) * TPQ)
    read.length = max(read.length, end)
    if end <= start or not classes & {"Note", "Chord"}:
        return
    for note in element.notes if "Chord" in classes else (element,):
        is_tied_on = note.tie is not None and note.tie.type in ("start", "continue")
        pitch = round(note.pitch.ps) + shift
        if 0 <= pitch <= 127:
            read.notes.append(WrittenNote(start, end - start, pitch, is_tied_on))


def _describe(part: Any, measures: Sequence[PartMeasure]) -> PartDescription:
    instrument = part.getInstrument(returnDefault=False)
    pitches = [note.pitch for measure in measures for note in measure.notes]
    is_staff = "PartStaff" in part.classSet
    return PartDescription(
        name=(part.partName or "").strip().replace("MusicXML Part", ""),
        instrument=(instrument.instrumentName or "") if instrument is not None else "",
        program=(instrument.midiProgram or 0) if instrument is not None else 0,
        group=str(part.id).split("-Staff")[0] if is_staff else "",
        mean_pitch=sum(pitches) / len(pitches) if pitches else 60.0,
        has_lyrics=any(note.lyrics for note in part.recurse().notes),
    )


def _measures_together(parts: Sequence[ScorePart]) -> list[WrittenMeasure]:
    return [
        WrittenMeasure(
            length=max(measure.length for measure in column),
            notes_end=max((note.offset + note.duration for measure in column for note in measure.notes), default=0),
            meter=next((measure.meter for measure in column if measure.meter), None),
            is_section_end=any(measure.is_section_end for measure in column),
        )
        for column in zip(*(part.measures for part in parts), strict=True)
    ]


def _sounding(part: ScorePart, barring: Barring) -> list[tuple[int, int, int, int]]:
    """Return the notes of a part with ties merged and none sounding twice at once, sorted."""
    open_ends: dict[int, list[int]] = {}
    notes: list[list[int]] = []
    for start, measure in zip(barring.starts, part.measures, strict=True):
        for written in sorted(measure.notes):
            onset, end = start + written.offset, start + written.offset + written.duration
            # Half of the ties of old files have no end mark: a tie holds if the same pitch follows at once.
            held = open_ends.pop(written.pitch, None)
            if held is not None and held[1] == onset:
                held[1] = end
            else:
                held = [onset, end, written.pitch]
                notes.append(held)
            if written.is_tied_on:
                open_ends[written.pitch] = held
    return [(onset, end - onset, pitch, _VELOCITY) for onset, end, pitch in sorted(_without_unisons(notes))]


def _without_unisons(notes: Sequence[list[int]]) -> Iterator[tuple[int, int, int]]:
    """Yield notes such that no pitch starts twice at a time, and each ends before its pitch starts again."""
    last: tuple[int, int, int] | None = None
    for onset, end, pitch in sorted(notes, key=lambda note: (note[2], note[0], -note[1])):
        if last is not None and last[2] == pitch and last[0] == onset:
            continue
        if last is not None:
            yield (last[0], min(last[1], onset), pitch) if last[2] == pitch else last
        last = (onset, end, pitch)
    if last is not None:
        yield last


def _keys(
    parts: Sequence[ScorePart], barring: Barring, tracks: Sequence[MidiTrack], major_is_certain: bool
) -> list[tuple[int, Key]]:
    """Return the keys at their ticks: the signatures of the first part that is written as it sounds."""
    part = next((part for part in parts if not part.is_transposed), parts[0])
    signatures = [(start, *measure.key) for start, measure in zip(barring.starts, part.measures, strict=True) if measure.key]
    signatures = [item for item in signatures if -7 <= item[1] <= 7] or [(0, 0, "")]
    keys: list[tuple[int, Key]] = []
    for index, (tick, fifths, mode) in enumerate(signatures):
        end = signatures[index + 1][0] if index + 1 < len(signatures) else barring.end
        notes = _notes_between(tracks, tick if index else 0, end)
        if mode == "major" and major_is_certain:
            key = _parallel_minor_if_sounding(Key(fifths, "major"), _weights(notes))
        else:
            key = Key(fifths, _mode(fifths, mode, notes))
        if not keys or keys[-1][1] != key:
            keys.append((tick if keys else 0, key))
    return keys


def _notes_between(tracks: Sequence[MidiTrack], start: int, end: int) -> list[tuple[int, int, int, int]]:
    return [note for track in tracks for note in track.notes if start <= note[0] < end]


def _mode(fifths: int, written: str, notes: Sequence[tuple[int, int, int, int]]) -> Mode:
    if written and written != "major":
        return _MODES.get(written, "major")
    if notes:
        last_end = max(onset + duration for onset, duration, _, _ in notes)
        bass = min(pitch for onset, duration, pitch, _ in notes if onset + duration == last_end) % 12
        for mode in MODES:
            if Key(fifths, mode).tonic_pitch_class == bass:
                return mode
    return "major" if written else estimate_mode(_weights(notes), fifths)


def _parallel_minor_if_sounding(key: Key, weights: Sequence[float]) -> Key:
    """Return the minor key on the tonic of a major key if minor thirds outweigh major ones.

    The Essen collection writes its minor tunes so: the tonic's major signature, and accidentals.
    """
    minor_third, major_third = (weights[(key.tonic_pitch_class + step) % 12] for step in (3, 4))
    return Key(key.fifths - 3, "minor") if minor_third > major_third and key.fifths >= -4 else key


def _weights(notes: Sequence[tuple[int, int, int, int]]) -> list[float]:
    """Total duration of each pitch class, C first."""
    weights = [0.0] * 12
    for _, duration, pitch, _ in notes:
        weights[pitch % 12] += duration
    return weights


def _tempo_qpm(score: Any, genre: str, meter: Meter) -> float:
    """Return the first metronome mark of the opening, printed before played back, else what the genre has by custom."""
    marks = [mark for mark in score.recurse().getElementsByClass("MetronomeMark") if _is_early(mark, score)]
    for is_sounding in (False, True):
        for mark in marks:
            qpm = mark.getQuarterBPM(useNumberSounding=is_sounding)
            if qpm is not None and MIN_BPM <= bpm_from_qpm(qpm, meter) <= MAX_BPM:
                return float(qpm)
    return _customary_qpm(genre, meter)


def _customary_qpm(genre: str, meter: Meter) -> float:
    """Tempo of a genre; its dances last as long a measure in 2/4, 4/4 and 2/2, whatever the note value that is written."""
    if not genre:
        return qpm_from_bpm(_DEFAULT_BPM, meter)
    custom = GENRES[genre]
    if genre in _DUPLE_DANCES and meter.numerator in (2, 4):
        own = Meter.parse(custom.time_signature)
        return qpm_from_bpm(custom.tempo_bpm, own) * meter.bar_ticks / own.bar_ticks
    return qpm_from_bpm(custom.tempo_bpm, meter)


def _is_early(mark: Any, score: Any) -> bool:
    return float(mark.getOffsetInHierarchy(score)) < 8


def _title(score: Any) -> str:
    title = (score.metadata.bestTitle or "") if score.metadata is not None else ""
    return "" if title.endswith((".mxl", ".xml", ".krn", ".abc", ".musicxml")) else " ".join(title.split())


def _composer(score: Any) -> str:
    composer = str((score.metadata.composer or "") if score.metadata is not None else "")
    return " ".join(composer.split())
