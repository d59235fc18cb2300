"""Tables to ids: every piece is encoded or named."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from scogen_pipeline.midi.reading import read_midi
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import parts_for
from scogen_pipeline.tokens.corpus import encode_part
from scogen_pipeline.tokens.encoding import decode
from scogen_pipeline.tokens.tables import piece_facts
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

VOCABULARY = fit_vocabulary()


def tables_of(files: dict[str, bytes]) -> dict[str, pd.DataFrame]:
    each = [{name: table.to_pandas() for name, table in read_midi(data, path).by_name().items()} for path, data in files.items()]
    return {name: pd.concat([tables[name] for tables in each], ignore_index=True) for name in each[0]}


def seen(conditions: Sequence[str], tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The number of each target, and whether it is the last one."""
    numbers = np.arange(1, len(tokens))
    return numbers[:, None].astype(np.uint8), (numbers == len(tokens) - 1)[:, None].astype(np.uint8)


def encoded(files: dict[str, bytes], labels: pd.DataFrame | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = tables_of(files)
    known = pd.DataFrame({"path": []}, dtype=str) if labels is None else labels
    facts = piece_facts(tables["pieces"], known, tables["tempos"], tables["key_signatures"]).merge(
        tables["pieces"][["piece_id", "time_base"]], on="piece_id"
    )
    pieces, faults = encode_part(tables, facts, VOCABULARY, seen)
    return pieces.to_pandas(), faults.to_pandas()


def test_labels_come_before_what_the_file_says(small_midi: Callable[..., bytes]) -> None:
    labels = pd.DataFrame({"path": ["a.mid"], "genre": ["reel"], "title": ["The Otter"], "composer": [""], "key": ["D major"]})
    pieces, _ = encoded({"a.mid": small_midi(title="From the file")}, labels)
    row = pieces.iloc[0]
    assert (row["genre"], row["title"]) == ("reel", "The Otter")
    assert VOCABULARY.tokens[row["conditions"][0]] == "genre=reel"


def test_ids_decode_to_the_notes_of_the_file(small_midi: Callable[..., bytes]) -> None:
    data = small_midi(first_pitch=60, keys=[(0, 0, "major")])
    labels = pd.DataFrame({"path": ["a.mid"], "genre": [""], "title": [""], "composer": [""], "key": ["C major"]})
    pieces, _ = encoded({"a.mid": data}, labels)
    tokens = VOCABULARY.tokens_of(pieces.iloc[0]["ids"])
    piece = decode(tokens, parts=parts_for((INSTRUMENTS["flute"],)), meter=Meter(4, 4), key=Key(0, "major"))
    assert [(note.onset, note.pitch, note.duration) for note in piece.notes] == [(24 * n, 60 + n, 24) for n in range(8)]


def test_each_target_has_what_is_known_before_it(small_midi: Callable[..., bytes]) -> None:
    pieces, _ = encoded({"a.mid": small_midi()})
    row = pieces.iloc[0]
    n_targets = len(row["ids"]) - 1
    assert row["features"].tolist() == list(range(1, n_targets + 1))
    assert row["dense"].tolist() == [*[0] * (n_targets - 1), 0b10000000]


def test_what_cannot_be_spelled_is_named_with_the_reason(small_midi: Callable[..., bytes]) -> None:
    files = {"good.mid": small_midi(), "odd.mid": small_midi(meters=[(0, 11, 32)])}
    pieces, faults = encoded(files)
    assert (pieces["path"].tolist(), faults["path"].tolist()) == (["good.mid"], ["odd.mid"])
    assert "11/32" in faults["reason"].iloc[0]


def test_a_performance_is_not_forced_onto_a_grid() -> None:
    loose = [(n * 487 + 31 * n * n % 211, 300, 60 + n % 12, 80) for n in range(60)]
    pieces, faults = encoded({"live.mid": midi_bytes([MidiTrack("Piano", 0, loose)], tpq=480)})
    assert pieces.empty
    assert "performance" in faults["reason"].iloc[0]
