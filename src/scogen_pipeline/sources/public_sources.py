"""Public collections of music that can be downloaded: what each of them is, under which licence, and what to do with it.

The table itself is `conf/base/sources.yml`. Nothing here opens a file or a network.

**Conventions**

- An address is `https://...`, `http://...` or `hf://datasets/OWNER/REPOSITORY/PATH` (the Hugging Face Hub; `REPOSITORY@REVISION`
  for another revision than `main`).
- A checksum is `sha256:...` or `md5:...` in hex; empty if the publisher states none.
- Collections of MIDI stay packed: ingest reads archives as they are. Collections of scores are unpacked, which `take` asks for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from scogen_pipeline.errors import DataError, RequestError, did_you_mean
from scogen_pipeline.music.genres import find_genre

ARCHIVE_SUFFIXES: Final = (".zip", ".tar.gz", ".tgz", ".tar")
#: What a collection can hold: notes on a grid of beats, recorded playing, or both.
HOLDINGS: Final = ("scores", "performances", "both")

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_CHECKSUM: Final = re.compile(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}|")
_HUB_ADDRESS: Final = re.compile(r"hf://datasets/([^/@]+/[^/@]+)(?:@([^/]+))?/(.+)")


@dataclass(frozen=True)
class FetchSettings:
    """What is to be downloaded, and how patiently.

    Args:
        source: Name of a collection of the table.
        retries: How often in a row a download without any progress is tried again.
        read_timeout_s: Seconds without a byte after which a connection counts as lost.

    Raises:
        RequestError: If a number is out of range.
    """

    source: str = ""
    retries: int = 5
    read_timeout_s: int = 60

    def __post_init__(self) -> None:
        """Check the ranges; the name is checked against the table."""
        for name, value, low, high in (("retries", self.retries, 0, 100), ("read_timeout_s", self.read_timeout_s, 1, 3_600)):
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise RequestError(f"`{name}` must be a whole number from {low} to {high}, received {value!r}.")


@dataclass(frozen=True)
class HubAddress:
    """Where a file lies on the Hugging Face Hub."""

    repository: str
    revision: str
    path: str


@dataclass(frozen=True)
class RemoteFile:
    """One archive to download.

    Args:
        url: Its address.
        name: Its name on the disk; by default the last part of the address.
        checksum: As the publisher states it, or empty.
    """

    url: str
    name: str = ""
    checksum: str = ""

    def __post_init__(self) -> None:
        """Check the address, the name and the form of the checksum."""
        if not self.url.startswith(("https://", "http://")) and not _HUB_ADDRESS.fullmatch(self.url):
            raise DataError(
                f"`url` must be https://..., http://... or hf://datasets/OWNER/REPOSITORY/PATH, received `{self.url}`."
            )
        if not self.name:
            object.__setattr__(self, "name", PurePosixPath(unquote(urlsplit(self.url).path)).name)
        if not self.name.endswith(ARCHIVE_SUFFIXES) or self.name[0] == "." or {"/", "\\"} & set(self.name):
            raise DataError(
                f"`name` must be a file name that ends in {', '.join(ARCHIVE_SUFFIXES)}, received `{self.name}`. Give one: the "
                "address alone does not tell."
            )
        if not _CHECKSUM.fullmatch(self.checksum):
            raise DataError(f"`checksum` must be sha256:HEX, md5:HEX or empty, received `{self.checksum}`.")

    @property
    def hub_address(self) -> HubAddress | None:
        """The place on the Hugging Face Hub; None elsewhere.

        >>> RemoteFile("hf://datasets/loubb/aria-midi/a.tar.gz").hub_address
        HubAddress(repository='loubb/aria-midi', revision='main', path='a.tar.gz')
        """
        found = _HUB_ADDRESS.fullmatch(self.url)
        return HubAddress(found[1], found[2] or "main", found[3]) if found else None


@dataclass(frozen=True)
class PublicSource:
    """A public collection.

    Args:
        name: Name in the table and of its folder.
        what: One line on what it is.
        holds: One of `HOLDINGS`.
        licence: Short name of the licence.
        licence_url: Where the licence can be read.
        home: Page of the collection.
        files: Its archives.
        n_bytes: Size of the download, rounded where the exact one is not published; 0 if unknown.
        credit: Who must be named.
        is_non_commercial: Whether the licence excludes commercial use.
        note: What else a user must know before the download.
        genre: Genre of the scores, a name of `music.genres`.
        take: Patterns of the members to unpack (`*` matches any text, slashes too); none for a collection that stays packed.
        drop_levels: How many leading folders of the members' names to leave out.
        is_named_by_folder: Whether the only score of a folder takes the name of the folder (where files are named by numbers).
    """

    name: str
    what: str
    holds: str
    licence: str
    licence_url: str
    home: str
    files: tuple[RemoteFile, ...]
    n_bytes: int = 0
    credit: str = ""
    is_non_commercial: bool = False
    note: str = ""
    genre: str = ""
    take: tuple[str, ...] = ()
    drop_levels: int = 0
    is_named_by_folder: bool = False

    def __post_init__(self) -> None:
        """Check names, that a licence is given, and that no two files share a name."""
        if not _NAME.fullmatch(self.name):
            raise DataError(f"`name` must consist of a-z, 0-9 and -, received `{self.name}`.")
        if self.holds not in HOLDINGS:
            raise DataError(f"`holds` must be one of {', '.join(HOLDINGS)}, received `{self.holds}`.")
        for field in ("what", "licence", "licence_url", "home", "files"):
            if not getattr(self, field):
                raise DataError(f"`{field}` must be given, received {getattr(self, field)!r}.")
        twice = [name for name, count in Counter(file.name for file in self.files).items() if count > 1]
        if twice:
            raise DataError(f"`files` must have different names, received `{twice[0]}` twice.")
        if self.genre and find_genre(self.genre).name != self.genre:
            raise DataError(f"`genre` must be a genre by its own name, received `{self.genre}`.")


def read_sources(table: Mapping[str, Mapping[str, Any]]) -> dict[str, PublicSource]:
    """Check the table of sources, as it was read from YAML.

    Args:
        table: Name -> the fields of a `PublicSource` but for its name; each of `files` is an address, or the fields of a
            `RemoteFile`.

    Raises:
        DataError: If a field is missing, unknown or wrong; it names the row.
    """
    return {name: _read_row(name, row) for name, row in table.items()}


def choose_source(sources: Mapping[str, PublicSource], name: str) -> PublicSource:
    """Return the source of a name.

    Raises:
        RequestError: If there is none of this name; the message has all names and a near miss.
    """
    if not name:
        raise RequestError(
            f"`source` must be one of {', '.join(sources)}, received none. Name one: kedro run --pipeline fetch "
            "--params source=NAME"
        )
    if name not in sources:
        raise RequestError(
            f"`source` must be one of {', '.join(sources)}, received `{name}`.{did_you_mean(str(name), sources)} Without a name "
            "the table is shown."
        )
    return sources[name]


def sources_text(sources: Mapping[str, PublicSource]) -> str:
    """Return the table for people: name, size, licence, what it is."""
    rows = [("NAME", "SIZE", "LICENCE", "WHAT")]
    rows += [(source.name, size_text(source.n_bytes), source.licence, source.what) for source in sources.values()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows)


def size_text(n_bytes: int) -> str:
    """Return a size for people.

    >>> size_text(0), size_text(142_934), size_text(58_416_533), size_text(8_510_000_000)
    ('unknown', '143 kB', '58 MB', '8.5 GB')
    """
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if n_bytes >= unit:
            amount = n_bytes / unit
            return f"{amount:.1f} {name}" if amount < 10 else f"{amount:.0f} {name}"
    return f"{n_bytes} bytes" if n_bytes else "unknown"


def licence_text(source: PublicSource) -> str:
    """Return what a user must know before downloading, and what is written beside the data."""
    lines = [
        f"{source.name}: {source.what}",
        f"Licence: {source.licence} ({source.licence_url})",
        f"Home: {source.home}",
    ]
    if source.credit:
        lines.append(f"Credit: {source.credit}")
    if source.is_non_commercial:
        lines.append("NON-COMMERCIAL USE ONLY: do not use it, or what you make of it, commercially.")
    if source.note:
        lines.append(f"Note: {source.note}")
    return "\n".join(lines)


def next_step(source: PublicSource, folder: str) -> str:
    """Return which command reads the collection."""
    if source.take:
        genre = f",score_genre={source.genre}" if source.genre else ""
        return (
            f'Next: kedro run --pipeline corpus --params "score_dir={folder}{genre},score_licence={source.licence}"\n'
            "It converts 40 scores of each collection; pieces=0 takes all."
        )
    command = f"Next: kedro run --pipeline ingest --params midi_dir={folder}"
    if source.holds == "scores":
        return command
    return f"{command}\nPerformances are ingested with all their notes and pedals; they never train the notation model."


def target_names(source: PublicSource, members: Iterable[str]) -> dict[str, str]:
    """Decide which members of an archive are unpacked, and under which names.

    Args:
        source: What to take.
        members: Names in the archive.

    Returns:
        Name in the archive -> posix path below the folder of the source.

    Raises:
        DataError: If a member would leave the folder, or two would be one file.
    """
    kept = {name: _inner_parts(source, name) for name in members if any(fnmatchcase(name, pattern) for pattern in source.take)}
    n_by_folder = Counter(parts[:-1] for parts in kept.values())
    targets: dict[str, str] = {}
    for name, parts in kept.items():
        is_alone = source.is_named_by_folder and len(parts) > 1 and n_by_folder[parts[:-1]] == 1
        named = (*parts[:-2], parts[-2] + PurePosixPath(parts[-1]).suffix) if is_alone else parts
        targets[name] = "/".join(named)
    twice = [target for target, count in Counter(targets.values()).items() if count > 1]
    if twice:
        raise DataError(f"An archive must hold each file once, received two for `{twice[0]}`.")
    return targets


def _inner_parts(source: PublicSource, member: str) -> tuple[str, ...]:
    """Return the parts of a member's name below the folder; whatever could lead out of it is refused."""
    parts = tuple(member.removeprefix("./").split("/"))
    is_safe = not any(part in {"", ".", ".."} for part in parts) and not {"\\", "\0"} & set(member) and not _DRIVE.match(member)
    if not is_safe or len(parts) <= source.drop_levels:
        raise DataError(f"`{source.name}` must be an archive of plain relative names, received `{member}`. Nothing was unpacked.")
    return parts[source.drop_levels :]


def _read_row(name: str, row: Mapping[str, Any]) -> PublicSource:
    known = {field.name for field in fields(PublicSource)} - {"name"}
    try:
        for field in row:
            if field not in known:
                raise DataError(
                    f"a field must be one of {', '.join(sorted(known))}, received `{field}`.{did_you_mean(field, known)}"
                )
        files = tuple(RemoteFile(file) if isinstance(file, str) else RemoteFile(**file) for file in row.get("files", ()))
        return PublicSource(**{"name": name} | dict(row) | {"files": files, "take": tuple(row.get("take", ()))})
    except (DataError, RequestError, TypeError) as error:  # TypeError: a field is missing
        raise DataError(f"sources.yml, {name}: {error}") from None
