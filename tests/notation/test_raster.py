from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from tests.notation.page_checks import broken_staff_lines, edge_ink, staff_lines
from tests.notation.score_texts import tune

from scogen_pipeline.errors import RenderError
from scogen_pipeline.notation.layout import lay_out
from scogen_pipeline.notation.page import PageSettings
from scogen_pipeline.notation.raster import open_drawing, to_pixels, to_png


@pytest.fixture(scope="module")
def svg() -> str:
    return lay_out(tune(16, n_parts=2), PageSettings())[0]


def test_a_page_has_the_pixels_of_its_paper_and_says_its_resolution(svg: str) -> None:
    image = Image.open(io.BytesIO(to_png(svg)))
    assert (image.size, image.mode) == ((2480, 3508), "L")
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_resolution_can_be_chosen(svg: str) -> None:
    assert Image.open(io.BytesIO(to_png(svg, dpi=100))).size == (827, 1169)


def test_the_same_page_gives_the_same_bytes(svg: str) -> None:
    assert to_png(svg, 100) == to_png(svg, 100)


def test_staff_lines_are_unbroken_and_the_edge_is_white(svg: str) -> None:
    pixels = to_pixels(svg)
    assert staff_lines(svg)
    assert broken_staff_lines(svg, pixels) == []
    assert edge_ink(pixels) == 0


def test_a_gap_in_a_staff_line_and_ink_at_the_edge_are_found(svg: str) -> None:
    pixels = to_pixels(svg)
    line = staff_lines(svg)[7]
    column = round((line.left + line.right) / 2 * pixels.shape[1] / 21000)
    pixels[:, column : column + 3] = 255
    pixels[0, 5] = 0
    assert line in broken_staff_lines(svg, pixels)
    assert edge_ink(pixels) == 1


def test_words_are_drawn_without_any_font(svg: str) -> None:
    pixels = to_pixels(svg, 100)
    without_words = to_pixels(re.sub(r'<path role="img"[^>]*/>', "", svg), 100)
    assert (without_words > pixels).sum() > 500


def test_two_renderers_agree(svg: str) -> None:
    resvg_py = pytest.importorskip("resvg_py")
    other = resvg_py.svg_to_bytes(svg_string=svg, width=827, height=1169, dpi=100, skip_system_fonts=True)
    pixels = np.asarray(Image.open(io.BytesIO(other)).convert("L")).astype(int)
    assert np.abs(pixels - to_pixels(svg, 100)).mean() < 2


def test_many_pages_open_one_after_the_other(svg: str) -> None:
    assert all(open_drawing(svg) for _ in range(50))


def test_something_else_than_a_page_is_an_error() -> None:
    for other in ("", "<svg xmlns='http://www.w3.org/2000/svg' width='0' height='0'/>"):
        with pytest.raises(RenderError, match="page"):
            to_png(other)
