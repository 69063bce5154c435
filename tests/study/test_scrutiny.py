"""What a run says beyond the paper's tests, held against the tables and activations that it says it of."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interlingua.models import Activations
from interlingua.probes.out_of_fold import out_of_fold
from interlingua.run.folder import read_tables
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.study.sources import gather

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables(small: Any) -> Tables:
    return read_tables(small.results)


def test_every_seen_language_is_left_out_once_a_ranking(tables: Tables) -> None:
    table, seen = tables["leave_one_out"], tables["languages"].query("role == 'seen'")["language"]
    counts = table.groupby(["model", "variable", "method"])["language"].agg(set)
    assert all(languages == set(seen) for languages in counts)
    assert table["percentile_r_zero_shot"].between(0, 100).all()
    assert (table["r_zero_shot_low"] <= table["r_zero_shot"]).all()
    assert (table["r_zero_shot"] <= table["r_zero_shot_high"]).all()


def test_the_units_of_a_left_out_language_are_the_others_choice(tables: Tables) -> None:
    units, rankings = tables["leave_one_out_units"], tables["rankings"]
    row = units[units["method"] == "correlation"].iloc[0]
    k = int((units[units["method"] == "correlation"]["language"] == row["language"]).sum())
    same = rankings[(rankings["method"] == "correlation") & (rankings["layer"] == row["layer"])]
    others = same[(same["language"] != row["language"]) & (same["variable"] == row["variable"])]
    in_top = others[(others["rank"] <= k) & (others["score"] > 0)]
    assert row["n_languages"] == (in_top["unit"] == row["unit"]).sum() == in_top["unit"].value_counts().max()


def test_the_audits_held_out_r_is_that_of_its_predictions(small: Any, tables: Tables) -> None:
    audit, words = tables["audit"], tables["audit_words"]
    assert not audit["flag"].any()  # labMT's ratings are those of its words
    assert set(words["language"]) == set(audit["language"])
    assert (words.groupby(["variable", "language"]).size() == 10).all()
    assert np.allclose(words["difference"], words["z_rating"] - words["z_predicted"])


def test_confounds_are_partialled_out_in_every_language(tables: Tables) -> None:
    table = tables["confounds"]
    assert set(table["language"]) == set(tables["audit"]["language"])
    assert table["r2_covariates"].between(0, 1).all()
    assert all("length n_subwords" in names for names in table["covariates"])
    assert (table["top_k_kept"] <= table["k"]).all()
    assert set(tables["confounds_overlap"]["method"]) == {"partial-correlation"}


def test_stability_is_of_the_top_units_only(tables: Tables) -> None:
    stability, rankings = tables["stability"], tables["rankings"]
    assert set(stability["method"]) == {"correlation", "ridge", "elastic-net-cv", "elastic-net"}
    assert stability["frequency"].between(0, 1).all()
    joined = stability.merge(rankings, on=["model", "variable", "method", "layer", "language", "unit"])
    assert len(joined) == len(stability)
    top = joined[joined["method"] == "correlation"]
    assert top["rank"].max() == top.groupby(["variable", "language"]).size().max()
    # Units further up are selected again more often.
    assert stats.spearmanr(top["rank"], top["frequency"]).statistic < -0.3


def test_the_curve_over_k_is_what_the_rankings_share(tables: Tables) -> None:
    row = tables["k_curve"].query("method == 'correlation'").iloc[2]
    rankings = tables["rankings"]
    for column in ("model", "variable", "method", "layer"):
        rankings = rankings[rankings[column] == row[column]]
    tops = [set(part.loc[part["rank"] <= row["k"], "unit"]) for _, part in rankings.groupby("language", sort=False)]
    shared = [len(a & b) for a, b in combinations(tops, 2)]
    assert row["mean_overlap"] == pytest.approx(np.mean(shared))
    width = rankings["unit"].nunique()
    assert row["mean_fe"] == pytest.approx(np.mean(shared) / (row["k"] ** 2 / width))


def test_the_audit_flags_nothing_and_its_r_belongs_to_the_ratings(small: Any, tables: Tables) -> None:
    """From the run's own activations: its r comes near again with other folds, and is gone with shuffled ratings."""
    row = tables["audit"].iloc[0]
    record = json.loads((small.results / "run.json").read_text(encoding="utf-8"))
    key = next(entry["key"] for entry in record["activations"] if entry["language"] == row["language"])
    X = Activations.open(small.cache / "activations" / key / "activations.safetensors").layer(int(row["layer"]))
    study = load_study(small.file)
    contexts = gather(study, small.cache).language(str(row["language"]))
    y, words = contexts[row["variable"]].to_numpy(), contexts["word"].to_numpy(dtype=object)
    again = out_of_fold(X, y, words, folds=study.probes.folds, seed=12345)
    assert again.n_words == row["n_words"]
    assert again.r == pytest.approx(row["r_oof"], abs=0.15)
    by_word = dict(zip(words, y, strict=True))
    shuffled = dict(zip(by_word, np.random.default_rng(0).permutation(list(by_word.values())), strict=True))
    assert out_of_fold(X, np.array([shuffled[w] for w in words]), words, folds=5, seed=1).r < row["r_oof"] - 0.2


