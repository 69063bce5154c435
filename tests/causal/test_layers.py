"""Slopes in every layer from one backward pass: those of a linear network, and of real edits layer by layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from interlingua.causal.bench import Bench
from interlingua.causal.edits import Applied, Steer
from interlingua.causal.network import Network
from interlingua.models import LoadedModel
from interlingua.models.targets import Target
from interlingua.tables import HEADS, MLP, RESID, Site

WIDTH = 12
TARGETS = [
    Target((5, 9, 12, 30, 8, 41, 17), (2, 3)),
    Target((7, 11, 13), (1,)),
    Target((20, 21, 22, 23, 24), (4,)),
]
UNITS = np.array([3, 0, 9])


def reader(at: int) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    return lambda target, sentence: target[:, at].double() + 0.5 * sentence[:, at].double()


@pytest.mark.parametrize("most", [1, 1000])
def test_slopes_in_each_layer_are_those_of_the_matrices_behind_it(
    linear: Callable[[torch.Tensor, list[torch.Tensor]], LoadedModel], most: int
) -> None:
    rng = np.random.default_rng(3)
    matrices = rng.normal(size=(3, WIDTH, WIDTH)) / 3
    weights = rng.normal(size=WIDTH)
    model = linear(
        torch.tensor(rng.normal(size=(64, WIDTH)), dtype=torch.float32),
        [torch.tensor(matrix, dtype=torch.float32) for matrix in matrices],
    )
    bench = Bench(Network(model, 1), TARGETS, batch_tokens=most)
    through = torch.from_numpy(weights)
    (found,) = bench.by_layer([lambda target, _: target.double() @ through], (0, 1, 2))
    behind = weights
    for layer in (2, 1, 0):
        behind = matrices[layer] @ behind
        np.testing.assert_allclose(found[layer], behind, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("family", ["bert", "gemma3", "mt5"])
@pytest.mark.parametrize("site", [RESID, MLP, HEADS])
def test_slopes_in_three_layers_are_those_of_small_real_edits(
    tiny: Callable[[str], LoadedModel], family: str, site: Site
) -> None:
    model = tiny(family)
    layers = (0, 1, 2) if site == RESID else (1, 2, 3)
    readers = [reader(0), reader(5)]
    found = Bench(Network(model, layers[1], site), TARGETS).by_layer(readers, layers)
    step = 3e-3
    for layer in layers:
        bench = Bench(Network(model, layer, site), TARGETS)
        shift = np.zeros(bench.values.shape[1])
        shift[UNITS] = bench.values.std(axis=0)[UNITS] + 0.1
        up, down = bench.edited(readers, [Applied(Steer(sign * step * shift), UNITS) for sign in (1, -1)]).values
        for number in range(2):
            slope = (up[number] - down[number]).mean() / (2 * step)
            assert found[number][layer] @ shift == pytest.approx(slope, rel=0.03, abs=3e-3)


def test_where_edits_are_of_all_tokens_slopes_are_too(tiny: Callable[[str], LoadedModel]) -> None:
    network = Network(tiny("bert"), 1)
    readers = [reader(0)]
    everywhere, at_target = (Bench(network, TARGETS, all_tokens=all_tokens) for all_tokens in (True, False))
    # At the layer of the network they are those that steering is foretold by.
    for bench in (everywhere, at_target):
        (known,) = bench.first_order(readers, {"steer": Steer(np.ones(32))})
        np.testing.assert_allclose(
            bench.by_layer(readers, (1,))[0][1], known["steer"].mean(axis=0), rtol=1e-3, atol=1e-5
        )
    assert not np.allclose(everywhere.by_layer(readers, (1,))[0][1], at_target.by_layer(readers, (1,))[0][1])
