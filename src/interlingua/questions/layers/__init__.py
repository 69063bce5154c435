"""In which layer does the rating stand? The layer whose units are compared (section 4, Figure 3)."""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.questions.question import Question
from interlingua.study.cell import CellFile
from interlingua.tables import Column, Table
from interlingua.tables.columns import CURVE, LAYER, MODEL, N_LANGUAGES, PROBE, SITE, VARIABLE, R

LAYER_CHOICE = Table(
    name="layer_choice",
    row="a layer",
    key=("model", "site", "variable", "layer"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        Column("mean_r", "mean over languages of the r that chooses", "r", "mean r"),
        N_LANGUAGES,
        Column("chosen", "whether its units are compared", "flag"),
        PROBE,
        CURVE,
        Column(
            "criterion",
            "cv: r by cross-validation on the training words; test: r on the test words, as in the paper; given: the study "
            "names the layer",
            "text",
        ),
    ),
    says="mean r over languages and which layer is `chosen`, by which `criterion`",
    atlas=("layer", "mean_r", "chosen", "probe", "curve", "criterion"),
)
SUMMARY = Table(
    name="layer_summary",
    row="a layer as a probe reads it",
    key=("model", "site", "variable", "probe", "curve", "layer"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        PROBE,
        CURVE,
        LAYER,
        R.but(
            name="mean_r", says="mean over languages of r on held-out words' sentences", heading="mean r", missing=True
        ),
        N_LANGUAGES,
    ),
    files=("csv", "parquet"),
    says="Figure 3: mean r over languages of every probe and curve in every layer",
)
_CHOOSE = Step(
    name="layers",
    says="layers",
    function="interlingua.questions.layers.compute:chosen_layer",
    per=("model", "site", "variable"),
    reads={"probes": "probes", "facts": "facts"},
    outputs=(LAYER_CHOICE, CellFile(), SUMMARY),
    options=("layer.choose", "layer.probe", "layer.curve", "units.k", "extraction.layers", "extraction.heads"),
)

QUESTION = Question(
    key="layers",
    title="In which layer?",
    steps=(_CHOOSE,),
    show="interlingua.questions.layers.show",
    caveats=(
        "A layer chosen by the r on the test words (as in the paper) makes that r look better than it is. The default "
        "of a new study chooses by cross-validation on the training words.",
        "The paper's curve zeroes the other layers of one whole-network probe; its weights were fitted together, so a "
        "low value does not mean that the layer knows little. The probe of a layer alone answers that question.",
        "Languages can share units at layer 0 already, where nothing has been composed yet: shared sub-words and names "
        "are enough for some overlap.",
    ),
)
