"""Statistics that know neither models nor files: numpy, scipy and statsmodels in, numbers out.

Each is a stand-alone function that other projects may import; each is tested against an oracle not written here.
"""

from __future__ import annotations

from interlingua.stats.correlation import pearson, pearson_columns
from interlingua.stats.degrees import degree_table, membership_sf, simulate_degrees
from interlingua.stats.hc3 import hc3_columns, hc3_t, ols_columns
from interlingua.stats.jackknife import jackknife, ratio_interval
from interlingua.stats.mixed import mixed_model
from interlingua.stats.multiplicity import adjust, bonferroni_within_degree
from interlingua.stats.r_interval import mean_r_interval, r_interval, word_means
from interlingua.stats.reliability import reliability
from interlingua.stats.superexact import superexact, superexact_pmf, superexact_sf

__all__ = [
    "adjust",
    "bonferroni_within_degree",
    "degree_table",
    "hc3_columns",
    "hc3_t",
    "jackknife",
    "mean_r_interval",
    "membership_sf",
    "mixed_model",
    "ols_columns",
    "pearson",
    "pearson_columns",
    "r_interval",
    "ratio_interval",
    "reliability",
    "simulate_degrees",
    "superexact",
    "superexact_pmf",
    "superexact_sf",
    "word_means",
]
