"""Tables to ids: every piece is encoded or named, and the split stays put."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.midi.reading import read_midi
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import parts_for
from scogen_pipeline.tokens.corpus import encode_tables
from scogen_pipeline.tokens.encoding import decode
from scogen_pipeline.tokens.splits import SplitShares, split_of
from scogen_pipeline.tokens.tables import piece_facts
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

VOCABULARY = fit_vocabulary()
SHARES = SplitShares(0.2, 0.2)


def tables_of(files: dict[str, bytes]) -> dict[str, pd.DataFrame]:
    each = [{name: table.to_pandas() for name, table in read_midi(data, path).by_name().items()} for path, data in files.items()]
    return {name: pd.concat([tables[name] for tables in each], ignore_index=True) for name in each[0]}


def encoded(files: dict[str, bytes], labels: pd.DataFrame | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    tables = tables_of(files)
    known = pd.DataFrame({"path": []}, dtype=str) if labels is None else labels
    facts = piece_facts(tables["pieces"], known, tables["tempos"], tables["key_signatures"])
    return encode_tables(facts, tables["tracks"], tables["notes"], tables["time_signatures"], VOCABULARY, SHARES)


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


def test_added_files_move_no_piece_to_another_split(small_midi: Callable[..., bytes]) -> None:
    few = {f"{n}.mid": small_midi(first_pitch=40 + n, n_notes=5 + n) for n in range(10)}
    more = few | {f"more{n}.mid": small_midi(first_pitch=41 + n, n_notes=30 + n) for n in range(20)}
    before, after = encoded(few)[0].set_index("path")["split"], encoded(more)[0].set_index("path")["split"]
    assert before.equals(after[before.index])
    assert set(after) == {"train", "valid", "test"}


def test_the_same_music_in_another_key_is_on_the_same_side() -> None:
    files = {
        f"{key}.mid": midi_bytes([MidiTrack("Melody", 40, [(0, 24, 60 + key, 80), (24, 24, 64 + key, 80)])], tpq=24)
        for key in (0, 7)
    }
    labels = pd.DataFrame({"path": list(files), "genre": "", "title": "", "composer": "", "key": ["C major", "G major"]})
    assert encoded(files, labels)[0]["split"].unique().size == 1


def test_what_cannot_be_spelled_is_named_with_the_reason(small_midi: Callable[..., bytes]) -> None:
    files = {"good.mid": small_midi(), "odd.mid": small_midi(meters=[(0, 11, 32)])}
    pieces, faults = encoded(files)
    assert (pieces["path"].tolist(), faults["path"].tolist()) == (["good.mid"], ["odd.mid"])
    assert "11/32" in faults["reason"].iloc[0]


def test_a_performance_is_not_forced_onto_a_grid() -> None:
    loose = [(n * 487 + 31 * n * n % 211, 300, 60 + n % 12, 80) for n in range(60)]
    with pytest.raises(DataError, match="performance"):
        encoded({"live.mid": midi_bytes([MidiTrack("Piano", 0, loose)], tpq=480)})


@pytest.mark.parametrize("share", [-0.1, 0.6])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(RequestError, match="test_share"):
        SplitShares(test_share=share)


def test_the_split_keeps_its_shares() -> None:
    sides = pd.Series([split_of([str(n)], SplitShares(0.1, 0.2)) for n in range(4000)]).value_counts(normalize=True)
    assert sides["valid"] == pytest.approx(0.1, abs=0.02)
    assert sides["test"] == pytest.approx(0.2, abs=0.02)
