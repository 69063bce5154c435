"""How well a made-up model is read: of the whole network or of its layer, over languages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from interlingua.questions.audit import HELD_OUT_R
from interlingua.questions.material import RELIABILITY
from interlingua.questions.performance import QUESTION
from interlingua.questions.performance.compute import performance
from interlingua.questions.performance.show import draw, glance, section
from interlingua.report.results import Results
from interlingua.report.table import laid_out
from interlingua.stats.r_interval import mean_r_interval
from interlingua.study.cell import Cell
from interlingua.study.steps import PROBES
from interlingua.tables import Layout, Table

CELL = Cell("m", "valence", 1, 3, Layout.even(2, 12))
TABLES: dict[str, Table] = {table.name: table for table in QUESTION.tables}
CODES = ("en", "es", "fr")
R = {"en": 0.8, "es": 0.2, "fr": 0.5}


def probes(*, whole: bool = True, r: dict[str, float] = R, low: float = 0.3) -> pd.DataFrame:
    """Return probes of each language: of the whole network, r; of layer 1, a tenth less; of layer 0, none at all."""
    counts = {"n_nonzero": 4, "n_constant": 0, "n_train": 8, "n_test": 4, "n_test_words": 2}
    rows = [
        {"language": code, "probe": probe, "curve": curve, "layer": layer, "r": r[code] - less}
        for code in CODES
        for probe, curve, layer, less in (
            *((("elastic-net", "whole", -1, 0.0),) if whole else ()),
            ("ridge", "layer", 0, 0.9),
            ("ridge", "layer", 1, 0.1),
        )
    ]
    table = pd.DataFrame(rows).assign(
        model="m", site="resid", variable="valence", l1=0.0, l2=1.0, gap=0.0, at_edge=False, **counts
    )
    table = table.assign(r_low=table["r"] - low, r_high=table["r"] + 0.1, r_cv=0.3)
    words = {"r_word": table["r"], "r_word_low": table["r_low"], "r_word_high": table["r_high"]}
    return PROBES.check(table.assign(**words))


def held_out(r: dict[str, float] = R, low: float = 0.3) -> pd.DataFrame:
    rows = pd.DataFrame({"language": list(r), "r": [value - 0.1 for value in r.values()]})
    rows = rows.assign(
        r_low=rows["r"] - low, r_high=rows["r"] + 0.1, n_words=10, model="m", site="resid", variable="valence", layer=1
    )
    return HELD_OUT_R.check(rows)


def results(table: pd.DataFrame, crossed: pd.DataFrame | None = None, reliable: pd.DataFrame | None = None) -> Results:
    of_words = held_out() if crossed is None else crossed
    known = RELIABILITY.empty() if reliable is None else RELIABILITY.check(reliable)
    made = performance(table, CELL, of_words, known)
    found = {name: TABLES[name].check(frame) for name, frame in made.items() if frame is not None}
    languages = pd.DataFrame({"language": CODES, "name": ["English", "Spanish", "French"]})
    choice = pd.DataFrame({"model": ["m"], "variable": ["valence"]})
    return Results(Path(), TABLES, {}, {}, {"languages": languages, "layer_choice": choice, **found})


def test_the_whole_network_is_told_where_it_was_read() -> None:
    found = results(probes())
    assert set(found.table("performance")["probe"]) == {"elastic-net"}
    said = section(found)
    assert said.findings == [
        "m · valence, elastic-net: mean r over test words' sentences 0.500 (3 languages), from 0.20 (Spanish) to 0.80 "
        "(English)."
    ]
    assert said.tables[0].title == "Whole-network probes, held-out words"
    assert laid_out(found, said.tables[0])["rows"][0][:2] == ["English", "0.800"]


def test_without_the_whole_network_the_chosen_layer_is_told() -> None:
    found = results(probes(whole=False))
    table = found.table("performance")
    assert table[["layer", "reads"]].drop_duplicates().values.tolist() == [[1, "layer 1"]]
    said = section(found)
    assert said.findings[0].startswith(
        "m · valence, ridge of layer 1: mean r over test words' sentences 0.400 (3 languages), from 0.10 (Spanish)"
    )
    assert said.tables[0].title == "Probes of the chosen layer, held-out words"


def test_whether_the_layer_knows_is_told_of_all_words() -> None:
    (row,) = glance(results(probes()), "m", "valence")
    assert row.answer == "In all but Spanish: r = 0.40 over all words, mean of 3 languages"
    _, low, high = mean_r_interval([0.7, 0.1, 0.4])
    interval = f"95 % interval of the mean {low:.2f} to {high:.2f}, leaving out one language at a time".replace(
        "-", "−"
    )
    assert row.sure == f"{interval}; single languages have 0.10 (Spanish) to 0.70 (English)"
    assert row.test == "A linear probe of layer 1: every word is predicted by a probe of other words"


@pytest.mark.parametrize(("low", "answer"), [(0.05, "Yes: r = 0.40"), (0.9, "No: r = 0.40")])
def test_known_everywhere_or_nowhere(low: float, answer: str) -> None:
    (row,) = glance(results(probes(), held_out(low=low)), "m", "valence")
    assert row.answer.startswith(answer)


def test_one_language_has_no_interval_of_the_mean() -> None:
    (row,) = glance(results(probes(), held_out({"en": 0.8}, low=0.1)), "m", "valence")
    assert row.sure == "single languages have 0.70 (English) to 0.70 (English); no interval of the mean"


def test_an_interval_that_is_missing_does_not_lie_above_0() -> None:
    crossed = held_out(low=0.05)
    crossed["r_low"] = crossed["r_low"].where(crossed["language"] != "fr", -0.1)
    assert results(probes(), crossed).table("performance_of_layer")["unknown"].tolist() == ["fr"]


def test_of_probes_that_predict_nothing_no_number_is_told() -> None:
    nothing = dict.fromkeys(CODES, float("nan"))
    found = results(probes(whole=False, r=nothing))
    assert section(found).findings == [
        "m · valence, ridge of layer 1: it predicts the same for every word in each of 3 languages."
    ]
    draw(found)


def test_the_figure_orders_languages_by_r() -> None:
    figure, caption = draw(results(probes()))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["Spanish", "French", "English"]
    assert "over 4 test sentences a language" in caption
    assert "the 2 test words" in caption


def reliable(**of_language: float) -> pd.DataFrame:
    rows = {"language": list(of_language), "reliability": list(of_language.values())}
    return pd.DataFrame(rows).assign(variable="valence", n_words=50, n_known=50, raters=20.0, error=0.1, sd=0.4)


def test_r_over_the_root_of_the_reliability_is_told_where_norms_have_it() -> None:
    found = results(probes(), held_out(low=0.05), reliable(en=0.81, es=0.64))
    table = found.table("performance_of_raters").set_index("language")
    assert list(table.index) == ["en", "es"]
    expected = [0.7 / 0.9, 0.65 / 0.9, 0.8 / 0.9]
    assert table.loc["en", ["r_true", "r_true_low", "r_true_high"]].tolist() == pytest.approx(expected)
    assert table.loc["es", "r_true"] == pytest.approx(0.1 / 0.8)
    row = found.table("performance_of_layer").iloc[0]
    assert row["n_reliable"] == 2
    assert row["mean_r_true"] == pytest.approx((0.7 / 0.9 + 0.125) / 2)
    said = section(found)
    assert said.findings[-1] == (
        "m · valence, layer 1: mean ratings of finitely many raters can't be predicted fully. Over the root of their "
        "reliability (known of 2 of 3 languages) mean r over all words is 0.45 instead of 0.40."
    )
    assert [table.table for table in said.tables] == ["performance", "performance_of_raters"]


@pytest.mark.parametrize("known", [{}, {"en": -0.2}, {"de": 0.9}])
def test_without_a_reliability_nothing_is_told_of_it(known: dict[str, float]) -> None:
    found = results(probes(), None, reliable(**known) if known else None)
    assert found.table("performance_of_layer")["n_reliable"].tolist() == [0]
    assert found.table("performance_of_layer")["mean_r_true"].isna().all()
    said = section(found)
    assert len(said.findings) == 1
    assert [table.table for table in said.tables] == ["performance"]
