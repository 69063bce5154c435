"""The main part of the report in a real browser: on the first screen, in the dark, on a phone and on paper."""

from __future__ import annotations

import base64
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interlingua.questions.order import CHAPTERS, tables
from interlingua.report.page import write_page
from interlingua.report.results import Results
from interlingua.report.story import MAIN_WORDS
from interlingua.run.report import told

AXE = Path(__file__).parents[1] / "atlas" / "vendor" / "axe.min.js"


@pytest.fixture(scope="module")
def folder(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(small.results, tmp_path_factory.mktemp("main") / "results"))


@pytest.fixture
def many(folder: Path, let_share: Callable[[Results], Results]) -> Path:
    """Return the page of a study of two variables that share units."""
    return _written(let_share(Results.read(folder, tables())))


@pytest.fixture
def one(folder: Path, let_share: Callable[[Results], Results]) -> Path:
    """Return the page of one variable of it."""
    results = let_share(Results.read(folder, tables()))
    results._read["layer_choice"] = results.of("layer_choice", variable="valence")
    return _written(results)


def _written(results: Results) -> Path:
    figures = {file.stem: f"What {file.stem} shows." for file in (results.folder / "figures").glob("*.svg")}
    return write_page(results, told(results), figures)


def boxes(browser: Any, selector: str) -> list[dict[str, float]]:
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map(e => e.getBoundingClientRect().toJSON())", selector
    )


def test_question_answer_figures_and_map_are_on_the_first_screen(opened: Callable[..., Any], one: Path) -> None:
    browser = opened(one)
    assert browser.execute_script("return document.querySelector('h1').textContent").endswith("?")
    for selector, n in {"h1": 1, ".answer": 1, ".tiles > div": 4, ".heat table": 1}.items():
        found = boxes(browser, selector)
        assert len(found) == n, selector
        assert all(box["bottom"] <= 900 and box["height"] > 20 for box in found), selector


def test_of_several_places_a_table_comes_first_and_its_map_begins_on_the_first_screen(
    opened: Callable[..., Any], many: Path
) -> None:
    browser = opened(many)
    rows = browser.execute_script(
        "return [...document.querySelectorAll('.places tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
    )
    assert [row[0].split() for row in rows] == [["model", "·", "valence"], ["model", "·", "length"]]
    assert all(len(row) == 6 and all(row) for row in rows)
    assert boxes(browser, ".heat table")[0]["top"] < 800


@pytest.mark.parametrize("width", [1280, 390])
def test_the_main_part_is_read_in_minutes(opened: Callable[..., Any], many: Path, one: Path, width: int) -> None:
    for page in (one, many):
        text = opened(page, width).execute_script("return document.getElementById('main-part').innerText")
        assert 200 < len(text.split()) <= MAIN_WORDS
        shown = [chapter.title for chapter in CHAPTERS if f"\n{chapter.title}\n" in re.sub(r"\n+", "\n", text)]
        assert shown == ["Shared?", "Learnt?", "Elsewhere?", "Used?", "Firm?"]


def test_a_reader_picks_a_place_without_any_script(opened: Callable[..., Any], many: Path) -> None:
    browser = opened(many)
    state = "return [...document.querySelectorAll('details.place')].map(d => d.open)"
    assert browser.execute_script(state) == [True, False]
    browser.find_elements("css selector", ".places tbody a")[1].click()
    assert browser.execute_script(state) == [False, True]
    answer = "return document.getElementById('of-model-length').getBoundingClientRect().top"
    assert -5 <= browser.execute_script(answer) < 900
    browser = opened(many, at="#of-model-length")  # as a link that somebody sent
    assert browser.execute_script(state) == [False, True]


def test_a_unit_s_number_opens_its_page_in_the_atlas(opened: Callable[..., Any], many: Path) -> None:
    browser = opened(many)
    links = browser.execute_script("return [...document.querySelectorAll('.heat a')].map(a => [a.textContent, a.href])")
    assert len(links) == 20
    for variable, (number, address) in (("valence", links[0]), ("length", links[-1])):
        browser.get("about:blank")
        browser.get(address)
        browser.set_script_timeout(20)
        title, problems, shown = browser.execute_async_script(
            """const done = arguments[0];
            const look = () => {
              const main = document.getElementById('main');
              if (!main || main.dataset.view !== 'unit' || main.ariaBusy) return setTimeout(look, 20);
              const told = document.querySelectorAll('.told').length;
              done([document.querySelector('h1').textContent, told, location.hash]);
            };
            look();"""
        )
        assert number in title
        assert problems == 0
        assert f"variable={variable}" in shown


def test_in_the_dark_page_and_figures_are_dark(opened: Callable[..., Any], one: Path) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    source = "return document.querySelector('.chapter img').currentSrc"
    light, dark = {}, {}
    for told_of, is_dark in ((light, False), (dark, True)):
        browser = opened(one, dark=is_dark)
        told_of["ground"] = browser.execute_script(ground)
        told_of["svg"] = base64.b64decode(browser.execute_script(source).split(",", 1)[1]).decode()
    assert (light["ground"], dark["ground"]) == ("rgb(255, 255, 255)", "rgb(21, 24, 29)")
    assert "#15181d" in dark["svg"]
    assert "#15181d" not in light["svg"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_fault_in_it(opened: Callable[..., Any], many: Path, one: Path, width: int, dark: bool) -> None:
    for page in (one, many):
        browser = opened(page, width, dark=dark)
        browser.execute_script(AXE.read_text(encoding="utf-8"))
        browser.set_script_timeout(180)
        found = browser.execute_async_script("axe.run('#main-part').then(arguments[0])")
        assert len(found["passes"]) > 10
        assert [(fault["id"], [node["target"] for node in fault["nodes"]][:3]) for fault in found["violations"]] == []
        unsure = [fault["nodes"] for fault in found["incomplete"] if fault["id"] == "color-contrast"]
        assert [node["target"] for nodes in unsure for node in nodes] == []


@pytest.mark.parametrize("width", [1920, 1280, 390])
def test_nothing_of_it_runs_over_the_edge(opened: Callable[..., Any], many: Path, one: Path, width: int) -> None:
    for page in (one, many):
        browser = opened(page, width)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        wide = browser.execute_script(
            """return [...document.querySelectorAll('#main-part .scroll')]
            .filter(b => b.scrollWidth > b.clientWidth + 1).map(b => b.getAttribute('aria-label'))"""
        )
        assert [name for name in wide if width >= 1280 or not name.startswith("Figure ")] == []


def test_every_place_is_printed(opened: Callable[..., Any], many: Path) -> None:
    pypdf = pytest.importorskip("pypdf", reason="needs pypdf")
    browser = opened(many, dark=True)
    paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    text = re.sub(r"\s+", "", "".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages[:8]))
    for place in told(Results.read(many.parent, tables())).story.places:
        assert text.count(re.sub(r"\s+", "", place.title)) >= 2
    assert text.count("Elsewhere?Dotheunits") == 2
