"""Whatever the model proposes, the piece is what was asked for."""

from __future__ import annotations

import itertools

import pytest
from tests.sampling.random_stepper import RandomStepper

from scogen_pipeline.errors import RequestError
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.generate import compose_piece, compose_pieces, slug, write_each
from scogen_pipeline.sampling.grammar import Grammar
from scogen_pipeline.sampling.plan import Plan
from scogen_pipeline.sampling.primer import Primer
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.vocabulary import Vocabulary

METERS = ("2/4", "3/4", "4/4", "6/8", "9/8", "3/2", "2/2", "5/4", "3/8", "12/8")
KEYS = ("C", "f#", "Bb", "g", "Eb", "B")
REQUESTS = [
    Request(key, meter, 100, genre, bars=bars, seed=seed)
    for seed, (genre, (meter, key, bars)) in enumerate(
        zip(GENRES, itertools.cycle(zip(METERS, itertools.cycle(KEYS), itertools.cycle((2, 3, 5)), strict=False)), strict=False)
    )
] + [
    Request(instruments=names, bars=4, genre="folk song", seed=3)
    for names in ("tuba", "tin whistle+guitar", "harp", "double bass+piccolo")
]


@pytest.fixture(
    scope="module", params=REQUESTS, ids=lambda request: f"{request.genre}-{request.time_signature}-{request.instruments}"
)
def case(request: pytest.FixtureRequest, vocabulary: Vocabulary) -> tuple[Request, Piece]:
    return request.param, compose_piece(request.param, RandomStepper(vocabulary, request.param.seed))


def test_it_has_the_measures_that_were_asked_for(case: tuple[Request, Piece]) -> None:
    request, piece = case
    assert piece.meters == (request.meter,) * (request.n_bars + request.has_pickup)
    assert (piece.key, piece.tempo_qpm, piece.parts) == (request.parsed_key, request.tempo_qpm, request.parts)


def test_a_pickup_is_the_end_of_a_silent_measure(case: tuple[Request, Piece]) -> None:
    request, piece = case
    first, bar = piece.notes[0].onset, request.meter.bar_ticks
    assert bar / 2 <= first <= bar - 12 if request.has_pickup else first == 0


@pytest.mark.parametrize("genre", ["jig", "chorale", "classical piano"])
@pytest.mark.parametrize("seed", range(4))
def test_a_pickup_that_was_asked_for_is_there(genre: str, seed: int, vocabulary: Vocabulary) -> None:
    request = Request(genre=genre, bars=3, seed=seed, pickup="yes")
    piece = compose_piece(request, RandomStepper(vocabulary, seed))
    assert piece.n_bars == 4
    assert request.meter.bar_ticks / 2 <= piece.notes[0].onset < request.meter.bar_ticks
    assert piece.pickup_ticks == request.meter.bar_ticks - piece.notes[0].onset or piece.notes[0].onset % 3
    assert max(note.end for note in piece.notes) == last_tick(piece)


def test_a_pickup_is_as_frequent_as_in_the_genre() -> None:
    shares = {
        genre: sum(Request(genre=genre, seed=seed).has_pickup for seed in range(300)) / 300
        for genre in ("hornpipe", "renaissance")
    }
    assert shares == pytest.approx({name: GENRES[name].pickup_share for name in shares}, abs=0.05)


def test_every_note_is_within_the_range_of_its_instrument(case: tuple[Request, Piece]) -> None:
    _, piece = case
    for note in piece.notes:
        instrument = piece.parts[note.part].instrument
        assert instrument.low <= note.pitch <= instrument.high


def test_a_single_line_sounds_one_note_at_a_time(case: tuple[Request, Piece]) -> None:
    _, piece = case
    for index, part in enumerate(piece.parts):
        notes = piece.notes_of(index)
        if part.instrument.max_notes == 1:
            assert all(first.end <= second.onset for first, second in itertools.pairwise(notes))


