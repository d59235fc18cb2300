"""The notes of a staff as one or more layers of chords that never overlap.

Why few layers: pianists read a chord with one stem at a glance and a second layer slowly, so there is one wherever the notes
allow it: notes that begin and end together share a stem, and only notes that sound on while others begin go to another layer.

**Conventions.** Layer 0 is the upper one (stems up). A *chord* is one or more notes with the same onset and duration. Notes
that overlap nothing stand in layer 0 and have free stems.

**References.** Gould, *Behind Bars*, pp. 52-58 (stem directions of two parts on a staff).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from scogen_pipeline.music.piece import Note


class Chord(NamedTuple):
    """Notes with one onset and duration, ascending; `layer` from 0; `is_shared` where another layer sounds at the same time."""

    onset: int
    duration: int
    notes: tuple[Note, ...]
    layer: int = 0
    is_shared: bool = False

    @property
    def end(self) -> int:
        """First grid tick after the chord."""
        return self.onset + self.duration

    @property
    def mean_pitch(self) -> float:
        """Where the chord lies."""
        return sum(note.pitch for note in self.notes) / len(self.notes)


def split_layers(notes: Sequence[Note]) -> tuple[Chord, ...]:
    """Turn the notes of one part into chords with layers, ordered by onset and layer."""
    chords: list[Chord] = []
    for cluster in _clusters(_chords(notes)):
        chords += cluster if len(cluster) == 1 else _colour(cluster)
    return tuple(sorted(chords, key=lambda chord: (chord.onset, chord.layer)))


def _chords(notes: Iterable[Note]) -> list[Chord]:
    def place(note: Note) -> tuple[int, int]:
        return note.onset, note.duration

    grouped = groupby(sorted(notes, key=lambda note: (*place(note), note.pitch)), key=place)
    return [Chord(onset, duration, tuple(group)) for (onset, duration), group in grouped]


def _clusters(chords: Iterable[Chord]) -> list[list[Chord]]:
    """Group chords that overlap, directly or through others."""
    clusters: list[list[Chord]] = []
    end = 0
    for chord in chords:
        if clusters and chord.onset < end:
            clusters[-1].append(chord)
        else:
            clusters.append([chord])
        end = max(end, chord.end)
    return clusters


def _colour(cluster: Sequence[Chord]) -> list[Chord]:
    """Give the chords of one cluster the fewest layers, the highest on top.

    First come, first served on ascending onsets needs the fewest layers (interval graphs are perfect). Among the free layers
    each chord takes the one whose last chord lies nearest, so that a tune stays in its layer.
    """
    layers: list[list[Chord]] = []
    for chord in sorted(cluster, key=lambda chord: (chord.onset, -chord.mean_pitch)):
        free = [layer for layer in layers if layer[-1].end <= chord.onset]
        if free:
            min(free, key=lambda layer: abs(layer[-1].mean_pitch - chord.mean_pitch)).append(chord)
        else:
            layers.append([chord])
    layers.sort(key=_height, reverse=True)
    return [chord._replace(layer=index, is_shared=True) for index, layer in enumerate(layers) for chord in layer]


def _height(layer: Sequence[Chord]) -> float:
    """Mean pitch over time."""
    return sum(chord.mean_pitch * chord.duration for chord in layer) / sum(chord.duration for chord in layer)
