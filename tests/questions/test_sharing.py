"""What languages share: the tables of every step, what is left out, and what is told of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from interlingua.flow.outputs import Output
from interlingua.flow.step import Step
from interlingua.models import Activations
from interlingua.probes import Design
from interlingua.probes.subsets import SubsetRidge
from interlingua.questions.order import tables as declared_tables
from interlingua.questions.sharing import QUESTION, show, shown_main
from interlingua.questions.sharing.compute import (
    beside_again,
    beside_nulls,
    in_order,
    kept_languages,
    share,
    without_flagged,
)
from interlingua.questions.sharing.draw import choose_again, draw_ratings, draws_of, rank_drawn, rated_layer
from interlingua.questions.sharing.intersections import intersections
from interlingua.report.results import Results
from interlingua.report.style import house_style
from interlingua.report.words import Row, p_text
from interlingua.seeds import derive_seed
from interlingua.study.cell import Cell
from interlingua.study.fitting import rankings as rank
from interlingua.tables import Table
from interlingua.tables.cells import select
from interlingua.tables.layout import Layout
from interlingua.units import overlap
from interlingua.units.nulls import Code, RatedLayer, Sharing, chosen_again, null_signs

BY_CV = "elastic-net-cv"
LANGUAGES = ("en", "es", "fr")
METHODS = ("correlation", "elastic-net", "elastic-net-cv", "adam")
REPEATED = METHODS[:-1]
NULLS = ("permuted", "own codes")
#: English and Spanish have six concepts in common, which Spanish lists the other way round.
STRATA = pd.DataFrame(
    [
        {
            "model": "model",
            "site": "resid",
            "variable": "valence",
            "language": code,
            "word": f"w{number}",
            "concept": f"c{concept}",
            "stratum": "en:1 es:1",
            "block": concept,
            "place": 0,
        }
        for code, number, concept in [*(("en", i, i) for i in range(6)), *(("es", i, 5 - i) for i in range(6))]
    ]
)
CELL = Cell("model", "valence", 1, 4, Layout.even(2, 12))
OUTPUTS: dict[str, Output] = {output.name: output for step in QUESTION.steps for output in step.outputs}
DRAWS, SEED = 6, 5


def kept(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what is read of a step's values after they were written, as another step gets them."""
    found = {}
    for name, value in values.items():
        output = OUTPUTS[name]
        output.write(folder / name, output.empty() if isinstance(output, Table) and value is None else value)
        found[name] = output.read(folder / name)
    return found


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return three languages of random activations that encode a rating in the same two units of layer 1."""
    folder = tmp_path_factory.mktemp("outputs")
    inputs, tables, probes = {}, [], []
    for number, code in enumerate(LANGUAGES):
        rng = np.random.default_rng(number)
        layers = rng.normal(size=(2, 60, 12)).astype(np.float32)
        words = np.repeat(np.arange(30), 2)
        rating = rng.normal(size=30)[words]
        layers[1, :, :2] += rating[:, None].astype(np.float32)
        activations = Activations.from_arrays(list(layers), {"language": code, "model": "model"})
        frame = pd.DataFrame({"word": [f"w{word}" for word in words], "valence": rating})
        frame["split"] = np.where(words < 24, "train", "test")
        # A sparse probe, which keeps fewer units than are the top.
        weights = {("elastic-net", "layer", layer): rng.normal(size=12) * (np.arange(12) < 2) for layer in (0, 1)}
        weights |= {("elastic-net-cv", "layer", layer): rng.normal(size=12) for layer in (0, 1)}
        weights["adam", "whole", -1] = rng.normal(size=24)
        where = {"model": "model", "site": "resid", "language": code, "variable": "valence"}
        found = rank(
            activations, frame, weights, methods=METHODS, standardise="train", on_progress=lambda share: None, **where
        )
        tables.append(found["rankings"])
        of_layer = {**where, "curve": "layer", "layer": 1}
        probes.append({**of_layer, "probe": "elastic-net", "l1": 0.01, "l2": 0.1})
        probes.append({**of_layer, "probe": "elastic-net-cv", "l1": 0.003, "l2": 0.003})
        inputs[code] = (activations, frame)
    every = {"rankings": pd.concat(tables, ignore_index=True), "probes": pd.DataFrame(probes), "inputs": inputs}
    of_language = {code: kept(drawing(every, code, draw_ratings), folder) for code in LANGUAGES}
    every["ratings"] = {code: of_language[code]["null_ratings"] for code in LANGUAGES}
    drawn = {code: of_language[code] | kept(drawing(every, code, rank_drawn), folder) for code in LANGUAGES}
    every |= {"drawn": {code: drawn[code]["null_signs"] for code in LANGUAGES}}
    for name in ("null_r_top", "null_encoding"):
        every |= {name: pd.concat([drawn[code][name] for code in LANGUAGES], ignore_index=True)}
    every["r_top"] = every["null_r_top"]
    again = {code: kept(drawing(every, code, choose_again), folder)["again_signs"] for code in LANGUAGES}
    every |= {"again": again}
    every |= kept(share(every["rankings"], CELL, methods=METHODS, seed=SEED), folder)
    every |= kept(intersections(every["rankings"], CELL, methods=METHODS), folder)
    every |= kept(beside_nulls(every["rankings"], CELL, every["drawn"], every["r_top"], nulls=NULLS), folder)
    return every | kept(beside_again(every["rankings"], CELL, every["drawn"], every["again"], nulls=NULLS), folder)


def drawing(study: dict[str, Any], code: str, step: Callable[..., dict[str, Any]], **changes: Any) -> dict[str, Any]:
    activations, ratings = study["inputs"][code]
    given: dict[str, Any] = {
        "activations": activations,
        "ratings": ratings,
        "cell": CELL,
        "strata": STRATA,
        "language": code,
        "methods": METHODS,
        "draws": DRAWS,
        "standardise": "train",
        "folds": 3,
        "seed": SEED,
    }
    if step is draw_ratings:
        given["nulls"] = NULLS
    else:
        given |= {"probes": select(study["probes"], language=code), "drawn": study["ratings"][code]}
    if step is rank_drawn:
        given |= {"rankings": select(study["rankings"], language=code), "on_progress": lambda share: None}
    return step(**(given | changes))


def layer_of(study: dict[str, Any], code: str) -> RatedLayer:
    return rated_layer(*study["inputs"][code], CELL, STRATA, code, standardise="train", folds=3, seed=SEED)


@pytest.mark.parametrize("step", QUESTION.steps, ids=lambda step: step.name)
def test_functions_take_what_they_are_given(step: Step) -> None:
    module, _, name = step.function.partition(":")
    takes = inspect.signature(getattr(import_module(module), name)).parameters
    given = {*step.inputs, *step.keys} | ({"seed"} if step.seeded else set())
    assert given <= set(takes)
    assert set(takes) - given <= {*step.per, "on_progress"}


def test_every_method_is_compared_and_every_repeatable_one_beside_every_null(study: dict[str, Any]) -> None:
    assert study["pairs_summary"]["method"].tolist() == list(METHODS)
    beside = [(row.method, row.null) for row in study["null"].itertuples()]
    assert beside == [(method, null) for method in REPEATED for null in NULLS]
    assert study["top_units"]["method"].tolist() == list(REPEATED)
    assert len(study["null_degrees"]) == len(study["null_pairs"]) == 2 * len(REPEATED) * 3
    assert list(study["drawn"]["en"]) == sorted(f"{null}/{m}" for null in NULLS for m in REPEATED)
    mean = select(study["r_top"], method="correlation")["r_top"].mean()
    assert study["top_units"]["r_top"].iloc[0] == pytest.approx(mean)
    assert mean > 0.5


def test_cheap_draws_are_many(study: dict[str, Any]) -> None:
    draws = study["null"].set_index(["method", "null"])["draws"]
    assert [draws_of("correlation", asked) for asked in (6, 2000)] == [999, 2000]
    for null in NULLS:
        assert draws["correlation", null] == len(study["drawn"]["en"][f"{null}/correlation"]) == 999
        assert draws["elastic-net", null] == len(study["drawn"]["en"][f"{null}/elastic-net"]) == DRAWS


def test_every_ranking_is_repeated_on_the_same_ratings(study: dict[str, Any]) -> None:
    for null in NULLS:
        layer = layer_of(study, "es")
        ratings = study["ratings"]["es"][null][layer.words]
        for method, penalties in (("correlation", None), ("elastic-net", (0.01, 0.1)), (BY_CV, (0.003, 0.003))):
            drawn = study["drawn"]["es"][f"{null}/{method}"]
            assert drawn.dtype == np.int8
            again = null_signs(layer, ratings[:, : len(drawn)], method, 4, penalties=penalties)
            assert (drawn == again).all()
        # Other languages have other draws, and so has another null.
        assert not np.array_equal(
            study["drawn"]["en"][f"{null}/correlation"], study["drawn"]["es"][f"{null}/correlation"]
        )
    assert not np.array_equal(*(study["drawn"]["es"][f"{null}/correlation"] for null in NULLS))


def test_linked_words_take_their_ratings_together(study: dict[str, Any]) -> None:
    linked = study["null_encoding"]
    assert select(linked, null="permuted")["linked_words"].tolist() == [6, 6, 0]
    assert set(linked["n_words"]) == {24}
    # A word's place among the 24 ratings in every draw: its translation's, which Spanish lists the other way round.
    places = {code: study["ratings"][code]["permuted"].argsort(axis=0).argsort(axis=0) for code in ("en", "es")}
    assert places["en"].shape == (24, 999)
    for number in range(24):
        other = 5 - number if number < 6 else number
        r = np.corrcoef(places["en"][number], places["es"][other])[0, 1]
        assert (r > 0.9) == (number < 6), number
        assert number < 6 or abs(r) < 0.15


def test_how_draws_are_encoded_is_told_beside_the_real_ratings(study: dict[str, Any]) -> None:
    rows = study["null_encoding"].set_index(["language", "null"])
    layer = layer_of(study, "es")
    drawn = study["ratings"]["es"]["own codes"][layer.words][:, :100]
    row = rows.loc[("es", "own codes")]
    assert row["r_cv"] == pytest.approx(layer.r)
    assert row["null_r_cv"] == pytest.approx(layer.r_of(drawn).mean())
    assert row["r_short"] == pytest.approx(row["r_cv"] - row["null_r_cv"])
    first = Code(layer).share_of_first(np.column_stack([layer.ratings, drawn[::2]]))
    assert row["first_components"] == pytest.approx(first[0])
    assert row["null_first_components"] == pytest.approx(first[1:].mean())
    assert abs(rows.loc[("es", "permuted"), "null_r_cv"]) < row["null_r_cv"]


def test_pairs_are_judged_by_all_nulls(study: dict[str, Any]) -> None:
    judged = study["pairs_judged"].set_index(["method", "language_a", "language_b"])
    largest = study["null_pairs"].groupby(["method", "language_a", "language_b"])["p_bh"].max()
    assert len(judged) == len(REPEATED) * 3
    for pair, row in judged.iterrows():
        assert row["p_bh"] == largest[pair]
        assert row["shares"] == (largest[pair] < 0.05)
    counts = study["pairs_judged_summary"].set_index("method")
    assert counts["n_pairs"].tolist() == [3] * len(REPEATED)
    assert counts["n_share"].to_dict() == judged.groupby("method")["shares"].sum().to_dict()
    # With six draws no p is below .05.
    assert counts.loc["elastic-net", "n_share"] == 0


def test_a_pair_shares_more_where_every_null_says_so() -> None:
    rng = np.random.default_rng(0)
    # Of 40 units, English and Spanish have the same ten, French has others.
    first = {"en": 0, "es": 0, "fr": 10}
    rows = [
        {"language": code, "unit": unit, "index": unit, "rank": 1 + (unit - top) % 40, "score": 1.0, "sign": 1}
        for code, top in first.items()
        for unit in range(40)
    ]
    cell = Cell("model", "valence", 0, 10, Layout.even(1, 40))
    ranked = cell.stamp(pd.DataFrame(rows), method="ridge")

    def random() -> np.ndarray:
        return np.array([rng.permutation([1] * 10 + [0] * 30) for _ in range(99)], dtype=np.int8)

    same = np.array([[1] * 10 + [0] * 30] * 99, dtype=np.int8)
    r_top = pd.DataFrame({"method": ["ridge"], "r_top": [0.5]})
    for second, shares in ((random, [True, False, False]), (lambda: same, [False, False, False])):
        signs = {code: {"permuted/ridge": random(), "own codes/ridge": second()} for code in first}
        found = beside_nulls(ranked, cell, signs, r_top, nulls=NULLS)
        judged, counts = found["pairs_judged"], found["pairs_judged_summary"]
        assert judged is not None
        assert counts is not None
        assert judged["shares"].tolist() == shares
        assert counts[["n_pairs", "n_share"]].to_numpy().tolist() == [[3, sum(shares)]]


def test_penalties_chosen_again_are_set_beside_the_same_draws(study: dict[str, Any]) -> None:
    table = study["null_penalty"].set_index("null")
    assert list(table.index) == list(NULLS)
    assert set(table["method"]) == {BY_CV}
    for null in NULLS:
        anew, before = [], []
        for code in LANGUAGES:
            layer = layer_of(study, code)
            drawn = study["ratings"][code][null][layer.words][:, :DRAWS]
            anew.append(null_signs(layer, drawn, BY_CV, 4, penalties=chosen_again(layer, drawn, BY_CV)))
            before.append(null_signs(layer, drawn, BY_CV, 4, penalties=(0.003, 0.003)))
        after, kept_ = (Sharing.of(signs).mean_fe for signs in (anew, before))
        row = table.loc[null]
        assert (row["draws"], row["again_fe"], row["null_fe"]) == (
            DRAWS,
            pytest.approx(after.mean()),
            pytest.approx(kept_.mean()),
        )
        assert row["as_many"] == (kept_ >= row["mean_fe"] - 1e-12).sum()
        assert row["null_units"] == pytest.approx(np.mean([(signs != 0).sum(axis=1).mean() for signs in before]))
        assert row["again_units"] == pytest.approx(np.mean([(signs != 0).sum(axis=1).mean() for signs in anew]))
        assert row["again_as_many"] == (after >= row["mean_fe"] - 1e-12).sum()
        found = stats.ttest_rel(after, kept_).confidence_interval(0.95)
        assert (row["difference_low"], row["difference_high"]) == pytest.approx((found.low, found.high))
    without = drawing(study, "en", choose_again, methods=("correlation", "elastic-net"))
    assert without["again_signs"] == {}
    nothing = beside_again(study["rankings"], CELL, study["drawn"], {code: {} for code in LANGUAGES}, nulls=NULLS)
    assert nothing == {"null_penalty": None}


def test_seeds_of_the_overlap_and_units_without_weight(study: dict[str, Any]) -> None:
    ranked = CELL.rows(study["rankings"], method="elastic-net")
    seed = derive_seed(SEED, "degrees", "model", "valence", "elastic-net")
    degrees = select(study["degrees"], method="elastic-net").reset_index(drop=True)
    pd.testing.assert_frame_equal(degrees, overlap(ranked, 12, k=4, seed=seed).degrees)
    # The two units that the probe keeps; what else ranks high has no weight.
    seed = derive_seed(SEED, "top units", "es", "valence")
    subsets = SubsetRidge(Design(*study["inputs"]["es"], standardise="train"), "valence", 1, folds=3, seed=seed)
    top = np.arange(2)
    r_top = select(study["r_top"], language="es", method="elastic-net")["r_top"].iloc[0]
    assert r_top == pytest.approx(subsets.r_sentences(top, subsets.weights(top)))


@pytest.mark.parametrize("changes", [{"draws": 0}, {"nulls": ()}, {"methods": ("adam",)}])
def test_where_nothing_is_drawn_the_tables_have_no_rows(
    study: dict[str, Any], changes: dict[str, Any], tmp_path: Path
) -> None:
    ratings = kept(drawing(study, "en", draw_ratings, **changes), tmp_path)
    assert (ratings["null_ratings"] == {}) == ("methods" not in changes)
    changed = study | {"ratings": {"en": ratings["null_ratings"]}}
    rest = {key: value for key, value in changes.items() if key != "nulls"}
    drawn = kept(drawing(changed, "en", rank_drawn, **rest), tmp_path)
    assert drawn["null_signs"] == {}
    assert drawn["null_r_top"].empty
    beside = beside_nulls(study["rankings"], CELL, {"en": {}}, drawn["null_r_top"], nulls=NULLS)
    assert all(table.empty for table in kept(beside, tmp_path).values())


def test_the_summary_counts_the_units_of_the_highest_degree() -> None:
    tops = {"en": [0, 1, 2], "es": [0, 1, 3], "fr": [4, 2, 5]}
    rows = [
        {"language": code, "unit": 6 + unit, "index": unit, "rank": rank, "score": 7.0 - rank, "sign": 1}
        for code, top in tops.items()
        for rank, unit in enumerate([*top, *(unit for unit in range(6) if unit not in top)], 1)
    ]
    ranked = CELL.stamp(pd.DataFrame(rows), method="ridge")
    cell = replace(CELL, k=3, layout=Layout.even(2, 6))
    # Units 0 and 1 are those of English and Spanish, 2 that of English and French.
    found = share(ranked, cell, methods=["ridge"], seed=0)["sharing_summary"]
    assert found is not None
    assert found[["n_languages", "degree", "n_units"]].to_numpy().tolist() == [[3, 2, 3]]
    none = share(ranked, replace(cell, k=1), methods=["ridge"], seed=0)["sharing_summary"]
    assert none is not None
    # English and Spanish have unit 0 both.
    assert none[["n_languages", "degree", "n_units"]].to_numpy().tolist() == [[3, 2, 1]]
    apart = ranked.assign(score=ranked["score"].where(ranked["language"] != "es", 0.0))
    nothing = share(apart, replace(cell, k=1), methods=["ridge"], seed=0)["sharing_summary"]
    assert nothing is not None
    assert nothing[["degree", "n_units"]].to_numpy().tolist() == [[0, 0]]


def audited(*flags: tuple[str, str, str, bool]) -> pd.DataFrame:
    return pd.DataFrame(flags, columns=["model", "variable", "language", "flag"])


VALENCE = [("model", "valence", code) for code in LANGUAGES]
AROUSAL = [("model", "arousal", code) for code in ("en", "es")]


def test_languages_are_left_out_where_two_are_left(tmp_path: Path) -> None:
    def left(*flagged: tuple[str, str, str]) -> list[list[str]]:
        audit = audited(*((*key, key in flagged) for key in [*VALENCE, *AROUSAL]))
        table = kept(kept_languages(audit, site="resid"), tmp_path)["kept_languages"]
        return table[["variable", "languages", "kept"]].to_numpy().tolist()

    assert left() == []
    assert left(VALENCE[1]) == [["valence", "without es", "en fr"], ["arousal", "without es", "en es"]]
    # One language of arousal is not enough, but what all of them share is still told.
    assert left(VALENCE[2], AROUSAL[0]) == [["valence", "without en fr", "en es"], ["arousal", "without en fr", ""]]
    assert left(VALENCE[0], VALENCE[1], AROUSAL[0]) == []


def again(study: dict[str, Any], left: pd.DataFrame, folder: Path) -> dict[str, Any]:
    names = ("rankings", "r_top", "null")
    found = without_flagged(
        left,
        cell=CELL,
        signs=study["drawn"],
        summary=study["pairs_summary"],
        methods=METHODS,
        nulls=NULLS,
        seed=SEED,
        **{name: study[name] for name in names},
    )
    return kept(found, folder)


def test_without_the_flagged_language_the_others_are_compared_again(study: dict[str, Any], tmp_path: Path) -> None:
    left = kept_languages(audited(*((*key, key[2] == "es") for key in VALENCE)), site="resid")["kept_languages"]
    assert left is not None
    found = again(study, left, tmp_path)
    rest = study["rankings"][study["rankings"]["language"] != "es"]
    alone = share(rest, CELL, methods=METHODS, seed=SEED)
    beside = beside_nulls(rest, CELL, study["drawn"], study["r_top"], nulls=NULLS)
    beside_all = found["cell_flagged_overlap"]
    names = [name for name in beside_all.columns if name != "languages"]
    for which, expected in (("all", study["pairs_summary"]), ("without es", alone["pairs_summary"])):
        assert expected is not None
        of_which = select(beside_all, languages=which)[names].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_which, expected[names])
    pairs = alone["pairs"]
    assert pairs is not None
    pd.testing.assert_frame_equal(found["flagged_pairs"], pairs.assign(languages="without es"))
    nulls = found["cell_flagged_null"]
    names = [name for name in nulls.columns if name != "languages"]
    for which, expected in (("all", study["null"]), ("without es", beside["null"])):
        assert expected is not None
        of_which = select(nulls, languages=which)[names].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_which, expected[names])


def test_without_a_flag_nothing_is_compared_again(study: dict[str, Any], tmp_path: Path) -> None:
    found = again(study, kept({"kept_languages": None}, tmp_path)["kept_languages"], tmp_path)
    assert all(table.empty for table in found.values())
    assert all(
        table.empty
        for table in kept(in_order(found["cell_flagged_overlap"], found["cell_flagged_null"]), tmp_path).values()
    )


def test_of_a_cell_with_too_few_languages_left_only_all_are_told(study: dict[str, Any], tmp_path: Path) -> None:
    left = pd.DataFrame(
        [{"model": "model", "site": "resid", "variable": "valence", "languages": "without es fr", "kept": ""}]
    )
    found = again(study, left, tmp_path)
    assert set(found["cell_flagged_overlap"]["languages"]) == set(found["cell_flagged_null"]["languages"]) == {"all"}
    assert found["flagged_pairs"].empty


def test_rows_with_and_without_stand_below_each_other() -> None:
    rows = [("valence", "ridge", "all"), ("valence", "ridge", "without es")]
    rows += [("arousal", "ridge", "all"), ("arousal", "adam", "all"), ("arousal", "ridge", "without es")]
    frame = pd.DataFrame(rows, columns=["variable", "method", "languages"]).assign(model="model")
    found = in_order(frame, frame)["flagged_overlap"]
    assert found is not None
    assert found[["variable", "method", "languages"]].to_numpy().tolist() == [
        ["arousal", "adam", "all"],
        ["arousal", "ridge", "all"],
        ["arousal", "ridge", "without es"],
        ["valence", "ridge", "all"],
        ["valence", "ridge", "without es"],
    ]


# What is told.

WHERE = {"model": "model", "site": "resid", "variable": "valence", "method": "ridge", "layer": 1}
PAIRS = {"n_pairs": 3, "mean_overlap": 2.5, "mean_fe": 3.0, "p_below_05": 2, "p_bh_below_05": 1, "same_sign": 0.9}
SHARED = {"n_languages": 3, "degree": 3, "n_units": 2}
NULL: dict[str, Any] = {
    **WHERE,
    "null": "permuted",
    "draws": 200,
    "mean_fe": 3.0,
    "null_fe": 1.2,
    "corrected_fe": 2.5,
    "p_fe": 1 / 201,
    "same_sign": 0.9,
    "null_same_sign": 0.5,
    "p_signed_fe": 1 / 201,
    "p_shared": 1 / 201,
    "pairs_below_05": 3,
    "null_share_p05": 0.06,
}
OWN = {
    **NULL,
    "null": "own codes",
    "null_fe": 2.0,
    "corrected_fe": 1.5,
    "p_fe": 0.02,
    "p_shared": 0.02,
    "null_same_sign": 0.6,
}
OTHER = {
    **NULL,
    "null": "shuffled words",
    "null_fe": 2.4,
    "corrected_fe": 1.25,
    "p_fe": 0.04,
    "p_shared": 0.04,
    "null_same_sign": 0.7,
}
DEGREES = pd.DataFrame(
    [
        {**WHERE, "null": null, "n_languages": d, "null_mean": 1.5, "draws": 200, "as_many": many, "p_null": 0.5}
        for null, many in (("permuted", 0), ("own codes", 4))
        for d in (1, 2, 3)
    ]
)
JUDGED = pd.DataFrame([{**WHERE, "n_pairs": 3, "n_share": 2, "n_close": 1}])
ENCODING = pd.DataFrame(
    [
        {
            "model": "model",
            "site": "resid",
            "variable": "valence",
            "layer": 1,
            "language": code,
            "null": "own codes",
            "n_words": 400,
            "linked_words": 0,
            "r_cv": r,
            "null_r_cv": r - 0.01,
            "r_short": 0.01,
            "first_components": 0.8,
            "null_first_components": 0.7,
        }
        for code, r in (("es", 0.6), ("zh", 0.8))
    ]
)
PENALTY = {
    **NULL,
    "method": "elastic-net-cv",
    "draws": 20,
    "mean_fe": 1.8,
    "null_fe": 1.03,
    "again_fe": 1.05,
    "difference": 0.02,
    "difference_low": -0.01,
    "difference_high": 0.05,
    "as_many": 0,
    "again_as_many": 0,
    "null_units": 71.0,
    "again_units": 12.3,
}


def results(
    *nulls: dict[str, Any], pairs: dict[str, Any] | None = None, shared: dict[str, Any] | None = None, **more: Any
) -> Results:
    tables = {
        "pairs_summary": pd.DataFrame([{**WHERE, **PAIRS, **(pairs or {})}]),
        "sharing_summary": pd.DataFrame([{**WHERE, **SHARED, **(shared or {})}]),
        "layer_choice": pd.DataFrame(
            [{"model": "model", "site": "resid", "variable": "valence", "layer": 1, "chosen": True}]
        ),
        "languages": pd.DataFrame({"language": ["es", "zh"], "name": ["Spanish", "Chinese"]}),
        **({"null": pd.DataFrame(nulls)} if nulls else {}),
        **more,
    }
    labels = {"permuted": "permuted ratings", "own codes": "codes of their own", "ridge": "ridge (penalty by CV)"}
    declared = declared_tables()
    return Results(Path("nowhere"), declared, {"units": {"headline": "ridge", "k": 71}}, {"labels": labels}, tables)


def glanced(found: Results) -> dict[str, Row]:
    return {row.question: row for row in show.glance(found, "model", "valence")}


def test_both_nulls_are_told() -> None:
    found = results(NULL, OWN, null_degrees=DEGREES, pairs_judged_summary=JUDGED)
    assert show.claim(found, "model", "valence") == (
        "How many units are shared depends on the ranking. By ridge (penalty by CV), in layer 1 of model 2 units are "
        "in the "
        "top 71 (those that carry valence most) of all 3 languages (as many in 4 of 200 draws of codes of their own "
        "and in 0 of 200 draws of permuted "
        "ratings); pairs of languages share 2.5 units on average, 3.00 times what independent sets would "
        "(1.50 times what codes of their own give, p = .0200; 2.50 times what permuted ratings give, p = "
        ".0050; 200 draws each). Languages share more units than with codes of their own and permuted "
        "ratings, and use them in the same direction more often (signed fold enrichment: p = .0050 against codes of "
        "their own and permuted ratings)."
    )
    rows = glanced(found)
    assert rows["Do languages share its units?"][1:] == (
        "Against ratings that every language encodes as well, but each in a way of its own; and against permuted ones",
        "Yes: pairs share 1.50 times as many units as with codes of their own "
        "(2.50 times as many as on permuted ratings)",
        "of number and signs: p = .0200 against codes of their own and p = .0050 against permuted ratings, from 200 "
        "draws each; 2 of 3 pairs by "
        "themselves, corrected (1 more has a corrected p below .1)",
    )
    assert rows["Do they use them in the same direction?"][1:] == (
        "Signed fold enrichment (units shared with the same sign less those with opposite ones, over expected), "
        "against the "
        "same two",
        "Yes: 90 % of the shared units have the same sign (60 % with codes of their own, 50 % on permuted ratings)",
        "of the signed fold enrichment: p = .0050 against codes of their own and permuted ratings, from 200 draws "
        "each, the "
        "least that so many can give",
    )
    [finding] = show.section(found).findings
    assert finding.startswith(
        "model · valence, ridge (penalty by CV): mean fold enrichment 3.00; 2 of 3 pairs share more than under each "
        "null, corrected (1 more has a corrected p below .1) (1 by the paper's super exact test, which rejects too "
        "often); 90 % of the shared units "
        "have the "
        "same sign. Codes of their own: fold enrichment 2.00 (p = .0200); permuted ratings: 1.20 (p = .0050). "
        "Languages "
        "share more units than with codes of their own and permuted ratings, and"
    )


def test_nulls_that_nobody_named_before_are_named() -> None:
    """The chapter on sharing names them beside rho-bar, where that can be told."""
    place = {"model": "model", "variable": "valence"}
    for rho, these in ((0.5, "these"), (np.nan, "with codes of their own and permuted ratings")):
        similarity = pd.DataFrame([{**place, "site": "resid", "words": "all", "chosen": True, "rho": rho}])
        more = {"similarity": similarity, "similarity_null": pd.DataFrame([{**place, "site": "resid"}])}
        found = results(NULL, OWN, **more)
        told = shown_main.brief(found, place, "shared")
        assert told is not None
        assert told.text.startswith(f"Pairs share 1.50 and 2.50 times as many top units as {these}")


NO = {"count": {"p_fe": 0.2}, "signs": {"p_signed_fe": 0.3}}
P = "against codes of their own and permuted ratings)"
COMMON = "codes of their own in dimensions that languages have in common would do that, too."
#: What each of the two nulls does not reject, and the sentence that follows.
OUTCOMES = [
    ((), (), f"Languages share more units than with both, and use them in the same direction more often (p {P}."),
    ((), ("own",), "More units are in common than with both, but that they have the same sign more often than with "
     f"codes of their own is not shown (p {P}: {COMMON}"),
    ((), ("own", "permuted"), "More units are in common than with both, but that they have the same sign more often "
     f"than with both is not shown (p {P}: {COMMON}"),
    (("own",), (), "That languages share more units than with codes of their own is not shown; but those that "
     "they share "
     f"have the same sign more often than with both (p {P}, so something is shared."),
    (("permuted",), (), "That languages share more units than with permuted ratings is not shown; but those that they "
     f"share have the same sign more often than with both (p {P}, so something is shared."),
    (("own", "permuted"), (), "That languages share more units than with both is not shown; but those that they share "
     f"have the same sign more often than with both (p {P}, so something is shared."),
    (("own",), ("own",), "That languages share units is not shown: neither that they share more than with codes "
     "of their "
     f"own, nor that shared ones have the same sign more often than with codes of their own (p {P}."),
    (("own", "permuted"), ("permuted",), "That languages share units is not shown: neither that they share more "
     "than with "
     f"both, nor that shared ones have the same sign more often than with permuted ratings (p {P}."),
]  # fmt: skip


@pytest.mark.parametrize(("count", "signs", "sentence"), OUTCOMES)
def test_every_outcome_of_the_two_tests_has_its_sentence(
    count: tuple[str, ...], signs: tuple[str, ...], sentence: str
) -> None:
    def tested(name: str, row: dict[str, Any]) -> dict[str, Any]:
        kept = {**(NO["count"] if name in count else {}), **(NO["signs"] if name in signs else {})}
        both = row | kept
        return both | {"p_shared": max(both["p_fe"], both["p_signed_fe"])}

    own, permuted = tested("own", OWN), tested("permuted", NULL)
    found = results(permuted, own)
    p = [".3000" if row["p_signed_fe"] == 0.3 else ".0050" for row in (own, permuted)]
    expected = sentence.replace("both", "codes of their own and permuted ratings")
    each = f"p = {p[0]} against codes of their own and p = {p[1]} against permuted ratings)"
    same = f"p = {p[0]} {P}"
    expected = expected.replace(f"(p {P}", f"(signed fold enrichment: {same if p[0] == p[1] else each}")
    claim = show.claim(found, "model", "valence")
    assert claim.endswith(expected)
    assert expected.removesuffix(".") in show.section(found).findings[0]
    told = glanced(found)
    shares, same = (told[f"Do {question}?"].answer for question in QUESTIONS)
    if not count and not signs:
        assert shares.startswith("Yes: ")
    elif not count:
        assert shares.startswith("Not shown: by their number it is, but not by their signs (next row): ")
    elif not signs:
        assert shares.startswith("Not shown by their number, but by their signs (next row): ")
    else:
        assert shares.startswith("Not shown: ")
    assert same.startswith("Not shown: " if signs else "Yes: ")
    # Each p stands in the row: a reader sees which null was not rejected, by number or signs.
    sure = told[f"Do {QUESTIONS[0]}?"].sure
    for row in (own, permuted):
        assert f"p {p_text(row['p_shared'])}" in sure


QUESTIONS = ("languages share its units", "they use them in the same direction")


@pytest.mark.parametrize("which", ["permuted", "own codes", "shuffled words"])
def test_every_null_must_be_rejected(which: str) -> None:
    rows = [
        {**row, **({"p_fe": 0.2, "p_signed_fe": 0.3, "p_shared": 0.3} if row["null"] == which else {})}
        for row in (NULL, OWN, OTHER)
    ]
    told = glanced(results(*rows))
    assert told["Do languages share its units?"].answer.startswith("Not shown: ")
    assert told["Do they use them in the same direction?"].answer.startswith("Not shown: ")


def test_a_unit_of_two_languages_is_told_by_the_pairs() -> None:
    found = results(NULL, OWN, null_degrees=DEGREES, shared={"degree": 2})
    assert "of 2 of 3 languages; pairs" in show.claim(found, "model", "valence")
    both = results(NULL, OWN, null_degrees=DEGREES, shared={"degree": 2, "n_languages": 2})
    assert "of both languages; pairs" in show.claim(both, "model", "valence")


def test_degrees_are_shown_from_three_languages_on_and_no_enrichment_beyond_two() -> None:
    degrees = DEGREES[[*WHERE, "n_languages"]].drop_duplicates()
    degrees = degrees.assign(observed=[9, 5, 2], expected=[8.0, 4.0, 0.1], p=[1.0, 1.0, 0.01])
    sets = pd.DataFrame([{**WHERE, "languages": "en es fr", "degree": 3, "observed": 2, "expected": 0.1, "fe": 20.0}])
    sets = sets.assign(p=0.01, n_subsets=1, p_bonferroni=0.01, units="1 2")
    found = results(NULL, OWN, null_degrees=DEGREES, degrees=degrees, highest_degree=sets)
    shown = {table.table: table for table in show.section(found).tables}
    for name in ("null_degrees", "degrees"):
        assert set(shown[name].frame["n_languages"]) == {3}
    assert "as_many draws" in shown["null_degrees"].columns
    assert not {"fe", "expected"} & set(shown["highest_degree"].columns.split())


def test_where_draws_lie_is_told_as_it_is() -> None:
    *_, told = show.section(results(NULL, OWN, null_encoding=ENCODING)).findings
    assert told == (
        "model · valence: no word is linked to its translations, so ratings are permuted in each language by itself. "
        "Were meaningless ratings alike for translations, that would pass for sharing. Codes of their own are "
        "encoded as "
        "well as the real ratings (cross-validated r 0.59 to 0.79, really 0.60 to 0.80), with 70 % of "
        "their variance in the layer's first five principal components, really 80 %."
    )
    short = ENCODING.assign(r_short=[0.01, 0.1], null_r_cv=[0.59, 0.7], linked_words=[100, 250])
    *_, told = show.section(results(NULL, OWN, null_encoding=short)).findings
    assert "100 to 250 of 400 training words a language are permuted together with their translations. Codes" in told
    assert "are encoded less well in Chinese than the real ratings" in told
    better = short.assign(r_short=[-0.05, 0.1])
    *_, told = show.section(results(NULL, OWN, null_encoding=better)).findings
    assert "are encoded less well in Chinese and better in Spanish than the real ratings" in told
    *_, told = show.section(results(NULL, null_encoding=short.assign(null="permuted"))).findings
    assert told.endswith("together with their translations.")


def test_what_choosing_penalties_again_changes_is_told() -> None:
    *_, told = show.section(results(NULL, OWN, null_penalty=pd.DataFrame([PENALTY]))).findings
    assert told == (
        "model · valence, elastic-net-cv, permuted ratings: chosen again in each of 20 draws, penalties give a "
        "mean fold enrichment of 1.05, kept as they are 1.03 (difference 0.02, 95 % interval −0.01 to 0.05), of 12.3 "
        "units a language instead of 71.0; as much as on real ratings is in 0 of these draws instead of 0, so the "
        "answer stays."
    )
    more = PENALTY | {"again_as_many": 3}
    *_, told = show.section(results(NULL, OWN, null_penalty=pd.DataFrame([more]))).findings
    assert told.endswith("as much as on real ratings is in 3 of these draws instead of 0, so keeping them matters.")


def test_pairs_without_draws_are_told_by_the_paper_s_test_by_its_name() -> None:
    [finding] = show.section(results()).findings
    assert "by the paper's super exact test, which rejects too often, p < .05 in 2 of 3 pairs, 1 after" in finding


def test_a_third_null_is_told_by_its_label() -> None:
    found = results(NULL, OWN, OTHER)
    shared = glanced(found)["Do languages share its units?"]
    assert shared.test.endswith("of its own; against shuffled words; and against permuted ones")
    assert "1.25 times as many as with shuffled words, 2.50 times as many as on permuted ratings" in shared.answer
    assert "p = .0400 against shuffled words" in shared.sure
    assert "1.25 times what shuffled words give, p = .0400" in show.claim(found, "model", "valence")
    assert "; shuffled words: 2.40 (p = .0400)" in show.section(found).findings[0]


def test_one_null_is_told_alone() -> None:
    found = results(NULL)
    claim = show.claim(found, "model", "valence")
    assert "(2.50 times what permuted ratings give, p = .0050 from 200 draws). Languages share more units than" in claim
    assert claim.endswith(
        "use them in the same direction more often (signed fold enrichment: p = .0050 against permuted ratings)."
    )
    shared = glanced(found)["Do languages share its units?"]
    assert shared.test == "Against permuted ratings"
    assert shared.answer == "Yes: pairs share 2.50 times as many units as on permuted ratings"


def test_without_draws_the_uniform_null_is_told() -> None:
    found = results()
    assert show.claim(found, "model", "valence").endswith("3.00 times what independent sets would.")
    [row] = show.glance(found, "model", "valence")
    assert "null is too easy" in row.test
    assert row.answer == "3.00 times as many units as independent sets would"


def test_where_nothing_is_shared_no_number_is_missing() -> None:
    nan = float("nan")
    none = {"mean_fe": 0.0, "same_sign": nan, "null_same_sign": nan, "p_fe": 1.0, "p_signed_fe": 1.0, "p_shared": 1.0}
    nulls = [{**NULL, **none, "null_fe": 0.0, "corrected_fe": nan}, {**OWN, **none, "corrected_fe": 0.0}]
    empty = {"degree": 0, "n_units": 0}
    found = results(*nulls, pairs={"mean_fe": nan, "mean_overlap": 0.0, "same_sign": nan}, shared=empty)
    claim = show.claim(found, "model", "valence")
    assert "no unit is in the top 71 (those that carry valence most) of two or more languages" in claim
    assert "permuted ratings share none" in claim
    [row] = show.glance(found, "model", "valence")
    assert row.answer.endswith("0.00 times as many units as with codes of their own (none, as on permuted ratings)")
    some = glanced(results({**NULL, "null_fe": 0.0, "corrected_fe": nan}))["Do languages share its units?"]
    assert some.answer == "Yes: pairs share some, but none on permuted ratings"
    alone = results(pairs={"mean_fe": nan, "same_sign": nan}, shared=empty)
    for told in (found, alone):
        texts = [*show.section(told).findings, show.claim(told, "model", "valence")]
        texts += [text for row in show.glance(told, "model", "valence") for text in row]
        assert not any("nan" in text for text in texts)


def test_without_the_flagged_languages_it_is_told_again() -> None:
    overlap = pd.DataFrame(
        [{**WHERE, **PAIRS, "languages": "all"}, {**WHERE, **PAIRS, "mean_fe": 4.0, "languages": "without es zh"}]
    )
    nulls = pd.DataFrame(
        [
            {**row, "languages": which, "p_fe": p / 2, "p_shared": p}
            for which, p in (("all", 0.2), ("without es zh", 0.01))
            for row in (NULL, OWN)
        ]
    )
    found = results(NULL, OWN, flagged_overlap=overlap, flagged_null=nulls)
    row = glanced(found)["And without Spanish and Chinese?"]
    assert (
        row.answer == "Yes: 1.50 times as many as with codes of their own (2.50 times as many as on permuted ratings)"
    )
    assert row.sure == "of number and signs: p = .0100 against codes of their own, = .0100 on permuted ratings"
    told = glanced(results(NULL, OWN, flagged_overlap=overlap))["And without Spanish and Chinese?"]
    assert told.answer == "4.00 times as many units as independent sets would"
    shown = [table.table for table in show.section(found).tables]
    assert shown == ["null", "null", "flagged_overlap", "flagged_null"]


def test_figures_are_drawn_for_more_rankings_than_colours(study: dict[str, Any]) -> None:
    from matplotlib import pyplot as plt

    names = ("overlap", "pairs", "intersections", "set_sizes")
    degrees = pd.concat([select(study["degrees"], method="correlation").assign(method=f"m{i}") for i in range(9)])
    found = results()
    of_ridge = {name: study[name].replace({"method": {"correlation": "ridge"}}) for name in names}
    found._read.update(of_ridge, degrees=degrees)
    found._read["languages"] = pd.DataFrame({"language": LANGUAGES, "name": LANGUAGES})
    with house_style():
        for draw_figure in show.FIGURES.values():
            drawn = draw_figure(found)
            assert drawn is not None
            assert "nan" not in drawn[1]
            plt.close(drawn[0])
    found._read["intersections"] = found.table("intersections").assign(n_languages=1)
    assert show.FIGURES["intersections"](found) is None
