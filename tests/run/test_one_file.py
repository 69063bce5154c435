"""A probe of one's own and a source of models of one's own: a file each, run through a whole study."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr

from interlingua.errors import ConfigError, ModelError
from interlingua.flow import Cache
from interlingua.flow.cache import MANIFEST
from interlingua.models import Activations, parse_spec
from interlingua.models.sources import registry as sources
from interlingua.probes import Design, load_weights
from interlingua.probes.methods import registry as probes
from interlingua.run.graph import study_graph
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.study.prepare import prepare

PROBE = '''
"""A probe without an inverse: each unit's covariance with the rating, as in naive Bayes."""

from interlingua.probes.inputs import NAN, FittedProbe
from interlingua.probes.methods import ProbeMethod, register
from interlingua.probes.penalty import column_r


class Covariance(ProbeMethod):
    name = "covariance"
    label = "covariance (no inverse)"
    refittable = True

    def fit(self, inputs):
        X, y = inputs.X, inputs.y
        scores = []
        for fold in inputs.folds:
            kept = ~fold.held_out
            weights = X[kept].T @ (y[kept] - y[kept].mean())
            scores.append(column_r(X[fold.held_out] @ weights[:, None], y[fold.held_out, None])[0])
        weights = X.T @ (y - y.mean()) / len(y)
        return FittedProbe(self.name, weights, 0.0, 0.0, NAN, float(sum(scores) / len(scores)))

    def refit(self, layer, drawn, penalties):
        return (layer.X.T @ (drawn - drawn.mean(axis=0)) / len(drawn)).T

    def refit_at(self, equations, penalty, *, tol, start=None):
        return equations.xy / len(equations.y)


register(Covariance())
'''
SOURCE = '''
"""Models of the institute: folders that lie side by side."""

import os
from pathlib import Path

from interlingua.errors import ModelError
from interlingua.models.registry import ModelSpec
from interlingua.models.sources import ModelSource, register


class Institute(ModelSource):
    name = "institute"
    order = 5
    says = "institute:NAME"

    def parse(self, text, revision):
        kind, _, name = text.partition(":")
        if kind != "institute":
            return None
        folder = Path(os.environ["INSTITUTE_MODELS"]) / name
        if not folder.is_dir():
            raise ModelError(f"the institute has no model '{name}'")
        return ModelSpec(text, self.name, str(folder))

    def open(self, found, *, local_files_only):
        from interlingua.models.pretrained import Place, PretrainedFiles

        return PretrainedFiles(found.name, Place(found.location, "", Path(found.location), True))

    def fingerprint(self, found, commit):
        from interlingua.models.pretrained import hash_folder

        return hash_folder(Path(found.location), weights=not found.untrained)


register(Institute())
'''
RANKING = '''
"""The ranking by the probe of one's own."""

from interlingua.units.methods import ProbeWeights, register

