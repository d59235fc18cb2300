"""The known figures of the published sets, and what happens with others."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from tests.metrics.literature.made_up_sets import grid, made_up_sets, published_sets, rolls

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.literature.calibration import KNOWN, TOLERANCE, calibrate, require_calibration
from scogen_pipeline.metrics.literature.grid_floors import proper_nlls, published_nlls
from scogen_pipeline.metrics.literature.leaks import leak_classes
from scogen_pipeline.metrics.literature.sets import FILE_BY_SET, GRID, BenchmarkSet, read_sets


@pytest.fixture(scope="module")
def published(shared_data: Path) -> dict[str, BenchmarkSet]:
    return published_sets(shared_data / "benchmarks")


def test_every_known_figure_is_reproduced(published: dict[str, BenchmarkSet]) -> None:
    table = require_calibration(calibrate(published))

    assert len(table) == len(KNOWN)
    assert table["difference"].abs().max() <= TOLERANCE


def test_the_16th_grid_is_the_one_that_is_published_about(published: dict[str, BenchmarkSet]) -> None:
    pieces = published[GRID].pieces["test"]
    n_kept = sum(int((piece[1:] == piece[:-1]).sum()) for piece in pieces)

    assert (len(pieces), sum(map(len, pieces)), sum(piece.size for piece in pieces)) == (77, 18_900, 75_600)
    assert n_kept / 75_600 == pytest.approx(0.77, abs=0.005)
    assert leak_classes(published[GRID]).count("partly") == 15


def test_a_floor_that_wastes_no_probability_is_lower(published: dict[str, BenchmarkSet]) -> None:
    assert sum(proper_nlls(published[GRID])) / 75_600 == pytest.approx(0.894, abs=0.001)


def test_other_data_do_not_pass_for_the_published_ones() -> None:
    table = calibrate(made_up_sets())

    assert len(table) == len(KNOWN)
    with pytest.raises(DataError, match=r"`benchmark_dir` must hold the published sets.*jsb_quarter unigram"):
        require_calibration(table)


def test_floors_are_ordered_even_on_data_made_up() -> None:
    floors = {name: sum(nlls) for name, nlls in published_nlls(grid()).items()}

    assert floors["copy"] < floors["voice unigram"]
    assert sum(proper_nlls(grid())) <= floors["copy by beat"]


def test_a_piece_of_the_training_set_is_leaked_even_if_transposed() -> None:
    random = np.random.default_rng(4)
    pieces = [np.repeat(random.integers(50, 60, (40, 4)), 4, axis=0).astype(np.int16) for _ in range(3)]
    benchmark = BenchmarkSet(
        GRID,
        {
            "train": (pieces[0],),
            "valid": (pieces[0],),
            "test": (pieces[0] + np.int16(5), pieces[1], np.concatenate([pieces[0][:80], pieces[2]])),
        },
    )

    assert leak_classes(benchmark) == ["leaked", "clean", "partly"]


def test_files_are_read_and_refused_by_their_content() -> None:
    made = rolls()
    cells = {f"{split}data": np.empty((1, 3), object) for split in made.pieces}
    for split, pieces in made.pieces.items():
        for index, piece in enumerate(pieces):
            cells[f"{split}data"][0, index] = piece
    content = io.BytesIO()
    scipy.io.savemat(content, cells)
    chorales = json.dumps({split: [piece.tolist() for piece in pieces] for split, pieces in grid().pieces.items()}).encode()

    read = read_sets({"jsb_quarter": content.getvalue(), GRID: chorales})

    np.testing.assert_array_equal(read["jsb_quarter"].pieces["test"][2], made.pieces["test"][2])
    np.testing.assert_array_equal(read[GRID].pieces["valid"][0], grid().pieces["valid"][0])
    for name, wrong in (("nottingham", b"no matlab"), (GRID, b"{}"), (GRID, b"[]"), (GRID, b"{")):
        with pytest.raises(DataError, match=FILE_BY_SET[name]):
            read_sets({name: wrong})
    with pytest.raises(DataError, match="split `valid`"):
        BenchmarkSet(GRID, {"train": grid().pieces["train"]})
    with pytest.raises(DataError, match=r"test, piece 0: must have shape \(frames, 88\)"):
        BenchmarkSet("nottingham", dict(made.pieces) | {"test": (np.zeros((3, 4), np.uint8),)})
