"""Sites beside each other: made-up languages that share all of one site's code and none of another's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.questions.conjunction.compute import conjunction
from interlingua.questions.order import tables
from interlingua.questions.question import Asked
from interlingua.questions.similarity.compute import compare, profiles
from interlingua.questions.sites import QUESTION
from interlingua.questions.sites.compute import sites
from interlingua.questions.sites.show import beneath, draw, glance_of_all, section
from interlingua.report.results import Results
from interlingua.report.style import house_style
from interlingua.report.words import SITE_TITLES
from interlingua.study.cell import Cell
from interlingua.study.config import Study
from interlingua.tables import MLP, RESID, Layout
from interlingua.units.similarity import similarity

CODES = ("de", "en", "es", "fi", "fr")
NO_LINKS = pd.DataFrame({"language": [], "word": [], "concept": []})
NO_STRATA = pd.DataFrame({"model": [], "variable": [], "language": [], "word": []})
NO_PROBES = pd.DataFrame(
    {"model": [], "site": [], "variable": [], "layer": [], "language": [], "curve": [], "probe": [], "n_nonzero": []}
)
CELLS: dict[str, Cell] = {
    RESID: Cell("m", "valence", 1, 10, Layout.even(2, 90)),
    MLP: Cell("m", "valence", 1, 20, Layout.even(2, 150, MLP, layers=(1,))),
}
#: r of each language over all words, by site.
R = {RESID: (0.8, 0.7, 0.75, 0.6, 0.7), MLP: (0.7, 0.65, 0.6, 0.55, 0.62)}


def of_site(made: Any, site: str) -> dict[str, Any]:
    """Return profiles and what is computed of them at one site."""
    cell = CELLS[site]
    found = {}
    for code, (activations, ratings) in made.words.items():
        options = {"model": "m", "variable": "valence", "language": code, "splits": 6, "seed": 4}
        layers = (
            activations
            if site == RESID
            else type(activations).from_arrays([activations.layer(1)], activations.metadata, cell.layout)
        )
        found[code] = profiles(layers, ratings, NO_LINKS, **options, on_progress=lambda share: None)["unit_profiles"]
    shared = compare(found, cell, margin=None)
    carrying = conjunction(found, NO_STRATA, NO_PROBES, cell, least=0.2, grid=(), fitted=())["conjunction_summary"]
    return {"profiles": found, "carrying": carrying, **{name: shared[name] for name in ("similarity", "components")}}


@pytest.fixture(scope="module")
def given(made_up: Callable[..., Any]) -> dict[str, Any]:
    """Return what the step reads: languages share all of the code of MLP units, a fifth of the residual stream's."""
    made = {
        RESID: of_site(made_up(0.2, CODES, width=90, seed=1), RESID),
        MLP: of_site(made_up(1.0, CODES, width=150, seed=2), MLP),
    }
    together = {
        name: pd.concat([one[name] for one in made.values()], ignore_index=True)
        for name in ("similarity", "components", "carrying")
    }
    r = [{"site": site, "language": code, "r": r} for site, of in R.items() for code, r in zip(CODES, of, strict=True)]
    known = pd.DataFrame([{"site": site, "mean_r": np.mean(of), "n_languages": 5} for site, of in R.items()])
    rows = [(RESID, 0, 0.3), (RESID, 1, 0.7), (MLP, 1, 0.6)]
    summary = pd.DataFrame(rows, columns=["site", "layer", "mean_r"]).assign(
        probe="ridge", curve="layer", n_languages=5
    )
    return {
        "cells": CELLS,
        "summary": summary,
        "known": known.assign(mean_low=0.5, mean_high=0.9),
        "held_out_r": pd.DataFrame(r),
        **together,
        "profiles": {(site, code): arrays for site, one in made.items() for code, arrays in one["profiles"].items()},
        "probe": "ridge",
    }


@pytest.fixture(scope="module")
def found(given: dict[str, Any]) -> dict[str, pd.DataFrame]:
    made = sites(**given)
    return {table.name: table.check(made[table.name]) for table in QUESTION.tables}


def results_of(found: Mapping[str, pd.DataFrame]) -> Results:
    choice = pd.DataFrame({"model": ["m", "m"], "site": [RESID, MLP], "variable": "valence"})
    read = {**found, "layer_choice": choice}
    return Results(Path(), tables(), {"sites": [RESID, MLP]}, {"labels": SITE_TITLES}, read)


def test_each_layer_of_each_site(found: dict[str, pd.DataFrame], given: dict[str, Any]) -> None:
    table = found["sites"]
    assert table[["site", "layer", "n_units", "mean_r", "chosen"]].to_numpy().tolist() == [
        [RESID, 0, 90, 0.3, False],
        [RESID, 1, 90, 0.7, True],
        [MLP, 1, 150, 0.6, True],
    ]
    of_layers = given["similarity"][given["similarity"]["words"].eq("all") & given["similarity"]["layer"].ge(0)]
    np.testing.assert_array_equal(table["rho"], of_layers["rho"])


