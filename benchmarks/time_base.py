"""Measure how often scores are taken for performances, and performances for scores.

    python benchmarks/time_base.py [--scores 30]

Real files from `data/` of SCOGEN_SHARED or of ../shared (sets that are absent are left out), scores of the music21 corpus and of
OpenScore Lieder as the corpus pipeline writes them, and files made from both:

- recordings at other resolutions, and in frames of 10 and 32 ms, as transcribers write them
- scores with a lively tempo map played out, at a fictitious 120: recordings, for their ticks are milliseconds
- scores of which each onset strays, by a normal distribution: up to 1/100 quarter (5 ms at 120) rounding finds the notes, from
  1/24 quarter on it does not. Between 1/60 and 1/40 lies the border, see `midi/time_base.py`
- excerpts of 16, 32 and 64 onsets

Prints the errors of each set, their median over the sets, and every file of the real sets that is taken for what it is not.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import symusic as untyped_symusic

from scogen_pipeline.datasets.score_library import ScoreLibraryDataset
from scogen_pipeline.midi.time_base import find_time_base
from scogen_pipeline.scores.score_batches import convert_batch
from scogen_pipeline.scores.score_files import CorpusSettings, select_pieces

symusic: Any = untyped_symusic
REPOSITORY: Final = Path(__file__).parents[1]
CORPUS: Final = "bach+essenFolksong+haydn+joplin+oneills1850+palestrina"
MOST: Final = 60


class Onsets(NamedTuple):
    """What the classifier sees of a file."""

    name: str
    ticks: np.ndarray
    tpq: int
    seconds: np.ndarray


def _onsets(name: str, data: bytes) -> Onsets:
    score = symusic.Score.from_midi(data)
    in_seconds = score.to("second")
    ticks, seconds = (
        np.sort(np.concatenate([track.notes.numpy()["time"] for track in each.tracks])) for each in (score, in_seconds)
    )
    return Onsets(name, ticks, score.tpq, seconds)


def _folder(folder: Path, *, wanted: Callable[[Path], bool] = lambda _: True) -> list[Onsets]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".mid", ".midi"} and wanted(path))
    return [_onsets(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files]


def _converted(settings: CorpusSettings) -> list[Onsets]:
    """Convert scores as the corpus pipeline does."""
    sources = select_pieces(ScoreLibraryDataset().load(), settings)
    return [_onsets(path, data) for path, data in convert_batch(sources).files.items()]


def _real_sets(shared: Path, n_scores: int) -> dict[str, tuple[str, list[Onsets]]]:
    lieder = shared / "openscore-lieder"
    sets = {
        "piano-midi-de": ("score", _folder(shared / "piano-midi-de")),
        "asap, scores": ("score", _folder(shared / "asap", wanted=lambda path: path.name.startswith("midi_score"))),
        "music21 corpus": ("score", _converted(CorpusSettings(CORPUS, pieces=-(-n_scores // 3)))),
        "OpenScore Lieder": ("score", _converted(CorpusSettings("", n_scores, score_dir=str(lieder))) if lieder.is_dir() else []),
        "data/01_raw": ("score", _folder(REPOSITORY / "data" / "01_raw" / "music21")),
        "asap, performances": (
            "performance",
            _folder(shared / "asap", wanted=lambda path: not path.name.startswith("midi_score")),
        ),
        "GiantMIDI": ("performance", _folder(shared / "giantmidi-preview")),
        "Aria": ("performance", _folder(shared / "aria-format")),
    }
    return {name: each for name, each in sets.items() if each[1]}


def _at(piece: Onsets, tpq: int, frame_seconds: float = 0.0) -> Onsets:
    """Write the seconds of a piece as ticks at 120."""
    seconds = np.round(piece.seconds / frame_seconds) * frame_seconds if frame_seconds else piece.seconds
    return piece._replace(ticks=np.round(seconds * 2 * tpq).astype(np.int32), tpq=tpq)


def _has_rubato(piece: Onsets) -> bool:
    """Whether one onset in twenty is half a second from where a steady tempo would have it."""
    line = np.polynomial.Polynomial.fit(piece.ticks, piece.seconds, 1)
    return bool(np.mean(np.abs(line(piece.ticks) - piece.seconds) > 0.5) > 1 / 20)


def _strayed(piece: Onsets, quarters: float) -> Onsets:
    shift = np.random.default_rng(len(piece.ticks)).normal(0, quarters * piece.tpq, len(piece.ticks))
    return piece._replace(ticks=np.sort(np.round(np.maximum(piece.ticks + shift, 0)).astype(np.int32)))


def _excerpt(piece: Onsets, n_onsets: int) -> Onsets:
    distinct = np.unique(piece.ticks)
    start = max(0, (len(distinct) - n_onsets) // 2)
    return piece._replace(ticks=distinct[start : start + n_onsets])


def _made_sets(scores: Sequence[Onsets], performances: Sequence[Onsets]) -> dict[str, tuple[str, list[Onsets]]]:
    sets = {
        f"recordings at tpq {tpq}": ("performance", [_at(piece, tpq) for piece in performances]) for tpq in (24, 96, 220, 1_000)
    }
    sets |= {
        f"recordings in frames of {1000 * frame:g} ms": ("performance", [_at(piece, 480, frame) for piece in performances])
        for frame in (0.01, 0.032)
    }
    sets["scores played out at 120"] = ("performance", [_at(piece, 480) for piece in scores if _has_rubato(piece)])
    for divisor, truth in (
        (200, "score"),
        (100, "score"),
        (60, "score"),
        (40, "performance"),
        (24, "performance"),
        (12, "performance"),
    ):
        sets[f"scores strayed by 1/{divisor}"] = (truth, [_strayed(piece, 1 / divisor) for piece in scores])
    for n_onsets in (16, 32, 64):
        sets[f"scores, {n_onsets} onsets"] = ("score", [_excerpt(piece, n_onsets) for piece in scores])
        sets[f"recordings, {n_onsets} onsets"] = ("performance", [_excerpt(piece, n_onsets) for piece in performances])
    return sets


def _errors(truth: str, pieces: Sequence[Onsets]) -> list[str]:
    found = [(piece, find_time_base(piece.ticks, piece.tpq)) for piece in pieces]
    return [f"{piece.name}: {time_base.reason}" for piece, time_base in found if time_base.kind != truth]


def _report(sets: dict[str, tuple[str, list[Onsets]]], *, with_files: bool) -> list[float]:
    rates: list[float] = []
    wrong: list[str] = []
    print("\n| set | is | pieces | wrong | lowest and highest agreement |\n|---|---|---|---|---|")
    for name, (truth, pieces) in sets.items():
        errors = _errors(truth, pieces)
        rates.append(len(errors) / len(pieces))
        wrong += [f"- {name}, {error}" for error in errors]
        each = [find_time_base(piece.ticks, piece.tpq).agreement for piece in pieces]
        print(f"| {name} | {truth} | {len(pieces)} | {len(errors)} ({rates[-1]:.1%}) | {min(each):.2f} {max(each):.2f} |")
    print(f"\nMedian error over these {len(rates)} sets: {statistics.median(rates):.1%}, highest: {max(rates):.1%}")
    if with_files:
        print("\n".join(["Taken for what they are not:", *wrong] if wrong else ["None is taken for what it is not."]))
    return rates


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scores", type=int, default=30, help="how many scores of each collection to convert")
    arguments = parser.parse_args()
    real = _real_sets(Path(os.environ.get("SCOGEN_SHARED", REPOSITORY.parent / "shared")) / "data", arguments.scores)
    _report(real, with_files=True)
    chance = random.Random(0)  # noqa: S311 - the same files each time
    scores, performances = (
        [piece for is_a, pieces in real.values() if is_a == truth for piece in chance.sample(pieces, min(MOST, len(pieces)))]
        for truth in ("score", "performance")
    )
    if performances:
        _report(_made_sets(scores, performances), with_files=False)
    start = time.process_time()
    for piece in scores:
        find_time_base(piece.ticks, piece.tpq)
    print(f"\n{1e6 * (time.process_time() - start) / len(scores):.0f} microseconds a piece")


if __name__ == "__main__":
    main()
