"""``interlingua steer``: by hand, on the results of the small study."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from interlingua.questions.causal.tables import PROBE

Cli = Callable[..., Any]


def test_units_of_a_study_shift_what_its_probe_reads(
    interlingua: Cli, small: Any, seal: Callable[[Path], None], tmp_path: Path
) -> None:
    unread = interlingua("steer", str(small.results), "love", "--language", "en")
    assert "en has no probe that reads valence" in unread.out  # eight test words are too few for one that passes
    # One that does, made up: it reads the first unit of the last layer.
    results = tmp_path / "results"
    shutil.copytree(small.results, results)
    layer = pd.read_parquet(results / "tables" / "causal_layer.parquet")
    width = layer["index"].nunique()
    probe = pd.DataFrame({"index": range(-1, width), "weight": [0.5, 1.0, *[0.0] * (width - 1)]})
    probe = probe.assign(model=layer["model"].iloc[0], variable="valence", language="en", site="resid")
    probe[list(PROBE.names)].to_parquet(results / "tables" / "causal_probe.parquet", index=False)
    seal(results)
    small = replace(small, results=results)
    done = interlingua("steer", str(small.results), "love", "--dose", "2", "--language", "en", "--variable", "valence")
    assert done.code == 0, done.err
    found = re.search(r"reads in the last layer: (-?[\d.]+) -> (-?[\d.]+) \(([-+][\d.]+)\)", done.out)
    assert found, done.out
    before, after, change = map(float, found.groups())
    assert after - before == pytest.approx(change, abs=2e-3)
    nothing = interlingua("steer", str(small.results), "love", "--dose", "0", "--language", "en")
    assert "(+0.000)" in nothing.out
    number = layer["layer"].iloc[0]
    one = interlingua("steer", str(small.results), "--units", f"L{number}.3", "--save", str(tmp_path / "units.json"))
    assert one.code == 0, one.err
    written = json.loads((tmp_path / "units.json").read_text(encoding="utf-8"))
    assert (written["block"], [entry["unit"] for entry in written["units"]]) == (number - 1, [3])


@pytest.mark.parametrize(
    ("table", "change", "says"),
    [
        ("causal_layer", lambda table: table[table["index"] % 2 == 1], "these tables are not of one run"),
        ("causal_layer", lambda table: table.assign(model="another"), "no units of another"),
        ("run.json", lambda record: record["models"][0].pop("spec"), r"run.json: its key 'models.0.spec' is missing"),
        ("run.json", lambda record: record.pop("study_sha256"), "run.json: its key 'study_sha256' is missing"),
        ("run.json", lambda record: record["models"][0].update(sites={}), "no units of"),
    ],
)
def test_results_that_do_not_hold_together_are_an_error_of_one_line(
    interlingua: Cli, small: Any, seal: Callable[[Path], None], tmp_path: Path, table: str, change: Any, says: str
) -> None:
    results = tmp_path / "results"
    shutil.copytree(small.results, results)
    if table == "run.json":
        record = json.loads((results / table).read_text(encoding="utf-8"))
        change(record)
        (results / table).write_text(json.dumps(record), encoding="utf-8")
    else:
        path = results / "tables" / f"{table}.parquet"
        change(pd.read_parquet(path)).to_parquet(path, index=False)
    seal(results)
    done = interlingua("steer", str(results), "--save", str(tmp_path / "units.json"))
    assert says in done.error
    assert not (tmp_path / "units.json").exists()


def test_what_it_does_not_know_is_said_in_a_line(interlingua: Cli, small: Any) -> None:
    for options, says in (
        (["love", "--units", "L99.3"], "these results can shift L"),
        (["love", "--units", "353"], "these results can shift L"),
        (["love", "--language", "xx"], "not in these results"),
        (["  "], "blank"),
        ([], "give a text to steer, or --save"),
    ):
        done = interlingua("steer", str(small.results), *options)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1
        assert says in done.err
