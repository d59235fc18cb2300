"""What a piece of the corpus is: its genre, composer and licence, from where it comes from and what its header says.

**Conventions.** Genres are names of `music.genres`, "" where none fits. ABC headers are read from the text, because music21 does
not hand out their `R:` (rhythm) field.

**References.** The ABC standard 2.1, section 3.1 (information fields).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Collection:
    """A folder of the music21 corpus.

    Args:
        genre: Genre of all its pieces, "" where each piece says its own.
        composer: Composer of all its pieces, "" where each piece says its own.
        licence: What music21 or the files say.
    """

    genre: str = ""
    composer: str = ""
    licence: str = "music21 corpus: distributed by permission of the encoders; commercial use may be restricted"


_MAMMOTH: Final = "transcribed by Ray Davies; music21 corpus, commercial use may be restricted"
_ONEILL: Final = "1999 John Chambers and others; music21 corpus, commercial use may be restricted"
_CAMPIN: Final = "2009 Jack Campin, campin.me.uk; music21 corpus, commercial use may be restricted"
COLLECTIONS: Final = {
    "airdsAirs": Collection("", "Traditional", _CAMPIN),
    "bach": Collection("chorale", "Johann Sebastian Bach"),
    "beach": Collection("", "Amy Beach"),
    "beethoven": Collection("string quartet", "Ludwig van Beethoven"),
    "chopin": Collection("classical piano", "Frédéric Chopin"),
    "ciconia": Collection("renaissance", "Johannes Ciconia"),
    "corelli": Collection("", "Arcangelo Corelli"),
    "cpebach": Collection("classical piano", "Carl Philipp Emanuel Bach"),
    "essenFolksong": Collection(
        "folk song", "Traditional", "Essen folk song collection: non-commercial distribution and use permitted"
    ),
    "handel": Collection("", "George Frideric Handel"),
    "haydn": Collection("string quartet", "Joseph Haydn"),
    "johnson_j_r": Collection("", "J. Rosamond Johnson"),
    "joplin": Collection("ragtime", "Scott Joplin"),
    "josquin": Collection("renaissance", "Josquin des Prez", "1999 Laura E. Conrad: GNU General Public License 2 or later"),
    "leadSheet": Collection(),
    "liliuokalani": Collection("", "Lili'uokalani"),
    "luca": Collection("renaissance", ""),
    "lusitano": Collection("renaissance", "Vicente Lusitano"),
    "miscFolk": Collection("folk song", "Traditional", _CAMPIN),
    "monteverdi": Collection("renaissance", "Claudio Monteverdi"),
    "mozart": Collection("string quartet", "Wolfgang Amadeus Mozart"),
    "nottingham-dataset": Collection("reel", "Traditional"),
    "oneills1850": Collection("", "Traditional", _ONEILL),
    "palestrina": Collection(
        "renaissance", "Giovanni Pierluigi da Palestrina", "2000 John Miller: Humdrum licence, non-commercial"
    ),
    "ryansMammoth": Collection("", "Traditional", _MAMMOTH),
    "schoenberg": Collection("", "Arnold Schoenberg"),
    "schubert": Collection("lied", "Franz Schubert"),
    "schumann_clara": Collection("classical piano", "Clara Schumann"),
    "schumann_robert": Collection("", "Robert Schumann"),
    "trecento": Collection("renaissance"),
    "verdi": Collection("", "Giuseppe Verdi"),
    "weber": Collection("", "Carl Maria von Weber"),
    "webern": Collection("", "Anton Webern"),
}

#: Files that are not what their folder mostly holds, by the start of their path below the folder.
_GENRE_BY_START: Final = {
    ("bach", "bwv846"): "classical piano",
    ("mozart", "k545"): "classical piano",
    ("schumann_clara", "opus17"): "",
    ("schumann_robert", "dichterliebe"): "lied",
    ("schumann_robert", "opus48"): "lied",
    ("schumann_robert", "opus41"): "string quartet",
}

#: Words of the `R:` field, then of titles, longest first: "slip jig" before "jig".
_GENRE_BY_WORD: Final = {
    "slip jig": "slip jig",
    "slipjig": "slip jig",
    "hop jig": "slip jig",
    "double jig": "jig",
    "strathspey": "strathspey",
    "highland fling": "strathspey",
    "hornpipe": "hornpipe",
    "reel": "reel",
    "jig": "jig",
    "clog": "hornpipe",
    "slow air": "air",
    "air": "air",
}
_METERS_OF_GENRE: Final = {
    "reel": ("2/2", "4/4", "2/4"),
    "hornpipe": ("2/2", "4/4", "2/4"),
    "strathspey": ("4/4", "2/2"),
    "jig": ("6/8", "12/8"),
    "slip jig": ("9/8",),
}
_FIELD: Final = re.compile(r"^([A-Z]):[ \t]*(.*?)[ \t]*$")


def genre_of_file(collection: str, name: str) -> str:
    """Return the genre of a score of the corpus, "" if it is none of ours.

    >>> genre_of_file("bach", "bwv66.6"), genre_of_file("mozart", "k545-movement1_exposition")
    ('chorale', 'classical piano')
    """
    for (folder, start), genre in _GENRE_BY_START.items():
        if folder == collection and name.startswith(start):
            return genre
    return COLLECTIONS[collection].genre


def title_of_file(collection: str, name: str) -> str:
    """Return the title of a score that has none of its own, or whose own is of no use; "" to take the score's.

    >>> title_of_file("bach", "bwv66.6"), title_of_file("haydn", "opus74no1-movement1")
    ('BWV 66.6', 'Opus 74 No. 1, movement 1')
    """
    if collection == "bach":
        return re.sub(r"^bwv", "BWV ", name)
    if collection == "monteverdi":
        return name.capitalize().replace(".", " ", 1)
    if collection in ("beethoven", "haydn", "mozart"):
        spaced = re.sub(r"([a-z])(\d)", r"\1 \2", re.sub(r"(\d)no(\d)", r"\1 No. \2", name)).replace("_", " ")
        return re.sub(r"^k ", "K. ", spaced).replace("opus", "Opus").replace("-", ", ")
    return "Maple Leaf Rag" if collection == "joplin" else ""


def abc_fields(text: str) -> dict[str, tuple[str, ...]]:
    r"""Read the header fields of one ABC tune, up to and with its `K:` line.

    >>> abc_fields("X:1\nT:Old Reel\nR: reel\nK:D\nABcd|")["R"]
    ('reel',)
    """
    fields: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        match = _FIELD.match(line.split("%")[0])
        if match:
            fields[match[1]] = (*fields.get(match[1], ()), match[2])
            if match[1] == "K":
                break
    return fields


def abc_genre(collection: str, fields: dict[str, tuple[str, ...]]) -> str:
    """Return the genre of an ABC tune by its collection, else its rhythm field, else a word of its title that fits its meter."""
    general = COLLECTIONS[collection].genre if collection in COLLECTIONS else ""
    if general:
        return general
    meter = _meter_name(fields)
    by_rhythm = _genre_in(" ".join(fields.get("R", ())))
    if by_rhythm:
        return "slip jig" if by_rhythm == "jig" and meter == "9/8" else by_rhythm
    by_title = next((genre for genre in map(_genre_in, fields.get("T", ())) if genre), "")
    if by_title == "jig" and meter == "9/8":
        return "slip jig"
    return by_title if meter in _METERS_OF_GENRE.get(by_title, (meter,)) else ""


def clean_title(text: str) -> str:
    """Return a title as one prints it: no dash before the rhythm, its article first, no capitals throughout, no closing stop.

    >>> clean_title("Acacia -- Reel"), clean_title("I'M MARRIED ONE YEAR TODAY"), clean_title("Wild Colt., The")
    ('Acacia Reel', "I'm Married One Year Today", 'The Wild Colt')
    """
    title = re.sub(r"\s*--+\s*", " ", " ".join(text.split())).strip(" ,")
    title = re.sub(r"^(.*?)\.?, (The|A|An)\.?$", r"\2 \1", title)
    if title.isupper():
        title = re.sub(r"[^\W\d_]+('[^\W\d_]+)?", lambda match: match[0].capitalize(), title)
    return title.removesuffix(".") if title.count(".") == 1 else title


def _meter_name(fields: dict[str, tuple[str, ...]]) -> str:
    written = fields.get("M", ("",))[0].strip()
    return {"C": "4/4", "C|": "2/2"}.get(written, written)


def _genre_in(text: str) -> str:
    words = f" {re.sub(r'[^a-z]+', ' ', text.casefold())} "
    return next((genre for word, genre in _GENRE_BY_WORD.items() if f" {word} " in words or f" {word}s " in words), "")
