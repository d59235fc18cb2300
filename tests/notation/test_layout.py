from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.notation.page_checks import edge_ink, portability_faults, staff_lines
from tests.notation.score_texts import tune

from scogen_pipeline.errors import RenderError, RequestError
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.notation.layout import lay_out
from scogen_pipeline.notation.line_breaks import MeasureWidths, fullness, system_starts
from scogen_pipeline.notation.mei import read_credits
from scogen_pipeline.notation.musicxml import to_musicxml
from scogen_pipeline.notation.page import PageSettings
from scogen_pipeline.notation.raster import to_pixels
from scogen_pipeline.notation.text_paths import TextRun, TextStyle, load_face, outline, spoken, width

A4 = PageSettings()


def labels(svg: str) -> list[str]:
    return re.findall(r'aria-label="([^"]*)"', svg)


def system_count(svg: str) -> int:
    return svg.count('class="system"')


def test_a_page_holds_no_text_no_nested_svg_and_no_css() -> None:
    (svg,) = lay_out(tune(), A4)
    assert portability_faults(svg) == ()
    assert svg.startswith("<svg ")
    assert 'width="210mm" height="297mm" viewBox="0 0 21000 29700"' in svg


def test_the_words_on_the_page_are_title_composer_tempo_and_part() -> None:
    (svg,) = lay_out(tune(title="A Trial", composer="scogen, after jig"), A4)
    assert {"A Trial", "scogen, after jig", "Violin 1", "Allegro quarter note dotted = 96"} <= set(labels(svg))


def test_the_tempo_stands_above_the_first_staff() -> None:
    (svg,) = lay_out(tune(n_parts=2), A4)
    tempo = re.search(r'class="tempo"[^>]*><path [^>]*d="M([\d.]+) ([\d.]+)', svg)
    assert tempo is not None
    assert svg.count('class="tempo"') == 1
    top = min(line.y for line in staff_lines(svg)) - 1500
    assert float(tempo[2]) < top


def test_words_and_metronome_in_two_directions_become_one_mark() -> None:
    split = '</direction-type></direction><direction placement="above"><direction-type><metronome>'
    musicxml = tune().replace("</direction-type><direction-type><metronome>", split)
    (svg,) = lay_out(musicxml, A4)
    assert "Allegro quarter note dotted = 96" in labels(svg)


def test_parentheses_around_the_metronome_mark_stay() -> None:
    (svg,) = lay_out(tune().replace("<metronome>", '<metronome parentheses="yes">'), A4)
    assert "Allegro (quarter note dotted = 96)" in labels(svg)


def test_a_playback_tempo_prints_nothing() -> None:
    musicxml = re.sub(r"<direction-type>.*</direction-type>", "<direction-type><words/></direction-type>", tune())
    assert not [label for label in labels(lay_out(musicxml, A4)[0]) if "=" in label]


def test_laying_out_twice_gives_the_same_bytes() -> None:
    assert lay_out(tune(40), A4) == lay_out(tune(40), A4)


def test_letter_paper_is_as_large_as_letter_paper() -> None:
    (svg,) = lay_out(tune(), PageSettings(paper="letter"))
    assert 'width="215.9mm" height="279.4mm"' in svg


def test_a_short_tune_stays_at_the_top_of_its_page() -> None:
    (svg,) = lay_out(tune(8), A4)
    assert max(line.y for line in staff_lines(svg)) < 12000


def test_a_long_piece_has_pages_with_numbers_and_bar_numbers() -> None:
    pages = lay_out(tune(110, n_parts=2), A4)
    assert len(pages) > 1
    for number, svg in enumerate(pages, 1):
        *bars, page_number = [int(label) for label in labels(svg) if label.isdigit()]
        assert page_number == number
        assert bars == sorted(bars)
        assert len(bars) == system_count(svg) - (number == 1)


def test_one_page_bears_no_page_number() -> None:
    assert "1" not in labels(lay_out(tune(), A4)[0])


def test_the_last_page_is_not_nearly_empty() -> None:
    for n_bars in (40, 70):
        svg = lay_out(tune(n_bars, n_parts=3), A4)[-1]
        assert max(line.y for line in staff_lines(svg)) > 1500 + 0.4 * 26700


def test_later_systems_abbreviate_the_parts_but_not_a_solo() -> None:
    assert "Vln. 2" in labels(lay_out(tune(24, n_parts=2), A4)[0])
    assert "Vln. 1" not in labels(lay_out(tune(24), A4)[0])


def test_old_breaks_and_a_tempo_for_each_part_leave_no_trace() -> None:
    doubled = tune(24, n_parts=2).replace('<measure number="9">', '<measure number="9"><print new-system="yes"/>')
    doubled = doubled.replace(
        '<part id="P2"><measure number="1">', '<part id="P2"><measure number="1"><direction><sound tempo="144"/></direction>'
    )
    plain, marked = lay_out(tune(24, n_parts=2), A4), lay_out(doubled, A4)
    assert [system_count(svg) for svg in plain] == [system_count(svg) for svg in marked]
    assert marked[0].count('class="tempo"') == 1


def test_the_last_bar_line_is_final() -> None:
    (svg,) = lay_out(tune(8), A4)
    last = svg[svg.rindex('class="barLine"') :]
    assert last[: last.index("</g>")].count("<path") == 2


def test_a_character_without_a_glyph_is_an_error_that_names_it() -> None:
    with pytest.raises(RenderError, match=r"U\+6708"):
        lay_out(tune(title="月"), A4)


