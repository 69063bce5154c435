"""Do languages share their units, and more than under a null? (sections 4.3 and 5)"""

from __future__ import annotations

from interlingua.flow.outputs import Arrays
from interlingua.flow.step import Step
from interlingua.questions.question import Question
from interlingua.questions.sharing.tables import (
    BESIDE_NULL,
    CELL_NULL,
    CELL_OVERLAP,
    DEGREES,
    FLAGGED_NULL,
    FLAGGED_OVERLAP,
    FLAGGED_PAIRS,
    HIGHEST,
    KEPT,
    NULL_DEGREES,
    NULL_PAIRS,
    OVERLAP,
    PAIRS,
    PAIRS_SUMMARY,
    R_TOP,
    SIGNS,
    SUMMARY,
    TOP_UNITS,
)
from interlingua.study.size import Size

#: Seconds of one draw of ratings with its probe and its ranking, as `Size` measures.
_DRAW_S = 0.011


def _drawing(size: Size) -> float:
    units = size.study.units
    return size.scale * size.repeatable * len(units.nulls) * units.permutations * _DRAW_S


def _comparing(size: Size) -> float:
    units = size.study.units
    compared = len(units.methods) * len(units.nulls) * units.permutations
    return 0.1 + compared * size.languages**2 * size.width / 384 * 1.3e-5


_COMPARE = Step(
    name="overlap",
    says="overlap",
    function="interlingua.questions.sharing.compute:share",
    per=("model", "variable"),
    reads={"rankings": "rankings", "cell": "cell"},
    outputs=(OVERLAP, PAIRS, PAIRS_SUMMARY, DEGREES, HIGHEST, SIGNS, SUMMARY),
    options=("units.methods",),
    seeded=True,
    seconds=lambda size: len(size.study.units.methods) * (0.1 + 2e-5 * 2**size.languages),
)
_DRAW = Step(
    name="null_signs",
    says="permuted ratings",
    function="interlingua.questions.sharing.draw:draw",
    per=("model", "variable", "language"),
    reads={
        "activations": "activations",
        "ratings": "ratings",
        "probes": "probes",
        "rankings": "rankings",
        "cell": "cell",
    },
    outputs=(Arrays("null_signs"), R_TOP),
    options=(
        "units.methods",
        "units.nulls",
        "draws=units.permutations",
        "probes.standardise",
        "probes.folds",
    ),
    seeded=True,
    plugins={"methods": "interlingua.units.methods", "nulls": "interlingua.units.nulls"},
    seconds=_drawing,
)
_BESIDE = Step(
    name="null",
    says="permuted ratings",
    function="interlingua.questions.sharing.compute:beside_nulls",
    per=("model", "variable"),
    reads={"rankings": "rankings", "cell": "cell", "signs": "null_signs", "r_top": "null_r_top"},
    outputs=(BESIDE_NULL, NULL_DEGREES, NULL_PAIRS, TOP_UNITS),
    options=("units.nulls",),
    seconds=_comparing,
)
_KEEP = Step(
    name="kept_languages",
    says="flagged languages",
    function="interlingua.questions.sharing.compute:kept_languages",
    per=(),
    reads={"audit": "audit"},
    outputs=(KEPT,),
)
_AGAIN = Step(
    name="cell_flagged",
    says="flagged languages",
    function="interlingua.questions.sharing.compute:without_flagged",
    per=("model", "variable"),
    reads={
        "kept": "kept_languages",
        "rankings": "rankings",
        "cell": "cell",
        "signs": "null_signs",
        "r_top": "null_r_top",
        "summary": "pairs_summary",
        "null": "null",
    },
    outputs=(CELL_OVERLAP, CELL_NULL, FLAGGED_PAIRS),
    options=("units.methods", "units.nulls"),
    seeded=True,
)
_GATHER = Step(
    name="flagged",
    says="flagged languages",
    function="interlingua.questions.sharing.compute:in_order",
    per=(),
    reads={"overlap": "cell_flagged_overlap", "null": "cell_flagged_null"},
    outputs=(FLAGGED_OVERLAP, FLAGGED_NULL),
)

QUESTION = Question(
    key="sharing",
    title="Do languages share units?",
    steps=(_COMPARE, _DRAW, _BESIDE, _KEEP, _AGAIN, _GATHER),
    show="interlingua.questions.sharing.show",
    caveats=(
        "The super exact test takes every unit to be equally likely to be in a set. Some units win in any probe (large "
        "variance, outliers). The permuted-ratings null refits the probes on shuffled words and is the fair rival: "
        "compare with its fold enrichment, not with 1.",
        "Permuted ratings are encoded nowhere. Languages that do encode a rating, but each in a way of its own, may share "
        "units because units go together: 'codes of their own' are ratings that each language encodes as well as the real "
        "one, in a random direction.",
        "The best of many subsets of languages is reported: with 13 languages there are 1,716 sets of seven. Read the "
        "p corrected for the number of subsets of that degree.",
        "Two languages that use a unit with opposite signs do not agree on it. With permuted ratings about half of the "
        "shared units have the same sign; with real ones nearly all should.",
    ),
)
