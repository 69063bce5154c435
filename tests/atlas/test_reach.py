"""The page for everyone: by keyboard, by touch, in light and dark, magnified, on a phone, by ear, offline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium", reason="needs selenium")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
BACKGROUND = "return getComputedStyle(document.body).backgroundColor"
DARK, LIGHT = "rgb(21, 24, 29)", "rgb(255, 255, 255)"


def focused(page: Any) -> str:
    return page.script("const e = document.activeElement; return e.id || e.name || e.textContent")


def press(page: Any, *keys: str) -> None:
    page.browser.switch_to.active_element.send_keys(*keys)


def test_the_keyboard_reaches_everything(page: Any) -> None:
    page.open()
    page.find("body").send_keys(Keys.TAB)
    assert focused(page) == "skip"
    press(page, Keys.ENTER)
    assert focused(page) == "main"
    assert "#main" not in page.browser.current_url
    page.script("document.activeElement.blur(); document.getElementById('skip').focus()")
    reached = []
    for _ in range(10):
        press(page, Keys.TAB)
        reached.append(focused(page))
    assert reached == [
        *("Overview", "Units", "A unit", "A word", "theme"),
        *("variable", "ranking", "layer", "k", "Save SVG"),
    ]
    page.find("nav a:nth-child(2)").send_keys(Keys.ENTER)
    page.wait("units")
    assert page.script("return document.activeElement.tagName") == "H1"


def test_the_table_of_units_is_one_stop(page: Any, atlas: Any) -> None:
    page.open("#units", view="units")
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")
    page.find("form.filters .save").send_keys(Keys.TAB)
    field = "return document.activeElement.getAttribute('tabulator-field')"
    row = "return document.activeElement.closest('.tabulator-row')?.querySelector('[tabulator-field=unit]').textContent"
    assert page.script(field) == "unit"
    units = page.script("return [...document.querySelectorAll('.tabulator-row a')].map((link) => link.textContent)")
    assert page.script(row) == units[0]
    press(page, Keys.ARROW_DOWN)
    page.until(lambda: page.script(row) == units[1], "the second row")
    press(page, Keys.ARROW_RIGHT)
    page.until(lambda: page.script(field) == "n_languages", "the second column, as the layer is hidden")
    press(page, Keys.CONTROL, Keys.END)
    page.until(lambda: page.script(row) is not None and page.script(row) not in units, "the last row")
    last = page.script(row)
    assert page.script("return document.activeElement.getBoundingClientRect().bottom <= innerHeight")
    press(page, Keys.CONTROL, Keys.HOME)
    page.until(lambda: page.script(row) == units[0], "the first row")
    press(page, Keys.ARROW_UP)
    page.until(lambda: page.script("return document.activeElement.getAttribute('role')") == "columnheader", "a heading")
    press(page, Keys.ENTER)
    page.until(lambda: "sort=-unit" in page.address, "the order")
    press(page, Keys.ENTER)
    page.until(lambda: "sort=unit" in page.address, "the order turned")
    press(page, Keys.ARROW_DOWN)
    page.until(lambda: page.script(row) == str(384 * atlas.layer()), "the least number first")
    press(page, Keys.TAB)
    assert not page.script("return Boolean(document.activeElement.closest('#units-table'))")
    page.script("document.querySelector('form.filters .save').focus()")
    press(page, Keys.TAB)
    press(page, Keys.ENTER)
    page.wait("unit")
    assert page.text("h1") == f"Unit {384 * atlas.layer()}"
    assert last != units[0]


def test_links_in_a_table_are_one_stop(page: Any, atlas: Any) -> None:
    page.open(atlas.views["word"][0], view="word")
    page.find("#figure-word summary").click()
    stops = "return [...document.querySelectorAll('#figure-word table a')].filter((link) => link.tabIndex === 0).length"
    links = page.all("#figure-word table a")
    assert len(links) == len(atlas.shared_units())
    assert page.script(stops) == 1
    page.script("arguments[0].focus()", links[0])
    press(page, Keys.ARROW_DOWN)
    assert page.browser.switch_to.active_element == links[1]
    press(page, Keys.END)
    assert page.browser.switch_to.active_element == links[-1]
    assert page.script(stops) == 1


def test_the_theme_goes_round_and_back_to_the_systems(page: Any) -> None:
    page.media(prefers_color_scheme="dark")
    page.open()
    button = page.find("#theme")
    seen = [(button.text, page.script(BACKGROUND))]
    for _ in range(3):
        button.click()
        seen.append((button.text, page.script(BACKGROUND)))
    assert seen == [
        ("Theme: system", DARK),
        ("Theme: light", LIGHT),
        ("Theme: dark", DARK),
        ("Theme: system", DARK),
    ]
    page.media(prefers_color_scheme="light")
    page.until(lambda: page.script(BACKGROUND) == LIGHT, "the system's new theme")
    button.click()
    button.click()
    page.open()  # a choice is kept
    assert page.find("#theme").text == "Theme: dark"
    assert page.script(BACKGROUND) == DARK


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(page: Any, atlas: Any, scheme: str) -> None:
    source = AXE.read_text(encoding="utf-8")
    page.media(prefers_color_scheme=scheme)
    for name, (address, view) in atlas.views.items():
        page.open(address, view=view)
        page.script("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        page.settle()
        page.script(source)
        found = page.browser.execute_async_script("axe.run(document).then(arguments[0])")
        faults = [(fault["id"], [node["target"] for node in fault["nodes"]][:3]) for fault in found["violations"]]
        assert not faults, (name, faults)


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast of two colours "rgb(r, g, b)"."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ["", "#overview?k=1&layer=0"])
def test_numbers_on_coloured_cells_can_be_read(page: Any, scheme: str, address: str) -> None:
    page.media(prefers_color_scheme=scheme)
    page.open(address)
    page.drawings()
    painted = page.script(
        """const fill = (node) => getComputedStyle(node).fill;
        const [cells, texts] = ['cell', 'text'].map((name) =>
          [...document.querySelectorAll(`#figure-pairs g[aria-label=${name}] > *`)]);
        return texts.map((text, i) => [fill(text), fill(cells[i])])"""
    )
    assert len(painted) == 6
    for text, cell in painted:
        assert cell.startswith("rgb(")
        assert contrast(text, cell) >= 4.5, (text, cell)


def test_the_darker_the_more_in_both_themes(page: Any, atlas: Any) -> None:
    fills = []
    for scheme in ("light", "dark"):
        page.media(prefers_color_scheme=scheme)
        page.open()
        page.drawings()
        cells = "[...document.querySelectorAll('#figure-pairs g[aria-label=cell] rect')]"
        fills.append(page.script(f"return {cells}.map((cell) => getComputedStyle(cell).fill)"))
    assert fills[0] == fills[1]
    fe = atlas.table("pairs", variable="valence", method="correlation")["fe"].tolist()
    lightness = [contrast(fill, "rgb(0, 0, 0)") for fill in fills[0][::2]]
    assert [fe.index(value) for value in sorted(fe)] == [
        lightness.index(value) for value in sorted(lightness, reverse=True)
    ]


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_runs_out_of_the_page(page: Any, atlas: Any, width: int) -> None:
    page.size(width)
    for name, (address, view) in atlas.views.items():
        page.open(address, view=view)
        page.settle()
        assert page.script("return document.documentElement.scrollWidth") <= width, name


def test_what_a_mark_says_stands_on_the_screen_of_a_phone(page: Any, atlas: Any) -> None:
    page.size(390, 2600)
    marks = "g[aria-label=cell] rect, g[aria-label=dot] circle, g[aria-label=bar] rect"
    for name in ("overview", "unit", "word"):
        address, view = atlas.views[name]
        page.open(address, view=view)
        page.drawings()
        seen = 0
        for chart in page.all(".chart")[:5]:
            if not (shapes := chart.find_elements("css selector", marks)):
                continue  # curves
            for shape in {0: shapes[0], 1: shapes[len(shapes) // 2], 2: shapes[-1]}.values():
                ActionChains(page.browser).move_to_element(shape).perform()
                tip = chart.find_elements("css selector", "g[aria-label=tip] > g")
                if not tip:
                    continue
                seen += 1
                box = page.script("const b = arguments[0].getBoundingClientRect(); return [b.left, b.right]", tip[0])
                assert box[0] >= 0, (name, chart.get_attribute("aria-label"))
                assert box[1] <= 390, (name, chart.get_attribute("aria-label"))
        assert seen >= 3, name


def test_what_is_touched_is_large_enough(page: Any, atlas: Any) -> None:
    page.size(390, 1200)
    for name, (address, view) in atlas.views.items():
        page.open(address, view=view)
        page.drawings()
        page.script("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        page.settle()
        small = page.script(
            """return [...document.querySelectorAll('a[href], button, select, input, summary, [role=columnheader]')]
            .filter((e) => e.checkVisibility() && !e.matches('.skip, p a'))  // links in a sentence are as high as it
            .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24)
            .map(([html, box]) => [html, box.width, box.height])"""
        )
        assert not small, (name, small)


def test_magnified_twice_the_choices_are_folded(page: Any, atlas: Any) -> None:
    page.size(640, 400)  # 1280 x 800 at 200 %
    for name, (address, view) in atlas.views.items():
        page.open(address, view=view)
        high = page.script("return document.querySelector('header').getBoundingClientRect().height")
        assert high <= 0.35 * 400, name
    page.open()
    summary = page.find("#fold > summary")
    assert "valence" in summary.text
    assert not page.find("#ranking").is_displayed()
    summary.click()
    page.choose("ranking", "ridge")
    assert page.find("#ranking").is_displayed()  # it stays as the reader left it
    assert "ridge" in summary.text
    page.size(1280)
    page.until(lambda: not page.find("#fold > summary").is_displayed(), "room")
    assert page.find("#ranking").is_displayed()


def test_no_request_leaves_the_page(page: Any, atlas: Any) -> None:
    page.browser.get_log("performance")
    for address, view in atlas.views.values():
        page.open(address, view=view)
    asked = set()
    for entry in page.browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.add(message["params"]["request"]["url"])
    folder = atlas.page.removesuffix("index.html")
    assert any(url.startswith(f"{folder}data/") for url in asked)
    assert all(url.startswith((folder, "about:", "data:", "blob:")) for url in asked), asked
    assert not [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"]