@pytest.fixture
def flagged(
    small: Any, cache: Path, flag: Callable[..., None], tmp_path: Path, without_pages: None
) -> Callable[..., Tables]:
    """Return a function that runs the study with languages flagged, and returns its tables."""

    def flagged(*languages: str) -> Tables:
        flag(*languages)
        study = load_study(small.file)
        results = run(study, output=tmp_path / "out", workers=1, cache_dir=cache, show_progress=False)
        return read_tables(results)

    return flagged


def test_nothing_is_set_beside_where_no_language_is_flagged(tables: Tables) -> None:
    for name in ("flagged_overlap", "flagged_null", "flagged_alignment"):
        assert tables[name].empty, name


def test_the_main_results_without_a_flagged_language(tables: Tables, flagged: Callable[..., Tables]) -> None:
    found = flagged("es")
    overlap = found["flagged_overlap"].set_index(["variable", "languages", "method"]).sort_index()
    null = found["flagged_null"].set_index(["variable", "languages", "method", "null"]).sort_index()
    figures = ["n_pairs", "mean_fe", "p_below_05", "p_bh_below_05", "same_sign"]
    # Spanish has no lengths.
    for_length = overlap.loc["length", figures]
    pd.testing.assert_frame_equal(for_length.loc["all"], for_length.loc["without es"])
    beside = null.loc["length", ["corrected_fe", "p_fe"]]
    pd.testing.assert_frame_equal(beside.loc["all"], beside.loc["without es"])
    valence = overlap.loc["valence"]
    assert set(valence.loc["all", "n_pairs"]) == {3}
    assert set(valence.loc["without es", "n_pairs"]) == {1}
    one_pair = "variable == 'valence' and language_a == 'en' and language_b == 'fr'"
    pairs = tables["pairs"].query(one_pair)
    left = valence.loc["without es", "mean_fe"]
    assert left.to_dict() == pytest.approx(dict(zip(pairs["method"], pairs["fe"], strict=True)))
    of_pair = tables["null_pairs"].query(one_pair).set_index(["method", "null"])
    assert set(of_pair.index.get_level_values("null")) == {"permuted", "own codes"}
    for name, of_one in (("corrected_fe", "fe_corrected"), ("p_fe", "p_null")):
        ours = null.loc[("valence", "without es"), name]
        assert ours.to_dict() == pytest.approx(of_pair[of_one].to_dict(), nan_ok=True)
    # With all languages they are those of the study.
    whole = tables["null"].query("variable == 'valence'").set_index(["method", "null"])
    for name in ("corrected_fe", "p_fe"):
        assert null.loc[("valence", "all"), name].to_dict() == pytest.approx(whole[name].to_dict(), nan_ok=True)
    assert set(found["flagged_alignment"]["languages"]) == {"all", "without es"}
    # All else is as it was.
    for name in ("null", "pairs", "alignment_models", "leave_one_out"):
        pd.testing.assert_frame_equal(found[name], tables[name])


@pytest.mark.parametrize("languages", [["en", "fr"], ["en", "es", "fr"]])
def test_where_too_few_languages_are_left_nothing_is_set_beside(
    flagged: Callable[..., Tables], languages: list[str]
) -> None:
    found = flagged(*languages)
    assert set(found["audit"].loc[found["audit"]["flag"], "language"]) == set(languages)
    for name in ("flagged_overlap", "flagged_null", "flagged_alignment"):
        assert found[name].empty, name


def test_a_variable_that_is_left_with_one_language_has_all_of_them_only(flagged: Callable[..., Tables]) -> None:
    in_one = flagged("fr")["flagged_overlap"]
    assert set(in_one.loc[in_one["languages"] != "all", "variable"]) == {"valence"}
    assert set(in_one.loc[in_one["languages"] == "all", "variable"]) == {"valence", "length"}
