"""Which scores there are to convert, and which of them a run takes.

**Conventions.** A `PieceSource` is one piece: a score file, one tune of an ABC file, or a MIDI file to be copied. `target` is the
POSIX path of its MIDI file below the raw folder. Everything is sorted: the same corpus and settings give the same selection.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scogen_pipeline.errors import RequestError, did_you_mean
from scogen_pipeline.music.genres import find_genre
from scogen_pipeline.scores.labels import COLLECTIONS, abc_fields, abc_genre, clean_title, genre_of_file, title_of_file

_SCORE_SUFFIXES: Final = (".mxl", ".xml", ".musicxml", ".krn", ".abc")
_MIDI_SUFFIXES: Final = (".mid", ".midi")
#: Rough seconds to convert one byte (measured); only the grouping into batches depends on it.
_SECONDS_PER_BYTE: Final = {
    ".mxl": 1 / 40_000,
    ".xml": 1 / 600_000,
    ".musicxml": 1 / 600_000,
    ".krn": 1 / 50_000,
    ".abc": 1 / 12_000,
}
_BATCH_SECONDS: Final = 3.0
_BATCH_PIECES: Final = 50


@dataclass(frozen=True)
class CorpusSettings:
    """What the corpus step converts.

    Args:
        collections: Folders of the music21 corpus joined by `+`, or a list of them, "all", or "" for none.
        pieces: Most pieces of each collection, small ones first; 0 for all.
        workers: Processes; 0 for as many as there are processors.
        timeout_s: Seconds after which a piece is rejected.
        score_dir: A folder of scores (MusicXML, Humdrum, ABC) to convert too, "" for none.
        score_genre: Genre of the scores in it.
        score_licence: Licence of the scores in it.
        midi_collection: A folder of MIDI files to copy and label too, "" for none.
        midi_genre: Genre of the files in it.
        midi_licence: Licence of the files in it.
        midi_dir: Set when a run reads the user's own MIDI folder: the corpus step then does nothing.

    Raises:
        RequestError: If a collection or a genre is unknown or a number out of range.
    """

    collections: str | Sequence[str] = "all"
    pieces: int = 40
    workers: int = 0
    timeout_s: int = 120
    score_dir: str = ""
    score_genre: str = ""
    score_licence: str = ""
    midi_collection: str = ""
    midi_genre: str = ""
    midi_licence: str = ""
    midi_dir: str = ""

    def __post_init__(self) -> None:
        """Check names and ranges."""
        for name in self.collection_names:
            if name not in COLLECTIONS:
                raise RequestError(
                    f"`collections` must be all or some of {'+'.join(COLLECTIONS)}, received `{name}`."
                    f"{did_you_mean(name, COLLECTIONS)}"
                )
        for name, value, low, high in (
            ("pieces", self.pieces, 0, 1_000_000),
            ("workers", self.workers, 0, 256),
            ("timeout_s", self.timeout_s, 1, 86_400),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise RequestError(f"`{name}` must be a whole number from {low} to {high}, received {value!r}.")
        for genre in (self.score_genre, self.midi_genre):
            _genre_name(genre)

    @property
    def collection_names(self) -> tuple[str, ...]:
        """The chosen collections, each once, in the order of the alphabet."""
        given = self.collections.split("+") if isinstance(self.collections, str) else [str(name) for name in self.collections]
        names = {name.strip() for name in given if name.strip()}
        return tuple(COLLECTIONS) if names == {"all"} else tuple(sorted(names))


@dataclass(frozen=True)
class PieceSource:
    """One piece to convert: where it is and what is known of it before it is read.

    Args:
        path: File that holds it.
        target: Its MIDI file, POSIX path below the raw folder.
        collection: Collection it is counted under.
        source: Where it comes from, for people.
        genre: A name of `music.genres` or "".
        title: "" to take the score's own.
        composer: "" to take the score's own.
        licence: Short text.
        tune: Index of the tune in an ABC file.
        seconds: Rough time to convert it.
    """

    path: str
    target: str
    collection: str
    source: str
    genre: str = ""
    title: str = ""
    composer: str = ""
    licence: str = ""
    tune: int = 0
    seconds: float = field(default=0.1, compare=False)


class ScoreLibrary:
    """The scores of the music21 corpus and of other folders.

    Args:
        corpus: Folder of the corpus in the installed music21.
    """

    def __init__(self, corpus: Path) -> None:
        self._corpus = corpus

    def collection(self, name: str) -> list[PieceSource]:
        """List the pieces of a collection; [] if this music21 does not have it."""
        sources: list[PieceSource] = []
        about = COLLECTIONS[name]
        for path in _score_files(self._corpus / name):
            below = path.relative_to(self._corpus / name).with_suffix("")
            stem = "-".join(below.parts)
            target, origin = f"music21/{name}/{_safe(stem)}", f"music21 corpus {path.relative_to(self._corpus).as_posix()}"
            if path.suffix == ".abc":
                sources += _tunes(path, target, name, origin, about.composer, about.licence)
                continue
            genre, title = genre_of_file(name, stem), title_of_file(name, stem)
            sources.append(
                PieceSource(
                    str(path), f"{target}.mid", name, origin, genre, title, about.composer, about.licence, 0, _seconds(path)
                )
            )
        return sources

    def score_folder(self, folder: str, genre: str, licence: str) -> list[PieceSource]:
        """List the scores below any folder; their targets keep its name and its tree."""
        root = _existing(folder, "score_dir")
        sources: list[PieceSource] = []
        for path in _score_files(root):
            below = path.relative_to(root.parent).with_suffix("").as_posix()
            if path.suffix == ".abc":
                sources += _tunes(path, below, root.name, below + path.suffix, "", licence, genre)
            else:
                title = re.sub(r"^\d+[_ .]+", "", path.stem).replace("_", " ").strip()
                sources.append(
                    PieceSource(
                        str(path), f"{below}.mid", root.name, below + path.suffix, genre, title, "", licence, 0, _seconds(path)
                    )
                )
        return sources

    def midi_folder(self, folder: str, genre: str, licence: str) -> list[PieceSource]:
        """List the MIDI files below any folder, composers named by the first level of folders."""
        root = _existing(folder, "midi_collection")
        sources = []
        for path in sorted(path for path in root.rglob("*") if path.suffix.lower() in _MIDI_SUFFIXES):
            below = path.relative_to(root.parent).as_posix()
            levels = path.relative_to(root).parts
            composer = levels[0].replace("_", " ").title() if len(levels) > 1 else ""
            sources.append(PieceSource(str(path), below, root.name, below, genre, path.stem, composer, licence, 0, 0.001))
        return sources


def select_pieces(library: ScoreLibrary, settings: CorpusSettings) -> list[PieceSource]:
    """Return what the settings ask for, sorted by target; tunes that two files share are taken once."""
    groups = [library.collection(name) for name in settings.collection_names]
    if settings.score_dir:
        groups.append(library.score_folder(settings.score_dir, _genre_name(settings.score_genre), settings.score_licence))
    if settings.midi_collection:
        groups.append(library.midi_folder(settings.midi_collection, _genre_name(settings.midi_genre), settings.midi_licence))
    chosen = [source for group in groups for source in _smallest(_unique(group), settings.pieces)]
    return sorted(chosen, key=lambda source: source.target)


def batches_of(sources: Iterable[PieceSource]) -> Iterator[tuple[PieceSource, ...]]:
    """Cut a selection into batches of a few seconds, each of one collection: what a killed run loses."""
    batch: list[PieceSource] = []
    for source in sources:
        seconds = sum(member.seconds for member in batch)
        if batch and (
            batch[0].collection != source.collection or seconds + source.seconds > _BATCH_SECONDS or len(batch) == _BATCH_PIECES
        ):
            yield tuple(batch)
            batch = []
        batch.append(source)
    if batch:
        yield tuple(batch)


def split_tunes(text: str) -> list[str]:
    """Return the tunes of an ABC text, each from its `X:` line on."""
    parts = re.split(r"^(?=[ \t]*X:)", text, flags=re.MULTILINE)
    return [part for part in parts if re.match(r"[ \t]*X:", part) and re.search(r"^[ \t]*K:", part, re.MULTILINE)]


def read_abc(path: str) -> str:
    """Read an ABC file; Latin-1 where it is not UTF-8."""
    data = Path(path).read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _score_files(folder: Path) -> list[Path]:
    """Score files below a folder, sorted; of one piece in several formats only the first of `_SCORE_SUFFIXES`."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SCORE_SUFFIXES)
    best: dict[Path, Path] = {}
    for path in sorted(found, key=lambda path: _SCORE_SUFFIXES.index(path.suffix.lower())):
        best.setdefault(path.with_suffix(""), path)
    return [path for path in found if best[path.with_suffix("")] == path]


