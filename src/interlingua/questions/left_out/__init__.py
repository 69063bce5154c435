"""Do units and weights of other languages predict a language? Every one is left out in turn (beyond section 6)"""

from __future__ import annotations

from interlingua.flow.outputs import Arrays
from interlingua.flow.step import Step
from interlingua.questions.question import Asked, Question
from interlingua.tables import Column, Table
from interlingua.tables.columns import (
    LANGUAGE,
    LAYER,
    METHOD,
    MODEL,
    N_LANGUAGES,
    N_UNITS,
    N_WORDS,
    SITE,
    UNIT,
    VARIABLE,
)

_LEFT_OUT = LANGUAGE.but(says="code of the language that is left out", heading="left out")
_OTHERS = N_LANGUAGES.but(says="other languages that have it at their top")
_MEAN_RANK = Column("mean_rank", "its mean rank in the other languages", "number")

# Between steps: the sets of units that every language tries, and its probes on them (`store` says how they are kept).
SETS = Table(
    name="left_out_sets",
    row="a set of units that the other languages choose",
    key=("model", "site", "variable", "method", "language"),
    columns=(MODEL, SITE, VARIABLE, METHOD, LAYER, _LEFT_OUT, N_UNITS),
    files=(),
)
CHOSEN = Table(
    name="left_out_chosen",
    row="a unit of such a set, best first",
    key=("model", "site", "variable", "method", "language", "unit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        _LEFT_OUT,
        UNIT,
        Column("index", "number of the unit in its layer, from 0", "unit"),
        _OTHERS,
        _MEAN_RANK,
    ),
    files=(),
)
RANDOM = Arrays("left_out_random")
FITS = Arrays("left_out_fits")

LEAVE_ONE_OUT = Table(
    name="leave_one_out",
    row="a language that is left out, by a ranking",
    key=("model", "site", "variable", "method", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        _LEFT_OUT,
        N_UNITS.but(says="units that the other languages choose"),
        Column(
            "median_percentile",
            "median place of their |t_words| among all units of the layer, 0 to 100",
            "number",
            "single units, median percentile",
            missing=True,
        ),
        Column("share_p05_words", "share of them with p < .05 (word means, HC3 errors)", "percent", missing=True),
        Column("layer_share_p05_words", "the same of all units of the layer", "percent"),
        Column("r_set", "r over test words of a ridge probe of the set", "r", "r, trained"),
        Column("r_zero_shot", "r over all words with the mean of the other languages' weights", "r", "r, no training"),
        Column("r_zero_shot_low", "lower end of its 95 % interval over words", "r", "low", missing=True),
        Column("r_zero_shot_high", "upper end of it", "r", "high", missing=True),
        Column(
            "r_zero_shot_unlinked",
            "r_zero_shot over the words that are linked to no training word of the other languages",
            "r",
            "without linked words",
            missing=True,
        ),
        Column("n_words_unlinked", "these words", "count", "words, not linked"),
        Column("random_r_set", "mean r_set of random sets of as many units", "r", "random units, trained"),
        Column("random_r_zero_shot", "mean r_zero_shot of these sets, weighted alike", "r", "random units"),
        Column("percentile_r_set", "place of r_set among them, 0 to 100, ties half", "number"),
        Column("percentile_r_zero_shot", "place of r_zero_shot among them, 0 to 100", "number", "percentile"),
        N_WORDS.but(heading="words"),
        Column("n_test_words", "test words", "count"),
    ),
    says="each language left out in turn: `r_zero_shot` (units and weights from the others) with interval, beside random "
    "sets (`random_r_zero_shot`, `percentile_r_zero_shot`) and without words that are translations of the others' training "
    "words (`r_zero_shot_unlinked`)",
)
LEAVE_ONE_OUT_UNITS = Table(
    name="leave_one_out_units",
    row="a unit that the other languages choose, in the language that is left out",
    key=("model", "site", "variable", "method", "language", "unit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        _LEFT_OUT,
        UNIT,
        _OTHERS,
        _MEAN_RANK,
        Column("b_words", "change of a word's rating with each SD of the unit there", "number", "B"),
        Column("t_words", "t of the regression of word means, a row a word, HC3 errors", "number", "t (words)"),
        Column("p_words", "two-tailed p of it", "p", "p (words)"),
        Column("percentile", "place of |t_words| among all units of the layer", "number", "percentile in layer"),
    ),
    files=("csv", "parquet"),
    says="the units chosen without each language, each regressed on alone in it",
)
SUMMARY = Table(
    name="leave_one_out_summary",
    row="a ranking",
    key=("model", "site", "variable", "method"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        N_LANGUAGES.but(says="languages that are left out, each in its turn"),
        Column(
            "better_than_95",
            "languages in which r_zero_shot has a percentile of 95 or more among the random sets",
            "count",
            "better than 95 % of random sets",
        ),
    ),
    says="in how many languages the chosen sets are better than 95 % of the random ones",
)

