"""A whole study at three sites: beside that of one, in the cache, on the page, in the plan; and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.errors import ConfigError
from interlingua.flow import Cache
from interlingua.models import Activations
from interlingua.questions.order import tables
from interlingua.report.results import Results
from interlingua.run.graph import study_graph
from interlingua.run.plan import make_plan
from interlingua.run.report import told
from interlingua.run.run import run
from interlingua.run.study import load_study
from interlingua.study.config import Study
from interlingua.study.prepare import prepare

BARE = """
name = "bare"
models = ["{model}"]
variables = ["valence"]
unseen = ["de"]
[languages]
en = {{ norms = "en.csv", columns = {{ valence = "Mean" }} }}
es = {{ norms = "es.csv", columns = {{ valence = "Mean" }} }}
de = {{ norms = "de.csv", columns = {{ valence = "Mean" }} }}
[sampling]
words = 20
sentences = 1
[probes]
methods = ["ridge", "elastic-net"]
folds = 2
[units]
k = 40
methods = ["correlation", "elastic-net"]
permutations = 2
random_units = 5
[scrutiny]
stability = 2
audit_against = ""
controls = []
[alignment]
draws = 10
"""
THREE: dict[str, Any] = {"sites": ["resid", "mlp", "heads"], "extraction.layers": {"mlp": [3, 4]}}


@dataclass(frozen=True)
class Ran:
    """Results of the study at one site and at three, from one cache."""

    file: Path
    one: Results
    three: Results
    cache: Path

    def study(self, **changes: Any) -> Study:
        return load_study(self.file, overrides={**THREE, **changes})


@pytest.fixture(scope="module")
def ran(study_folder: Path, minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder, file = tmp_path_factory.mktemp("sites"), study_folder / "sites.toml"
    file.write_text(BARE.format(model=minilm), encoding="utf-8")
    found = []
    for name, changes in (("one", {}), ("three", THREE)):
        study = load_study(file, overrides=changes)
        output = run(study, output=folder / name, workers=1, cache_dir=folder / "cache", show_progress=False)
        found.append(Results.read(output, tables()))
    return Ran(file, *found, folder / "cache")


def test_what_is_said_of_one_site_is_the_same_beside_others(ran: Ran) -> None:
    compared = 0
    for name in (name for name in ran.one.tables if not name.startswith("sites")):
        one, three = ran.one.table(name), ran.three.at("resid").table(name)
        pd.testing.assert_frame_equal(three, one, check_dtype=False)
        if "site" in one and len(one):
            assert set(one["site"]) == {"resid"}
            assert set(ran.three.table(name)["site"]) == set(THREE["sites"])
            compared += 1
    assert compared > 25


def test_widths_layers_and_the_top_of_each_site(ran: Ran) -> None:
    choice, rankings = ran.three.table("layer_choice"), ran.three.table("rankings")
    layers = {site: sorted(rows["layer"]) for site, rows in choice.groupby("site")}
    assert layers == {"resid": list(range(7)), "mlp": [3, 4], "heads": list(range(1, 7))}
    widths = rankings.groupby("site")["index"].max() + 1
    assert widths.to_dict() == {"resid": 384, "mlp": 1536, "heads": 384}
    assert (rankings["unit"] == rankings["layer"] * rankings["site"].map(widths) + rankings["index"]).all()
    # 40 of 384, and as large a share of 1,536.
    assert ran.three.table("k_curve").groupby("site").size().gt(0).all()
    tops = ran.three.table("pairs").query("method == 'correlation'").set_index("site")["expected"]
    assert tops.to_dict() == pytest.approx({"resid": 40 * 40 / 384, "mlp": 160 * 160 / 1536, "heads": 40 * 40 / 384})


def test_probes_of_the_whole_network_are_of_the_residual_stream(ran: Ran) -> None:
    probes = ran.three.table("probes")
    assert set(probes.loc[probes["curve"] != "layer", "site"]) == {"resid"}
    reads = ran.three.table("performance").groupby("site")["reads"].unique().map(list).to_dict()
    assert reads["resid"] == ["whole network"]
    assert all(re.fullmatch(r"layer \d", one) for site in ("mlp", "heads") for one in reads[site])


def test_other_sites_leave_what_was_computed_of_one(ran: Ran) -> None:
    cache = Cache(ran.cache)
    whole = study_graph(prepare(ran.study(), cache), cache)[0]
    more = study_graph(prepare(ran.study(**{"extraction.layers": {"mlp": [3, 4, 5]}}), cache), cache)[0]
    assert set(whole.cached(cache)) == set(whole.nodes)
    missing = {node.at.get("site") for node in more.nodes if node not in more.cached(cache)}
    # Behind the pass nothing is known until it ran; so look at what it would find.
    assert missing
    files = sorted((ran.cache / "activations").glob("*/activations.safetensors"))
    sites = [Activations.open(file).layout.site for file in files]
    assert (sites.count("resid"), sites.count("mlp"), sites.count("heads")) == (6, 3, 3)
    fits = [node for node in whole.nodes if node.step.name == "probes" and node.at["site"] == "resid"]
    entries = {whole.cached(cache)[node].folder for node in fits}
    assert len(entries) == len(list((ran.cache / "probes").iterdir())) - 4  # two languages at two further sites


def test_the_page_tells_every_site(ran: Ran) -> None:
    said = told(ran.three)
    titles = [part.title for part in said.parts]
    for title in ("In which layer?", "How much do languages share?", "Do languages share units?"):
        assert [t for t in titles if t.startswith(title)] == [
            f"{title} · {site}" for site in ("residual stream", "MLP units", "attention heads")
        ]
    assert titles.count("Where in the model?") == titles.count("Words, ratings, sentences") == 1
    assert [claim.split(":")[0] for claim in said.claims] == ["Residual stream", "MLP units", "Attention heads"]
    figures = ran.three.folder / "figures"
    for name in ("layers", "layers-mlp", "layers-heads", "sites"):
        assert (figures / f"{name}.svg").is_file()
    page = (ran.three.folder / "report.html").read_text(encoding="utf-8")
    assert "layers-heads" in page
    # A number of the map opens that unit of that site, under the name that it has there.
    for place, view in zip(said.story.places, ran.three.views, strict=True):
        for row in place.heat.rows if place.heat is not None else ():
            assert f"site={view.site}&" in row.address
            assert row.unit.isdecimal() if view.site == "resid" else row.unit.startswith(f"{view.site} L")
    assert view.unit("model", 384 * 3 + 1) == "heads L3·0·1"
    assert not any("·" in part.title for part in told(ran.one).parts)
    assert "sites" in ran.one.not_asked


def test_the_atlas_has_a_cell_a_site(ran: Ran) -> None:
    text = (ran.three.folder / "atlas" / "data" / "index.js").read_text(encoding="utf-8")
    assert re.findall(r'"site": ?"(\w+)", ?"variable"', text) == ["resid", "mlp", "heads"]
    assert '"heads":12' in text.replace(" ", "")
    assert '"layers":[3,4]' in text.replace(" ", "")


def test_the_plan_counts_all_sites(ran: Ran, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path))
    one, three = (make_plan(load_study(ran.file, overrides=changes)) for changes in ({}, THREE))
    units = {"resid": 7 * 384, "mlp": 2 * 1536, "heads": 6 * 384}
    for before, after in zip(one.rows, three.rows, strict=True):
        assert before["bytes"] == before["sentences"] * units["resid"] * 4
        assert after["bytes"] == after["sentences"] * sum(units.values()) * 4
    assert three.seconds > one.seconds


def test_values_are_those_of_a_pass_by_itself(ran: Ran) -> None:
    """What the study stored of MLP units is what its model gives for the same sentences, one at a time."""
    from interlingua.models import extract, load_model

    cache = Cache(ran.cache)
    prepared = prepare(ran.study(), cache)
    sentences = prepared.material.language("es").head(4)
    alone = extract(load_model(ran.study().models[0], device="cpu"), sentences, site="mlp", layers=(4,), batch_tokens=1)
    [stored] = [
        found
        for file in (ran.cache / "activations").glob("*/activations.safetensors")
        if (found := Activations.open(file)).layout.site == "mlp" and found.language == "es"
    ]
    np.testing.assert_allclose(stored.layer(4)[:4], alone.layer(4), rtol=0, atol=1e-5 * np.abs(alone.layer(4)).max())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"extraction.layers": {"mlp": [3, 7]}},
            "extraction.layers.mlp: model has no layer 7 at the site 'mlp'; its layers there are 1 to 6",
        ),
        (
            {"sites": ["resid", "mlp"], "scrutiny.controls": ["FNET"], "extraction.layers": {}},
            "scrutiny.controls: the site 'mlp' of ",
        ),
    ],
)
def test_what_a_model_lacks_is_an_error_before_anything_runs(
    ran: Ran, tmp_path: Path, changes: dict[str, Any], says: str, fnet: Callable[[], str]
) -> None:
    if "scrutiny.controls" in changes:
        changes = {**changes, "scrutiny.controls": [fnet()]}
    with pytest.raises(ConfigError) as caught:
        prepare(load_study(ran.file, overrides={**THREE, **changes}), Cache(tmp_path))
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


@pytest.fixture
def fnet(minilm: Path, tmp_path: Path) -> Callable[[], str]:
    """Return what makes the folder of a tiny model of a family that is not known."""

    def make() -> str:
        from transformers import AutoTokenizer, FNetConfig, FNetModel

        folder = tmp_path / "fnet"
        tokenizer = AutoTokenizer.from_pretrained(minilm)
        FNetModel(
            FNetConfig(vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, intermediate_size=32)
        ).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return str(folder)

    return make
