"""Archives built in code, good ones and hostile ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable

Files = Iterable[tuple[str, bytes]]


def tar_bytes(files: Files, mode: str = "w", **options: object) -> bytes:
    """Build a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, **options) as archive:  # type: ignore[call-overload]
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def tar_of(*infos: tarfile.TarInfo) -> bytes:
    """Build a tar archive of members without data, as they are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info in infos:
            archive.addfile(info)
    return buffer.getvalue()


def tar_info(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    """Describe a member."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def zip_bytes(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Build a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def zip_rows(data: bytes) -> list[int]:
    """Return where the rows of the table of contents begin."""
    *_, size, start, _ = struct.unpack_from("<4s4H2LH", data, data.rfind(b"PK\5\6"))
    rows, place = [], start
    while place < start + size:
        rows.append(place)
        lengths = struct.unpack_from("<3H", data, place + 28)
        place += 46 + sum(lengths)
    return rows


def patched(data: bytes, place: int, kind: str, value: int) -> bytes:
    """Overwrite a number."""
    changed = bytearray(data)
    struct.pack_into("<" + kind, changed, place, value)
    return bytes(changed)


def deflated_zeros(n_bytes: int) -> bytes:
    """Return a gzip stream of zeros without holding them in memory."""
    packer, chunk = zlib.compressobj(9, wbits=31), bytes(2**24)
    packed = [packer.compress(chunk[: n_bytes - start]) for start in range(0, n_bytes, len(chunk))]
    return b"".join([*packed, packer.flush()])


def noise(seed: int, n_bytes: int) -> bytes:
    """Return bytes that do not pack."""
    return hashlib.shake_128(str(seed).encode()).digest(n_bytes)


def gzipped(data: bytes) -> bytes:
    """Pack with gzip."""
    return gzip.compress(data, 1, mtime=0)
