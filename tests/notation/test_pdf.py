from __future__ import annotations

import re

import numpy as np
import pytest
from tests.notation.score_texts import tune

from scogen_pipeline.errors import RenderError
from scogen_pipeline.notation.layout import lay_out
from scogen_pipeline.notation.page import PageSettings
from scogen_pipeline.notation.pdf import to_pdf
from scogen_pipeline.notation.raster import to_pixels

pdfium = pytest.importorskip("pypdfium2")


@pytest.mark.parametrize(("paper", "points"), [("A4", (595.3, 841.9)), ("Letter", (612.0, 792.0))])
def test_a_pdf_has_every_page_in_the_size_of_the_paper(paper: str, points: tuple[float, float]) -> None:
    pages = lay_out(tune(110, n_parts=2), PageSettings(paper=paper))
    document = pdfium.PdfDocument(to_pdf(pages))
    assert len(document) == len(pages) > 1
    assert all(page.get_size() == pytest.approx(points, abs=0.5) for page in document)


def test_pdf_and_png_show_the_same_page() -> None:
    (svg,) = lay_out(tune(16), PageSettings())
    page = pdfium.PdfDocument(to_pdf([svg]))[0]
    drawn = page.render(scale=100 / 72, grayscale=True).to_numpy().squeeze().astype(int)
    pixels = to_pixels(svg, 100).astype(int)
    rows, columns = (min(pair) for pair in zip(drawn.shape, pixels.shape, strict=True))
    difference = np.abs(drawn[:rows, :columns] - pixels[:rows, :columns])
    assert difference.mean() < 2
    assert (difference > 200).mean() < 0.001


def test_a_pdf_bears_title_and_author_and_is_reproducible() -> None:
    pages = lay_out(tune(), PageSettings())
    data = to_pdf(pages, "Trial", "scogen, after jig")
    metadata = pdfium.PdfDocument(data).get_metadata_dict()
    assert (metadata["Title"], metadata["Author"]) == ("Trial", "scogen, after jig")
    assert data == to_pdf(pages, "Trial", "scogen, after jig")


def test_a_pdf_is_made_of_outlines() -> None:
    data = to_pdf(lay_out(tune(), PageSettings()))
    assert not re.search(rb"/Subtype\s*/Image|/Type\s*/Font\b", data)


def test_no_page_is_an_error() -> None:
    with pytest.raises(RenderError, match="at least one page"):
        to_pdf([])
