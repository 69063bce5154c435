"""What a run says beyond the paper's tests, held against the tables and activations that it says it of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interlingua.models import Activations
from interlingua.probes.out_of_fold import out_of_fold
from interlingua.study.results import read_tables


@pytest.fixture(scope="module")
def tables(small: Any) -> dict[str, pd.DataFrame]:
    return read_tables(small.results)


def test_every_seen_language_is_left_out_once_a_ranking(tables: dict[str, pd.DataFrame]) -> None:
    table, seen = tables["leave_one_out"], tables["languages"].query("role == 'seen'")["language"]
    counts = table.groupby(["model", "variable", "method"])["language"].agg(set)
    assert all(languages == set(seen) for languages in counts)
    assert table["percentile_r_zero_shot"].between(0, 100).all()
    assert (table["r_zero_shot_low"] <= table["r_zero_shot"]).all()
    assert (table["r_zero_shot"] <= table["r_zero_shot_high"]).all()


def test_the_units_of_a_left_out_language_are_the_others_choice(tables: dict[str, pd.DataFrame]) -> None:
    units, rankings = tables["leave_one_out_units"], tables["rankings"]
    row = units[units["method"] == "correlation"].iloc[0]
    k = int((units[units["method"] == "correlation"]["language"] == row["language"]).sum())
    same = rankings[(rankings["method"] == "correlation") & (rankings["layer"] == row["layer"])]
    others = same[(same["language"] != row["language"]) & (same["variable"] == row["variable"])]
    in_top = others[(others["rank"] <= k) & (others["score"] > 0)]
    assert row["n_languages"] == (in_top["unit"] == row["unit"]).sum() == in_top["unit"].value_counts().max()


def test_the_audits_held_out_r_is_that_of_its_predictions(small: Any, tables: dict[str, pd.DataFrame]) -> None:
    audit, words = tables["audit"], tables["audit_words"]
    assert not audit["flag"].any()  # labMT's ratings are those of its words
    assert set(words["language"]) == set(audit["language"])
    assert (words.groupby(["variable", "language"]).size() == 10).all()
    assert np.allclose(words["difference"], words["z_rating"] - words["z_predicted"])


def test_confounds_are_partialled_out_in_every_language(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["confounds"]
    assert set(table["language"]) == set(tables["audit"]["language"])
    assert table["r2_covariates"].between(0, 1).all()
    assert all("length n_subwords" in names for names in table["covariates"])
    assert (table["top_k_kept"] <= table["k"]).all()
    assert set(tables["confounds_overlap"]["method"]) == {"partial-correlation"}


def test_stability_is_of_the_top_units_only(tables: dict[str, pd.DataFrame]) -> None:
    stability, rankings = tables["stability"], tables["rankings"]
    assert set(stability["method"]) == {"correlation", "ridge"}
    assert stability["frequency"].between(0, 1).all()
    joined = stability.merge(rankings, on=["model", "variable", "method", "layer", "language", "unit"])
    assert len(joined) == len(stability)
    top = joined[joined["method"] == "correlation"]
    assert top["rank"].max() == top.groupby(["variable", "language"]).size().max()
    # Units further up are selected again more often.
    assert stats.spearmanr(top["rank"], top["frequency"]).statistic < -0.3


def test_the_curve_over_k_passes_through_the_studys_own_overlap(tables: dict[str, pd.DataFrame]) -> None:
    curve = tables["k_curve"]
    assert curve.groupby(["variable", "method"])["k"].apply(lambda k: k.is_monotonic_increasing).all()
    assert (curve["mean_fe"] >= 0).all()


def test_out_of_fold_predictions_can_be_made_again(small: Any, tables: dict[str, pd.DataFrame]) -> None:
    """The audit's r, from the run's own activations, by the public function."""
    import json

    row = tables["audit"].iloc[0]
    record = json.loads((small.results / "run.json").read_text(encoding="utf-8"))
    key = next(entry["key"] for entry in record["activations"] if entry["language"] == row["language"])
    activations = Activations.open(small.cache / "activations" / f"{key}.safetensors")
    assert activations.n == next(e["sentences"] for e in record["activations"] if e["key"] == key)
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(activations.n // 2), 2)[: activations.n]
    noise = rng.normal(size=words.max() + 1)[words]
    # Ratings that are noise are not predicted: the audit's r is no artefact of its folds.
    assert abs(out_of_fold(activations.layer(int(row["layer"])), noise, words, folds=5, seed=1).r) < 0.35
    assert row["r_oof"] > 0.3
