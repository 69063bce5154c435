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
    JUDGED_SUMMARY,
    KEPT,
    NULL_DEGREES,
    NULL_ENCODING,
    NULL_PAIRS,
    NULL_PENALTY,
    OVERLAP,
    PAIRS,
    PAIRS_JUDGED,
    PAIRS_SUMMARY,
    R_TOP,
    SIGNS,
    SUMMARY,
    TOP_UNITS,
)
from interlingua.study.size import Size
from interlingua.tables import Table
from interlingua.tables.columns import CELL, LANGUAGE, LANGUAGES, N_LANGUAGES, N_UNITS

INTERSECTIONS = Table(
    name="intersections",
    row="a set of languages, by a ranking",
    key=("model", "site", "variable", "method", "languages"),
    columns=(*CELL, LANGUAGES, N_LANGUAGES, N_UNITS.but(says="units at the top of exactly these languages")),
    files=("csv", "parquet"),
    says="exclusive: every unit at a top counts in one set (`overlap` has the inclusive ones)",
)
SET_SIZES = Table(
    name="set_sizes",
    row="a language, by a ranking",
    key=("model", "site", "variable", "method", "language"),
    columns=(*CELL, LANGUAGE, N_UNITS.but(says="units at its top: k, or fewer where fewer have a score")),
    files=("csv", "parquet"),
    says="how many units are at the top of each language",
)

#: Seconds of one choice of an elastic net's penalty.
_CHOICE_S = 0.58


def _drawing(size: Size) -> float:
    units = size.study.units
    return size.refit_s * len(units.nulls) * units.permutations


def _comparing(size: Size) -> float:
    units = size.study.units
    compared = len(units.methods) * len(units.nulls) * units.permutations
    return 0.1 + compared * size.languages**2 * size.width / 384 * 1.3e-5


def _choosing(size: Size) -> float:
    units = size.study.units
    return size.scale * size.chosen_again * len(units.nulls) * min(units.permutations, 20) * _CHOICE_S


_DRAWN = ("units.methods", "draws=units.permutations", "probes.standardise", "probes.folds")
_RANKING = {"methods": "interlingua.units.methods"}
_PLUGINS = {**_RANKING, "nulls": "interlingua.units.nulls"}
_REFITTED = {"methods": ("interlingua.units.methods", "interlingua.units.refits")}

_COMPARE = Step(
    name="overlap",
    says="overlap",
    function="interlingua.questions.sharing.compute:share",
    per=("model", "site", "variable"),
    reads={"rankings": "rankings", "cell": "cell"},
    outputs=(OVERLAP, PAIRS, PAIRS_SUMMARY, DEGREES, HIGHEST, SIGNS, SUMMARY),
    options=("units.methods",),
    seeded=True,
    seconds=lambda size: len(size.study.units.methods) * (0.1 + 2e-5 * 2**size.languages),
)
_PART = Step(
    name="intersections",
    says="overlap",
    function="interlingua.questions.sharing.intersections:intersections",
    per=("model", "site", "variable"),
    reads={"rankings": "rankings", "cell": "cell"},
    outputs=(INTERSECTIONS, SET_SIZES),
    options=("units.methods",),
)
_DRAW = Step(
    name="null_ratings",
    says="permuted ratings",
    function="interlingua.questions.sharing.draw:draw_ratings",
    per=("model", "site", "variable", "language"),
    reads={"activations": "activations", "ratings": "ratings", "cell": "cell", "strata": "strata"},
    outputs=(Arrays("null_ratings"), NULL_ENCODING),
    options=("units.nulls", *_DRAWN),
    seeded=True,
    plugins=_PLUGINS,
    seconds=lambda size: 1.2 * size.scale,
)
_RANK = Step(
    name="null_signs",
    says="permuted ratings",
    function="interlingua.questions.sharing.draw:rank_drawn",
    per=("model", "site", "variable", "language"),
    reads={
        "activations": "activations",
        "ratings": "ratings",
        "probes": "probes",
        "rankings": "rankings",
        "cell": "cell",
        "strata": "strata",
        "drawn": "null_ratings",
    },
    outputs=(Arrays("null_signs"), R_TOP),
    options=_DRAWN,
    seeded=True,
    plugins=_REFITTED,
    seconds=_drawing,
)
_CHOOSE_AGAIN = Step(
    name="null_again",
    says="penalties again",
    function="interlingua.questions.sharing.draw:choose_again",
    per=("model", "site", "variable", "language"),
    reads={
        "activations": "activations",
        "ratings": "ratings",
        "probes": "probes",
        "cell": "cell",
        "strata": "strata",
        "drawn": "null_ratings",
    },
    outputs=(Arrays("again_signs"),),
    options=_DRAWN,
    seeded=True,
    plugins=_REFITTED,
    seconds=_choosing,
)
_BESIDE = Step(
    name="null",
    says="permuted ratings",
    function="interlingua.questions.sharing.compute:beside_nulls",
    per=("model", "site", "variable"),
    reads={"rankings": "rankings", "cell": "cell", "signs": "null_signs", "r_top": "null_r_top"},
    outputs=(BESIDE_NULL, NULL_DEGREES, NULL_PAIRS, TOP_UNITS, PAIRS_JUDGED, JUDGED_SUMMARY),
    options=("units.nulls",),
    seconds=_comparing,
)
_BESIDE_AGAIN = Step(
    name="null_penalty",
    says="penalties again",
    function="interlingua.questions.sharing.compute:beside_again",
    per=("model", "site", "variable"),
    reads={"rankings": "rankings", "cell": "cell", "signs": "null_signs", "again": "again_signs"},
    outputs=(NULL_PENALTY,),
    options=("units.nulls",),
)
_KEEP = Step(
    name="kept_languages",
    says="flagged languages",
    function="interlingua.questions.sharing.compute:kept_languages",
    per=("site",),
    reads={"audit": "audit"},
    outputs=(KEPT,),
)
_AGAIN = Step(
    name="cell_flagged",
    says="flagged languages",
    function="interlingua.questions.sharing.compute:without_flagged",
    per=("model", "site", "variable"),
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
    per=("site",),
    reads={"overlap": "cell_flagged_overlap", "null": "cell_flagged_null"},
    outputs=(FLAGGED_OVERLAP, FLAGGED_NULL),
)

QUESTION = Question(
    key="sharing",
    title="Do languages share units?",
    steps=(_COMPARE, _PART, _DRAW, _RANK, _BESIDE, _CHOOSE_AGAIN, _BESIDE_AGAIN, _KEEP, _AGAIN, _GATHER),
    show="interlingua.questions.sharing.show",
    chapters=("shared", "firm"),
    caveats=(
        "The super exact test takes every unit to be equally likely to be in a set. Units go together, and some win in "
        "any probe (large variance, outliers), so it rejects too often. Its p stands in the tables because the paper has it; pairs are judged by the nulls below.",
        "Permuted ratings are encoded nowhere. Languages that do encode a rating, but each in a way of its own, share "
        "units because units go together, the more so in the layer's first principal components, where real ratings "
        "lie. 'Codes of their own' are ratings that each language encodes as well as the real one and in components as "
        "large, in a random direction.",
        "Two languages that use a unit with opposite signs do not agree on it. With codes of their own half of the shared "
        "units have the same sign by construction. What is tested of signs is the signed fold enrichment: units shared with the "
        "same sign less units shared with opposite ones, over what independent sets would share.",
    ),
)
