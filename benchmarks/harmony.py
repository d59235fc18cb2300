"""How far the analysis of form and harmony agrees with people: chords, phrases, returning measures, and what it costs.

Run: `python benchmarks/harmony.py [FOLDER]`, where FOLDER holds the ingested corpus (default `data/02_intermediate`: first run
the corpus and ingest pipelines with `collections=all,pieces=0`). The judges come with music21: roman-numeral analyses of Bach
chorales and Monteverdi madrigals, the lines of Essen folk songs (a line is a phrase there), and the fermatas of Bach chorales.
Takes some minutes, most of them to read the roman numerals.
"""

from __future__ import annotations

import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from scogen_pipeline.analysis.chords import Chord, chords_of
from scogen_pipeline.analysis.note_columns import measure_bounds
from scogen_pipeline.analysis.phrases import phrases_of
from scogen_pipeline.analysis.returns import resemblance, returns_of
from scogen_pipeline.analysis.slots import harmonic_slots
from scogen_pipeline.errors import DataError
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.scores.score_files import read_abc, split_tunes
from scogen_pipeline.tokens.quantise import quantise
from scogen_pipeline.tokens.tables import raw_pieces

TICKS = 24
N_FERMATA_CHORALES = 120


class Span(NamedTuple):
    """A chord that somebody wrote down, from tick to tick."""

    onset: int
    end: int
    chord: Chord


def pieces_of(folder: Path, wanted: Callable[[pd.DataFrame], Any]) -> Iterator[Piece]:
    """Yield the pieces of an ingested corpus whose facts are wanted."""
    facts = pd.read_parquet(folder / "piece_facts.parquet")
    facts = facts[(facts["time_base"] == "score") & wanted(facts)]
    for part, own in facts.groupby("part", observed=True):
        names = ("tracks", "notes", "time_signatures")
        tables = {name: pd.read_parquet(folder / "midi" / name / f"{part}.parquet") for name in names}
        for _, raw in raw_pieces(own, tables["tracks"], tables["notes"], tables["time_signatures"]):
            try:
                yield quantise(raw)
            except DataError as error:
                print(f"left out {raw.source}: {error}", file=sys.stderr)


# Chords ------------------------------------------------------------------------------------------------------------------------


def roman_analyses() -> dict[str, list[Span]]:
    """Return the roman-numeral analyses of music21 by the path of their piece."""
    from music21 import corpus  # noqa: PLC0415

    analyses = {}
    for path in sorted(corpus.getPaths(fileExtensions=["rntxt"]), key=str):
        text = path.read_text(encoding="utf-8", errors="replace")
        bwv = re.search(r"^BWV:\s*(\S+)", text, re.MULTILINE)
        target = f"music21/bach/bwv{bwv[1]}.mid" if bwv else f"music21/monteverdi/{path.stem}.mid"
        analyses[target] = _spans(corpus.parse(path).flatten().getElementsByClass("RomanNumeral"))
    return analyses


def _spans(numerals: Any) -> list[Span]:
    spans = []
    for numeral in numerals:
        onset, length = round(numeral.offset * TICKS), round(numeral.quarterLength * TICKS)
        spans.append(Span(onset, onset + length, Chord(numeral.root().pitchClass, _quality(numeral))))
    return [span for span in spans if span.end > span.onset]


def _quality(chord: Any) -> str:
    steps = {(pitch.pitchClass - chord.root().pitchClass) % 12 for pitch in chord.pitches}
    if 4 in steps:
        return "dominant" if 10 in steps else "major"
    if 3 in steps:
        return "diminished" if 6 in steps and 7 not in steps else "minor"
    return "major"


def slot_bounds(piece: Piece) -> list[tuple[int, int]]:
    """Return the first and the last tick of each slot."""
    starts = [measure.onset + slot for measure in piece.measures() for slot in harmonic_slots(measure.meter, len(piece.parts))]
    return list(zip(starts, [*starts[1:], piece.end], strict=True))


def aligned(piece: Piece, spans: list[Span]) -> list[Span]:
    """Move an analysis to where it fits the notes best.

    Raises:
        DataError: If it fits nowhere, as where its repeats are not those of the score.
    """
    shift, share = max(((shift, _fit(piece, spans, shift)) for shift in range(-96, 97, 24)), key=lambda pair: pair[1])
    if share < 0.8:
        raise DataError(f"`spans` must fit the notes, received {share:.0%} chord tones.")
    return [Span(span.onset + shift, span.end + shift, span.chord) for span in spans]


