"""The atlas as its readers meet it: the real page, opened from disk in Chromium."""

from __future__ import annotations

import csv
import io
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

selenium = pytest.importorskip("selenium", reason="needs selenium")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select  # noqa: E402

from interlingua.models import Activations  # noqa: E402
from interlingua.questions.order import tables  # noqa: E402
from interlingua.run.atlas import rebuild_atlas  # noqa: E402
from interlingua.run.study import load_study  # noqa: E402
from interlingua.study.sources import gather  # noqa: E402

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
MINUS = "−"
#: The nulls that a study draws by default, and what people call them.
NULLS = {"permuted": "permuted ratings", "own codes": "codes of their own"}


class Page:
    """The atlas in a browser."""

    def __init__(self, browser: Any, atlas: Any) -> None:
        self.browser, self.atlas = browser, atlas

    def open(self, address: str = "", *, view: str = "overview") -> None:
        """Open the page anew at an address and wait until it is drawn."""
        self.browser.get("about:blank")
        self.browser.get(self.atlas.page + address)
        self.wait(view)

    def wait(self, view: str) -> None:
        drawn = "const m = document.getElementById('main'); return m && m.dataset.view === arguments[0] && !m.ariaBusy"
        self.until(lambda: self.script(drawn, view), f"the view {view} to be drawn")

    def until(self, what: Callable[[], Any], name: str) -> Any:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if found := what():
                return found
            time.sleep(0.03)
        raise AssertionError(f"waited in vain for {name}; console: {self.browser.get_log('browser')}")

    def script(self, text: str, *arguments: Any) -> Any:
        return self.browser.execute_script(text, *arguments)

    def find(self, selector: str) -> Any:
        return self.until(lambda: self.all(selector), selector)[0]

    def all(self, selector: str) -> list[Any]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.script("return document.querySelector(arguments[0]).textContent", selector)

    def choose(self, identifier: str, value: str) -> None:
        Select(self.find(f"#{identifier}")).select_by_value(value)
        self.until(lambda: f"{identifier}={value}" in self.browser.current_url, f"{identifier} {value} in the address")
        self.settle()

    def settle(self) -> None:
        time.sleep(0.15)
        self.until(lambda: self.script("return !document.getElementById('main').ariaBusy"), "the page to settle")

    def headings(self, name: str) -> dict[str, tuple[str, str]]:
        """Return heading and tooltip of each column of a plain table, by column key."""
        found = self.script(
            "const table = document.querySelector(`table[data-name='${arguments[0]}']`);"
            "return [...table.tHead.rows[0].cells].map((head, i) => "
            "[table.tBodies[0].rows[0].cells[i].dataset.key, head.textContent, head.title])",
            name,
        )
        return {key: (heading, says) for key, heading, says in found}

    def numbers(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a plain table as shown, by column key."""
        return self.script(
            "return [...document.querySelectorAll(`table[data-name='${arguments[0]}'] tbody tr`)].map((row) => "
            "Object.fromEntries([...row.cells].map((cell) => [cell.dataset.key, cell.textContent])))",
            name,
        )

    def saved(self, selector: str, ending: str) -> str:
        """Press a button that saves a file, and return what is in the file."""
        for file in self.browser.downloads.iterdir():
            file.unlink()
        self.find(selector).click()

        def whole() -> list[Path]:
            files = list(self.browser.downloads.iterdir())  # while it is written it is empty, or has another name
            return [] if len(files) != 1 else [file for file in files if file.suffix == ending and file.stat().st_size]

        return self.until(whole, f"a {ending} file")[0].read_text(encoding="utf-8")

    def media(self, **features: str) -> None:
        medium = features.pop("media", "")
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": wanted})


@pytest.fixture
def page(browser: Any, atlas: Any) -> Iterator[Page]:
    page = Page(browser, atlas)
    yield page
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.media()
    page.script("try { localStorage.clear() } catch {}")


def layer_of(atlas: Any, variable: str = "valence") -> int:
    return int(atlas.table("layer_choice", variable=variable, chosen=True)["layer"].iloc[0])


def number(text: str) -> float:
    if text.endswith(" %"):
        return number(text.removesuffix(" %")) / 100
    return float(text.replace(MINUS, "-").replace("< ", ""))


def capital(heading: str) -> str:
    """Return a heading as the page writes it: with a capital unless it begins with a symbol, such as p."""
    return heading[:1].upper() + heading[1:] if heading[1:2].isalpha() else heading


def shared_units(atlas: Any) -> list[int]:
    pairs = atlas.table("overlap", variable="valence", method="correlation", degree=2)
    return sorted({int(unit) for units in pairs["units"] for unit in units.split()})


def views(atlas: Any) -> dict[str, tuple[str, str]]:
    """Return address and view of everything that can be looked at."""
    one, two = shared_units(atlas)[:2]
    return {
        "overview": ("", "overview"),
        "units": ("#units", "units"),
        "unit": (f"#unit/{one}", "unit"),
        "comparison": (f"#unit/{one}?with={two}", "unit"),
        "word search": ("#word", "word"),
        "word": (f"#word/ar/{arabic(atlas)}", "word"),
    }


def arabic(atlas: Any) -> str:
    text = (atlas.results / "atlas/data/words/ar.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix('window.__atlas("words/ar",').removesuffix(");\n"))["words"][0]


def test_overview_shows_the_numbers_of_the_tables(page: Page, atlas: Any) -> None:
    page.open()
    summary = atlas.table("pairs_summary", variable="valence", method="correlation").iloc[0]
    claim = page.text(".claim")
    assert f"share {summary.mean_overlap:.1f} on average, {summary.mean_fe:.2f} times" in claim
    for null, name in NULLS.items():
        row = atlas.table("null", variable="valence", method="correlation", null=null).iloc[0]
        p = f"{row.p_fe:.4f}".removeprefix("0")
        assert f"{row.corrected_fe:.2f} times what {name} give (p = {p}, {row.draws} draws)" in claim
    pairs = atlas.table("pairs", variable="valence", method="correlation")
    for shown, row in zip(page.numbers("pairs"), pairs.itertuples(), strict=True):
        assert int(shown["observed"]) == row.observed
        for key in ("expected", "fe"):
            assert number(shown[key]) == pytest.approx(getattr(row, key), rel=6e-3)
        for key in ("p", "p_bh", "p_by"):
            assert number(shown[key]) == pytest.approx(getattr(row, key), abs=1.01e-4)
        assert number(shown["same_sign"]) == pytest.approx(row.same_sign, abs=6e-4)
    degrees = atlas.table("degrees", variable="valence", method="correlation")
    assert [int(row["observed"]) for row in page.numbers("degrees")] == degrees["observed"].tolist()
    layer = layer_of(atlas)
    curves = atlas.table("probes", variable="valence", probe="ridge", curve="layer")
    shown_r = {(row["language"], int(row["layer"])): number(row["r"]) for row in page.numbers("layers")}
    names = atlas.table("languages").set_index("language")["name"]
    assert shown_r == {(names[r.language], r.layer): pytest.approx(r.r, abs=6e-4) for r in curves.itertuples()}
    chosen = [row for row in page.numbers("performance") if row["layer"] == str(layer)]
    assert len(chosen) == 3
    points = atlas.table("alignment_points", variable="valence", method="correlation")
    assert [number(row["mpo"]) for row in page.numbers("alignment")] == pytest.approx(points["mpo"].tolist(), rel=6e-3)
    assert len(page.all("main .chart[role=img][aria-label] > svg")) == 5


def test_the_first_lines_need_no_top(page: Page, atlas: Any) -> None:
    """How much is shared, by which units, and how few are enough: of the layer that is looked at, as the tables say."""
    page.open()
    layer, where = layer_of(atlas), {"variable": "valence"}
    lead = page.text(".lead")
    row = atlas.table("similarity", **where, words="all", layer=layer).iloc[0]
    shown = (atlas.table("similarity_null", **where)["p"] < 0.05).all()
    rho = f"{row.rho:.2f}".replace("-", MINUS)
    share = f"3 languages share {rho} of where" if shown else "it is not shown that 3 languages share any of where"
    assert lead.startswith(f"In layer {layer} {share} valence is encoded (ρ̄{'' if shown else f' = {rho}'}: one if")
    assert "95 % interval" not in lead  # of three languages there is none
    for null, name in NULLS.items():
        beside = atlas.table("similarity_null", **where, null=null).iloc[0]
        p = f"{beside.p:.4f}".removeprefix("0")
        told = f"with {name} by {beside.null_mean:.2f} (p = {p}, {beside.draws} draws)".replace("-", MINUS)
        assert told in lead
    counts = atlas.table("conjunction_summary", **where).iloc[0]
    carried = f"{counts.in_all} of its units are shown to carry valence (|r| above 0.2) in all 3 languages"
    assert f"{carried}, {counts.in_two} in 2 or more." in lead
    few = atlas.table("zero_shot_summary", **where).set_index("n_units")
    for size in (1, 5):
        r, random = (f"{few.loc[size, column]:.2f}".replace("-", MINUS) for column in ("mean_r", "random_r"))
        assert f"with r = {r} (random units: {random})" in lead
    other = 1 if layer != 1 else 2
    page.open(f"#overview?layer={other}")
    lead = page.text(".lead")
    row = atlas.table("similarity", **where, words="all", layer=other).iloc[0]
    many = f"{row.rho:.2f}".replace("-", MINUS) if row.rho < 1 else "all"
    share = f"In layer {other} 3 languages share {many} of where"
    assert (share in lead) == pd.notna(row.rho)
    assert "draws" not in lead  # nulls and few units are of the layer that the study compares
    assert "predicts" not in lead


@pytest.mark.parametrize("null", list(NULLS))
def test_each_null_has_its_columns_and_its_line(page: Page, atlas: Any, null: str) -> None:
    page.open()
    where = {"variable": "valence", "method": "correlation", "null": null}
    mean, p = f"null_mean_{null.replace(' ', '_')}", f"p_null_{null.replace(' ', '_')}"
    for shown, table in (("pairs", "null_pairs"), ("degrees", "null_degrees")):
        rows, numbers = atlas.table(table, **where), page.numbers(shown)
        assert [number(row[mean]) for row in numbers] == pytest.approx(rows["null_mean"].tolist(), rel=6e-3)
        assert [number(row[p]) for row in numbers] == pytest.approx(rows["p_null"].tolist(), abs=1.01e-4)
        assert page.headings(shown)[mean][0] == capital(NULLS[null])
        assert page.headings(shown)[p][0] == f"p ({NULLS[null]})"
    lines = page.script(
        "return [...document.querySelectorAll('#figure-degrees g[aria-label=tick]')].map("
        "(g) => [g.getAttribute('stroke-dasharray'), g.querySelectorAll('line').length])"
    )
    dashes, count = lines[list(NULLS).index(null)]
    assert count == len(atlas.table("null_degrees", **where))
    assert (dashes is None) == (null == "permuted")


def test_headings_and_tooltips_are_those_of_the_declared_tables(page: Page) -> None:
    page.open()
    declared = tables()
    of_nulls = {f"{column}_{null.replace(' ', '_')}" for column in ("null_mean", "p_null") for null in NULLS}
    for shown, table in {
        "pairs": "pairs",
        "degrees": "degrees",
        "performance": "probes",
        "layers": "probes",
        "alignment": "alignment_points",
    }.items():
        headings = page.headings(shown)
        own = [key for key in headings if key in declared[table].names]
        assert len(own) >= 3
        assert set(headings) - set(own) <= of_nulls
        for key in own:
            column = declared[table][key]
            assert headings[key] == (capital(column.title), column.says)


def test_choices_change_everything_and_the_address(page: Page, atlas: Any) -> None:
    page.open()
    before = page.text(".claim")
    page.choose("variable", "order")
    assert page.text(".claim") != before
    assert "order" in page.text(".chosen")
    page.choose("ranking", "ridge")
    summary = atlas.table("pairs_summary", variable="order", method="ridge").iloc[0]
    assert f"{summary.mean_fe:.2f} times what independent" in page.text(".claim")
    page.browser.back()
    page.until(lambda: page.find("#ranking").get_property("value") == "correlation", "the ranking before")
    field = page.find("#k")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("20", Keys.TAB)
    page.until(lambda: "k=20" in page.browser.current_url, "k in the address")
    page.settle()
    assert "The study tested layer" in page.text(".claim")


def test_other_layers_and_k_are_counted_from_the_rankings(page: Page, atlas: Any) -> None:
    page.open("#overview?variable=valence&ranking=ridge&layer=2&k=30")
    rankings = atlas.table("rankings", variable="valence", method="ridge", layer=2)
    top = rankings[(rankings["rank"] <= 30) & (rankings["score"] > 0)]
    sets = {code: set(rows["unit"]) for code, rows in top.groupby("language")}
    signs = {code: rows.set_index("unit")["sign"] for code, rows in top.groupby("language")}
    codes = dict(zip(atlas.table("languages")["name"], atlas.table("languages")["language"], strict=True))
    rows = page.numbers("pairs")
    assert len(rows) == 3
    for row in rows:
        a, b = codes[row["language_a"]], codes[row["language_b"]]
        both = sorted(sets[a] & sets[b])
        assert int(row["observed"]) == len(both)
        assert number(row["expected"]) == pytest.approx(30 * 30 / 384, rel=5e-3)
        if both:
            assert number(row["same_sign"]) == pytest.approx((signs[a][both] == signs[b][both]).mean(), abs=6e-4)
        else:  # of nothing there is no share
            assert row["same_sign"] == "–"
        assert "p" not in row
    assert any(row["observed"] != "0" for row in rows)
    counts = top["unit"].value_counts()
    from scipy.stats import binom

    for d, row in enumerate(page.numbers("degrees"), start=1):
        assert int(row["observed"]) == (counts >= d).sum()
        assert number(row["expected"]) == pytest.approx(384 * binom.sf(d - 1, 3, 30 / 384), rel=5e-3)


def test_a_deep_link_brings_back_the_choice(page: Page, atlas: Any) -> None:
    unit = shared_units(atlas)[0]
    page.open(f"#unit/{unit}?variable=order&ranking=ridge&layer=3&k=25", view="unit")
    assert page.text("h1") == f"Unit {unit}"
    values = {name: page.find(f"#{name}").get_property("value") for name in ("variable", "ranking", "layer", "k")}
    assert values == {"variable": "order", "ranking": "ridge", "layer": "3", "k": "25"}
    page.open("#unit/99999999?model=none&layer=x&k=-3", view="overview")
    assert page.find("#layer").get_property("value") == str(layer_of(atlas))


def test_the_table_of_units_sorts_searches_and_filters(page: Page, atlas: Any) -> None:
    page.open("#units", view="units")
    layer = layer_of(atlas)
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")
    cells = ".tabulator-row .tabulator-cell[tabulator-field='{}']"

    def column(field: str) -> list[str]:
        return [cell.text for cell in page.all(cells.format(field))]

    least = column("n_languages")
    assert least == sorted(least, reverse=True)
    header = page.find(".tabulator-col[tabulator-field='t_fr']")
    header.click()
    t = atlas.table("transfer_units", variable="valence", language="fr", layer=layer).set_index("unit")["t_words"]
    assert number(column("t_fr")[0]) == pytest.approx(t.max(), rel=6e-3)
    declared = tables()["transfer_units"]["t_words"]
    assert header.text == f"{declared.title} French"
    assert header.get_attribute("title") == declared.says
    header = page.find(".tabulator-col[tabulator-field='mean_rank']")
    header.send_keys(Keys.ENTER)
    header.send_keys(Keys.ENTER)
    assert header.get_attribute("aria-sort") == "ascending"
    rankings = atlas.table("rankings", variable="valence", method="correlation", layer=layer)
    means = rankings[rankings["score"] > 0].groupby("unit")["rank"].mean()
    assert number(column("mean_rank")[0]) == pytest.approx(means.min(), abs=0.051)
    assert means[int(column("unit")[0])] == means.min()
    top = rankings[(rankings["rank"] <= 50) & (rankings["score"] > 0)]
    counts = top["unit"].value_counts()
    page.find("input[name=least]").send_keys(Keys.CONTROL, "a")
    page.find("input[name=least]").send_keys("2")
    page.until(lambda: page.text("#units-count").startswith(f"{(counts >= 2).sum()} of"), "the filter")
    saved = list(csv.DictReader(io.StringIO(page.saved(".filters .save", ".csv"))))
    assert {int(row["unit"]): int(row["n_languages"]) for row in saved} == counts[counts >= 2].to_dict()
    search = page.find("input[name=search]")
    search.send_keys("Arabic")
    of_both = set(counts[counts >= 2].index) & set(top.loc[top["language"] == "ar", "unit"])
    page.until(lambda: page.text("#units-count").startswith(f"{len(of_both)} of"), "the search")
    search.send_keys(Keys.CONTROL, "a")
    search.send_keys(str(saved[0]["unit"]))
    page.until(lambda: page.text("#units-count").startswith("1 of"), "the search for a unit")
    page.find(".tabulator-row a").send_keys(Keys.ENTER)
    page.wait("unit")
    assert page.text("h1") == f"Unit {saved[0]['unit']}"


@pytest.fixture(scope="module")
def shared(atlas: Any, tmp_path_factory: pytest.TempPathFactory, seal: Callable[[Path], None]) -> Any:
    """Return the study with an atlas as if units were shared: thirty words tell of none."""
    folder = Path(shutil.copytree(atlas.results, tmp_path_factory.mktemp("shared") / "results"))
    rng = np.random.default_rng(0)
    scores = pd.read_parquet(folder / "tables/unit_scores.parquet")
    scores["score"] = np.round(rng.normal(size=len(scores)), 3)
    scores["false_sign"] = np.round(np.exp(-5 * scores["score"].abs()) / 2, 6)
    scores.to_parquet(folder / "tables/unit_scores.parquet", index=False)
    first = scores[scores["variable"] == "valence"].head(60)
    parts = [
        first.head(60 - round(100 * least))[["model", "variable", "layer", "unit"]].assign(least=least)
        for least in (0.1, 0.2, 0.3)
    ]
    carried = pd.concat(parts, ignore_index=True)
    carried["carried_by"] = 1 + carried.index % 3
    carried.to_parquet(folder / "tables/conjunction_carried.parquet", index=False)
    seal(folder)
    rebuild_atlas(folder, cache_dir=atlas.cache)
    return replace(atlas, results=folder)


def test_units_are_filtered_by_what_needs_no_top(browser: Any, shared: Any) -> None:
    """By the languages that carry them at a least correlation, by the shared part, and by how sure its sign is."""
    page = Page(browser, shared)
    page.open("#units", view="units")
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")

    def fill(name: str, value: str) -> None:
        page.find(f"input[name={name}]").send_keys(Keys.CONTROL, "a")
        page.find(f"input[name={name}]").send_keys(value or Keys.DELETE)

    def count(expected: int, of: int = 384) -> None:
        page.until(lambda: page.text("#units-count") == f"{expected} of {of} units", f"{expected} units")

    def saved() -> set[int]:
        rows = csv.DictReader(io.StringIO(page.saved(".filters .save", ".csv")))
        return {int(row["unit"]) for row in rows}

    declared = tables()
    for name, column in (
        ("carried", declared["conjunction_units"]["carried_by"]),
        ("score", declared["unit_scores"]["score"]),
        ("wrong", declared["unit_scores"]["false_sign"]),
    ):
        label = page.find(f"input[name={name}]").find_element(By.XPATH, "..")
        assert label.get_attribute("title") == column.says
    carried = shared.table("conjunction_carried", variable="valence")
    assert page.find("select[name=rho]").get_property("value") == "0.2"  # the study's own
    for least in (0.1, 0.2, 0.3):
        Select(page.find("select[name=rho]")).select_by_value(str(least))
        for languages in (1, 2, 3):
            fill("carried", str(languages))
            found = carried[(carried["least"] == least) & (carried["carried_by"] >= languages)]
            count(len(found))
    assert saved() == set(found["unit"])
    fill("carried", "")
    count(384)
    units = shared.table("unit_scores", variable="valence")
    fill("score", "0.5")
    large = units["score"].abs() >= 0.5
    count(int(large.sum()))
    fill("wrong", "2.5")
    sure = large & (units["false_sign"] <= 0.025)
    count(int(sure.sum()))
    assert 0 < sure.sum() < large.sum() < 384
    assert saved() == set(units.loc[sure, "unit"])
    # Of another layer's units none of this is known; of all layers' it is of the chosen one's.
    page.open(f"#units?layer={1 if layer_of(shared) != 1 else 2}", view="units")
    count(384)
    assert not page.all("input[name=carried], input[name=score], input[name=wrong]")
    page.open("#units?layers=all", view="units")
    count(2688, of=2688)
    fill("carried", "1")
    count(int((carried["least"] == 0.2).sum()), of=2688)


@pytest.mark.parametrize("ranking", ["correlation", "ridge"])
def test_what_a_question_puts_beside_units_stands_in_the_list_and_on_a_units_page(
    page: Page, atlas: Any, ranking: str
) -> None:
    declared = tables()["stability"]["frequency"]
    page.open(f"#units?ranking={ranking}", view="units")
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")
    header = page.find(".tabulator-col[tabulator-field=stability_frequency]")
    page.script("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", header)  # one of many columns
    assert header.text == capital(declared.title)
    assert header.get_attribute("title") == declared.says
    assert declared.says in page.text("main > .note")
    rows = atlas.table("stability", variable="valence", method=ranking)
    means = rows.groupby("unit")["frequency"].mean()
    assert len(means)
    header.click()  # the greatest first
    shown = page.script(
        "return [...document.querySelectorAll('.tabulator-row')].map((row) => ['unit', 'stability_frequency'].map("
        "(field) => row.querySelector(`[tabulator-field=${field}]`).textContent))"
    )
    assert number(shown[0][1]) == pytest.approx(means.max(), abs=6e-4)
    for unit, text in shown:
        assert (text == "–") == (int(unit) not in means.index)
        if text != "–":
            assert number(text) == pytest.approx(means[int(unit)], abs=6e-4)
    saved = list(csv.DictReader(io.StringIO(page.saved(".filters .save", ".csv"))))
    there = {int(row["unit"]): float(row["stability_frequency"]) for row in saved if row["stability_frequency"]}
    assert there == pytest.approx(means.to_dict())

    unit = int(means.index[0])
    page.open(f"#unit/{unit}?ranking={ranking}", view="unit")
    assert number(page.text(".beside dd[data-key=stability_frequency]")) == pytest.approx(means[unit], abs=6e-4)
    names = atlas.table("languages").set_index("language")["name"]
    of_unit = rows[rows["unit"] == unit].set_index("language")["frequency"].rename(names)
    for row in page.numbers(f"unit-{unit}"):
        text = row["stability_frequency"]
        assert (text == "–") == (row["language"] not in of_unit.index)
        if text != "–":
            assert number(text) == pytest.approx(of_unit[row["language"]], abs=6e-4)


def test_all_layers_stand_in_one_table_of_which_few_rows_are_drawn(page: Page) -> None:
    page.open("#units?layers=all", view="units")
    page.until(lambda: page.text("#units-count") == "2688 of 2688 units", "all units")
    assert len(page.all(".tabulator-row")) < 120


def test_a_units_page_says_what_the_tables_say(page: Page, atlas: Any) -> None:
    unit = shared_units(atlas)[0]
    page.open(f"#unit/{unit}", view="unit")
    rows = {row["language"]: row for row in page.numbers(f"unit-{unit}")}
    names = atlas.table("languages").set_index("language")["name"]
    for row in atlas.table("rankings", variable="valence", method="correlation", unit=unit).itertuples():
        shown = rows[names[row.language]]
        assert int(shown["rank"]) == row.rank
        assert number(shown["weight"]) == pytest.approx(row.score * row.sign, rel=6e-3, abs=1e-3)
    unseen = atlas.table("transfer_units", variable="valence", language="fr", unit=unit).iloc[0]
    assert number(rows["French"]["t"]) == pytest.approx(unseen.t_words, rel=6e-3)
    assert number(rows["French"]["percentile"]) == pytest.approx(unseen.percentile, rel=6e-3)
    headings = page.headings(f"unit-{unit}")
    for key, column in (("t", tables()["transfer_units"]["t_words"]), ("rank", tables()["rankings"]["rank"])):
        assert headings[key] == (capital(column.title), column.says)
    parts = page.all("section.language")
    assert [part.get_attribute("data-language") for part in parts] == ["en", "zh", "ar", "fr"]
    for part in parts:
        page.until(lambda part=part: part.find_elements(By.CSS_SELECTOR, "svg circle"), "the scatter")
        assert len(part.find_elements(By.CSS_SELECTOR, "g[aria-label=dot] circle")) == 30
        assert len(part.find_elements(By.CSS_SELECTOR, ".sentences li mark")) == 6
    page.find("section[data-language=zh] summary").click()
    words = page.until(lambda: page.numbers(f"unit-{unit}-zh"), "the numbers of a scatter")
    assert len({row["word"] for row in words}) == 30
    assert len(page.all(".neighbours li")) == 8
    other = shared_units(atlas)[1]
    page.find("input[name=with]").send_keys(str(other), Keys.ENTER)
    page.until(lambda: len(page.all("section.unit")) == 2, "two units")
    assert f"with={other}" in page.browser.current_url
    assert [part.get_attribute("data-unit") for part in page.all("section.unit")] == [str(unit), str(other)]


def test_a_unit_without_words_says_so(page: Page, atlas: Any) -> None:
    index = 0 if layer_of(atlas) != 1 and layer_of(atlas, "order") != 1 else 384
    page.open(f"#unit/{384 + index}", view="unit")
    assert "are not in the atlas" in page.text("main")
    assert page.numbers(f"unit-{384 + index}")


def test_a_word_is_found_and_stands_where_its_activation_does(page: Page, atlas: Any) -> None:
    word = arabic(atlas)
    page.open("#word", view="word")
    page.find("input[name=word]").send_keys(word, Keys.ENTER)
    page.until(lambda: page.text("h1") == word, "the word's view")
    heading = page.find("h1 span")
    assert heading.get_attribute("dir") == "rtl"
    assert heading.get_attribute("lang") == "ar-Arab"
    contexts = gather(load_study(atlas.results / "study.toml"), atlas.cache).language("ar")
    files = (atlas.cache / "activations").glob("*/activations.safetensors")
    [path] = [file for file in files if Activations.open(file).language == "ar"]
    values = pd.DataFrame(Activations.open(path).layer(layer_of(atlas)).astype(float))
    means = values.groupby(contexts["word"]).mean()
    z = ((means - means.mean()) / means.std(ddof=0)).loc[word]
    rows = page.numbers("word")
    assert len(rows) == len(shared_units(atlas))
    for row in rows:
        assert number(row["z"]) == pytest.approx(z[int(row["unit"]) % 384], abs=0.02)
    assert page.find("#figure-word svg")


def test_figures_and_tables_are_saved(page: Page, atlas: Any) -> None:
    page.open()
    page.find("#figure-pairs svg")
    root = ET.fromstring(page.saved("#figure-pairs .tools > .save", ".svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    shown = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    pairs = atlas.table("pairs", variable="valence", method="correlation")
    assert {str(value) for value in pairs["observed"]} <= shown
    page.find("#figure-pairs summary").click()
    table = pd.read_csv(io.StringIO(page.saved("#figure-pairs .numbers .save", ".csv")))
    np.testing.assert_allclose(table["fe"], pairs["fe"], rtol=1e-9)
    np.testing.assert_allclose(table["p"], pairs["p"], rtol=1e-9)
    assert "Saved atlas-pairs.csv" in page.text("#status")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.open()
    body = page.find("body")
    body.send_keys(Keys.TAB)
    assert page.script("return document.activeElement.id") == "skip"
    page.browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert page.script("return document.activeElement.id") == "main"
    assert "#main" not in page.browser.current_url
    page.script("document.activeElement.blur(); document.getElementById('skip').focus()")
    reached = []
    for _ in range(11):
        page.browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(page.script("const e = document.activeElement; return e.id || e.textContent"))
    assert reached[:10] == [
        *("Overview", "Units", "A unit", "A word", "theme"),
        *("model", "variable", "ranking", "layer", "k"),
    ]
    assert reached[10] == "Save SVG"
    link = page.find("nav a:nth-child(2)")
    link.send_keys(Keys.ENTER)
    page.wait("units")
    assert page.script("return document.activeElement.tagName") == "H1"


def test_light_and_dark(page: Page) -> None:
    page.media(prefers_color_scheme="dark")
    page.open()
    background = "return getComputedStyle(document.body).backgroundColor"
    assert page.script(background) == "rgb(21, 24, 29)"
    assert page.find("#theme").get_attribute("aria-pressed") == "true"
    page.find("#theme").click()
    assert page.script(background) == "rgb(255, 255, 255)"
    page.open()
    assert page.script(background) == "rgb(255, 255, 255)"


def test_on_paper_there_is_no_navigation(page: Page) -> None:
    page.media(media="print", prefers_color_scheme="dark")
    page.open()
    assert not page.find("header").is_displayed()
    assert page.find(".chosen").is_displayed()
    assert page.script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_each_language_runs_in_its_direction(page: Page, atlas: Any) -> None:
    page.open(f"#unit/{shared_units(atlas)[0]}", view="unit")
    for code, tag, direction in (("en", "en-Latn", "ltr"), ("ar", "ar-Arab", "rtl"), ("zh", "zh-Hans", "ltr")):
        texts = page.all(f"section[data-language={code}] .sentences .text")
        assert len(texts) == 6
        for text in texts:
            assert (text.get_attribute("lang"), text.get_attribute("dir")) == (tag, direction)
            assert page.script("return getComputedStyle(arguments[0]).direction", text) == direction


def test_markup_in_a_sentence_is_text(page: Page, atlas: Any) -> None:
    page.open(f"#unit/{shared_units(atlas)[0]}", view="unit")
    texts = [text.text for text in page.all("section[data-language=en] .sentences .text")]
    assert any(
        "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> &amp; so on." in t for t in texts
    )
    assert page.script("return window.hacked === undefined")
    assert not page.all("main script, main img, main b")


def test_no_request_leaves_the_page(page: Page, atlas: Any) -> None:
    page.browser.get_log("performance")
    for address, view in views(atlas).values():
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(page: Page, atlas: Any, scheme: str) -> None:
    source = AXE.read_text(encoding="utf-8")
    page.media(prefers_color_scheme=scheme)
    for name, (address, view) in views(atlas).items():
        page.open(address, view=view)
        page.script("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        page.settle()
        page.script(source)
        found = page.browser.execute_async_script("axe.run(document).then(arguments[0])")
        serious = [
            (fault["id"], [node["target"] for node in fault["nodes"]][:3])
            for fault in found["violations"]
            if fault["impact"] in {"serious", "critical"}
        ]
        assert not serious, (name, serious)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_runs_out_of_the_page(page: Page, atlas: Any, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for name, (address, view) in views(atlas).items():
        page.open(address, view=view)
        page.settle()
        assert page.script("return document.documentElement.scrollWidth") <= width, name