def test_titles_may_use_accents_flats_and_other_alphabets() -> None:
    title = "Étude in B\u266d, Прелюдия, Ωδή"
    (svg,) = lay_out(tune(title=title), A4)
    assert "Étude in Bflat, Прелюдия, Ωδή" in labels(svg)


def test_a_long_title_is_made_smaller_so_that_it_fits() -> None:
    title = "A long title that goes on and on, in the manner of an age with more paper than time, for a violin and no key at all"
    (svg,) = lay_out(tune(title=title), A4)
    assert edge_ink(to_pixels(svg, 60), part=0.05) == 0


@pytest.mark.parametrize("n_bars", [1, 2, 3])
def test_the_shortest_pieces_are_one_system(n_bars: int) -> None:
    (svg,) = lay_out(tune(n_bars), A4)
    assert system_count(svg) == 1
    assert len(staff_lines(svg)) == 5 * n_bars


def test_something_else_than_a_score_is_an_error() -> None:
    with pytest.raises(RenderError, match="Verovio"):
        lay_out("<score-partwise/>", A4)


def test_a_score_without_music_is_an_error() -> None:
    with pytest.raises(RenderError):
        lay_out(re.sub(r"<measure.*</measure>", "", tune(1)), A4)


def test_no_title_and_no_composer_is_no_header() -> None:
    (svg,) = lay_out(tune(title="", composer=""), A4)
    assert "pgHead" not in svg
    assert read_credits(tune(title="", composer="")) == ("", "")


def test_every_piece_becomes_portable_pages_with_all_its_staves(piece: Piece) -> None:
    pages = lay_out(to_musicxml(piece), A4)
    for svg in pages:
        assert portability_faults(svg) == ()
        assert len(staff_lines(svg)) % (5 * len(piece.parts)) == 0
    assert sum(len(staff_lines(svg)) for svg in pages) == 5 * len(piece.parts) * piece.n_bars
    assert piece.title in labels(pages[0])


def test_a_piano_has_a_brace_and_one_name(build: Callable[..., Piece]) -> None:
    (svg,) = lay_out(to_musicxml(build("piano", "4/4", "C", ["C5/96 D5", "C3/96 G3"])), A4)
    assert labels(svg).count("Piano") == 1
    assert 'class="grpSym"' in svg


def test_eight_bars_become_four_and_four() -> None:
    widths = MeasureWidths((10.0,) * 8, 5.0, 5.0)
    assert system_starts(widths, 55.0) == (0, 4)
    assert fullness(widths, 55.0, (0, 4)) == pytest.approx((45 / 55, 45 / 55))


def test_sixteen_bars_are_four_phrases_where_three_systems_would_do() -> None:
    assert system_starts(MeasureWidths((10.0,) * 16, 5.0, 5.0), 66.0) == (0, 4, 8, 12)
    assert system_starts(MeasureWidths((10.0,) * 17, 2.0, 5.0), 66.0) == (0, 6, 11)


def test_a_pickup_is_no_bar_of_its_system() -> None:
    assert system_starts(MeasureWidths((3.0, *(10.0,) * 16), 5.0, 5.0, has_pickup=True), 66.0) == (0, 5, 9, 13)
    assert system_starts(MeasureWidths((3.0, *(10.0,) * 15), 5.0, 5.0, has_pickup=True), 66.0) == (0, 6, 11)


def test_bars_are_numbered_from_the_first_after_the_pickup(build: Callable[..., Piece]) -> None:
    bar = "G5/12 F#5 G5 D5 B4 G4 "
    texts = ["r/60 D5/12 " + bar * 15 + "G5/12 F#5 G5 D5 B4"], [bar * 16]
    numbers = [
        [int(label) for label in labels(lay_out(to_musicxml(build("fiddle", "6/8", "G", text)), A4)[0]) if label.isdigit()]
        for text in texts
    ]
    assert numbers == [[5, 9, 13], [5, 9, 13]]


def test_bars_that_would_be_stretched_too_far_are_not_cut_into_phrases() -> None:
    assert system_starts(MeasureWidths((10.0,) * 16, 5.0, 5.0), 72.0) == (0, 5, 10)


def test_a_measure_wider_than_the_line_has_its_own_system() -> None:
    assert system_starts(MeasureWidths((10.0, 90.0, 10.0), 5.0, 5.0), 50.0) == (0, 1, 2)


def test_runs_are_as_wide_as_their_characters() -> None:
    run = TextRun("AV", TextStyle(size=100.0))
    face = load_face("Liberation")
    assert width([run]) == pytest.approx(100 * (face.advance("A") + face.advance("V")))
    assert outline([run], 5.0, 0.0).advance == pytest.approx(width([run]))


def test_symbols_are_spoken_by_name() -> None:
    assert spoken([TextRun("\ueca3", TextStyle("Bravura", 1.0)), TextRun(" = 60", TextStyle())]) == "half note = 60"


def test_an_unknown_font_is_an_error() -> None:
    with pytest.raises(RenderError, match="no font"):
        load_face("Bravura", is_bold=True)


@pytest.mark.parametrize(
    ("change", "said"), [({"paper": "A44"}, "A4, Letter"), ({"dpi": 10}, "50 to 1200"), ({"dpi": True}, "dpi")]
)
def test_page_settings_say_what_is_allowed(change: dict[str, object], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        PageSettings(**change)  # type: ignore[arg-type]
