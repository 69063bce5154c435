"""What the page tells of edits: the matrix of languages that choose and languages that move, and a unit by itself."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("selenium", reason="needs selenium")
from interlingua.questions.order import tables
from interlingua.run.atlas import rebuild_atlas
from interlingua.tables import Table

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
MINUS = "−"
CODES, K, WIDTH = ("en", "zh", "ar", "fr"), 50, 384
READOUTS = {
    "probe": ("probe of the last layer", "SD of the rating"),
    "likeness": ("likeness of the sentence", "SD of its readings"),
}


def number(text: str) -> float:
    return float(text.replace(MINUS, "-"))


def whole(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with every column that the table declares, made up where it is none of the test's."""
    fill = {"text": "", "count": 1, "unit": 1, "flag": True, "p": 0.5, "percent": 0.5}
    rest = {c.name: fill.get(c.kind, 0.0) for c in table.columns if c.name not in frame}
    return table.check(frame.assign(**rest)[list(table.names)])


def made_tables(layer: int, chosen: list[int]) -> dict[str, pd.DataFrame]:
    """Return tables of edits: likeness can't be asked in Chinese, and for Arabic other units are chosen."""
    rng = np.random.default_rng(0)
    units = {
        code: chosen if code != "ar" else [u for u in range(WIDTH * layer, WIDTH * (layer + 1)) if u % 8 == 3]
        for code in CODES
    }
    every = sorted({unit for some in units.values() for unit in some})
    asked = [(readout, code) for readout, code in product(READOUTS, CODES) if (readout, code) != ("likeness", "zh")]
    slopes = [(readout, code, unit, rng.normal(0.01, 0.01)) for readout, code in asked for unit in every]
    sets = [
        (code, name, place, unit)
        for code in CODES
        for name in ("others", "own")
        for place, unit in enumerate(units[code] if name == "others" else every[:5], start=1)
    ]
    edited = [
        (code, "others", len(units[code]), readout, edit, True, rng.uniform(0.2, 0.6))
        for readout, code in asked
        for edit in ("steer", "mean")
    ]
    pairs = [(readout, a, code, rng.normal(0.3, 0.2)) for readout, code in asked for a in CODES]
    summary = [
        (readout, label, in_units, 4 if readout == "probe" else 3) for readout, (label, in_units) in READOUTS.items()
    ]
    made = {
        "causal_slopes": pd.DataFrame(slopes, columns=["readout", "language", "unit", "slope"]),
        "causal_units": pd.DataFrame(sets, columns=["language", "chosen_by", "place", "unit"]),
        "causal": pd.DataFrame(
            edited, columns=["language", "chosen_by", "n_units", "readout", "edit", "real", "effect"]
        ),
        "causal_pairs": pd.DataFrame(pairs, columns=["readout", "chosen_in", "language", "effect"]),
        "causal_summary": pd.DataFrame(summary, columns=["readout", "label", "in_units", "n_languages"]),
    }
    where = {"site": "resid", "variable": "valence", "layer": layer}
    return {name: frame.assign(**where) for name, frame in made.items()}


@pytest.fixture(scope="module")
def steered(atlas: Any, tmp_path_factory: pytest.TempPathFactory, seal: Callable[[Path], None]) -> Any:
    """Return the study with an atlas as if its units had been edited for valence: thirty words read nothing."""
    folder = Path(shutil.copytree(atlas.results, tmp_path_factory.mktemp("steered") / "results"))
    model = atlas.table("rankings")["model"].iloc[0]
    declared = tables()
    for name, frame in made_tables(atlas.layer(), atlas.shared_units()[:K]).items():
        made = whole(declared[name], frame.assign(model=model))
        made.to_parquet(folder / "tables" / f"{name}.parquet", index=False)
    seal(folder)
    rebuild_atlas(folder, cache_dir=atlas.cache)
    return replace(atlas, results=folder)


def shown(page: Any, name: str) -> dict[tuple[str, str], str]:
    return {(row["chosen_in"], row["language"]): row["effect"] for row in page.numbers(name)}


