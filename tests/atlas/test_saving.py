"""Saved files stand by themselves: every figure's marks are there, in light, with title, legend, licence."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("selenium", reason="needs selenium")
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"
INK, SOFT, MAIN, SECOND = "#1f2430", "#5b6472", "#0067a3", "#b35900"
PALE = "#73abcc"  # the main colour at .55 on white
#: Of each figure: its view, the marks by Plot's name of their group, how many there are, and the colours that are seen.
FIGURES: dict[str, tuple[str, dict[str, str], set[str]]] = {
    "pairs": ("overview", {"cell": "rect"}, set()),
    "degrees": ("overview", {"bar": "rect", "dot": "circle", "tick": "line"}, {MAIN, SECOND, INK}),
    "performance": ("overview", {"dot": "circle", "rule": "line"}, {MAIN, SECOND}),
    "layers": ("overview", {"line": "path", "rule": "line"}, {MAIN, SECOND, SOFT}),
    "alignment": ("overview", {"dot": "circle"}, {MAIN}),
    "unit": ("unit", {"dot": "circle"}, {PALE}),
    "word": ("word", {"dot": "circle", "rule": "line"}, {MAIN, SECOND}),
}


def button(name: str, kind: str) -> str:
    place = f"#figure-{name}" if name != "unit" else "section[data-language=zh]"
    return f"{place} .save.{kind}"


def rendered(page: Any, file: Path) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Open a saved drawing by itself; return its pixels, and the shapes of its marks as the browser paints them."""
    page.size(700, 1400)
    page.browser.get(file.as_uri())
    shapes = page.script(
        """return [...document.querySelectorAll('g[aria-label] > :is(rect, circle, line, path)')].map((shape) => {
          const style = getComputedStyle(shape), box = shape.getBoundingClientRect();
          return {mark: shape.parentNode.getAttribute('aria-label'), tag: shape.localName, fill: style.fill,
            stroke: style.stroke, box: [box.x, box.y, box.width, box.height]}})"""
    )
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int), shapes


def near(pixels: np.ndarray, colour: tuple[int, ...]) -> np.ndarray:
    return (np.abs(pixels - np.array(colour)).max(axis=-1) <= 24).astype(bool)


def rgb(colour: str) -> tuple[int, ...]:
    if colour.startswith("#"):
        return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return tuple(int(part) for part in re.findall(r"\d+", colour)[:3])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_every_saved_drawing_shows_its_marks(page: Any, atlas: Any, tmp_path: Path, name: str, scheme: str) -> None:
    view, marks, colours = FIGURES[name]
    address, view = atlas.views[view]
    page.media(prefers_color_scheme=scheme)
    page.open(address, view=view)
    page.drawings()
    file = page.save(button(name, "svg"), ".svg").rename(tmp_path / "saved.svg")
    text = file.read_text(encoding="utf-8")
    assert "var(" not in text
    assert "currentColor" not in text
    pixels, shapes = rendered(page, file)
    assert near(pixels[:8, :8], (255, 255, 255)).all()
    for mark, tag in marks.items():
        own = [shape for shape in shapes if shape["mark"] == mark and shape["tag"] == tag]
        assert own, (name, mark)
        for shape in own:
            paint = shape["stroke"] if shape["fill"] == "none" else shape["fill"]
            assert paint not in ("none", "rgb(0, 0, 0)"), shape  # as black as where a colour got lost
            assert max(shape["box"][2:]) > 0 or mark in ("bar", "rule"), shape  # a count of 0 has no height
    for colour in colours:
        assert near(pixels, rgb(colour)).sum() > 20, (name, colour)
    if name == "pairs":  # each cell's colour is seen, and its number on it
        for shape in (shape for shape in shapes if shape["mark"] == "cell"):
            x, y, width, height = (int(value) for value in shape["box"])
            inside = pixels[y + 3 : y + height - 3, x + 3 : x + width - 3]
            assert near(inside, rgb(shape["fill"])).mean() > 0.8
            assert not near(inside, rgb(shape["fill"])).all()
    root = ET.fromstring(text)
    assert not [node for node in root.iter() if node.get("stroke", "").startswith("var")]


