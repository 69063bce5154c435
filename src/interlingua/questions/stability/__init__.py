"""How firm is the choice of units? Other words, another k, another ranking, another seed (beyond the paper)"""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.questions.question import Question
from interlingua.study.size import Size
from interlingua.tables import Column, Table, UnitColumn
from interlingua.tables.columns import (
    DRAWS,
    EXPECTED,
    LANGUAGE,
    LAYER,
    METHOD,
    MODEL,
    N_WORDS,
    SAME_SIGN,
    SITE,
    UNIT,
    VARIABLE,
    K,
)

STABILITY = Table(
    name="stability",
    row="a unit at the top of a language, by a ranking",
    key=("model", "site", "variable", "method", "language", "unit"),
    columns=(
        MODEL,
        SITE,
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
    key=("model", "site", "variable", "method", "layer", "k"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        K.but(heading="units"),
        Column("n_pairs", "pairs of languages", "count", "pairs"),
        Column("mean_overlap", "units that a pair shares, mean", "number", "shared"),
        EXPECTED.but(says="mean of those expected of independent sets"),
        Column("mean_fe", "mean fold enrichment of the pairs", "number", "fold enrichment", missing=True),
        Column(
            "beyond_chance",
            "(shared - expected) / (k - expected), mean over the pairs: 0 for independent sets, 1 for equal ones, whatever k",
            "number",
            "beyond chance",
            missing=True,
        ),
        SAME_SIGN,
    ),
    says="what pairs share at other sizes of the top; fold enrichment falls with k by arithmetic, `beyond_chance` does not",
)
HALVES = Table(
    name="stability_halves",
    row="a language and ranking",
    key=("model", "site", "variable", "method", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        LANGUAGE,
        DRAWS.but(says="random splits of the training words into two halves"),
        N_WORDS.but(says="words of a half"),
        K,
        EXPECTED,
        Column("shared", "units in the top of both halves, mean over the splits", "number"),
        Column("shared_low", "2.5 % of the splits have less", "number", "2.5 % of splits"),
        Column("shared_high", "2.5 % have more", "number", "97.5 %"),
        SAME_SIGN,
    ),
    says="what two disjoint halves of a language's own words have in common: what two languages can be held against",
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
    key=("model", "site", "variable", "language", "method_a", "method_b"),
    columns=(
        MODEL,
        SITE,
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
        SITE,
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
    key=("model", "site", "variable", "method"),
    columns=(
        MODEL,
        SITE,
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
            "halves_shared",
            "units that two halves of a language's words share, mean",
            "number",
            "shared by halves",
            missing=True,
        ),
        Column("halves_lowest", "the least of a language", "number", "least", missing=True),
        Column("halves_lowest_language", "that language", "language", "in", missing=True),
        Column("halves_expected", "units that independent sets would share", "number", "by chance", missing=True),
        Column("k", "units at the top", "count", "of", missing=True),
        Column(
            "pairs_shared",
            "units that two languages share, mean, for comparison",
            "number",
            "by languages",
            missing=True,
        ),
        Column(
            "seeds_share",
            "share of the top units that two seeds have in common, mean; only of Adam's probe",
            "percent",
            "in common between seeds",
            missing=True,
        ),
    ),
    says="what two halves of a language's words share, how often the top units are selected again, and what two seeds of Adam "
    "have in common",
)


def _draws(size: Size) -> float:
    return 0.045 * size.scale * (size.study.scrutiny.stability + 20)  # and `compute.SPLITS` into halves


def _adam(size: Size) -> float:
    probes = size.study.probes
    return 12.0 * size.scale * probes.adam_epochs / 500 if "adam" in probes.methods else 0.0


_SELECT = Step(
    name="stability",
    says="stability",
    function="interlingua.questions.stability.compute:select_again",
    per=("model", "site", "variable", "language"),
    reads={"activations": "activations", "ratings": "ratings", "cell": "cell", "probes": "probes"},
    outputs=(STABILITY, HALVES),
    options=("units.methods", "draws=scrutiny.stability", "probes.standardise"),
    seeded=True,
    plugins={"methods": ("interlingua.units.methods", "interlingua.units.refits")},
    seconds=_draws,
)
_SEEDS = Step(
    name="adam_seeds",
    says="stability",
    function="interlingua.questions.stability.initialisations:adam_seeds",
    per=("model", "site", "variable", "language"),
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
    per=("model", "site", "variable"),
    reads={"rankings": "rankings", "cell": "cell"},
    outputs=(K_CURVE, METHOD_AGREEMENT),
    seconds=lambda size: 0.01 * size.languages * len(size.study.units.methods),
)
_SUMMARISE = Step(
    name="stability_summary",
    says="stability",
    function="interlingua.questions.stability.compute:summary",
    per=("model", "site", "variable"),
    reads={"stability": STABILITY.name, "halves": HALVES.name, "seeds": ADAM_SEEDS.name, "pairs": "pairs"},
    outputs=(SUMMARY,),
)

QUESTION = Question(
    key="stability",
    title="How firm is the choice of units?",
    steps=(_SELECT, _SEEDS, _COMPARE, _SUMMARISE),
    show="interlingua.questions.stability.show",
    chapters=("firm",),
    caveats=(
        "Words that are drawn anew are two thirds the same words, so how often a unit is there again flatters. Two halves of a "
        "language's words share no word; each has half as many, which makes its choice less firm than that of all.",
    ),
    atlas=(UnitColumn(STABILITY.name, "frequency"),),
)
