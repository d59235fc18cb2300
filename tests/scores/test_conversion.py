import io

import mido
import pytest
from music21 import abcFormat, chord, clef, converter, corpus, harmony, instrument, key, meter, note, stream, tempo, tie

from scogen_pipeline.errors import MidiError
from scogen_pipeline.scores.conversion import convert_score

TPQ = 480


def part_of(*measures: list, name: str = "Voice", signature: str = "4/4", sharps: int | None = 0, kind=stream.Part):
    part = kind()
    part.partName = name
    for index, elements in enumerate(measures):
        measure = stream.Measure(number=index + 1)
        if index == 0:
            measure.timeSignature = meter.TimeSignature(signature)
            if sharps is not None:
                measure.keySignature = key.KeySignature(sharps)
        for element in elements:
            measure.append(element)
        part.append(measure)
    return part


def score_of(*parts) -> stream.Score:
    score = stream.Score()
    for part in parts:
        score.insert(0, part)
    return score


def quarters(*names: str, length: float = 1.0) -> list[note.Note]:
    return [note.Note(name, quarterLength=length) for name in names]


def convert(score, genre="folk song", collection="test", **options):
    return convert_score(score, genre=genre, collection=collection, **options)


def notes_of(converted, track: int = 1) -> list[tuple[float, float, int]]:
    """(onset, duration, pitch) in quarters of a track, read by mido and not by this project."""
    notes, sounding, now = [], {}, 0
    for message in mido.MidiFile(file=io.BytesIO(converted.midi)).tracks[track]:
        now += message.time
        if message.type == "note_on":
            sounding[message.note] = now
        elif message.type == "note_off":
            onset = sounding.pop(message.note)
            notes.append((onset / TPQ, (now - onset) / TPQ, message.note))
    return sorted(notes)


def events_of(converted, kind: str) -> list:
    events, now = [], 0
    for message in mido.MidiFile(file=io.BytesIO(converted.midi)).tracks[0]:
        now += message.time
        if message.type == kind:
            events.append((now / TPQ, message))
    return events


def names_of(converted) -> list[str]:
    return [track.name for track in mido.MidiFile(file=io.BytesIO(converted.midi)).tracks[1:]]


def test_a_pickup_ends_at_the_first_bar_line_after_tick_0():
    converted = convert(score_of(part_of(quarters("G4"), quarters("C4", "D4", "E4", "F4"))))
    assert notes_of(converted)[:2] == [(3, 1, 67), (4, 1, 60)]


def test_a_tie_over_the_bar_line_is_one_note():
    first, second = note.Note("C4", quarterLength=4), note.Note("C4", quarterLength=2)
    first.tie, second.tie = tie.Tie("start"), tie.Tie("stop")
    converted = convert(score_of(part_of([first], [second, note.Note("D4", quarterLength=2)])))
    assert notes_of(converted) == [(0, 6, 60), (6, 2, 62)]


def test_a_tie_without_an_end_mark_holds_if_the_pitch_follows_at_once():
    first, second = note.Note("C4", quarterLength=4), note.Note("C4", quarterLength=4)
    first.tie = tie.Tie("start")
    assert notes_of(convert(score_of(part_of([first], [second])))) == [(0, 8, 60)]
    second.pitch.midi = 62
    assert len(notes_of(convert(score_of(part_of([first], [second]))))) == 2


def test_triplets_keep_their_thirds():
    triplet = [note.Note("C4", quarterLength=1 / 3) for _ in range(3)]
    converted = convert(score_of(part_of([*triplet, note.Note("D4", quarterLength=3)])))
    assert [round(onset * 3, 6) for onset, _, _ in notes_of(converted)] == [0, 1, 2, 3]


def test_grace_notes_and_chord_symbols_are_dropped():
    grace = note.Note("B4").getGrace()
    symbol = harmony.ChordSymbol("C")
    converted = convert(score_of(part_of([symbol, grace, note.Note("C5", quarterLength=4)])))
    assert notes_of(converted) == [(0, 4, 72)]


def test_chords_keep_all_their_notes():
    converted = convert(score_of(part_of([chord.Chord(["C4", "E4", "G4"], quarterLength=4)])))
    assert [pitch for _, _, pitch in notes_of(converted)] == [60, 64, 67]


def test_a_change_of_meter_stands_at_its_bar_line():
    part = part_of(quarters("C4", "D4", "E4", "F4"), quarters("C4", "D4", "E4"))
    part.getElementsByClass("Measure")[1].timeSignature = meter.TimeSignature("3/4")
    found = events_of(convert(score_of(part)), "time_signature")
    assert [(at, event.numerator, event.denominator) for at, event in found] == [(0, 4, 4), (4, 3, 4)]


def test_a_piano_is_two_tracks_named_by_hands():
    right = part_of(quarters("C5", "D5", "E5", "F5"), name="Piano", kind=stream.PartStaff)
    left = part_of([note.Note("C3", quarterLength=4)], name="Piano", kind=stream.PartStaff)
    right.id, left.id = "P1-Staff1", "P1-Staff2"
    converted = convert(score_of(right, left), genre="classical piano")
    assert names_of(converted) == ["Piano right hand", "Piano left hand"]
    assert notes_of(converted, 2) == [(0, 4, 48)]


def test_the_tempo_is_the_metronome_mark_or_the_custom_of_the_genre():
    marked = part_of(quarters("C4", "D4", "E4", "F4"))
    marked.getElementsByClass("Measure")[0].insert(0, tempo.MetronomeMark(number=90))
    plain = part_of(quarters("C4", "D4", "E4", "F4"))

    def qpm(part, genre):
        return round(mido.tempo2bpm(events_of(convert(score_of(part), genre), "set_tempo")[0][1].tempo))

    assert qpm(marked, "chorale") == 90
    assert qpm(plain, "chorale") == 76


