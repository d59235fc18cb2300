"""Compare the part-writing of generated chorales with Bach's, for several strengths of `counterpoint`.

    python benchmarks/part_writing.py --model data/06_models/pretrained [--n 16] [--counterpoint 0 1 2]

The real side is the test set of the JSB chorales, found by SCOGEN_SHARED or in ../shared; without it only the generated rows are
printed. Shares are 0 to 1, parallels per 100 chord changes.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.musical import MEASURES
from scogen_pipeline.metrics.voice_leading import chord_share, crossing_share, parallels
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.sampling.generate import compose_pieces
from scogen_pipeline.sampling.request import Request

SATB = parts_for(tuple(INSTRUMENTS[name] for name in GENRES["chorale"].instruments))
SHARED = Path(os.environ.get("SCOGEN_SHARED", Path(__file__).parents[2] / "shared"))
TICKS_PER_FRAME = 6

COLUMNS = {
    "chords": chord_share,
    "crossing": crossing_share,
    "parallel 5ths": lambda piece: parallels(piece, 7),
    "parallel 8ves": lambda piece: parallels(piece, 0),
    "steps": MEASURES["stepwise_share"],
    "rests": MEASURES["rest_share"],
}


def bach() -> list[Piece]:
    """Return the test chorales, if they are there."""
    file = SHARED / "data" / "benchmarks" / "jsb" / "Jsb16thSeparated.json"
    return [chorale(frames) for frames in json.loads(file.read_text())["test"]] if file.is_file() else []


def chorale(frames: list[list[int]]) -> Piece:
    """Make a piece of four pitches each sixteenth, -1 for a rest; equal neighbours are one note."""
    notes = []
    for part in range(4):
        onset = 0
        for pitch, run in groupby(frame[part] for frame in frames):
            duration = len(list(run)) * TICKS_PER_FRAME
            notes += [Note(onset, part, pitch, duration)] if pitch >= 0 else []
            onset += duration
    return Piece(SATB, tuple(sorted(notes)), (Meter(4, 4),) * -(-len(frames) // 16), Key(0, "major"))


def row(name: str, pieces: Iterable[Piece]) -> str:
    """Return one line of the table: the mean of each column."""
    known = list(pieces)
    means = (sum(measure(piece) for piece in known) / len(known) for measure in COLUMNS.values())
    return f"{name:18}" + "".join(f"{mean:15.3f}" for mean in means)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="data/06_models/pretrained")
    parser.add_argument("--n", type=int, default=16, help="chorales a row and mode")
    parser.add_argument("--counterpoint", type=float, nargs="+", default=[0.0, 1.0, 2.0])
    parser.add_argument("--temperature", type=float, default=Request().temperature)
    arguments = parser.parse_args()
    stepper = TrainedModelDataset(filepath=arguments.model).load().stepper()
    print(" " * 18 + "".join(f"{name:>15}" for name in COLUMNS))
    if real := bach():
        print(row("Bach (JSB test)", real))
    for strength in arguments.counterpoint:
        pieces = [
            piece
            for key in ("C", "a")
            for piece in compose_pieces(
                Request(key=key, n=arguments.n, temperature=arguments.temperature, counterpoint=strength), stepper
            ).values()
        ]
        print(row(f"counterpoint {strength:g}", pieces))


if __name__ == "__main__":
    main()
