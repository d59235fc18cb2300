"""Whether a collection is any good, in words.

**Conventions.** A *problem* makes the collection useless for notation, a *warning* is something to decide or mend, a *note* is
good to know, and *fine* has been looked at and is as it should be. The thresholds are judgements, not measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from scogen_pipeline.metrics.data_report.facts import Collection
from scogen_pipeline.metrics.data_report.licensing import is_non_commercial
from scogen_pipeline.metrics.data_report.wording import counted, duration, number, pieces, share, shown

Level = Literal["problem", "warning", "note", "fine"]
_ORDER: Final[tuple[Level, ...]] = ("problem", "warning", "note", "fine")

#: Fewer scores than that teach a model their own melodies rather than a style.
_FEW_SCORES: Final = 100
#: Shares of pieces above which something is worth a warning.
_MANY_REJECTS: Final = 0.05
_MANY_UNLABELLED: Final = 0.2
_ONE_NAME: Final = 0.5
_MANY_DEFAULT: Final = 0.5
_MANY_DUPLICATES: Final = 0.1
_MANY_TINY: Final = 0.05
#: A piece below is hardly one, a piece above is rather a concert.
_TINY_NOTES: Final = 50
_ODD_NOTES: Final = 0.01
_PIANO: Final = range(21, 109)


@dataclass(frozen=True)
class Finding:
    """One thing to know.

    Args:
        level: How much it matters.
        title: What is so.
        text: What it means, and what to do.
    """

    level: Level
    title: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """The answer to "is it any good?".

    Args:
        level: Of the gravest finding.
        headline: The answer, as a sentence.
        summary: Where the files went, as sentences.
        findings: All there is to know, gravest first.
    """

    level: Level
    headline: str
    summary: tuple[str, ...]
    findings: tuple[Finding, ...]


def judge(collection: Collection) -> Verdict:
    """Look at everything that may be wrong with a collection."""
    found = [finding for look in _LOOKS for finding in look(collection)]
    findings = tuple(sorted(found, key=lambda finding: _ORDER.index(finding.level)))
    level = findings[0].level if findings else "fine"
    return Verdict(level, _headline(collection, level, findings), tuple(_summary(collection)), findings)


def _headline(collection: Collection, level: Level, findings: tuple[Finding, ...]) -> str:
    if not collection.n_files and not collection.n_pieces:
        return "The collection is empty."
    if not collection.n_pieces:
        return f"Nothing usable: {_all_of(collection.n_refused, 'file')} had to be refused."
    if not collection.n_scores:
        n = collection.n_performances
        return f"Music, but no scores: {_all_of(n, 'piece')} {'is a performance' if n == 1 else 'are performances'}."
    ready = f"{counted(collection.n_scores, 'score')} can be learnt from"
    n_warnings = sum(finding.level == "warning" for finding in findings)
    if level == "warning":
        return f"{ready}, with {_small(n_warnings)} {'thing' if n_warnings == 1 else 'things'} to look at."
    return f"{ready}, and nothing stands in the way." if level != "problem" else f"{ready}, but the counts do not add up."


def _all_of(n: int, noun: str) -> str:
    return f"the one {noun}" if n == 1 else f"all {number(n)} {noun}s"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _small(n: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[n] if n < len(words) else number(n)


def _summary(collection: Collection) -> Iterator[str]:
    if not collection.n_files:
        yield "No file was found."
        return
    rejects = f"{counted(collection.n_rejects, 'reject')}" if collection.n_rejects else "no rejects"
    yield f"{counted(collection.n_files, 'file')} in: {pieces(collection.n_pieces)} and {rejects}."
    if collection.n_pieces:
        yield f"{number(sum(collection.n_notes))} notes, {duration(sum(collection.seconds))} of music."
    n = collection.n_performances
    if n and collection.n_scores:
        counts = "counts" if n == 1 else "count"
        yield f"{counted(n, 'performance')} {counts} time in seconds, not in beats, and {_is(n)} left out of notation."


def _accounts(collection: Collection) -> Iterator[Finding]:
    if collection.n_lost:
        yield Finding(
            "problem",
            f"{counted(abs(collection.n_lost), 'file')} unaccounted for",
            f"{number(collection.n_files)} files were found, but pieces and rejects are "
            f"{number(collection.n_pieces + collection.n_rejects)}. Run ingest again; if it stays so, the program is at fault.",
        )
    elif collection.n_files:
        yield Finding("fine", "Every file is accounted for", "Files in = pieces + rejects.")


def _usable(collection: Collection) -> Iterator[Finding]:
    if not collection.n_pieces:
        yield Finding(
            "problem",
            "No music to learn from",
            "None of the files became a piece. The reasons are below, with examples."
            if collection.n_files
            else "There was nothing to read. Name another folder or archive with the parameter midi_dir of ingest.",
        )
        return
    if not collection.n_scores:
        yield Finding(
            "problem",
            "No scores",
            "Nothing here can train the notation model. Add files that were written rather than played, such as those that a "
            "notation program exports.",
        )
    elif collection.n_scores < _FEW_SCORES:
        yield Finding(
            "warning",
            f"Only {counted(collection.n_scores, 'score')}",
            f"A model that learns from fewer than {_FEW_SCORES} pieces repeats them. Add more, or train together with the "
            "embedded corpus.",
        )


def _performances(collection: Collection) -> Iterator[Finding]:
    n = collection.n_performances
    if n:
        yield Finding(
            "note",
            f"{counted(n, 'performance')} ({share(n, collection.n_pieces)} of the pieces) {_is(n)} not used for notation",
            "Their time is in seconds as they were played, not in beats: put on a grid they would become nonsense measures. "
            "Their notes and pedals are kept in the tables.",
        )


def _rejects(collection: Collection) -> Iterator[Finding]:
    n = collection.n_refused
    if not n or not collection.n_files:
        return
    reasons = [rejected for rejected in collection.rejects if rejected.reason != "duplicate"]
    worst = f"The commonest reason is {reasons[0].reason} ({number(reasons[0].n)})."
    many = n > _MANY_REJECTS * collection.n_files
    yield Finding(
        "warning" if many else "note",
        f"{counted(n, 'file')} refused ({share(n, collection.n_files)})",
        f"{worst} Examples of each reason are below.",
    )


def _duplicates(collection: Collection) -> Iterator[Finding]:
    n = collection.n_duplicates
    if n:
        many = n > _MANY_DUPLICATES * collection.n_files
        yield Finding(
            "warning" if many else "note",
            f"{counted(n, 'exact copy', 'exact copies')} left out ({share(n, collection.n_files)} of the files)",
            "Files with the same bytes as another count once.",
        )


def _near_duplicates(collection: Collection) -> Iterator[Finding]:
    if not collection.has_splits:
        if collection.n_pieces:
            yield Finding("note", "Not split yet", "Near-duplicates are known once the collection has been split.")
        return
    n_test = collection.split_totals.sizes[2]
    random = collection.leaked_random_share
    if not n_test and collection.n_scores:
        yield Finding("warning", "No test pieces", "The collection is too small for its test split to hold any piece.")
    n_alike = collection.n_clustered
    if n_alike:
        spoilt = (
            f" Split at random, about {share(random, 1)} of the test pieces would have had a near-duplicate in training."
            if random is not None
            else ""
        )
        yield Finding(
            "note",
            f"{pieces(n_alike)} ({share(n_alike, collection.n_pieces)}) {_is(n_alike)} near-duplicates of others",
            f"They form {counted(collection.n_clusters, 'cluster')}, and a cluster is never torn apart by the split.{spoilt}",
        )
    if collection.leaked_share:
        yield Finding(
            "warning",
            f"{share(collection.leaked_share, 1)} of the test pieces have a near-duplicate in training",
            "Figures of quality measured on the test split are too good.",
        )
    elif collection.leaked_share is not None and n_test:
        yield Finding("fine", "The split does not leak", "No test piece has a near-duplicate in training.")


def _labels(collection: Collection) -> Iterator[Finding]:
    if not collection.n_pieces:
        return
    n = collection.genres.unnamed.n
    if n > _MANY_UNLABELLED * collection.n_pieces:
        yield Finding(
            "warning",
            f"{_have(n, collection.n_pieces, 'piece')} no genre label",
            "The model cannot be asked for a genre that it was never told. Give labels in a CSV beside the files, or by the "
            "names of folders.",
        )
    if n < collection.n_pieces:
        yield from _dominance(collection.genres.amounts[0].name, collection.genres.amounts[0].n, collection.n_pieces, "genre")
    unknown = collection.composers.unnamed.n
    if unknown > _MANY_UNLABELLED * collection.n_pieces:
        yield Finding(
            "note", f"{_have(unknown, collection.n_pieces, 'piece')} no composer", "Labels or the names of folders can tell."
        )
    if unknown < collection.n_pieces:
        first = collection.composers.amounts[0]
        yield from _dominance(first.name, first.n, collection.n_pieces, "composer")


def _have(n: int, whole: int, noun: str) -> str:
    if n == whole:
        return f"All {number(n)} {noun}s have" if n > 1 else f"The {noun} has"
    if whole < _FEW_SCORES:
        return f"{number(n)} of {number(whole)} {noun}s {'has' if n == 1 else 'have'}"
    return f"{share(n, whole)} of the {noun}s have"


def _dominance(name: str, n: int, whole: int, kind: str) -> Iterator[Finding]:
    if whole > 1 and n > _ONE_NAME * whole:
        is_all = n == whole
        yield Finding(
            "note" if is_all else "warning",
            f"{'All pieces are' if is_all else share(n, whole) + ' of the pieces are'} of one {kind}: {shown(name, 60)}",
            "That is as it should be if you chose them so."
            if is_all
            else "What the model writes will lean that way. Add others, or draw fewer of these.",
        )


def _licences(collection: Collection) -> Iterator[Finding]:
    n = collection.licences.unnamed.n
    if n:
        yield Finding(
            "warning",
            f"No licence is known for {_all_of(n, 'piece') if n == collection.n_pieces else pieces(n)}",
            "Find out who may use them and how before anything made of them is passed on.",
        )
    bound = sum(amount.n for amount in collection.licences.amounts if is_non_commercial(amount.name))
    if bound:
        yield Finding("note", f"{pieces(bound)} {_is(bound)} for non-commercial use only", "The licences are listed below.")


def _harmony(collection: Collection) -> Iterator[Finding]:
    n = collection.n_keyless
    if n > _MANY_UNLABELLED * collection.n_scores:
        yield Finding(
            "note",
            f"{_have(n, collection.n_scores, 'score')} no key",
            "No label names one and no signature is written, so it will be estimated from the notes.",
        )


def _modes(collection: Collection) -> Iterator[Finding]:
    n = sum(key.n_scores + key.n_performances for key in collection.keys)
    if n >= _FEW_SCORES and all(key.mode == "major" for key in collection.keys):
        yield Finding(
            "note",
            "No piece is in minor",
            "Many programs write major whatever the key; the mode that the model learns is estimated from the notes.",
        )


def _time(collection: Collection) -> Iterator[Finding]:
    scores = collection.n_scores
    if not scores:
        return
    if collection.n_without["meter"] > _MANY_UNLABELLED * scores:
        yield Finding(
            "warning",
            f"{_have(collection.n_without['meter'], scores, 'score')} no time signature",
            "They are read in 4/4, as the MIDI standard has it; measures may be wrong.",
        )
    if collection.n_default_tempo > _MANY_DEFAULT * scores and scores > 1:
        yield Finding(
            "note",
            f"{_have(collection.n_default_tempo, scores, 'score')} exactly 120 beats a minute",
            "That is what holds when nobody has set a tempo.",
        )


def _notes(collection: Collection) -> Iterator[Finding]:
    notes, n = collection.spreads["notes"], collection.n_pieces
    if not n:
        return
    tiny = sum(
        each
        for edge, *sizes in zip(notes.edges[1:], notes.scores, notes.performances, strict=True)
        if edge <= _TINY_NOTES
        for each in sizes
    )
    if tiny > _MANY_TINY * n:
        yield Finding("note", f"{_have(tiny, n, 'piece')} fewer than {_TINY_NOTES} notes", "Fragments, exercises or tests?")
    if collection.n_even > _MANY_DEFAULT * n and n > 1:
        yield Finding("note", f"{_have(collection.n_even, n, 'piece')} no dynamics", "All their notes are equally loud.")
    whole = sum(collection.n_notes)
    if collection.n_zero_notes > _ODD_NOTES * whole:
        yield Finding(
            "note", f"{share(collection.n_zero_notes, whole)} of the notes have no duration", "They are kept as they are."
        )
    outside = sum(count for pitch, count in enumerate(collection.pitches) if pitch not in _PIANO)
    if outside > _ODD_NOTES * sum(collection.pitches):
        yield Finding(
            "note", f"{share(outside, whole)} of the notes lie outside the piano's range", "Effects, or drums on another channel?"
        )


_LOOKS: Final[tuple[Callable[[Collection], Iterator[Finding]], ...]] = (
    _usable, _accounts, _rejects, _labels, _licences, _near_duplicates, _performances, _duplicates, _harmony, _modes, _time,
    _notes,
)  # fmt: skip
