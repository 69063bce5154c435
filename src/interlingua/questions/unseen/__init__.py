"""Do the shared units work in a language that took no part in choosing them? (section 6, Table 2)"""

from __future__ import annotations

from interlingua.flow.step import Read, Step
from interlingua.questions.question import Asked, Question
from interlingua.tables import Column, Table
from interlingua.tables.columns import LANGUAGE, LAYER, METHOD, MODEL, N_WORDS, SITE, UNIT, VARIABLE

_REGRESSION = (
    Column("b", "change of the rating with each SD of the unit (ordinary least squares)", "number", "B"),
    Column("se", "its standard error", "number", "SE"),
    Column("t", "b over se", "number", "t (plain)"),
    Column("df", "degrees of freedom", "number"),
    Column("p", "two-tailed p of t", "p", "p (plain)"),
    Column("b_words", "the same with a row a word: its rating on its mean activation", "number", "B (words)"),
    Column("se_words", "its standard error (HC3)", "number"),
    Column("t_words", "b_words over se_words", "number", "t (words)"),
    Column("df_words", "words less two", "number"),
    Column("p_words", "two-tailed p of t_words", "p", "p (words)"),
    Column("percentile", "place of |t_words| among all units of the layer, 0 to 100", "number", "percentile in layer"),
)
TRANSFER_UNITS = Table(
    name="transfer_units",
    row="any unit in an unseen language",
    key=("model", "site", "variable", "language", "unit"),
    columns=(
        MODEL,
        SITE,
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
    key=("model", "site", "variable", "method", "language", "unit"),
    columns=(
        MODEL,
        SITE,
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
        Column("baseline_abs_t_words", "mean |t_words| of random units", "number", "random |t| (words)"),
        Column("baseline_share_p05", "share of random units with p < .05", "percent"),
        Column("baseline_share_p05_words", "share of random units with p_words < .05", "percent"),
        Column("n", "sentences", "count"),
        N_WORDS,
    ),
    says="Table 2: `b`, `t`, `p` (plain) and `t_words`, `p_words` (by word), `percentile` among all units of the "
    "layer, the baseline of random units",
)
BESIDE_OWN = Table(
    name="transfer_own_codes",
    row="a shared unit in an unseen language, beside own codes",
    key=("model", "site", "variable", "method", "language", "unit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        LANGUAGE,
        UNIT,
        Column("sign_agrees", "whether its sign is that of most languages that share it", "flag", "same sign"),
        Column("p_own", "p of its |t_words| against the same unit where the language has a code of its own", "p"),
        Column("replicates", "whether the sign agrees and p_own < .05", "flag", "replicates"),
    ),
    says="each shared unit beside ratings that the unseen language encodes as well as the real one, in a code of its own",
)


def _own(name: str, says: str) -> tuple[Column, ...]:
    """Return what own codes have of a count, and the p of the real one."""
    return (
        Column(f"own_{name}", f"{says}, mean over draws", "number", missing=True),
        Column(f"own_{name}_95", "95 % of the draws have no more", "number", missing=True),
        Column(f"p_{name}", "share of the draws, the real ratings among them, that have as much", "p", missing=True),
    )


_HOLM = Column(
    "p_replicated_holm",
    "p_replicated corrected for the number of unseen languages (Holm)",
    "p",
    "p, corrected",
    missing=True,
)
SUMMARY = Table(
    name="transfer_summary",
    row="a ranking's shared units in an unseen language",
    key=("model", "site", "variable", "method", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        LANGUAGE,
        Column("n_units", "shared units of the highest degree that were tested there", "count", "units"),
        Column("p_below_05", "units with p_words < .05", "count", "p < .05"),
        Column("p_bonferroni_below_05", "the same with p times the number of units", "count", "p × units < .05"),
        Column("random_units", "random units that they are compared with", "count"),
        Column("baseline_share_p05", "share of random units with p < .05", "percent", missing=True),
        Column("baseline_share_p05_words", "share of random units with p_words < .05", "percent", missing=True),
        Column("n_agree", "units with the sign that they have in most seen languages", "count", missing=True),
        Column("n_replicated", "of these, units whose |t_words| is above 95 % of own codes", "count", missing=True),
        *_own("replicated", "the same where the language has a code of its own"),
        _HOLM,
        Column("top_5_percent", "units among the best 5 % of the layer by |t_words|", "count", missing=True),
        *_own("top_5_percent", "the same where the language has a code of its own"),
        Column("median_percentile", "their median place in the layer by |t_words|, 0 to 100", "number", missing=True),
        *_own("median_percentile", "the same where the language has a code of its own"),
        Column("own_draws", "draws of codes of the language's own; 0 if the study draws none", "count"),
        Column("r_cross_validated", "mean r over folds of ridge in that language, at that layer", "r", missing=True),
        Column("n", "rated sentences", "count", "sentences"),
        N_WORDS,
    ),
    says="how many of them replicate: with the sign that they have elsewhere, and |t| above what a code of the language's "
    "own would give, p corrected for the number of unseen languages; how many stand among the best of the layer",
)
COUNTS = Table(
    name="transfer_counts",
    row=SUMMARY.row,
    key=SUMMARY.key,
    columns=tuple(column for column in SUMMARY.columns if column is not _HOLM),
    files=(),
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
    function="interlingua.questions.unseen.regressions:every_unit",
    per=("model", "site", "variable", "language"),
    role="unseen",
    reads={"activations": "activations", "ratings": "ratings"},
    outputs=(TRANSFER_UNITS,),
    seconds=lambda size: 0.1 * size.layers * size.scale,
)
_TEST = Step(
    name="transfer",
    says="unseen languages",
    function="interlingua.questions.unseen.compute:shared_units",
    per=("model", "site", "variable", "language"),
    role="unseen",
    reads={
        "activations": "activations",
        "ratings": "ratings",
        "cell": "cell",
        "highest": "highest_degree",
        "signs": "signs",
    },
    outputs=(TRANSFER, BESIDE_OWN, COUNTS),
    options=("units.methods", "units.random_units", "draws=units.permutations", "units.nulls", "probes.folds"),
    seeded=True,
    seconds=lambda size: 0.1 * len(size.study.units.methods) * size.scale + 0.0025 * size.study.units.permutations,
)
_CORRECT = Step(
    name="transfer_summary",
    says="unseen languages",
    function="interlingua.questions.unseen.compute:over_languages",
    per=("model", "site", "variable"),
    reads={"counts": Read("transfer_counts", role="unseen")},
    outputs=(SUMMARY,),
)

QUESTION = Question(
    key="unseen",
    title="Do they work in a language that was not asked?",
    asked=_why_not,
    chapters=("elsewhere",),
    missed="Do single units work in a language that was not asked?",
    steps=(_REGRESS, _TEST, _CORRECT),
    show="interlingua.questions.unseen.show",
    caveats=(
        "The sentences of a word share its rating. Ordinary least squares treats them as independent: with a null "
        "predictor that is half word-level it rejects at .05 in 47 % of runs. A row a word with HC3 errors rejects in 5 %, "
        "and in 7 % where the unit is as skewed as a lognormal, whatever the number of words.",
        "Where a language encodes the rating at all, most units of a layer 'predict' it, so that neither p < .05 nor a place "
        "among the best of the layer says that it uses the other languages' units. What counts is the sign, and |t| beyond "
        "what a code of the language's own would give the same unit.",
    ),
)
