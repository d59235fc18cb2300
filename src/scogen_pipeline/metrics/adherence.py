"""Are the promises kept? What was asked for against what the written files say.

A request promises a meter, a number of measures, a pickup or none, a tempo, instruments, a key signature, full measures, playable
notes and an end on the tonic. Each promise is judged twice where the format allows: on the MusicXML and on the MIDI, as read by
`metrics.written`.

**Conventions.** A finding carries what was promised and what was found, both as a reader would say them. Published rates for such
checks (MuseCoco key 13.7 %, Text2Score key 89 %, tempo 92.6 %) are for free text requests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from scogen_pipeline.metrics.written import WrittenNote, WrittenPart, WrittenScore, read_midi_file, read_musicxml
from scogen_pipeline.music.instruments import Instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Part, longest_pickup, parts_for

Source = Literal["xml", "midi"]
#: A MIDI tempo is whole microseconds a quarter and a metronome mark may print a rounded number.
_TEMPO_TOLERANCE: Final = 0.005
#: Printed and played onsets may differ by a rounding of MIDI ticks (a triplet at 480 ticks is exact, at 24 as well).
_ONSET_GRID: Final = 96


@dataclass(frozen=True)
class Promise:
    """What a request promised, with its defaults filled in.

    Args:
        key: Key signature and mode.
        meter: Meter of every measure.
        tempo_bpm: Beats of the meter per minute.
        instruments: Top first.
        n_bars: Number of measures, the pickup not counted.
        has_pickup: Whether it begins before the first bar line; how long before is not promised.
    """

    key: Key
    meter: Meter
    tempo_bpm: float
    instruments: tuple[Instrument, ...]
    n_bars: int
    has_pickup: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """One part a staff."""
        return parts_for(self.instruments)

    @property
    def tempo_qpm(self) -> float:
        """Quarter notes per minute."""
        return self.tempo_bpm * self.meter.beat_quarters


class Finding(NamedTuple):
    """One promise against one file. `name` is a column of the table: "xml key", "midi tempo"."""

    name: str
    promised: str
    found: str
    is_kept: bool


def check_files(musicxml: str, midi: bytes, promise: Promise) -> tuple[Finding, ...]:
    """Judge a written MusicXML and MIDI pair against a promise.

    Raises:
        DataError: If a file cannot be read at all.
    """
    return check_scores(read_musicxml(musicxml), read_midi_file(midi), promise)


def check_scores(score: WrittenScore, midi: WrittenScore, promise: Promise) -> tuple[Finding, ...]:
    """Judge what was read against a promise; the last finding says whether both files hold the same notes."""
    sources: tuple[tuple[Source, WrittenScore], ...] = (("xml", score), ("midi", midi))
    return (
        *(_named(source, check(read, promise)) for source, read in sources for check in _CHECKS[source]),
        _same_notes(score, midi),
    )


def _named(source: Source, finding: Finding) -> Finding:
    return finding._replace(name=f"{source} {finding.name}")


def _meter(score: WrittenScore, promise: Promise) -> Finding:
    found = [part.meters for part in score.parts]
    is_kept = bool(found) and all(meters == ((Fraction(0), str(promise.meter)),) for meters in found)
    return Finding("meter", str(promise.meter), _spoken(sign for meters in found for _, sign in meters), is_kept)


def _printed_bars(score: WrittenScore, promise: Promise) -> Finding:
    counts = [part.n_bars for part in score.parts]
    return Finding("bars", str(promise.n_bars), _spoken(counts), set(counts) == {promise.n_bars})


def _played_bars(score: WrittenScore, promise: Promise) -> Finding:
    """The last note must end in the last measure: MIDI has no other trace of the length. That of a pickup is not counted."""
    bar = Fraction(promise.meter.bar_ticks, 24)
    end = max((part.end for part in score.parts), default=Fraction(0))
    n_bars = -(-end // bar) - any(part.pickup for part in score.parts)
    return Finding("bars", str(promise.n_bars), str(n_bars), n_bars == promise.n_bars)


def _pickup(score: WrittenScore, promise: Promise) -> Finding:
    """All parts must agree on the music before the first bar line, which leaves at least a beat of the measure out."""
    found = {part.pickup for part in score.parts}
    room = Fraction(longest_pickup(promise.meter), 24) if promise.has_pickup else Fraction(0)
    is_kept = len(found) == 1 and all((length > 0) == promise.has_pickup and length <= room for length in found)
    spoken = _spoken(f"{float(length):g} quarters" if length else "none" for length in sorted(found))
    return Finding("pickup", f"up to {float(room):g} quarters" if promise.has_pickup else "none", spoken, is_kept)


def _tempo(score: WrittenScore, promise: Promise) -> Finding:
    found = score.tempos
    is_near = [abs(tempo.qpm / promise.tempo_qpm - 1) <= _TEMPO_TOLERANCE for tempo in found]
    beats = {tempo.beat_quarters for tempo in found} - {0.0}
    is_kept = any(tempo.onset == 0 for tempo in found) and all(is_near) and beats <= {promise.meter.beat_quarters}
    return Finding("tempo", f"{promise.tempo_qpm:g} qpm", _spoken(f"{tempo.qpm:.4g} qpm" for tempo in found), is_kept)


def _staves(score: WrittenScore, promise: Promise) -> Finding:
    promised = [(part.label, part.instrument.program) for part in promise.parts]
    found = [(part.name, part.program) for part in score.parts]
    return Finding("instruments", _named_programs(promised), _named_programs(found), found == promised)


def _tracks(score: WrittenScore, promise: Promise) -> Finding:
    """A grand staff may be one track or two; a name may say more than the label ("Piano, left hand")."""
    parts = promise.parts
    promised = [(part.label, part.instrument.program) for part in parts]
    found = [(part.name, part.program) for part in score.parts]
    layouts = (promised, [pair for pair, part in zip(promised, parts, strict=True) if part.hand != "left"])
    is_kept = any(
        len(layout) == len(found)
        and all(name.startswith(label) and program == p for (label, program), (name, p) in zip(layout, found, strict=True))
        for layout in layouts
    )
    return Finding("instruments", _named_programs(promised), _named_programs(found), is_kept)


def _key(score: WrittenScore, promise: Promise) -> Finding:
    wanted = promise.key
    found = [part.keys for part in score.parts]
    is_kept = bool(found) and all(
        len(keys) == 1 and keys[0].onset == 0 and keys[0].fifths == wanted.fifths and keys[0].mode in ("", wanted.mode)
        for keys in found
    )
    spoken = _spoken(f"{key.fifths:+d} {key.mode}".strip() for keys in found for key in keys)
    return Finding("key", f"{wanted.fifths:+d} {wanted.mode}", spoken, is_kept)


def _full(score: WrittenScore, promise: Promise) -> Finding:
    faults = [f"{part.name} {fault}" for part in score.parts for fault in part.faults]
    bar = Fraction(promise.meter.bar_ticks, 24)
    end = bar * (promise.n_bars + promise.has_pickup)
    late = [part.name for part in score.parts if any(n.onset >= end for n in part.notes)]
    ends = sorted({part.end for part in score.parts})
    if len(ends) > 1 and len({part.n_bars for part in score.parts}) == 1:
        faults.append(f"the parts end after {' and '.join(f'{float(end):g}' for end in ends)} quarters")
    return Finding("full", "every bar", "; ".join([*faults[:3], *late]) or "every bar", not faults and not late)


def _range(score: WrittenScore, promise: Promise) -> Finding:
    """Judge each part by the instrument at its place; a grand staff in one track has fewer parts, so names decide first."""
    by_name = {part.label: part.instrument for part in promise.parts}
    outside = [
        f"{part.name} {note.pitch}"
        for part, instrument in zip(score.parts, _instruments_of(score.parts, by_name, promise), strict=True)
        for note in part.notes
        if not instrument.low <= note.pitch <= instrument.high
    ]
    return Finding("range", "playable", ", ".join(outside[:4]) or "playable", not outside)


def _instruments_of(parts: tuple[WrittenPart, ...], by_name: dict[str, Instrument], promise: Promise) -> Iterator[Instrument]:
    """Yield the instrument of each part: the longest label that begins its name, else the one at its place."""
    for index, part in enumerate(parts):
        labels = [label for label in by_name if part.name.startswith(label)]
        place = min(index, len(promise.parts) - 1)
        yield by_name[max(labels, key=len)] if labels else promise.parts[place].instrument


def _tonic(score: WrittenScore, promise: Promise) -> Finding:
    """The lowest of the notes that end last must be the tonic."""
    found = final_bass(score.notes)
    is_kept = found is not None and found % 12 == promise.key.tonic_pitch_class
    names = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    return Finding("tonic", promise.key.tonic_name, "nothing" if found is None else names[found % 12], is_kept)


def final_bass(notes: tuple[WrittenNote, ...]) -> int | None:
    """Return the lowest pitch among the notes that begin or sound at the last onset, `None` without notes."""
    if not notes:
        return None
    last_onset = max(note.onset for note in notes)
    return min(note.pitch for note in notes if note.onset + note.duration > last_onset)


def _same_notes(score: WrittenScore, midi: WrittenScore) -> Finding:
    """Both files must hold the same onsets and pitches. Durations are left out: played notes may be shorter than printed ones."""
    printed, played = (Counter((round(note.onset * _ONSET_GRID), note.pitch) for note in read.notes) for read in (score, midi))
    n_missing, n_added = (printed - played).total(), (played - printed).total()
    found = f"{n_missing} missing, {n_added} added" if n_missing or n_added else f"{played.total()} notes"
    return Finding("same notes", f"{printed.total()} notes", found, printed == played and bool(printed))


def _spoken(values: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values)) or "nothing"


def _named_programs(pairs: list[tuple[str, int]]) -> str:
    return _spoken(f"{name} ({program})" for name, program in pairs) + f", {len(pairs)} parts"


_CHECKS: Final[dict[Source, tuple[Callable[[WrittenScore, Promise], Finding], ...]]] = {
    "xml": (_meter, _printed_bars, _pickup, _tempo, _staves, _key, _full, _range, _tonic),
    "midi": (_meter, _played_bars, _pickup, _tempo, _tracks, _key, _range, _tonic),
}
