"""Is the sharing more than models show that can't know the languages: untrained ones, or monolingual ones?"""

from __future__ import annotations

from interlingua.flow.step import Read, Step
from interlingua.questions.question import Asked, Question
from interlingua.study.size import Size
from interlingua.tables import Column, Table
from interlingua.tables.columns import CELL, FE, LANGUAGE_A, LANGUAGE_B, N_LANGUAGES, SAME_SIGN

_OF_CONTROL = "of the control"
_CORRECTED_FE = Column(
    "corrected_fe",
    "mean fold enrichment over that of permuted ratings",
    "number",
    "corrected fold enrichment",
    missing=True,
)
_P_FE = Column("p_fe", "its p, from the draws", "p", "p")
_HIGHEST = Column("highest_degree", "the most languages that share a unit", "count", "highest degree")
_IN_ALL = Column("units_in_all", "units in the top of all languages", "count", "units in all languages")
_R_TOP = Column(
    "r_top",
    "r over held-out sentences from the top units alone, mean over languages",
    "r",
    "r of the top units",
    missing=True,
)


def _same(column: Column, heading: str = _OF_CONTROL) -> Column:
    return column.but(name=f"control_{column.name}", says="the same of the control", heading=heading)


_AT = Column(
    "at", "chosen: the layer that the control's own cross-validation chooses; same: at the depth of the model's", "text"
)
_KIND = Column("kind", "untrained (the model with random weights) or other", "text")
_RATIO = (
    Column("fe_ratio", "the model's corrected fold enrichment over the control's", "number", "ratio", missing=True),
    Column(
        "fe_ratio_low",
        "lower end of its 95 % interval (jackknife over languages); none of two languages",
        "number",
        "low",
        missing=True,
    ),
    Column("fe_ratio_high", "upper end of it", "number", "high", missing=True),
)

CONTROLS = Table(
    name="controls",
    row="a model and its control",
    key=("model", "site", "variable", "method", "control", "at"),
    columns=(
        *CELL,
        Column("control", "the control model: untrained-3:NAME is the draw of random weights with seed 3", "name"),
        _KIND,
        _AT,
        Column("control_layer", "that layer of the control", "unit"),
        _CORRECTED_FE,
        _same(_CORRECTED_FE),
        *_RATIO,
        _P_FE,
        _same(_P_FE, "p of the control"),
        _HIGHEST,
        _same(_HIGHEST),
        N_LANGUAGES.but(says="languages that are compared"),
        _IN_ALL,
        _same(_IN_ALL),
        SAME_SIGN,
        _same(SAME_SIGN),
        _R_TOP,
        _same(_R_TOP),
    ),
    says="the same figures of each draw of the untrained model, and of the others that `scrutiny.controls` names; `fe_ratio` "
    "with a jackknife interval over languages",
)
SUMMARY = Table(
    name="controls_summary",
    row="a model and a kind of control",
    key=("model", "site", "variable", "method", "control", "at"),
    columns=(
        *CELL,
        Column("control", "the control model; of random weights, all draws together", "name"),
        _KIND,
        _AT,
        Column("draws", "draws of random weights; 1 of any other control", "count"),
        Column("sentences", "sentences a word that the control reads, at most", "count"),
        N_LANGUAGES.but(says="languages that are compared"),
        _CORRECTED_FE,
        _CORRECTED_FE.but(
            name="control_corrected_fe", says="the same of the control, mean over draws", heading=_OF_CONTROL
        ),
        Column("control_lowest_fe", "the least of a draw", "number", "lowest", missing=True),
        Column("control_highest_fe", "the greatest of a draw", "number", "highest", missing=True),
        _RATIO[0].but(says="the model's corrected fold enrichment over the mean of the draws"),
        *_RATIO[1:],
        _P_FE,
        Column("control_p_below_05", "draws whose own p is below .05", "count", "draws with p < .05"),
        _IN_ALL,
        Column("control_units_in_all", "the same of the control, mean over draws", "number", _OF_CONTROL),
        Column("control_most_in_all", "the most of a draw", "count", "at most"),
        SAME_SIGN,
        SAME_SIGN.but(name="control_same_sign", says="the same of the control, mean over draws", heading=_OF_CONTROL),
        _R_TOP,
        _R_TOP.but(name="control_r_top", says="the same of the control, mean over draws", heading=_OF_CONTROL),
    ),
    says="each control, the draws of random weights together: mean, least and greatest of them, and the ratio over their "
    "mean",
)
_BESIDE = Column("beside", "the study's model beside which the control is set", "name")
_SAME_LAYER = (
    Table(
        name="control_null_same",
        row="a control beside a model, at the depth of its layer",
        key=("beside", "model", "site", "variable", "method"),
        columns=(
            _BESIDE,
            *CELL,
            Column("null_fe", "mean fold enrichment of permuted ratings", "number"),
            _CORRECTED_FE,
            _P_FE,
            _HIGHEST,
            SAME_SIGN,
            _R_TOP,
        ),
        files=(),
    ),
    Table(
        name="control_degrees_same",
        row="a number of languages",
        key=("beside", "model", "site", "variable", "method", "n_languages"),
        columns=(_BESIDE, *CELL, N_LANGUAGES, Column("observed", "units in so many or more", "count")),
        files=(),
    ),
    Table(
        name="control_pairs_same",
        row="a pair of languages",
        key=("beside", "model", "site", "variable", "method", "language_a", "language_b"),
        columns=(_BESIDE, *CELL, LANGUAGE_A, LANGUAGE_B, FE),
        files=(),
    ),
)


