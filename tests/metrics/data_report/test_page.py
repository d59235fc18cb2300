"""The data report as a page: complete, self-contained, and deaf to what names try to do to it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.metrics.data_report.small_collection import PieceOf, small_collection

from scogen_pipeline.metrics.data_report.counting import count_collection
from scogen_pipeline.metrics.data_report.facts import ReportSettings
from scogen_pipeline.metrics.data_report.figures import draw_collection
from scogen_pipeline.metrics.data_report.page import MEANINGS, lay_out
from scogen_pipeline.midi.rejects import Reason

HOSTILE = "<script>alert(1)</script>"
BREAKING_OUT = "\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}$\\frac{"


class Page(HTMLParser):
    """Tags, attributes and text of a page; void and unbalanced tags are told."""

    _VOID = frozenset({"meta", "br", "path", "use", "rect"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(html)
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self._VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(folder: Path, pieces: list[PieceOf], rejects: tuple[tuple[str, str, str], ...] = (), **options: object) -> str:
    tunes = small_collection(folder, pieces, rejects, pieces_a_part=50, sidecars=(f"{HOSTILE}/labels.csv",))
    splits = None if options.pop("unsplit", False) else tunes.splits
    report = {"leaked_share": 0.0, "leaked_random_share": 0.75}
    return lay_out(count_collection(tunes.tables, tunes.facts, splits, report, ReportSettings(**options)))  # type: ignore[arg-type]


def hostile_pieces(text: str) -> list[PieceOf]:
    return [
        PieceOf(
            f"{text}/{index}.mid", title=text, composer=text, genre=text, licence=text, copyright=text, collection=text, key=text,
            cluster=text, split="test",
        )
        for index in range(3)
    ]  # fmt: skip


@pytest.mark.parametrize("text", [HOSTILE, BREAKING_OUT])
def test_no_name_becomes_markup(tmp_path: Path, text: str) -> None:
    page = Page(page_of(tmp_path, hostile_pieces(text), ((text, "truncated", text),), report_title=text))

    assert not {"script", "img"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(text) > 10
    assert not page.unbalanced


def test_a_page_asks_nothing_of_the_network(tmp_path: Path) -> None:
    html = page_of(tmp_path, [PieceOf("a.mid")])
    page = Page(html)

    links = [value for name, value in page.attributes if name in {"href", "src", "xlink:href"}]
    assert links
    assert all(value.startswith("#") for value in links)
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)
    assert "default-src 'none'" in html


def test_every_link_leads_to_an_element_and_no_id_is_given_twice(tmp_path: Path) -> None:
    page = Page(page_of(tmp_path, [PieceOf("a.mid", fifths=1), PieceOf("b.mid", time_base="performance")], (("c", "empty", ""),)))

    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for name, value in page.attributes if name.endswith("href")} <= set(ids)
    assert not page.unbalanced


def test_names_of_any_script_are_shown_as_they_are(tmp_path: Path) -> None:
    names = ["坂本龍一", "Пётр Чайковский", "محمد عبد الوهاب", "Dvořák", "ไทย"]

    text = Page(page_of(tmp_path, [PieceOf(f"{name}.mid", composer=name, title=name) for name in names])).text

    assert all(name in text for name in names)


def test_hidden_characters_of_a_name_are_left_out(tmp_path: Path) -> None:
    html = page_of(tmp_path, [PieceOf("a.mid", composer="evil\u202edim.mid\x07\nBach")])

    assert "evildim.mid Bach" in html
    assert "\u202e" not in html


@pytest.mark.parametrize(
    ("pieces", "rejects", "headline"),
    [
        ([], (), "The collection is empty."),
        ([], (("a.txt", "not_midi", ""), ("b.mid", "empty", "")), "Nothing usable: all 2 files had to be refused."),
        ([PieceOf("a.mid", time_base="performance", signatures=())], (), "Music, but no scores: the one piece is a performance."),
        ([PieceOf("a.mid")], (), "1 score can be learnt from, with four things to look at."),
        (
            [
                PieceOf(f"{i}.mid", (60,) * 80, genre=f"g{i % 3}", composer=f"c{i % 3}", licence="CC0", split="test")
                for i in range(120)
            ],
            (),
            "120 scores can be learnt from, and nothing stands in the way.",
        ),
    ],
)  # fmt: skip
def test_the_headline_says_whether_the_data_is_any_good(
    tmp_path: Path, pieces: list[PieceOf], rejects: tuple[tuple[str, str, str], ...], headline: str
) -> None:
    page = Page(page_of(tmp_path, pieces, rejects))

    assert headline in page.text
    assert not page.unbalanced


def test_a_collection_that_is_not_split_says_so(tmp_path: Path) -> None:
    assert "The collection has not been split yet." in page_of(tmp_path, [PieceOf("a.mid")], unsplit=True)


def test_the_same_collection_gives_the_same_bytes(tmp_path: Path) -> None:
    pieces = [PieceOf(f"{index}.mid", fifths=index % 7) for index in range(9)]

    assert page_of(tmp_path / "a", pieces) == page_of(tmp_path / "b", pieces)


def test_each_reason_has_a_meaning() -> None:
    assert set(MEANINGS) == {str(reason) for reason in Reason}


def test_a_figure_is_drawn_only_where_there_is_something(tmp_path: Path) -> None:
    scores = small_collection(tmp_path / "a", [PieceOf("a.mid", fifths=0)])
    nothing = small_collection(tmp_path / "b", [])

    assert set(draw_collection(count_collection(scores.tables, scores.facts))) == {
        "seconds", "notes", "measures", "notes_a_second", "semitones", "tempo_qpm", "keys", "pitches", "velocities",
    }  # fmt: skip
    assert draw_collection(count_collection(nothing.tables, nothing.facts)) == {}
