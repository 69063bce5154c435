"""Linear mixed models: REML with Satterthwaite df, and resampling of whole groups beside them."""

from __future__ import annotations

from interlingua.stats.mixed.model import MixedModelResult, mixed_model
from interlingua.stats.mixed.resample import bootstrap_groups, permute_groups

__all__ = ["MixedModelResult", "bootstrap_groups", "mixed_model", "permute_groups"]
