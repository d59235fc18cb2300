"""Which label belongs to which piece, and who is believed."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from scogen_pipeline.collection.label_fields import genre_of_label, key_of_label
from scogen_pipeline.collection.label_files import LabelFile
from scogen_pipeline.collection.label_table import LABEL_SCHEMA, DescribeSettings, label_table
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE

Label = Callable[..., dict[str, dict[str, Any]]]


def pieces(paths: list[str]) -> pa.Table:
    schema = SCHEMA_BY_TABLE["pieces"]
    rows = [{"piece_id": f"{n:016x}", "path": path} for n, path in enumerate(paths)]
    filled = [{f.name: row.get(f.name, "" if pa.types.is_string(f.type) else 0) for f in schema} for row in rows]
    return pa.Table.from_pylist(filled, schema=schema)


def csv(text: str, name: str = "mine.csv") -> LabelFile:
    return LabelFile(name, lambda: io.BytesIO(text.encode()), is_given=True)


@pytest.fixture(params=["local", "elsewhere"])
def label(request: pytest.FixtureRequest, tmp_path: Path) -> Label:
    """A function: paths of pieces, sidecars by path, a given file -> the labels, by path, without what is empty."""
    address = str(tmp_path / "tables") if request.param == "local" else f"memory://{tmp_path.name}/tables"

    def run(
        paths: list[str], sidecars: Mapping[str, Any] | None = None, given: str = "", **settings: Any
    ) -> dict[str, dict[str, Any]]:
        tables = TableFolder(address)
        half = len(paths) // 2
        for part, some in (("p0", paths[:half]), ("p1", paths[half:])):
            tables.write(part, {"pieces": pieces(some)}, {})
        names = {}
        for path, content in (sidecars or {}).items():
            names[path] = f"{len(names)}.{path.rpartition('.')[2]}"
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            tables.keep_sidecar(names[path], lambda data=data: io.BytesIO(data))  # type: ignore[misc]
        tables.commit(Manifest(("p0", "p1"), names, "somewhere"))
        reader = label_table(tables, (csv(given),) if given else (), DescribeSettings(**settings))
        assert reader.schema == LABEL_SCHEMA
        rows = reader.read_all().to_pylist()
        assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
        return {row["path"]: {k: v for k, v in row.items() if v not in ("", None) and k != "path"} for row in rows}

    return run


def titles(labels: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {path: label["title"] for path, label in labels.items()}


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("a/b/1.mid", "a/b/1.mid"),
        (".\\a\\b\\1.MID", "a/b/1.mid"),
        ("/a/b/1", "a/b/1.midi"),
        ("root/a/b/1.mid", "a/b/1.mid"),
        ("1.mid", "a/b/1.kar"),
        ("1", "a/b/0001.mid"),
        ("Caf\u00e9.mid", "x.zip/Cafe\u0301.mid"),
        ("Op.10, no.2", "Op.10, no.2.mid"),
    ],
)
def test_a_file_is_found_by_its_path_else_by_its_name(label: Label, written: str, path: str) -> None:
    assert titles(label([path, "other.mid"], given=f'path,title\n"{written}",T\n')) == {path: "T"}


def test_a_name_that_two_files_have_is_nobodys(label: Label) -> None:
    assert label(["a/1.mid", "b/1.mid"], given="path,title\n1.mid,T\n") == {}
    assert titles(label(["a/1.mid", "b/1.mid"], given="path,title\na/1.mid,A\n1.mid,T\n")) == {"a/1.mid": "A"}


def test_a_name_that_two_rows_have_is_nobodys(label: Label) -> None:
    assert label(["c/1.mid", "2.mid"], given="path,title\na/1.mid,A\nb/1.mid,B\n") == {}


def test_part_of_a_collection_keeps_its_labels_though_the_names_repeat(label: Label) -> None:
    """ASAP has a `midi_score.mid` for each piece; who reads the folder of one composer has shorter paths."""
    given = "midi_score,title\n" + "".join(f"Bach/{form}/{n}/midi_score.mid,{form} {n}\n" for form in "FP" for n in (1, 2))
    found = titles(label(["F/1/midi_score.mid", "P/2/midi_score.mid"], given=given))
    assert found == {"F/1/midi_score.mid": "F 1", "P/2/midi_score.mid": "P 2"}


def test_of_two_rows_for_a_file_the_first_counts(label: Label) -> None:
    assert titles(label(["a.mid", "b.mid"], given="path,title\na.mid,first\na.mid,second\n")) == {"a.mid": "first"}


def test_a_sidecar_speaks_of_the_files_below_its_folder_only(label: Label) -> None:
    sidecars = {"x.zip/in/metadata.json": {"1.mid": {"title": "inner"}}, "metadata.csv": "path,title\nx.zip/in/2.mid,outer\n"}
    found = titles(label(["1.mid", "x.zip/in/1.mid", "x.zip/in/2.mid"], sidecars))
    assert found == {"x.zip/in/1.mid": "inner", "x.zip/in/2.mid": "outer"}


def test_each_field_is_taken_from_the_first_that_has_it(label: Label) -> None:
    found = label(
        ["C/1.mid", "C/2.mid", "D/3.mid"],
        {
            "metadata.csv": "file,title,composer,opus\n1.mid,metadata,metadata,metadata\n",
            "labels.csv": "file,title,composer\n1.mid,labels,\n",
            "C/metadata.csv": "file,licence,title\n1.mid,CC0,nearest\n",
        },
        given="file,genre\n1.mid,reel\n",
        label_pattern="{composer}/{title}",
    )
    assert found["C/1.mid"] == {
        "genre": "reel", "genre_label": "reel", "title": "nearest", "licence": "CC0", "composer": "metadata", "opus": "metadata",
    }  # fmt: skip
    assert found["C/2.mid"] == {"composer": "C", "title": "2"}
    assert found["D/3.mid"] == {"composer": "D", "title": "3"}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("{composer}/{title}", {"Bach/Air_on_G.mid": {"composer": "Bach", "title": "Air on G"}}),
        ("./{composer}/*", {"Bach/Air_on_G.mid": {"composer": "Bach"}}),
        ("**/{title}", {"Bach/Air_on_G.mid": {"title": "Air on G"}, "x/y/It's - no. 1.MID": {"title": "It's - no. 1"}}),
        ("x/*/{collection} - {title}", {"x/y/It's - no. 1.MID": {"collection": "It's", "title": "no. 1"}}),
        ("x/y/It's{title}", {"x/y/It's - no. 1.MID": {"title": " - no. 1"}}),
    ],
)
def test_folders_speak_by_a_pattern(label: Label, pattern: str, found: dict[str, Any]) -> None:
    assert label(["Bach/Air_on_G.mid", "x/y/It's - no. 1.MID"], label_pattern=pattern) == found


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{composr}/{title}", "must name fields among .*, received `composr`. Did you mean `composer`"),
        ("{title}/{title}", "each once"),
        ("*/*", "at least one field"),
        ("{title", "a field in each pair of braces"),
        ({"composer": None}, "must be text, .* Begin it with ./"),
    ],
)
def test_a_pattern_that_makes_no_sense_is_refused(pattern: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        DescribeSettings(label_pattern=pattern)


def test_numbers_are_checked() -> None:
    with pytest.raises(RequestError, match="`memory_mb` must be a whole number from 256"):
        DescribeSettings(memory_mb=1)


def test_keys_and_genres_are_ours_or_none_and_the_words_are_kept(label: Label) -> None:
    text = "file,genre,key,mode,audio_score\n1,Slip_Jig,c_minor,,0.5\n2,classical,Bb,minor,x\n3,,H-Dur,,\n"
    found = label(["1.mid", "2.mid", "3.mid"], given=text)
    assert found == {
        "1.mid": {"genre": "slip jig", "genre_label": "Slip_Jig", "key": "C minor", "mode": "minor", "audio_score": 0.5},
        "2.mid": {"genre_label": "classical", "key": "Bb minor", "mode": "minor"},
        "3.mid": {},
    }


@pytest.mark.parametrize(
    ("text", "name"), [("Cm", "C minor"), ("B-flat major", "Bb major"), ("c", "C minor"), ("", ""), ("x", "")]
)
def test_a_key_is_read_as_people_write_it(text: str, name: str) -> None:
    assert key_of_label(text) == name


def test_words_that_say_too_little_are_no_genre() -> None:
    assert [genre_of_label(text) for text in ("piano", "Song", "string quartet", "Rag", "pop, ragtime", "")] == [
        "", "", "string quartet", "ragtime", "ragtime", "",
    ]  # fmt: skip


def test_one_line_counts_what_fits_and_what_does_not(label: Label, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scogen_pipeline"):
        label(["1.mid", "2.mid", "3.mid"], given="file,genre\n1,pop\n8,pop\n9,pop\n")
    assert caplog.messages == [
        "Labels: 1 pieces have one, 2 have none; 2 rows belong to no piece (used are mine.csv 1 of 3).",
        "Genres that scogen does not have, kept as `genre_label`: pop 1.",
    ]


def test_a_row_that_is_not_the_first_to_name_a_piece_belongs_to_it_too(label: Label, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scogen_pipeline"):
        label(["score.mid", "2.mid"], given="midi_score,midi_performance\nscore.mid,a.mid\nscore.mid,b.mid\n")
    assert "0 rows belong to no piece" in caplog.text


def test_a_sidecar_that_is_something_else_is_said_and_passed_over(label: Label, caplog: pytest.LogCaptureFixture) -> None:
    found = label(["1.mid", "2.mid"], {"metadata.json": {"version": 3}, "labels.csv": "file,title\n1,T\n"})
    assert titles(found) == {"1.mid": "T"}
    assert "Not used as labels: `metadata.json` must hold labels" in caplog.text


def test_a_file_that_was_named_must_be_one_of_labels(label: Label) -> None:
    with pytest.raises(DataError, match=r"`mine\.csv` must have a column that names the MIDI file"):
        label(["1.mid", "2.mid"], given="kind,title\n1,2\n")


def test_without_labels_there_are_no_rows(label: Label) -> None:
    assert label(["1.mid", "2.mid"]) == {}