@pytest.mark.parametrize("name", FIGURES)
def test_a_saved_drawing_says_what_it_is(page: Any, atlas: Any, name: str) -> None:
    address, view = atlas.views[FIGURES[name][0]]
    page.open(address, view=view)
    page.drawings()
    place = f"#figure-{name}" if name != "unit" else "section[data-language=zh]"
    legend = page.texts(f"{place} .legend li")
    caption = page.find(f"{place} .chart").get_attribute("aria-label")
    chosen = page.text(".chosen")
    file = page.save(button(name, "svg"), ".svg")
    root = ET.fromstring(file.read_text(encoding="utf-8"))
    lines = [text.text or "" for text in root.findall(f"{SVG}text")]
    said = " ".join(lines)
    assert caption.startswith(f"{root.find(f'{SVG}title').text}. ")
    assert root.find(f"{SVG}title").text in said
    assert root.find(f"{SVG}desc").text in said
    assert chosen in said
    for entry in legend:
        assert entry in lines
    assert (len(legend) > 0) == (name not in ("alignment", "unit"))
    languages = atlas.table("languages")
    shown = languages if view == "overview" else languages[languages["language"] == ("zh" if view == "unit" else "ar")]
    for row in shown.itertuples():
        assert f"{row.norms} ({row.licence})" in said
    assert f"layer-{atlas.layer()}_k-50_" in file.name
    assert "_valence_correlation_" in file.name
    # All of it is inside: no line is wider than the file.
    page.browser.get(file.as_uri())
    ends = page.script(
        "const boxes = [...document.querySelectorAll('svg > text')].map((text) => text.getBBox());"
        "return [Math.max(...boxes.map((b) => b.x + b.width)), Math.max(...boxes.map((b) => b.y + b.height))]"
    )
    assert ends[0] <= float(root.get("width"))
    assert ends[1] <= float(root.get("height"))


def test_a_figure_is_the_same_file_in_the_dark_and_on_a_phone(page: Any) -> None:
    page.open()
    page.drawings()
    light = page.saved(button("pairs", "svg"), ".svg")
    page.media(prefers_color_scheme="dark")
    page.size(390)
    page.open()
    page.drawings()
    assert page.saved(button("pairs", "svg"), ".svg") == light


@pytest.mark.parametrize("name", ["degrees", "unit"])
def test_a_png_shows_what_the_svg_shows(page: Any, atlas: Any, tmp_path: Path, name: str) -> None:
    view, _, colours = FIGURES[name]
    address, view = atlas.views[view]
    page.media(prefers_color_scheme="dark")
    page.open(address, view=view)
    page.drawings()
    picture = Image.open(page.save(button(name, "png"), ".png").rename(tmp_path / "saved.png")).convert("RGB")
    assert picture.width == 2560
    small = picture.resize((picture.width // 4, picture.height // 4), Image.Resampling.BOX)
    pixels = np.asarray(small).astype(int)
    for colour in colours:
        assert near(pixels, rgb(colour)).sum() > 10, colour
    svg = page.save(button(name, "svg"), ".svg").rename(tmp_path / "saved.svg")
    drawn, _ = rendered(page, svg)
    drawn = drawn[: pixels.shape[0], : pixels.shape[1]]
    assert np.abs(drawn - pixels).mean() < 6


def test_tables_are_saved_whole_and_open_in_a_spreadsheet(page: Any, atlas: Any) -> None:
    page.open()
    page.find("#figure-pairs summary").click()
    file = page.save("#figure-pairs .numbers .save", ".csv")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    pairs = atlas.table("pairs", variable="valence", method="correlation")
    table = pd.read_csv(file, encoding="utf-8-sig")
    np.testing.assert_allclose(table["fe"], pairs["fe"], rtol=1e-9)
    np.testing.assert_allclose(table["p"], pairs["p"], rtol=1e-9)
    model = atlas.data("index")["cells"][0]["model"].strip("/").replace("/", "-").removeprefix("builtin:")
    assert file.name == f"atlas_{model}_valence_correlation_layer-{atlas.layer()}_k-50_pairs.csv"
    assert f"Saved {file.name}" in page.text("#status")
