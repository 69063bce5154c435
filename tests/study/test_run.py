"""A whole run on a real model and real ratings: every table and file is there, and they hold together."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
import sys
import tomllib
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.questions.order import questions
from interlingua.questions.order import tables as declared_tables
from interlingua.run.folder import CONTENTS, read_tables
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.seeds import derive_seed
from interlingua.stats.correlation import pearson_columns
from interlingua.study.sources import gather
from interlingua.tables.schema import version
from interlingua.units import methods, nulls
from interlingua.units.methods import registry
from interlingua.units.methods.base import LayerData, RankingMethod
from interlingua.units.nulls import Linked, RatedLayer, Sharing, null_signs

CELL = ["model", "variable", "method", "layer"]
COLUMNS = {
    "probes": "model language variable probe curve layer r r_low r_high r_word r_word_low r_word_high r_cv l1 l2 gap "
    "n_nonzero n_constant n_train n_test n_test_words",
    "rankings": "model language variable method layer unit index score sign rank",
    "overlap": "model variable method layer languages degree observed expected fe log_p p units",
    "pairs": "model variable method layer language_a language_b observed expected fe log_p p p_bh p_by same_sign",
    "pairs_summary": "model variable method layer n_pairs mean_overlap mean_fe fe_over_1 p_below_05 p_bh_below_05 "
    "same_sign",
    "degrees": "model variable method layer n_languages observed expected p",
    "null": "model variable method layer null draws mean_fe null_fe null_fe_low null_fe_high corrected_fe p_fe "
    "highest_degree null_highest_degree p_highest_degree p_omnibus same_sign null_same_sign signed_fe null_signed_fe "
    "p_signed_fe pairs_below_05 null_share_p05",
    "null_degrees": "model variable method layer null n_languages null_mean draws as_many p_null",
    "null_pairs": "model variable method layer null language_a language_b null_mean fe_corrected p_null p_bh",
    "pairs_judged": "model variable method layer language_a language_b p_bh shares",
    "null_encoding": "model variable layer language null n_words linked_words r_cv null_r_cv r_short first_components "
    "null_first_components",
    "null_penalty": "model variable method layer null draws mean_fe null_fe again_fe as_many again_as_many "
    "null_units again_units",
    "top_units": "model variable method layer r_top",
    "highest_degree": "model variable method layer languages degree observed expected fe p n_subsets p_bonferroni "
    "units",
    "transfer": "model variable method layer language unit n_languages b se t df p b_words se_words t_words "
    "df_words p_words percentile baseline_abs_b baseline_abs_t baseline_p baseline_abs_t_words "
    "baseline_share_p05 baseline_share_p05_words n n_words",
    "alignment_points": "model variable method layer language mpo r",
    "alignment_models": "source formula n estimate se df t p p_permutation ci_low ci_high note",
}
METHODS = ["correlation", "ridge", "elastic-net-cv", "elastic-net"]


@pytest.fixture(scope="module")
def tables(small: Any) -> dict[str, pd.DataFrame]:
    return read_tables(small.results)


def where(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def top_sets(tables: dict[str, pd.DataFrame], cell: pd.Series, k: int = 50) -> dict[str, dict[int, int]]:
    """Return each language's top units with their signs, from the rankings alone."""
    rows = where(tables["rankings"], **{name: cell[name] for name in CELL})
    rows = rows[(rows["rank"] <= k) & (rows["score"] > 0)]
    return {
        str(code): dict(zip(part["unit"], part["sign"], strict=True))
        for code, part in rows.groupby("language", sort=False)
    }


def activations_of(small: Any, code: str) -> Activations:
    every = [Activations.open(path) for path in (small.cache / "activations").glob("*/activations.safetensors")]
    [own] = [one for one in every if one.language == code and not one.model.startswith("untrained")]
    return own


def test_everything_that_a_run_leaves_is_there(small: Any, tables: dict[str, pd.DataFrame]) -> None:
    assert {entry.name for entry in small.results.iterdir()} == CONTENTS
    for name, columns in COLUMNS.items():
        assert set(columns.split()) <= set(tables[name].columns), name
        assert len(tables[name]), name
    for name in {"languages", "issues", "layer_choice", "null", "signs", "transfer_units"} | COLUMNS.keys():
        assert (small.results / "tables" / f"{name}.parquet").is_file()
        assert name == "rankings" or (small.results / "tables" / f"{name}.csv").is_file()
    for name in ("performance", "layers", "pairs", "intersections", "degrees", "transfer", "alignment"):
        heads = {
            ending: (small.results / "figures" / f"{name}.{ending}").read_bytes()[:5]
            for ending in ("svg", "pdf", "png")
        }
        assert heads == {"svg": b"<?xml", "pdf": b"%PDF-", "png": b"\x89PNG\r"}
    assert not list(small.results.parent.glob(".*"))


