"""Where a model's units are, so that they can be read and edited in a forward pass: the residual stream, MLPs, heads.

Layer l of a study is the output of block l - 1, layer 0 the embeddings; MLP units and heads of layer l are those of
block l - 1, and layer 0 has none. What a configuration calls its family tells the modules (``families.toml``), and
three passes over some twenty tokens tell whether that is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from interlingua.errors import ModelError
from interlingua.models.families import Family, families
from interlingua.tables import HEADS, MLP, RESID, Site
from interlingua.tables.shapes import UnitShapes, no_layer

# Where a configuration says how many experts a layer has.
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
# Most by which a block's output may differ where its sites are given back, relative to what the disturbance changes.
_ALLOWED = 1e-3


@dataclass(frozen=True, eq=False)
class Address:
    """A tensor of a forward pass, shape (sentences, tokens, width): what goes into a module, or comes out of it.

    Parameters
    ----------
    module
        The module.
    side
        Its first input, or its (first) output.
    """

    module: nn.Module
    side: Literal["input", "output"]

    def watch(self, see: Callable[[Tensor], None]) -> RemovableHandle:
        """Let `see` look at the tensor in every pass, edits included; what it keeps, it must copy."""

        def look(tensor: Tensor) -> Tensor:
            see(tensor)
            return tensor

        return self._hook(look, first=False)

    def edit(self, change: Callable[[Tensor], Tensor]) -> RemovableHandle:
        """Put in the tensor's place, in every pass, what `change` makes of it.

        The edit comes before everything that looks at the tensor, the recording of hidden states by `transformers`
        included; of two edits, the one that was made last comes first. `change` must leave its argument as it is.
        """
        return self._hook(change, first=True)

    def _hook(self, change: Callable[[Tensor], Tensor], *, first: bool) -> RemovableHandle:
        def on_input(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if args:
                return (change(args[0]), *args[1:]), kwargs
            return args, kwargs | {"hidden_states": change(kwargs["hidden_states"])}

        def on_output(module: nn.Module, args: Any, output: Any) -> Any:
            return change(output) if isinstance(output, Tensor) else (change(output[0]), *output[1:])

        if self.side == "input":
            return self.module.register_forward_pre_hook(on_input, prepend=first, with_kwargs=True)
        return self.module.register_forward_hook(on_output, prepend=first)


@dataclass(frozen=True, eq=False)
class Sites:
    """Where a model's units are.

    Parameters
    ----------
    name
        Of the model.
    blocks
        Its blocks; none where the family is not known, or was not what it says.
    modules
        For MLP units and heads, the module of each block that they go into.
    widths
        For MLP units and heads, how many of them a layer has; those of a head stand side by side.
    n_heads
        Attention heads in a layer.
    why
        Why nothing but the hidden states can be read, "" where all can.
    """

    name: str
    blocks: tuple[nn.Module, ...] = ()
    modules: Mapping[Site, tuple[nn.Module, ...]] = field(default_factory=dict)
    widths: Mapping[Site, int] = field(default_factory=dict)
    n_heads: int = 0
    why: str = ""

    def shapes(self, layers: int, width: int) -> UnitShapes:
        """Return how many units the model has, with `layers` layers (the embeddings included) of `width` units."""
        n_mlp, n_heads = (self.widths.get(site, 0) for site in (MLP, HEADS))
        return UnitShapes(self.name, layers, width, n_mlp, n_heads, self.n_heads, self.why)

    def layers(self, site: Site) -> range:
        """Return the layers that have units there.

        Raises
        ------
        ModelError
            If the site can't be had in this model; says why.
        """
        self._known(site)
        return range(0 if site == RESID else 1, len(self.blocks) + 1)

    def address(self, site: Site, layer: int) -> Address:
        """Return where the units of a site and layer are.

        The last layer of the residual stream is the output of the last block, before a final norm, which the last
        hidden state has behind it in most decoders.

        Raises
        ------
        ModelError
            If the site can't be had in this model (says why), or has no such layer.
        """
        layers = self.layers(site)
        if layer not in layers:
            raise ModelError(no_layer(self.name, site, layers, layer))
        if site == RESID:
            return Address(self.blocks[layer - 1], "output") if layer else Address(self.blocks[0], "input")
        return Address(self.modules[site][layer - 1], "input")

    def _known(self, site: Site) -> None:
        if self.why:
            raise ModelError(f"the site '{site}' of {self.name} can't be had: {self.why}")


def locate_sites(name: str, model: Any) -> Sites:
    """Find a model's sites by its family alone; a model without numbers (on the device "meta") will do.

    Parameters
    ----------
    name
        How messages call the model.
    model
        A `transformers` model, with a head or without.

    Returns
    -------
    sites
        Without blocks, and with a reason, where the family is not known, or the model has not what it says.
    """
    config = model.config.get_text_config()
    experts = next((n for name in _EXPERTS if isinstance(n := getattr(config, name, None), int) and n > 1), 0)
    if experts:
        return Sites(name, why=f"it is a mixture of {experts} experts, whose layers have no MLP units in common")
    family = families().get(config.model_type)
    if family is None:
        known = ", ".join(families())
        return Sites(name, why=f"the family '{config.model_type}' is not known; known are {known}")
    blocks = _blocks(model.base_model, family)
    paths: dict[Site, str] = {MLP: family.mlp, HEADS: family.heads}
    modules = {site: _inside(blocks, path) for site, path in paths.items()}
    for site, path in paths.items():
        if not modules[site]:
            return Sites(name, why=f"a block of it has no module {path}, as the family '{config.model_type}' should")
    widths = {site: {_width(module) for module in found} for site, found in modules.items()}
    n_heads = int(config.num_attention_heads)
    if any(len(found) > 1 for found in widths.values()) or any(width % n_heads for width in widths[HEADS]):
        return Sites(name, why=f"its layers differ in units, or its {n_heads} heads do: {widths[MLP]}, {widths[HEADS]}")
    return Sites(name, blocks, modules, {site: found.pop() for site, found in widths.items()}, n_heads)


def find_sites(name: str, model: Any, sentence: Sequence[int]) -> Sites:
    """Find a model's sites by its family, and try whether its units are there.

    Parameters
    ----------
    name, model
        As of `locate_sites`, with its numbers.
    sentence
        Token ids to try it on, special tokens included.

    Returns
    -------
    sites
        As of `locate_sites`; without blocks, and with a reason, where the trial shows that units are elsewhere, too.
    """
    sites = locate_sites(name, model)
    if sites.why:
        return sites
    trial = _Trial(model, sites, torch.tensor([list(sentence)], device=model.device))
    why = trial.why_not(families()[model.config.get_text_config().model_type])
    return Sites(name, why=why) if why else sites


def _blocks(base: nn.Module, family: Family) -> tuple[nn.Module, ...]:
    known = dict(base.named_modules())
    lists = (known[path] for path in family.blocks if path in known)
    return tuple(next(lists, nn.Module()).children())


def _width(module: Any) -> int:
    """Return how many numbers go into a linear module (or one of GPT-2's, whose matrix lies the other way round)."""
    width = getattr(module, "in_features", None)
    return int(module.weight.shape[0] if width is None else width)


def _inside(blocks: Sequence[nn.Module], path: str) -> tuple[nn.Module, ...]:
    """Return the module of each block at a path, none where one lacks it."""
    found = [dict(block.named_modules()).get(path) for block in blocks]
    return tuple(module for module in found if module is not None) if None not in found else ()


class _Trial:
    """Whether the units of a model are where its family says.

    In a second pass every block gets the input that it got in the first, and everything inside it that multiplies by a
    matrix gives something else, but for the two projections that the sites go into. With what the sites held in the
    first pass put back, the block must give what it gave; without, it must not.
    """

    def __init__(self, model: Any, sites: Sites, ids: Tensor) -> None:
        self.model, self.ids = model, ids
        self.blocks, self.modules = sites.blocks, sites.modules
        self.inputs: dict[nn.Module, list[Tensor]] = {}
        self.outputs: dict[nn.Module, list[Tensor]] = {}

    def why_not(self, family: Family) -> str:
        """Return what is not as the family says, or ""."""
        watched = [*self.blocks, *(module for modules in self.modules.values() for module in modules)]
        with self._recording(self.inputs, "input", watched), self._recording(self.outputs, "output", self.blocks):
            states = self._run()
        of_site = {MLP: family.mlp, HEADS: family.heads}
        for site, modules in self.modules.items():
            calls = {len(self.inputs[module]) for module in modules}
            if calls != {1}:
                hint = f" ({family.hint})" if family.hint else ""
                often = " and ".join(str(n) for n in sorted(calls))
                return f"a forward pass calls {of_site[site]} of a block {often} times, where once is needed{hint}"
        shapes = {tuple(self.inputs[module][0].shape[:-1]) for modules in self.modules.values() for module in modules}
        if shapes != {tuple(self.ids.shape)}:
            return f"what goes into {family.mlp} and {family.heads} of its blocks has no row a token"
        streams = [self.inputs[block][0] for block in self.blocks]
        if len(states) != len(streams) + 1 or not all(map(torch.equal, streams, states[:-1])):
            return f"its {len(states)} hidden states are not what goes into its {len(streams)} blocks"
        return self._not_reproduced()

    def _not_reproduced(self) -> str:
        disturbed, given_back = self._disturbed({}), self._disturbed(self.modules)
        for layer, (block, other, back) in enumerate(zip(self.blocks, disturbed, given_back, strict=True), start=1):
            own = self.outputs[block][0]
            effect, left = (float((output - own).float().abs().max()) for output in (other, back))
            # Written so that values which are not finite don't pass.
            if not (effect > 0 and left <= _ALLOWED * effect):
                return (
                    f"the output of layer {layer} is not made of what its MLP units and heads give: with them put back "
                    f"into a disturbed block, {left:.2g} remains of a difference of {effect:.2g}"
                )
        return ""

    def _disturbed(self, given_back: Mapping[Site, tuple[nn.Module, ...]]) -> list[Tensor]:
        """Return the blocks' outputs in a pass with everything disturbed, and these sites put back."""
        kept = {module for modules in self.modules.values() for module in modules}
        outputs: dict[nn.Module, list[Tensor]] = {}
        with ExitStack() as stack:
            for block in self.blocks:
                stack.enter_context(Address(block, "input").edit(partial(_instead, self.inputs[block][0])))
                for module in block.modules():
                    if _multiplies(module) and module not in kept:
                        stack.enter_context(Address(module, "output").edit(lambda output: 1 - output))
            for modules in given_back.values():
                for module in modules:
                    stack.enter_context(Address(module, "input").edit(partial(_instead, self.inputs[module][0])))
            stack.enter_context(self._recording(outputs, "output", self.blocks))
            self._run()
        return [outputs[block][0] for block in self.blocks]

    def _run(self) -> tuple[Tensor, ...]:
        with torch.inference_mode():
            given = self.model(
                input_ids=self.ids,
                attention_mask=torch.ones_like(self.ids),
                output_hidden_states=True,
                return_dict=True,
                use_cache=False,
            )
        states: tuple[Tensor, ...] = given.hidden_states
        return states

    @staticmethod
    @contextmanager
    def _recording(
        into: dict[nn.Module, list[Tensor]], side: Literal["input", "output"], modules: Sequence[nn.Module]
    ) -> Iterator[None]:
        with ExitStack() as stack:
            for module in modules:
                into[module] = []
                stack.enter_context(Address(module, side).watch(partial(_keep, into[module])))
            yield


def _keep(into: list[Tensor], tensor: Tensor) -> None:
    into.append(tensor.clone())


def _instead(given: Tensor, _: Tensor) -> Tensor:
    return given


def _multiplies(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, Tensor) and weight.ndim == 2 and not isinstance(module, nn.Embedding)
