"""Several sites of a language in one pass, at any position: values are those of plain forward passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from interlingua.errors import ContextsError, ModelError, StoreError
from interlingua.models import Activations, LoadedModel, extract, extract_sites, load_model, locate_targets
from interlingua.models import extraction as extraction_module
from interlingua.models.reading import read_sites
from interlingua.models.targets import pooled_tokens
from interlingua.tables import HEADS, MLP, RESID, SITES, Layout

EVERY: dict[Any, Any] = {RESID: None, MLP: None, HEADS: None}


@pytest.fixture(scope="module", params=["bert", "llama"])
def model(request: pytest.FixtureRequest, model_folders: dict[str, Path]) -> LoadedModel:
    return load_model(str(model_folders[request.param]), device="cpu")


def module_inputs(model: LoadedModel, ids: tuple[int, ...]) -> dict[tuple[str, int], np.ndarray]:
    """Return (tokens, width) of every site and layer of one sentence: what goes into modules, wrapped by hand."""
    blocks = model.model.encoder.layer if hasattr(model.model, "encoder") else model.model.layers
    found: dict[tuple[str, int], np.ndarray] = {}
    wrapped = []
    for layer, block in enumerate(blocks, start=1):
        paths = (
            ("output.dense", "attention.output.dense")
            if hasattr(block, "output")
            else ("mlp.down_proj", "self_attn.o_proj")
        )
        for site, path in zip((MLP, HEADS), paths, strict=True):
            module = block.get_submodule(path)
            own = module.forward

            def forward(given: torch.Tensor, own: Any = own, key: Any = (site, layer)) -> torch.Tensor:
                found[key] = given[0].numpy().copy()
                return own(given)

            module.forward = forward
            wrapped.append(module)
    with torch.no_grad():
        states = model.model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
    for module in wrapped:
        del module.forward
    return found | {(RESID, layer): state[0].numpy() for layer, state in enumerate(states)}


def assert_close(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def test_one_pass_gives_what_each_site_gives_alone(model: LoadedModel, contexts: pd.DataFrame) -> None:
    passes = []

    def counting(*arguments: Any) -> None:
        passes.append(arguments)
        read_sites(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extraction_module, "read_sites", counting)
        together = extract_sites(model, contexts, EVERY)
        n = len(passes)
        alone = {site: extract(model, contexts, site=site) for site in SITES}
    assert len(passes) == 4 * n
    targets = locate_targets(model, contexts)
    for site, found in together.items():
        assert found.layout == model.shapes.layout(site) == alone[site].layout
        assert found.layers == ((0, 1, 2, 3) if site == RESID else (1, 2, 3))
        for layer in found.layers:
            np.testing.assert_array_equal(found.layer(layer), alone[site].layer(layer))
    for row, target in enumerate(targets):
        for (site, layer), values in module_inputs(model, target.ids).items():
            assert_close(together[site].layer(layer)[row], values[list(target.tokens)].mean(axis=0))


def test_heads_as_wholes_and_named_layers(model: LoadedModel, contexts: pd.DataFrame) -> None:
    wanted: dict[Any, Any] = {MLP: (3,), HEADS: (2, 3)}
    found = extract_sites(model, contexts, wanted, heads="whole")
    assert found[HEADS].layout == Layout.even(4, 4, HEADS, layers=(2, 3), heads=4)
    assert found[MLP].layers == (3,)
    for row, target in enumerate(locate_targets(model, contexts)):
        values = module_inputs(model, target.ids)[HEADS, 3][list(target.tokens)]
        per_head = np.linalg.norm(values.reshape(len(values), 4, 8), axis=2)
        assert_close(found[HEADS].layer(3)[row], per_head.mean(axis=0))
    with pytest.raises(IndexError, match="no layer 1; the layers are 2 to 3"):
        found[HEADS].layer(1)


POSITIONS = [
    ("mean", lambda tokens, content: tokens),
    ("first", lambda tokens, content: tokens[:1]),
    ("last", lambda tokens, content: tokens[-1:]),
    ("after", lambda tokens, content: [tokens[-1] + 1]),
    ("end", lambda tokens, content: content[-1:]),
    ("sentence", lambda tokens, content: content),
]


@pytest.mark.parametrize(("pooling", "chosen"), POSITIONS, ids=[name for name, _ in POSITIONS])
def test_positions(model: LoadedModel, contexts: pd.DataFrame, pooling: Any, chosen: Any) -> None:
    contexts = contexts.iloc[[0, 2, 3, 8, 13]].reset_index(drop=True)
    found = extract_sites(model, contexts, EVERY, pooling=pooling)
    special = set(model.tokenizer.all_special_ids)
    for row, target in enumerate(locate_targets(model, contexts)):
        content = [i for i, token in enumerate(target.ids) if token not in special]
        take = list(chosen(list(target.tokens), content))
        for (site, layer), values in module_inputs(model, target.ids).items():
            assert_close(found[site].layer(layer)[row], values[take].mean(axis=0))


def test_a_target_with_nothing_after_it(model_folders: dict[str, Path], contexts: pd.DataFrame) -> None:
    """A decoder without special tokens has none after the last word; an encoder has."""
    last = contexts[[row.end == len(row.text) for row in contexts.itertuples()]].reset_index(drop=True)
    llama = load_model(str(model_folders["llama"]), device="cpu")
    with pytest.raises(
        ContextsError, match=r"context en-00001-00 \(row 0\): no token of tiny-llama stands after .*Happy"
    ):
        extract(llama, last, pooling="after")
    bert = load_model(str(model_folders["bert"]), device="cpu")
    [first, *_] = locate_targets(bert, last, pooling="after")
    assert pooled_tokens(first, "after") == (len(first.ids) - 1,)


def test_a_decoders_window_reaches_behind_the_target_where_that_is_read(
    model_folders: dict[str, Path], contexts: pd.DataFrame
) -> None:
    text = "one " * 60 + "target " + "two " * 60
    row = contexts.iloc[[0]].assign(text=text, start=240, end=246)
    model = replace(load_model(str(model_folders["llama"]), device="cpu"), max_length=40)
    [before] = locate_targets(model, row)
    assert before.tokens[-1] == len(before.ids) - 1
    for pooling in ("after", "end", "sentence"):
        [around] = locate_targets(model, row, pooling=pooling)  # type: ignore[arg-type]
        assert len(around.ids) == len(before.ids) == 40
        assert 10 < around.tokens[0] < around.tokens[-1] < 30
        assert [around.ids[i] for i in around.tokens] == [before.ids[i] for i in before.tokens]


def test_files_and_what_is_there_already(model: LoadedModel, contexts: pd.DataFrame, tmp_path: Path) -> None:
    paths = {site: tmp_path / f"{site}.safetensors" for site in SITES}
    first = extract_sites(model, contexts, {RESID: None, MLP: (2,)}, paths=paths)
    written = {site: paths[site].read_bytes() for site in first}
    both = extract_sites(model, contexts, {RESID: None, MLP: (2,), HEADS: None}, paths=paths)
    assert {site: paths[site].read_bytes() for site in first} == written
    assert both[HEADS].layout == Activations.open(paths[HEADS]).layout == model.shapes.layout(HEADS)
    np.testing.assert_array_equal(both[MLP].layer(2), first[MLP].layer(2))
    with pytest.raises(StoreError, match="other units"):
        extract(model, contexts, site=MLP, path=paths[MLP])
    assert not list(tmp_path.glob("*.partial"))


def test_a_stopped_pass_goes_on(model: LoadedModel, contexts: pd.DataFrame, tmp_path: Path) -> None:
    paths = {site: tmp_path / f"{site}.safetensors" for site in SITES}
    expected, told = extract_sites(model, contexts, EVERY, batch_tokens=20), []

    def stop(done: int, total: int, tokens: int) -> None:
        told.append(done)
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extraction_module, "SHARD_ROWS", 3)
        with pytest.raises(KeyboardInterrupt):
            extract_sites(model, contexts, EVERY, paths=paths, batch_tokens=20, on_progress=stop)
        again: list[int] = []
        found = extract_sites(
            model, contexts, EVERY, paths=paths, batch_tokens=20, on_progress=lambda done, *_: again.append(done)
        )
    assert told[0] == 0 < again[0]
    for site in SITES:
        for layer in found[site].layers:
            np.testing.assert_array_equal(found[site].layer(layer), expected[site].layer(layer))


def test_what_a_model_lacks(model: LoadedModel, contexts: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match=f"{model.name} has no layer 4 at the site 'mlp'; its layers there are 1 to 3"):
        extract(model, contexts, site=MLP, layers=(4,))
    with pytest.raises(ModelError, match=f"{model.name} has no layer 0 at the site 'heads'"):
        extract(model, contexts, site=HEADS, layers=(0, 1))
    without = replace(model, sites=replace(model.sites, blocks=(), why="it is another"))
    with pytest.raises(ModelError, match=f"the site 'mlp' of {model.name} can't be had: it is another"):
        extract(without, contexts, site=MLP)
    assert extract(without, contexts).layers == (0, 1, 2, 3)
