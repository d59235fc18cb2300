"""Fingerprints: the same music has the same grams, other music has none of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from tests.collection.fingerprint_parts import Notes, fingerprints_of, midi, moved, performed, piano, tables_of, tune

from scogen_pipeline.collection.fingerprints import (
    FINGERPRINT_SCHEMA,
    SLICE_COLUMNS,
    TABLE,
    FingerprintPart,
    fingerprint,
    fingerprint_parts_of,
)
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes


def grams(row: dict[str, object]) -> set[int]:
    return {gram for name in SLICE_COLUMNS for gram in row[name]}  # type: ignore[attr-defined]


def fingerprinted(*files: bytes) -> list[dict[str, object]]:
    return fingerprints_of({f"{number}.mid": data for number, data in enumerate(files)}).to_pylist()


def naive_grams(notes: Notes, least: int = 4) -> set[tuple[int, ...]]:
    """The recipe in plain words, for notes in which all onsets are far apart or the same."""
    found = set()
    for highest in (max, min):
        line = [highest(note[2] for note in notes if note[0] == onset) for onset in sorted({note[0] for note in notes})]
        steps = [after - before for before, after in pairwise(line)]
        runs = [tuple(steps[at : at + 8]) for at in range(len(steps) - 7)]
        found |= {run for run in runs if len(set(run)) >= least}
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_gram_is_eight_intervals_of_which_four_are_different(seed: int) -> None:
    notes = piano(seed)
    (row,) = fingerprinted(midi(notes))
    assert row["n_grams"] == len(grams(row)) == len(naive_grams(notes))


def test_monophonic_pieces_have_grams_of_three_intervals_too() -> None:
    pitches = [60, 62, 60, 61, 63, 61, 62, 64, 66, 64, 65, 63, 64, 69, 64, 66, 64, 65, 67, 65]
    notes = [(12 * at, 12, pitch, 80) for at, pitch in enumerate(pitches)]
    (row,) = fingerprinted(midi(notes))
    assert row["is_monophonic"]
    assert row["n_grams"] == len(naive_grams(notes, 3))
    assert row["n_strict_grams"] == len(naive_grams(notes, 4)) < row["n_grams"]


def test_key_and_tempo_and_resolution_leave_grams_alone() -> None:
    slow = [(4 * onset, 4 * duration, pitch, velocity) for onset, duration, pitch, velocity in moved(piano(1), 5)]
    one, other = fingerprinted(midi(piano(1)), midi(slow, tpq=96, qpm=71.0))
    assert grams(one) == grams(other)
    assert one["melody_key"] == other["melody_key"] != 0


def test_a_chord_that_is_not_quite_together_is_a_chord() -> None:
    one, other = fingerprinted(midi(piano(1)), midi(performed(piano(1), 2), tpq=480))
    assert grams(one) == grams(other)


def test_seconds_follow_the_tempo_map() -> None:
    # 6 ticks of 24 are 125 ms at 120 a minute and 31 ms at 480: the first half are single notes, the second are chords of four.
    quick = [(6 * at, 6, 60 + at % 7 * (1 + at // 7), 80) for at in range(80)]
    track = MidiTrack("Piano", 0, quick)
    (row,) = fingerprinted(midi_bytes([track], tpq=24, tempos=((0, 120.0), (240, 480.0))))
    (before,) = fingerprinted(midi_bytes([MidiTrack("Piano", 0, quick[:40])], tpq=24))
    assert grams(before) <= grams(row)
    assert row["n_grams"] < fingerprinted(midi(quick))[0]["n_grams"]


def test_other_music_shares_nothing() -> None:
    one, other = fingerprinted(midi(piano(1)), midi(piano(2)))
    assert len(grams(one) & grams(other)) == 0
    assert one["melody_key"] != other["melody_key"]


def test_percussion_is_left_out_where_there_is_anything_else() -> None:
    beat = MidiTrack("Drums", 0, [(12 * at, 6, 36 + at * at % 40, 80) for at in range(60)], is_drum=True)
    melody = MidiTrack("Flute", 73, tune(1))
    both, alone, only_drums = fingerprinted(*(midi_bytes(tracks, tpq=24) for tracks in ([melody, beat], [melody], [beat])))
    assert grams(both) == grams(alone)
    assert both["is_monophonic"]
    assert grams(only_drums)


def test_short_pieces_are_told_apart_by_their_whole_melody() -> None:
    long_first = [(0, 36, 60, 80), (36, 12, 64, 80), (48, 24, 67, 80)]
    same = moved(long_first, 3)
    other_rhythm = [(0, 12, 60, 80), (12, 36, 64, 80), (48, 24, 67, 80)]
    keys = [
        row["melody_key"] for row in fingerprinted(*(midi(notes) for notes in (long_first, same, other_rhythm, long_first[:1])))
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_grams_do_not_depend_on_what_else_is_in_the_part() -> None:
    files = {f"{seed}.mid": midi(piano(seed)) for seed in range(6)} | {f"t{seed}.mid": midi(tune(seed)) for seed in range(6)}
    together = {row["piece_id"]: row for row in fingerprints_of(files).to_pylist()}
    alone = [row for path, data in files.items() for row in fingerprints_of({path: data}).to_pylist()]
    assert alone == list(together.values())


def test_the_hash_is_the_same_on_every_machine() -> None:
    (row,) = fingerprinted(midi(tune(1, 12)))
    assert row["melody_key"] == 0x4527F407D568750F
    assert grams(row) == {0x1E5E192DDD5C5754, 0x9FF36EC0ACBC8104, 0xD7F41DE76AE58C52, 0xE20413201F24F45A}


def test_the_collection_is_the_first_folder() -> None:
    table = fingerprints_of({"a/b/x.mid": midi(tune(1)), "y.mid": midi(tune(2))})
    assert table["collection"].to_pylist() == ["a", ""]


def test_grams_lie_in_the_slice_of_their_highest_bits_sorted_and_once() -> None:
    (row,) = fingerprinted(midi(piano(1, 600)))
    for number, name in enumerate(SLICE_COLUMNS):
        assert row[name] == sorted(set(row[name]))  # type: ignore[call-overload]
        assert {gram >> 60 for gram in row[name]} <= {number}  # type: ignore[attr-defined]


def test_a_part_without_pieces_has_no_fingerprints() -> None:
    table = fingerprints_of({"broken.mid": b"no music"})
    assert (table.num_rows, table.schema) == (0, FINGERPRINT_SCHEMA)


def test_ids_may_be_plain_text_and_rows_in_any_order() -> None:
    tables = tables_of({f"{seed}.mid": midi(piano(seed)) for seed in range(3)})
    names = ("pieces", "tracks", "notes", "tempos")
    expected = fingerprint(*(tables[name] for name in names))
    shuffled = {}
    for name in names[1:]:
        order = np.random.default_rng(0).permutation(tables[name].num_rows)
        table = tables[name].take(order)
        shuffled[name] = table.set_column(0, "piece_id", table["piece_id"].cast(pa.string()))
    assert fingerprint(tables["pieces"], *shuffled.values()) == expected


def test_a_task_writes_the_fingerprints_of_a_part(tmp_path: object) -> None:
    source, target = TableFolder(f"{tmp_path}/midi"), TableFolder(f"{tmp_path}/fingerprints")
    tables = tables_of({"1.mid": midi(piano(1))})
    source.write("a", tables, {"n_files": 1})
    source.commit(Manifest(("a",)))
    (names,) = fingerprint_parts_of(source).items()
    assert FingerprintPart(source, target)(names) in target.finished()
    assert (
        target.read(TABLE, names[0]).cast(FINGERPRINT_SCHEMA).to_pylist()
        == fingerprints_of({"1.mid": midi(piano(1))}).to_pylist()
    )


def test_a_part_from_which_copies_were_dropped_is_another_part(tmp_path: object) -> None:
    folder = TableFolder(f"{tmp_path}/midi")
    names = []
    for dropped in ({}, {"0": "first.mid"}):
        folder.write("a", tables_of({"1.mid": midi(piano(1))}), {"dropped": dropped})
        folder.commit(Manifest(("a",)))
        names += fingerprint_parts_of(folder)
    assert len(set(names)) == 2
