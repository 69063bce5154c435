"""The report's page, opened in a real browser."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pandas as pd
import pytest

from interlingua.questions.order import questions, tables
from interlingua.report.page import write_page
from interlingua.report.results import Results
from interlingua.run.report import told

AXE = Path(__file__).parents[1] / "atlas" / "vendor" / "axe.min.js"
#: What the small study does not ask.
NOT_ASKED = ("sites", "checkpoints", "replication")
#: All other questions, then what it did not ask, then how it was made.
ASKED = [question.key for question in questions() if question.key not in NOT_ASKED]
SECTIONS = ["at-a-glance", *ASKED, "not-asked", "record"]
#: Opens all that can be opened, also what is open one at a time.
OPEN = "document.querySelectorAll('details').forEach(d => { d.removeAttribute('name'); d.open = true; })"
MARKUP = '<img src=x onerror="document.title=\'run\'"><b>Norms</b> & "co" {{ 7 * 7 }}'


@pytest.fixture(scope="module")
def page(small: Any) -> Path:
    return Path(small.results) / "report.html"


def test_no_error_and_no_request_leaves_the_page(opened: Callable[..., Any], page: Path) -> None:
    browser = opened(page)
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("data:", page.as_uri()))] == []
    assert (
        browser.execute_script(
            "return performance.getEntriesByType('resource').filter(r => !r.name.startsWith('data:')).length"
        )
        == 0
    )


def test_every_figure_is_shown_and_described(opened: Callable[..., Any], page: Path) -> None:
    browser = opened(page)
    browser.execute_script(OPEN)
    images = browser.execute_script(
        "return [...document.images].map(i => [i.complete, i.naturalWidth, i.getBoundingClientRect().width, i.alt])"
    )
    assert len(images) >= 14
    for complete, natural, shown, text in images:
        assert complete
        assert natural > 100
        assert shown > 100
        assert len(text) > 40


def test_the_appendix_begins_with_every_question_and_its_answer(
    opened: Callable[..., Any], page: Path, small: Any
) -> None:
    browser = opened(page)
    rows = browser.execute_script(
        "return [...document.querySelectorAll('#glance tbody tr')].map(r => [...r.children].map(c => c.innerText))"
    )
    said = [row for group in told(Results.read(small.results, tables())).glance.values() for row in group]
    assert rows == [[row.question, row.answer, row.sure, row.test] for row in said]
    above = browser.execute_script(
        "return document.querySelector('#glance').getBoundingClientRect().bottom"
        " < document.querySelector('#material').getBoundingClientRect().top"
    )
    assert above


def test_every_section_says_something(opened: Callable[..., Any], page: Path, small: Any) -> None:
    browser = opened(page)
    found = browser.execute_script(
        "return [...document.querySelectorAll('#appendix > section')].map("
        "s => [s.id, s.querySelectorAll('h3').length, s.innerText])"
    )
    assert [key for key, _, _ in found] == SECTIONS
    assert all(headings == 1 and len(text) > 100 for _, headings, text in found)
    links = browser.execute_script("return [...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))")
    assert links == [f"#{key}" for key, _, _ in found[1:]]
    claims = browser.execute_script("return [...document.querySelectorAll('.claim')].map(p => p.innerText)")
    pairs = pd.read_parquet(small.results / "tables" / "pairs_summary.parquet")
    mine = pairs[pairs["method"] == "correlation"]
    assert len(claims) == len(mine) == 2
    for claim, row in zip(claims, mine.itertuples(), strict=True):
        assert f"layer {row.layer} " in claim
        assert f"carry {row.variable} most" in claim
        assert f"{row.mean_fe:.2f} times what independent sets would" in claim


def test_caveats_stand_beside_what_they_touch(opened: Callable[..., Any], page: Path) -> None:
    browser = opened(page)
    with_caveats = browser.execute_script(
        "return [...document.querySelectorAll('aside.caveats')].map(a => a.closest('section').id)"
    )
    always = {question.key for question in questions() if question.caveats and question.key in SECTIONS}
    sometimes = {question.key for question in questions() if hasattr(import_module(question.show), "caveats")}
    assert always <= set(with_caveats) <= always | sometimes
    assert with_caveats == [key for key in SECTIONS if key in with_caveats]
    assert set(SECTIONS) - set(with_caveats) == {"at-a-glance", "material", "not-asked", "record"}


def test_tables_are_filled_and_say_once_what_all_rows_have(opened: Callable[..., Any], page: Path, small: Any) -> None:
    browser = opened(page)
    tables = browser.execute_script(
        """return [...document.querySelectorAll('#appendix details')].filter(d => d.querySelector('table')).map(d => {
        const cells = row => [...row.children].map(c => c.textContent);
        return {title: d.querySelector('summary').textContent,
                same: (d.querySelector('p.more') || {textContent: ''}).textContent,
                head: cells(d.querySelector('thead tr')),
                rows: [...d.querySelectorAll('tbody tr')].map(cells)}})"""
    )
    for table in tables:
        assert table["rows"], table["title"]
        assert "model" not in table["head"] or "ranking" in table["head"]
        assert all(len(row) == len(table["head"]) for row in table["rows"])
        assert all(cell.strip() for row in table["rows"] for cell in row)
    by_title = {table["title"].split(".")[0].split(",")[0]: table for table in tables}
    languages = by_title["Table 1"]
    assert [row[0] for row in languages["rows"]] == ["English", "Spanish", "French", "German"]
    probes = by_title["Whole-network probes"]
    assert probes["same"] == "In all rows: model model; probe elastic net (Eq. 1)."
    assert len(probes["rows"]) == 5
    expected = pd.read_parquet(small.results / "tables" / "transfer.parquet")
    expected = expected[expected["method"] == "correlation"]
    shown = by_title["Table 2"]
    assert shown["same"] == "In all rows: model model; language German."
    assert [row[shown["head"].index("unit")] for row in shown["rows"]] == [str(unit) for unit in expected["unit"]]


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_runs_over_the_edge(opened: Callable[..., Any], page: Path, width: int) -> None:
    browser = opened(page, width)
    browser.execute_script(OPEN)
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    cut = browser.execute_script(
        """return [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll')
        && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.tagName)"""
    )
    assert cut == []


def test_markup_in_names_is_shown_as_text(
    opened: Callable[..., Any], small: Any, tmp_path: Path, seal: Callable[[Path], None]
) -> None:
    results = Path(shutil.copytree(small.results, tmp_path / "results"))
    file = results / "tables" / "languages.parquet"
    table = pd.read_parquet(file)
    table["norms"] = MARKUP
    table["licence"] = MARKUP
    table["citation"] = "</pre><script>document.title = 'run'</script>"
    table["name"] = ["<i>English</i>", *table["name"][1:]]
    table.to_parquet(file, index=False)
    file = results / "tables" / "alignment_models.parquet"
    pd.read_parquet(file).assign(note=MARKUP).to_parquet(file, index=False)
    seal(results)

    read = Results.read(results, tables())
    read.run["not_asked"] = {"replication": MARKUP}
    browser = opened(write_page(read, told(read), captions={}))
    assert browser.get_log("browser") == []
    assert browser.title.endswith(" · small · interlingua")
    made = (
        "return document.querySelectorAll('script, main img[src=x], main b:not(#not-asked li > b, .places b)').length"
    )
    assert browser.execute_script(made) == 0
    text = browser.execute_script("return document.body.textContent")
    assert text.count(MARKUP) >= 4
    assert "</pre><script>" in text
    cells = browser.execute_script("return [...document.querySelectorAll('#material td')].map(c => c.textContent)")
    assert MARKUP in cells
    assert "<i>English</i>" in cells


def test_what_was_not_asked_is_told_once_near_the_end(opened: Callable[..., Any], page: Path) -> None:
    browser = opened(page)
    told = browser.execute_script(
        "return [...document.querySelectorAll('#not-asked li')]"
        ".map(li => [li.querySelector('b').innerText, li.innerText])"
    )
    whys = {
        "Where in the model?": "This study reads units at one site",
        "How does sharing grow over training?": "The models are not said to be checkpoints of one model: ",
        "The published figures beside ours.": "This study makes choices of its own: ",
    }
    assert [title for title, _ in told] == list(whys)
    assert all(text.startswith(f"{title} {whys[title]}") for title, text in told)
    weight = "return getComputedStyle(document.querySelector('#not-asked li b')).fontWeight"
    assert int(browser.execute_script(weight)) >= 600


def test_on_a_desk_no_table_has_columns_off_the_screen(opened: Callable[..., Any], page: Path) -> None:
    browser = opened(page, 1280)
    browser.execute_script(OPEN)
    cut = browser.execute_script(
        """return [...document.querySelectorAll('.scroll')].filter(box => box.scrollWidth > box.clientWidth + 1)
        .map(box => [box.getAttribute('aria-label'), box.scrollWidth, box.clientWidth])"""
    )
    assert cut == []


def _across(page: Any, text: Any) -> float:
    """Return where on a sheet a piece of text begins, from PDF's two matrices."""
    return text[4] * page[0] + text[5] * page[2] + page[4]


