"""Which words are translations of each other, and is what languages share more than that? (beyond the paper)"""

from __future__ import annotations

from interlingua.flow.outputs import Arrays
from interlingua.flow.step import Read, Step
from interlingua.questions.question import Question
from interlingua.study.size import Size
from interlingua.tables import RESID, Column, Table
from interlingua.tables.columns import (
    CELL,
    DRAWS,
    LANGUAGE,
    LANGUAGE_A,
    LANGUAGE_B,
    MODEL,
    N_LANGUAGES,
    N_WORDS,
    VARIABLE,
    WORD,
)

CONCEPT = Column(
    "concept", 'the concept that it shares with words of other languages; "" if it is linked to none', "text"
)
_LINKED = Column("n_linked", "of them, those that are linked to a word of another language", "count", "linked")
_BY = (
    Column("n_user", "by the user's columns or table of links", "count", "by the user"),
    Column("n_norms", "by the norms: their columns of concepts, Concepticon, English glosses", "count", "by norms"),
    Column("n_neighbours", "by the model's own nearest neighbours alone", "count", "by neighbours"),
)
LINKS = Table(
    name="links",
    row="a word of a language that chooses the units",
    key=("model", "language", "word"),
    columns=(
        MODEL,
        LANGUAGE,
        WORD,
        CONCEPT,
        Column("origin", 'what links it: user, norms or neighbours (the model\'s own); "" if nothing does', "text"),
    ),
    files=("parquet",),
    says="which words are translations of each other, and who says so (`origin`)",
)
CONCEPT_LINKS = Table(
    name="concept_links",
    row="a pair of languages",
    key=("model", "language_a", "language_b"),
    columns=(
        MODEL,
        LANGUAGE_A,
        LANGUAGE_B,
        Column("n_links", "concepts that both have words of", "count", "concepts in both"),
        *_BY,
    ),
    says="`n_links`: how many concepts two languages have in common, and by which source",
)
STRATA = Table(
    name="strata",
    row="a rated training word that is linked to one of another language",
    key=("model", "variable", "language", "word"),
    columns=(
        MODEL,
        VARIABLE,
        LANGUAGE,
        WORD,
        CONCEPT,
        Column("stratum", "in which languages its concept is rated, by how many words", "text"),
        Column("block", "number of the concept within its stratum", "unit"),
        Column("place", "number of the word within its concept and language", "unit"),
    ),
    files=(),
)
ELSEWHERE = Table(
    name="linked_elsewhere",
    row="a rated word that is linked to a training word of another language",
    key=("model", "variable", "language", "word"),
    columns=(MODEL, VARIABLE, LANGUAGE, WORD),
    files=(),
)
WORDS = Table(
    name="concept_words",
    row="a language",
    key=("model", "variable", "language"),
    columns=(MODEL, VARIABLE, LANGUAGE, N_WORDS.but(says="rated training words"), _LINKED, *_BY),
    says="how many training words of each language are linked to another language's",
)
SUMMARY = Table(
    name="concept_summary",
    row="a model and variable",
    key=("model", "variable"),
    columns=(
        MODEL,
        VARIABLE,
        N_WORDS.but(says="rated training words of all languages"),
        Column("n_linked_at_all", "of them, words that are linked to any word of another language", "count"),
        _LINKED,
        *_BY,
        Column("n_concepts", "concepts that these are of", "count", "concepts"),
        Column("largest", "words of the largest concept", "count", "largest concept"),
        Column("largest_words", "which", "text", missing=True),
        Column("chained", "whether it holds more than 2 % of all words, and several of a language", "flag"),
    ),
    says="the same of all languages together; the largest concept",
)
_MEAN_FE = "mean fold enrichment over pairs of languages"
DISJOINT = Table(
    name="concept_disjoint",
    row="a ranking method",
    key=("model", "site", "variable", "method", "layer"),
    columns=(
        *CELL,
        N_LANGUAGES.but(says="languages that are compared"),
        N_WORDS.but(says="training words of all languages"),
        Column("n_kept", "of them, those that are kept, mean over choices", "number", "kept"),
        Column("fe", f"{_MEAN_FE}, all words", "number", "fold enrichment", missing=True),
        Column(
            "fe_disjoint", "the same with each concept kept in one language at random", "number", "no concept twice"
        ),
        Column("fe_disjoint_low", "the least of the choices", "number", "least"),
        Column("fe_disjoint_high", "the greatest", "number", "greatest"),
        Column("fe_random", "with as many words of each language left out at random", "number", "as many at random"),
        Column("choices", "times that languages were chosen for the concepts", "count"),
        DRAWS.but(says="permutations of the ratings of the words that the first choice keeps"),
        Column("fe_first", f"{_MEAN_FE} of the first choice", "number"),
        Column("null_fe", "the same, mean over permutations", "number", "on permuted ratings", missing=True),
        Column("p", "its p: (1 + permutations with as much) / (1 + permutations)", "p", "p", missing=True),
    ),
    says="fold enrichment where no concept is in two languages (`fe_disjoint`), beside all words and as many words left out "
    "at random; `p` against permuted ratings of the same words",
)