def judged_slots(piece: Piece, spans: list[Span]) -> list[Chord | None]:
    """Return the chord that holds longest of each slot."""
    judged: list[Chord | None] = []
    for start, end in slot_bounds(piece):
        lengths: dict[Chord, int] = defaultdict(int)
        for span in spans:
            overlap = min(end, span.end) - max(start, span.onset)
            if overlap > 0:
                lengths[span.chord] += overlap
        judged.append(max(lengths, key=lengths.__getitem__) if lengths else None)
    return judged


_TONES = {"major": (0, 4, 7, 11), "minor": (0, 3, 7, 10), "diminished": (0, 3, 6, 9, 10), "dominant": (0, 4, 7, 10)}


def _fit(piece: Piece, spans: list[Span], shift: int) -> float:
    """Return the share of notes that begin with a chord and belong to it."""
    by_onset = {span.onset + shift: span.chord for span in spans}
    hits = [
        (note.pitch - by_onset[note.onset].root) % 12 in _TONES[by_onset[note.onset].quality]
        for note in piece.notes
        if note.onset in by_onset
    ]
    return sum(hits) / max(1, len(hits)) if len(hits) > len(spans) / 2 else 0.0


def triad(chord: Chord) -> tuple[int, str]:
    """Return a chord without its seventh."""
    return chord.root, "major" if chord.quality == "dominant" else chord.quality


class Agreement:
    """Counts slots on which two analyses agree."""

    def __init__(self) -> None:
        self.counts = np.zeros(4, dtype=int)

    def add(self, ours: list[Chord | None], theirs: list[Chord | None]) -> None:
        """Count the slots where both name a chord."""
        for a, b in zip(ours, theirs, strict=True):
            if a is not None and b is not None:
                self.counts += [1, a.root == b.root, triad(a) == triad(b), a == b]

    def __str__(self) -> str:
        """Write slots and shares: root, root and triad, root and quality."""
        root, triads, quality = self.counts[1:] / max(1, self.counts[0])
        return f"{self.counts[0]:7d} slots   root {root:6.1%}   triad {triads:6.1%}   quality {quality:6.1%}"


def flat(chords: Any) -> list[Chord | None]:
    """Return the chords of all measures in one list."""
    return [chord for measure in chords for chord in measure]


def nearest_triad(piece: Piece) -> list[Chord | None]:
    """Return a baseline: of each slot alone the major, minor or diminished triad that covers most sounding time."""
    shapes = {"major": (0, 4, 7), "minor": (0, 3, 7), "diminished": (0, 3, 6)}
    triads = [Chord(root, name) for name in shapes for root in range(12)]
    covers = np.zeros((12, len(triads)))
    for column, (root, name) in enumerate(triads):
        covers[[(root + step) % 12 for step in shapes[name]], column] = 1.0
        covers[root, column] += 0.01
    profile = np.zeros((len(slot_bounds(piece)), 12))
    starts, ends = np.array(slot_bounds(piece)).T
    for note in piece.notes:
        profile[:, note.pitch % 12] += np.maximum(0, np.minimum(note.end, ends) - np.maximum(note.onset, starts))
    best = (profile @ covers).argmax(axis=1)
    return [triads[choice] if heard else None for choice, heard in zip(best, profile.any(axis=1), strict=True)]


def tonic(piece: Piece) -> list[Chord | None]:
    """Return a baseline: the tonic throughout."""
    return [Chord(piece.key.tonic_pitch_class, piece.key.mode)] * len(slot_bounds(piece))


def only_part(piece: Piece, part: int) -> Piece:
    """Return a piece with one of its parts."""
    return replace(piece, parts=(piece.parts[part],), notes=tuple(n._replace(part=0) for n in piece.notes if n.part == part))


