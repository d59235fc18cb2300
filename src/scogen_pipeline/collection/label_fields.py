"""The fields of a label, and the names that people give them in their files.

**Conventions.** A name is compared in lower case with `_` between its words: "Canonical Title" is `canonical_title`. The names of
a field are tried in their order, and the first that a file has is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scogen_pipeline.errors import DataError, RequestError, did_you_mean
from scogen_pipeline.music.genres import find_genre
from scogen_pipeline.music.key import Key

#: Name of the column that holds the keys of a JSON object. No file can have a column of that name.
OBJECT_KEY: Final = "\0key"

_NAMES_BY_FIELD: Final[dict[str, tuple[str, ...]]] = {
    "collection": ("collection", "dataset", "corpus"),
    "title": ("title", "canonical_title", "song_title", "song_name", "song", "track_name", "work", "piece", "music", "name"),
    "composer": ("composer", "canonical_composer", "composers", "artist", "author"),
    "genre": ("genre", "genres", "style"),
    "key": ("key", "key_signature", "tonality"),
    "mode": ("mode",),
    "meter": ("meter", "time_signature"),
    "source": ("source", "url"),
    "licence": ("licence", "license", "rights"),
    "performer": ("performer", "pianist", "performers"),
    "opus": ("opus", "op", "catalogue"),
    "piece_number": ("piece_number", "number"),
    "form": ("form",),
    "period": ("period", "music_period", "era"),
    "difficulty": ("difficulty",),
    "year": ("year", "date"),
    "audio_score": ("audio_score",),
}
#: What a label may say of a piece, in the order of the columns of the table of labels.
FIELDS: Final = tuple(_NAMES_BY_FIELD)
#: Columns that name the file: all of them that there are, for a row may speak of a score and of its performance.
_FILE_NAMES: Final = (
    "path",
    "file",
    "filename",
    "file_name",
    "filepath",
    "file_path",
    "midi",
    "midi_path",
    "midi_file",
    "midi_filename",
    "midi_file_name",
    "midi_name",
    "midi_score",
    "midi_performance",
)
#: Columns that name the file where nothing better does: the first of them.
_LESSER_FILE_NAMES: Final = (OBJECT_KEY, "audio_name", "file_id", "song_id", "track_id", "piece_id", "id", "md5")
_BOTH_NAMES: Final = ("firstname", "surname")

#: Short for a genre in a request to scogen, where nothing else can be meant; in a label they say less: a classical symphony is no
#: piano piece, a pop song no lied, a mass of 1790 not of the renaissance.
_WIDE: Final = frozenset({"classical", "piano", "song", "folk", "quartet", "mass", "motet"})


@dataclass(frozen=True)
class LabelColumns:
    """Where a file of labels has what.

    Args:
        files: Columns that name the MIDI file.
        fields: The columns of each field that the file has; of several the texts are joined by a space.
    """

    files: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]


def find_columns(names: Sequence[str], file_column: str = "", is_certain: bool = True) -> LabelColumns:
    """Tell what the columns of a file of labels are, by their names.

    >>> find_columns(["composer", "title", "folder", "midi_score", "midi_performance"]).files
    ('midi_score', 'midi_performance')

    Args:
        names: All columns.
        file_column: The one that names the MIDI file, "" to find it.
        is_certain: Whether `file_column` must be there.

    Raises:
        DataError: If no column names the file.
    """
    by_folded: dict[str, str] = {}
    for name in names:
        by_folded.setdefault(_folded(name), name)
    files = _file_columns(by_folded, file_column, is_certain)
    if not files:
        raise DataError(
            "must have a column that names the MIDI file (path, file, midi_filename ...), received the columns "
            f"{_listed(names)}. Say which it is: --params labels=FILE,labels_key=COLUMN."
        )
    fields: dict[str, tuple[str, ...]] = {}
    for field, candidates in _NAMES_BY_FIELD.items():
        found = [by_folded[name] for name in candidates if name in by_folded and by_folded[name] not in files]
        if found:
            fields[field] = (found[0],)
    if "composer" not in fields and "surname" in by_folded:
        fields["composer"] = tuple(by_folded[name] for name in _BOTH_NAMES if name in by_folded)
    return LabelColumns(files, fields)


def _file_columns(by_folded: Mapping[str, str], file_column: str, is_certain: bool) -> tuple[str, ...]:
    if file_column and _folded(file_column) in by_folded:
        return (by_folded[_folded(file_column)],)
    if file_column and is_certain:
        raise DataError(
            f"must have the column that `labels_key` names, received the columns {_listed(by_folded.values())} and the key "
            f"`{file_column}`.{did_you_mean(file_column, by_folded.values())}"
        )
    found = tuple(by_folded[name] for name in _FILE_NAMES if name in by_folded)
    return found or tuple(by_folded[name] for name in _LESSER_FILE_NAMES if name in by_folded)[:1]


def is_known(name: str) -> bool:
    """Whether a column of this name is a field or names the file."""
    folded = _folded(name)
    return folded in _FILE_NAMES or folded in _LESSER_FILE_NAMES or any(folded in names for names in _NAMES_BY_FIELD.values())


def check_field(name: str) -> str:
    """Return the name of a field.

    Raises:
        RequestError: If there is none of that name.
    """
    if name not in FIELDS:
        raise RequestError(
            f"`label_pattern` must name fields among {', '.join(FIELDS)}, received `{name}`.{did_you_mean(name, FIELDS)}"
        )
    return name


@lru_cache(65_536)
def genre_of_label(text: str) -> str:
    """Return our name of a genre, "" for one that is none of ours. Of a list the first that is ours.

    >>> genre_of_label("Double Jig"), genre_of_label("dance; reel"), genre_of_label("classical")
    ('jig', 'reel', '')
    """
    for each in (text, *re.split(r"[;,/|]", text)):
        folded = " ".join(each.casefold().replace("_", " ").split())
        if folded and folded not in _WIDE:
            try:
                return find_genre(folded).name
            except RequestError:
                continue
    return ""


@lru_cache(65_536)
def key_of_label(text: str, mode: str = "") -> str:
    """Return the name of a key, "" for what is none.

    >>> key_of_label("c"), key_of_label("B-flat_major"), key_of_label("G", "minor"), key_of_label("?")
    ('C minor', 'Bb major', 'G minor', '')
    """
    spaced = " ".join(text.replace("_", " ").split())
    for written in (f"{spaced} {mode}" if mode else "", spaced):
        if written:
            try:
                return Key.parse(written).name
            except RequestError:
                continue
    return ""


def _folded(name: str) -> str:
    return name if name == OBJECT_KEY else re.sub(r"[^a-z0-9]+", "_", name.strip().lstrip("\ufeff").casefold()).strip("_")


def _listed(names: Iterable[str]) -> str:
    shown = [name for name in names if name != OBJECT_KEY]
    return ", ".join(shown[:20]) + (" ..." if len(shown) > 20 else "") or "(none)"
