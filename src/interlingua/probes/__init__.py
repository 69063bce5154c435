"""Probes: does the model know the rating of a word, in which layer, and with which units.

`fit_probes` does all of it for one language and variable; the solvers stand alone.
"""

from __future__ import annotations

from interlingua.probes.adam import AdamFit, adam_probe
from interlingua.probes.design import WHOLE, Design, LayerSource
from interlingua.probes.elastic_net import ElasticNetFit, duality_gap, elastic_net
from interlingua.probes.evaluate import Performance, evaluate, layer_contributions
from interlingua.probes.fit import PROBE_COLUMNS, ProbeResults, fit_probes
from interlingua.probes.layers import choose_layer
from interlingua.probes.penalty import (
    ELASTIC_NET_PENALTIES,
    PenaltyChoice,
    RidgeCrossValidation,
    choose_penalty,
    grouped_folds,
    split_folds,
)
from interlingua.probes.refit import refit_elastic_net, refit_ridge
from interlingua.probes.ridge import RIDGE_PENALTIES, RidgeFit, RidgePath, ridge
from interlingua.probes.weights_io import load_weights, save_weights

__all__ = [
    "ELASTIC_NET_PENALTIES",
    "PROBE_COLUMNS",
    "RIDGE_PENALTIES",
    "WHOLE",
    "AdamFit",
    "Design",
    "ElasticNetFit",
    "LayerSource",
    "PenaltyChoice",
    "Performance",
    "ProbeResults",
    "RidgeCrossValidation",
    "RidgeFit",
    "RidgePath",
    "adam_probe",
    "choose_layer",
    "choose_penalty",
    "duality_gap",
    "elastic_net",
    "evaluate",
    "fit_probes",
    "grouped_folds",
    "layer_contributions",
    "load_weights",
    "refit_elastic_net",
    "refit_ridge",
    "ridge",
    "save_weights",
    "split_folds",
]
