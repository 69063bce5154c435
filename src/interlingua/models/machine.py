"""What the machine does for a forward pass: its speed."""

from __future__ import annotations

import time
from collections.abc import Callable

from interlingua.flow.processes import one_thread

#: The batch that is timed: sentences, and tokens in each.
_SENTENCES, _LENGTH = 64, 16
#: Tokens in it.
TIMED_TOKENS = _SENTENCES * _LENGTH
#: For how long something is timed, how often at least, and at most.
_TIME_S, _LEAST_TIMES, _MOST_TIMES = 0.8, 5, 60
#: Heads have this width in nearly all models.
_HEAD = 64


def matrix_speed(dtype: str) -> float:
    """Return the floating-point operations a second of one core in a matrix product like a small model's."""
    import torch

    generator = torch.Generator().manual_seed(0)
    a = torch.randn(512, 768, generator=generator).to(getattr(torch, dtype))
    b = torch.randn(768, 768, generator=generator).to(getattr(torch, dtype))
    return 2 * a.shape[0] * b.numel() / _least(lambda: a @ b)


def layer_seconds(width: int, dtype: str, device: str = "cpu") -> float:
    """Return the seconds that one core, or a GPU, takes for a layer of this width over `TIMED_TOKENS` tokens.

    A layer of a usual encoder, with random numbers in place of weights: four matrix products of the width, attention,
    two products with four times the width, and what stands between them.
    """
    import torch
    from torch.nn import functional

    from interlingua.models.devices import main_device

    device = main_device(device)
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return (torch.randn(*shape, generator=generator) / width**0.5).to(device, getattr(torch, dtype))

    x, projections = drawn(_SENTENCES, _LENGTH, width), [drawn(width, width) for _ in range(4)]
    wider, back = drawn(4 * width, width), drawn(width, 4 * width)
    biases, wide_bias = [drawn(width) for _ in range(5)], drawn(4 * width)
    heads = max(1, width // _HEAD)
    while width % heads:
        heads -= 1
    mask = torch.zeros(_SENTENCES, 1, 1, _LENGTH, dtype=x.dtype, device=device)

    def layer() -> None:
        query, key, value = (
            functional.linear(x, weight, bias).view(_SENTENCES, _LENGTH, heads, -1).transpose(1, 2)
            for weight, bias in zip(projections[:3], biases[:3], strict=True)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = mixed.transpose(1, 2).flatten(2)
        mixed = functional.layer_norm(x + functional.linear(mixed, projections[3], biases[3]), (width,))
        out = functional.linear(functional.gelu(functional.linear(mixed, wider, wide_bias)), back, biases[4])
        functional.layer_norm(mixed + out, (width,))
        if device == "mps":
            torch.mps.synchronize()
        elif device != "cpu":
            torch.cuda.synchronize(device)

    with torch.inference_mode():
        return _least(layer)


def _least(call: Callable[[], object]) -> float:
    """Return the least of the seconds that a call takes on one thread: other programs can only add to them."""
    seconds: list[float] = []
    with one_thread():
        call()
        until = time.perf_counter() + _TIME_S
        while len(seconds) < _LEAST_TIMES or (time.perf_counter() < until and len(seconds) < _MOST_TIMES):
            started = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - started)
    return min(seconds)
