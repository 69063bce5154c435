"""Models beside their controls: how the tables meet, and what is told."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from interlingua.questions.controls import CONTROLS, QUESTION, show
from interlingua.questions.controls.compute import beside_controls
from interlingua.questions.question import Asked
from interlingua.report.results import Results

PERMUTED = {"corrected_fe": 3.0, "p_fe": 0.01, "highest_degree": 3, "same_sign": 0.9}
OWN = {"corrected_fe": 99.0, "p_fe": 0.99, "highest_degree": 3, "same_sign": 0.9}


def tables(model: str, layer: int, share: float, r_top: float) -> dict[str, pd.DataFrame]:
    where = {"model": model, "variable": "valence", "method": "ridge", "layer": layer}
    nulls = [
        {**where, "null": null, **figures, "corrected_fe": share * figures["corrected_fe"]}
        for null, figures in (("permuted", PERMUTED), ("own codes", OWN))
    ]
    counts = [{**where, "n_languages": d, "observed": n} for d, n in enumerate((9, 5, 2), 1)]
    pairs = [
        {**where, "language_a": a, "language_b": b, "fe": share * fe}
        for a, b, fe in (("en", "es", 3.0), ("en", "fr", 4.0), ("es", "fr", 5.0))
    ]
    return {
        "null": pd.DataFrame(nulls),
        "degrees": pd.DataFrame(counts),
        "pairs": pd.DataFrame(pairs),
        "top_units": pd.DataFrame([{**where, "r_top": r_top}]),
    }


def test_the_function_takes_what_the_step_gives() -> None:
    [step] = QUESTION.steps
    module, _, name = step.function.partition(":")
    takes = inspect.signature(getattr(import_module(module), name)).parameters
    assert {*step.inputs, *step.keys, "seed"} == set(takes)
    assert {read.part for name, read in step.inputs.items() if name.startswith("control_")} == {"controls"}


def test_models_and_controls_are_compared_by_permuted_ratings() -> None:
    own, other = tables("model", 7, 1.0, 0.6), tables("untrained:model", 0, 0.4, 0.1)
    beside = {f"control_{name}": table for name, table in other.items()}
    found = beside_controls(**own, **beside, draws=20, seed=0)["controls"]
    row = CONTROLS.check(found).iloc[0]
    assert len(found) == 1
    assert (row["control"], row["kind"], row["layer"], row["control_layer"]) == ("untrained:model", "untrained", 7, 0)
    assert (row["corrected_fe"], row["p_fe"]) == (3.0, 0.01)
    assert (row["control_corrected_fe"], row["fe_ratio"]) == pytest.approx((1.2, 2.5))
    assert (row["r_top"], row["control_r_top"]) == (0.6, 0.1)


ROW: dict[str, Any] = {
    "model": "model",
    "variable": "valence",
    "method": "ridge",
    "control": "untrained:model",
    "kind": "untrained",
    "corrected_fe": 3.0,
    "control_corrected_fe": 1.2,
    "control_p_fe": 0.2,
    "units_in_all": 4,
    "control_units_in_all": 1,
    "fe_ratio": 2.5,
    "fe_ratio_low": 1.5,
    "fe_ratio_high": 3.5,
}


def results(**changes: Any) -> Results:
    study = {"units": {"headline": "ridge"}}
    return Results(Path("nowhere"), {}, study, {}, {"controls": pd.DataFrame([{**ROW, **changes}])})


def test_a_control_is_told_by_its_interval() -> None:
    [row] = show.glance(results(), "model", "valence")
    assert row == (
        "Is it learnt?",
        "The same analysis of the same model with random weights; languages are resampled",
        "Yes: 1.20 times as many shared units as on permuted ratings there, 3.00 times here",
        "2.50 times as many (95 % interval 1.50 to 3.50); units in all languages: 1 there, 4 here",
    )
    [row] = show.glance(results(fe_ratio_low=0.9, control="builtin:minilm-en", kind="other"), "model", "valence")
    assert row.question == "Is it more than minilm-en has?"
    assert row.answer.startswith("Not shown: ")
    [finding] = show.section(results()).findings
    assert finding == (
        "model · valence: the same model with random weights shares 1.20 times what permuted ratings give (p = .2000), "
        "the model itself 3.00 times what permuted ratings give; units in all languages: 1 and 4."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"control_corrected_fe": 0.0, "fe_ratio": None, "fe_ratio_low": None, "fe_ratio_high": None},
        {"corrected_fe": None, "fe_ratio": None, "fe_ratio_low": None, "fe_ratio_high": None},
        {"corrected_fe": 0.0, "fe_ratio": 0.0, "fe_ratio_low": None, "fe_ratio_high": None},
    ],
)
def test_where_nothing_is_shared_no_number_is_missing(changes: dict[str, Any]) -> None:
    found = results(**{name: float("nan") if value is None else value for name, value in changes.items()})
    [row] = show.glance(found, "model", "valence")
    assert not row.answer.startswith("Yes")
    assert not any("nan" in text for text in (*row, *show.section(found).findings))


def test_a_study_without_controls_is_told_why() -> None:
    def reason(
        controls: bool = False, named: Any = ("untrained",), permutations: int = 200, nulls: Any = ("permuted",)
    ) -> str:
        units = SimpleNamespace(permutations=permutations, nulls=nulls)
        study: Any = SimpleNamespace(scrutiny=SimpleNamespace(controls=named), units=units)
        return QUESTION.asked(Asked(study, {}, {}, controls))

    assert reason(controls=True) == ""
    assert "scrutiny.controls" in reason(named=())
    assert "draws none" in reason(permutations=0)
    assert "draws none" in reason(nulls=("own codes",))
    assert "can be repeated" in reason()
