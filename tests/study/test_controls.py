"""Controls: a model and its control, run the other way round, must give the same figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from interlingua.errors import ModelError
from interlingua.run.folder import read_tables
from interlingua.run.plan import make_plan
from interlingua.run.run import run
from interlingua.run.study import load_study

FIGURES = ["layer", "corrected_fe", "p_fe", "highest_degree", "units_in_all", "same_sign", "r_top"]


@pytest.fixture(scope="module")
def reversed_run(small: Any, minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the small study with the untrained model as its own, and the trained one as the control."""
    changes = {"models": [f"untrained:{minilm}"], "scrutiny.controls": ["untrained", str(minilm)]}
    study = load_study(small.file, overrides=changes)
    output = tmp_path_factory.mktemp("reversed") / "results"
    return run(study, output=output, workers=1, cache_dir=small.cache, show_progress=False)


def test_controls_are_what_they_are_as_a_study_s_own_models(small: Any, reversed_run: Path) -> None:
    ours, theirs = read_tables(small.results), read_tables(reversed_run)
    assert ours["controls"]["kind"].unique().tolist() == ["untrained"]
    assert theirs["controls"]["kind"].unique().tolist() == ["other"]
    keys = ["variable", "method"]
    one = ours["controls"].set_index(keys)
    other = theirs["controls"].set_index(keys)
    assert set(one.index) == {("valence", "correlation"), ("length", "correlation")} == set(other.index)
    for name in FIGURES:
        as_control = other[f"control_{name}"].rename(name)
        pd.testing.assert_series_equal(one[name].sort_index(), as_control.sort_index())
        as_control = one[f"control_{name}"].rename(name)
        pd.testing.assert_series_equal(other[name].sort_index(), as_control.sort_index())
    assert not one["control_r_top"].equals(one["r_top"])


def test_controls_stay_out_of_the_study_s_own_tables(small: Any, minilm: Path) -> None:
    tables = read_tables(small.results)
    for name, table in tables.items():
        if "model" in table and name != "controls":
            assert not table["model"].str.startswith("untrained:").any(), name
    record = json.loads((small.results / "run.json").read_text(encoding="utf-8"))
    assert [model["control"] for model in record["models"]] == [False, True]
    assert record["models"][1]["spec"] == f"untrained:{minilm}"
    of_control = {job["language"] for job in record["activations"] if job["model"].startswith("untrained:")}
    assert of_control == {"en", "es", "fr"}  # not the unseen one


def test_the_report_sets_the_control_beside_the_model(small: Any) -> None:
    controls = read_tables(small.results)["controls"]
    row = controls[controls["variable"] == "valence"].iloc[0]
    html = (small.results / "report.html").read_text(encoding="utf-8")
    assert f"the same model with random weights shares {row['control_corrected_fe']:.2f} times" in html


def test_the_plan_counts_controls(small: Any) -> None:
    roles = [row["role"] for row in make_plan(load_study(small.file)).rows]
    assert roles.count("control") == 3
    without = make_plan(load_study(small.file, overrides={"scrutiny.controls": []}))
    assert {row["role"] for row in without.rows} == {"seen", "unseen"}


def test_a_control_that_does_not_exist_says_so_at_once(small: Any, tmp_path: Path) -> None:
    study = load_study(small.file, overrides={"scrutiny.controls": ["builtin:e5-smal"]})
    with pytest.raises(ModelError, match="no built-in model 'builtin:e5-smal'"):
        run(study, output=tmp_path / "out", cache_dir=tmp_path / "cache")
