"""The key of a step changes with each module that it runs, and hardly with others: traced in a run, tried in a copy."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import interlingua
from interlingua.flow import Cache, Graph, Node, execute, source, work
from interlingua.flow.cache import MANIFEST, content_key
from interlingua.run import run as running
from interlingua.run.run import run
from interlingua.run.study import load_study

PACKAGE = Path(interlingua.__file__).parent
#: Steps of one kind have one key but for their inputs: this much of all other keys must stay when a module changes.
KEPT = 0.8

STUDY = """
name = "traced"
models = ["{model}"]
variables = ["valence"]
norms = "labmt"
contexts = "carriers"
languages = ["en", "es", "fr", "de"]
unseen = ["de"]
[sampling]
words = 30
sentences = 1
[probes]
methods = ["ridge", "elastic-net", "adam"]
adam_epochs = 2
folds = 3
[units]
methods = ["correlation", "ridge", "adam"]
permutations = 3
random_units = 5
[scrutiny]
stability = 2
[alignment]
draws = 10
"""


def module_of(file: str) -> str | None:
    path = Path(file)
    if not path.is_relative_to(PACKAGE):
        return None
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass
class Traced:
    """What a run did: the recipe of each node, and the modules that it ran."""

    recipes: dict[Node, dict[str, Any]]
    ran: dict[Node, set[str]]

    def kinds(self) -> list[tuple[Node, set[str]]]:
        """Return a node of each kind whose keys hold the same source, and what all of that kind ran."""
        found: dict[tuple[str, frozenset[str]], tuple[Node, set[str]]] = {}
        for node, ran in self.ran.items():
            one, together = found.setdefault((node.step.name, node.source), (node, set()))
            assert self.recipes[one]["source"] == self.recipes[node]["source"]
            together |= ran
        return list(found.values())


@pytest.fixture(scope="module")
def traced(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    """Run a small study in this process, and note for each step whose functions it called."""
    folder = tmp_path_factory.mktemp("traced")
    file = folder / "study.toml"
    file.write_text(STUDY.format(model=minilm), encoding="utf-8")
    ran: dict[str, set[str]] = defaultdict(set)
    graphs: list[Graph] = []
    real_work, real_execute = work.work, execute.execute

    def tracing(job: work.Job) -> Any:
        def note(frame: FrameType, event: str, _: Any) -> None:
            # The body of a module runs when it is first imported, in whichever step that is: it computes nothing.
            if event == "call" and frame.f_code.co_name != "<module>" and (name := module_of(frame.f_code.co_filename)):
                ran[job.key].add(name)

        sys.setprofile(note)
        try:
            return real_work(job)
        finally:
            sys.setprofile(None)

    def executing(graph: Graph, *arguments: Any, **options: Any) -> Any:
        graphs.append(graph)
        return real_execute(graph, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute, "work", tracing)
        patch.setattr(running, "execute", executing)
        patch.setattr(running, "build_report", lambda folder: folder / "report.html")
        run(load_study(file), output=folder / "out", workers=1, cache_dir=folder / "cache", show_progress=False)
    [graph] = graphs
    made = graph.cached(Cache(folder / "cache"))
    assert len(made) == len(graph.nodes) > 0
    recipes = {
        node: json.loads((entry.folder / MANIFEST).read_text(encoding="utf-8"))["recipe"]
        for node, entry in made.items()
    }
    for node, recipe in recipes.items():
        assert content_key(recipe) == made[node].folder.name
    return Traced(recipes, {node: ran[entry.folder.name] for node, entry in made.items()})


def copied(folder: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "*.js")
    return Path(shutil.copytree(PACKAGE, folder / "interlingua", ignore=ignored))


def test_every_step_was_traced(traced: Traced) -> None:
    by_step: dict[str, set[str]] = defaultdict(set)
    for node, ran in traced.kinds():
        assert ran
        by_step[node.step.name] |= ran  # controls draw other nulls than the study
    assert "interlingua.models.extraction" in by_step["pass"]
    assert "interlingua.units.overlap" in by_step["overlap"]
    assert "interlingua.units.methods.correlation" in by_step["rankings"]
    assert "interlingua.units.nulls.own_codes" in by_step["null_ratings"]


def test_a_changed_module_gives_a_new_key_to_every_step_that_ran_it(traced: Traced, tmp_path: Path) -> None:
    copy = copied(tmp_path)
    kinds = traced.kinds()
    # In the copy as it is, every key is that of the run.
    assert all(source.source_digest(node.source, copy) == traced.recipes[node]["source"] for node, _ in kinds)
    modules = sorted(filter(None, (module_of(str(path)) for path in PACKAGE.rglob("*.py"))))
    assert set.union(*(ran for _, ran in kinds)) <= set(modules)
    stale, kept, others = [], 0, 0
    lost: Counter[str] = Counter()
    for module in modules:
        path = copy.joinpath(*module.split(".")[1:])
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        text = path.read_bytes()
        path.write_bytes(text + b"\n_CHANGED = True\n")
        source._digest.cache_clear()
        for node, ran in kinds:
            recipe = traced.recipes[node]
            changed = {**recipe, "source": source.source_digest(node.source, copy)}
            if module in ran:
                if content_key(changed) == content_key(recipe):
                    stale.append((node.step.name, module))
            else:
                others += 1
                same = content_key(changed) == content_key(recipe)
                kept += same
                lost[module] += not same
        path.write_bytes(text)
    source._digest.cache_clear()
    assert stale == []
    assert others > 1000
    assert kept / others >= KEPT, f"{kept} of {others} other keys stay; lost most by {lost.most_common(40)}"


def test_data_files_and_plugins_are_source_too(tmp_path: Path) -> None:
    copy = copied(tmp_path)

    def digest(*modules: str) -> str:
        source._digest.cache_clear()
        return source.source_digest(modules, copy)

    names = ("interlingua.languages", "interlingua.contexts.carriers", "interlingua.norms.registry")
    before = [digest(name) for name in names]
    for file in ("languages.tsv", "contexts/carriers.toml", "norms/cards/labmt.toml"):
        with (copy / file).open("a", encoding="utf-8") as opened:
            opened.write("\n# changed\n")
    after = [digest(name) for name in names]
    source._digest.cache_clear()
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_names_that_a_package_hands_on_are_followed(tmp_path: Path) -> None:
    found = source.closure(["interlingua.questions.unseen.regressions"])
    assert {"interlingua.units.transfer", "interlingua.models.store", "interlingua.stats.hc3"} <= found
    assert not found & {"interlingua.units.overlap", "interlingua.models.extraction", "interlingua.probes.fit"}