_TRIED = N_UNITS.but(says="units of the others' choice that are tried, the best first", heading="first units")
ZERO_SHOT = Table(
    name="zero_shot",
    row="a language that is left out, and a number of units",
    key=("model", "site", "variable", "language", "n_units"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        _LEFT_OUT,
        _TRIED,
        Column("r", "r over all words with the mean of the other languages' weights", "r", "r, no training"),
        Column("random_r", "mean r of random units of the layer, as many and weighted alike", "r", "random units"),
        Column("random_low", "2.5 % of the random sets are below", "r", "low"),
        Column("random_high", "2.5 % are above", "r", "high"),
        Column("percentile", "place of r among the random sets, 0 to 100, ties half", "number", "percentile"),
        Column("ceiling", "cross-fitted r of the language's own probe of the whole layer", "r", "own", missing=True),
    ),
    says="r without training by the first 1, 3, 5, ... units, beside random ones and the language's own probe",
)
ZERO_SHOT_SUMMARY = Table(
    name="zero_shot_summary",
    row="a number of units",
    key=("model", "site", "variable", "n_units"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        _TRIED,
        N_LANGUAGES.but(says="languages that are left out, each in its turn"),
        Column("mean_r", "mean r without training over languages", "r", "r, no training"),
        Column("mean_low", "lower end of its 95 % interval over languages", "r", "low", missing=True),
        Column("mean_high", "upper end of it", "r", "high", missing=True),
        Column("random_r", "mean r of random units", "r", "random units"),
        Column("better_than_95", "languages in which r is better than 95 % of the random sets", "count", "better"),
        Column("ceiling", "mean cross-fitted r of the languages' own probes", "r", "own", missing=True),
        Column(
            "first_unit",
            "the unit that the others choose first, if it is the same whichever language is left out",
            "unit",
            "first unit",
            missing=True,
        ),
    ),
    says="the same, mean over languages, and the unit that is first",
    atlas=("method", "layer", "n_units", "n_languages", "mean_r", "mean_low", "mean_high", "random_r", "ceiling"),
)
ZERO_SHOT_FITS = Arrays("zero_shot_fits")


def _why_not(asked: Asked) -> str:
    if all(len(languages) < 3 for languages in asked.rated.values()):
        return (
            "To leave one language out takes three that choose the units and are rated for the same variable: the "
            "study has no such three."
        )
    return ""


_CHOOSE = Step(
    name="left_out_sets",
    says="leave one out",
    function="interlingua.questions.left_out.compute:choose",
    per=("model", "site", "variable"),
    reads={"rankings": "rankings", "cell": "cell"},
    outputs=(SETS, CHOSEN, RANDOM),
    options=("units.random_units",),
    seeded=True,
    seconds=lambda size: 0.1 + 0.004 * size.languages * len(size.study.units.methods),
)
_FIT = Step(
    name="left_out_fits",
    says="leave one out",
    function="interlingua.questions.left_out.compute:fit",
    per=("model", "site", "variable", "language"),
    reads={
        "activations": "activations",
        "ratings": "ratings",
        "cell": "cell",
        "sets": SETS.name,
        "chosen": CHOSEN.name,
        "random": RANDOM.name,
        "elsewhere": "linked_elsewhere",
    },
    outputs=(FITS,),
    options=("probes.folds", "probes.standardise"),
    seeded=True,
    seconds=lambda size: size.scale * (0.2 + 0.004 * size.study.units.random_units),
)
_COLLECT = Step(
    name="leave_one_out",
    says="leave one out",
    function="interlingua.questions.left_out.compute:put_together",
    per=("model", "site", "variable"),
    reads={"sets": SETS.name, "chosen": CHOSEN.name, "random": RANDOM.name, "fits": FITS.name},
    outputs=(LEAVE_ONE_OUT, LEAVE_ONE_OUT_UNITS, SUMMARY),
    seconds=lambda size: 0.01 * size.languages * len(size.study.units.methods),
)
_FIT_FEW = Step(
    name="zero_shot_fits",
    says="few units",
    function="interlingua.questions.left_out.curve:fit",
    per=("model", "site", "variable", "language"),
    reads={
        "activations": "activations",
        "ratings": "ratings",
        "cell": "cell",
        "chosen": CHOSEN.name,
        "random": RANDOM.name,
    },
    outputs=(ZERO_SHOT_FITS,),
    options=("units.headline", "probes.folds", "probes.standardise"),
    seeded=True,
    seconds=lambda size: size.scale * (0.2 + 0.008 * size.study.units.random_units),
)
_CURVE = Step(
    name="zero_shot",
    says="few units",
    function="interlingua.questions.left_out.curve:put_together",
    per=("model", "site", "variable"),
    reads={
        "chosen": CHOSEN.name,
        "random": RANDOM.name,
        "fits": ZERO_SHOT_FITS.name,
        "cell": "cell",
        "ceiling": "held_out_r",
    },
    outputs=(ZERO_SHOT, ZERO_SHOT_SUMMARY),
    options=("units.headline",),
)

QUESTION = Question(
    key="left_out",
    title="Do the units of other languages predict a language?",
    asked=_why_not,
    steps=(_CHOOSE, _FIT, _COLLECT, _FIT_FEW, _CURVE),
    show="interlingua.questions.left_out.show",
    chapters=("elsewhere",),
)