def last_tick(piece: Piece) -> int:
    """Return the first tick after the music: the last measure makes way for the pickup, in eighth notes."""
    pickup = piece.meter.bar_ticks - piece.notes[0].onset if piece.notes[0].onset else 0
    return piece.end - -(-pickup // 12) * 12


def test_it_closes_on_the_tonic_after_the_dominant(case: tuple[Request, Piece]) -> None:
    _, piece = case
    tonic = piece.key.tonic_pitch_class
    final = piece.end - piece.meter.bar_ticks
    last = [note for note in piece.notes if note.end == last_tick(piece)]
    assert min(note.pitch for note in last) % 12 == tonic
    dominant = {(tonic + degree) % 12 for degree in (7, 11, 2, 5)}
    leading = [note for note in piece.notes if note.onset < final and note.end > final - piece.meter.beat_ticks]
    assert leading
    assert {note.pitch % 12 for note in leading} <= dominant


def test_every_part_sounds_to_the_end(case: tuple[Request, Piece]) -> None:
    _, piece = case
    assert all(max(note.end for note in piece.notes_of(index)) == last_tick(piece) for index in range(len(piece.parts)))


def test_no_part_is_silent_for_long(case: tuple[Request, Piece]) -> None:
    _, piece = case
    longest = 4 if len(piece.parts) > 1 else 1
    for index in range(len(piece.parts)):
        notes = piece.notes_of(index)
        sounding = [any(note.onset < m.end and note.end > m.onset for note in notes) for m in piece.measures()]
        rests = [len(list(group)) for is_sounding, group in itertools.groupby(sounding) if not is_sounding]
        assert max(rests, default=0) <= longest


def test_the_same_seed_gives_the_same_piece_and_another_seed_another(vocabulary: Vocabulary) -> None:
    request = Request(key="G", genre="reel", bars=4, seed=5)
    first, again, other = (
        compose_piece(each, RandomStepper(vocabulary))
        for each in (request, request, Request(key="G", genre="reel", bars=4, seed=6))
    )
    assert first == again
    assert first.notes != other.notes


def test_a_piece_does_not_depend_on_how_many_are_asked_for(vocabulary: Vocabulary) -> None:
    class Even(RandomStepper):
        """The same logits for every piece of a batch."""

        def step(self, ids, state, features, dense):
            row = self._random.normal(0, 1, self.vocabulary.size)
            return row[None].repeat(len(ids), 0), state

    two = compose_pieces(Request(bars=3, n=2, title="Air"), Even(vocabulary))
    three = compose_pieces(Request(bars=3, n=3, title="Air"), Even(vocabulary))
    assert list(two) == ["air-no-1-1", "air-no-2-1"]
    assert [piece.notes for piece in two.values()] == [piece.notes for piece in three.values()][:2]


def test_a_piece_that_is_finished_takes_no_more_steps(vocabulary: Vocabulary) -> None:
    class Counting(RandomStepper):
        """Remembers how many pieces each step was for."""

        def __init__(self, vocabulary: Vocabulary) -> None:
            super().__init__(vocabulary)
            self.n_pieces: list[int] = []

        def step(self, ids, state, features, dense):
            self.n_pieces.append(len(ids))
            return super().step(ids, state, features, dense)

    stepper = Counting(vocabulary)
    written = write_each([Request(bars=bars, genre="reel", seed=bars) for bars in (8, 2, 4)], stepper)
    lengths = sorted(len(writer.ids) for writer in written)
    assert stepper.n_pieces == [3] * lengths[0] + [2] * (lengths[1] - lengths[0]) + [1] * (lengths[2] - lengths[1])


def test_the_grammar_always_allows_something(vocabulary: Vocabulary) -> None:
    grammar = Grammar(Plan.of(Request(bars=2, genre="classical piano")), vocabulary)
    steps = 0
    while not grammar.is_finished:
        allowed = sorted(grammar.allowed_ids())
        assert allowed
        assert len({*allowed}) == len(allowed)
        grammar.advance(allowed[-1 - steps % len(allowed)])
        steps += 1


def test_what_leans_comes_first_among_what_is_allowed(vocabulary: Vocabulary) -> None:
    grammar = Grammar(Plan.of(Request(bars=2, genre="chorale")), vocabulary)
    while not grammar.is_finished:
        allowed, n_leaning = grammar.allowed_ids(), len(grammar.leanings())
        assert [vocabulary.tokens[each].startswith("pitch=") for each in allowed[: n_leaning + 1]].count(True) == n_leaning
        grammar.advance(allowed[0])


def primer_midi(meter: tuple[int, int, int] = (0, 4, 4)) -> bytes:
    tune = [(24 * step, 24, 67 + (0, 2, 4, 5)[step % 4], 80) for step in range(16)]
    return midi_bytes([MidiTrack("Melody", 40, tune)], tpq=24, meters=[meter], keys=[(0, 1, "major")])


def test_a_primer_is_continued_in_the_key_that_was_asked_for(vocabulary: Vocabulary) -> None:
    request = Request(key="A", genre="reel", bars=8)
    opening = Primer.read(primer_midi()).tokens_for(request)
    (piece,) = compose_pieces(request, RandomStepper(vocabulary), opening).values()
    assert piece.n_bars == 8
    assert [note.pitch % 12 for note in piece.notes[:4]] == [9, 11, 1, 2]
    assert sum(token.startswith("bar=") for token in opening) == 4


def test_a_primer_that_does_not_fit_the_request_is_refused() -> None:
    with pytest.raises(RequestError, match="time_signature=3/4"):
        Primer.read(primer_midi((0, 3, 4))).tokens_for(Request(genre="reel"))
    with pytest.raises(RequestError, match="4 staves"):
        Primer.read(primer_midi()).tokens_for(Request(genre="chorale"))


def test_file_names_say_what_is_in_them() -> None:
    assert slug("Jig in F# minor") == "jig-in-f-sharp-minor"
    with pytest.raises(RequestError, match="title"):
        slug("!?")


@pytest.mark.parametrize("meter", ["13/16", "5/16", "14/8", "7/8", "12/8", "4/2", "3/8"])
@pytest.mark.parametrize("pickup", ["yes", "no"])
@pytest.mark.parametrize("genre", ["folk song", "classical piano"])
def test_it_never_gets_stuck(meter: str, pickup: str, genre: str, vocabulary: Vocabulary) -> None:
    for seed in range(2):
        request = Request(genre=genre, time_signature=meter, bars=3, seed=seed, pickup=pickup)
        piece = compose_piece(request, RandomStepper(vocabulary, seed))
        assert piece.n_bars - (piece.pickup_ticks > 0) == 3
