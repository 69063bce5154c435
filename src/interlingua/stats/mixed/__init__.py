"""Linear mixed models: REML with Satterthwaite df, and resampling of whole groups beside them."""

from __future__ import annotations

from interlingua.stats.mixed.model import MixedModelResult, mixed_model
from interlingua.stats.mixed.resample import (
    GroupInterval,
    GroupTest,
    bootstrap_groups,
    group_interval,
    group_test,
    permute_groups,
)

__all__ = [
    "GroupInterval",
    "GroupTest",
    "MixedModelResult",
    "bootstrap_groups",
    "group_interval",
    "group_test",
    "mixed_model",
    "permute_groups",
]
