import io
import time
from pathlib import Path

import mido
import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.scores import score_batches
from scogen_pipeline.scores.score_batches import convert_batch, key_of
from scogen_pipeline.scores.score_files import CorpusSettings, ScoreLibrary, batches_of, select_pieces, split_tunes

TUNE = "X:{n}\nT:Tune {n}\nR:{rhythm}\nM:4/4\nL:1/4\nK:C\n{body}|]\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of two collections: an ABC file of six tunes, two of them the same, and an unreadable score."""
    bodies = ["CDEF|GABc", "CDEF|GABc", "cBAG|FEDC|C4", "EFGA|E4", "GGGG|c4|c4|c4", "edcB|A4"]
    rhythms = ["reel", "reel", "reel", "hornpipe", "reel", ""]
    text = "% header\n" + "\n".join(
        TUNE.format(n=n, rhythm=rhythm, body=body) for n, (rhythm, body) in enumerate(zip(rhythms, bodies, strict=True), 1)
    )
    (tmp_path / "oneills1850").mkdir()
    (tmp_path / "oneills1850" / "first.abc").write_text(text)
    (tmp_path / "bach").mkdir()
    (tmp_path / "bach" / "bwv1.xml").write_text("<score-partwise><broken")
    return tmp_path


def select(corpus: Path, **settings):
    return select_pieces(ScoreLibrary(corpus), CorpusSettings(**({"collections": "oneills1850"} | settings)))


def test_a_tune_is_a_piece_and_the_same_music_is_taken_once(corpus):
    found = select(corpus, pieces=0)
    assert [source.target[-8:] for source in found] == ["0001.mid", "0003.mid", "0004.mid", "0005.mid", "0006.mid"]
    assert found[0].source == "music21 corpus oneills1850/first.abc#1"


def test_the_smallest_of_each_genre_come_first_and_the_unlabelled_last(corpus):
    assert [source.genre for source in select(corpus, pieces=2)] == ["reel", "hornpipe"]
    assert [source.genre for source in select(corpus, pieces=4)].count("") == 0


def test_the_selection_does_not_depend_on_the_order_of_names(corpus):
    assert select(corpus, collections="bach+oneills1850") == select(corpus, collections=["oneills1850", "bach"])


def test_an_unknown_collection_is_refused_with_the_nearest(corpus):
    with pytest.raises(RequestError, match="Did you mean `palestrina`"):
        CorpusSettings(collections="bach+palestina")


@pytest.mark.parametrize("settings", [{"pieces": -1}, {"workers": 1000}, {"timeout_s": 0}, {"pieces": "many"}])
def test_numbers_out_of_range_are_refused(settings):
    with pytest.raises(RequestError, match="whole number"):
        CorpusSettings(**settings)


def test_a_folder_that_is_not_there_is_refused(corpus):
    with pytest.raises(RequestError, match="score_dir"):
        select(corpus, score_dir=str(corpus / "absent"))


def test_a_folder_of_scores_keeps_its_tree_and_has_one_genre(corpus, tmp_path):
    songs = tmp_path / "songs" / "Wolf,_Hugo"
    songs.mkdir(parents=True)
    (songs / "3_Der_Gärtner.mxl").write_bytes(b"")
    found = select(corpus, collections="", score_dir=str(tmp_path / "songs"), score_genre="lied", score_licence="CC0")
    assert [(s.target, s.genre, s.title, s.licence) for s in found] == [
        ("songs/Wolf,_Hugo/3_Der_Gärtner.mid", "lied", "Der Gärtner", "CC0")
    ]


def test_a_folder_of_midi_files_is_copied_and_labelled(corpus, tmp_path):
    folder = tmp_path / "piano" / "chopin"
    folder.mkdir(parents=True)
    (folder / "op28.mid").write_bytes(b"MThd")
    found = select(corpus, collections="", midi_collection=str(tmp_path / "piano"), midi_genre="classical piano")
    part = convert_batch(found)
    assert part.files == {"piano/chopin/op28.mid": b"MThd"}
    assert (part.labels[0]["composer"], part.labels[0]["genre"]) == ("Chopin", "classical piano")


def test_batches_hold_each_piece_once_and_one_collection_each(corpus):
    found = select(corpus, collections="bach+oneills1850", pieces=0)
    batches = list(batches_of(found))
    assert [source for batch in batches for source in batch] == found
    assert all(len({source.collection for source in batch}) == 1 for batch in batches)


def test_a_score_that_cannot_be_read_is_a_row_of_rejects(corpus):
    part = convert_batch(select(corpus, collections="bach"))
    assert part.files == {}
    assert part.rejects[0]["reason"] == "unreadable"


def test_a_piece_that_takes_too_long_is_a_row_of_rejects(corpus, monkeypatch):
    monkeypatch.setattr(score_batches, "_read_score", lambda source: time.sleep(5))
    part = convert_batch(select(corpus, pieces=1), timeout_s=1)
    assert [row["reason"] for row in part.rejects] == ["timeout"]


def test_the_key_of_a_batch_follows_its_pieces(corpus):
    found = select(corpus, pieces=0)
    assert key_of(found) != key_of(found[1:])
    assert key_of(found) == key_of(select(corpus, pieces=0))


def test_accidentals_hold_to_the_end_of_their_measure(corpus):
    (corpus / "oneills1850" / "first.abc").write_text(TUNE.format(n=1, rhythm="reel", body="_BBcB|BBBB"))
    part = convert_batch(select(corpus))
    pitches = [m.note for m in mido.MidiFile(file=io.BytesIO(next(iter(part.files.values())))).tracks[1] if m.type == "note_on"]
    assert pitches == [70, 70, 72, 70, 71, 71, 71, 71]


def test_text_before_the_first_tune_is_no_tune():
    assert split_tunes("% remark\nM:4/4\n\nX:1\nK:C\nC|\nX:2\nT:no key\n") == ["X:1\nK:C\nC|\n"]
