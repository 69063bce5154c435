"""Which units carry the rating, in how many languages? No top k: a least effect, and errors controlled over units."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from interlingua.flow.step import Step
from interlingua.questions.question import Asked, Question
from interlingua.study.sections import Section, Share
from interlingua.tables import Column, Table, UnitColumn
from interlingua.tables.columns import LANGUAGE, LAYER, MODEL, N_UNITS, N_WORDS, SITE, UNIT, VARIABLE

_LEAST = Column("least", "the least |correlation| over words that counts", "number", "least |r|")
_AT_LEAST = Column("at_least", "languages in which it is exceeded, with one sign", "count", "in at least")
COUNTS = Table(
    name="conjunction",
    row="a number of languages and a least correlation",
    key=("model", "site", "variable", "layer", "at_least", "least"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER.but(says="number of the layer, 0 = embeddings; -1 = all layers together"),
        _AT_LEAST,
        Column("n_languages", "languages that were asked", "count", "of languages"),
        _LEAST,
        N_UNITS.but(says="units for which it is shown (false discovery rate .05 over units)"),
        Column("n_independent", "the same by Fisher's combination: were the languages' words independent", "count"),
        Column("n_any", "the same under any dependence of the languages' words", "count"),
        Column("width", "units that were asked", "count"),
        Column("linked", "whether words are linked between languages, so that they are not independent", "flag"),
        Column("chosen", "whether it is the layer whose units are compared", "flag"),
        Column("default", "whether it is the study's own least correlation", "flag"),
    ),
    says="for how many units it is shown, on a grid of languages and least correlations",
    atlas=("layer", "at_least", "n_languages", "least", "n_units", "default"),
)
CARRIED = Table(
    name="conjunction_carried",
    row="a unit of the layer whose units are compared that is shown to carry the rating, and a least correlation",
    key=("model", "site", "variable", "unit", "least"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        UNIT,
        _LEAST,
        Column("carried_by", "languages in which it is shown to carry the rating, at least", "count", "carries it in"),
    ),
    files=("csv", "parquet"),
    says="in how many languages units are shown to carry the rating, for each least correlation",
)
CONJUNCTION_UNITS = Table(
    name="conjunction_units",
    row="a unit of the layer whose units are compared",
    key=("model", "site", "variable", "unit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        UNIT,
        Column("index", "number of the unit in its layer, from 0", "unit"),
        Column("sign", "direction: -1 or 1", "unit"),
        Column("carried_by", "languages in which it is shown to carry the rating, at least", "count", "carries it in"),
        Column("p_all", "p of carrying it in all languages, corrected over the layer's units", "p", "p (all)"),
        Column("p_most", "p of carrying it in three of four, corrected likewise", "p", "p (most)"),
        Column("mean_r", "mean correlation with the rating over languages", "r", "mean r"),
        Column("least_r", "the smallest over languages, in the unit's own direction", "r", "least r"),
    ),
    says="in how many languages each unit is shown to carry the rating",
    files=("csv", "parquet"),
)
OF_LANGUAGES = Table(
    name="conjunction_r",
    row="a unit that is shown to carry the rating in two languages or more, in a language",
    key=("model", "site", "variable", "unit", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        UNIT,
        LANGUAGE,
        Column("r", "correlation of the unit with the rating over the language's training words", "r"),
    ),
    says="how strongly each of these units goes with the rating in each language",
    files=("csv", "parquet"),
)
MARGINAL = Table(
    name="carries",
    row="a language, in the layer whose units are compared",
    key=("model", "site", "variable", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        LANGUAGE,
        N_WORDS,
        Column("n_carry", "units whose own correlation is not 0 (false discovery rate .05): they carry it", "count"),
        Column("n_add", "units with a weight in the sparse probe: they add to the others", "count", missing=True),
        Column("width", "units of the layer", "count", "of"),
    ),
    says="units that carry the rating by themselves, and units that add to the others",
)
SUMMARY = Table(
    name="conjunction_summary",
    row="a model and variable",
    key=("model", "site", "variable"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        Column("n_languages", "languages", "count"),
        _LEAST,
        Column("in_two", "units in two languages or more", "count"),
        Column("most", "three of four languages, rounded up", "count"),
        Column("in_most", "units in so many or more", "count"),
        Column("in_all", "units in all languages", "count"),
        Column("width", "units of the layer", "count"),
        Column("linked", "whether words are linked between languages", "flag"),
        Column("best_unit", "the unit with the largest least correlation", "unit"),
        Column("best_r", "its smallest correlation over languages", "r"),
    ),
    says="units in two, in most and in all languages at the study's own least correlation",
)


class Options(Section):
    """Which units carry it: ``[questions.conjunction]``."""

    least: Share = 0.2
    """The least |correlation| over words that counts as carrying a rating."""
    grid: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = (0.1, 0.2, 0.3)
    """Others for which the number of units is told, too."""


def _why_not(asked: Asked) -> str:
    if all(len(codes) < 2 for codes in asked.rated.values()):
        return "Fewer than two languages are rated, so there is nothing that a unit could carry in several."
    return ""


_COUNT = Step(
    name="conjunction",
    says="units in many languages",
    function="interlingua.questions.conjunction.compute:conjunction",
    per=("model", "site", "variable"),
    reads={"profiles": "unit_profiles", "strata": "strata", "probes": "probes", "cell": "cell"},
    outputs=(COUNTS, CONJUNCTION_UNITS, CARRIED, OF_LANGUAGES, MARGINAL, SUMMARY),
    options=("questions.conjunction.least", "questions.conjunction.grid", "fitted=probes.methods"),
    plugins={"fitted": "interlingua.probes.methods"},
)

QUESTION = Question(
    key="conjunction",
    title="Which units carry it, in how many languages?",
    asked=_why_not,
    steps=(_COUNT,),
    show="interlingua.questions.conjunction.show",
    options=Options,
    caveats=(
        "That a unit's correlation is not 0 says little: in most layers most units' is not, and with ratings that each "
        "language encodes in its own way hundreds would 'replicate'. So the least correlation that counts is above 0.",
        "A unit that carries the rating need not add anything to the others. Which units add can't be told: after layer "
        "normalisation a layer's units are linear functions of each other, so a probe's weights are one choice of many.",
        "Where words are translations of each other the languages are no independent witnesses: then the test is one that "
        "holds under any dependence, and mostly finds fewer.",
    ),
    chapters=("shared",),
    atlas=(
        UnitColumn("conjunction_units", "carried_by"),
        UnitColumn("conjunction_units", "least_r"),
        UnitColumn("conjunction_units", "p_all"),
    ),
)