def _why_not(asked: Asked) -> str:
    study = asked.study
    if asked.controls:
        return ""
    if not study.scrutiny.controls:
        return (
            "No control ran beside the model: with scrutiny.controls = ['untrained'] the same is asked of the model with "
            "random weights."
        )
    if not study.units.permutations or "permuted" not in study.units.nulls:
        return "Controls are compared by what they share beyond permuted ratings, and this study draws none."
    return (
        "No control ran beside the model: the controls are models of the study itself, or random weights where units of one's "
        "own have none, or neither the headline's ranking nor |correlation| is among the rankings and can be repeated on "
        "permuted ratings."
    )


#: The parts of the graph that controls run through.
_PARTS = ("untrained", "controls")
_NAMES = ("null", "degrees", "pairs", "top_units")


def _seconds(size: Size) -> float:
    return size.scale * len(size.study.scrutiny.controls) * size.languages * 0.5


_AT_SAME_LAYER = Step(
    name="controls_same_layer",
    says="controls at the same layer",
    function="interlingua.questions.controls.same_layer:same_layer",
    per=("site", "variable"),
    reads={
        "cells": "cell",
        **{
            f"{part}_{parameter}": Read(name, part=part, role=role)
            for part in _PARTS
            for parameter, name, role in (
                ("cells", "cell", ""),
                ("activations", "activations", "seen"),
                ("ratings", "ratings", "seen"),
                ("probes", "probes", "seen"),
                ("rankings", "rankings", "seen"),
                ("strata", "strata", ""),
            )
        },
    },
    outputs=_SAME_LAYER,
    options=("units.methods", "draws=units.permutations", "probes.standardise", "probes.folds"),
    seeded=True,
    plugins={"methods": ("interlingua.units.methods", "interlingua.units.refits")},
    seconds=_seconds,
)
_COMPARE = Step(
    name="controls",
    says="comparison with controls",
    function="interlingua.questions.controls.compute:beside_controls",
    per=("site",),
    reads={
        **{name: name for name in _NAMES},
        **{f"{part}_{name}": Read(name, part=part) for part in _PARTS for name in _NAMES},
        **{f"same_{name}": f"control_{name}_same" for name in ("null", "degrees", "pairs")},
    },
    outputs=(CONTROLS, SUMMARY),
    options=("sampling.sentences", "scrutiny.untrained_sentences", "scrutiny.control_sentences"),
)

QUESTION = Question(
    key="controls",
    title="Is it learnt, and more than other models have?",
    asked=_why_not,
    steps=(_AT_SAME_LAYER, _COMPARE),
    show="interlingua.questions.controls.show",
    chapters=("learnt",),
    caveats=(
        "Controls are compared by what they share beyond permuted ratings; codes of their own were not drawn for them, and their "
        "ρ̄ is not computed. Random weights hardly encode a rating, so they show that encoding is learnt, and sharing with it; how much "
        "any code of the trained layer would share, codes of their own there tell.",
        "The interval of the ratio leaves each language out in turn: it is about other languages, not about other weights "
        "(the least and the greatest draw tell of those). In simulations such intervals cover .94 to .98.",
    ),
)
