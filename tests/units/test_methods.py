"""The registry of ranking methods, and what each reads."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from interlingua.errors import ConfigError, StatsError
from interlingua.units import methods
from interlingua.units.methods import LayerData, RankingMethod, registry

WIDTH, N_LAYERS = 6, 3


@pytest.fixture
def data() -> LayerData:
    """Layer 1 of a network of three layers."""
    rng = np.random.default_rng(0)
    weights = {(probe, "layer", 1): rng.normal(size=WIDTH) for probe in ("elastic-net", "elastic-net-cv", "ridge")}
    weights["adam", "whole", -1] = rng.normal(size=N_LAYERS * WIDTH)
    words = np.repeat(np.arange(10), 4)
    y = rng.uniform(size=10)[words]
    X = rng.normal(size=(40, WIDTH)).astype(np.float32) + y[:, None]
    return LayerData(X=X, y=y, words=words, layer=1, width=WIDTH, weights=weights)


def test_names() -> None:
    assert methods.names() == ("adam", "correlation", "elastic-net", "elastic-net-cv", "ridge")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("adam", "adam"),
        ("correlation", "correlation"),
        ("elastic-net", "elastic_net"),
        ("elastic-net-cv", "elastic_net"),
        ("ridge", "ridge"),
    ],
)
def test_the_file_that_registers_a_method_is_known(name: str, file: str) -> None:
    assert methods.module_of(name) == f"interlingua.units.methods.{file}"


def test_an_unknown_method_has_no_file() -> None:
    with pytest.raises(ConfigError, match="unknown ranking method 'rigde'"):
        methods.module_of("rigde")


@pytest.mark.parametrize("name", ["elastic-net", "elastic-net-cv", "ridge"])
def test_probes_of_the_layer(data: LayerData, name: str) -> None:
    method = methods.get(name)
    assert method.needs == (name, "layer")
    np.testing.assert_array_equal(method.scores(data), data.weights[name, "layer", 1])


def test_adam_slices_the_whole_network(data: LayerData) -> None:
    method = methods.get("adam")
    assert method.needs == ("adam", "whole")
    np.testing.assert_array_equal(method.scores(data), data.weights["adam", "whole", -1][6:12])


def test_correlation_needs_no_probe(data: LayerData) -> None:
    method = methods.get("correlation")
    assert method.needs is None
    expected = [stats.pearsonr(column, data.y).statistic for column in data.X.T.astype(np.float64)]
    bare = dataclasses.replace(data, weights={})
    np.testing.assert_allclose(method.scores(bare), expected, atol=1e-12)


def test_unknown_method_suggests_and_lists() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'ridge'\?\): use one of adam, correlation"):
        methods.get("rigde")


def test_a_probe_that_was_not_fitted(data: LayerData) -> None:
    with pytest.raises(ConfigError, match="for layer 1: add 'ridge' to the probes"):
        methods.get("ridge").scores(dataclasses.replace(data, weights={}))


def test_weights_of_another_width(data: LayerData) -> None:
    short = dataclasses.replace(data, weights={("adam", "whole", -1): np.zeros(8)})
    with pytest.raises(StatsError, match="2 weights for layer 1"):
        methods.get("adam").scores(short)


def test_the_layer_s_units_have_the_paper_s_ids(data: LayerData) -> None:
    assert data.layout.block(1) == slice(6, 12)
    assert data.layout.unit(1, np.arange(WIDTH)).tolist() == [6, 7, 8, 9, 10, 11]


def test_shapes_must_agree(data: LayerData) -> None:
    with pytest.raises(StatsError, match="7 units"):
        dataclasses.replace(data, width=7)
    with pytest.raises(StatsError, match="39 words"):
        dataclasses.replace(data, words=data.words[:-1])


def test_own_method(data: LayerData, monkeypatch: pytest.MonkeyPatch) -> None:
    class Variance(RankingMethod):
        name = "variance"
        summary = "variance of the unit"

        def scores(self, data: LayerData) -> NDArray[np.float64]:
            return np.var(data.X, axis=0, dtype=np.float64)

    monkeypatch.setattr(registry.PLUGINS, "_known", dict(registry.PLUGINS._known))
    mine = methods.register(Variance())
    assert methods.get("variance") is mine
    assert methods.module_of("variance") == __name__
    assert "variance" in methods.names()
    with pytest.raises(ConfigError, match="'variance' exists already"):
        methods.register(Variance())
