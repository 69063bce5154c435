"""The authors' training loop, against torch.optim.Adam and autograd on the loss as they wrote it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from interlingua.errors import StatsError
from interlingua.probes import adam_probe


def reference(
    X: np.ndarray, y: np.ndarray, *, seed: int, epochs: int, batch: int, lr: float, squared: bool = False
) -> tuple[np.ndarray, float]:
    torch.manual_seed(seed)
    model = torch.nn.Linear(X.shape[1], 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    inputs, target = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    for _ in range(epochs):
        for start in range(0, len(inputs), batch):
            optimizer.zero_grad()
            output = model(inputs[start : start + batch]).squeeze(1)
            loss = torch.nn.functional.mse_loss(output, target[start : start + batch])
            w = model.weight
            norm = w.pow(2).sum() if squared else w.norm(2)
            (loss + 0.001 * w.abs().sum() + 0.001 * norm).backward()
            optimizer.step()
    return model.weight.detach().numpy()[0], model.bias.item()


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(150, 40)), rng.uniform(size=(150, 2))


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("lr", [1e-5, 1e-3])
def test_agrees_with_autograd(data: tuple[np.ndarray, np.ndarray], lr: float, squared: bool) -> None:
    X, Y = data
    expected, bias = reference(X, Y[:, 0], seed=3, epochs=30, batch=32, lr=lr, squared=squared)
    fit = adam_probe(X, Y[:, 0], seed=3, epochs=30, learning_rate=lr, squared=squared)
    start = adam_probe(X, Y[:, 0], seed=3, epochs=0)
    assert np.abs(fit.weights - start.weights).max() > 10 * lr
    np.testing.assert_allclose(fit.weights, expected, rtol=1e-5, atol=1e-6)
    assert float(fit.intercept) == pytest.approx(bias, rel=1e-5, abs=1e-6)
    assert fit.weights.dtype == np.float32


def test_columns_are_probes_of_their_own(data: tuple[np.ndarray, np.ndarray]) -> None:
    X, Y = data
    together = adam_probe(X, Y, seed=[1, 2], epochs=5)
    for k, seed in enumerate((1, 2)):
        alone = adam_probe(X, Y[:, k], seed=seed, epochs=5)
        np.testing.assert_array_equal(together.weights[:, k], alone.weights)
        assert together.intercept[k] == alone.intercept


def test_starts_as_a_linear_layer_does_and_leaves_the_generator_alone(
    data: tuple[np.ndarray, np.ndarray],
) -> None:
    X, Y = data
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    fit = adam_probe(X, Y[:, 0], seed=11, epochs=0)
    assert torch.equal(torch.random.get_rng_state(), before)
    layer = torch.nn.Linear(40, 1)
    np.testing.assert_array_equal(fit.weights, layer.weight.detach().numpy()[0])
    assert float(fit.intercept) == layer.bias.item()


def test_progress_and_stopping(data: tuple[np.ndarray, np.ndarray]) -> None:
    X, Y = data
    seen: list[tuple[int, int]] = []

    def stop_after_three(epoch: int, epochs: int) -> None:
        seen.append((epoch, epochs))
        if epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adam_probe(X, Y[:, 0], seed=0, epochs=9, on_epoch=stop_after_three)
    assert seen == [(1, 9), (2, 9), (3, 9)]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"seed": [1]}, "1 seeds for 2 columns"), ({"batch_size": 0}, "batch_size"), ({"epochs": -1}, "epochs")],
)
def test_bad_arguments(data: tuple[np.ndarray, np.ndarray], options: dict[str, object], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        adam_probe(*data, **({"seed": 0} | options))  # type: ignore[arg-type]
