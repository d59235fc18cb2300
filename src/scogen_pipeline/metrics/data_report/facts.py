"""What has been counted in a collection.

**Conventions.** Whatever is counted in pieces is counted apart for scores (time in beats) and performances (time in seconds),
since only scores go into notation. Names are as they stand in the tables and may hold anything; "" is no name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from scogen_pipeline.errors import RequestError

SPLITS: Final = ("train", "valid", "test", "quarantine")
_RANGES: Final = {"report_names": (1, 200), "report_examples": (1, 100), "workers": (0, 1024), "memory_mb": (256, 2**20)}


@dataclass(frozen=True)
class ReportSettings:
    """How the report is made.

    Args:
        report_title: What stands at its top; "" for the name of the source.
        report_names: Most rows of a table of names: composers, genres, licences.
        report_examples: Most examples of a reason, of large pieces, of clusters.
        workers: Threads for counting; 0 for one a processor.
        memory_mb: Memory for counting; beyond it, the disk is used.

    Raises:
        RequestError: If a number is out of range.
    """

    report_title: str = ""
    report_names: int = 12
    report_examples: int = 5
    workers: int = 0
    memory_mb: int = 1024

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise RequestError(f"`{name}` must be {low} to {high}, received {value}. Choose a number in between.")


@dataclass(frozen=True)
class Amount:
    """So many pieces of one name."""

    name: str
    n_scores: int = 0
    n_performances: int = 0

    @property
    def n(self) -> int:
        """All of them."""
        return self.n_scores + self.n_performances


@dataclass(frozen=True)
class Tally:
    """Pieces by name.

    Args:
        amounts: The commonest names, commonest first.
        n_names: How many different names there are.
        others: What has another name than those.
        unnamed: What has none.
    """

    amounts: tuple[Amount, ...] = ()
    n_names: int = 0
    others: Amount = Amount("")
    unnamed: Amount = Amount("")

    @property
    def n(self) -> int:
        """All pieces, named or not."""
        return sum(amount.n for amount in self.amounts) + self.others.n + self.unnamed.n


@dataclass(frozen=True)
class Spread:
    """How a quantity is distributed over pieces.

    Args:
        edges: Limits of the bins, one more than there are bins; the last may be infinite.
        scores: Scores in each bin.
        performances: Performances in each bin.
        quartiles: Least, lower quartile, median, upper quartile and greatest value; empty if there is no piece.
    """

    edges: tuple[float, ...]
    scores: tuple[int, ...]
    performances: tuple[int, ...]
    quartiles: tuple[float, ...] = ()

    @property
    def n(self) -> int:
        """How many pieces."""
        return sum(self.scores) + sum(self.performances)

    @property
    def median(self) -> float:
        """The median, 0 if there is no piece."""
        return self.quartiles[2] if self.quartiles else 0.0


@dataclass(frozen=True)
class Rejected:
    """The files refused for one reason; examples are paths with what was found in them."""

    reason: str
    n: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KeyCount:
    """Pieces in one key, by its label, else as the file has it; `fifths` is the signature, negative for flats."""

    fifths: int
    mode: str
    n_scores: int
    n_performances: int


@dataclass(frozen=True)
class Program:
    """Where a General MIDI program sounds."""

    name: str
    n_pieces: int
    n_notes: int


@dataclass(frozen=True)
class PieceLine:
    """A piece as one line of a table; `n_measures` is none for a performance."""

    title: str
    composer: str
    path: str
    n_notes: int
    seconds: float
    n_measures: int | None


@dataclass(frozen=True)
class Cluster:
    """Pieces that are the same music, or hold some of the same."""

    n: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class SplitSizes:
    """Pieces of one genre in each of `SPLITS`."""

    genre: str
    sizes: tuple[int, ...]

    @property
    def n(self) -> int:
        """All of them."""
        return sum(self.sizes)


@dataclass(frozen=True)
class Collection:
    """All that the report tells.

    Args:
        name: Name of the source.
        n_files: Files that were found.
        n_scores: Pieces whose time is in beats.
        n_performances: Pieces whose time is in seconds.
        n_notes: Notes of scores, of performances.
        seconds: Duration of scores, of performances.
        n_bytes: Size of the files that are pieces.
        rejects: Refused files by reason, commonest first, exact duplicates among them.
        composers: Pieces by composer; likewise genres, collections, licences, copyrights; meters of scores only.
        tracks: Pieces by the number of their tracks with notes, ascending.
        keys: Pieces by key, along the line of fifths.
        n_keyless: Scores without a key, labelled or written.
        n_without: Scores without an event of that kind: tempo, meter, key.
        n_default_tempo: Scores at exactly 120 quarter notes a minute.
        spreads: Distributions by name.
        pitches: Notes of each pitch 0 to 127, drums left out.
        velocities: Notes of each velocity 0 to 127.
        n_drum_notes: Notes of drums.
        n_zero_notes: Notes without duration.
        n_pedalled: Pieces with the sustain pedal.
        n_even: Pieces in which every note is equally loud.
        programs: Instruments, commonest first.
        n_programs: How many different instruments there are.
        largest: Pieces with the most notes.
        smallest: Pieces with the fewest.
        has_splits: Whether the collection has been split.
        clusters: Largest clusters of near-duplicates.
        cluster_sizes: Size of cluster -> how many pieces are in clusters of it, ascending ranges.
        n_clusters: Clusters of more than one piece.
        n_clustered: Pieces in them.
        splits: Sizes by genre, largest genre first.
        split_totals: Sizes of the whole.
        leaked_share: Share of the test pieces with a near-duplicate in training; none if it is not known.
        leaked_random_share: The same, had the files been split at random.
        sidecars: Files of labels that were found.
    """

    name: str
    n_files: int
    n_scores: int
    n_performances: int
    n_notes: tuple[int, int]
    seconds: tuple[float, float]
    n_bytes: int
    rejects: tuple[Rejected, ...]
    composers: Tally
    genres: Tally
    collections: Tally
    licences: Tally
    copyrights: Tally
    meters: Tally
    tracks: tuple[Amount, ...]
    keys: tuple[KeyCount, ...]
    n_keyless: int
    n_without: dict[str, int]
    n_default_tempo: int
    spreads: dict[str, Spread]
    pitches: tuple[int, ...]
    velocities: tuple[int, ...]
    n_drum_notes: int
    n_zero_notes: int
    n_pedalled: int
    n_even: int
    programs: tuple[Program, ...]
    n_programs: int
    largest: tuple[PieceLine, ...]
    smallest: tuple[PieceLine, ...]
    has_splits: bool
    clusters: tuple[Cluster, ...]
    cluster_sizes: tuple[tuple[str, int], ...]
    n_clusters: int
    n_clustered: int
    splits: tuple[SplitSizes, ...]
    split_totals: SplitSizes
    leaked_share: float | None = None
    leaked_random_share: float | None = None
    sidecars: tuple[str, ...] = field(default=())

    @property
    def n_pieces(self) -> int:
        """Scores and performances."""
        return self.n_scores + self.n_performances

    @property
    def n_rejects(self) -> int:
        """Files that are no piece, exact duplicates among them."""
        return sum(rejected.n for rejected in self.rejects)

    @property
    def n_duplicates(self) -> int:
        """Files with the same bytes as another."""
        return sum(rejected.n for rejected in self.rejects if rejected.reason == "duplicate")

    @property
    def n_refused(self) -> int:
        """Files that could not be used."""
        return self.n_rejects - self.n_duplicates

    @property
    def n_lost(self) -> int:
        """Files that are neither piece nor reject: none, or something is wrong."""
        return self.n_files - self.n_pieces - self.n_rejects


def as_numbers(collection: Collection) -> dict[str, float]:
    """Return the numbers that are worth comparing between runs, all finite."""
    numbers: dict[str, Any] = {
        "files": collection.n_files,
        "pieces": collection.n_pieces,
        "scores": collection.n_scores,
        "performances": collection.n_performances,
        "notes": sum(collection.n_notes),
        "hours": sum(collection.seconds) / 3600,
        "rejects": collection.n_rejects,
        "exact_duplicates": collection.n_duplicates,
        "files_unaccounted": collection.n_lost,
        "composers": collection.composers.n_names,
        "genres": collection.genres.n_names,
        "pieces_without_genre": collection.genres.unnamed.n,
        "pieces_without_composer": collection.composers.unnamed.n,
        "pieces_without_licence": collection.licences.unnamed.n,
        "scores_without_key": collection.n_keyless,
        "near_duplicate_clusters": collection.n_clusters,
        "near_duplicate_pieces": collection.n_clustered,
        "leaked_share": collection.leaked_share,
        "leaked_random_share": collection.leaked_random_share,
    }
    numbers |= {f"rejects.{rejected.reason}": rejected.n for rejected in collection.rejects}
    numbers |= {f"median.{name}": spread.median for name, spread in collection.spreads.items() if spread.n}
    if collection.has_splits:
        numbers |= {f"split.{name}": n for name, n in zip(SPLITS, collection.split_totals.sizes, strict=True)}
    return {name: float(value) for name, value in numbers.items() if value is not None}
