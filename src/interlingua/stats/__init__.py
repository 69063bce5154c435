"""Statistics that know neither models nor files: numpy, scipy and statsmodels in, numbers out.

Each is a stand-alone function that other projects may import; each is tested against an oracle not written here.
"""

from __future__ import annotations

from interlingua.stats.bootstrap import bootstrap_r, word_means
from interlingua.stats.clustered import cluster_ols, cluster_ols_columns
from interlingua.stats.correlation import pearson, pearson_columns
from interlingua.stats.degrees import degree_table, membership_sf, simulate_degrees
from interlingua.stats.mixed import mixed_model
from interlingua.stats.multiplicity import adjust, bonferroni_within_degree
from interlingua.stats.superexact import superexact, superexact_pmf, superexact_sf

__all__ = [
    "adjust",
    "bonferroni_within_degree",
    "bootstrap_r",
    "cluster_ols",
    "cluster_ols_columns",
    "degree_table",
    "membership_sf",
    "mixed_model",
    "pearson",
    "pearson_columns",
    "simulate_degrees",
    "superexact",
    "superexact_pmf",
    "superexact_sf",
    "word_means",
]
