"""A piece to tokens, and tokens to a piece.

A measure is spelled `bar=K [meter=M] [like=B] [phrase=L] chord=C+ (pos=P ([part=Q] (dur=D+ pitch=N+)+)+)*`: first its plan, then
its notes. What does not change is not repeated: `part=` only stands where the part differs from the last one, `meter=` where the
meter changes, `like=` where its distance does, `phrase=` where a phrase begins; the notes of a chord that are equally long share
one `dur=`. Durations above the longest note value are several `dur=` in a row, tied.

The plan is read off the notes by `analysis`, so that a model that writes a plan first knows where it is going; reading a piece
back skips it.

**Conventions**

- Pieces are spelled in C major or A minor: pitches are moved by less than a tritone, and decoding moves them back.
- What holds for the whole piece (genre, mode, meter, tempo class, length, start, the role of each part) is not in the tokens but
  in the *conditions*, a list of fixed length that the model sees at every step.

**References.** The position and bar events go back to Huang and Yang, *Pop Music Transformer* (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from scogen_pipeline.analysis.chords import chords_of
from scogen_pipeline.analysis.phrases import phrases_of
from scogen_pipeline.analysis.returns import returns_of
from scogen_pipeline.errors import VocabularyError
from scogen_pipeline.music.duration import tied_values
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece
from scogen_pipeline.music.tempo import tempo_class
from scogen_pipeline.tokens.alphabet import (
    END,
    HIGH_PITCH,
    LOW_PITCH,
    MAX_PARTS,
    METERS,
    PAD,
    START,
    bar_token,
    chord_token,
    kind_of,
    length_token,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scogen_pipeline.music.instruments import Role
    from scogen_pipeline.music.key import Key
    from scogen_pipeline.music.piece import Measure, Part

#: Names of the condition slots, in order.
CONDITIONS: Final = ("genre", "mode", "meter", "tempo", "length", "start", *(f"role_{part}" for part in range(MAX_PARTS)))


@dataclass(frozen=True)
class EncodedPiece:
    """A piece as the model sees it.

    Args:
        conditions: One token for each slot of `CONDITIONS`; `<pad>` where there is no such part.
        tokens: From `<start>` to `<end>`.
    """

    conditions: tuple[str, ...]
    tokens: tuple[str, ...]


def normal_shift(key: Key) -> int:
    """Semitones from C major or A minor up to `key`, -5 to 6.

    >>> from scogen_pipeline.music.key import Key
    >>> normal_shift(Key.parse("Bb")), normal_shift(Key.parse("c"))
    (-2, 3)
    """
    distance = (key.tonic_pitch_class - key.normal.tonic_pitch_class) % 12
    return distance if distance <= 6 else distance - 12


def encode(piece: Piece) -> EncodedPiece:
    """Spell a piece.

    Raises:
        VocabularyError: If it has more than eight parts, a measure or a pitch that the alphabet does not hold.
    """
    _check_spellable(piece)
    return EncodedPiece(conditions_of(piece), (START, *_spell(piece), END))


def conditions_of(piece: Piece) -> tuple[str, ...]:
    """Spell what holds for the whole piece, one token for each slot of `CONDITIONS`."""
    has_downbeat = bool(piece.notes) and piece.notes[0].onset == 0
    return spell_conditions(piece, tuple(part.role for part in piece.parts), has_downbeat=has_downbeat)


def spell_conditions(piece: Piece, roles: tuple[Role, ...], *, has_downbeat: bool) -> tuple[str, ...]:
    """Spell the frame of a piece, whatever its notes and its instruments, for parts of the given roles."""
    return (
        f"genre={piece.genre if piece.genre in GENRES else 'other'}",
        f"mode={piece.key.mode}",
        f"meter={piece.meter}",
        f"tempo={tempo_class(piece.tempo_bpm)}",
        length_token(piece.n_bars),
        f"start={'downbeat' if has_downbeat else 'pickup'}",
        *(f"role={role}" for role in roles),
        *[PAD] * (MAX_PARTS - len(roles)),
    )


def _check_spellable(piece: Piece) -> None:
    if len(piece.parts) > MAX_PARTS:
        raise VocabularyError(f"`parts` must be at most {MAX_PARTS}, received {len(piece.parts)}. Leave some out.")
    unknown = set(piece.meters) - set(METERS)
    if unknown:
        raise VocabularyError(
            f"`meter` must be at most 4/2 long and over 2 to 16, received {', '.join(map(str, sorted(unknown)))}."
        )
    shift = normal_shift(piece.key)
    pitches = [note.pitch - shift for note in piece.notes]
    if pitches and not LOW_PITCH <= min(pitches) <= max(pitches) <= HIGH_PITCH:
        raise VocabularyError(f"`pitch` must be {LOW_PITCH} to {HIGH_PITCH} in C, received {min(pitches)} to {max(pitches)}.")


def _spell(piece: Piece) -> Iterator[str]:
    shift = normal_shift(piece.key)
    notes_by_measure = _notes_by_measure(piece)
    meter, part = piece.meter, 0
    plans = _plans(piece, shift)
    for measure in piece.measures():
        yield bar_token(piece.n_bars - measure.number + 1)
        if measure.meter != meter:
            meter = measure.meter
            yield f"meter={meter}"
        yield from next(plans)
        for onset, at_onset in groupby(notes_by_measure[measure.number - 1], key=lambda note: note.onset):
            yield f"pos={onset - measure.onset}"
            for next_part, in_part in groupby(at_onset, key=lambda note: note.part):
                if next_part != part:
                    part = next_part
                    yield f"part={part}"
                yield from _spell_chords(list(in_part), shift)


def _plans(piece: Piece, shift: int) -> Iterator[list[str]]:
    """Yield the plan of each measure: what it is like, how long a phrase begins there, its chords."""
    distance, measures_left = 0, 1
    for is_like, phrase, chords in zip(returns_of(piece), phrases_of(piece), chords_of(piece), strict=True):
        plan = [f"like={is_like}"] if is_like != distance else []
        if measures_left == 1:
            plan.append(f"phrase={phrase}")
        distance, measures_left = is_like, phrase
        yield plan + [chord_token(chord, shift) for chord in chords]


def _spell_chords(notes: list[Note], shift: int) -> Iterator[str]:
    """Spell the notes of one part at one onset, shorter durations first, pitches rising."""
    by_duration = sorted(notes, key=lambda note: (note.duration, note.pitch))
    for duration, chord in groupby(by_duration, key=lambda note: note.duration):
        yield from (f"dur={value}" for value in tied_values(duration))
        yield from (f"pitch={note.pitch - shift}" for note in chord)


def _notes_by_measure(piece: Piece) -> list[list[Note]]:
    groups: list[list[Note]] = [[] for _ in range(piece.n_bars)]
    measures = iter(piece.measures())
    measure: Measure = next(measures)
    for note in piece.notes:
        while note.onset >= measure.end:
            measure = next(measures)
        groups[measure.number - 1].append(note)
    return groups


def decode(  # noqa: PLR0913  (a piece has that many facts)
    tokens: Sequence[str],
    *,
    parts: tuple[Part, ...],
    meter: Meter,
    key: Key,
    shift: int | None = None,
    tempo_qpm: float = 120.0,
    genre: str = "",
    title: str = "",
    composer: str = "",
    source: str = "",
) -> Piece:
    """Read a piece back from its tokens.

    Args:
        tokens: What `encode` wrote; `<start>` and `<end>` may be missing.
        parts: The parts that `part=` counts.
        meter: Meter of the first measure.
        key: Key of the piece.
        shift: Semitones to move the pitches by; by default as far as `encode` moved them.
        tempo_qpm: Quarter notes per minute.
        genre: Passed on to the piece, like the rest.
        title: Printed title.
        composer: Printed composer line.
        source: Where it comes from.

    Raises:
        VocabularyError: If the tokens do not follow the grammar.
    """
    meters, notes = _Reader(meter, normal_shift(key) if shift is None else shift).read(tokens)
    end = sum(each.bar_ticks for each in meters)
    if any(note.end > end or note.part >= len(parts) for note in notes):
        raise VocabularyError(f"`tokens` must stay within {len(meters)} measures and {len(parts)} parts.")
    return Piece(parts, tuple(sorted(set(notes))), tuple(meters), key, tempo_qpm, genre, title, composer, source)


class _Reader:
    """Reads tokens one by one and remembers where it is."""

    def __init__(self, meter: Meter, shift: int) -> None:
        self.meter, self.shift = meter, shift
        self.meters: list[Meter] = []
        self.notes: list[Note] = []
        self.bar_onset = self.position = self.part = self.duration = 0
        self.after_pitch = True

    def read(self, tokens: Iterable[str]) -> tuple[list[Meter], list[Note]]:
        for token in tokens:
            if token in (START, END, PAD):
                continue
            reader = getattr(self, f"_read_{kind_of(token)}", None)
            if reader is None or (not self.meters and kind_of(token) != "bar"):
                raise VocabularyError(f"`tokens` must follow the grammar of tokens.encoding, received `{token}` out of place.")
            reader(value_of(token))
        return self.meters, self.notes

    def _read_bar(self, _bars_left: str) -> None:
        if self.meters:
            self.bar_onset += self.meters[-1].bar_ticks
        self.meters.append(self.meter)
        self.position = 0

    def _read_meter(self, text: str) -> None:
        self.meter = self.meters[-1] = Meter.parse(text)

    def _read_like(self, _distance: str) -> None:
        """Skip: the plan says nothing that the notes do not."""

    _read_phrase = _read_chord = _read_like

    def _read_pos(self, text: str) -> None:
        self.position = int(text)

    def _read_part(self, text: str) -> None:
        self.part = int(text)

    def _read_dur(self, text: str) -> None:
        self.duration = int(text) + (0 if self.after_pitch else self.duration)
        self.after_pitch = False

    def _read_pitch(self, text: str) -> None:
        self.after_pitch = True
        self.notes.append(Note(self.bar_onset + self.position, self.part, int(text) + self.shift, self.duration))