def test_all_of_it_is_printed(opened: Callable[..., Any], page: Path) -> None:
    pypdf = pytest.importorskip("pypdf", reason="needs pypdf")
    browser = opened(page)
    closed = browser.execute_script("return document.querySelectorAll('details:not([open])').length")
    assert closed >= 5
    paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    sheets = pypdf.PdfReader(io.BytesIO(pdf)).pages

    def squeezed(text: str) -> str:
        return re.sub(r"\s+", "", normalize("NFKC", text))  # without ligatures

    right = float(sheets[0].mediabox.width)

    def within(piece: str, matrix: Any, position: Any, *_: Any) -> None:
        assert not piece.strip() or 0 <= _across(matrix, position) <= right, piece

    text = squeezed("".join(sheet.extract_text(visitor_text=within) for sheet in sheets))
    said = browser.execute_script(
        "return [...document.querySelectorAll('h1, h2, h3, p, li, td, th, figcaption')].map(e => e.textContent)"
    )
    # A word may stand on two lines, and a paragraph on two sheets: its words are looked for.
    missing = {word for part in said for word in part.split() if squeezed(word) not in text}
    assert missing == set()
    rows = browser.execute_script(
        "return [...document.querySelectorAll('tr')].map(r => [...r.children].map(c => c.textContent))"
    )
    for row in rows:
        assert squeezed(row[-1]) in text, row