def test_beside_the_overlap_stands_what_one_languages_units_move_in_another(page: Any, steered: Any) -> None:
    page.atlas = steered
    page.open()
    figures = page.script("return [...document.querySelectorAll('.figures > figure')].map((figure) => figure.id)")
    assert figures[:2] == ["figure-pairs", "figure-effects"]
    names = steered.table("languages").set_index("language")["name"]
    for readout in READOUTS:
        if readout != "probe":
            page.choose("readout", readout)
        rows = steered.table("causal_pairs", readout=readout)
        known = {(names[row.chosen_in], names[row.language]): row.effect for row in rows.itertuples()}
        assert known.keys() == shown(page, "effects").keys()
        for place, text in shown(page, "effects").items():
            assert number(text) == pytest.approx(known[place], rel=6e-3)
        assert READOUTS[readout][0] in page.text("#figure-effects figcaption")
        page.drawings()
        texts = page.texts("#figure-effects g[aria-label=text] text")
        assert sorted(texts) == sorted(
            f"{value:.2f}".replace("0.", ".").replace("-", MINUS) for value in rows["effect"]
        )
    assert page.address.endswith("&readout=likeness")
    page.find("#figure-effects summary").click()
    saved = csv.DictReader(io.StringIO(page.saved("#figure-effects .save.csv", ".csv")))
    assert [float(row["effect"]) for row in saved] == pytest.approx(rows["effect"].tolist())
    drawing = page.save("#figure-effects .save.svg", ".svg")
    assert drawing.name.endswith("effects-likeness.svg")
    assert "likeness of the sentence" in drawing.read_text(encoding="utf-8")


def test_edits_are_of_the_studys_layer_and_variable(page: Any, steered: Any) -> None:
    page.atlas = steered
    page.open("#overview?k=9&readout=likeness")
    assert not page.all("#figure-effects, #readout")
    assert "p-values, nulls and edits are there" in page.text(".claim")
    page.open("#overview?variable=order")
    assert not page.all("#figure-effects, #readout")


def test_a_units_page_says_what_shifting_it_does(page: Any, steered: Any) -> None:
    page.atlas = steered
    unit = steered.shared_units()[0]
    page.open(f"#unit/{unit}", view="unit")
    names = steered.table("languages").set_index("language")["name"]
    slopes = steered.table("causal_slopes", unit=unit)
    text = page.text(".shifted p")
    for readout, (label, in_units) in READOUTS.items():
        own = slopes[slopes["readout"] == readout]["slope"]
        low, high = (f"{value:.3f}".replace("-0.000", "0.000").replace("-", MINUS) for value in (own.min(), own.max()))
        assert f"the {label} by {low} to {high} {in_units}" in text
    assert "In 3 of 4 languages it is among the units that the others choose" in text
    rows = {row["language"]: row for row in page.numbers(f"shifted-{unit}")}
    assert set(rows) == set(names)
    effects = steered.table("causal", readout="probe", edit="steer").set_index("language")["effect"]
    for row in slopes[slopes["readout"] == "probe"].itertuples():
        found = rows[names[row.language]]
        assert number(found["slope"]) == pytest.approx(row.slope, abs=6e-5)
        if row.language == "ar":
            assert (found["place"], found["effect"]) == ("–", "–")
        else:
            assert found["place"] == "1"
            assert number(found["effect"]) == pytest.approx(effects[row.language], rel=6e-3)
        assert found["chosen_by"] == "own"
    page.choose("readout", "likeness")
    assert set(names) - {row["language"] for row in page.numbers(f"shifted-{unit}")} == {names["zh"]}


def test_units_that_are_in_no_set_or_elsewhere_say_so(page: Any, steered: Any) -> None:
    page.atlas = steered
    known = set(steered.table("causal_slopes")["unit"])
    first = WIDTH * steered.layer()
    other = next(unit for unit in range(first, first + WIDTH) if unit not in known)
    page.open(f"#unit/{other}", view="unit")
    assert f"of {len(known)} of the layer's 384 units" in page.text(".shifted")
    page.open("#unit/0", view="unit")
    assert page.text(".shifted p") == f"The study edits units of layer {steered.layer()} only."
    assert not page.all("#readout")


def test_without_edits_nothing_is_said_of_them(page: Any, atlas: Any) -> None:
    page.open()
    assert not page.all("#figure-effects, #readout")
    assert "p-values and nulls" not in page.text(".claim")
    page.open(f"#unit/{atlas.shared_units()[0]}", view="unit")
    assert not page.all(".shifted, #readout")
    assert not list((atlas.results / "atlas" / "data").glob("steered*"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_what_edits_do_is_for_everyone(page: Any, steered: Any, theme: str, width: int) -> None:
    page.atlas = steered
    page.size(width)
    page.media(prefers_color_scheme=theme)
    for address, view in (("", "overview"), (f"#unit/{steered.shared_units()[0]}", "unit")):
        page.open(address, view=view)
        page.drawings()
        page.script(AXE.read_text(encoding="utf-8"))
        run = "const done = arguments[0]; axe.run(document).then((found) => done(found.violations.map((v) => v.id)))"
        assert page.browser.execute_async_script(run) == []
        assert page.script("return document.documentElement.scrollWidth <= window.innerWidth")
