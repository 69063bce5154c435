"""How much of where a rating is encoded do languages share? No top k, signs included."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from interlingua.flow.outputs import Arrays
from interlingua.flow.step import Read, Step
from interlingua.questions.question import Asked, Question
from interlingua.study.sections import Positive, Section
from interlingua.tables import Column, Table, UnitColumn
from interlingua.tables.columns import (
    DRAWS,
    LANGUAGE,
    LANGUAGE_A,
    LANGUAGE_B,
    LAYER,
    MODEL,
    N_LANGUAGES,
    N_UNITS,
    N_WORDS,
    SITE,
    UNIT,
    VARIABLE,
    P,
)

_LAYER = LAYER.but(says="number of the layer, 0 = embeddings; -1 = all layers together")
_BETWEEN = Column("between", "mean correlation of two languages' profiles in different halves of the words", "r")
_CEILING = Column("ceiling", "the same of a language with itself: what can be had", "r", "with itself")
SIMILARITY = Table(
    name="similarity",
    row="a layer, over all words, those that are linked to no other language's, or as many left by chance",
    key=("model", "site", "variable", "layer", "words"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        _LAYER,
        Column(
            "words",
            "all; unlinked: without words that have a translation in another language; random: as many left out by chance",
            "text",
        ),
        N_LANGUAGES,
        N_UNITS,
        Column("n_words", "training words of the language that has the fewest", "count", "words"),
        Column("n_left_out", "words that were left out, of all languages", "count", "words left out"),
        Column(
            "rho", "rho-bar: similarity between languages over their similarity with themselves", "r", "ρ̄", missing=True
        ),
        Column("rho_low", "lower end of its 95 % interval over languages (jackknife)", "r", "low", missing=True),
        Column("rho_high", "upper end of it", "r", "high", missing=True),
        Column("rho_lower", "one-sided 95 % lower bound", "r", "lower bound", missing=True),
        _BETWEEN,
        _CEILING,
        Column("margin", "the least rho-bar that the study calls one code for all languages", "r", missing=True),
        Column("chosen", "whether it is the layer whose units are compared", "flag"),
    ),
    says="`rho` with its interval, the ceiling, by layer and without linked words",
    atlas=("layer", "words", "n_languages", "rho", "rho_low", "rho_high", "between", "ceiling"),
)
NULL = Table(
    name="similarity_null",
    row="a null, in the layer whose units are compared",
    key=("model", "site", "variable", "null"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        Column("null", "the null hypothesis that ratings are drawn under", "name"),
        DRAWS,
        _BETWEEN,
        Column("null_mean", "its mean over draws", "r", "in draws"),
        Column("null_high", "95 % of the draws are below", "r", "95 % of draws"),
        P.but(says="share of the draws with as much or more (the real ratings are one of them)"),
    ),
    says="mean similarity on real ratings and under each null",
    atlas=("layer", "null", "draws", "between", "null_mean", "p"),
)
PAIRS = Table(
    name="similarity_pairs",
    row="a pair of languages, in the layer whose units are compared",
    key=("model", "site", "variable", "language_a", "language_b"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        LANGUAGE_A,
        LANGUAGE_B,
        Column("rho", "similarity of the two over their ceilings", "r", "ρ", missing=True),
        _BETWEEN,
    ),
    says="`rho` of each pair",
)
LANGUAGES = Table(
    name="similarity_languages",
    row="a language, in the layer whose units are compared",
    key=("model", "site", "variable", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        LANGUAGE,
        N_WORDS,
        _CEILING,
        Column("rho", "mean over its pairs", "r", "mean ρ with others", missing=True),
    ),
    says="what each language shares with the others and with itself",
)
TREE = Table(
    name="similarity_tree",
    row="a joint of the tree of languages",
    key=("model", "site", "variable", "joint"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        Column("joint", "number of the joint, the closest first", "unit"),
        Column("left", "codes of the languages on one side", "languages"),
        Column("right", "codes of those on the other", "languages"),
        Column("height", "1 less the mean similarity between the two sides", "number"),
    ),
    says="languages joined by similarity (average linkage)",
)
COMPONENTS = Table(
    name="components",
    row="a layer",
    key=("model", "site", "variable", "layer"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        _LAYER,
        N_LANGUAGES,
        N_UNITS,
        Column("shared", "variance of units' Fisher z that the languages share", "number"),
        Column("own", "variance that is each language's own", "number"),
        Column("noise", "sampling error", "number"),
        Column("share", "shared over shared and own", "percent", "shared", missing=True),
        Column("sd", "posterior standard deviation of a unit's score", "number"),
        Column(
            "n_sure", "units whose shared part has the other sign with a probability below .05", "count", "sure signs"
        ),
        Column("chosen", "whether it is the layer whose units are compared", "flag"),
    ),
    says="how much of units' true variance is shared, by layer and over all layers",
)
SCORES = Table(
    name="unit_scores",
    row="a unit of the layer whose units are compared",
    key=("model", "site", "variable", "unit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        UNIT,
        Column("index", "number of the unit in its layer, from 0", "unit"),
        Column(
            "score",
            "its correlation with the rating that all languages share (Fisher's z, shrunk, the layer's mean taken off)",
            "number",
            "shared part",
        ),
        Column("sd", "posterior standard deviation of the score", "number"),
        Column("false_sign", "probability that its shared part has the other sign", "percent", "wrong sign"),
    ),
    files=("csv", "parquet"),
    says="each unit's shared part, and how sure its sign is",
)


class Options(Section):
    """How much is shared: ``[questions.similarity]``."""

    splits: Positive = 20
    """How often the words are parted into halves."""
    margin: Annotated[float, Field(gt=0, le=1)] | None = None
    """From which rho-bar on the languages count as sharing one code: to be named before the study is run."""


def _why_not(asked: Asked) -> str:
    if all(len(codes) < 2 for codes in asked.rated.values()):
        return "Fewer than two languages are rated, so there is nothing to compare."
    return ""


_PROFILE = Step(
    name="unit_profiles",
    says="unit profiles",
    function="interlingua.questions.similarity.compute:profiles",
    per=("model", "site", "variable", "language"),
    reads={"activations": "activations", "ratings": "ratings", "links": "links"},
    outputs=(Arrays("unit_profiles"),),
    options=("questions.similarity.splits",),
    seeded=True,
    seconds=lambda size: 0.04 * size.units / 384,
)
_COMPARE = Step(
    name="similarity",
    says="similarity",
    function="interlingua.questions.similarity.compute:compare",
    per=("model", "site", "variable"),
    reads={"profiles": "unit_profiles", "cell": "cell"},
    outputs=(SIMILARITY, PAIRS, LANGUAGES, TREE, COMPONENTS, SCORES),
    options=("questions.similarity.margin",),
)
_TEST = Step(
    name="similarity_null",
    says="similarity under nulls",
    function="interlingua.questions.similarity.compute:beside_nulls",
    per=("model", "site", "variable"),
    reads={
        "activations": Read("activations", role="seen"),
        "ratings": Read("ratings", role="seen"),
        "cell": "cell",
        "similarity": "similarity",
        "links": "links",
        "drawn": "null_ratings",
    },
    outputs=(NULL,),
    options=("questions.similarity.splits", "units.nulls"),
    seeded=True,
    seconds=lambda size: 2.0 * size.languages * size.width / 384,
)

QUESTION = Question(
    key="similarity",
    title="How much do languages share?",
    asked=_why_not,
    steps=(_PROFILE, _COMPARE, _TEST),
    show="interlingua.questions.similarity.show",
    options=Options,
    caveats=(
        "ρ̄ is over the units of a layer as they stand: languages that encode the rating in the same directions, but with "
        "other units, would share nothing here.",
        "Its interval leaves out one language at a time: it says how ρ̄ would vary with other languages like these, not with other words or "
        "another model. In simulations it covers .96 to .97 where languages share alike, .92 to .94 where some share more than "
        "others. With two or three languages there is none.",
        "A translation can look like sharing of its own: words that are linked stand in the same half of the words, so they "
        "never meet. The row without linked words leaves them out altogether, and is about other words: those that a model places "
        "beside their translations share more with each other than the others do.",
    ),
    chapters=("shared", "firm"),
    atlas=(UnitColumn("unit_scores", "score"), UnitColumn("unit_scores", "false_sign")),
)