def report_chords(folder: Path) -> None:
    """Print how often the chords are those of the roman-numeral analyses, by method."""
    analyses = roman_analyses()
    pieces = list(pieces_of(folder, lambda facts: facts["path"].isin(list(analyses))))
    methods: dict[str, Callable[[Piece], list[Chord | None]]] = {
        "chords_of": lambda piece: flat(chords_of(piece)),
        "nearest triad": nearest_triad,
        "tonic": tonic,
    }
    for group in ("bach", "monteverdi"):
        for shape in ("all parts", "top part alone"):
            agreements, n_pieces = {name: Agreement() for name in methods}, 0
            for piece in pieces:
                if f"/{group}/" not in piece.source:
                    continue
                try:
                    spans = aligned(piece, analyses[piece.source])
                except DataError:
                    continue
                seen = piece if shape == "all parts" else only_part(piece, 0)
                theirs = judged_slots(seen, spans)
                n_pieces += 1
                for name, method in methods.items():
                    agreements[name].add(method(seen), theirs)
            for name, agreement in agreements.items():
                print(f"{group:12} {n_pieces:3d} {shape:16} {name:14} {agreement}", flush=True)


def report_melodies(folder: Path, n_songs: int = 150) -> None:
    """Print how often the chords of the voice of a Lied alone are those of the voice with the piano."""
    methods = {"chords_of": lambda piece: flat(chords_of(piece)), "nearest triad": nearest_triad, "tonic": tonic}
    agreements = {name: Agreement() for name in methods}
    for piece in some_of(folder, "lied", n_songs):
        if len(piece.parts) == 3:
            voice = only_part(piece, 0)
            heard = flat(chords_of(voice))
            judged = [theirs if own else None for theirs, own in zip(judged_slots(voice, chord_spans(piece)), heard, strict=True)]
            for name, method in methods.items():
                agreements[name].add(method(voice), judged)
    for name, agreement in agreements.items():
        print(f"voice of a Lied against the whole {name:14} {agreement}", flush=True)


def chord_spans(piece: Piece) -> list[Span]:
    """Return the analysis of a piece as spans."""
    chords = zip(slot_bounds(piece), flat(chords_of(piece)), strict=True)
    return [Span(start, end, chord) for (start, end), chord in chords if chord is not None]


# Phrases -----------------------------------------------------------------------------------------------------------------------


def essen_lines(corpus_folder: Path) -> dict[str, list[int]]:
    """Return the onset of the first note of each line, in ticks from the first note, by the path of the song."""
    lines = {}
    for path in sorted((corpus_folder / "essenFolksong").glob("*.abc")):
        for tune in split_tunes(read_abc(str(path))):
            number = re.search(r"X:\s*(\d+)", tune)
            onsets = _line_onsets(tune)
            if number and onsets:
                lines[f"music21/essenFolksong/{path.stem}-{int(number[1]):04d}.mid"] = onsets
    return lines


def _line_onsets(tune: str) -> list[int]:
    unit = re.search(r"^L:\s*(\d+)/(\d+)", tune, re.MULTILINE)
    whole = Fraction(int(unit[1]), int(unit[2])) * 4 * TICKS if unit else Fraction(12)
    body = tune[tune.index("K:") :].partition("\n")[2]
    onsets, now, tied = [], Fraction(0), False
    for line in body.splitlines():
        if re.match(r"\s*[A-Za-z]:", line) or not line.strip():
            continue
        first = None
        tuplet = (0, Fraction(1))
        for found in re.finditer(
            r"\((?P<tuplet>\d)|(?P<note>[_^=]*[A-Ga-gzx][,']*)(?P<up>\d*)(?P<down>(?:/\d*)*)(?P<tie>-?)", line
        ):
            if found["tuplet"]:
                tuplet = (
                    int(found["tuplet"]),
                    {2: Fraction(3, 2), 3: Fraction(2, 3), 4: Fraction(3, 4)}.get(int(found["tuplet"]), Fraction(1)),
                )
                continue
            length = Fraction(int(found["up"] or 1))
            for part in found["down"].split("/")[1:]:
                length /= int(part or 2)
            if tuplet[0]:
                length, tuplet = length * tuplet[1], (tuplet[0] - 1, tuplet[1])
            is_rest = found["note"][-1] in "zx" or found["note"][0] in "zx"
            if not is_rest and not tied and first is None:
                first = now
            tied = bool(found["tie"])
            now += length * whole
        if first is not None:
            onsets.append(first)
    return [round(onset - onsets[0]) for onset in onsets]


def nearest_bars(piece: Piece, onsets: list[int]) -> set[int] | None:
    """Return the measures that phrases beginning at these ticks from the first note belong to; `None` if an onset is no note."""
    bounds = measure_bounds(piece)
    begin = piece.notes[0].onset
    starts = {note.onset for note in piece.notes}
    if any(begin + onset not in starts for onset in onsets):
        return None
    bars = set()
    for onset in onsets[1:]:
        bar = int(np.searchsorted(bounds, begin + onset, side="right") - 1)
        bars.add(bar + int(2 * (begin + onset - bounds[bar]) >= bounds[bar + 1] - bounds[bar]))
    return {bar for bar in bars if 0 < bar < piece.n_bars}