def _tunes(
    path: Path, target: str, collection: str, origin: str, composer: str, licence: str, genre: str = ""
) -> list[PieceSource]:
    tunes = split_tunes(read_abc(str(path)))
    fields = [abc_fields(tune) for tune in tunes]
    numbers = [re.sub(r"\D", "", header.get("X", ("",))[0]) or "0" for header in fields]
    counts, seen = Counter(numbers), Counter[str]()
    sources = []
    for index, (tune, header, number) in enumerate(zip(tunes, fields, numbers, strict=True)):
        seen[number] += 1
        suffix = "" if len(tunes) == 1 else f"-{int(number):04d}" + (f"-{seen[number]}" if counts[number] > 1 else "")
        sources.append(
            PieceSource(
                path=str(path),
                target=f"{target}{suffix}.mid",
                collection=collection,
                source=origin if len(tunes) == 1 else f"{origin}#{number}",
                genre=genre or abc_genre(collection, header),
                title=clean_title(header.get("T", ("",))[0]),
                composer=header.get("C", (composer,))[0] or composer,
                licence=licence,
                tune=index,
                seconds=max(0.01, len(tune) * _SECONDS_PER_BYTE[".abc"]),
            )
        )
    return sources


def _unique(sources: Sequence[PieceSource]) -> list[PieceSource]:
    """Drop the tunes whose music (key, meter, unit, body) stands in an earlier tune."""
    texts: dict[str, list[str]] = {}
    seen: set[str] = set()
    kept = []
    for source in sources:
        if source.path.endswith(".abc"):
            if source.path not in texts:
                texts[source.path] = split_tunes(read_abc(source.path))
            music = _music_of(texts[source.path][source.tune])
            if music in seen:
                continue
            seen.add(music)
        kept.append(source)
    return kept


