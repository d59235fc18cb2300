"""Are the promises kept? Random requests, written to MusicXML and MIDI, read back by other programs and judged.

    python benchmarks/adherence.py [--n 60] [--seed 1] [--model FOLDER | --untrained] [--keep FOLDER]

Every genre, all 30 keys of up to seven accidentals and six meters come up in turn, in an order shuffled by the seed; tempo,
length and sometimes the instruments are drawn, and pickups as often as the genre has them. Prints a row for each request and the
share of kept promises, and ends with 1 if any promise was broken. `--untrained` takes a model that proposes at random, so that
nothing but the grammar keeps the promises.
What a promise is and how it is read back: `scogen_pipeline.metrics.adherence`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.metrics.adherence import Finding, Promise, check_files
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import ALL_KEYS
from scogen_pipeline.notation.midi_file import to_midi
from scogen_pipeline.notation.musicxml import to_musicxml
from scogen_pipeline.sampling.generate import compose_piece
from scogen_pipeline.sampling.particles import Stepper
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.sampling.samplers import FloatArray
from scogen_pipeline.tokens.view import ByteArray
from scogen_pipeline.tokens.vocabulary import IntArray, fit_vocabulary

#: Columns of the table; each is judged on the MusicXML and, where MIDI can tell, on the MIDI.
PROMISES = ("meter", "bars", "pickup", "tempo", "instruments", "key", "full", "range", "tonic", "notes")
METERS = ("2/4", "3/4", "4/4", "6/8", "9/8", "3/2")
PRETRAINED = Path(__file__).parents[1] / "data" / "06_models" / "pretrained"
T = TypeVar("T")


class Nothing:
    """What a model that knows nothing remembers."""

    def rows(self, chosen: Sequence[int]) -> Nothing:  # noqa: ARG002
        """Return as much of some rows."""
        return self

    def with_rows(self, others: Sequence[Nothing]) -> Nothing:  # noqa: ARG002
        """Return as much of more rows."""
        return self


class RandomStepper:
    """A model that knows nothing: it finds other tokens likely at each step, whatever came before."""

    def __init__(self, seed: int) -> None:
        self.vocabulary = fit_vocabulary()
        self._random = np.random.default_rng(seed)

    def start(self, conditions: IntArray) -> Nothing:  # noqa: ARG002
        """Forget what is asked for."""
        return Nothing()

    def step(
        self,
        ids: IntArray,
        state: Nothing,
        features: IntArray,  # noqa: ARG002
        dense: ByteArray,  # noqa: ARG002
    ) -> tuple[FloatArray, Nothing]:
        """Return random logits."""
        return self._random.normal(0, 3, (len(ids), self.vocabulary.size)).astype(np.float32), state


def random_requests(n: int, seed: int) -> Iterator[Request]:
    """Draw requests; each genre, key and meter comes up before any comes up again."""
    dice = random.Random(seed)  # noqa: S311 (no secret)
    genres, keys, meters = (_in_turn(values, n, dice) for values in (tuple(GENRES), ALL_KEYS, METERS))
    for genre, key, meter in zip(genres, keys, meters, strict=True):
        own = [dice.choice(list(INSTRUMENTS)) for _ in range(dice.randint(1, 4))]
        yield Request(
            key=key.name,
            time_signature=meter,
            tempo=dice.randint(40, 208),
            genre=genre,
            instruments="+".join(own) if dice.random() < 0.3 else "",
            bars=dice.randint(4, 24),
            seed=dice.randrange(2**31),
        )


def _in_turn(values: Sequence[T], n: int, dice: random.Random) -> list[T]:
    rounds = (dice.sample(values, len(values)) for _ in cycle([None]))
    return list(islice((value for each in rounds for value in each), n))


def findings_of(request: Request, stepper: Stepper, folder: Path) -> tuple[Finding, ...]:
    """Compose, write both files, read them back from the disk and judge them."""
    piece = compose_piece(request, stepper)
    score, midi = folder / f"{request.seed}.musicxml", folder / f"{request.seed}.mid"
    score.write_text(to_musicxml(piece), encoding="utf-8")
    midi.write_bytes(to_midi(piece))
    promise = Promise(
        request.parsed_key, request.meter, request.tempo_bpm, request.ensemble, request.n_bars, has_pickup=request.has_pickup
    )
    return check_files(score.read_text(encoding="utf-8"), midi.read_bytes(), promise)


def row(number: int, request: Request, findings: tuple[Finding, ...]) -> str:
    """Return the line of a request: what was asked for, then for each promise `ok` or the files that break it."""
    cells = (
        "+".join(f.name.split()[0].upper() for f in findings if f.name.endswith(promise) and not f.is_kept) or "ok"
        for promise in PROMISES
    )
    asked = (number, request.genre, request.key, request.time_signature, request.tempo, request.bars)
    return _line(asked, cells)


def _line(asked: tuple[object, ...], cells: Iterable[str]) -> str:
    widths = (3, 16, 9, 5, 5, 5)
    return " ".join([*(f"{value!s:{width}}" for value, width in zip(asked, widths, strict=True)), *(f"{c:8}" for c in cells)])


def check_all(n: int, seed: int, stepper: Stepper, folder: Path) -> list[tuple[Finding, ...]]:
    """Check `n` random requests and print the table as it grows; broken promises are told below their row."""
    print(_line(("no.", "genre", "key", "meter", "tempo", "bars"), (promise[:8] for promise in PROMISES)))
    results: list[tuple[Finding, ...]] = []
    for number, request in enumerate(random_requests(n, seed), start=1):
        findings = findings_of(request, stepper, folder)
        print(row(number, request, findings), flush=True)
        for finding in findings:
            if not finding.is_kept:
                print(f"      {finding.name}: promised {finding.promised}, found {finding.found}; {request}")
        results.append(findings)
    return results


def summary(results: list[tuple[Finding, ...]]) -> str:
    """Return the share of kept promises, one line a promise."""
    lines = [
        f"{promise[0].name:17} {100 * sum(f.is_kept for f in promise) / len(promise):6.1f} %"
        for promise in zip(*results, strict=True)
    ]
    n_whole = sum(all(f.is_kept for f in findings) for findings in results)
    return "\n".join(
        [*lines, f"{'all of them':17} {100 * n_whole / len(results):6.1f} %  ({n_whole} of {len(results)} requests)"]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=60, help="how many requests")
    parser.add_argument("--seed", type=int, default=1, help="which requests")
    parser.add_argument("--model", type=Path, default=PRETRAINED, help="folder of the model")
    parser.add_argument("--untrained", action="store_true", help="propose at random instead")
    parser.add_argument("--keep", type=Path, help="folder to leave the files in")
    options = parser.parse_args(arguments)
    stepper = (
        RandomStepper(options.seed) if options.untrained else TrainedModelDataset(filepath=str(options.model)).load().stepper()
    )
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        results = check_all(options.n, options.seed, stepper, folder)
    print(f"\nKept promises, read back from the written files in {time.perf_counter() - started:.0f} s:")
    print(summary(results))
    return 0 if all(finding.is_kept for findings in results for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