class BoundaryScore:
    """Counts boundaries that are right, proposed, and true."""

    def __init__(self) -> None:
        self.right = self.proposed = self.true = 0
        self.f1s: list[float] = []

    def add(self, ours: set[int], theirs: set[int]) -> None:
        """Count the boundaries of one piece."""
        self.right, self.proposed, self.true = (
            self.right + len(ours & theirs), self.proposed + len(ours), self.true + len(theirs)
        )  # fmt: skip
        self.f1s.append(2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours or theirs else 1.0)

    def __str__(self) -> str:
        """Write precision, recall and F1."""
        precision, recall = self.right / max(1, self.proposed), self.right / max(1, self.true)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return (
            f"{len(self.f1s):5d} pieces, {self.true:6d} boundaries   precision {precision:6.1%}   recall {recall:6.1%}   "
            f"F1 {f1:6.1%}   mean F1 of a piece {np.mean(self.f1s):6.1%}"
        )


def boundaries(piece: Piece) -> set[int]:
    """Return the measures that begin a phrase, but the first."""
    left = phrases_of(piece)
    return {bar for bar in range(1, piece.n_bars) if left[bar - 1] == 1}


def every(n: int) -> Callable[[Piece], set[int]]:
    """Return a baseline: a phrase every `n` measures, after an upbeat measure if there is one."""

    def cut(piece: Piece) -> set[int]:
        first = int(2 * piece.notes[0].onset >= piece.meter.bar_ticks)
        return set(range(first + n, piece.n_bars, n))

    return cut


def after_longest(piece: Piece) -> set[int]:
    """Return a baseline: a phrase after each note that lasts, with its rest, at least twice the median."""
    onsets = np.array(sorted({note.onset for note in piece.notes if note.part == 0}))
    intervals = np.diff(onsets)
    begins = onsets[1:][intervals >= 2 * np.median(intervals)] - piece.notes[0].onset
    return nearest_bars(piece, [0, *(int(onset) for onset in begins)]) or set()


_CUTS: dict[str, Callable[[Piece], set[int]]] = {
    "phrases_of": boundaries,
    "every 2 measures": every(2),
    "every 4 measures": every(4),
    "after long notes": after_longest,
}


def report_phrases(folder: Path) -> None:
    """Print how the phrases fit the lines of Essen songs and the fermatas of Bach chorales."""
    lines = essen_lines(corpus_folder())
    scores = {name: BoundaryScore() for name in _CUTS}
    for piece in pieces_of(folder, lambda facts: facts["path"].isin(list(lines)) & (facts.index % 8 == 4)):
        theirs = nearest_bars(piece, lines[piece.source])
        if theirs is not None:
            for name, cut in _CUTS.items():
                scores[name].add(cut(piece), theirs)
    for name, score in scores.items():
        print(f"Essen lines       {name:17} {score}", flush=True)
    scores = {name: BoundaryScore() for name in _CUTS}
    for piece, theirs in fermata_phrases(folder):
        for name, cut in _CUTS.items():
            scores[name].add(cut(piece), theirs)
    for name, score in scores.items():
        print(f"chorale fermatas  {name:17} {score}", flush=True)


def fermata_phrases(folder: Path, n_chorales: int = N_FERMATA_CHORALES) -> Iterator[tuple[Piece, set[int]]]:
    """Yield chorales and the measures of the first notes after a fermata of the soprano."""
    from music21 import corpus  # noqa: PLC0415

    chorales = (piece for piece in some_of(folder, "chorale", n_chorales) if "/bach/bwv" in piece.source)
    for piece in chorales:
        soprano = corpus.parse("bach/" + Path(piece.source).stem).parts[0].flatten().notes
        begin, onsets, is_after = soprano[0].offset, [0], False
        for note in soprano:
            if is_after and (note.tie is None or note.tie.type == "start"):
                onsets.append(round((note.offset - begin) * TICKS))
            is_after = any("Fermata" in expression.classes for expression in note.expressions)
        theirs = nearest_bars(piece, onsets)
        if theirs and len(onsets) > 2:
            yield piece, theirs


