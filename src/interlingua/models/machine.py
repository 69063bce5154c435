"""What the machine does for a forward pass: its speed, and how many threads it uses."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside the block.

    The number of threads changes the order in which sums are taken, and so the last digits of results.
    """
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 0
    with threadpool_limits(1):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(threads)


def matrix_speed(dtype: str) -> float:
    """Return the floating-point operations a second of one core in a matrix product like a small model's."""
    import torch

    generator = torch.Generator().manual_seed(0)
    a = torch.randn(512, 768, generator=generator).to(getattr(torch, dtype))
    b = torch.randn(768, 768, generator=generator).to(getattr(torch, dtype))
    times = []
    with one_thread():
        for _ in range(8):
            started = time.perf_counter()
            a @ b
            times.append(time.perf_counter() - started)
    return 2 * a.shape[0] * b.numel() / float(np.median(times))
