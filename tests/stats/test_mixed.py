"""The mixed model against lmerTest, closed forms, statsmodels and scipy; the resampling against brute force.

``data/lmm_*.csv`` are computed figures without any human data: two simulated tables of the paper's shape and
what R lme4 1.1-31 with lmerTest 3.1-3 (optimiser bobyqa, rhoend 1e-12) makes of them. They are copies of the
developers' ``golden/`` files of the same names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from interlingua.errors import StatsError
from interlingua.stats.mixed import (
    MixedModelResult,
    bootstrap_groups,
    group_interval,
    group_test,
    mixed_model,
    permute_groups,
)
from interlingua.stats.mixed.arrangements import draw_groups, n_multisets
from interlingua.stats.mixed.criterion import Component, RemlCriterion
from interlingua.stats.mixed.descent import minimise, starting_points
from interlingua.stats.mixed.formula import RandomTerm, build_design, parse_formula
from interlingua.stats.mixed.reml import fit_reml
from interlingua.stats.mixed.stack import Stack, stack_up

DATA = Path(__file__).parent / "data"
REFERENCE = pd.read_csv(DATA / "lmm_lmerTest_tight.csv").set_index(["sim", "id"])
COMPONENTS = pd.read_csv(DATA / "lmm_lmerTest_tight_varcomp.csv")
PAPER = "r ~ mpo + (mpo||model) + (mpo||variable) + (1|language)"
CAREFUL = "r ~ mpo + model*variable + (1|language)"


def lmm_sim(sim: int) -> pd.DataFrame:
    data = pd.read_csv(DATA / f"lmm_sim{sim}.csv")
    return data.assign(
        mnum=(data["model"] == "XLM-R") * 1,
        vnum=(data["variable"] == "valence") * 1,
        mv=data["model"] + data["variable"],
    )


def simulate(
    n_languages: int,
    rng: np.random.Generator,
    *,
    slope: float = 0.0,
    between: float = 0.035,
    interaction: float = 0.0,
) -> pd.DataFrame:
    """Return a table of the paper's shape: language x model x variable, spreads as in the golden tables.

    With `interaction`, languages also differ in what arousal has beyond valence, in r and in mpo, unrelated.
    """
    cells = [
        (f"l{i:02d}", model, variable)
        for i in range(n_languages)
        for model in ("mBERT", "XLM-R")
        for variable in ("valence", "arousal")
    ]
    data = pd.DataFrame(cells, columns=["language", "model", "variable"])
    model = np.tile([0.0, 0, 1, 1], n_languages)
    variable = np.tile([0.0, 1, 0, 1], n_languages)
    language = np.repeat(np.arange(n_languages), 4)
    mpo = (
        14.5 + 5.2 * model + 0.6 * variable + rng.normal(size=n_languages)[language] + 0.7 * rng.normal(size=len(data))
    )
    mpo += interaction * rng.normal(size=n_languages)[language] * variable
    r = 0.32 + 0.06 * model - 0.01 * variable + slope * (mpo - mpo.mean())
    r += between * rng.normal(size=n_languages)[language] + 0.026 * rng.normal(size=len(data))
    r += 0.03 * interaction * rng.normal(size=n_languages)[language] * variable
    return data.assign(mpo=mpo, r=r)


# ---------------------------------------------------------------------------------------------- lmerTest


@pytest.mark.parametrize(("sim", "name"), list(REFERENCE.index))
def test_agrees_with_lmertest(sim: int, name: str) -> None:
    expected = REFERENCE.loc[(sim, name)]
    ours = mixed_model(expected["formula"], lmm_sim(sim))
    mpo = ours.coefficients.loc["mpo"]
    assert mpo["estimate"] == pytest.approx(expected["B"], rel=1e-6)
    assert mpo["se"] == pytest.approx(expected["SE"], rel=1e-6)
    assert ours.coefficients.loc["Intercept", "estimate"] == pytest.approx(expected["intercept"], rel=1e-6)
    assert mpo["df"] == pytest.approx(expected["df_satt"], rel=1e-5)
    assert mpo["t"] == pytest.approx(expected["t"], rel=1e-6)
    assert mpo["p"] == pytest.approx(expected["p_satt"], rel=1e-5)
    assert ours.reml == pytest.approx(expected["reml_crit"], rel=1e-10)
    assert ours.n == 52
    sd = ours.variance_components.set_index("group")["sd"]
    assert sd["Residual"] == pytest.approx(expected["sigma"], rel=1e-6)
    assert ours.singular == bool(expected["singular"])


@pytest.mark.parametrize(("sim", "name"), list(REFERENCE.index))
def test_variance_components_agree_with_lmertest(sim: int, name: str) -> None:
    ours = mixed_model(REFERENCE.loc[(sim, name), "formula"], lmm_sim(sim)).variance_components
    theirs = COMPONENTS[(COMPONENTS["sim"] == sim) & (COMPONENTS["id"] == name)]
    keys = zip(theirs["grp"].str.replace(r"\.\d$", "", regex=True), theirs["var1"], strict=True)
    expected = {
        (g, "" if g == "Residual" else str(v).strip("()")): x for (g, v), x in zip(keys, theirs["vcov"], strict=True)
    }
    found = {(row.group, row.term): row.variance for row in ours.itertuples()}
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-12)
    np.testing.assert_allclose(ours["sd"] ** 2, ours["variance"], rtol=1e-12)


def test_notes_of_the_papers_model() -> None:
    result = mixed_model(PAPER, lmm_sim(1))
    text = " ".join(result.notes)
    assert "singular: the estimated variance of mpo by model, mpo by variable is zero" in text
    assert "'model' has only 2 levels" in text
    assert "degrees of freedom of 'mpo' are 0.26" in text
    assert mixed_model(CAREFUL, lmm_sim(1)).notes == ()


# ------------------------------------------------------------------------------------------ closed forms


def one_way(between: float, rng: np.random.Generator, groups: int = 9, m: int = 5) -> pd.DataFrame:
    effects = np.repeat(between * rng.normal(size=groups), m)
    return pd.DataFrame({"y": 3 + effects + rng.normal(size=groups * m), "g": np.repeat(list("abcdefghi"), m)})


def test_balanced_one_way_is_the_analysis_of_variance() -> None:
    groups, m = 9, 5
    n = groups * m
    data = one_way(1.5, np.random.default_rng(4))
    means = data.groupby("g")["y"].mean()
    within = float(((data["y"] - data["g"].map(means).astype(float)) ** 2).sum()) / (n - groups)
    between = m * float(means.var())
    assert between > within
    result = mixed_model("y ~ 1 + (1|g)", data)
    assert list(result.variance_components["variance"]) == pytest.approx([(between - within) / m, within], rel=1e-7)
    intercept = result.coefficients.loc["Intercept"]
    assert intercept["estimate"] == pytest.approx(data["y"].mean(), rel=1e-12)
    assert intercept["se"] == pytest.approx(np.sqrt(between / n), rel=1e-7)
    assert intercept["df"] == pytest.approx(groups - 1, rel=1e-7)
    criterion = (
        (groups - 1) * np.log(between) + (n - groups) * np.log(within) + np.log(n) + (n - 1) * (1 + np.log(2 * np.pi))
    )
    assert result.reml == pytest.approx(criterion, rel=1e-12)
    assert not result.singular


def test_paired_differences_are_the_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    subject = rng.normal(size=12)
    before, after = subject + 0.3 * rng.normal(size=12), subject + 0.4 + 0.3 * rng.normal(size=12)
    data = pd.DataFrame(
        {"y": [*before, *after], "when": ["0 before"] * 12 + ["1 after"] * 12, "subject": [*range(12)] * 2}
    )
    ours = mixed_model("y ~ when + (1|subject)", data).coefficients.loc["when[T.1 after]"]
    paired = stats.ttest_rel(after, before)
    assert (ours["t"], ours["p"]) == pytest.approx((paired.statistic, paired.pvalue), rel=1e-7)
    assert ours["df"] == pytest.approx(11, rel=1e-7)


def test_zero_variance_is_ordinary_least_squares() -> None:
    data = lmm_sim(1).assign(alternating=np.tile([0, 1], 26))
    # With the same mean in both levels there is less variance between them than chance would leave.
    data["r"] = data["r"] - data.groupby("alternating")["r"].transform("mean")
    data["mpo"] = data["mpo"] - data.groupby("alternating")["mpo"].transform("mean")
    result = mixed_model("r ~ mpo + (1|alternating)", data)
    ols = smf.ols("r ~ mpo", data).fit()
    assert result.singular
    assert result.variance_components["variance"].iloc[0] == 0
    np.testing.assert_allclose(result.coefficients["estimate"], ols.params, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(result.coefficients["se"], ols.bse, rtol=1e-9)
    np.testing.assert_allclose(result.coefficients["df"], 50, rtol=1e-9)
    np.testing.assert_allclose(result.coefficients["p"], ols.pvalues, rtol=1e-8)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_statsmodels(seed: int) -> None:
    """One random intercept, unbalanced: where statsmodels converges."""
    rng = np.random.default_rng(seed)
    g = rng.integers(0, 12, size=80)
    x = rng.normal(size=80) + 0.5 * g
    data = pd.DataFrame({"y": 1 + 0.2 * x + rng.normal(size=12)[g] + rng.normal(size=80), "x": x, "g": g})
    theirs = smf.mixedlm("y ~ x", data, groups="g").fit(reml=True, method="bfgs", gtol=1e-10)
    assert theirs.converged
    ours = mixed_model("y ~ x + (1|g)", data)
    np.testing.assert_allclose(ours.coefficients["estimate"], theirs.fe_params, rtol=1e-4)
    # Its standard errors come from a Hessian that is not lme4's (X'V^-1 X): take that of its variances.
    between, within = float(theirs.cov_re.iloc[0, 0]), theirs.scale
    covariance = within * np.eye(80) + between * np.equal.outer(g, g)
    design = np.column_stack([np.ones(80), x])
    se = np.sqrt(np.diag(np.linalg.inv(design.T @ np.linalg.solve(covariance, design))))
    np.testing.assert_allclose(ours.coefficients["se"], se, rtol=1e-4)
    np.testing.assert_allclose(ours.variance_components["variance"], [between, within], rtol=1e-3)
    assert ours.reml == pytest.approx(-2 * theirs.llf, rel=1e-8)


# ------------------------------------------------------------------------------------------ the criterion


def dense_criterion(design_y: np.ndarray, x: np.ndarray, kernels: list[np.ndarray], v: np.ndarray) -> float:
    """Minus twice the restricted log-likelihood from its definition, with n x n matrices."""
    covariance = v[-1] * np.eye(len(design_y)) + sum(a * k for a, k in zip(v, kernels, strict=False))
    inverse = np.linalg.inv(covariance)
    information = x.T @ inverse @ x
    residual = design_y - x @ np.linalg.solve(information, x.T @ inverse @ design_y)
    logs = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
    n, p = x.shape
    return float(logs + residual @ inverse @ residual + (n - p) * np.log(2 * np.pi))


@pytest.fixture
def dense() -> tuple[RemlCriterion, Callable[[np.ndarray], float], np.ndarray]:
    """The criterion of the paper's model, the same from dense matrices, and the data's units of variance."""
    data = simulate(5, np.random.default_rng(8)).drop(index=[3, 11])
    design = build_design(PAPER, data)
    kernels = [np.equal.outer(c.codes, c.codes) * np.outer(c.values, c.values) for c in design.components]
    ours = RemlCriterion(design.y, design.x, design.components, design.names)
    return ours, lambda v: dense_criterion(design.y, design.x, kernels, v), ours.unscale(np.ones(6))


def test_criterion_is_its_definition(dense: tuple[RemlCriterion, Callable[[np.ndarray], float], np.ndarray]) -> None:
    criterion, definition, units = dense
    rng = np.random.default_rng(0)
    for _ in range(5):
        v = np.exp(rng.normal(size=6))
        v[rng.integers(5)] = 0
        assert criterion.derivatives(v)[0] == pytest.approx(definition(v * units), rel=1e-10)
        best = optimize.minimize_scalar(
            lambda log_s, v=v: definition(np.append(v[:-1] / v[-1], 1) * np.exp(log_s) * units), bounds=(-6, 3)
        )
        assert criterion.profile(np.sqrt(v[:-1] / v[-1]))[0] == pytest.approx(best.fun, rel=1e-8)


def test_derivatives_are_those_of_the_definition(
    dense: tuple[RemlCriterion, Callable[[np.ndarray], float], np.ndarray],
) -> None:
    criterion, definition, units = dense
    v = np.array([0.7, 0.2, 1.3, 0.1, 0.5, 0.8])
    _, gradient, hessian = criterion.derivatives(v)
    steps = 1e-4 * np.diag(v)
    numeric = [(definition((v + s) * units) - definition((v - s) * units)) / (2 * s.sum()) for s in steps]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6)
    rows = [(criterion.derivatives(v + s)[1] - criterion.derivatives(v - s)[1]) / (2 * s.sum()) for s in steps]
    np.testing.assert_allclose(hessian, rows, rtol=1e-6, atol=1e-6)
    _, _, slopes = criterion.fixed_effects(v)
    rows = [(criterion.fixed_effects(v + s)[1] - criterion.fixed_effects(v - s)[1]) / (2 * s.sum()) for s in steps]
    np.testing.assert_allclose(slopes, np.transpose(rows), rtol=1e-6, atol=1e-12)
    theta = np.sqrt(v[:-1] / v[-1])
    _, gradient = criterion.profile(theta)
    steps = 1e-5 * np.eye(5)
    numeric = [(criterion.profile(theta + s)[0] - criterion.profile(theta - s)[0]) / 2e-5 for s in steps]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_no_random_start_finds_a_lower_criterion(seed: int) -> None:
    """The minimum is global, also with variances far apart and components at zero."""
    rng = np.random.default_rng(seed)
    data = simulate(6, rng, between=[0, 0.03, 1.0][seed % 3])
    data["r"] += np.where(data["model"] == "mBERT", [0, 0.5][seed % 2], 0.0)
    for formula in (PAPER, "r ~ mpo + (mpo||language) + (1|language:model)"):
        design = build_design(formula, data)
        criterion = RemlCriterion(design.y, design.x, design.components, design.names)
        k = len(design.components)
        found = [
            optimize.minimize(
                lambda log_theta, criterion=criterion: criterion.profile(np.exp(log_theta))[0],
                rng.uniform(-3, 3, size=k),
                method="L-BFGS-B",
                bounds=[(-9, 9)] * k,
            ).fun
            for _ in range(4)
        ]
        assert mixed_model(formula, data).reml <= min(found) + 1e-6


# ------------------------------------------------------------------------------------------- invariances


def compare(a: MixedModelResult, b: MixedModelResult, *, scale: float = 1.0) -> None:
    # Near a flat optimum, a criterion known to 1e-9 or so tells estimates to about 1e-5 (hypothesis found 5e-6).
    np.testing.assert_allclose(
        a.coefficients[["estimate", "se"]] * scale, b.coefficients[["estimate", "se"]], rtol=1e-5
    )
    np.testing.assert_allclose(a.coefficients[["df", "t"]], b.coefficients[["df", "t"]], rtol=1e-5)
    variances, others = a.variance_components["variance"] * scale**2, b.variance_components["variance"]
    # A component that is next to nothing is told no better than the criterion tells it from nothing.
    np.testing.assert_allclose(variances, others, rtol=1e-5, atol=1e-4 * float(others.max()))
    assert a.singular == b.singular


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([PAPER, CAREFUL]), st.floats(-6, 6))
def test_units_of_the_response_do_not_matter(seed: int, formula: str, exponent: float) -> None:
    data = simulate(7, np.random.default_rng(seed), slope=0.02)
    scaled = data.assign(r=data["r"] * 10**exponent)
    plain, rescaled = mixed_model(formula, data), mixed_model(formula, scaled)
    compare(plain, rescaled, scale=10**exponent)
    dof = len(data) - len(plain.coefficients)
    assert rescaled.reml - plain.reml == pytest.approx(2 * dof * np.log(10**exponent), abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([PAPER, CAREFUL]))
def test_labels_and_order_of_rows_do_not_matter(seed: int, formula: str) -> None:
    rng = np.random.default_rng(seed)
    data = simulate(6, rng)
    labels = dict(zip(data["language"].unique(), rng.permutation(6).tolist(), strict=True))
    changed = data.assign(language=data["language"].map(labels)).sample(frac=1, random_state=seed)
    compare(mixed_model(formula, data), mixed_model(formula, changed.set_index("language", drop=False)))


def test_units_of_a_random_slope_do_not_matter() -> None:
    data = lmm_sim(1).assign(small=lambda d: d["vnum"] * 1e-4)
    a = mixed_model("r ~ mpo + (vnum||language)", data)
    b = mixed_model("r ~ mpo + (small||language)", data)
    np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=1e-6)
    assert a.variance_components["sd"][1] == pytest.approx(1e-4 * b.variance_components["sd"][1], rel=1e-6)


def test_components_that_cannot_be_told_apart_are_noted() -> None:
    data = lmm_sim(1).assign(twin=lambda d: d["language"].str.upper())
    single = mixed_model("r ~ mpo + (1|language)", data)
    double = mixed_model("r ~ mpo + (1|language) + (1|twin)", data)
    np.testing.assert_allclose(
        double.coefficients[["estimate", "se"]], single.coefficients[["estimate", "se"]], rtol=1e-6
    )
    assert double.singular or any("can't be told apart" in note for note in double.notes)


# -------------------------------------------------------------------------------------------- the formula


@pytest.mark.parametrize(
    ("text", "fixed", "random"),
    [
        ("r ~ x + (1|g)", "r ~ x", [("g", None)]),
        ("r~(1|g)", "r ~ 1", [("g", None)]),
        ("r ~ (x||g) + a*b", "r ~ a*b", [("g", None), ("g", "x")]),
        ("r ~ 0 + x + ( 0 + x | g )", "r ~ 0 + x", [("g", "x")]),
        ("r ~ np.log(x + 1) + (1|a:b)", "r ~ np.log(x + 1)", [("a:b", None)]),
        ("r ~ x + (x + z||g)", "r ~ x", [("g", None), ("g", "x"), ("g", "z")]),
        ("r ~ x + (0 + x + z||g)", "r ~ x", [("g", "x"), ("g", "z")]),
    ],
)
def test_formulas_are_taken_apart(text: str, fixed: str, random: list[tuple[str, str | None]]) -> None:
    parsed = parse_formula(text)
    assert parsed.fixed == fixed
    assert parsed.random == tuple(RandomTerm(tuple(g.split(":")), slope) for g, slope in random)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("r ~ mpo + (mpo|model)", r"write \(mpo\|\|model\)"),
        ("r ~ mpo + (1 + mpo|model)", r"write \(1 \+ mpo\|\|model\)"),
        ("r ~ mpo", r"no random term: add one such as \(1\|language\)"),
        ("mpo + (1|language)", "write response ~ terms"),
        ("r ~ mpo + (1|language", "parentheses don't match"),
        ("r ~ mpo * (1|language)", "can't read"),
        ("r ~ mpo + (1|model/variable)", r"write \(1\|a\) \+ \(1\|a:b\)"),
        ("r ~ mpo + (log(mpo)||model)", "can't read"),
        ("r ~ mpo + (0|model)", "can't read '0'"),
        ("r ~ mpo + (1|language) + (mpo||language)", "random Intercept by language stands there twice"),
        ("r ~ mop + (1|language)", "no column 'mop'.*did you mean 'mpo'"),
        ("r ~ mpo + (1|langage)", "no column 'langage'.*did you mean 'language'"),
        ("r ~ mpo + (model||language)", r"'model' is not numeric.*\(1\|language:model\)"),
        ("r ~ mpo + (1|one)", "'one' has 1 level"),
        ("r ~ mpo + (1|row)", "'row' has a level for every row"),
        ("r ~ mpo + model + mnum + (1|language)", "combinations of the others in the data: 'mnum'"),
        ("r ~ gap + (1|language)", r"missing values in 'gap' \(2\) of 52 rows"),
        ("model ~ mpo + (1|language)", "response has 2 columns"),
        ("r ~ mpo +* model + (1|language)", "incorrectly used"),
        ("r ~ nothing(mpo) + (1|language)", "no column 'nothing'"),
        ("r ~ np.log(mpo - 100) + (1|language)", "not finite"),
        ("r ~ mpo + (0+none|language)", "zero in every row"),
        ("flat ~ mpo + (1|language)", "explain the response exactly"),
        ("by_language ~ mpo + (1|language)", "explain the response exactly"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_errors_say_what_to_type(formula: str, message: str) -> None:
    data = lmm_sim(1).assign(
        one="x", row=range(52), gap=[np.nan, np.nan, *range(50)], none=0.0, flat=2.0,
        by_language=lambda d: pd.factorize(d["language"])[0] ** 1.5,
    )  # fmt: skip
    with pytest.raises(StatsError, match=message) as error:
        mixed_model(formula, data)
    assert "\n" not in str(error.value)


def test_too_few_rows() -> None:
    with pytest.raises(StatsError, match="5 rows can't estimate 5 fixed effects"):
        mixed_model("r ~ mpo + model*variable + (1|language)", lmm_sim(1).iloc[:5].assign(language=list("aabbb")))


def test_interaction_as_grouping_factor_and_categories() -> None:
    data = lmm_sim(1)
    joined = mixed_model("r ~ mpo + (1|mv) + (1|language)", data)
    compare(mixed_model("r ~ mpo + (1|model:variable) + (1|language)", data), joined)
    categories = ["?", *data["language"].unique()]
    compare(
        mixed_model(CAREFUL, data.assign(language=pd.Categorical(data["language"], categories))),
        mixed_model(CAREFUL, data),
    )
    unused = data.assign(model=pd.Categorical(data["model"], ["?", "XLM-R", "mBERT"]))
    compare(mixed_model(CAREFUL, unused), mixed_model(CAREFUL, data))


def test_data_are_left_alone() -> None:
    data = lmm_sim(1).set_index("language", drop=False)
    before = data.copy()
    mixed_model(PAPER, data)
    permute_groups(CAREFUL, data, "language", "mpo", "mpo", draws=19, seed=0)
    bootstrap_groups(CAREFUL, data, "language", "mpo", draws=40, seed=0)
    pd.testing.assert_frame_equal(data, before)


# --------------------------------------------------------------------------------------------- resampling


@pytest.mark.parametrize("formula", [CAREFUL, "r ~ mpo + (0+mpo|model) + (1|language:model)"])
def test_bootstrap_is_refitting_tables_with_fresh_labels(formula: str) -> None:
    data = simulate(6, np.random.default_rng(3), slope=0.02)
    low, high = bootstrap_groups(formula, data, "language", "mpo", draws=40, seed=5)
    rng = np.random.default_rng(5)
    names = data["language"].unique()
    estimates = []
    for _ in range(40):
        drawn = rng.integers(6, size=6)
        copies = [data[data["language"] == names[i]].assign(language=f"copy {at}") for at, i in enumerate(drawn)]
        try:
            estimates.append(mixed_model(formula, pd.concat(copies)).coefficients.loc["mpo", "estimate"])
        except StatsError:
            continue
    assert (low, high) == pytest.approx(tuple(np.percentile(estimates, [2.5, 97.5])), rel=1e-5)
    assert (low, high) == bootstrap_groups(formula, data, "language", "mpo", draws=40, seed=5)
    assert (low, high) != bootstrap_groups(formula, data, "language", "mpo", draws=40, seed=6)


@pytest.mark.parametrize("formula", [CAREFUL, PAPER, "r ~ np.log(mpo) + model + (1|language)"])
def test_permutation_is_refitting_all_exchanged_tables(formula: str) -> None:
    data = simulate(4, np.random.default_rng(6), slope=0.03).sample(frac=1, random_state=1)
    term = "np.log(mpo)" if "log" in formula else "mpo"
    cells = ["model", "variable"]
    profiles = data.set_index(["language", *cells])["mpo"]
    names = sorted(data["language"].unique())
    found = []
    for order in permutations(names):
        taken = data.assign(language=data["language"].map(dict(zip(names, order, strict=True))))
        exchanged = data.assign(mpo=profiles.loc[list(taken[["language", *cells]].itertuples(index=False))].to_numpy())
        found.append(abs(mixed_model(formula, exchanged).coefficients.loc[term, "t"]))
    expected = np.mean(np.array(found) >= found[0] * (1 - 1e-6))
    assert permute_groups(formula, data, "language", "mpo", term, draws=24, seed=0, cells=cells) == expected


def test_permutation_p_is_exactly_uniform() -> None:
    """Over all exchanges of the responses each p comes once: the type-I error is what it says, by design."""
    data = simulate(4, np.random.default_rng(9))
    profiles = data["r"].to_numpy().reshape(4, 4)
    found = [
        permute_groups(
            CAREFUL, data.assign(r=profiles[list(order)].ravel()), "language", "mpo", "mpo", draws=24, seed=0
        )
        for order in permutations(range(4))
    ]
    np.testing.assert_allclose(sorted(found), np.arange(1, 25) / 24)


def test_random_permutations_approach_all_of_them() -> None:
    data = simulate(5, np.random.default_rng(12), slope=0.01)
    exact = permute_groups(CAREFUL, data, "language", "mpo", "mpo", draws=120, seed=0)
    sampled = permute_groups(CAREFUL, data, "language", "mpo", "mpo", draws=119, seed=0)
    assert exact * 120 == pytest.approx(round(exact * 120), abs=1e-9)
    assert sampled * 120 == pytest.approx(round(sampled * 120), abs=1e-9)
    assert sampled == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 119))


def test_strong_relation_is_found() -> None:
    data = simulate(9, np.random.default_rng(2), slope=0.08)
    assert permute_groups(CAREFUL, data, "language", "mpo", "mpo", draws=99, seed=1) == 0.01
    low, high = bootstrap_groups(CAREFUL, data, "language", "mpo", draws=40, seed=1)
    assert 0 < low < 0.08 < high


def test_languages_exchange_only_with_those_of_the_same_cells() -> None:
    data = simulate(6, np.random.default_rng(3))
    partial = data[~(data["language"].isin(["l00", "l01"]) & (data["variable"] == "arousal"))]
    # 4! orders of the complete languages times 2! of the others.
    p = permute_groups(CAREFUL, partial, "language", "mpo", "mpo", draws=48, seed=0)
    assert p * 48 == pytest.approx(round(p * 48), abs=1e-9)
    ragged = data[data["language"] < "l04"].drop(index=[0, 5, 10, 15])
    with pytest.raises(StatsError, match="no two values of 'language' have the same cells"):
        permute_groups(CAREFUL, ragged, "language", "mpo", "mpo", draws=50, seed=0)


def test_resampling_errors() -> None:
    data = lmm_sim(1)
    with pytest.raises(StatsError, match=r"no fixed effect 'mop'.*did you mean 'mpo'"):
        bootstrap_groups(CAREFUL, data, "language", "mop", draws=40, seed=0)
    with pytest.raises(StatsError, match="no column 'langauge'"):
        bootstrap_groups(CAREFUL, data, "langauge", "mpo", draws=40, seed=0)
    with pytest.raises(StatsError, match="'model' has 2 values"):
        bootstrap_groups(PAPER, data, "model", "mpo", draws=40, seed=0)
    with pytest.raises(StatsError, match=r"'language' in its fixed part.*write \(1\|language\)"):
        bootstrap_groups("r ~ mpo + language + (1|mv)", data, "language", "mpo", draws=40, seed=0)
    with pytest.raises(StatsError, match="use 40 or more"):
        bootstrap_groups(CAREFUL, data, "language", "mpo", draws=10, seed=0)
    with pytest.raises(StatsError, match="bootstrap draws of 3 values of 'language' can't be fitted"):
        bootstrap_groups(CAREFUL, data.iloc[:12], "language", "mpo", draws=40, seed=0)
    with pytest.raises(
        StatsError, match=r"rows of 'It' have nothing to tell them apart.*cells=\['model', 'variable'\]"
    ):
        permute_groups("r ~ mpo + (1|language)", data, "language", "mpo", "mpo", draws=99, seed=0)
    with pytest.raises(StatsError, match="'language' is not a covariate"):
        permute_groups(CAREFUL, data, "language", "language", "mpo", draws=99, seed=0)
    with pytest.raises(StatsError, match="use 19 or more"):
        permute_groups(CAREFUL, data, "language", "mpo", "mpo", draws=9, seed=0)
    with pytest.raises(StatsError, match="cells: the data have no column 'modle'"):
        permute_groups(CAREFUL, data, "language", "mpo", "mpo", draws=99, seed=0, cells=["modle"])


# ------------------------------------------------------------------------------------- many refits at once


def permuted_stack(formula: str, data: pd.DataFrame, draws: int, seed: int) -> tuple[Stack, list[RemlCriterion]]:
    """Return data sets in which mpo is shuffled within each model, as a stack and one by one."""
    rng = np.random.default_rng(seed)
    designs = []
    for _ in range(draws):
        shuffled = data.assign(mpo=data.groupby("model")["mpo"].transform(rng.permutation))
        designs.append(build_design(formula, shuffled))
    components = [
        Component(np.array([c.codes for c in of]), np.array([c.values for c in of]))
        for of in zip(*(design.components for design in designs), strict=True)
    ]
    stack = stack_up(
        np.array([design.y for design in designs]),
        np.array([design.x for design in designs]),
        components,
        np.full(draws, len(data)),
        designs[0].index_of("mpo"),
    )
    return stack, [RemlCriterion(design.y, design.x, design.components, design.names) for design in designs]


FORMULAS = [
    PAPER,
    CAREFUL,
    "r ~ mpo + variable + (0+mpo|model) + (1|language:model)",
    "r ~ mpo + (mpo||language) + (1|variable)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_stacked_criteria_are_the_single_ones(formula: str) -> None:
    data = simulate(6, np.random.default_rng(3), slope=0.02).drop(index=[2, 9])
    stack, single = permuted_stack(formula, data, 5, 0)
    rng = np.random.default_rng(1)
    k = single[0].n_components
    points = np.exp(rng.normal(size=(4, 5, k)))
    points[1, :, 0] = 0.0
    points[2] *= 20
    expected = np.array([[c.profile(theta)[0] for c, theta in zip(single, at, strict=True)] for at in points])
    found = np.array([stack.criteria.values(at) for at in points])
    np.testing.assert_allclose(found - found[0], expected - expected[0], rtol=1e-8, atol=1e-8)
    values, gradients, hessians = stack.criteria.derivatives(points[0])
    np.testing.assert_allclose(values, found[0], rtol=1e-14)
    for j in range(k):
        step = 1e-5 * np.eye(k)[j] * points[0] ** 2
        up, down = (np.sqrt(points[0] ** 2 + sign * step) for sign in (1, -1))
        numeric = (stack.criteria.values(up) - stack.criteria.values(down)) / (2 * step[:, j])
        np.testing.assert_allclose(gradients[:, j], numeric, rtol=1e-5, atol=1e-5)
        rows = (stack.criteria.derivatives(up)[1] - stack.criteria.derivatives(down)[1]) / (2 * step[:, j])[:, None]
        np.testing.assert_allclose(hessians[:, j], rows, rtol=1e-5, atol=1e-5)
    for theta in points:
        estimates, se = stack.effect(theta)
        for i, criterion in enumerate(single):
            relative = np.append(theta[i] ** 2, 1.0)
            fixed, variances, _ = criterion.fixed_effects(relative * criterion.residual_variance(theta[i]))
            assert (estimates[i], se[i]) == pytest.approx((fixed[1], np.sqrt(variances[1])), rel=1e-7)


@pytest.mark.parametrize("between", [0.0, 0.035, 0.5])
@pytest.mark.parametrize("formula", FORMULAS)
def test_refits_at_once_are_those_one_by_one(formula: str, between: float) -> None:
    """Newton steps on all of them, and L-BFGS-B on each: two codes that have the starts in common, and little else."""
    data = simulate(7, np.random.default_rng(11), slope=0.01, between=between, interaction=1.0)
    stack, single = permuted_stack(formula, data, 30, 5)
    warm = np.maximum(fit_reml(single[0]).theta, 0.1)
    theta, found = minimise(stack.criteria, np.vstack([warm, starting_points(single[0].components)]))
    estimates, se = stack.effect(theta)
    assert found.all()
    assert stack.fittable.all()
    singular = 0
    for i, criterion in enumerate(single):
        fit = fit_reml(criterion)
        beyond = criterion.profile(theta[i])[0] - fit.criterion
        assert beyond < 1e-6
        if beyond > -1e-6:  # the same minimum
            at = 1
            assert abs(estimates[i] - fit.estimates[at]) < 1e-3 * fit.se[at]
            assert se[i] == pytest.approx(fit.se[at], rel=1e-3)
            assert ((theta[i] == 0) == (fit.variances[:-1] == 0)).all()
        singular += (theta[i] == 0).any()
    assert singular > 0 or formula == CAREFUL


def test_data_sets_that_cannot_be_fitted_are_told_apart() -> None:
    data = simulate(5, np.random.default_rng(1)).iloc[:20]
    design = build_design("r ~ mpo + model + (0+mpo|language)", data)
    y = np.tile(design.y, (5, 1))
    x = np.tile(design.x, (5, 1, 1))
    codes, values = (np.tile(a, (5, 1)) for a in (design.components[0].codes, design.components[0].values))
    x[1, :, 2] = 0.0  # one model only
    y[2] = x[2] @ [1.0, 2.0, 3.0]
    values[3] = 0.0
    rows = np.array([20, 20, 20, 20, 3])
    y[4, 3:], x[4, 3:], values[4, 3:] = 0.0, 0.0, 0.0
    stack = stack_up(y, x, [Component(codes, values)], rows, 1)
    assert stack.fittable.tolist() == [True, False, False, False, False]
    none = stack.criteria.take(np.array([], dtype=np.intp))
    assert minimise(none, starting_points(design.components))[0].shape == (0, 1)


def test_intervals_and_p_are_those_of_refitting_one_by_one() -> None:
    """What the draws of a seed gave when each was fitted by itself (commit ea68ace and before)."""
    expected = {
        (8, 2, CAREFUL): (0.013330641241094779, 0.040330682218428796, 3 / 201),
        (8, 2, PAPER): (0.016828261411423344, 0.04982600846118632, 2 / 201),
        (13, 5, CAREFUL): (0.009716208392897073, 0.030248715772680637, 1 / 201),
        (13, 5, PAPER): (0.010184988715229324, 0.03123923589582262, 1 / 201),
    }
    for (n, seed, formula), (low, high, p) in expected.items():
        data = simulate(n, np.random.default_rng(seed), slope=0.02)
        found = bootstrap_groups(formula, data, "language", "mpo", draws=200, seed=4)
        assert found == pytest.approx((low, high), rel=1e-7)
        assert permute_groups(formula, data, "language", "mpo", "mpo", draws=200, seed=4) == pytest.approx(p)


# ------------------------------------------------------------------------------------------- arrangements


@pytest.mark.parametrize("n", [3, 4, 5])
def test_all_draws_have_the_probabilities_of_random_ones(n: int) -> None:
    drawn = draw_groups(n, n_multisets(n), np.random.default_rng(0))
    sequences = [tuple(sorted(sequence)) for sequence in product(range(n), repeat=n)]
    expected = Counter(sequences)
    assert drawn.exact
    assert {tuple(row) for row in drawn.groups.tolist()} == set(expected)
    for row, weight in zip(drawn.groups.tolist(), drawn.weights, strict=True):
        assert weight == pytest.approx(expected[tuple(row)] / n**n, rel=1e-12)
    statistic = np.random.default_rng(1).normal(size=len(drawn.weights))
    of = {tuple(row): value for row, value in zip(drawn.groups.tolist(), statistic, strict=True)}
    values = [of[sequence] for sequence in sequences]
    np.testing.assert_array_equal(
        drawn.percentiles(statistic, [2.5, 50, 97.5]), np.percentile(values, [2.5, 50, 97.5], method="inverted_cdf")
    )


def test_random_draws_are_those_one_by_one() -> None:
    drawn = draw_groups(6, 300, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    expected = Counter(tuple(sorted(rng.integers(6, size=6).tolist())) for _ in range(300))
    assert not drawn.exact
    assert dict(zip(map(tuple, drawn.groups.tolist()), drawn.weights, strict=True)) == expected
    statistic = drawn.groups @ np.arange(6.0)
    values = np.repeat(statistic, drawn.weights.astype(int))
    np.testing.assert_array_equal(drawn.percentiles(statistic, [2.5, 97.5]), np.percentile(values, [2.5, 97.5]))


def test_there_are_no_more_draws_than_arrangements() -> None:
    data = simulate(4, np.random.default_rng(6), slope=0.03)
    found = group_interval(CAREFUL, data, "language", "mpo", draws=2000, seed=0)
    assert (found.arrangements, found.exact) == (35, True)
    assert found.left_out == pytest.approx(4 / 256)  # one language over and over
    names = data["language"].unique()
    estimates: dict[tuple[int, ...], float] = {}
    values = []
    for sequence in product(range(4), repeat=4):
        drawn = tuple(sorted(sequence))
        if drawn not in estimates:
            copies = [data[data["language"] == names[i]].assign(language=f"{at}") for at, i in enumerate(drawn)]
            try:
                estimates[drawn] = mixed_model(CAREFUL, pd.concat(copies)).coefficients.loc["mpo", "estimate"]
            except StatsError:
                estimates[drawn] = np.nan
        values.append(estimates[drawn])
    expected = np.nanpercentile(values, [2.5, 97.5], method="inverted_cdf")
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-6)
    test = group_test(CAREFUL, data, "language", "mpo", "mpo", draws=2000, seed=0)
    assert (test.arrangements, test.exact) == (24, True)
    assert test.p * 24 == pytest.approx(round(test.p * 24))
    sampled = group_test(CAREFUL, data, "language", "mpo", "mpo", draws=23, seed=0)
    assert (sampled.arrangements, sampled.exact) == (24, False)  # 23 random ones and the data's own
    assert not group_interval(
        CAREFUL, simulate(6, np.random.default_rng(0)), "language", "mpo", draws=461, seed=0
    ).exact


def test_the_seed_of_all_draws_does_not_matter() -> None:
    data = simulate(5, np.random.default_rng(6), slope=0.03)
    first, second = (bootstrap_groups(CAREFUL, data, "language", "mpo", draws=126, seed=seed) for seed in (1, 2))
    assert first == second
    many = bootstrap_groups(CAREFUL, data, "language", "mpo", draws=125, seed=1)
    assert first != many


@pytest.mark.slow
def test_type_one_error() -> None:
    """With no relation, p <= .05 comes in .05 +- .02 of the runs.

    For Satterthwaite's t where the model holds; for the permutation also where it does not, because languages
    differ in arousal apart from valence. There Satterthwaite's t errs too often.
    """
    rng = np.random.default_rng(20)
    runs = 600
    holds, fails, permuted = 0, 0, 0
    for run in range(runs):
        holds += mixed_model(CAREFUL, simulate(8, rng)).coefficients.loc["mpo", "p"] <= 0.05
        data = simulate(8, rng, interaction=1.0)
        fails += mixed_model(CAREFUL, data).coefficients.loc["mpo", "p"] <= 0.05
        permuted += permute_groups(CAREFUL, data, "language", "mpo", "mpo", draws=59, seed=run) <= 0.05
    assert holds / runs == pytest.approx(0.05, abs=0.02)
    assert permuted / runs == pytest.approx(0.05, abs=0.02)
    assert fails / runs > 0.07
