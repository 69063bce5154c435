"""Models beside their controls: how the tables meet, and what is told for each outcome."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from interlingua.questions.controls import CONTROLS, QUESTION, SUMMARY, show
from interlingua.questions.controls.compute import beside_controls
from interlingua.questions.question import Asked
from interlingua.report.results import Results
from interlingua.study.controls import DRAWS, OTHERS

PERMUTED = {"null_fe": 1.0, "corrected_fe": 4.0, "p_fe": 0.01, "highest_degree": 3, "same_sign": 0.9}
OWN = {**PERMUTED, "corrected_fe": 99.0, "p_fe": 0.99}


def tables(model: str, layer: int, share: float, r_top: float) -> dict[str, pd.DataFrame]:
    where = {"model": model, "site": "resid", "variable": "valence", "method": "ridge", "layer": layer}
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


def test_all_parts_of_the_graph_are_read() -> None:
    for step in QUESTION.steps:
        parts = {key: read.part for key, read in step.inputs.items() if read.part}
        assert set(parts.values()) == {DRAWS, OTHERS}
        assert all(key.startswith(f"{part}_") for key, part in parts.items())


def test_models_and_controls_are_compared_by_permuted_ratings() -> None:
    own, draw, other = tables("model", 7, 1.0, 0.6), tables("untrained:model", 0, 0.4, 0.1), tables("mono", 2, 0.5, 0.2)
    parts = {f"untrained_{name}": table for name, table in draw.items()}
    parts |= {f"controls_{name}": table for name, table in other.items()}
    same = {}
    for name in ("null", "degrees", "pairs"):
        table = draw[name].assign(beside="model", layer=7, r_top=0.05)
        same[f"same_{name}"] = table[table["null"] == "permuted"] if name == "null" else table
    found = beside_controls(
        **own, **same, **parts, site="resid", sentences=8, untrained_sentences=1, control_sentences=None
    )
    assert found["controls"] is not None
    assert found["controls_summary"] is not None
    rows = CONTROLS.check(found["controls"]).set_index(["control", "at"])
    assert list(rows.index) == [("untrained:model", "chosen"), ("mono", "chosen"), ("untrained:model", "same")]
    row = rows.loc[("untrained:model", "chosen")]
    assert (row["kind"], row["layer"], row["control_layer"]) == ("untrained", 7, 0)
    assert (row["corrected_fe"], row["p_fe"]) == (4.0, 0.01)
    assert (row["control_corrected_fe"], row["fe_ratio"]) == pytest.approx((1.6, 2.5))
    assert (row["r_top"], row["control_r_top"]) == (0.6, 0.1)
    assert rows.loc[("untrained:model", "same"), "control_layer"] == 7
    summary = SUMMARY.check(found["controls_summary"]).set_index(["control", "at"])
    assert summary["sentences"].tolist() == [1, 8, 1]


def test_a_study_whose_controls_left_nothing_has_no_rows() -> None:
    nothing = {name: table.iloc[:0] for name, table in tables("other", 0, 1.0, 0.0).items()}
    same = {f"same_{name}": nothing[name].assign(beside="") for name in ("null", "degrees", "pairs")}
    parts = {f"{part}_{name}": table for part in ("untrained", "controls") for name, table in nothing.items()}
    options: dict[str, Any] = {"sentences": 8, "untrained_sentences": 1, "control_sentences": 2}
    found = beside_controls(**tables("model", 7, 1.0, 0.6), **same, **parts, site="resid", **options)
    assert found == {"controls": None, "controls_summary": None}


ROW: dict[str, Any] = {
    "model": "model",
    "site": "resid",
    "variable": "valence",
    "method": "ridge",
    "layer": 7,
    "control": "untrained:model",
    "kind": "untrained",
    "at": "chosen",
    "draws": 5,
    "sentences": 1,
    "n_languages": 8,
    "corrected_fe": 3.0,
    "control_corrected_fe": 1.2,
    "control_lowest_fe": 1.1,
    "control_highest_fe": 1.3,
    "p_fe": 0.005,
    "control_p_below_05": 2,
    "units_in_all": 4,
    "control_units_in_all": 0.4,
    "same_sign": 1.0,
    "control_same_sign": 0.5,
    "fe_ratio": 2.5,
    "fe_ratio_low": 1.5,
    "fe_ratio_high": 3.5,
    "r_top": 0.8,
    "control_r_top": 0.1,
}
SAME_ROW = {**ROW, "at": "same", "fe_ratio": 2.2, "fe_ratio_low": 1.2, "fe_ratio_high": 3.2}


def results(same: dict[str, Any] | None = None, **changes: Any) -> Results:
    study = {"units": {"headline": "ridge"}}
    rows = [
        {**ROW, **changes},
        {**SAME_ROW, **{k: v for k, v in changes.items() if k in ("control", "kind", "draws")}, **(same or {})},
    ]
    return Results(Path("nowhere"), {}, study, {}, {"controls_summary": pd.DataFrame(rows)})


def test_a_control_is_told_by_its_intervals() -> None:
    [row] = show.glance(results(), "model", "valence")
    assert row == (
        "Is it learnt?",
        "The same analysis of the same model with random weights (5 draws of them, 1 sentence a word); each language "
        "is left out in turn",
        "Yes: 1.20 times as many shared units as on permuted ratings there (mean of 5 draws, 1.10 to 1.30), 3.00 times "
        "here; what random weights encode of the rating is less, too (r of their top units 0.10, here 0.80)",
        "2.50 times as many (95 % interval 1.50 to 3.50); at the same layer: 2.20 times as many (95 % interval 1.20 to "
        "3.20); units in all languages: 0.4 there, 4 here; p < .05 in 2 of 5 draws at a layer of their own, 2 of 5 "
        "at the same "
        "layer",
    )
    [finding] = show.section(results()).findings
    assert finding.startswith(
        "model · valence: the same model with random weights (5 draws of them, 1 sentence a word) shares "
    )
    assert "(2 of 5 draws have p < .05)" in finding


def test_random_weights_that_encode_as_much_are_not_said_to_encode_less() -> None:
    [row] = show.glance(results(r_top=-0.17), "model", "valence")
    assert row.answer.endswith(" 3.00 times here; r of its top units 0.10, here −0.17")


@pytest.mark.parametrize(
    ("low", "high", "same_low", "same_high", "verdict"),
    [
        (1.5, 3.5, 1.2, 3.2, "Yes: "),
        (0.9, 3.5, 1.2, 3.2, "Not shown: "),
        (1.5, 3.5, 0.9, 3.2, "Not shown: "),
        (0.5, 0.9, 0.4, 0.8, "No: "),
        (0.5, 0.9, 0.4, 1.8, "Not shown: "),
        (float("nan"), float("nan"), float("nan"), float("nan"), "Can't be told: "),
    ],
)
def test_the_answer_follows_from_the_intervals(
    low: float, high: float, same_low: float, same_high: float, verdict: str
) -> None:
    same = {"fe_ratio_low": same_low, "fe_ratio_high": same_high}
    for kind in ("untrained", "other"):
        name = "untrained:model" if kind == "untrained" else "builtin:minilm-en"
        found = results(same, fe_ratio_low=low, fe_ratio_high=high, kind=kind, control=name, draws=1)
        [row] = show.glance(found, "model", "valence")
        assert row.answer.startswith(verdict)
        assert row.question == ("Is it learnt?" if kind == "untrained" else "Is it more than minilm-en has?")


def test_two_languages_are_told_to_give_no_interval() -> None:
    none = {"fe_ratio_low": float("nan"), "fe_ratio_high": float("nan"), "n_languages": 2}
    [row] = show.glance(results(none, **none), "model", "valence")
    assert "2.50 times as many (no interval: two languages give none)" in row.sure


@pytest.mark.parametrize(
    "changes",
    [
        {"control_corrected_fe": 0.0, "fe_ratio": None, "fe_ratio_low": None, "fe_ratio_high": None},
        {"corrected_fe": None, "fe_ratio": None, "fe_ratio_low": None, "fe_ratio_high": None},
        {"corrected_fe": 0.0, "fe_ratio": 0.0, "fe_ratio_low": None, "fe_ratio_high": None, "r_top": None},
    ],
)
def test_where_nothing_is_shared_no_number_is_missing(changes: dict[str, Any]) -> None:
    empty = {name: float("nan") if value is None else value for name, value in changes.items()}
    found = results(empty, **empty)
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
    assert "units of one's own have none" in reason()