def test_headings_go_down_by_one_and_landmarks_have_names_of_their_own(opened: Callable[..., Any], page: Path) -> None:
    browser = opened(page)
    levels = browser.execute_script(
        "return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => Number(h.localName[1]))"
    )
    assert levels[:2] == [1, 2]
    assert levels.count(1) == 1
    assert levels.count(3) >= 10
    assert all(after <= before + 1 for before, after in pairwise(levels))
    names = browser.execute_script(
        """const of = (e, name) => e.getAttribute(name);
        const named = (e) => of(e, 'aria-label') || document.getElementById(of(e, 'aria-labelledby'))?.textContent;
        return [...document.querySelectorAll('nav, main, aside, section, [role=region], [role=note]')].map(e =>
        [of(e, 'role') || e.localName, named(e)])"""
    )
    assert len({tuple(name) for name in names}) == len(names)
    assert all(name for role, name in names if role != "main")


def test_what_is_touched_is_large_enough(opened: Callable[..., Any], page: Path) -> None:
    small = opened(page, 390).execute_script(
        """return [...document.querySelectorAll('a, summary')].filter(e => e.checkVisibility() && !e.matches('p a'))
        .map(e => [e.textContent, e.getBoundingClientRect()]).filter(([, b]) => b.width < 24 || b.height < 24)
        .map(([text, b]) => [text, b.width, b.height])"""
    )
    assert small == []


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_fault(opened: Callable[..., Any], page: Path, width: int) -> None:
    browser = opened(page, width)
    browser.execute_script(OPEN)
    # The page allows no script; what a test brings along runs all the same.
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    browser.set_script_timeout(180)  # a long page on a busy machine
    found = browser.execute_async_script("axe.run(document).then(arguments[0])")
    assert len(found["passes"]) > 10
    assert [(fault["id"], [node["target"] for node in fault["nodes"]][:3]) for fault in found["violations"]] == []
