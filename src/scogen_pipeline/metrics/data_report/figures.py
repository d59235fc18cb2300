"""The figures of the data report, as SVG to be put into a page.

**Conventions.** Scores are blue, performances vermilion, which the colour-blind tell apart; what is neither is grey. No name
from a file ever comes here: such names are in tables, where the browser finds a font for every script. Text stays text and takes
the fonts of the page; 1 point becomes about 1.4 pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.metrics.data_report.facts import Collection, KeyCount, Spread
from scogen_pipeline.metrics.data_report.wording import clock, number, short_number
from scogen_pipeline.music.key import Key, Mode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCORE_COLOUR: Final = "#2f6690"
PERFORMANCE_COLOUR: Final = "#d9642c"
_INK: Final = "#1f2a33"
_FAINT: Final = "#66727d"
_LINE: Final = "#e3e7ea"
_GREY: Final = "#8796a1"

_HALF: Final = (5.2, 2.05)
_WIDE: Final = (10.9, 2.5)
_FONT_POINTS: Final = 8
_FEWEST_BINS: Final = 6
_BLACK_KEYS: Final = frozenset({1, 3, 6, 8, 10})
_PIANO: Final = (21, 108)
_MIDDLE_C: Final = 60
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "scogen",
    "font.family": "sans-serif",
    "font.size": _FONT_POINTS,
}


def draw_collection(collection: Collection) -> dict[str, str]:
    """Draw each figure that there is something for.

    Returns:
        Name -> `<svg>` element.
    """
    return {name: _svg(name, draw, size) for name, size, draw in _figures(collection)}


def _figures(collection: Collection) -> Iterator[tuple[str, tuple[float, float], Callable[[Figure], None]]]:
    for name, (unit, label) in _SPREADS.items():
        spread = collection.spreads[name]
        if spread.n:
            yield name, _HALF, _spread_drawing(spread, unit, label)
    if collection.keys:
        yield "keys", _WIDE, lambda figure: _draw_keys(figure, collection.keys)
    if any(collection.pitches):
        yield "pitches", _WIDE, lambda figure: _draw_pitches(figure, collection.pitches)
    if any(collection.velocities):
        yield "velocities", _HALF, lambda figure: _draw_velocities(figure, collection.velocities)


def _svg(name: str, draw: Callable[[Figure], None], size: tuple[float, float]) -> str:
    import matplotlib  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415  (without pyplot: no global state, no window)
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02))
        draw(figure)
        file = StringIO()
        figure.savefig(
            file, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return _embedded(file.getvalue(), name)


def _embedded(svg: str, name: str) -> str:
    """Make a file of its own a part of a page: no prologue, ids that no other figure has, the page's fonts."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*">', "<g>", body)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", body)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    return re.sub(r"\s*\n\s*", "\n", body).replace("<svg", '<svg role="img" focusable="false"', 1).strip()


# Distributions over pieces.


