import pytest

from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.scores.labels import COLLECTIONS, abc_fields, abc_genre, clean_title, genre_of_file


def tune(**fields: str) -> dict[str, tuple[str, ...]]:
    return {name: (value,) for name, value in fields.items()}


def test_every_collection_has_a_known_genre_or_none():
    assert {about.genre for about in COLLECTIONS.values()} <= {*GENRES, ""}


@pytest.mark.parametrize(
    ("header", "genre"),
    [
        (tune(R="reel", M="C|"), "reel"),
        (tune(R="Double Jig", M="6/8"), "jig"),
        (tune(R="jig", M="9/8"), "slip jig"),
        (tune(R="slipjig", M="9/8"), "slip jig"),
        (tune(R="clog", M="C"), "hornpipe"),
        (tune(R="highland fling", M="C"), "strathspey"),
        (tune(T="The Soldier's Joy Hornpipe", M="4/4"), "hornpipe"),
        (tune(T="Reels and Jigs", M="3/4"), ""),
        (tune(T="The Fairy Queen", M="3/4"), ""),
        (tune(T="Repair of the Reeling Boat", M="4/4"), ""),
    ],
)
def test_a_dance_is_told_by_its_rhythm_field_else_by_title_and_meter(header, genre):
    assert abc_genre("oneills1850", header) == genre


def test_a_folk_song_is_one_whatever_its_fields_say():
    assert abc_genre("essenFolksong", tune(R="Tanz - Lied, Reel", M="2/4")) == "folk song"


def test_files_unlike_their_folder_have_their_own_genre():
    assert genre_of_file("bach", "bwv846") == "classical piano"
    assert genre_of_file("bach", "bwv84.5") == "chorale"
    assert genre_of_file("schumann_robert", "opus48no2") == "lied"


def test_the_header_ends_at_the_key():
    fields = abc_fields("X:7\nT:One\nT:Two % remark\nM:C|\nK:Ador\nR:not a field\n")
    assert fields == {"X": ("7",), "T": ("One", "Two"), "M": ("C|",), "K": ("Ador",)}


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Acacia -- Reel", "Acacia Reel"),
        ("Angel's Whisper., The", "The Angel's Whisper"),
        ("THE FAIRY QUEEN", "The Fairy Queen"),
        ("Quick Step. 25th Regt.", "Quick Step. 25th Regt."),
    ],
)
def test_titles_are_printable(written, printed):
    assert clean_title(written) == printed
