"""One forward pass in which all sites of a model are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from interlingua.models.sites import Address, Sites
from interlingua.models.trial import BatchLayout, forward
from interlingua.tables import RESID, Site


def read_sites(
    model: Any,
    layout: BatchLayout,
    sites: Sites,
    wanted: Mapping[Site, Sequence[int]],
    see: Callable[[Site, int, Tensor], None],
    ids: NDArray[np.int64],
    mask: NDArray[np.int64],
    positions: NDArray[np.int64] | None = None,
) -> None:
    """Run a batch, and let `see` look at every wanted site and layer in it.

    Edits that are in place (`Address.edit`) are seen. The residual stream is the model's hidden states, of which the
    last one has the final norm behind it where there is one; any model has them. Where the model's blocks are known,
    they are read as what goes into the next block: what `transformers` records may be from before an edit. To be
    called in `torch.inference_mode`, or without gradients.

    Parameters
    ----------
    model, layout, ids, mask, positions
        As `interlingua.models.trial.forward` takes them: S sentences of T tokens.
    sites
        Where the model's units are.
    wanted
        The layers of each site.
    see
        Called with a site, a layer and its values, shape (S, T, width), of which it must copy what it keeps.

    Raises
    ------
    ModelError
        If a site can't be had in this model, or has no such layer.
    """
    recorded = []
    with ExitStack() as stack:
        for site, layers in wanted.items():
            for layer in layers:
                if site == RESID and layer >= len(sites.blocks):
                    recorded.append(layer)
                    continue
                address = Address(sites.blocks[layer], "input") if site == RESID else sites.address(site, layer)
                stack.enter_context(address.watch(partial(see, site, layer)))
        states = forward(model, layout, ids, mask, positions)
    for layer in recorded:
        see(RESID, layer, states[layer])