def corpus_folder() -> Path:
    """Return the folder of the music21 corpus."""
    import music21  # noqa: PLC0415

    return Path(music21.__file__).parent / "corpus"


# Returns -----------------------------------------------------------------------------------------------------------------------


def report_returns(folder: Path, n_pieces: int = 100) -> None:
    """Print the share of measures that return, how many of them exactly, and how many do by chance in shuffled pieces."""
    rng = np.random.default_rng(0)
    for genre in ("folk song", "reel", "jig", "chorale", "renaissance", "classical piano", "lied"):
        pieces = some_of(folder, genre, n_pieces)
        donors = [p.transposed(-((p.key.fifths * 7 + 5) % 12 - 5), Key(0, p.key.mode)) for p in pieces]
        mixed = [piece for piece in (shuffled(donors, like, rng) for like in pieces) if piece is not None]
        real, chance = _return_shares(pieces), _return_shares(mixed)
        print(
            f"{genre:16} {len(pieces):4d} pieces   returns {real[0]:6.1%} (exact {real[1]:6.1%})   "
            f"by chance, {len(mixed):3d} pieces: {chance[0]:6.1%} (exact {chance[1]:6.1%})",
            flush=True,
        )


def some_of(folder: Path, genre: str, n_pieces: int) -> list[Piece]:
    """Return some pieces of a genre from all over the corpus."""

    def wanted(facts: pd.DataFrame) -> Any:
        own = facts.index[facts["genre"] == genre]
        return facts.index.isin(own[:: max(1, len(own) // n_pieces)])

    return list(pieces_of(folder, wanted))


def _return_shares(pieces: list[Piece]) -> tuple[float, float]:
    n_bars = n_returns = n_exact = 0
    for piece in pieces:
        distances = np.array(returns_of(piece))
        likeness, _ = resemblance(piece)
        n_bars += piece.n_bars
        n_returns += int((distances > 0).sum())
        n_exact += int((likeness[np.arange(piece.n_bars), distances] > 1.0)[distances > 0].sum())
    return n_returns / max(1, n_bars), n_exact / max(1, n_bars)


def shuffled(donors: list[Piece], like: Piece, rng: np.random.Generator) -> Piece | None:
    """Return up to as many measures as a piece has, each from another piece with its meter, mode and number of parts."""
    shape = (like.meter, len(like.parts), like.key.mode)
    own = [piece for piece in donors if (piece.meter, len(piece.parts), piece.key.mode) == shape]
    n_bars, length = min(like.n_bars, len(own)), like.meter.bar_ticks
    notes = []
    for bar, index in enumerate(rng.choice(len(own), n_bars, replace=False) if own else ()):
        piece = own[index]
        start = int(measure_bounds(piece)[int(rng.integers(piece.n_bars))])
        chosen = (note for note in piece.notes if start <= note.onset < start + length)
        notes += [
            n._replace(onset=bar * length + n.onset - start, duration=min(n.duration, start + length - n.onset)) for n in chosen
        ]
    return Piece(like.parts, tuple(sorted(notes)), (like.meter,) * n_bars, Key(0, like.key.mode)) if n_bars > 3 else None


# Speed -------------------------------------------------------------------------------------------------------------------------


def report_speed(folder: Path, n_pieces: int = 40) -> None:
    """Print milliseconds of processor time a piece."""
    for genre in ("folk song", "reel", "chorale", "classical piano", "lied", "renaissance", "string quartet"):
        pieces = some_of(folder, genre, n_pieces)
        bars, notes = sum(p.n_bars for p in pieces) / len(pieces), sum(len(p.notes) for p in pieces) / len(pieces)
        spent = []
        for analyse in (chords_of, phrases_of, returns_of):
            start = time.process_time()
            for piece in pieces:
                analyse(piece)
            spent.append(1000 * (time.process_time() - start) / len(pieces))
        times = "   ".join(f"{name} {ms:5.1f} ms" for name, ms in zip(("chords", "phrases", "returns"), spent, strict=True))
        print(f"{genre:16} {bars:6.0f} measures {notes:6.0f} notes   {times}", flush=True)


def main() -> None:
    """Print every table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("data/02_intermediate")
    for report in (report_chords, report_melodies, report_phrases, report_returns, report_speed):
        print(f"\n{report.__name__.removeprefix('report_')}")
        report(folder)


if __name__ == "__main__":
    main()