def _time_label(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if seconds < 3600 else f"{seconds / 3600:g} h"


def _plain(value: float) -> str:
    return short_number(value).replace(" million", " M")


#: Name of a spread -> how its edges are written, and the label of its axis.
_SPREADS: Final[dict[str, tuple[Callable[[float], str], str]]] = {
    "seconds": (_time_label, "length of a piece"),
    "notes": (_plain, "notes in a piece"),
    "measures": (_plain, "measures in a score"),
    "notes_a_second": (_plain, "notes a second"),
    "semitones": (_plain, "semitones from the lowest to the highest note"),
    "tempo_qpm": (_plain, "quarter notes a minute"),
}


def _spread_drawing(spread: Spread, unit: Callable[[float], str], label: str) -> Callable[[Figure], None]:
    return lambda figure: _draw_spread(figure, spread, unit, label)


def _draw_spread(figure: Figure, spread: Spread, unit: Callable[[float], str], label: str) -> None:
    axes = figure.add_subplot()
    first, last = _filled(spread)
    scores, performances = spread.scores[first:last], spread.performances[first:last]
    places = [index + 0.5 for index in range(last - first)]
    _bars(axes, places, scores, performances)
    edges = spread.edges[first : last + 1]
    every = -(-len(edges) // 12)
    shown = [index for index in range(len(edges)) if index % every == 0 and math.isfinite(edges[index])]
    axes.set_xticks(shown, [unit(edges[index]) for index in shown])
    axes.set_xlim(0, last - first)
    _finish(axes, label, "pieces")
    axes.set_ylim(0, 1.22 * max(a + b for a, b in zip(scores, performances, strict=True)))  # room for the label
    _mark(axes, _place_of(spread.median, edges), f"median {_value(spread.median, unit)}", last - first)


def _value(value: float, unit: Callable[[float], str]) -> str:
    return clock(value) if unit is _time_label else number(float(f"{value:.3g}"))


def _filled(spread: Spread) -> tuple[int, int]:
    """Return the range of bins with pieces, some empty ones about it if they are few."""
    counts = [a + b for a, b in zip(spread.scores, spread.performances, strict=True)]
    filled = [index for index, count in enumerate(counts) if count]
    first, last = filled[0], filled[-1] + 1
    missing = max(0, _FEWEST_BINS - (last - first))
    first = max(0, first - missing // 2)
    last = min(len(counts), first + max(_FEWEST_BINS, last - first))
    return max(0, min(first, last - _FEWEST_BINS)), last


def _place_of(value: float, edges: Sequence[float]) -> float:
    """Return where a value is among bins that are all drawn equally wide."""
    for index, (low, high) in enumerate(pairwise(edges)):
        if low <= value < high:
            return index + (0.5 if math.isinf(high) else (value - low) / (high - low))
    return float(len(edges) - 1)


def _bars(axes: Axes, places: Sequence[float], scores: Sequence[int], performances: Sequence[int], width: float = 0.86) -> None:
    axes.bar(places, scores, width, color=SCORE_COLOUR, linewidth=0, zorder=2)
    if any(performances):
        axes.bar(places, performances, width, bottom=scores, color=PERFORMANCE_COLOUR, linewidth=0, zorder=2)


def _mark(axes: Axes, place: float, text: str, right: float) -> None:
    axes.axvline(place, color=_INK, linewidth=0.9, dashes=(3, 2), zorder=3)
    is_left = place > 0.6 * right
    axes.annotate(
        text, (place, 1), (-4 if is_left else 4, -1), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="right" if is_left else "left", va="top", color=_INK, zorder=4,
    )  # fmt: skip


# Keys, pitches, velocities.


def _draw_keys(figure: Figure, keys: Sequence[KeyCount]) -> None:
    """Draw majors upwards and minors downwards, relative keys above each other, along the line of fifths."""
    axes = figure.add_subplot()
    signs: tuple[tuple[Mode, int], ...] = (("major", 1), ("minor", -1))
    for mode, sign in signs:
        counts = {key.fifths: key for key in keys if key.mode == mode}
        scores = [sign * counts[fifths].n_scores if fifths in counts else 0 for fifths in range(-7, 8)]
        performances = [sign * counts[fifths].n_performances if fifths in counts else 0 for fifths in range(-7, 8)]
        _bars(axes, range(-7, 8), scores, performances, 0.74)
        for fifths in range(-7, 8):
            total = counts[fifths].n_scores + counts[fifths].n_performances if fifths in counts else 0
            name = Key(fifths, mode).printed_name.split()[0]
            name = name if sign > 0 else name.lower()
            axes.annotate(
                "\n".join([name, _plain(total) if total else ""][:: sign]).strip(),
                (fifths, sign * total), (0, 3 * sign), textcoords="offset points", ha="center",
                va="bottom" if sign > 0 else "top", color=_INK if total else _GREY, fontsize=_FONT_POINTS, linespacing=1.15,
            )  # fmt: skip
    top = max(key.n_scores + key.n_performances for key in keys)
    highest = {
        mode: max((key.n_scores + key.n_performances for key in keys if key.mode == mode), default=0)
        for mode in ("major", "minor")
    }
    axes.set_ylim(-highest["minor"] - 0.36 * top, highest["major"] + 0.36 * top)
    axes.axhline(0, color=_INK, linewidth=0.7, zorder=3)
    axes.set_xticks(range(-7, 8), [f"{-n} ♭" if n < 0 else f"{n} ♯" if n else "none" for n in range(-7, 8)])
    axes.set_xlim(-8.4, 7.6)
    _finish(axes, "key signature", "")
    axes.set_yticks([])
    for text, side in (("major", 1), ("minor", -1)):
        axes.annotate(
            text, (-8.35, 0), (0, 4 * side), textcoords="offset points", va="bottom" if side > 0 else "top", color=_FAINT
        )


def _draw_pitches(figure: Figure, pitches: Sequence[int]) -> None:
    """Draw how often each key of the piano is struck, above a keyboard."""
    axes, keyboard = figure.subplots(2, 1, sharex=True, height_ratios=(6, 1))
    sounding = [pitch for pitch, count in enumerate(pitches) if count]
    low, high = min(_PIANO[0], sounding[0]), max(_PIANO[1], sounding[-1])
    places = range(low, high + 1)
    axes.bar(places, pitches[low : high + 1], 0.82, color=_GREY, linewidth=0, zorder=2)
    _finish(axes, "", "notes")
    axes.tick_params(axis="x", length=0, labelbottom=False)
    _draw_keyboard(keyboard, low, high)
    axes.set_xlim(low - 0.7, high + 0.7)


def _draw_keyboard(axes: Axes, low: int, high: int) -> None:
    white = [pitch for pitch in range(low, high + 1) if pitch % 12 not in _BLACK_KEYS]
    black = [pitch for pitch in range(low, high + 1) if pitch % 12 in _BLACK_KEYS]
    axes.bar([low + (high - low) / 2], [1], high - low + 1, color="#ffffff", edgecolor=_GREY, linewidth=0.6)
    # The line between two white keys is hidden by the black key between them, if there is one.
    lines = [pitch - (1 if (pitch - 1) % 12 in _BLACK_KEYS else 0.5) for pitch in white[1:]]
    axes.vlines(lines, 0, 1, color=_GREY, linewidth=0.5)
    axes.bar(black, [0.62] * len(black), 0.62, bottom=0.38, color=_INK, linewidth=0)
    if low <= _MIDDLE_C <= high:
        axes.plot([_MIDDLE_C], [0.18], marker="o", markersize=2.6, color=PERFORMANCE_COLOUR)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
    axes.set_xticks(octaves, [pitch_name(pitch) for pitch in octaves])
    axes.tick_params(length=0, labelsize=_FONT_POINTS, labelcolor=_FAINT, pad=2)
    axes.spines[:].set_visible(False)


def pitch_name(pitch: int) -> str:
    """Name a pitch, middle C being C4.

    >>> pitch_name(60), pitch_name(22)
    ('C4', 'B♭0')
    """
    names = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
    return f"{names[pitch % 12]}{pitch // 12 - 1}"


def _draw_velocities(figure: Figure, velocities: Sequence[int]) -> None:
    axes = figure.add_subplot()
    counts = [sum(velocities[start : start + 4]) for start in range(0, 128, 4)]
    axes.bar([4 * index + 2 for index in range(len(counts))], counts, 3.4, color=_GREY, linewidth=0, zorder=2)
    axes.set_xticks(range(0, 129, 16))
    axes.set_xlim(0, 128)
    _finish(axes, "velocity (how hard a key is struck)", "notes")


def _finish(axes: Axes, label: str, unit: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415 - slow to import

    axes.set_xlabel(label, color=_FAINT, labelpad=3, fontsize=_FONT_POINTS)
    if unit:
        axes.set_title(unit, loc="left", color=_FAINT, fontsize=_FONT_POINTS, pad=5)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
    axes.grid(axis="y", color=_LINE, linewidth=0.7, zorder=0)
    axes.tick_params(length=0, labelsize=_FONT_POINTS, labelcolor=_FAINT, pad=3)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set(color=_GREY, linewidth=0.7)
