"""Where does the rating lie, and where is it shared most: residual stream, MLP units, heads? (beyond the paper)"""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.questions.question import Asked, Question
from interlingua.tables import Column, Table
from interlingua.tables.columns import LAYER, MODEL, N_LANGUAGES, N_UNITS, SITE, VARIABLE, R

_RHO = (
    Column(
        "rho", "rho-bar: similarity between languages over their similarity with themselves", "r", "ρ̄", missing=True
    ),
    Column("rho_low", "lower end of its 95 % interval over languages (jackknife)", "r", "low", missing=True),
    Column("rho_high", "upper end of it", "r", "high", missing=True),
)
_SHARE = Column(
    "share", "share of the variance of units' true correlations that languages share", "percent", "shared", missing=True
)
_MEAN_R = R.but(
    name="mean_r",
    says="mean over languages of r on held-out words' sentences, of a probe of the layer alone",
    heading="mean r",
    missing=True,
)
_N_UNITS = N_UNITS.but(says="units of the layer")

BY_LAYER = Table(
    name="sites",
    row="a layer of a site",
    key=("model", "site", "variable", "layer"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _N_UNITS,
        N_LANGUAGES,
        _MEAN_R,
        *_RHO,
        _SHARE,
        Column("chosen", "whether it is the layer whose units are compared", "flag"),
    ),
    says="how well the rating can be read and how much of it languages share, layer by layer of every site",
)
SUMMARY = Table(
    name="sites_summary",
    row="a site",
    key=("model", "site", "variable"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _N_UNITS,
        N_LANGUAGES,
        R.but(
            name="mean_r",
            says="cross-fitted r over all words at the chosen layer, mean over languages",
            heading="mean r (all words)",
            missing=True,
        ),
        Column("mean_low", "lower end of its 95 % interval over languages", "r", "low", missing=True),
        Column("mean_high", "upper end of it", "r", "high", missing=True),
        *_RHO,
        _SHARE,
        Column("in_most", "units shown to carry it in three of four languages or more", "count", "in most languages"),
        Column("share_in_most", "the same as a share of the layer's units", "percent", "of its units"),
        Column("best_layer", "the layer of the site with the greatest mean r", "unit", "read best in layer"),
        Column("best_mean_r", "that r", "r", "mean r there"),
        Column("closest_layer", "the layer with the greatest rho-bar", "unit", "shared most in layer", missing=True),
        Column("closest_rho", "that rho-bar", "r", "ρ̄ there", missing=True),
    ),
    says="the sites beside each other, at the layer that is chosen at each",
)
COMPARED = Table(
    name="sites_compared",
    row="a site beside the study's first",
    key=("model", "site", "variable"),
    columns=(
        MODEL,
        SITE.but(says="the site that is set beside the study's first"),
        VARIABLE,
        SITE.but(name="beside", says="the study's first site", heading="beside"),
        N_LANGUAGES,
        Column(
            "r_less", "its mean r less that of the first site, at the chosen layers", "r", "r less that", missing=True
        ),
        Column("r_less_low", "lower end of its 95 % interval over languages (jackknife)", "r", "low", missing=True),
        Column("r_less_high", "upper end of it", "r", "high", missing=True),
        Column("rho_less", "its rho-bar less that of the first site", "r", "ρ̄ less that", missing=True),
        Column("rho_less_low", "lower end of its 95 % interval over languages (jackknife)", "r", "low", missing=True),
        Column("rho_less_high", "upper end of it", "r", "high", missing=True),
    ),
    says="how far each site differs from the first in r and in rho-bar, both of the same languages",
)


def _why_not(asked: Asked) -> str:
    if len(asked.study.sites) > 1:
        return ""
    return "This study reads units at one site. With sites = ['resid', 'mlp', 'heads'] it compares them."


_COMPARE = Step(
    name="sites",
    says="sites",
    function="interlingua.questions.sites.compute:sites",
    per=("model", "variable"),
    reads={
        "cells": "cell",
        "summary": "layer_summary",
        "known": "performance_of_layer",
        "held_out_r": "held_out_r",
        "similarity": "similarity",
        "components": "components",
        "carrying": "conjunction_summary",
        "profiles": "unit_profiles",
    },
    outputs=(BY_LAYER, SUMMARY, COMPARED),
    options=("layer.probe",),
)

QUESTION = Question(
    key="sites",
    title="Where in the model?",
    asked=_why_not,
    steps=(_COMPARE,),
    show="interlingua.questions.sites.show",
    across_sites=True,
    caveats=(
        "The residual stream of a layer is what all MLPs and heads up to it have written; MLP units and heads are what one "
        "layer adds. So a rating that is read well there need not be made there.",
        "Sites differ in the number of their units, and a probe of more units can read more. ρ̄ is a correlation over units: "
        "it does not grow with their number.",
        "The residual stream of layer l stands beside the MLP units and heads of the block that ends in it.",
    ),
)
