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


def run_again(small: Any, folder: Path, **changes: Any) -> Path:
    study = load_study(small.file, overrides={name.replace("__", "."): value for name, value in changes.items()})
    return run(study, output=folder / "results", workers=1, cache_dir=small.cache, show_progress=False)


@pytest.fixture(scope="module")
def all_sentences(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the small study with a control that reads as many sentences as its model."""
    folder = tmp_path_factory.mktemp("all")
    return run_again(small, folder, scrutiny__untrained_draws=1, scrutiny__untrained_sentences=2)


@pytest.fixture(scope="module")
def reversed_run(small: Any, minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the small study with the untrained model as its own, and the trained one as the control."""
    folder = tmp_path_factory.mktemp("reversed")
    return run_again(small, folder, models=[f"untrained:{minilm}"], scrutiny__controls=["untrained", str(minilm)])


def test_controls_are_what_they_are_as_a_study_s_own_models(
    small: Any, all_sentences: Path, reversed_run: Path
) -> None:
    ours, theirs = read_tables(all_sentences), read_tables(reversed_run)
    assert ours["controls"]["kind"].unique().tolist() == ["untrained"]
    assert theirs["controls"]["kind"].unique().tolist() == ["other"]
    keys = ["variable", "method"]
    one, other = (tables["controls"].query("at == 'chosen'").set_index(keys) for tables in (ours, theirs))
    assert set(one.index) == {("valence", "correlation"), ("length", "correlation")} == set(other.index)
    for name in FIGURES:
        as_control = other[f"control_{name}"].rename(name)
        pd.testing.assert_series_equal(one[name].sort_index(), as_control.sort_index())
        as_control = one[f"control_{name}"].rename(name)
        pd.testing.assert_series_equal(other[name].sort_index(), as_control.sort_index())
    assert not one["control_r_top"].equals(one["r_top"])


def test_at_the_same_layer_a_control_is_what_its_layer_gives(all_sentences: Path, reversed_run: Path) -> None:
    """Where the control chooses the layer of the model anyway, both rows say the same of what is observed."""
    for tables in (read_tables(all_sentences), read_tables(reversed_run)):
        rows = tables["controls"].set_index(["variable", "at"])
        for variable in ("valence", "length"):
            chosen, same = rows.loc[(variable, "chosen")], rows.loc[(variable, "same")]
            assert same["control_layer"] == same["layer"]  # models of as many layers
            if chosen["control_layer"] == same["control_layer"]:
                for name in ("control_units_in_all", "control_same_sign", "control_highest_degree"):
                    assert chosen[name] == same[name]
                assert chosen["control_corrected_fe"] == pytest.approx(same["control_corrected_fe"], rel=0.2)


def test_draws_of_random_weights_read_one_sentence_and_differ(small: Any, minilm: Path) -> None:
    tables = read_tables(small.results)
    rows = tables["controls"].query("at == 'chosen' and variable == 'valence'")
    assert rows["control"].tolist() == ["untrained:model", "untrained-1:model"]
    assert rows["control_r_top"].nunique() == 2
    summary = tables["controls_summary"].query("at == 'chosen' and variable == 'valence'").iloc[0]
    assert (summary["control"], summary["draws"], summary["sentences"]) == ("untrained:model", 2, 1)
    assert summary["control_corrected_fe"] == pytest.approx(rows["control_corrected_fe"].mean())
    record = json.loads((small.results / "run.json").read_text(encoding="utf-8"))
    read = {(job["model"], job["language"]): job["sentences"] for job in record["activations"]}
    assert read["untrained:model", "en"] == read["untrained-1:model", "en"] == 40
    assert read["model", "en"] == 80


def test_controls_stay_out_of_the_study_s_own_tables(small: Any, minilm: Path) -> None:
    tables = read_tables(small.results)
    for name, table in tables.items():
        if "model" in table and name != "controls":
            assert not table["model"].str.startswith("untrained").any(), name
    record = json.loads((small.results / "run.json").read_text(encoding="utf-8"))
    assert [model["control"] for model in record["models"]] == [False, True, True]
    assert [model["spec"] for model in record["models"][1:]] == [f"untrained:{minilm}", f"untrained-1:{minilm}"]
    of_control = {job["language"] for job in record["activations"] if job["model"].startswith("untrained")}
    assert of_control == {"en", "es", "fr"}  # not the unseen one


def test_the_report_sets_the_control_beside_the_model(small: Any) -> None:
    row = read_tables(small.results)["controls_summary"].query("variable == 'valence' and at == 'chosen'").iloc[0]
    html = (small.results / "report.html").read_text(encoding="utf-8")
    name = "the same model with random weights (2 draws of them, 1 sentence a word)"
    assert f"{name} shares {row['control_corrected_fe']:.2f} times" in html


def test_the_plan_counts_controls(small: Any) -> None:
    rows = [row for row in make_plan(load_study(small.file)).rows if row["role"] == "control"]
    assert len(rows) == 2 * 3
    assert {row["sentences"] for row in rows} == {40}
    without = make_plan(load_study(small.file, overrides={"scrutiny.controls": []}))
    assert {row["role"] for row in without.rows} == {"seen", "unseen"}


def test_a_control_that_does_not_exist_says_so_at_once(small: Any, tmp_path: Path) -> None:
    study = load_study(small.file, overrides={"scrutiny.controls": ["builtin:e5-smal"]})
    with pytest.raises(ModelError, match="no built-in model 'builtin:e5-smal'"):
        run(study, output=tmp_path / "out", cache_dir=tmp_path / "cache")
