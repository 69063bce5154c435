"""A study without probes of the whole network: what large models have room for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from interlingua.errors import ConfigError
from interlingua.questions.order import tables as declared_tables
from interlingua.questions.performance import show
from interlingua.report.results import Results
from interlingua.run.folder import read_tables
from interlingua.run.plan import make_plan
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.tables.cells import select

CHANGES = {"probes.whole": False, "probes.methods": ["ridge", "elastic-net"], "scrutiny.controls": []}
ZEROED = {"layer.curve": "zeroed", "layer.choose": "test", "layer.probe": "elastic-net"}
METHODS = {"units.methods": ["correlation", "ridge", "elastic-net"]}


@pytest.fixture(scope="module")
def results(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = load_study(small.file, overrides=CHANGES | METHODS)
    output = tmp_path_factory.mktemp("layers") / "results"
    return run(study, output=output, workers=1, cache_dir=small.cache, show_progress=False)


def test_performance_is_that_of_the_chosen_layer(small: Any, results: Path) -> None:
    tables, with_network = read_tables(results), read_tables(small.results)
    assert set(tables["probes"]["curve"]) == {"layer"}
    points = tables["alignment_points"]
    for variable, rows in points.groupby("variable"):
        layer = int(rows["layer"].iloc[0])
        assert set(rows["reads"]) == {f"layer {layer}"}
        r = select(tables["probes"], probe="ridge", layer=layer, variable=variable).set_index("language")["r"]
        assert all(r[row.language] == row.r for row in rows.itertuples())
    # All else is as it was.
    same = ["language", "variable", "probe", "layer", "r"]
    of_layers = with_network["probes"].query("curve == 'layer' and probe != 'elastic-net-cv'")
    pd.testing.assert_frame_equal(
        tables["probes"][same].sort_values(same[:4], ignore_index=True),
        of_layers[same].sort_values(same[:4], ignore_index=True),
    )
    assert set(with_network["alignment_points"]["reads"]) == {"whole network"}


def test_the_report_says_what_was_read(results: Path) -> None:
    section = show.section(Results.read(results, declared_tables()))
    assert [shown.title for shown in section.tables] == [
        "Probes of the chosen layer, held-out words",
        "With endless raters",
    ]
    assert section.findings
    # Raters are told of by layer, too.
    assert all(re.search(r"of layer \d: |raters", finding) for finding in section.findings)
    assert sum("of layer" in finding for finding in section.findings) >= 2
    for name in ("performance", "layers", "alignment"):
        assert (results / "figures" / f"{name}.svg").stat().st_size > 1000
    svg = (results / "figures" / "alignment.svg").read_text(encoding="utf-8")
    assert "Pearson r, layer" in svg
    assert "whole network" not in svg + (results / "figures" / "layers.svg").read_text(encoding="utf-8")


def test_it_is_planned_without_the_network(small: Any) -> None:
    study = load_study(small.file, overrides=CHANGES | METHODS)
    with_network = load_study(small.file, overrides=CHANGES | METHODS | {"probes.whole": True})
    assert make_plan(study).phases["probes"] < make_plan(with_network).phases["probes"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"probes.methods": ["ridge"]}, "or probes.whole = false"),
        ({"probes.whole": False, "probes.methods": ["ridge", "adam"]}, "'adam' is a probe of the whole network"),
        (ZEROED | {"probes.whole": False}, "zeroed curve needs probes of"),
        (ZEROED | {"layer.probe": "ridge"}, "'ridge' is not fitted to the whole network"),
    ],
)
def test_what_needs_the_network_says_so(small: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_study(small.file, overrides=METHODS | {"units.methods": ["correlation"]} | changes)


def test_the_study_that_is_left_says_in_which_number_format_it_was_computed(small: Any, tmp_path: Path) -> None:
    """So it is the same study on any machine; here it finds everything in the cache."""
    changes = {**CHANGES, "units.methods": ["correlation"], "units.permutations": 3, "extraction.dtype": "auto"}
    first = run(
        load_study(small.file, overrides=changes), output=tmp_path / "first", workers=1, cache_dir=tmp_path / "cache"
    )
    left = load_study(first / "study.toml")
    record = json.loads((first / "run.json").read_text(encoding="utf-8"))
    assert left.extraction.dtype == record["models"][0]["dtype"] != "auto"
    again = run(left, output=tmp_path / "again", workers=1, cache_dir=tmp_path / "cache", policy="only-cache")
    assert (again / "study.toml").read_bytes() == (first / "study.toml").read_bytes()
    for file in (first / "tables").glob("*.csv"):
        assert (again / "tables" / file.name).read_bytes() == file.read_bytes()