register(ProbeWeights(name="covariance", label="covariance", summary="|covariance|", needs=("covariance", "layer")))
'''
STUDY = """
name = "own"
models = ["institute:tiny"]
variables = ["valence"]
norms = "labmt"
contexts = "carriers"
languages = ["en", "es", "fr"]
[sampling]
words = 20
sentences = 1
[probes]
methods = ["covariance"]
whole = false
folds = 3
[layer]
choose = "cv"
probe = "covariance"
[units]
methods = ["correlation", "covariance"]
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


@pytest.fixture
def own(minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Write the files, import them, and return the study; nothing is known of them afterwards."""
    from interlingua.units.methods import registry as rankings

    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny").symlink_to(minilm)
    monkeypatch.setenv("INSTITUTE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(sources.PLUGINS, "_known", dict(sources.PLUGINS._known))
    monkeypatch.setattr(probes.PLUGINS, "_known", dict(probes.PLUGINS._known))
    monkeypatch.setattr(rankings.PLUGINS, "_known", dict(rankings.PLUGINS._known))
    monkeypatch.syspath_prepend(tmp_path)
    names = {"own_probe": PROBE, "own_source": SOURCE, "own_ranking": RANKING}
    for name, text in names.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    for name in names:
        importlib.import_module(name)
    file = tmp_path / "study.toml"
    file.write_text(STUDY, encoding="utf-8")
    yield file
    for name in names:
        sys.modules.pop(name, None)


def test_a_study_runs_by_them(own: Path, tmp_path: Path) -> None:
    study = load_study(own)
    cache = Cache(tmp_path / "cache")
    results = run(study, output=tmp_path / "out", workers=1, cache_dir=cache.root, show_progress=False)
    table = pd.read_parquet(results / "tables" / "probes.parquet")
    assert set(table["probe"]) == {"covariance"}
    assert set(table["model"]) == {"institute:tiny"}
    record = json.loads((results / "run.json").read_text(encoding="utf-8"))
    assert record["labels"]["covariance"] == "covariance"  # the ranking's, as of those of the package
    assert "covariance" in (results / "report.html").read_text(encoding="utf-8")

    graph, _ = study_graph(prepare(study, cache), cache)
    made = graph.cached(cache)
    assert len(made) == len(graph.nodes)
    [fit] = [node for node in graph.of("probes") if node.at["language"] == "en"]
    [extraction] = [node for node in graph.of("activations") if node.at["language"] == "en"]
    activations = Activations.open(made[extraction].folder / "activations.safetensors")
    [ratings] = [one for one in graph.sources if one.name == "ratings" and one.at["language"] == "en"]
    design = Design(activations, pd.read_parquet(ratings.path)).rated("valence")
    y, y_test = design.ratings("valence")
    weights = load_weights(made[fit].folder / "probe_weights.safetensors")["covariance", "layer", 3]
    np.testing.assert_allclose(weights, design.train(3).T @ (y - y.mean()) / len(y), rtol=1e-10)
    [row] = [row for row in table.itertuples() if (row.language, row.layer) == ("en", 3)]
    assert row.r == pytest.approx(pearsonr(design.test(3) @ weights, y_test).statistic, abs=1e-9)

    # Nulls repeat it, too, and every step that runs one of the files has it in its key.
    null = pd.read_parquet(results / "tables" / "null.parquet")
    assert "covariance" in set(null["method"])
    [forward] = [node for node in graph.of("pass") if node.at["language"] == "en"]
    for node, module in ((fit, "own_probe"), (forward, "own_source"), (graph.of("null_signs")[0], "own_probe")):
        recipe = json.loads((made[node].folder / MANIFEST).read_text(encoding="utf-8"))["recipe"]
        assert module in recipe["loaded"]
    assert "own_probe" not in forward.loaded


def test_what_they_say_is_told(own: Path) -> None:
    with pytest.raises(ModelError, match="the institute has no model 'huge'"):
        parse_spec("institute:huge")
    assert parse_spec("untrained-2:institute:tiny").source == "institute"
    with pytest.raises(ModelError, match=r"or institute:NAME$"):
        parse_spec("nothing like that")
    with pytest.raises(ConfigError, match=r"give 'adam', 'covariance', .* \(did you mean 'covariance'\?\)"):
        load_study(own, overrides={"probes.methods": ["covarianc"]})
    with pytest.raises(ConfigError, match=r"probes.methods: add one that reads the whole network \('adam', 'elastic"):
        load_study(own, overrides={"probes.whole": True})
    with pytest.raises(ConfigError, match=r"layer.curve: 'covariance' is not fitted to the whole network"):
        load_study(own, overrides={"layer.curve": "zeroed"})


def test_names_are_taken_once() -> None:
    with pytest.raises(ConfigError, match="a probe named 'ridge' exists already"):
        probes.register(probes.get("ridge"))
    with pytest.raises(ConfigError, match="a source of models named 'hub' exists already"):
        sources.register(sources.get("hub"))
    with pytest.raises(ConfigError, match=r"unknown probe 'rigde' \(did you mean 'ridge'\?\): use one of adam, "):
        probes.get("rigde")
    with pytest.raises(ConfigError, match=r"unknown source of models 'hubb' \(did you mean 'hub'\?\)"):
        sources.get("hubb")


def test_no_list_of_their_names_stands_elsewhere() -> None:
    """Presets, defaults and prose name probes; code asks them what they can do."""
    import ast

    import interlingua

    package = Path(interlingua.__file__).parent
    known = {*probes.names(), *sources.names()}
    # Defaults of options may name them, too.
    allowed = {"probes/fit.py", "study/presets.py", "study/sections.py", "study/builtin.py", "models/registry.py"}
    found = []
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        if name in allowed or name.startswith(("probes/methods/", "models/sources/")):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                named = [one.value for one in node.elts if isinstance(one, ast.Constant) and one.value in known]
                if len(named) > 1:
                    found.append((name, node.lineno, named))
    # `choose_penalty` is a function for either of two solvers.
    assert [one for one in found if one[0] != "probes/penalty.py"] == []
