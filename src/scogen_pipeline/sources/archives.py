"""What archives of all kinds have in common: names of members, and how much may come out of them.

An archive comes from anywhere. Nothing in it is believed, and nothing of it is written to a disk: a member is bytes with a name.

**Conventions**

- Each member with the name of a MIDI file is a file, whatever it is: what cannot be read raises when it is loaded.
- A broken archive is one more file, under its own path; the members before the damage are files as ever.
- Archives inside archives are not opened: one more file, too.
- Two members may have one name; both are files.
- Labels that cannot be read (a link, encrypted) are a file that is refused, so that they are not lost silently.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.containers import MAX_BYTES
from scogen_pipeline.midi.files import MidiFile, Sidecar, is_archive, is_midi, is_sidecar
from scogen_pipeline.midi.rejects import Reason
from scogen_pipeline.sources.stored_files import OpenArchive

#: A bomb is what unpacks to more than `BOMB_RATIO` times its size and `BOMB_SLACK` bytes. MIDI packs 3 to 10 times, silent sound
#: files beside it up to 1,032 times (all that deflate can), yet a collection as a whole stays far below 200; the slack lets a
#: small archive hold some hours of silence. It costs a second to unpack; bzip2 and xz could go on for hours from one megabyte.
BOMB_RATIO: Final = 200
BOMB_SLACK: Final = 2**30
#: Aria-MIDI's labels have 400 MB, and no member of labels says truthfully that it has more than this.
MAX_SIDECAR_BYTES: Final = 4 * 2**30

Member = MidiFile | Sidecar
Members = Iterator[Member]

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_TO_TIDY: Final = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)")


def is_wanted_member(name: str) -> bool:
    """Whether a member is looked at, by its name."""
    return is_midi(name) or is_sidecar(name) or is_archive(name)


def tidied(name: str) -> str:
    """Take `.` and doubled slashes out of a name; what leads outside the archive keeps what shows it.

    >>> tidied("./a//b/x.mid"), tidied("../x.mid"), tidied("/etc/x.mid")
    ('a/b/x.mid', '../x.mid', '/etc/x.mid')
    """
    if not _TO_TIDY.search(name):
        return name
    root = "/" if name.startswith("/") else ""
    return root + "/".join(part for part in name.split("/") if part not in {"", "."})


def refusal_by_name(name: str) -> MidiError | None:
    """Return why a member cannot be one, by its name."""
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/") or "\0" in name:
        return MidiError(Reason.UNSAFE_NAME, "a name that leads outside the archive")
    if is_archive(name):
        return MidiError(Reason.NESTED_ARCHIVE, "unpack the archive that it is in")
    return None


def refusal_by_size(size: int, *, is_label: bool) -> MidiError | None:
    """Return why a member is not even opened, by the size that it states."""
    if size <= (MAX_SIDECAR_BYTES if is_label else MAX_BYTES):
        return None
    return MidiError(Reason.TOO_LARGE, f"{size} bytes, as it says")


def decoded(name: bytes, otherwise: str = "") -> str:
    """Read a name as UTF-8, whatever the archive says, else as another encoding, else with its bytes escaped."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode(otherwise) if otherwise else name.decode("utf-8", "backslashreplace")


def bomb(n_packed: int, n_unpacked: int) -> MidiError | None:
    """Return the error of an archive that unpacks to more than is plausible."""
    if n_unpacked <= BOMB_RATIO * n_packed + BOMB_SLACK:
        return None
    return MidiError(Reason.ARCHIVE_BOMB, f"{n_packed} bytes unpack to more than {n_unpacked}")


class Reading(io.RawIOBase):
    """A member that is read as a file: `pull(n)` gives up to n bytes, none at the end."""

    def __init__(self, pull: Callable[[int], bytes]) -> None:
        self._pull = pull

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        data = self._pull(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Slice:
    """Pulls what lies from one place of an archive to another.

    Args:
        archive: The archive.
        start: Where it begins.
        size: How long it is.
    """

    def __init__(self, archive: OpenArchive, start: int, size: int) -> None:
        self._archive = archive
        self._next, self._end = start, start + size

    def __call__(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            MidiError: If the archive ends before.
        """
        wanted = min(size, self._end - self._next)
        data = self._archive.read_at(self._next, wanted) if wanted else b""
        if wanted and not data:
            raise MidiError(Reason.BAD_ARCHIVE, "the archive ends in the middle of a member")
        self._next += len(data)
        return data