def test_a_reel_lasts_as_long_in_cut_as_in_common_time():
    common, cut = (part_of(quarters("C4", "D4", "E4", "F4"), signature=text) for text in ("4/4", "2/2"))
    first, second = (events_of(convert(score_of(part), "reel"), "set_tempo")[0][1].tempo for part in (common, cut))
    assert first == second


@pytest.mark.parametrize(("last", "expected"), [("A3", "A minor"), ("C4", "C major")])
def test_the_last_bass_note_tells_the_mode_that_a_signature_leaves_open(last, expected):
    converted = convert(score_of(part_of([*quarters("C4", "D4", "E4"), note.Note(last)])))
    assert converted.key.name == expected


def test_dorian_is_minor_with_its_own_signature():
    part = part_of(quarters("D4", "E4", "F4", "D4"), sharps=None)
    part.getElementsByClass("Measure")[0].insert(0, key.Key("D", "dorian"))
    converted = convert(score_of(part))
    assert (converted.key.fifths, converted.key.mode) == (0, "minor")


def test_transposing_instruments_sound_and_the_key_is_the_sounding_one():
    part = part_of(quarters("D4", "E4", "F#4", "D4"), name="Clarinet", sharps=2)
    part.insert(0, instrument.Clarinet())
    part.atSoundingPitch = False
    other = part_of(quarters("C3", "D3", "E3", "C3"), name="Bassoon", sharps=0)
    converted = convert(score_of(part, other), genre="")
    assert [pitch for _, _, pitch in notes_of(converted)] == [60, 62, 64, 60]
    assert converted.key.name == "C major"


def test_unisons_of_two_voices_on_a_staff_sound_once():
    measure = stream.Measure(number=1)
    measure.timeSignature = meter.TimeSignature("4/4")
    for length in (4, 2):
        voice = stream.Voice()
        voice.append(note.Note("C4", quarterLength=length))
        measure.insert(0, voice)
    part = stream.Part([measure])
    assert notes_of(convert(score_of(part))) == [(0, 4, 60)]


def test_four_nameless_parts_of_a_chorale_are_satb():
    parts = [part_of(quarters(*[name] * 4), name="") for name in ("C5", "G4", "E4", "C3")]
    assert names_of(convert(score_of(*parts), genre="chorale")) == ["Soprano", "Alto", "Tenor", "Bass"]


def test_five_voices_are_named_by_name_then_register_and_numbered():
    names = ("Cantus", "Altus", "Quintus", "Tenor", "Bassus")
    parts = [part_of(quarters(*[p] * 4), name=n) for n, p in zip(names, ("C5", "G4", "C4", "A3", "C3"), strict=True)]
    found = names_of(convert(score_of(*parts), genre="renaissance"))
    assert found == ["Soprano", "Alto", "Tenor 1", "Tenor 2", "Bass"]


def test_a_dance_tune_is_for_the_fiddle_and_a_song_for_the_voice():
    part = part_of(quarters("C4", "D4", "E4", "F4"), name="")
    assert names_of(convert(score_of(part), genre="reel", collection="ryansMammoth")) == ["Fiddle"]
    assert names_of(convert(score_of(part), genre="folk song", collection="essenFolksong")) == ["Voice"]


def test_of_two_endings_the_second_is_kept():
    text = "X:1\nT:t\nM:4/4\nL:1/4\nK:C\n|:CDEF|[1G4:|[2c4||edcB|c4|]\n"
    score = abcFormat.translate.abcToStreamScore(abcFormat.ABCFile(abcVersion=(2, 1, 0)).readstr(text))
    assert notes_of(convert(score))[4:6] == [(4, 4, 72), (8, 1, 76)]


def test_a_score_without_notes_is_rejected_with_a_reason():
    with pytest.raises(MidiError, match="no notes"):
        convert(score_of(part_of([note.Rest(quarterLength=4)])))


def test_parts_with_different_numbers_of_measures_are_rejected():
    one, two = part_of(quarters("C4", "D4", "E4", "F4")), part_of(*[quarters("C4", "D4", "E4", "F4")] * 2)
    with pytest.raises(MidiError, match="parts disagree"):
        convert(score_of(one, two))


def test_converting_twice_gives_the_same_bytes():
    score = score_of(part_of(quarters("C4", "D4", "E4", "F4"), name="x"))
    score.parts[0].insert(0, clef.TrebleClef())
    assert convert(score).midi == convert(score).midi


@pytest.mark.parametrize(
    ("name", "genre", "tracks", "first_beat"),
    [
        ("bach/bwv66.6", "chorale", ["Soprano", "Alto", "Tenor", "Bass"], 3),
        ("palestrina/Kyrie_02", "renaissance", ["Soprano", "Alto", "Tenor", "Bass"], 0),
        ("ryansMammoth/AcaciaReel", "reel", ["Fiddle"], 1.5),
    ],
)
def test_real_scores_lie_as_music21_counts_them(name, genre, tracks, first_beat):
    score = converter.parse(corpus.getWork(name), forceSource=True)
    converted = convert(score, genre=genre, collection=name.split("/")[0])
    assert names_of(converted) == tracks
    for index, part in enumerate(score.parts):
        expected = sorted(
            (round((float(item.offset) + first_beat) * TPQ), item.pitch.midi)
            for item in part.stripTies().flatten().notes
            if not item.duration.isGrace
        )
        assert [(round(onset * TPQ), pitch) for onset, _, pitch in notes_of(converted, index + 1)] == expected
