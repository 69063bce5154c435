"""What the page shows stands in its address: sent, gone back to, or typed by hand. What can't be is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium", reason="needs selenium")
from selenium.webdriver.common.keys import Keys


def offered(page: Any) -> list[str]:
    return page.script("return [...document.querySelectorAll('#choices [id]')].map((field) => field.id)")


def told(page: Any) -> str:
    return " ".join(page.texts(".told"))


def test_a_deep_link_brings_back_the_choice(page: Any, atlas: Any) -> None:
    page.open("#overview?variable=order&ranking=ridge&layer=3&k=25")
    values = {name: page.find(f"#{name}").get_property("value") for name in ("variable", "ranking", "layer", "k")}
    assert values == {"variable": "order", "ranking": "ridge", "layer": "3", "k": "25"}
    unit = atlas.shared_units()[0]
    page.open(f"#unit/{unit}?variable=order&ranking=ridge&k=25", view="unit")
    assert page.text("h1") == f"Unit {unit}"
    assert told(page) == ""


@pytest.mark.parametrize(
    ("address", "view", "sentences", "corrected"),
    [
        ("#overview?k=9999", "overview", ["k = 9999 can't be, a layer has 384 units: k is 384 here."], "&k=384"),
        ("#overview?layer=x&k=-3", "overview", ["There is no layer “x” here", "k is 1 here"], "&k=1"),
        ("#units?ranking=foo", "units", ["There is no ranking “foo” here: |correlation| is shown."], "=correlation"),
        (
            "#unit/99999999",
            "unit",
            ["There is no unit “99999999”: the units of ", " are 0 to 2687, or L0.0 to L6.383."],
            "#unit?",
        ),
        ("#word/xx/happy", "word", ["The atlas has no language “xx”. It has English (en)"], "&find=happy"),
        ("#word/en/xqzt", "word", ["The atlas has no word “xqzt” in English."], "#word/en/xqzt?"),
        ("#elsewhere", "overview", ["There is no view “elsewhere”: this is the overview."], "#overview?"),
        ("#overview?colour=red", "overview", ["“colour” in the address means nothing here."], "#overview?"),
        ("#units?sort=nothing", "units", [], "sort=nothing"),
    ],
)
def test_what_can_not_be_is_told_and_corrected(
    page: Any, address: str, view: str, sentences: list[str], corrected: str
) -> None:
    page.open(address, view=view)
    for sentence in sentences:
        assert sentence in told(page)
    assert corrected in page.address
    if not sentences:
        page.until(lambda: "can't be sorted by “nothing”" in page.text("#units-count"), "what the order is not")
    assert not [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_what_is_typed_into_a_field_is_told_too(page: Any) -> None:
    page.open()
    page.type("#k", "9999")
    page.find("#k").send_keys(Keys.TAB)
    page.until(lambda: "k is 384 here" in told(page), "what k is")
    assert page.find("#k").get_property("value") == "384"
    assert "of the 384 units" in page.text(".claim").lower()


def test_without_a_unit_one_can_be_typed(page: Any, atlas: Any) -> None:
    page.open("#unit/99999999", view="unit")
    unit = atlas.shared_units()[0]
    page.type("input[name=unit]", str(unit))
    page.find("input[name=unit]").send_keys(Keys.ENTER)
    page.until(lambda: page.text("h1") == f"Unit {unit}", "the unit")
    page.type("input[name=with]", str(unit))
    page.find("input[name=with]").send_keys(Keys.ENTER)
    page.until(lambda: "compare it with another" in told(page), "that it is the same")


def test_choices_that_change_nothing_are_not_offered(page: Any, atlas: Any) -> None:
    unit = atlas.shared_units()[0]
    for address, view, choices in (
        ("", "overview", ["variable", "ranking", "layer", "k"]),  # there is one model
        ("#units", "units", ["variable", "ranking", "layer", "k"]),
        ("#units?layers=all", "units", ["variable", "ranking", "k"]),
        (f"#unit/{unit}", "unit", ["variable", "ranking", "k"]),
        ("#word", "word", []),
    ):
        page.open(address, view=view)
        assert offered(page) == choices
        assert page.find("#fold").is_displayed() == bool(choices)


@pytest.mark.parametrize("view", ["overview", "units", "unit", "word"])
def test_a_choice_that_is_offered_changes_what_is_seen(page: Any, atlas: Any, view: str) -> None:
    address = atlas.views[view][0]
    for name in ("variable", "ranking", "layer", "k"):
        page.open(address, view=view)
        page.drawings()
        if name not in offered(page):
            continue
        seen = (
            "const [main, chosen] = ['#main', '.chosen'].map((name) => document.querySelector(name).innerText);"
            "return main.replace(chosen, '')"
        )
        before = page.script(seen)
        if name == "k":
            page.type("#k", "20")
            page.find("#k").send_keys(Keys.TAB)
        else:
            values = page.script("return [...document.getElementById(arguments[0]).options].map((o) => o.value)", name)
            now = page.find(f"#{name}").get_property("value")
            page.choose(name, next(value for value in values if value != now))
        page.until(lambda seen=seen, before=before: page.script(seen) != before, f"{name} to change the view {view}")


def test_filters_and_order_are_there_again_on_back(page: Any, atlas: Any) -> None:
    page.open("#units", view="units")
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")
    page.type("input[name=search]", "zh en")
    page.type("input[name=least]", "2")
    page.find(".tabulator-col[tabulator-field=unit]").click()
    page.until(lambda: "sort=-unit" in page.address, "the order in the address")
    assert "search=zh+en" in page.address
    assert "least=2" in page.address
    count = page.text("#units-count")
    rows = "return [...document.querySelectorAll('.tabulator-row a')].map((link) => Number(link.textContent))"
    shown = page.script(rows)
    assert shown == sorted(shown, reverse=True)
    page.find(".tabulator-row a").click()
    page.wait("unit")
    page.browser.back()
    page.wait("units")
    page.until(lambda: page.text("#units-count") == count, "the filters")
    assert page.find("input[name=search]").get_property("value") == "zh en"
    assert page.script(rows) == shown
    assert page.find(".tabulator-col[tabulator-field=unit]").get_attribute("aria-sort") == "descending"
    # A choice keeps them, too.
    page.choose("ranking", "ridge")
    assert "search=zh+en" in page.address
    assert "sort=-unit" in page.address


def test_a_search_for_a_word_is_there_again_on_back(page: Any) -> None:
    page.open("#word", view="word")
    page.find("input[name=word]").send_keys("a")
    first = page.find(".found a")
    word = first.find_element("css selector", "span").text
    first.click()
    page.until(lambda: page.text("h1") == word, "the word")
    page.browser.back()
    page.until(lambda: page.text("h1") == "A word", "the search")
    assert page.find("input[name=word]").get_property("value") == "a"
    assert page.find(".found a span").text == word


@pytest.mark.parametrize(
    ("fault", "sentence"), [("missing", "data/index.js is missing"), ("damaged", "data/index.js is damaged")]
)
def test_without_data_the_page_says_so(page: Any, atlas: Any, tmp_path: Path, fault: str, sentence: str) -> None:
    shutil.copytree(atlas.results / "atlas", tmp_path / "atlas")
    index = tmp_path / "atlas" / "data" / "index.js"
    if fault == "missing":
        index.unlink()
    else:
        index.write_text(index.read_text(encoding="utf-8")[:100], encoding="utf-8")
    page.browser.get((tmp_path / "atlas" / "index.html").as_uri())
    page.until(lambda: sentence in told(page), "what is wrong")
    assert "interlingua atlas RESULTS" in told(page)
    assert page.text("h1") == "This atlas has no data"
    page.browser.get_log("browser")


def test_a_view_whose_data_are_missing_says_which(page: Any, atlas: Any, tmp_path: Path) -> None:
    shutil.copytree(atlas.results / "atlas", tmp_path / "atlas")
    (tmp_path / "atlas" / "data" / "words" / "zh.js").unlink()
    page.browser.get((tmp_path / "atlas" / "index.html").as_uri() + "#word")
    page.until(lambda: "data/words/zh.js is missing" in told(page), "what is missing")
    page.browser.get_log("browser")
