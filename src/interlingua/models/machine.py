"""What the machine does for a forward pass: its speed."""

from __future__ import annotations

import time

import numpy as np

from interlingua.flow.processes import one_thread


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
