"""The table of results: a row for each test piece and model, from which alone every figure is computed.

**Conventions.** Nats. Figures of a set are pooled: sum of nats over sum of frames (or notes) of the pieces. `n_frames` and
`n_notes` are those that are *scored*: a model that skips the first frame has one frame less, and is not comparable with others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import pyarrow as pa

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.literature.leaks import leak_classes
from scogen_pipeline.metrics.literature.published import published_table
from scogen_pipeline.metrics.literature.sets import GRID, BenchmarkSet

SCHEMA: Final = pa.schema(
    [
        ("set", pa.string()),
        ("model", pa.string()),
        ("piece", pa.int32()),  # index in the published test split
        ("leak", pa.string()),  # clean, partly or leaked; "" where classes are not defined
        ("nll_nats", pa.float64()),
        ("n_tokens", pa.int32()),
        ("n_frames", pa.int32()),
        ("n_notes", pa.int32()),
    ]
)
#: Sets whose lines are melodies, a step a quarter. On other rolls a held note would count as a run of steps.
LEAK_SETS: Final = frozenset({"jsb_quarter", GRID})
_GROUPS: Final = ("all", "clean", "leaked")


def result_rows(
    benchmark: BenchmarkSet, model: str, nlls: Sequence[float], n_tokens: Sequence[int], *, skips_first_frame: bool = False
) -> pd.DataFrame:
    """Return the rows of one model and set, in the columns of `SCHEMA`.

    Args:
        benchmark: The set.
        model: Name of the model.
        nlls: Nats of each test piece, in the published order.
        n_tokens: Predictions that these are the sum of.
        skips_first_frame: Whether the first frame of each piece is not scored.

    Raises:
        DataError: If there is not one number for each test piece.
    """
    pieces = benchmark.pieces["test"]
    if not len(nlls) == len(n_tokens) == len(pieces):
        raise DataError(f"`nlls` must have a number for each of {len(pieces)} test pieces, received {len(nlls)}.")
    scored = [piece[1:] if skips_first_frame else piece for piece in pieces]
    frame = pd.DataFrame(
        {
            "set": benchmark.name,
            "model": model,
            "piece": range(len(pieces)),
            "leak": leak_classes(benchmark) if benchmark.name in LEAK_SETS else "",
            "nll_nats": nlls,
            "n_tokens": n_tokens,
            "n_frames": [len(piece) for piece in scored],
            "n_notes": [benchmark.n_notes(piece) for piece in scored],
        }
    )
    counts = dict.fromkeys(("piece", "n_tokens", "n_frames", "n_notes"), "int32")
    typed: pd.DataFrame = frame.astype(counts).reindex(columns=SCHEMA.names)
    return typed


def results_table(parts: Sequence[pd.DataFrame]) -> pa.Table:
    """Join rows of several models and sets.

    Raises:
        DataError: If a piece has two rows of one model.
    """
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    if frame.duplicated(["set", "model", "piece"]).any():
        raise DataError("`model` must be another name for each model of a set, received one twice.")
    return pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False)


def summarise_results(results: pd.DataFrame) -> pd.DataFrame:
    """Pool the pieces of each set and model, all of them and each class by itself.

    Returns:
        set, model, pieces (all, clean, leaked), n_pieces, n_frames, n_notes, nats_per_frame, nats_per_note, nats_per_token.
    """
    groups = [results if name == "all" else results[results["leak"] == name] for name in _GROUPS]
    parts = [group.assign(pieces=name) for name, group in zip(_GROUPS, groups, strict=True)]
    keys = ["set", "model", "pieces"]
    pooled = pd.concat(parts).groupby(keys, sort=False)
    sums = pooled[["nll_nats", "n_tokens", "n_frames", "n_notes"]].sum()
    table = sums.assign(
        n_pieces=pooled.size(),
        nats_per_frame=sums["nll_nats"] / sums["n_frames"],
        nats_per_note=sums["nll_nats"] / sums["n_notes"].clip(lower=1),
        nats_per_token=sums["nll_nats"] / sums["n_tokens"],
    )
    columns = [*keys, "n_pieces", "n_frames", "n_notes", "nats_per_frame", "nats_per_note", "nats_per_token"]
    return table.reset_index()[columns].sort_values(keys[:2], kind="stable", ignore_index=True)


def write_report(summary: pd.DataFrame, calibration: pd.DataFrame) -> str:
    """Return the figures as Markdown: a table for each set, measured beside published, best first."""
    published = published_table()
    lines = ["# Compared with the literature", ""]
    for name in summary["set"].unique():
        measured = summary[summary["set"] == name]
        unit = "note" if name == GRID else "frame"
        lines += [f"## {name}: nats per {unit}, test", "", "| model | all | clean | leaked | source |", "|---|---|---|---|---|"]
        rows = [_measured_row(str(model), group, f"nats_per_{unit}") for model, group in measured.groupby("model")]
        rows += [_published_row(row) for row in published[published["set"] == name].to_dict("records")]
        lines += [row for _, row in sorted(rows)] + [""]
    lines += ["† quoted from memory: check the source before printing it elsewhere.", "", "## Calibration", ""]
    lines += ["| set | figure | known | measured |", "|---|---|---|---|"]
    lines += [f"| {row.set} | {row.figure} | {row.known} | {row.measured:.4f} |" for row in calibration.itertuples()]
    return "\n".join([*lines, ""])


def _measured_row(model: str, group: pd.DataFrame, figure: str) -> tuple[float, str]:
    by_pieces = dict(zip(group["pieces"], group[figure], strict=True))
    cells = [f"{by_pieces[name]:.3f}" if name in by_pieces else "" for name in _GROUPS]
    return by_pieces["all"], f"| **{model}** | {' | '.join(cells)} | measured |"


def _published_row(row: dict[str, object]) -> tuple[float, str]:
    mark = " †" if row["is_from_memory"] else ""
    caveat = f"; {row['caveat']}" if row["caveat"] else ""
    nats = float(str(row["nats"]))
    return nats, f"| {row['model']}{mark} | {nats:.3f} | | | {row['source']}{caveat} |"
