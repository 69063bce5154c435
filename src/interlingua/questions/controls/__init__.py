"""Is the sharing more than models show that can't know the languages: untrained ones, or monolingual ones?"""

from __future__ import annotations

from interlingua.flow.step import Read, Step
from interlingua.questions.question import Asked, Question
from interlingua.tables import Column, Table
from interlingua.tables.columns import CELL, N_LANGUAGES, SAME_SIGN

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


CONTROLS = Table(
    name="controls",
    row="a model and its control",
    key=("model", "variable", "method", "control"),
    columns=(
        *CELL,
        Column("control", "the control model", "name"),
        Column("kind", "untrained (the model with random weights) or other", "text"),
        Column("control_layer", "layer of the control: each model has its own", "unit"),
        _CORRECTED_FE,
        _same(_CORRECTED_FE),
        Column("fe_ratio", "the model's corrected fold enrichment over the control's", "number", "ratio", missing=True),
        Column(
            "fe_ratio_low", "lower end of its 95 % bootstrap interval over languages", "number", "low", missing=True
        ),
        Column("fe_ratio_high", "upper end of it", "number", "high", missing=True),
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
    says="the same figures of the untrained model, or of another one that `scrutiny.controls` names; `fe_ratio` with a "
    "bootstrap interval over languages",
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
        "No control ran beside the model: the controls are models of the study itself, or neither the headline's ranking nor "
        "|correlation| is among the rankings and can be repeated on permuted ratings."
    )


_NAMES = ("null", "degrees", "pairs", "top_units")
_COMPARE = Step(
    name="controls",
    says="comparison with controls",
    function="interlingua.questions.controls.compute:beside_controls",
    per=(),
    reads={
        **{name: name for name in _NAMES},
        **{f"control_{name}": Read(name, part="controls") for name in _NAMES},
    },
    outputs=(CONTROLS,),
    options=("alignment.draws",),
    seeded=True,
    seconds=lambda size: 1e-4 * size.study.alignment.draws * len(size.study.models) * len(size.study.variables),
)

QUESTION = Question(
    key="controls",
    title="Is it more than a model has that can't know the languages?",
    asked=_why_not,
    steps=(_COMPARE,),
    show="interlingua.questions.controls.show",
    caveats=(
        "A control is one model, or one draw of random weights. One that can't read a script (builtin:minilm-en reads hardly "
        "any Chinese) shares less for that reason too.",
    ),
)
