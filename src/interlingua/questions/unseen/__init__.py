"""Do the shared units work in a language that took no part in choosing them? (section 6, Table 2)"""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.questions.question import Asked, Question
from interlingua.tables import Column, Table
from interlingua.tables.columns import LANGUAGE, LAYER, METHOD, MODEL, N_WORDS, UNIT, VARIABLE

_REGRESSION = (
    Column("b", "change of the rating with each SD of the unit (ordinary least squares)", "number", "B"),
    Column("se", "its standard error", "number", "SE"),
    Column("t", "b over se", "number", "t (plain)"),
    Column("df", "degrees of freedom", "number"),
    Column("p", "two-tailed p of t", "p", "p (plain)"),
    Column("b_cluster", "the same B", "number"),
    Column("se_cluster", "standard error with errors clustered by word", "number"),
    Column("t_cluster", "t with errors clustered by word", "number", "t (clustered)"),
    Column("df_cluster", "words less one", "number"),
    Column("p_cluster", "two-tailed p of t_cluster", "p", "p (clustered)"),
    Column(
        "percentile", "place of |t_cluster| among all units of the layer, 0 to 100", "number", "percentile in layer"
    ),
)
TRANSFER_UNITS = Table(
    name="transfer_units",
    row="any unit in an unseen language",
    key=("model", "variable", "language", "unit"),
    columns=(
        MODEL,
        VARIABLE,
        LAYER,
        LANGUAGE,
        UNIT,
        Column("index", "number of the unit in its layer, from 0", "unit"),
        *(column.but(missing=True) for column in _REGRESSION),
    ),
    files=("csv", "parquet"),
    says="the same regressions for the whole network",
)
TRANSFER = Table(
    name="transfer",
    row="a shared unit in an unseen language",
    key=("model", "variable", "method", "language", "unit"),
    columns=(
        MODEL,
        VARIABLE,
        METHOD,
        LAYER,
        LANGUAGE,
        UNIT,
        Column("n_languages", "seen languages that share it", "count", "shared by"),
        *_REGRESSION,
        Column("baseline_abs_b", "mean |B| of random units of the layer", "number", "random |B|"),
        Column("baseline_abs_t", "mean |t| of random units", "number", "random |t|"),
        Column("baseline_p", "two-tailed p of that mean", "p"),
        Column("baseline_abs_t_cluster", "mean clustered |t| of random units", "number", "random |t| (clustered)"),
        Column("baseline_share_p05", "share of random units with p < .05", "percent"),
        Column("baseline_share_p05_cluster", "share of random units with clustered p < .05", "percent"),
        Column("n", "sentences", "count"),
        N_WORDS,
    ),
    says="Table 2: `b`, `t`, `p` (plain) and `t_cluster`, `p_cluster` (by word), `percentile` among all units of the "
    "layer, the baseline of random units",
)
SUMMARY = Table(
    name="transfer_summary",
    row="a ranking's shared units in an unseen language",
    key=("model", "variable", "method", "language"),
    columns=(
        MODEL,
        VARIABLE,
        METHOD,
        LAYER,
        LANGUAGE,
        Column("n_units", "shared units of the highest degree that were tested there", "count", "units"),
        Column("p_below_05", "units with clustered p < .05", "count", "p < .05"),
        Column("p_bonferroni_below_05", "the same with p times the number of units", "count", "p × units < .05"),
        Column("top_5_percent", "units among the best 5 % of the layer", "count", "best 5 % of the layer"),
        Column("expected_top_5_percent", "how many of them chance would have there", "number", "by chance"),
        Column("random_units", "random units that they are compared with", "count"),
        Column("baseline_share_p05", "share of random units with p < .05", "percent", missing=True),
        Column("baseline_share_p05_cluster", "with clustered p < .05", "percent", missing=True),
        Column("best_unit", "the unit with the largest clustered |t|; -1 if there is none", "unit"),
        Column("best_t_cluster", "its t", "number", "best t", missing=True),
        Column("best_p_bonferroni", "its p times the number of units, 1 at most", "p", "its p × units", missing=True),
        Column("n", "rated sentences", "count", "sentences"),
        N_WORDS,
    ),
    says="how many of them predict, before and after Bonferroni, and how many stand among the best of the layer",
)


def _why_not(asked: Asked) -> str:
    # An unseen language without ratings is told by `show`, for each variable.
    if not asked.study.unseen:
        return (
            "This study names no unseen language, so none was asked for a test of the units. With unseen = ['xx'], the shared "
            "ones are tested in a language that took no part in choosing them."
        )
    return ""


_REGRESS = Step(
    name="transfer_units",
    says="unseen languages",
    function="interlingua.questions.unseen.compute:every_unit",
    per=("model", "variable", "language"),
    role="unseen",
    reads={"activations": "activations", "ratings": "ratings"},
    outputs=(TRANSFER_UNITS,),
    seconds=lambda size: 0.1 * size.layers * size.scale,
)
_TEST = Step(
    name="transfer",
    says="unseen languages",
    function="interlingua.questions.unseen.compute:shared_units",
    per=("model", "variable", "language"),
    role="unseen",
    reads={"activations": "activations", "ratings": "ratings", "cell": "cell", "highest": "highest_degree"},
    outputs=(TRANSFER, SUMMARY),
    options=("units.methods", "units.random_units"),
    seeded=True,
    seconds=lambda size: 0.1 * len(size.study.units.methods) * size.scale,
)

QUESTION = Question(
    key="unseen",
    title="Do they work in a language that was not asked?",
    asked=_why_not,
    missed="Do single units work in a language that was not asked?",
    steps=(_REGRESS, _TEST),
    show="interlingua.questions.unseen.show",
    caveats=(
        "The sentences of a word share its rating. Ordinary least squares treats them as independent: with a null "
        "predictor that is half word-level it rejects at .05 in 47 % of runs, word-clustered errors in 5.1 % "
        "(simulation with 123 words of 15 sentences).",
        "Most units of a layer 'predict' the rating a little. What counts is the percentile of the unit among all units "
        "of its layer.",
    ),
)
