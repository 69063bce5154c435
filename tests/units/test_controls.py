"""Models beside their controls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interlingua.stats.jackknife import ratio_interval
from interlingua.units.controls import CHOSEN, SAME, NullTables, control_tables, goes_with

LANGUAGES = ("en", "es", "fr", "de")
PAIRS = [(a, b) for i, a in enumerate(LANGUAGES) for b in LANGUAGES[i + 1 :]]
NULL_FE = 1.1


def tables(models: dict[str, float], seed: int, beside: str = "", languages: int = 4) -> NullTables:
    """Return what models share: corrected FE as given on average, pairs around it."""
    rng = np.random.default_rng(seed)
    null, degrees, pairs = [], [], []
    for number, (model, fe) in enumerate(models.items()):
        for method in ("ridge", "correlation"):
            cell = {"model": model, "variable": "valence", "method": method, "layer": number}
            cell |= {"beside": beside} if beside else {}
            of_pairs = [pair for pair in PAIRS if set(pair) <= set(LANGUAGES[:languages])]
            values = rng.uniform(0.5, 1.5, len(of_pairs))
            values *= fe * NULL_FE / values.mean() if fe else 0
            figures = {"null_fe": NULL_FE, "corrected_fe": fe, "p_fe": 0.01 if fe > 1.2 else 0.3, "highest_degree": 3}
            null.append({**cell, **figures, "same_sign": 0.5 + 0.1 * number, "r_top": 0.1 * number})
            counts = [100, 50, 20, number][:languages]
            degrees += [{**cell, "n_languages": d, "observed": n} for d, n in enumerate(counts, 1)]
            pairs += [
                {**cell, "language_a": a, "language_b": b, "fe": x} for (a, b), x in zip(of_pairs, values, strict=True)
            ]
    return NullTables(pd.DataFrame(null), pd.DataFrame(degrees), pd.DataFrame(pairs))


def square(tables: NullTables, model: str) -> np.ndarray:
    rows = tables.pairs[(tables.pairs["model"] == model) & (tables.pairs["method"] == "correlation")]
    found = np.full((4, 4), np.nan)
    for row in rows.itertuples():
        i, j = LANGUAGES.index(row.language_a), LANGUAGES.index(row.language_b)
        found[i, j] = found[j, i] = row.fe
    return found


DRAWS = {"untrained:xlm-r": 1.0, "untrained-1:xlm-r": 1.3, "untrained-2:xlm-r": 1.15}


def test_which_control_goes_with_which_model() -> None:
    assert goes_with("untrained:xlm-r", "xlm-r")
    assert goes_with("untrained-12:xlm-r", "xlm-r")
    assert not goes_with("untrained-1:xlm-r", "mbert")
    assert goes_with("builtin:minilm-en", "mbert")


def test_each_draw_has_a_row_and_all_together_another() -> None:
    models = tables({"xlm-r": 3.5}, seed=0)
    chosen = tables({**DRAWS, "minilm": 1.75}, seed=1, beside="xlm-r")
    same = tables({**DRAWS, "minilm": 1.5}, seed=2, beside="xlm-r")
    rows, summary = control_tables(models, {CHOSEN: chosen, SAME: same})
    rows, summary = (table[table["method"] == "correlation"] for table in (rows, summary))
    assert rows.groupby("at")["control"].apply(list).to_dict() == {at: [*DRAWS, "minilm"] for at in (CHOSEN, SAME)}
    assert rows["kind"].tolist() == ["untrained", "untrained", "untrained", "other"] * 2
    together = summary[summary["control"] == "untrained:xlm-r"].set_index("at")
    assert together["draws"].tolist() == [3, 3]
    row = together.loc[CHOSEN]
    assert row[["control_corrected_fe", "control_lowest_fe", "control_highest_fe"]].tolist() == pytest.approx(
        [1.15, 1.0, 1.3]
    )
    assert (row["control_p_below_05"], row["control_most_in_all"], row["control_units_in_all"]) == (1, 2, 1.0)
    # The ratio is over the mean of the draws, its interval leaves a language out of all of them at once.
    draws = np.mean([square(chosen, name) for name in DRAWS], axis=0)
    expected = ratio_interval(square(models, "xlm-r"), draws)
    assert row[["fe_ratio", "fe_ratio_low", "fe_ratio_high"]].tolist() == pytest.approx(list(expected))
    assert row["fe_ratio"] == pytest.approx(3.5 / 1.15)
    assert together["fe_ratio_low"].nunique() == 2  # the same layer has pairs of its own
    single = rows[(rows["control"] == "untrained-1:xlm-r") & (rows["at"] == CHOSEN)].iloc[0]
    assert single["fe_ratio"] == pytest.approx(3.5 / 1.3)
    other = summary[(summary["control"] == "minilm") & (summary["at"] == CHOSEN)].iloc[0]
    assert (other["draws"], other["control_lowest_fe"], other["control_highest_fe"]) == (1, 1.75, 1.75)


def test_the_interval_is_a_jackknife_of_the_log_ratio() -> None:
    models, chosen = tables({"xlm-r": 3.0}, seed=3), tables({"minilm": 1.5}, seed=4, beside="xlm-r")
    _, summary = control_tables(models, {CHOSEN: chosen})
    row = summary[summary["method"] == "correlation"].iloc[0]
    a, b = square(models, "xlm-r"), square(chosen, "minilm")
    logs = []
    for language in range(4):
        kept = [i for i in range(4) if i != language]
        logs.append(np.log(np.nanmean(a[np.ix_(kept, kept)]) / np.nanmean(b[np.ix_(kept, kept)])))
    half = stats.t(3).ppf(0.975) * np.sqrt(3 * np.var(logs))
    assert np.log(row[["fe_ratio_low", "fe_ratio_high"]].astype(float)).tolist() == pytest.approx(
        [np.log(2) - half, np.log(2) + half]
    )


def test_two_languages_have_a_ratio_without_interval() -> None:
    models = tables({"xlm-r": 3.0}, seed=5, languages=2)
    _, summary = control_tables(models, {CHOSEN: tables({"minilm": 1.5}, seed=6, beside="xlm-r", languages=2)})
    assert summary["fe_ratio"].tolist() == pytest.approx([2.0, 2.0])
    assert summary[["fe_ratio_low", "fe_ratio_high"]].isna().all(axis=None)


def test_rankings_that_the_controls_do_not_have_are_left_out() -> None:
    chosen = tables({"minilm": 1.5}, seed=7, beside="xlm-r")
    by_correlation = replace(chosen, null=chosen.null[chosen.null["method"] == "correlation"])
    rows, summary = control_tables(tables({"xlm-r": 3.0}, seed=8), {CHOSEN: by_correlation})
    assert rows["method"].tolist() == summary["method"].tolist() == ["correlation"]


def test_a_control_that_shares_nothing_has_no_ratio() -> None:
    chosen = tables({"minilm": 0.0}, seed=9, beside="xlm-r")
    rows, summary = control_tables(tables({"xlm-r": 3.0}, seed=10), {CHOSEN: chosen})
    for table in (rows, summary):
        assert table[["fe_ratio", "fe_ratio_low", "fe_ratio_high"]].isna().all(axis=None)
