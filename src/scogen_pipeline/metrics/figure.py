"""The figure of an evaluation: likelihoods beside the floors, and real beside generated pieces in every measure.

**Conventions.** One colour a side throughout: real is grey-blue, generated is vermilion, which the colour-blind tell
apart. Each dot is a piece, the bar behind it spans the middle half of them, the line is the median.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = {"real": "#5b7a99", "generated": "#d55e00"}
_FLOOR_COLOUR: Final = "#b8b8b8"
_N_COLUMNS: Final = 3
_TITLES: Final = {
    "pitch_class_entropy_bits": "Pitch-class entropy (bits)",
    "scale_consistency": "Notes in the best scale (%)",
    "key_consistency": "Notes in the key's scale (%)",
    "pitch_range_semitones": "Pitch range (semitones)",
    "notes_per_bar": "Notes per bar and part",
    "rest_share": "Rests (% of the time)",
    "note_value_entropy_bits": "Note-value entropy (bits)",
    "stepwise_share": "Stepwise motion (%)",
    "out_of_range_share": "Notes out of range (%)",
    "repeated_motif_share": "Repeated motifs (%)",
    "compression_ratio": "Compression ratio",
    "chord_share": "Beats that hold a chord (%)",
    "voice_crossing_share": "Voice crossing (% of the time)",
    "parallel_fifths_per_100": "Parallel fifths per 100 chords",
    "parallel_octaves_per_100": "Parallel octaves per 100 chords",
}


def draw_evaluation(measures: pd.DataFrame, language: pd.DataFrame) -> Figure:
    """Draw the long table of `comparison.measure_table` and the table of `language.language_table`."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (without pyplot: no global state, no window)

    measures = measures[measures["origin"].isin(_COLOURS)]
    names = list(dict.fromkeys(measures["measure"]))
    n_rows = 1 + -(-(1 + len(names)) // _N_COLUMNS)
    figure = Figure(figsize=(11, 1.55 * n_rows + 0.9), layout="constrained", facecolor="white")
    grid = figure.add_gridspec(n_rows, _N_COLUMNS)
    _draw_language(figure.add_subplot(grid[0, :2]), language)
    _draw_legend(figure.add_subplot(grid[0, 2]), measures)
    for index, name in enumerate(names):
        row, column = divmod(index, _N_COLUMNS)
        _draw_measure(figure.add_subplot(grid[row + 1, column]), measures[measures["measure"] == name], name)
    return figure


def _draw_language(axes: Axes, language: pd.DataFrame) -> None:
    overall = language[language["genre"] == "all"].sort_values("nll_per_note", ascending=False)
    colours = [_COLOURS["generated"] if model == "lstm" else _FLOOR_COLOUR for model in overall["model"]]
    names = ["LSTM" if model == "lstm" else model for model in overall["model"]]
    bars = axes.barh(names, overall["nll_per_note"].to_numpy(), color=colours, height=0.7)
    axes.bar_label(bars, [f" {note:.2f} a note, {token:.3f} a token" for note, token in _pairs(overall)], fontsize=8)
    axes.set_xlim(0, float(overall["nll_per_note"].max()) * 1.45)
    n_pieces = int(overall["n_pieces"].iloc[0])
    _finish(axes, f"Negative log-likelihood of {n_pieces} held-out pieces (nats, lower is better)")


def _pairs(overall: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(overall["nll_per_note"], overall["nll_per_token"], strict=True))


def _draw_legend(axes: Axes, measures: pd.DataFrame) -> None:
    counts = measures.groupby("origin")["piece"].nunique()
    for height, (origin, colour) in zip((0.62, 0.38), _COLOURS.items(), strict=True):
        axes.scatter(0.06, height, color=colour, s=60)
        axes.text(0.13, height, f"{origin}: {counts.get(origin, 0)} pieces", va="center", fontsize=10)
    axes.text(0.04, 0.12, "dot: piece, bar: middle half, line: median", fontsize=8, color="#555555")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axis("off")


def _draw_measure(axes: Axes, measures: pd.DataFrame, name: str) -> None:
    scale = 100 if name.endswith(("_share", "_consistency")) else 1
    jitter = np.random.default_rng(0)  # where dots sit inside their row means nothing
    for height, (origin, colour) in enumerate(reversed(_COLOURS.items())):
        values = scale * measures.loc[measures["origin"] == origin, "value"].to_numpy(dtype=np.float64)
        if not len(values):
            continue
        low, middle, high = np.percentile(values, (25, 50, 75))
        axes.barh(height, high - low, left=low, height=0.62, color=colour, alpha=0.35, linewidth=0)
        axes.plot([middle, middle], [height - 0.31, height + 0.31], color=colour, linewidth=2)
        heights = height + jitter.uniform(-0.22, 0.22, len(values))
        axes.scatter(values, heights, s=11, color=colour, alpha=0.75, linewidths=0, zorder=3)
    axes.use_sticky_edges = False  # else a dot at zero is cut in half
    axes.margins(x=0.04)
    low, high = scale * measures["value"].min(), scale * measures["value"].max()
    if low == high:
        axes.set_xlim(low - 0.05, low + 1)
    axes.set_yticks([0, 1], list(reversed(_COLOURS)))
    axes.set_ylim(-0.5, 1.5)
    _finish(axes, _TITLES.get(name, name))


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.tick_params(labelsize=8, length=2)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
