"""What the page tells of units without a top k: the first lines of the overview, and filters of the table of units."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("selenium", reason="needs selenium")
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from interlingua.questions.order import tables
from interlingua.run.atlas import rebuild_atlas

MINUS = "−"
#: The nulls that a study draws by default, and what people call them.
NULLS = {"permuted": "permuted ratings", "own codes": "codes of their own"}


def test_the_first_lines_need_no_top(page: Any, atlas: Any) -> None:
    """How much is shared, by which units, and how few are enough: of the layer that is looked at, as the tables say."""
    page.open()
    layer, where = atlas.layer(), {"variable": "valence"}
    lead = page.text(".lead")
    row = atlas.table("similarity", **where, words="all", layer=layer).iloc[0]
    shown = (atlas.table("similarity_null", **where)["p"] < 0.05).all()
    rho = f"{row.rho:.2f}".replace("-", MINUS)
    share = f"3 languages share {rho} of where" if shown else "it is not shown that 3 languages share any of where"
    assert lead.startswith(f"In layer {layer}, {share} valence is encoded (ρ̄{'' if shown else f' = {rho}'}: 1 if")
    assert "95 % interval" not in lead  # of three languages there is none
    for null, name in NULLS.items():
        beside = atlas.table("similarity_null", **where, null=null).iloc[0]
        p = f"{beside.p:.4f}".removeprefix("0")
        told = f"with {name} by {beside.null_mean:z.2f} (p = {p}, {beside.draws} draws)".replace("-", MINUS)
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
    share = f"In layer {other}, 3 languages share {many} of where"
    assert (share in lead) == pd.notna(row.rho)
    assert "draws" not in lead  # nulls and few units are of the layer that the study compares
    assert "predicts" not in lead


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
        first.head(60 - round(100 * least))[["model", "site", "variable", "layer", "unit"]].assign(least=least)
        for least in (0.1, 0.2, 0.3)
    ]
    carried = pd.concat(parts, ignore_index=True)
    carried["carried_by"] = 1 + carried.index % 3
    carried.to_parquet(folder / "tables/conjunction_carried.parquet", index=False)
    seal(folder)
    rebuild_atlas(folder, cache_dir=atlas.cache)
    return replace(atlas, results=folder)


def test_units_are_filtered_by_what_needs_no_top(page: Any, shared: Any) -> None:
    """By the languages that carry them at a least correlation, by the shared part, and by how sure its sign is."""
    page.atlas = shared
    page.open("#units", view="units")
    page.until(lambda: page.text("#units-count") == "384 of 384 units", "all units")

    def fill(name: str, value: str) -> None:
        page.type(f"input[name={name}]", value)

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
    assert page.address.endswith("&carried=3&rho=0.3")
    # The address brings them back, and so does Back.
    page.find(".tabulator-row a").click()
    page.wait("unit")
    page.browser.back()
    page.wait("units")
    count(len(found))
    assert page.find("input[name=carried]").get_property("value") == "3"
    assert page.find("select[name=rho]").get_property("value") == "0.3"
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
    assert "&score=0.5&wrong=2.5" in page.address
    page.open(page.address, view="units")
    count(int(sure.sum()))
    # Of another layer's units none of this is known; of all layers' it is of the chosen one's.
    page.open(f"#units?layer={1 if shared.layer() != 1 else 2}", view="units")
    count(384)
    assert not page.all("input[name=carried], input[name=score], input[name=wrong]")
    page.open("#units?layers=all", view="units")
    count(2688, of=2688)
    fill("carried", "1")
    count(int((carried["least"] == 0.2).sum()), of=2688)