def section_of(page: str, key: str) -> str:
    """Return a section of a page, which must be there."""
    _, found, rest = page.partition(f'<section id="{key}" ')
    assert found, key
    return rest.partition("</section>")[0]


def test_every_question_has_its_section_and_one_not_asked_says_why(small: Any) -> None:
    page = html.unescape((small.results / "report.html").read_text(encoding="utf-8"))
    not_asked = json.loads((small.results / "run.json").read_text(encoding="utf-8"))["not_asked"]
    for question in questions():
        section = section_of(page, "not-asked" if question.key in not_asked else question.key)
        assert question.title in section
        assert not_asked.get(question.key, "<li>") in section


def test_every_declared_table_of_what_is_asked_is_there(small: Any, tables: dict[str, pd.DataFrame]) -> None:
    record = json.loads((small.results / "run.json").read_text(encoding="utf-8"))
    absent = {
        table.name for question in questions() for table in question.tables if question.key in record["not_asked"]
    }
    assert tables.keys() == declared_tables().keys() - absent
    for name, frame in tables.items():
        declared_tables()[name].check(frame)


def test_the_verb_stays_the_verb_when_modules_of_its_name_are_imported() -> None:
    code = (
        "import interlingua; first = interlingua.run; import interlingua.run.folder\n"
        "assert callable(first) and interlingua.run is first, interlingua.run\n"
        "first('no study', policy='reuze')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigError: cache policy 'reuze' is not one of" in done.stderr


class Noisy(RankingMethod):
    """Correlation, each unit's more or less, by a number."""

    summary = "|r| times a random number"

    def __init__(self, number: int) -> None:
        self.name, self.label, self.number = f"noisy-{number}", f"noisy |r| {number}", number

    def scores(self, data: LayerData) -> NDArray[np.float64]:
        return pearson_columns(data.X, data.y) * np.random.default_rng(self.number).uniform(0.5, 1, data.width)


def test_eight_rankings_end_in_a_report_with_all_figures(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are, and some that are registered from outside the package."""
    monkeypatch.setattr(registry.PLUGINS, "_known", dict(registry.PLUGINS._known))
    noisy = [registry.register(Noisy(number)).name for number in range(4)]
    every = [*METHODS, *noisy]
    changes = {"units.methods": every, "units.permutations": 2, "variables": ["valence"], "scrutiny.controls": []}
    study = load_study(small.file, overrides=changes)
    cache = shutil.copytree(small.cache, tmp_path / "cache")
    results = run(study, output=tmp_path / "out", workers=1, cache_dir=cache, show_progress=False)
    assert list(read_tables(results)["pairs_summary"]["method"]) == every
    figures = {file.stem for file in (results / "figures").iterdir()}
    of_two = {file.stem for file in (small.results / "figures").iterdir()}
    assert figures == {name for name in of_two if not name.endswith("-2")} - {"learnt-1"} | {"learnt-1"} & figures
    page = html.unescape((results / "report.html").read_text(encoding="utf-8"))
    assert all(f"noisy |r| {number}" in page for number in range(4))
    assert page.count("<img ") == len(figures)


def test_csv_and_latex_say_what_parquet_says(small: Any, tables: dict[str, pd.DataFrame]) -> None:
    for name in ("pairs", "probes", "transfer"):
        csv = pd.read_csv(small.results / "tables" / f"{name}.csv", keep_default_na=False, na_values=[""])
        pd.testing.assert_frame_equal(csv, tables[name], check_dtype=False, rtol=1e-9)
    latex = (small.results / "tables" / "pairs.tex").read_text(encoding="utf-8")
    shown = tables["pairs"][tables["pairs"]["method"] == "correlation"]
    assert latex.count(" \\\\\n") == len(shown) + 1
    assert "fold enrichment" in latex


def test_the_record_says_with_what_it_was_made(small: Any, tables: dict[str, pd.DataFrame]) -> None:
    record = json.loads((small.results / "run.json").read_text(encoding="utf-8"))
    assert record["study"] == "small"
    assert record["versions"].keys() >= {"interlingua", "numpy", "torch", "transformers"}
    own = [entry["language"] for entry in record["activations"] if entry["model"] == record["models"][0]["name"]]
    assert own == ["en", "es", "fr", "de"]
    assert record["models"][0]["layers"] == 7
    assert record["models"][0]["width"] == 384
    assert record["tables"] == version(declared_tables().values())
    # Why a question is not asked, and how people call what is compared.
    assert record["not_asked"].keys() == {"sites", "checkpoints", "replication"}
    assert "preset = 'paper'" in record["not_asked"]["replication"]
    labels = {name: methods.get(name).label for name in METHODS} | {
        name: nulls.get(name).label for name in nulls.names()
    }
    assert labels.items() <= record["labels"].items()
    assert set(tables["probes"]["probe"]) <= record["labels"].keys()
    resolved = tomllib.loads((small.results / "study.toml").read_text(encoding="utf-8"))
    assert resolved["layer"]["probe"] == "ridge"  # a default, written out
    assert resolved["sampling"]["words"] == 40


def test_languages_words_and_split(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["languages"].set_index("language")
    assert list(table.index) == ["en", "es", "fr", "de"]
    assert list(table["role"]) == ["seen", "seen", "seen", "unseen"]
    assert set(table["words"]) == {40}
    assert set(table["sentences"]) == {80}
    assert list(table["train_words"]) == [32, 32, 32, 0]
    assert list(table["test_words"]) == [8, 8, 8, 0]


def test_a_variable_is_probed_where_it_is_rated(tables: dict[str, pd.DataFrame]) -> None:
    probes = tables["probes"]
    assert set(where(probes, variable="valence")["language"]) == {"en", "es", "fr"}
    assert set(where(probes, variable="length")["language"]) == {"en", "fr"}
    assert set(where(tables["pairs"], variable="length")["language_b"]) == {"fr"}
    assert set(probes["n_test_words"]) == {8}
    assert probes["r"].between(-1, 1).all()
    assert (probes["r_low"] <= probes["r_high"]).all()
    exact = probes[probes["probe"].isin(["elastic-net", "elastic-net-cv"])]
    assert exact["gap"].between(0, 1e-6).all()


def test_the_chosen_layer_has_the_highest_mean_r_in_cross_validation(tables: dict[str, pd.DataFrame]) -> None:
    ridge = where(tables["probes"], probe="ridge", curve="layer")
    for variable in ("valence", "length"):
        means = where(ridge, variable=variable).groupby("layer")["r_cv"].mean()
        [layer] = where(tables["layer_choice"], variable=variable, chosen=True)["layer"]
        assert layer == means.idxmax()
        assert set(where(tables["pairs"], variable=variable)["layer"]) == {layer}


def test_observed_overlaps_are_intersections_of_the_rankings(tables: dict[str, pd.DataFrame]) -> None:
    assert list(tables["pairs_summary"]["method"]) == METHODS * 2
    for _, cell in tables["pairs_summary"].iterrows():
        tops = top_sets(tables, cell)
        pairs = where(tables["pairs"], **{name: cell[name] for name in CELL}).set_index(["language_a", "language_b"])
        assert list(pairs.index) == list(combinations(tops, 2))
        for a, b in pairs.index:
            shared = tops[a].keys() & tops[b].keys()
            same = sum(tops[a][unit] == tops[b][unit] for unit in shared)
            assert pairs.loc[(a, b), "observed"] == len(shared)
            assert pairs.loc[(a, b), "expected"] == pytest.approx(len(tops[a]) * len(tops[b]) / 384)
            share = same / len(shared) if shared else np.nan
            assert pairs.loc[(a, b), "same_sign"] == pytest.approx(share, nan_ok=True)
        assert cell["mean_overlap"] == pytest.approx(pairs["observed"].mean())
        highest = where(tables["highest_degree"], **{name: cell[name] for name in CELL})
        for row in highest.itertuples():
            shared = set.intersection(*(set(tops[code]) for code in row.languages.split()))
            assert {int(unit) for unit in row.units.split()} == shared
        in_languages = pd.Series([unit for top in tops.values() for unit in top]).value_counts()
        assert in_languages.max() == (highest["degree"].iloc[0] if len(highest) else 1)
        degrees = where(tables["degrees"], **{name: cell[name] for name in CELL})
        assert list(degrees["observed"]) == [(in_languages >= d).sum() for d in degrees["n_languages"]]


def test_correlation_ranking_and_transfer_equal_scipy_and_statsmodels_on_the_activations(
    small: Any, tables: dict[str, pd.DataFrame]
) -> None:
    material = gather(load_study(small.file), small.cache)
    contexts = material.language("fr")
    train = (contexts["split"] == "train").to_numpy()
    layer = int(where(tables["layer_choice"], variable="valence", chosen=True)["layer"].iloc[0])
    values = activations_of(small, "fr").layer(layer)[train].astype(float)
    ranking = where(tables["rankings"], variable="valence", method="correlation", language="fr", layer=layer)
    y = contexts.loc[train, "valence"].to_numpy()
    for row in ranking.iloc[[0, 50, 300]].itertuples():
        r = np.corrcoef(values[:, row.unit - layer * 384], y)[0, 1]
        assert row.score == pytest.approx(abs(r), rel=1e-5)
        assert row.sign == np.sign(r)

    german = material.language("de")
    values = activations_of(small, "de").layer(layer).astype(float)
    words = pd.factorize(german["word"])[0]
    for row in where(tables["transfer"], variable="valence", method="correlation", language="de").iloc[:4].itertuples():
        x = values[:, row.unit - layer * 384]
        model = sm.OLS(german["valence"].to_numpy(), sm.add_constant((x - x.mean()) / x.std()))
        plain = model.fit()
        means = pd.DataFrame({"x": x, "y": german["valence"].to_numpy()}).groupby(words).mean()
        by_word = sm.OLS(means["y"], sm.add_constant(means["x"])).fit(cov_type="HC3", use_t=True)
        assert (row.b, row.t, row.p) == pytest.approx((plain.params[1], plain.tvalues[1], plain.pvalues[1]), rel=1e-6)
        assert (row.t_words, row.p_words) == pytest.approx((by_word.tvalues["x"], by_word.pvalues["x"]), rel=1e-6)
        assert row.n == 80
        assert row.n_words == 40


def test_alignment_takes_the_mean_pairwise_overlap_and_the_whole_network(tables: dict[str, pd.DataFrame]) -> None:
    points = where(tables["alignment_points"], variable="valence", method="ridge").set_index("language")
    pairs = where(tables["pairs"], variable="valence", method="ridge")
    whole = where(tables["probes"], variable="valence", curve="whole", probe="elastic-net").set_index("language")["r"]
    for code in ("en", "es", "fr"):
        mine = pairs[(pairs["language_a"] == code) | (pairs["language_b"] == code)]
        assert points.loc[code, "mpo"] == pytest.approx(mine["observed"].mean())
        assert points.loc[code, "r"] == pytest.approx(whole[code])
    assert set(tables["alignment_models"]["method"]) == set(METHODS)


def drawn_layer(small: Any, tables: dict[str, pd.DataFrame], code: str, layer: int, model: str) -> RatedLayer:
    """Return what ratings of valence are drawn for, put together anew."""
    study, material = load_study(small.file), gather(load_study(small.file), small.cache)
    contexts = material.language(code)
    strata = pd.concat(map(pd.read_parquet, small.cache.glob("strata/*/strata.parquet")))
    own = where(strata, model=model, variable="valence", language=code)
    words = list(dict.fromkeys(contexts.loc[contexts["split"] == "train", "word"]))
    linked = Linked.of(own, words, seed=derive_seed(study.seed, "linked words", model, "valence"))
    encoding = where(tables["null_encoding"], variable="valence", null="own codes", language=code).iloc[0]
    assert (encoding["linked_words"], encoding["n_words"]) == (len(own), len(words))
    seed = derive_seed(study.seed, "folds of nulls", code, "valence")
    design = Design(activations_of(small, code), contexts)
    return RatedLayer.of(design, "valence", layer, folds=study.probes.folds, seed=seed, linked=linked)


def test_own_codes_are_read_as_well_as_the_real_ratings_or_as_well_as_any(
    small: Any, tables: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    null = where(tables["null"], variable="valence", method="correlation").set_index("null")
    model, layer = null["model"].iloc[0], int(null["layer"].iloc[0])
    encoding = where(tables["null_encoding"], variable="valence", null="own codes").set_index("language")
    assert list(encoding.index) == ["en", "es", "fr"]
    ridge = where(tables["probes"], variable="valence", probe="ridge", curve="layer", layer=layer).set_index("language")
    as_well = []
    for code, row in encoding.iterrows():
        # Other folds, so not the same.
        assert row["r_cv"] == pytest.approx(ridge.loc[code, "r_cv"], abs=0.15)
        assert row["r_short"] == pytest.approx(row["r_cv"] - row["null_r_cv"])
        # The strength is set on the first 50 draws, and told of 100 of this many words.
        as_well.append(row["null_r_cv"] == pytest.approx(max(row["r_cv"], 0), abs=0.04))
        if not as_well[-1]:  # then there are none that would be read better: they are without noise
            with monkeypatch.context() as patch:
                patch.setattr("interlingua.units.nulls.own_codes._strength", lambda *_: 1.0)
                rated = drawn_layer(small, tables, str(code), layer, model)
                seed = derive_seed(load_study(small.file).seed, "own codes", model, str(code), "valence")
                strongest = rated.r_of(nulls.get("own codes").draw(rated, 999, seed=seed)[:, :100]).mean()
            assert strongest < row["r_cv"]
            assert row["null_r_cv"] == pytest.approx(strongest, abs=1e-6)
    assert as_well == [True, False, True]
    assert null.loc["own codes", "null_fe"] != null.loc["permuted", "null_fe"]


def test_own_codes_are_those_of_the_null(small: Any, tables: dict[str, pd.DataFrame]) -> None:
    seed = load_study(small.file).seed
    null = where(tables["null"], variable="valence", method="correlation").set_index("null")
    model, layer = null["model"].iloc[0], int(null["layer"].iloc[0])
    signs = []
    for code in ("en", "es", "fr"):
        rated = drawn_layer(small, tables, code, layer, model)
        drawn = nulls.get("own codes").draw(rated, 999, seed=derive_seed(seed, "own codes", model, code, "valence"))
        signs.append(null_signs(rated, drawn, "correlation", 50))
    assert null.loc["own codes", "null_fe"] == pytest.approx(Sharing.of(signs).mean_fe.mean())


def test_every_null_is_a_row_beside_what_was_observed(tables: dict[str, pd.DataFrame]) -> None:
    assert list(dict.fromkeys(tables["null"]["null"])) == ["permuted", "own codes"]
    summary = tables["pairs_summary"].set_index(["variable", "method"])
    for name in ("permuted", "own codes"):
        null = where(tables["null"], null=name).set_index(["variable", "method"])
        assert null.index.is_unique
        for cell in summary.index:
            assert null.loc[cell, "mean_fe"] == pytest.approx(summary.loc[cell, "mean_fe"], rel=1e-6)
            draws = null.loc[cell, "draws"]
            assert draws == (999 if cell[1] == "correlation" else 3)  # a draw of |correlation| costs next to nothing
            assert 1 / (1 + draws) <= null.loc[cell, "p_fe"] <= 1  # (1 + k) / (1 + draws)
            ratio = null.loc[cell, "mean_fe"] / null.loc[cell, "null_fe"]
            assert null.loc[cell, "corrected_fe"] == pytest.approx(ratio)
        of_pairs = where(tables["null_pairs"], null=name)
        slow = of_pairs[of_pairs["method"] != "correlation"]
        assert slow["p_null"].isin([0.25, 0.5, 0.75, 1]).all()
        keys = [*CELL, "language_a", "language_b"]
        pairs = tables["pairs"].merge(of_pairs, on=keys, validate="one_to_one")
        assert len(pairs) == len(tables["pairs"]) == len(of_pairs)
        # A sparse probe may choose fewer units on other ratings; the others choose as many.
        shown = pairs[(pairs["null_mean"] > 0) & pairs["method"].isin(["correlation", "ridge"])]
        assert len(shown)
        assert (shown["fe_corrected"] * shown["null_mean"]).to_numpy() == pytest.approx(shown["observed"].to_numpy())
        of_degrees = where(tables["null_degrees"], null=name)
        degrees = tables["degrees"].merge(of_degrees, on=[*CELL, "n_languages"], validate="one_to_one")
        assert len(degrees) == len(tables["degrees"]) == len(of_degrees)
        p = (1 + of_degrees["as_many"]) / (1 + of_degrees["draws"])
        assert of_degrees["p_null"].to_numpy() == pytest.approx(p.to_numpy())


def test_the_two_nulls_differ(tables: dict[str, pd.DataFrame]) -> None:
    rows = tables["null"].pivot(index=["variable", "method"], columns="null", values="null_fe")
    assert (rows["permuted"] != rows["own codes"]).any()
