"""How often the spelling agrees with composers and editors: a table over real scores of the music21 corpus.

Run: `python benchmarks/spelling.py [N_CHORALES]`. For each score the pitches are reduced to numbers, spelled by
`scogen_pipeline.notation.spelling`, and compared name by name with the score. The key handed in is the one a piece of this
package would carry: the signature of the score, and the mode estimated from its pitch classes.
"""

from __future__ import annotations

import sys
from typing import Any

from scogen_pipeline.music.key import Key, estimate_mode
from scogen_pipeline.music.piece import Note
from scogen_pipeline.notation.spelling import name_pitch, nearest_fifths, spell

OTHERS = (
    "haydn/opus74no1/movement1",
    "haydn/opus1no1/movement1",
    "mozart/k155/movement1",
    "mozart/k458/movement1",
    "beethoven/opus18no1/movement1",
    "beethoven/opus59no2/movement1",
    "schumann_robert/opus41no1/movement2",
    "joplin/maple_leaf_rag",
    "mozart/k545/movement1_exposition",
    "palestrina/agnus_0",
    "monteverdi/madrigal.3.1",
    "schoenberg/opus19/movement2",
)


def read_score(name: str) -> tuple[list[Note], list[tuple[str, int]], Key]:
    """Return the notes of a corpus score, their written names (step, alter), and its key."""
    from music21 import corpus  # noqa: PLC0415

    score = corpus.parse(name)
    pairs = []
    for index, part in enumerate(score.parts):
        for element in part.flatten().notes:
            onset = round(24 * element.offset)
            duration = max(1, round(24 * element.quarterLength))
            pairs += [
                (Note(onset, index, pitch.midi, duration), (pitch.step, int(pitch.alter)))
                for pitch in getattr(element, "pitches", ())
                if pitch.alter == int(pitch.alter)
            ]
    pairs.sort()
    notes, names = [note for note, _ in pairs], [written for _, written in pairs]
    signatures = score.flatten().getElementsByClass("KeySignature")
    fifths = max(-7, min(7, signatures[0].sharps)) if signatures else 0
    weights = [float(sum(n.duration for n in notes if n.pitch % 12 == pc)) for pc in range(12)]
    return notes, names, Key(fifths, estimate_mode(weights, fifths))


def agreement(spelled: Any, names: list[tuple[str, int]]) -> float:
    """Return the share of notes whose name is the written one."""
    return sum((s.step, s.alter) == name for s, name in zip(spelled, names, strict=True)) / max(1, len(names))


def main() -> None:
    """Print one line a score and the means."""
    from music21 import corpus  # noqa: PLC0415

    n_chorales = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    chorales = [str(path) for path in corpus.getComposer("bach") if "bwv" in path.name and path.suffix in (".mxl", ".xml")]
    chosen = chorales[:: max(1, len(chorales) // n_chorales)][:n_chorales]
    rows = []
    for name in [*chosen, *OTHERS]:
        notes, names, key = read_score(name)
        window = agreement([name_pitch(n.pitch, nearest_fifths(n.pitch, key)) for n in notes], names)
        rows.append((name.rsplit("corpus/")[-1], key.name, len(notes), window, agreement(spell(notes, key), names)))
        print("{:50} {:10} {:6d} {:7.1%} {:7.1%}".format(*rows[-1]), flush=True)
    for title, group in (("chorales", rows[: len(chosen)]), ("others", rows[len(chosen) :]), ("all", rows)):
        total = sum(row[2] for row in group)
        means = [sum(row[2] * row[column] for row in group) / total for column in (3, 4)]
        print(f"{title:50} {'':10} {total:6d} {means[0]:7.1%} {means[1]:7.1%}")
    print("columns: score, key, notes, line-of-fifths window, spell()")


if __name__ == "__main__":
    main()