def test_which_site_is_read_and_which_is_shared(found: dict[str, pd.DataFrame]) -> None:
    stream, mlp = found["sites_summary"].to_dict("records")
    assert stream["mean_r"] > mlp["mean_r"]
    assert mlp["rho"] == pytest.approx(1.0, abs=0.1)
    assert stream["rho"] == pytest.approx(0.2, abs=0.15)
    assert (mlp["closest_layer"], mlp["closest_rho"]) == (1, mlp["rho"])
    assert (stream["best_layer"], stream["best_mean_r"]) == (1, 0.7)
    assert mlp["share_in_most"] == mlp["in_most"] / 150 > stream["share_in_most"]


def test_differences_leave_out_the_same_language_at_both(found: dict[str, pd.DataFrame], given: dict[str, Any]) -> None:
    from scipy import stats

    [row] = found["sites_compared"].to_dict("records")
    assert (row["site"], row["beside"], row["n_languages"]) == (MLP, RESID, 5)
    # The jackknife of a mean is the t test of pairs.
    pairs = stats.ttest_rel(R[MLP], R[RESID]).confidence_interval()
    assert (row["r_less_low"], row["r_less_high"]) == pytest.approx((pairs.low, pairs.high))
    assert row["r_less"] == pytest.approx(np.mean(R[MLP]) - np.mean(R[RESID]))
    own = {site: {code: given["profiles"][site, code]["all/1"].astype(float) for code in CODES} for site in R}
    less = [
        similarity({c: z for c, z in own[MLP].items() if c != code}).rho
        - similarity({c: z for c, z in own[RESID].items() if c != code}).rho
        for code in CODES
    ]
    half = stats.t.ppf(0.975, 4) * np.sqrt(4 / 5 * np.sum((np.array(less) - np.mean(less)) ** 2))
    assert (row["rho_less_high"] - row["rho_less_low"]) / 2 == pytest.approx(half)
    assert row["rho_less"] == pytest.approx(similarity(own[MLP]).rho - similarity(own[RESID]).rho)


def test_what_is_told(found: dict[str, pd.DataFrame]) -> None:
    results = results_of(found)
    told = section(results)
    assert told.findings[0].startswith(
        "m · residual stream · valence: in layer 1, of 90 units, r over all words is 0.71 (mean"
    )
    assert told.findings[1].startswith("m · MLP units · valence: in layer 1, of 150 units")
    assert told.findings[2].startswith("m · valence: MLP units less residual stream: r −0.09 (95 % interval")
    [row] = glance_of_all(results)
    assert "residual stream: r = 0.71" in row.answer
    with house_style():
        drawn = draw(results)
    assert drawn is not None
    figure, caption = drawn
    assert len(figure.axes) == 2
    assert [line.get_label() for line in figure.axes[0].get_legend().get_lines()] == ["residual stream", "MLP units"]
    assert "Rings" in caption


def test_nothing_is_told_of_nothing() -> None:
    results = results_of({table.name: table.empty() for table in QUESTION.tables})
    assert (section(results).findings, glance_of_all(results), draw(results), beneath(results)) == ([], [], None, [])


@pytest.mark.parametrize(
    ("less", "low", "high", "told"),
    [
        (
            -0.12,
            -0.2,
            -0.05,
            "−0.12 (95 % interval over languages −0.20 to −0.05): languages share less of their code there",
        ),
        (
            0.12,
            0.05,
            0.2,
            "+0.12 (95 % interval over languages 0.05 to 0.20): languages share more of their code there",
        ),
        (-0.12, -0.3, 0.05, "−0.12 (95 % interval over languages −0.30 to 0.05): no difference is shown"),
        (-0.12, np.nan, np.nan, "−0.12: with so few languages no interval tells whether they differ"),
    ],
)
def test_beneath_the_table_stands_where_more_is_shared(
    found: dict[str, pd.DataFrame], less: float, low: float, high: float, told: str
) -> None:
    compared = found["sites_compared"].assign(rho_less=less, rho_less_low=low, rho_less_high=high)
    [text] = beneath(results_of({**found, "sites_compared": compared}))
    assert text == f"m · valence: ρ̄ of MLP units less that of the residual stream is {told}."
    assert beneath(results_of({**found, "sites_compared": compared.assign(rho_less=np.nan)})) == []


def test_one_site_is_compared_with_nothing() -> None:
    options = {
        "name": "a",
        "models": ["m"],
        "variables": ["valence"],
        "languages": {"en": {"norms": "labmt"}, "de": {"norms": "labmt"}},
    }
    alone, both = (Study.model_validate(options | {"sites": which}) for which in (["resid"], ["resid", "heads"]))
    assert "sites = ['resid', 'mlp', 'heads']" in QUESTION.asked(Asked(alone, {}, {}))
    assert QUESTION.asked(Asked(both, {}, {})) == ""
