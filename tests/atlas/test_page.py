"""The atlas as its readers meet it: the real page, opened from disk in Chromium."""

from __future__ import annotations

import csv
import io
from typing import Any
from unicodedata import combining, normalize

import pandas as pd
import pytest

pytest.importorskip("selenium", reason="needs selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from interlingua.models import Activations
from interlingua.questions.order import tables
from interlingua.run.study import load_study
from interlingua.study.sources import gather

MINUS = "−"
#: The nulls that a study draws by default, and what people call them.
NULLS = {"permuted": "permuted ratings", "own codes": "codes of their own"}


def number(text: str) -> float:
    if text.endswith(" %"):
        return number(text.removesuffix(" %")) / 100
    return float(text.replace(MINUS, "-").replace("< ", ""))


def capital(heading: str) -> str:
    """Return a heading as the page writes it: with a capital unless it begins with a symbol, such as p."""
    return heading[:1].upper() + heading[1:] if heading[1:2].isalpha() else heading


def headings(page: Any, name: str) -> dict[str, tuple[str, str]]:
    """Return heading and tooltip of each column of a plain table, by column key."""
    found = page.script(
        "const table = document.querySelector(`table[data-name='${arguments[0]}']`);"
        "return [...table.tHead.rows[0].cells].map((head, i) => "
        "[table.tBodies[0].rows[0].cells[i].dataset.key, head.textContent, head.title])",
        name,
    )
    return {key: (heading, says) for key, heading, says in found}


def test_overview_shows_the_numbers_of_the_tables(page: Any, atlas: Any) -> None:
    page.open()
    summary = atlas.table("pairs_summary", variable="valence", method="correlation").iloc[0]
    claim = page.text(".claim")
    assert f"share {summary.mean_overlap:.1f} on average, {summary.mean_fe:.2f} times" in claim
    for null, name in NULLS.items():
        row = atlas.table("null", variable="valence", method="correlation", null=null).iloc[0]
        p = f"{row.p_shared:.4f}".removeprefix("0")
        assert f"{row.corrected_fe:.2f} times what {name} give (number and signs: p = {p}, {row.draws} draws)" in claim
    pairs = atlas.table("pairs", variable="valence", method="correlation")
    for shown, row in zip(page.numbers("pairs"), pairs.itertuples(), strict=True):
        assert int(shown["observed"]) == row.observed
        for key in ("expected", "fe"):
            assert number(shown[key]) == pytest.approx(getattr(row, key), rel=6e-3)
        for key in ("p", "p_bh", "p_by"):
            assert number(shown[key]) == pytest.approx(getattr(row, key), abs=1.01e-4)
        assert number(shown["same_sign"]) == pytest.approx(row.same_sign, abs=6e-4)
    degrees = atlas.table("degrees", variable="valence", method="correlation").sort_values("n_languages")
    shown = page.numbers("degrees")
    assert [int(row["observed"]) for row in shown] == degrees["observed"].tolist()
    # Units in exactly so many languages, counted from the rankings.
    rankings = atlas.table("rankings", variable="valence", method="correlation", layer=atlas.layer())
    top = rankings[(rankings["rank"] <= 50) & (rankings["score"] > 0)]
    counts = top.groupby("unit")["language"].nunique().value_counts()
    assert [int(row["exactly"]) for row in shown] == [counts.get(d, 0) for d in degrees["n_languages"]]
    page.drawings()
    bars = page.script("return document.querySelectorAll('#figure-degrees g[aria-label=bar] rect').length")
    assert bars == len(degrees)
    layer = atlas.layer()
    curves = atlas.table("probes", variable="valence", probe="ridge", curve="layer")
    shown_r = {(row["language"], int(row["layer"])): number(row["r"]) for row in page.numbers("layers")}
    names = atlas.table("languages").set_index("language")["name"]
    assert shown_r == {(names[r.language], r.layer): pytest.approx(r.r, abs=6e-4) for r in curves.itertuples()}
    chosen = [row for row in page.numbers("performance") if row["layer"] == str(layer)]
    assert len(chosen) == 3
    points = atlas.table("alignment_points", variable="valence", method="correlation")
    assert [number(row["mpo"]) for row in page.numbers("alignment")] == pytest.approx(points["mpo"].tolist(), rel=6e-3)
    assert len(page.all("main .chart[role=img][aria-label] > svg")) == 5


@pytest.mark.parametrize("null", list(NULLS))
def test_each_null_has_its_columns_and_its_line(page: Any, atlas: Any, null: str) -> None:
    page.open()
    where = {"variable": "valence", "method": "correlation", "null": null}
    mean, p = f"null_mean_{null.replace(' ', '_')}", f"p_null_{null.replace(' ', '_')}"
    for shown, table in (("pairs", "null_pairs"), ("degrees", "null_degrees")):
        rows, numbers = atlas.table(table, **where), page.numbers(shown)
        assert [number(row[mean]) for row in numbers] == pytest.approx(rows["null_mean"].tolist(), rel=6e-3)
        assert [number(row[p]) for row in numbers] == pytest.approx(rows["p_null"].tolist(), abs=1.01e-4)
        assert headings(page, shown)[mean][0] == capital(NULLS[null])
        assert headings(page, shown)[p][0] == f"p ({NULLS[null]})"
    lines = page.script(
        "return [...document.querySelectorAll('#figure-degrees g[aria-label=tick]')].map("
        "(g) => [g.getAttribute('stroke-dasharray'), g.querySelectorAll('line').length])"
    )
    dashes, count = lines[list(NULLS).index(null)]
    assert count == len(atlas.table("null_degrees", **where))
    assert (dashes is None) == (null == "permuted")


def test_headings_and_tooltips_are_those_of_the_declared_tables(page: Any) -> None:
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
        found = headings(page, shown)
        own = [key for key in found if key in declared[table].names]
        assert len(own) >= 3
        assert set(found) - set(own) <= of_nulls | {"exactly", "exactly_expected"}
        for key in own:
            column = declared[table][key]
            assert found[key] == (capital(column.title), column.says)


def test_choices_change_everything_and_the_address(page: Any, atlas: Any) -> None:
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


def test_other_layers_and_k_are_counted_from_the_rankings(page: Any, atlas: Any) -> None:
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
        else:
            assert row["same_sign"] == "–"
        assert "p" not in row
    assert any(row["observed"] != "0" for row in rows)
    counts = top["unit"].value_counts()
    from scipy.stats import binom

    for d, row in enumerate(page.numbers("degrees"), start=1):
        assert int(row["observed"]) == (counts >= d).sum()
        assert number(row["expected"]) == pytest.approx(384 * binom.sf(d - 1, 3, 30 / 384), rel=5e-3)


def test_the_table_of_units_sorts_searches_and_filters(page: Any, atlas: Any) -> None:
    page.open("#units", view="units")
    layer = atlas.layer()
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")
    cells = ".tabulator-row .tabulator-cell[tabulator-field='{}']"

    def column(field: str) -> list[str]:
        return [cell.text for cell in page.all(cells.format(field))]

    least = column("n_languages")
    assert least == sorted(least, reverse=True)
    header = page.find(".tabulator-col[tabulator-field='t_fr']")
    header.click()
    t = atlas.table("transfer_units", variable="valence", language="fr", layer=layer).set_index("unit")["t_words"]
    shown = [abs(number(text)) for text in column("t_fr")]  # a t of -16.9 stands before one of 2
    assert shown[0] == pytest.approx(t.abs().max(), rel=6e-3)
    assert shown == sorted(shown, reverse=True)
    assert min(t) < 0 < max(t)
    declared = tables()["transfer_units"]["t_words"]
    assert header.text == f"{declared.title} French"
    assert header.get_attribute("title") == f"{declared.says}; sorted by size"
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
    page.type("input[name=least]", "2")
    page.until(lambda: page.text("#units-count").startswith(f"{(counts >= 2).sum()} of"), "the filter")
    saved = list(csv.DictReader(io.StringIO(page.saved(".filters .save", ".csv"))))
    assert {int(row["unit"]): int(row["n_languages"]) for row in saved} == counts[counts >= 2].to_dict()
    units = {code: set(rows["unit"]) for code, rows in top.groupby("language")}
    for asked, codes in (("Arabic", ["ar"]), ("zh en", ["zh", "en"]), ("chin, AR", ["zh", "ar"])):
        page.type("input[name=search]", asked)
        found = set(counts[counts >= 2].index).intersection(*(units[code] for code in codes))
        page.until(
            lambda found=found: page.text("#units-count") == f"{len(found)} of 384 units", f"the search for {asked}"
        )
        assert found
    page.type("input[name=search]", "zh xq")
    page.until(lambda: page.text("#units-count") == "0 of 384 units. “xq” is no unit and no language", "the word xq")
    page.type("input[name=search]", "fr")
    page.until(lambda: "French is unseen" in page.text("#units-count"), "why there are no units of French")
    page.type("input[name=search]", "")
    page.type("input[name=t]", "2.5")
    large = set(counts[counts >= 2].index) & set(t[t.abs() >= 2.5].index)
    page.until(lambda: page.text("#units-count") == f"{len(large)} of 384 units", "those with a large t in French")
    page.type("input[name=t]", "0")
    page.type("input[name=search]", str(saved[0]["unit"]))
    page.until(lambda: page.text("#units-count").startswith("1 of"), "the search for a unit")
    page.find(".tabulator-row a").send_keys(Keys.ENTER)
    page.wait("unit")
    assert page.text("h1") == f"Unit {saved[0]['unit']}"


@pytest.mark.parametrize("ranking", ["correlation", "ridge"])
def test_what_a_question_puts_beside_units_stands_in_the_list_and_on_a_units_page(
    page: Any, atlas: Any, ranking: str
) -> None:
    declared = tables()["stability"]["frequency"]
    page.size(1800)  # wide enough for all columns
    page.open(f"#units?ranking={ranking}", view="units")
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")
    header = page.find(".tabulator-col[tabulator-field=stability_frequency]")
    page.script("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", header)  # one of many columns
    assert header.text == capital(declared.title)
    assert header.get_attribute("title") == declared.says
    assert declared.says in page.text("main > .note:not(.keys)")
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


def test_all_layers_stand_in_one_table_of_which_few_rows_are_drawn(page: Any) -> None:
    page.open("#units?layers=all", view="units")
    page.until(lambda: page.text("#units-count") == "2688 of 2688 units", "all units")
    assert len(page.all(".tabulator-row")) < 120


def test_a_units_page_says_what_the_tables_say(page: Any, atlas: Any) -> None:
    unit = atlas.shared_units()[0]
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
    assert headings(page, f"unit-{unit}")["weight"][0] == "r (training sentences)"
    found = headings(page, f"unit-{unit}")
    for key, column in (("t", tables()["transfer_units"]["t_words"]), ("rank", tables()["rankings"]["rank"])):
        assert found[key] == (capital(column.title), column.says)
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
    other = atlas.shared_units()[1]
    page.find("input[name=with]").send_keys(str(other), Keys.ENTER)
    page.until(lambda: len(page.all("section.unit")) == 2, "two units")
    assert f"with={other}" in page.browser.current_url
    assert [part.get_attribute("data-unit") for part in page.all("section.unit")] == [str(unit), str(other)]


def test_the_r_beside_a_scatter_is_that_of_its_points(page: Any, atlas: Any) -> None:
    unit = atlas.shared_units()[0]
    page.open(f"#unit/{unit}", view="unit")
    rows = {row["language"]: row for row in page.numbers(f"unit-{unit}")}
    names = atlas.table("languages").set_index("language")["name"]
    contexts = gather(load_study(atlas.results / "study.toml"), atlas.cache)
    for file in (atlas.cache / "activations").glob("*/activations.safetensors"):
        stored = Activations.open(file)
        code = stored.language
        values = pd.Series(stored.layer(atlas.layer())[:, unit % 384].astype(float))
        sentences = contexts.language(code)
        by_word = values.groupby(sentences["word"]).mean()
        r = by_word.corr(sentences.groupby("word")["valence"].first())
        said = page.text(f"section[data-language={code}] .drawn")
        assert number(said.split()[1].rstrip(",")) == pytest.approx(r, abs=6e-4)
        assert said.endswith("30 words")
        assert number(rows[names[code]]["r_drawn"]) == number(said.split()[1].rstrip(","))
        if code != "fr":
            assert number(rows[names[code]]["weight"]) != number(rows[names[code]]["r_drawn"])


def test_a_unit_without_words_says_so(page: Any, atlas: Any) -> None:
    index = 0 if atlas.layer() != 1 and atlas.layer("order") != 1 else 384
    page.open(f"#unit/{384 + index}", view="unit")
    assert "are not in the atlas" in page.text("main")
    assert page.numbers(f"unit-{384 + index}")


def test_a_word_is_found_and_stands_where_its_activation_does(page: Any, atlas: Any) -> None:
    word = atlas.data("words/ar")["words"][0]
    page.open("#word", view="word")
    page.find("input[name=word]").send_keys(word, Keys.ENTER)
    page.until(lambda: page.text("h1") == word, "the word's view")
    heading = page.find("h1 span")
    assert heading.get_attribute("dir") == "rtl"
    assert heading.get_attribute("lang") == "ar-Arab"
    contexts = gather(load_study(atlas.results / "study.toml"), atlas.cache).language("ar")
    files = (atlas.cache / "activations").glob("*/activations.safetensors")
    [path] = [file for file in files if Activations.open(file).language == "ar"]
    values = pd.DataFrame(Activations.open(path).layer(atlas.layer()).astype(float))
    means = values.groupby(contexts["word"]).mean()
    z = ((means - means.mean()) / means.std(ddof=0)).loc[word]
    rows = page.numbers("word")
    assert len(rows) == len(atlas.shared_units())
    for row in rows:
        assert number(row["z"]) == pytest.approx(z[int(row["unit"]) % 384], abs=0.02)
    assert page.find("#figure-word svg")


def test_a_word_is_found_without_its_accents(page: Any, atlas: Any) -> None:
    words = [word for code in ("fr", "en") for word in atlas.data(f"words/{code}")["words"]]
    accented = [word for word in words if normalize("NFD", word) != word]
    assert accented
    page.open("#word", view="word")
    page.type("input[name=word]", "".join(c for c in normalize("NFD", accented[0]) if not combining(c)))
    page.until(lambda: accented[0] in page.texts(".found a span"), f"{accented[0]}")


def test_each_language_runs_in_its_direction(page: Any, atlas: Any) -> None:
    page.open(f"#unit/{atlas.shared_units()[0]}", view="unit")
    for code, tag, direction in (("en", "en-Latn", "ltr"), ("ar", "ar-Arab", "rtl"), ("zh", "zh-Hans", "ltr")):
        texts = page.all(f"section[data-language={code}] .sentences .text")
        assert len(texts) == 6
        for text in texts:
            assert (text.get_attribute("lang"), text.get_attribute("dir")) == (tag, direction)
            assert page.script("return getComputedStyle(arguments[0]).direction", text) == direction


def test_markup_in_a_sentence_is_text(page: Any, atlas: Any) -> None:
    page.open(f"#unit/{atlas.shared_units()[0]}", view="unit")
    texts = [text.text for text in page.all("section[data-language=en] .sentences .text")]
    assert any(
        "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> &amp; so on." in t for t in texts
    )
    assert page.script("return window.hacked === undefined")
    assert not page.all("main script, main img, main b")
