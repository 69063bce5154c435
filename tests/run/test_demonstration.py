"""What docs/architecture.md says a ranking, a null and a question take: done in a copy of the package, and run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import interlingua

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "architecture.md"
#: A file of the demonstration: its path, then its text.
FILE = re.compile(r"^`(src/interlingua/\S+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"Its line is `(.+?)` in the list of `(\S+?)`")

RANKING = "src/interlingua/units/methods/spearman.py"
NULL = "src/interlingua/units/nulls/shifted.py"
QUESTION = "src/interlingua/questions/direction"
ORDER = "src/interlingua/questions/order.py"

STUDY = """
name = "demonstration"
models = ["{model}"]
variables = ["valence"]
norms = "labmt"
contexts = "carriers"
languages = ["en", "es", "fr"]
[sampling]
words = 20
sentences = 1
[probes]
methods = ["ridge"]
whole = false
folds = 3
[layer]
choose = 3
[units]
methods = ["correlation", "spearman"]
permutations = 4
random_units = 5
[scrutiny]
stability = 2
audit_against = ""
controls = []
confounds = false
[alignment]
draws = 10
"""


def state(folder: Path) -> dict[str, str]:
    """Return a hash of every source file, by its path in the repository."""
    return {
        f"src/interlingua/{path.relative_to(folder).as_posix()}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def demonstration(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Do in a copy what the page says, and run a study there."""
    folder = tmp_path_factory.mktemp("demonstration")
    package = Path(shutil.copytree(Path(interlingua.__file__).parent, folder / "src" / "interlingua"))
    before = state(package)
    text = PAGE.read_text(encoding="utf-8")
    for path, source in FILE.findall(text):
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(source, encoding="utf-8")
    [(line, order)] = LINE.findall(text)
    file = folder / order
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    last = max(number for number, one in enumerate(lines) if re.fullmatch(r'    "\w+",\n', one))
    lines.insert(last + 1, f"{line}\n")
    file.write_text("".join(lines), encoding="utf-8")
    after = state(package)

    study = folder / "study.toml"
    study.write_text(STUDY.format(model=minilm), encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "src"),
        "INTERLINGUA_CACHE": str(folder / "cache"),
        "HF_HUB_OFFLINE": "1",
    }
    command = [sys.executable, "-m", "interlingua", "run", study, "-o", folder / "out", "--workers", "1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    results = folder / "out"
    tables = {path.stem: pd.read_parquet(path) for path in (results / "tables").glob("*.parquet")}
    return {"folder": folder, "before": before, "after": after, "results": results, "tables": tables}


def test_so_many_files_are_touched_and_no_more(demonstration: dict[str, Any]) -> None:
    before, after = demonstration["before"], demonstration["after"]
    new = set(after) - set(before)
    assert new == {RANKING, NULL, *(f"{QUESTION}/{name}.py" for name in ("__init__", "compute", "show"))}
    assert {path for path in before if before[path] != after[path]} == {ORDER}
    original = (Path(interlingua.__file__).parent / "questions" / "order.py").read_text(encoding="utf-8").splitlines()
    changed = (demonstration["folder"] / ORDER).read_text(encoding="utf-8").splitlines()
    assert [line for line in changed if line not in original] == ['    "direction",']
    assert len(changed) == len(original) + 1


def test_the_ranking_is_spearman_s_rho(demonstration: dict[str, Any]) -> None:
    from scipy.stats import spearmanr

    from interlingua.models import Activations

    rankings = demonstration["tables"]["rankings"]
    rows = rankings[(rankings["method"] == "spearman") & (rankings["language"] == "fr") & (rankings["layer"] == 3)]
    assert len(rows) == 384
    record = json.loads((demonstration["results"] / "run.json").read_text(encoding="utf-8"))
    [key] = [entry["key"] for entry in record["activations"] if entry["language"] == "fr"]
    cache = demonstration["folder"] / "cache"
    values = Activations.open(cache / "activations" / key / "activations.safetensors").layer(3)
    sources = [pd.read_parquet(path) for path in (cache / "sources").rglob("ratings.parquet")]
    [french] = [table for table in sources if set(table["language"]) == {"fr"}]
    train = (french["split"] == "train").to_numpy()
    for row in rows.iloc[[0, 100, 383]].itertuples():
        rho = spearmanr(values[train, row.index], french.loc[train, "valence"]).statistic
        assert (row.score, row.sign) == (pytest.approx(abs(rho), abs=1e-6), np.sign(rho))
    # What follows by itself: every table that knows rankings has it.
    for name in ("pairs", "null", "stability", "alignment_points"):
        assert "spearman" in set(demonstration["tables"][name]["method"]), name


def test_the_null_is_a_row_of_every_table_of_nulls(demonstration: dict[str, Any]) -> None:
    tables = demonstration["tables"]
    null = tables["null"].set_index(["null", "method"])
    assert set(null.index.get_level_values("null")) == {"permuted", "own codes", "shifted"}
    for method in ("correlation", "spearman"):
        row = null.loc[("shifted", method)]
        pairs = tables["pairs"][tables["pairs"]["method"] == method]
        assert row["mean_fe"] == pytest.approx(pairs["fe"].mean())
        assert row["corrected_fe"] == pytest.approx(pairs["fe"].mean() / row["null_fe"])
        of_pairs = tables["null_pairs"].query("null == 'shifted' and method == @method")
        # The mean enrichment over draws and pairs, from the mean number of units that a pair shares.
        assert row["null_fe"] == pytest.approx((of_pairs["null_mean"].to_numpy() / pairs["expected"].to_numpy()).mean())
        assert row["draws"] == (999 if method == "correlation" else 4)
        share = row["p_fe"] * (1 + row["draws"])
        assert share == pytest.approx(round(share))
        assert 1 <= round(share) <= 1 + row["draws"]


def test_the_question_has_its_table_figure_section_and_column_in_the_atlas(demonstration: dict[str, Any]) -> None:
    tables, results = demonstration["tables"], demonstration["results"]
    rankings = tables["rankings"].query("method == 'correlation' and layer == 3")
    positive = (rankings.pivot(index="unit", columns="language", values="sign") > 0).sum(axis=1)
    expected = np.maximum(positive, 3 - positive) / 3
    table = tables["direction"].set_index("unit")
    assert table["agreement"].to_numpy() == pytest.approx(expected.loc[table.index].to_numpy())
    page = (results / "report.html").read_text(encoding="utf-8")
    assert '<section id="direction" ' in page
    assert f"{int((expected == 1).sum())} of 384 units have one sign in all languages." in page
    assert (results / "figures" / "direction.svg").is_file()
    script = (results / "atlas" / "data" / "cells" / "0.js").read_text(encoding="utf-8")
    data = json.loads(script[script.index(",") + 1 : script.rindex(")")])
    [column] = [one for one in data["unit_columns"] if one["table"] == "direction"]
    [means] = column["means"].values()
    assert means["units"] == list(map(int, table.index))
    assert means["values"] == pytest.approx(list(table["agreement"]))