_LINK = Step(
    name="links",
    says="concepts",
    function="interlingua.questions.concepts.compute:link_words",
    per=("model",),
    reads={
        "activations": Read("activations", role="seen", at={"site": RESID}),
        "concepts": Read("concepts", role="seen"),
    },
    outputs=(LINKS, CONCEPT_LINKS),
    options=("concepts.neighbours", "concepts.least"),
    seconds=lambda size: 0.2 * size.languages + 1e-7 * size.languages**2 * size.width / 384 * size.sentences,
)
_STRATA = Step(
    name="strata",
    says="concepts",
    function="interlingua.questions.concepts.compute:stratify",
    per=("model", "variable"),
    reads={"links": "links", "ratings": Read("ratings", role="seen")},
    outputs=(STRATA, ELSEWHERE, WORDS, SUMMARY),
)


def _disjoint_s(size: Size) -> float:
    # Correlation takes less, a probe that is refitted to every permutation more.
    return size.scale * (
        0.5 if size.study.units.headline == "correlation" else 10 + 0.011 * size.study.units.permutations
    )


_APART = Step(
    name="disjoint_signs",
    says="without translations",
    function="interlingua.questions.concepts.compute:rank_apart",
    per=("model", "site", "variable", "language"),
    reads={
        "activations": "activations",
        "ratings": "ratings",
        "probes": "probes",
        "cell": "cell",
        "strata": "strata",
    },
    outputs=(Arrays("disjoint_signs"),),
    options=("units.headline", "draws=units.permutations", "probes.standardise", "probes.folds"),
    seeded=True,
    plugins={"headline": ("interlingua.units.methods", "interlingua.units.refits")},
    seconds=_disjoint_s,
)
_COMPARE = Step(
    name="concept_disjoint",
    says="without translations",
    function="interlingua.questions.concepts.compute:compare_apart",
    per=("model", "site", "variable"),
    reads={"signs": "disjoint_signs", "rankings": "rankings", "cell": "cell"},
    outputs=(DISJOINT,),
    options=("units.headline",),
)

QUESTION = Question(
    key="concepts",
    title="Which words are translations, and what is shared without them?",
    steps=(_LINK, _STRATA, _APART, _COMPARE),
    show="interlingua.questions.concepts.show",
    caveats=(
        "Links by the model's own nearest neighbours are circular: a model that misplaces a word links it to a wrong one, "
        "or to none. So only permutations and overlaps without linked words use them; which words are tested and which "
        "folds they are in follows from the norms' and the user's links alone.",
        "No list of links is complete: words that are linked to none may be translations all the same. Links to languages "
        "that take no part in choosing units are not counted.",
    ),
)
