"""The atlas on paper: printed as a reader prints it, and what stands on the sheets is read back."""

from __future__ import annotations

import io
import re
from typing import Any
from unicodedata import normalize

import pytest

pytest.importorskip("selenium", reason="needs selenium")
pypdf = pytest.importorskip("pypdf", reason="needs pypdf")


def printed(page: Any) -> tuple[str, int]:
    """Print the view; return all that can be read, and the number of sheets. All of it begins on a sheet."""
    found = pypdf.PdfReader(io.BytesIO(page.pdf())).pages

    def within(piece: str, sheet: Any, text: Any, *_: Any) -> None:
        x = text[4] * sheet[0] + text[5] * sheet[2] + sheet[4]
        assert not piece.strip() or 0 <= x <= float(found[0].mediabox.width), piece

    text = "\n".join(sheet.extract_text(visitor_text=within) for sheet in found)
    return normalize("NFKC", text), len(found)  # without ligatures


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", normalize("NFKC", text))


def test_all_units_are_printed_with_all_columns(page: Any, atlas: Any) -> None:
    page.open("#units", view="units")
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")
    text, pages = printed(page)
    first = 384 * atlas.layer()
    numbers = {int(found) for found in re.findall(r"(?m)^\s*(\d+)\b", text)}
    assert set(range(first, first + 384)) <= numbers
    shown = page.script(
        "return [...document.querySelectorAll('.tabulator-col')].filter((c) => c.style.display !== 'none')"
        ".map((c) => c.querySelector('.tabulator-col-title').textContent)"
    )
    assert len(shown) >= 8
    for heading in shown:
        assert squeezed(text).count(squeezed(heading)) >= pages - 1  # at the head of every sheet of the table
    assert not page.all("table.on-paper")  # afterwards the page is as it was
    assert page.find(".tabulator").is_displayed()


def test_what_filters_leave_is_printed_in_its_order(page: Any) -> None:
    page.open("#units?least=2&sort=-unit", view="units")
    page.until(lambda: page.text("#units-count").endswith(" of 384 units"), "the filter")
    page.until(lambda: not page.text("#units-count").startswith("384"), "the filter")
    count = int(page.text("#units-count").split()[0])
    text, _ = printed(page)
    units = [int(found) for found in re.findall(r"(?m)^\s*(\d{2,})\b(?! of)", text)]
    assert len(units) == count
    assert units == sorted(units, reverse=True)
    assert f"{count} of 384 units" in text


def test_figures_are_printed_with_their_numbers(page: Any) -> None:
    page.media(prefers_color_scheme="dark")
    page.open()
    page.drawings()
    text, _ = printed(page)
    for name in ("pairs", "degrees", "performance", "layers", "alignment"):
        cells = page.texts(f"table[data-name={name}] :is(th, td)")
        missing = [cell for cell in cells if squeezed(cell) not in squeezed(text)]
        assert cells
        assert not missing, (name, missing)
        assert squeezed(page.text(f"#figure-{name} figcaption")) in squeezed(text)
    assert "Save SVG" not in text
    assert "Overview" not in text
    assert page.script("return document.querySelectorAll('main details[open]').length") == 0


def test_a_unit_is_printed_and_what_is_left_out_is_told(page: Any, atlas: Any) -> None:
    page.open(f"#unit/{atlas.shared_units()[0]}", view="unit")
    page.drawings()
    text, _ = printed(page)
    cells = page.texts(".unit > .numbers :is(th, td)")
    assert not [cell for cell in cells if squeezed(cell) not in squeezed(text)]
    assert text.count("The numbers of 30 words are not printed") == 4
    page.find("section[data-language=en] summary").click()
    words = page.until(lambda: page.numbers(f"unit-{atlas.shared_units()[0]}-en"), "the numbers")
    text, _ = printed(page)
    assert text.count("The numbers of 30 words are not printed") == 3
    for row in words:
        assert squeezed(f"{row['word']}{row['rating']}{row['mean']}") in squeezed(text)


def test_a_word_is_printed_with_all_its_units(page: Any, atlas: Any) -> None:
    page.open(*atlas.views["word"][:1], view="word")
    page.drawings()
    text, _ = printed(page)
    for unit in atlas.shared_units():
        assert str(unit) in text


def test_on_paper_there_is_no_navigation_and_no_dark(page: Any) -> None:
    page.media(media="print", prefers_color_scheme="dark")
    page.open()
    assert not page.find("header").is_displayed()
    assert page.find(".chosen").is_displayed()
    assert page.script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