def _music_of(tune: str) -> str:
    lines = [line.split("%")[0] for line in tune.splitlines()]
    return "".join("".join(line.split()) for line in lines if not re.match(r"\s*[A-JN-PR-Zsw]:", line))


def _smallest(sources: Sequence[PieceSource], limit: int) -> list[PieceSource]:
    """Return `limit` small pieces, the genres of a collection in turn, those without one last.

    Each genre starts at its lower quartile in size, because the very smallest are fragments of a few notes; those come last.
    """
    if not limit:
        return list(sources)
    by_genre: dict[str, list[PieceSource]] = {}
    for source in sorted(sources, key=lambda source: (source.seconds, source.target)):
        by_genre.setdefault(source.genre, []).append(source)
    ranked = []
    for genre, members in by_genre.items():
        quartile = len(members) // 4
        ranked += [(genre == "", rank, genre, member) for rank, member in enumerate(members[quartile:] + members[:quartile])]
    ranked.sort(key=lambda item: item[:3])
    return [source for *_, source in ranked[:limit]]


def _genre_name(given: str) -> str:
    """Return our name of a genre that may be given by an alias, "" for none."""
    return find_genre(given).name if given else ""


def _existing(folder: str, name: str) -> Path:
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise RequestError(f"`{name}` must be a folder, received `{folder}`. There is none of that name.")
    return root


def _seconds(path: Path) -> float:
    return path.stat().st_size * _SECONDS_PER_BYTE[path.suffix.lower()]


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)
