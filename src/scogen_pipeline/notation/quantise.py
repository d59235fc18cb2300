"""Cleaning: a piece as a player could read it, with every note still there.

Why: tokens and MIDI files hold remnants that nobody can read: a note one tick early, an overlap of a thirty-second, four
notes of four lengths on one onset. The page, the MIDI file and the sound all start from the cleaned piece, so they agree.

**Conventions.** No note is dropped except an exact double (same part, onset and pitch); its onset moves by one tick at most.
Durations are changed by these rules only, in this order:

1. Onsets and ends on neither the straight nor the triplet grid go to the nearest multiple of 3 ticks.
2. Of doubled notes the longest stays; a note struck again while it sounds ends there.
3. On an instrument that plays one note at a time, chord tones share the longest duration and a note ends where the next begins.
4. On others, a note held less than a sixteenth beyond the next onset ends there; chord tones that differ by less end together;
   three or more simultaneous layers are reduced to two by ending notes at the next onset.

Cleaning twice is cleaning once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from itertools import groupby

from scogen_pipeline.music.piece import Note, Piece

_SIXTEENTH = 6
_MOST_LAYERS = 2


def clean(piece: Piece) -> Piece:
    """Return the piece with readable onsets and durations; see the rules above."""
    notes: list[Note] = []
    end = piece.end
    for index, part in enumerate(piece.parts):
        snapped = _without_doubles(_snap(note, end) for note in piece.notes_of(index))
        notes += _one_at_a_time(snapped) if part.instrument.max_notes == 1 else _two_layers(snapped)
    return dataclasses.replace(piece, notes=tuple(sorted(notes)))


def snap_tick(tick: int) -> int:
    """Move a tick that is on neither grid (1, 5, 7, 11 ...) to the nearest multiple of 3.

    >>> [snap_tick(t) for t in (6, 8, 10, 11, 13)]
    [6, 8, 10, 12, 12]
    """
    return tick if tick % 3 == 0 or tick % 2 == 0 else 3 * round(tick / 3)


def _snap(note: Note, piece_end: int) -> Note:
    onset = snap_tick(note.onset)
    if onset >= piece_end:
        onset = piece_end - 3
    end = snap_tick(note.end)
    return note._replace(onset=onset, duration=end - onset if end > onset else min(3, piece_end - onset))


def _without_doubles(notes: Iterable[Note]) -> list[Note]:
    """Keep the longest of doubled notes; end a note where its pitch is struck again."""
    kept: list[Note] = []
    for _, same in groupby(sorted(notes, key=lambda n: (n.pitch, n.onset, -n.duration)), key=lambda n: n.pitch):
        last: Note | None = None
        for note in same:
            if last is not None and note.onset == last.onset:
                continue
            if last is not None and last.end > note.onset:
                kept[-1] = last._replace(duration=note.onset - last.onset)
            kept.append(note)
            last = note
    return sorted(kept)


def _onsets(notes: Iterable[Note]) -> list[list[Note]]:
    return [list(group) for _, group in groupby(sorted(notes), key=lambda note: note.onset)]


def _one_at_a_time(notes: list[Note]) -> list[Note]:
    groups = _onsets(notes)
    following = [group[0].onset for group in groups[1:]]
    result: list[Note] = []
    for index, group in enumerate(groups):
        end = max(note.end for note in group)
        if index < len(following):
            end = min(end, following[index])
        result += [note._replace(duration=end - note.onset) for note in group]
    return result


def _two_layers(notes: list[Note]) -> list[Note]:
    """Apply rule 4 until nothing changes; notes only get shorter, so it ends."""
    tidied = _tidy_once(notes)
    while tidied != notes:
        notes, tidied = tidied, _tidy_once(tidied)
    return tidied


def _tidy_once(notes: list[Note]) -> list[Note]:
    done: list[Note] = []
    sounding: list[Note] = []
    for group in _onsets(notes):
        onset = group[0].onset
        done += [note for note in sounding if note.end <= onset]
        held, ended = _hold([note for note in sounding if note.end > onset], onset, _MOST_LAYERS - len(_ends(group)))
        done += ended
        sounding = held + _join_ends(group)
    return sorted(done + sounding)


def _ends(group: Iterable[Note]) -> set[int]:
    return {note.end for note in _join_ends(list(group))}


def _hold(sounding: list[Note], onset: int, n_layers: int) -> tuple[list[Note], list[Note]]:
    """Decide which sounding chords go on over a new onset: those held longest, `n_layers` of them; the others end."""
    chords = sorted({(note.end, -note.onset) for note in sounding if note.end - onset >= _SIXTEENTH}, reverse=True)
    staying = set(chords[: max(0, n_layers)])
    held = [note for note in sounding if (note.end, -note.onset) in staying]
    ended = [note._replace(duration=onset - note.onset) for note in sounding if (note.end, -note.onset) not in staying]
    return held, ended


def _join_ends(group: list[Note]) -> list[Note]:
    """Let chord tones end together where they nearly do, and at no more than two different ends."""
    shortest, longest = min(note.duration for note in group), max(note.duration for note in group)
    if longest - shortest < _SIXTEENTH:
        longest = shortest
    return [note._replace(duration=longest if note.duration == longest else shortest) for note in group]
