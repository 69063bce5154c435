"""The probe as the authors' public code trains it (through NeuroX): Adam on the un-squared norm.

A linear layer trained on MSE + l1 |w|_1 + l2 |w|_2, the norm not squared although the paper's Eq. 1 squares
it, with Adam at a learning rate of 1e-5, 500 epochs, batches of 32 in the order of the file, in float32. It
stops long before the minimum and leaves no exact zeros.

torch draws the initial weights; the steps are in NumPy with the gradient written out, in place, several
times faster than autograd and equal to it to float32 rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlingua.errors import StatsError

_BETA1, _BETA2, _EPS = 0.9, 0.999, 1e-8  # torch.optim.Adam's defaults


@dataclass(frozen=True)
class AdamFit:
    """Probes trained by Adam.

    Attributes
    ----------
    weights : ndarray of float32, shape (n,) or (n, k)
        Weights, a column for each column of y.
    intercept : ndarray of float32, shape () or (k,)
        The bias.
    epochs : int
        Passes over the training sentences.
    """

    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]
    epochs: int


def adam_probe(
    X: ArrayLike,
    y: ArrayLike,
    *,
    seed: int | Sequence[int],
    l1: float = 0.001,
    l2: float = 0.001,
    squared: bool = False,
    learning_rate: float = 1e-5,
    epochs: int = 500,
    batch_size: int = 32,
    on_epoch: Callable[[int, int], None] | None = None,
) -> AdamFit:
    """Train a linear probe as the authors did.

    Parameters
    ----------
    X : array_like, shape (m, n)
        Standardised inputs, used in float32 and in the order given.
    y : array_like, shape (m,) or (m, k)
        Ratings. Columns are independent probes (the norm is each column's own) trained in one pass over the
        inputs, with the same results as one at a time.
    seed : int or sequence of int
        Seed of the initial weights, torch's default of a linear layer; one for all columns or one for each.
        Give every language its own: probes that start alike stay alike, and seem to share units.
    l1, l2 : float
        Penalties.
    squared : bool
        Penalise l2 |w|_2^2 as in Eq. 1, instead of l2 |w|_2.
    learning_rate, epochs, batch_size
        Of the training; the last batch may be smaller.
    on_epoch : callable, optional
        Called with (epoch, epochs) after each epoch; an exception that it raises stops the training.

    Returns
    -------
    AdamFit

    Raises
    ------
    StatsError
        If shapes differ or an option is out of its range.
    """
    inputs = np.ascontiguousarray(X, dtype=np.float32)
    target = np.asarray(y, dtype=np.float32)
    if inputs.ndim != 2 or target.ndim not in (1, 2) or len(target) != len(inputs):
        raise StatsError(f"X has shape {inputs.shape} and y {target.shape}: both need the same rows")
    if epochs < 0 or batch_size < 1:
        raise StatsError(f"epochs is {epochs} and batch_size {batch_size}: they must be >= 0 and >= 1")
    columns = np.ascontiguousarray(target.reshape(len(target), -1).T)  # (k, m)
    seeds = [seed] * len(columns) if isinstance(seed, int) else list(seed)
    if len(seeds) != len(columns):
        raise StatsError(f"{len(seeds)} seeds for {len(columns)} columns of y: give one, or one for each column")
    weights, bias = _initial(inputs.shape[1], seeds)
    weight_adam, bias_adam = _Adam(weights, learning_rate), _Adam(bias, learning_rate)
    gradient, work = np.empty_like(weights), np.empty_like(weights)
    bias_gradient = np.empty_like(bias)
    for epoch in range(epochs):
        for start in range(0, len(inputs), batch_size):
            batch = inputs[start : start + batch_size]
            wanted = columns[:, start : start + batch_size]
            for k in range(len(weights)):
                error = batch @ weights[k]
                error += bias[k]
                error -= wanted[k]
                error *= 2 / len(batch)
                np.dot(error, batch, out=gradient[k])
                bias_gradient[k] = error.sum()
            _add_penalty(gradient, weights, work, l1=l1, l2=l2, squared=squared)
            weight_adam.step(weights, gradient)
            bias_adam.step(bias, bias_gradient)
        if on_epoch is not None:
            on_epoch(epoch + 1, epochs)
    if target.ndim == 1:
        return AdamFit(weights[0], bias[0], epochs)
    return AdamFit(np.ascontiguousarray(weights.T), bias, epochs)


class _Adam:
    """Adam (Kingma & Ba 2015) in torch's order of operations, without a temporary array."""

    def __init__(self, parameter: NDArray[np.float32], learning_rate: float) -> None:
        self._mean = np.zeros_like(parameter)
        self._square = np.zeros_like(parameter)
        self._work = np.empty_like(parameter)
        self._learning_rate = learning_rate
        self._steps = 0

    def step(self, parameter: NDArray[np.float32], gradient: NDArray[np.float32]) -> None:
        """Update the parameter in place; the gradient is overwritten."""
        self._steps += 1
        work = self._work
        np.subtract(gradient, self._mean, out=work)
        work *= 1 - _BETA1
        self._mean += work
        self._square *= _BETA2
        np.multiply(gradient, gradient, out=gradient)
        gradient *= 1 - _BETA2
        self._square += gradient
        np.sqrt(self._square, out=work)
        work /= np.sqrt(1 - _BETA2**self._steps).item()
        work += _EPS
        np.divide(self._mean, work, out=work)
        work *= self._learning_rate / (1 - _BETA1**self._steps)
        parameter -= work


def _add_penalty(
    gradient: NDArray[np.float32],
    weights: NDArray[np.float32],
    work: NDArray[np.float32],
    *,
    l1: float,
    l2: float,
    squared: bool,
) -> None:
    np.sign(weights, out=work)
    work *= l1
    gradient += work
    for k in range(len(weights)):
        # A norm of 0 has no gradient; torch gives NaN there, which no random start meets.
        factor = 2 * l2 if squared else l2 / float(np.sqrt(weights[k] @ weights[k]))
        np.multiply(weights[k], factor, out=work[k])
    gradient += work


def _initial(n: int, seeds: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weights (k, n) and biases (k,) that `torch.nn.Linear(n, 1)` starts from."""
    import torch

    weights = np.empty((len(seeds), n), dtype=np.float32)
    bias = np.empty(len(seeds), dtype=np.float32)
    with torch.random.fork_rng(devices=[]):
        for k, seed in enumerate(seeds):
            torch.manual_seed(seed)
            linear = torch.nn.Linear(n, 1)
            weights[k] = linear.weight.detach().numpy()[0]
            bias[k] = linear.bias.detach().numpy()[0]
    return weights, bias
