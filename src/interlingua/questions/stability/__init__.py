"""How firm is the choice of units? Other words, another k, another ranking, another seed (beyond the paper)"""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.questions.question import Question
from interlingua.study.size import Size
from interlingua.tables import Column, Table, UnitColumn
from interlingua.tables.columns import EXPECTED, LANGUAGE, LAYER, METHOD, MODEL, SAME_SIGN, UNIT, VARIABLE, K

STABILITY = Table(
    name="stability",
    row="a unit at the top of a language, by a ranking",
    key=("model", "variable", "method", "language", "unit"),
    columns=(
        MODEL,
        VARIABLE,
        METHOD,
        LAYER,
        LANGUAGE,
        Column("score", "what the ranking gives it with all words, signed", "number"),
        Column("frequency", "share of the draws of words that have it at the top again", "percent", "stability"),
        UNIT,
    ),
    files=("csv", "parquet"),
    says="`frequency`: how often each top unit is selected again in a bootstrap over words",
)
K_CURVE = Table(
    name="k_curve",
    row="a ranking and size of the top",
    key=("model", "variable", "method", "layer", "k"),
    columns=(
        MODEL,
        VARIABLE,
        METHOD,
        LAYER,
        K.but(heading="units"),
        Column("n_pairs", "pairs of languages", "count", "pairs"),
        Column("mean_overlap", "units that a pair shares, mean", "number", "shared"),
        EXPECTED.but(says="mean of those expected of independent sets"),
        Column("mean_fe", "mean fold enrichment of the pairs", "number", "fold enrichment", missing=True),
        SAME_SIGN,
    ),
    says="mean fold enrichment over pairs for other sizes of the top",
)
_AGREEMENT = (
    K,
    Column("shared", "units at the top of both", "count"),
    Column("share", "shared of k", "percent"),
    SAME_SIGN,
)
METHOD_AGREEMENT = Table(
    name="method_agreement",
    row="a language and pair of rankings",
    key=("model", "variable", "language", "method_a", "method_b"),
    columns=(
        MODEL,
        VARIABLE,
        LAYER,
        LANGUAGE,
        Column("method_a", "one ranking", "name", "ranking"),
        Column("method_b", "the other", "name", "and"),
        *_AGREEMENT,
    ),
    says="what two rankings of a language have in common",
)
ADAM_SEEDS = Table(
    name="adam_seeds",
    row="a language and pair of seeds",
    key=METHOD_AGREEMENT.key,
    columns=(
        MODEL,
        VARIABLE,
        LAYER,
        LANGUAGE,
        Column("method_a", "one initialisation of Adam", "text", "seed"),
        Column("method_b", "another", "text", "and"),
        *_AGREEMENT,
    ),
    says="what the top units of two initialisations of Adam have in common",
)
SUMMARY = Table(
    name="stability_summary",
    row="a ranking",
    key=("model", "variable", "method"),
    columns=(
        MODEL,
        VARIABLE,
        METHOD,
        LAYER,
        Column(
            "mean_frequency",
            "mean frequency of the units at the top, of all languages; only of what can be repeated for every draw",
            "percent",
            "selected again, mean",
            missing=True,
        ),
        Column("median_frequency", "its median", "percent", "median", missing=True),
        Column(
            "seeds_share",
            "share of the top units that two seeds have in common, mean; only of Adam's probe",
            "percent",
            "in common between seeds",
            missing=True,
        ),
    ),
    says="how often the top units are selected again, and what two seeds of Adam have in common",
)


def _draws(size: Size) -> float:
    return 0.045 * size.scale * size.study.scrutiny.stability


def _adam(size: Size) -> float:
    probes = size.study.probes
    return 12.0 * size.scale * probes.adam_epochs / 500 if "adam" in probes.methods else 0.0


_SELECT = Step(
    name="stability",
    says="stability",
    function="interlingua.questions.stability.compute:select_again",
    per=("model", "variable", "language"),
    reads={"activations": "activations", "ratings": "ratings", "cell": "cell", "probes": "probes"},
    outputs=(STABILITY,),
    options=("units.methods", "draws=scrutiny.stability", "probes.standardise"),
    seeded=True,
    plugins={"methods": "interlingua.units.methods"},
    seconds=_draws,
)
_SEEDS = Step(
    name="adam_seeds",
    says="stability",
    function="interlingua.questions.stability.initialisations:adam_seeds",
    per=("model", "variable", "language"),
    reads={"activations": "activations", "ratings": "ratings", "cell": "cell"},
    outputs=(ADAM_SEEDS,),
    options=(
        "probes=probes.methods",
        "seeds=scrutiny.adam_seeds",
        "probes.standardise",
        "probes.l1",
        "probes.l2",
        "epochs=probes.adam_epochs",
    ),
    seeded=True,
    seconds=_adam,
)
_COMPARE = Step(
    name="k_curve",
    says="stability",
    function="interlingua.questions.stability.compute:compare",
    per=("model", "variable"),
    reads={"rankings": "rankings", "cell": "cell"},
    outputs=(K_CURVE, METHOD_AGREEMENT),
    seconds=lambda size: 0.01 * size.languages * len(size.study.units.methods),
)
_SUMMARISE = Step(
    name="stability_summary",
    says="stability",
    function="interlingua.questions.stability.compute:summary",
    per=("model", "variable"),
    reads={"stability": STABILITY.name, "seeds": ADAM_SEEDS.name},
    outputs=(SUMMARY,),
)

QUESTION = Question(
    key="stability",
    title="How firm is the choice of units?",
    steps=(_SELECT, _SEEDS, _COMPARE, _SUMMARISE),
    show="interlingua.questions.stability.show",
    atlas=(UnitColumn(STABILITY.name, "frequency"),),
)
