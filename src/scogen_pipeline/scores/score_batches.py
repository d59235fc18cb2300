"""Batches of scores, converted side by side in processes of their own.

**Conventions.** A `CorpusPart` is what became of one batch: the MIDI files, one label row for each, one reject row for each piece
that could not be converted. Its key depends on the pieces of the batch and on `CONVERSION` alone, so that finished parts are
recognised.
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any, Final

from scogen_pipeline.errors import MidiError
from scogen_pipeline.scores.conversion import ConvertedScore, convert_score
from scogen_pipeline.scores.score_files import PieceSource, read_abc, split_tunes

#: Raised by one whenever the conversion changes, so that parts of an older one are made again.
CONVERSION: Final = 1
#: Makes music21 hold an accidental to the end of its measure, as in print; its default for ABC without a version does not.
_ABC_VERSION: Final = (2, 1, 0)
LABEL_COLUMNS: Final = ("path", "collection", "title", "composer", "genre", "key", "mode", "meter", "source", "licence")
REJECT_COLUMNS: Final = ("path", "collection", "reason", "detail", "source")


@dataclass(frozen=True)
class CorpusPart:
    """One converted batch.

    Args:
        key: Name of the batch.
        labels: A row of `LABEL_COLUMNS` for each file.
        rejects: A row of `REJECT_COLUMNS` for each piece that was not converted.
        files: MIDI bytes by path below the raw folder; empty when a part is read back.
    """

    key: str
    labels: tuple[dict[str, str], ...]
    rejects: tuple[dict[str, str], ...]
    files: dict[str, bytes] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class CorpusPlan:
    """The batches of a run.

    Args:
        batches: What to convert.
        is_active: False where the corpus step is to leave everything as it is.
    """

    batches: tuple[tuple[PieceSource, ...], ...]
    is_active: bool = True


def key_of(batch: Sequence[PieceSource]) -> str:
    """Name a batch by its pieces, as 16 hex digits; other places of the same files give the same name."""
    text = "\n".join(f"{source.target} {source.source} {source.genre} {source.licence}" for source in batch)
    return hashlib.sha256(f"{CONVERSION}\n{text}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


def convert_batch(batch: Sequence[PieceSource], timeout_s: int = 120) -> CorpusPart:
    """Convert the pieces of one batch; a piece that cannot be converted is a row of rejects."""
    labels, rejects, files = [], [], {}
    for source in batch:
        try:
            with _time_limit(timeout_s):
                data, label = _convert(source)
        except MidiError as error:
            rejects.append(_reject(source, error.reason, error.detail))
        else:
            files[source.target] = data
            labels.append(label)
    return CorpusPart(key_of(batch), tuple(labels), tuple(rejects), files)


def convert_batches(batches: Sequence[Sequence[PieceSource]], workers: int, timeout_s: int) -> Iterator[CorpusPart]:
    """Yield the parts of the batches as they get ready, in no fixed order.

    Args:
        batches: What to convert.
        workers: Processes; 0 for one a processor, 1 for none beside this one.
        timeout_s: Seconds a piece may take.
    """
    workers = min(workers or os.cpu_count() or 1, len(batches))
    if workers <= 1:
        yield from (convert_batch(batch, timeout_s) for batch in batches)
        return
    # Processes are spawned: a fork of a process with threads (TensorFlow, MLflow) may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        # In the order of their keys, which is none: large scores and small tunes mixed, so that the progress bar's ETA holds.
        mixed = sorted(batches, key=key_of)
        for future in as_completed([pool.submit(convert_batch, batch, timeout_s) for batch in mixed]):
            yield future.result()


def _convert(source: PieceSource) -> tuple[bytes, dict[str, str]]:
    if source.path.lower().endswith((".mid", ".midi")):
        return Path(source.path).read_bytes(), _label(source)
    try:
        converted = convert_score(
            _read_score(source),
            genre=source.genre,
            collection=source.collection,
            title=source.title,
            composer=source.composer,
            copyright_notice=source.licence,
            major_is_certain=source.path.lower().endswith(".abc"),
        )
    except MidiError:
        raise
    except _unreadable() as error:
        raise MidiError("unreadable", f"{type(error).__name__}: {error}"[:200]) from error
    return converted.midi, _label(source, converted)


def _unreadable() -> tuple[type[Exception], ...]:
    """What music21 raises on scores it cannot read; it wraps only some of its errors in its own."""
    from music21.exceptions21 import Music21Exception  # noqa: PLC0415 - heavy

    # A broken XML file raises a SyntaxError.
    return (
        Music21Exception,
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        SyntaxError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
    )


def _read_score(source: PieceSource) -> Any:
    from music21 import abcFormat, converter  # noqa: PLC0415 - heavy

    read_abc_handler: Any = abcFormat.translate.abcToStreamScore
    if source.path.lower().endswith(".abc"):
        tune = split_tunes(read_abc(source.path))[source.tune]
        return read_abc_handler(abcFormat.ABCFile(abcVersion=_ABC_VERSION).readstr(tune))
    # Neither read nor written: music21's pickles of scores.
    return converter.parseFile(source.path, forceSource=True, storePickle=False)


def _label(source: PieceSource, converted: ConvertedScore | None = None) -> dict[str, str]:
    return {
        "path": source.target,
        "collection": source.collection,
        "title": converted.title if converted else source.title,
        "composer": converted.composer if converted else source.composer,
        "genre": source.genre,
        "key": converted.key.name if converted else "",
        "mode": converted.key.mode if converted else "",
        "meter": str(converted.meter) if converted else "",
        "source": source.source,
        "licence": source.licence,
    }


def _reject(source: PieceSource, reason: str, detail: str) -> dict[str, str]:
    return dict(zip(REJECT_COLUMNS, (source.target, source.collection, reason, detail, source.source), strict=True))


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """Raise a `MidiError` in the block after so many seconds, where the system has alarms and this is the main thread."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise MidiError("timeout", f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
