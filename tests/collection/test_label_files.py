"""Files of labels as people keep them, each in its own shape."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scogen_pipeline.collection import label_files
from scogen_pipeline.collection.label_files import RAW_SCHEMA, LabelFile, read_labels
from scogen_pipeline.errors import DataError


def rows(name: str, content: bytes | str | Any, **options: Any) -> list[dict[str, Any]]:
    """Rows of a file without the fields that are empty."""
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    file = LabelFile(name, lambda: io.BytesIO(content), **{"is_given": True} | options)
    tables = list(read_labels(file))
    assert all(table.schema == RAW_SCHEMA for table in tables)
    return [{key: value for key, value in row.items() if value != ""} for table in tables for row in table.to_pylist()]


def test_aria_has_a_row_for_each_segment() -> None:
    metadata = {"genre": "classical", "composer": "mozart", "opus": 27, "music_period": "classical", "key_signature": "c_minor"}
    found = rows(
        "metadata.json",
        {"9": {"metadata": metadata, "audio_scores": {"0": 0.97, "3": 0.9}}, "10": {"metadata": {}, "audio_scores": {"0": 1}}},
    )
    common = {"genre": "classical", "composer": "mozart", "opus": "27", "period": "classical", "key": "c_minor"}
    assert found == [
        {"label": 0, "file": "9_0", "audio_score": "0.97", **common},
        {"label": 1, "file": "9_3", "audio_score": "0.9", **common},
        {"label": 2, "file": "10_0", "audio_score": "1"},
    ]


def test_a_large_json_is_read_as_a_stream() -> None:
    furthest = 0

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal furthest
            data = super().read(size)
            furthest = max(furthest, self.tell())
            return data

    entries = {str(number): {"metadata": {"title": "t" * 80}, "audio_scores": {"0": 1}} for number in range(40_000)}
    content = json.dumps(entries).encode()
    next(iter(read_labels(LabelFile("metadata.json", lambda: Counting(content)))))
    assert 0 < furthest < len(content) / 2


def test_maestro_as_csv_and_as_json_says_the_same() -> None:
    header = "canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration"
    line = '"Alban Berg","Sonata Op. 1",train,2018,2018/a.midi,2018/a.wav,698.6'
    columns = {
        name: {"0": value}
        for name, value in {
            "canonical_composer": "Alban Berg", "canonical_title": "Sonata Op. 1", "split": "train", "year": 2018,
            "midi_filename": "2018/a.midi", "audio_filename": "2018/a.wav", "duration": 698.6,
        }.items()
    }  # fmt: skip
    expected = [{"label": 0, "file": "2018/a.midi", "composer": "Alban Berg", "title": "Sonata Op. 1", "year": "2018"}]
    assert rows("maestro-v3.0.0.csv", f"{header}\n{line}\n") == rows("maestro-v3.0.0.json", columns) == expected


def test_asap_names_a_score_and_a_performance_in_one_row() -> None:
    text = (
        "composer,title,folder,xml_score,midi_score,midi_performance,maestro_midi_performance\n"
        "Bach,Fugue_bwv_846,Bach/F,Bach/F/s.musicxml,Bach/F/midi_score.mid,Bach/F/Shi05M.mid,{maestro}/x.midi\n"
    )
    assert [(row["label"], row["file"], row["title"]) for row in rows("metadata.csv", text)] == [
        (0, "Bach/F/midi_score.mid", "Fugue bwv 846"),
        (0, "Bach/F/Shi05M.mid", "Fugue bwv 846"),
    ]


def test_giantmidi_is_tab_separated_and_gives_two_names_of_a_person() -> None:
    text = "surname\tfirstname\tmusic\tyoutube_id\taudio_name\nBach\tJohann\tFugue, BWV 862\tx-1\tBach, Johann, Fugue, x-1\n"
    assert rows("full_music_pieces.csv", text) == [
        {"label": 0, "file": "Bach, Johann, Fugue, x-1", "composer": "Johann Bach", "title": "Fugue, BWV 862"}
    ]


def test_a_spreadsheet_may_use_semicolons_latin_1_and_uneven_lines() -> None:
    text = 'File;Title;Composer\n"a;1.mid";Zoë\nb.mid;  B \n;nobody\n\nc.mid;nan;Krüger;too much\n'
    assert rows("labels.csv", text.encode("latin-1")) == [
        {"label": 0, "file": "a;1.mid", "title": "Zoë"},
        {"label": 1, "file": "b.mid", "title": "B"},
        {"label": 3, "file": "c.mid", "composer": "Krüger"},
    ]


def test_a_list_of_objects_and_an_object_for_each_file_and_lines_say_the_same() -> None:
    record = {"title": "T", "genre": ["reel", "dance"], "nested": {"key": "G"}, "year": 1890.0}
    expected = [{"label": 0, "file": "a/1.mid", "title": "T", "genre": "reel, dance", "key": "G", "year": "1890"}]
    assert rows("labels.json", [{"path": "a/1.mid"} | record]) == expected
    assert rows("labels.json", b"\xef\xbb\xbf \n" + json.dumps({"a/1.mid": record}).encode()) == expected
    assert rows("labels.jsonl", json.dumps({"path": "a/1.mid"} | record) + "\n\n") == expected


def test_parquet_may_have_numbers_lists_and_gaps() -> None:
    table = pa.table(
        {
            "midi": ["a.mid", None, "c.mid"],
            "opus": pa.array([27.0, None, 3.0]),
            "year": pa.array([1801, None, None], pa.int16()),
            "composer": pa.array(["B", "B", None]).dictionary_encode(),
            "title": pa.array([["x"], None, None]),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    assert rows("labels.parquet", sink.getvalue()) == [
        {"label": 0, "file": "a.mid", "opus": "27", "year": "1801", "composer": "B"},
        {"label": 2, "file": "c.mid", "opus": "3"},
    ]


def test_rows_keep_their_numbers_from_chunk_to_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_files, "CHUNK_ROWS", 2)
    assert [row["label"] for row in rows("labels.csv", "path,title\n" + "".join(f"{n}.mid,x\n" for n in range(5)))] == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_the_column_may_be_named() -> None:
    text = "name,title\na.mid,T\n"
    assert rows("labels.csv", text, file_column="Name") == [{"label": 0, "file": "a.mid", "title": "T"}]
    with pytest.raises(DataError, match=r"`labels\.csv` must have the column that `labels_key` names.*Did you mean `name`"):
        rows("labels.csv", text, file_column="nam")
    # A sidecar need not have the column that another file has.
    assert rows("labels.csv", "path,title\na.mid,T\n", file_column="name", is_given=False)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("labels.csv", "kind,title\n1,2\n", "names the MIDI file .* received the columns kind, title. .*labels_key=COLUMN"),
        ("index.xlsx", b"PK", "one of .csv, .tsv, .txt, .parquet, .json, .jsonl, received another. Export it as CSV"),
        ("labels.json", b'{"a": {"title": "x"', "must be JSON, received an error"),
        ("labels.json", b'{"a": 1}', "labels by file or in a list"),
        ("labels.json", b"[1]", "an object for each label"),
        ("labels.json", b"hello", "a list or an object"),
        ("labels.json", b'{"path": ["a"], "title": ["x", "y"]}', "columns of the same length"),
        ("labels.jsonl", b'{"path": 1}\n{', "a JSON object in each line"),
        ("labels.parquet", b"no parquet", "a readable file of labels"),
    ],
)
def test_what_is_no_file_of_labels_says_what_would_be_one(name: str, content: bytes | str, message: str) -> None:
    with pytest.raises(DataError, match=f"`{name}` .*{message}"):
        rows(name, content)


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.csv", b"path,title\n"), ("a.json", b"{}"), ("a.json", b"[]")])
def test_an_empty_file_has_no_rows(name: str, content: bytes) -> None:
    assert rows(name, content) == []


def test_the_suffix_of_a_compressed_file_is_the_one_before() -> None:
    assert rows("labels.csv.gz", b"path,title\na.mid,T\n") == [{"label": 0, "file": "a.mid", "title": "T"}]


def test_the_real_labels_of_asap_are_found(shared_data: Path) -> None:
    path = shared_data / "asap" / "metadata.csv"
    found = [row for table in read_labels(LabelFile("metadata.csv", lambda: path.open("rb"))) for row in table.to_pylist()]
    assert len({row["label"] for row in found}) > 1_000
    assert {row["file"] for row in found} >= {"Bach/Fugue/bwv_846/midi_score.mid", "Bach/Fugue/bwv_846/Shi05M.mid"}
