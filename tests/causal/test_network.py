"""Edits in nine families: what they give is what a whole forward pass gives with the value replaced by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from interlingua.causal.bench import Bench
from interlingua.causal.edits import Applied, Donor, SetTo, Steer, random_partners, swap_partners
from interlingua.causal.network import Network
from interlingua.errors import ModelError
from interlingua.models import LoadedModel
from interlingua.models.targets import Target
from interlingua.tables import HEADS, MLP, RESID, Site

FAMILIES = ("bert", "xlm-roberta", "llama", "qwen2", "qwen3", "gemma3", "bloom", "xglm", "mt5")
TARGETS = [
    Target((5, 9, 12, 30, 8, 41, 17), (2, 3)),
    Target((7, 11, 13), (1,)),
    Target((20, 21, 22, 23, 24), (4,)),
]
UNITS = np.array([3, 0, 17])
LAYER = 2


def by_hand(
    model: LoadedModel,
    places: tuple[str, str, str],
    site: Site,
    target: Target,
    change: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Return the last states of a sentence alone, (T, width), with plain hooks on the modules of the family."""
    block, mlp, heads = places
    parts = dict(model.model.named_modules())
    found = next(
        parts[name] for name in (block.format(LAYER - 1), f"encoder.{block.format(LAYER - 1)}") if name in parts
    )

    def at_target(values: torch.Tensor) -> torch.Tensor:
        values = values.clone()
        for token in target.tokens:
            values[0, token, UNITS] = change(values[0, token])[UNITS]
        return values

    if site == RESID:
        hook = found.register_forward_hook(
            lambda _, __, out: (at_target(out[0]), *out[1:]) if isinstance(out, tuple) else at_target(out)
        )
    else:
        inner = dict(found.named_modules())[mlp if site == MLP else heads]
        hook = inner.register_forward_pre_hook(lambda _, args: (at_target(args[0]), *args[1:]))
    with hook, torch.no_grad():
        ids = torch.tensor([target.ids])
        return model.model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).last_hidden_state[0]


def unit_reader(at: int) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    return lambda target, sentence: target[:, at].double() + 0.5 * sentence[:, at].double()


def read_by_hand(states: torch.Tensor, target: Target, at: int) -> float:
    return float(states[list(target.tokens), at].mean() + 0.5 * states[:, at].mean())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("site", [RESID, MLP, HEADS])
def test_edits_are_those_made_by_hand(
    tiny: Callable[[str], LoadedModel], places: dict[str, tuple[str, str, str]], family: str, site: Site
) -> None:
    model = tiny(family)
    network = Network(model, LAYER, site)
    assert network.skips == (family != "mt5")  # whose first block computes what all need
    value = torch.linspace(-2, 2, 128)
    for most in (1, 12, 1000):
        bench = Bench(network, TARGETS, batch_tokens=most)
        shift = value[: bench.values.shape[1]]
        edits = [
            Applied(SetTo(shift.double().numpy()), UNITS),
            Applied(Steer(shift.double().numpy()), UNITS),
            Applied(Donor(bench.values[[1, 2, 0]]), UNITS),
        ]
        read = bench.edited([unit_reader(at) for at in (0, 5)], edits)
        donors = torch.tensor(bench.values[[1, 2, 0]], dtype=torch.float32)
        for row, target in enumerate(TARGETS):
            changes = (
                lambda v, shift=shift: shift,
                lambda v, shift=shift: v + shift,
                lambda v, donor=donors[row]: donor,
            )
            plain = by_hand(model, places[family], site, target, lambda v: v)
            for number, change in enumerate(changes):
                states = by_hand(model, places[family], site, target, change)
                for which, at in enumerate((0, 5)):
                    wanted = read_by_hand(states, target, at)
                    assert read.values[number, which, row] == pytest.approx(wanted, abs=2e-4, rel=1e-4)
                cosine = torch.cosine_similarity(states.mean(dim=0), plain.mean(dim=0), dim=0)
                assert read.damage[number, row] == pytest.approx(1 - float(cosine), abs=1e-4)
            assert bench.unedited([unit_reader(0)])[0, row] == pytest.approx(
                read_by_hand(plain, target, 0), abs=2e-4, rel=1e-4
            )


@pytest.mark.parametrize("family", ["bert", "gemma3", "mt5"])
@pytest.mark.parametrize("site", [RESID, MLP, HEADS])
def test_first_order_effects_are_those_of_small_edits(
    tiny: Callable[[str], LoadedModel], family: str, site: Site
) -> None:
    bench = Bench(Network(tiny(family), LAYER, site), TARGETS)
    sd = bench.values.std(axis=0) + 0.1
    readers = [unit_reader(0), unit_reader(5)]
    found = bench.first_order(readers, {"steer": Steer(sd), "zero": SetTo(np.zeros_like(sd))})
    step = 3e-3
    up, down = bench.edited(readers, [Applied(Steer(sign * step * sd), UNITS) for sign in (1, -1)]).values
    for number in range(2):
        slopes = (up[number] - down[number]) / (2 * step)
        np.testing.assert_allclose(found[number]["steer"][:, UNITS].sum(axis=1), slopes, rtol=0.03, atol=3e-3)


def test_a_model_without_its_blocks_is_left_as_it_was(tiny: Callable[[str], LoadedModel]) -> None:
    model = tiny("bert")
    ids = torch.tensor([TARGETS[0].ids])
    before = model.model(input_ids=ids).last_hidden_state
    Bench(Network(model, LAYER), TARGETS).edited([unit_reader(0)], [Applied(Steer(np.ones(32)), UNITS)])
    torch.testing.assert_close(model.model(input_ids=ids).last_hidden_state, before)


def test_an_edit_of_all_tokens_and_along_a_direction(tiny: Callable[[str], LoadedModel]) -> None:
    network = Network(tiny("bert"), LAYER)
    everywhere = Bench(network, TARGETS, all_tokens=True)
    at_target = Bench(network, TARGETS)
    edit = [Applied(Steer(np.ones(32)), UNITS)]
    assert not np.allclose(
        everywhere.edited([unit_reader(0)], edit).values, at_target.edited([unit_reader(0)], edit).values
    )
    # Along the axis of one unit a direction is that unit, whatever its length.
    axis = np.zeros(32)
    axis[17] = -3.0
    one = at_target.edited([unit_reader(0)], [Applied(SetTo(np.full(32, 0.7)), np.array([17]))]).values
    along = at_target.edited([unit_reader(0)], [Applied(SetTo(np.full(32, 0.7)), None, axis)]).values
    np.testing.assert_allclose(along, one, atol=1e-5)


def test_what_cannot_be_edited_says_why(tiny: Callable[[str], LoadedModel]) -> None:
    model = tiny("bert")
    with pytest.raises(ModelError, match="layer 3 is its last, and no block reads it"):
        Network(model, 3)
    assert Network(model, 3, MLP).behind == 1  # its own block reads it
    with pytest.raises(ModelError, match="no layer 0"):
        Network(model, 0, MLP)


def test_partners_are_others_and_differ_much() -> None:
    ratings = np.array([0.9, 0.1, 0.5, 0.3, 0.7, 0.2])
    partners = swap_partners(ratings)
    assert sorted(partners) == list(range(6))
    ranks = ratings.argsort().argsort()
    assert set(np.abs(ranks[partners] - ranks)) == {3}
    others = random_partners(9, 3)
    assert sorted(others) == list(range(9))
    assert (others != np.arange(9)).all()
