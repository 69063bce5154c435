"""Sentences of a language in a network: what is read from them without an edit, with it, and its first-order effect.

A readout's gradient by the layer's states costs one backward pass a sentence; with it the first-order effect of every
edit on every unit is known, and so, as each edit changes each unit by itself, that of every set of units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from interlingua.causal.edits import Applied, Edit
from interlingua.causal.network import Network, Sentences, batches
from interlingua.causal.readouts.base import Fitted
from interlingua.models.targets import Pooling, Target

Floats = NDArray[np.float64]


class Read(NamedTuple):
    """What was read from edited sentences.

    Attributes
    ----------
    values : ndarray, shape (edits, readouts, n)
        Each readout at each sentence.
    damage : ndarray, shape (edits, n)
        1 - cosine of the edited and the unedited sentence's vector (mean of its tokens in the last layer).
    divergence : ndarray, shape (edits, readouts, n)
        Of a readout that says words, if it was asked for: Kullback-Leibler divergence of the edited distribution from
        the unedited one, in nats; NaN elsewhere.
    """

    values: Floats
    damage: Floats
    divergence: Floats


class _Started(NamedTuple):
    batch: Sentences
    states: torch.Tensor
    values: torch.Tensor
    target: torch.Tensor
    sentence: torch.Tensor


class Bench:
    """Sentences whose states at the layer are computed once.

    Parameters
    ----------
    network
        The model and the layer.
    targets
        n sentences with their targets.
    batch_tokens
        Most tokens in a forward pass.
    pooling
        Which of the target's tokens are read.
    all_tokens
        Whether edits are done at all tokens of a sentence instead of the target's.
    """

    def __init__(
        self,
        network: Network,
        targets: Sequence[Target],
        *,
        batch_tokens: int = 1024,
        pooling: Pooling = "mean",
        all_tokens: bool = False,
    ) -> None:
        self.network, self.n, self._most = network, len(targets), batch_tokens
        self._started = []
        for batch in batches(network.model, targets, batch_tokens, pooling=pooling, all_tokens=all_tokens):
            states, values, last = network.start(batch)
            self._started.append(_Started(batch, states, values, *_vectors(batch, last)))

    @property
    def values(self) -> Floats:
        """The units' unedited values, averaged over the target's tokens, shape (n, width)."""
        return self._gather([torch.einsum("st,stw->sw", s.batch.target, s.values) for s in self._started])

    @property
    def sentences(self) -> torch.Tensor:
        """The unedited sentences' vectors in the last layer, shape (n, width)."""
        return self._in_order([started.sentence for started in self._started])

    @property
    def targets(self) -> torch.Tensor:
        """The unedited targets' vectors in the last layer, shape (n, width)."""
        return self._in_order([started.target for started in self._started])

    def unedited(self, readouts: Sequence[Fitted]) -> Floats:
        """Return what each readout reads without an edit, shape (readouts, n)."""
        with torch.no_grad():
            return np.stack([self._gather([read(s.target, s.sentence) for s in self._started]) for read in readouts])

    def first_order(
        self, readouts: Sequence[Fitted], edits: Mapping[str, Edit]
    ) -> tuple[dict[str, NDArray[np.float32]], ...]:
        """Return the first-order effect of each edit of each unit on each readout.

        Parameters
        ----------
        readouts
            From `Readout.fit`.
        edits
            By name.

        Returns
        -------
        effects : tuple of dict of str to ndarray of float32, shape (n, width)
            For each readout by edit: the readout's gradient by the unit's value x the unit's change, summed over the
            tokens that are edited.
        """
        found: list[dict[str, NDArray[np.float32]]] = [{name: self._empty() for name in edits} for _ in readouts]
        for started in self._started:
            values = started.values.detach().requires_grad_(True)
            with torch.enable_grad():
                last = self.network.run(started.batch, started.states, partial(_instead, values))
                read = [readout(*_vectors(started.batch, last)).sum() for readout in readouts]
            changes = {name: edit.change(started.values, started.batch.rows) for name, edit in edits.items()}
            for number, value in enumerate(read):
                (gradient,) = torch.autograd.grad(value, values, retain_graph=number + 1 < len(read))
                gradient = torch.where(started.batch.at[..., None], gradient, 0.0)
                for name, change in changes.items():
                    found[number][name][started.batch.rows] = (gradient * change).sum(dim=1).cpu().numpy()
        return tuple(found)

    def by_layer(self, readouts: Sequence[Fitted], layers: Sequence[int]) -> list[dict[int, Floats]]:
        """Return each readout's mean gradient by the site's units in some layers, from one backward pass through all.

        Parameters
        ----------
        readouts
            From `Readout.fit`.
        layers
            As `Network.through` takes them.

        Returns
        -------
        gradients : list of dict of int to ndarray, shape (units of the layer,)
            For each readout by layer: the gradient summed over the tokens that are edited, mean over sentences. Times
            a unit's shift it is the first-order effect of shifting it.
        """
        sums: list[dict[int, Floats]] = [{} for _ in readouts]
        for started in self._started:
            last, values = self.network.through(started.batch, layers)
            with torch.enable_grad():
                read = [readout(*_vectors(started.batch, last)).sum() for readout in readouts]
            for found, value in zip(sums, read, strict=True):
                gradients = torch.autograd.grad(value, values, retain_graph=value is not read[-1])
                for layer, gradient in zip(layers, gradients, strict=True):
                    own = torch.where(started.batch.at[..., None], gradient, 0.0).sum(dim=(0, 1)).double().cpu().numpy()
                    found[layer] = found.get(layer, 0.0) + own / self.n
        return sums

    def edited(
        self,
        readouts: Sequence[Fitted],
        edits: Sequence[Applied],
        *,
        divergence: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
    ) -> Read:
        """Return what each readout reads with each edit, as many edits side by side as fit a batch.

        `divergence` takes edited and unedited vectors of targets, (k x S, width) and (S, width), and gives (k, S).
        """
        values = np.empty((len(edits), len(readouts), self.n))
        damage = np.empty((len(edits), self.n))
        apart = np.full(values.shape, np.nan)
        for started in self._started:
            size = max(1, self._most // started.batch.size)
            for first in range(0, len(edits), size):
                some = edits[first : first + size]
                target, sentence = self._run(started, some)
                rows, which = started.batch.rows, slice(first, first + len(some))
                shape = (len(some), len(rows))
                for number, readout in enumerate(readouts):
                    values[which, number, rows] = readout(target, sentence).reshape(shape).cpu().numpy()
                if divergence is not None:
                    apart[which, :, rows] = divergence(target, started.target).cpu().numpy()[:, None]
                before = started.sentence.repeat(len(some), 1)
                cosine = torch.cosine_similarity(sentence.double(), before.double(), dim=-1)
                damage[which, rows] = 1 - cosine.reshape(shape).cpu().numpy()
        return Read(values, damage, apart)

    def _run(self, started: _Started, edits: Sequence[Applied]) -> tuple[torch.Tensor, torch.Tensor]:
        batch = started.batch.repeated(len(edits))
        at, rows = started.batch.at, started.batch.rows

        def change(values: torch.Tensor) -> torch.Tensor:
            parts = values.chunk(len(edits))
            return torch.cat([edit.to(part, at, rows) for edit, part in zip(edits, parts, strict=True)])

        with torch.no_grad():
            return _vectors(batch, self.network.run(batch, started.states.repeat(len(edits), 1, 1), change))

    def _empty(self) -> NDArray[np.float32]:
        return np.zeros((self.n, self._started[0].values.shape[-1]), dtype=np.float32)

    def _in_order(self, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        order = np.argsort(np.concatenate([started.batch.rows for started in self._started]))
        return torch.cat(list(parts))[torch.as_tensor(order)]

    def _gather(self, parts: Sequence[torch.Tensor]) -> Floats:
        """Return numbers of the sentences of all batches in the sentences' order."""
        found = np.empty((self.n, *parts[0].shape[1:]))
        for started, part in zip(self._started, parts, strict=True):
            found[started.batch.rows] = part.cpu().numpy()
        return found


def _instead(values: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    return values


def _vectors(batch: Sentences, last: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the target's and the sentence's vector, shape (S, width) each."""
    target, sentence = (torch.einsum("st,stw->sw", mean, last) for mean in (batch.target, batch.tokens))
    return target, sentence
