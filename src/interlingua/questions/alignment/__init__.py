"""Do languages that share more units do better? (section 7, Figure 4)"""

from __future__ import annotations

from math import factorial

from interlingua.flow.step import Step
from interlingua.questions.question import Question
from interlingua.study.size import Size
from interlingua.tables import Column, Table
from interlingua.tables.columns import CELL, LANGUAGE, METHOD, MODEL, PROBE, READS, SITE, VARIABLE, P, R

_MODEL_COLUMNS = (
    SITE,
    METHOD,
    Column("source", "paper: its mixed model; simpler: model and variable as fixed factors", "text"),
    Column("formula", "the model, in lme4's language", "text", "model"),
    Column("n", "points: a language of a model and variable each", "count"),
    Column("estimate", "change of r with each unit more of mean pairwise overlap", "number", "B of MPO", missing=True),
    Column("se", "its standard error", "number", "SE", missing=True),
    Column("df", "Satterthwaite's degrees of freedom", "number", missing=True),
    Column("t", "estimate over se", "number", missing=True),
    P.but(says="two-tailed p of t with these degrees of freedom", heading="p (Satterthwaite)", missing=True),
    P.but(name="p_permutation", says="p of a permutation of languages", heading="p (permutation)", missing=True),
    Column("ci_low", "lower end of its 95 % interval (jackknife over languages)", "number", "low", missing=True),
    Column("ci_high", "upper end of it", "number", "high", missing=True),
    Column("note", "what stands against the fit, or why there is none", "text"),
)
_WITHOUT = Column("languages", "all, or without which flagged ones", "text")

POINTS = Table(
    name="alignment_points",
    row="a language",
    key=("model", "site", "variable", "method", "language"),
    columns=(
        *CELL,
        LANGUAGE,
        Column("mpo", "mean pairwise overlap: units shared with another language, on average", "number", "MPO"),
        R.but(missing=True),
        PROBE,
        READS,
    ),
    says="Figure 4: mean pairwise overlap and r of each language (`reads`: of the whole network, or with "
    "`probes.whole = false` of the chosen layer)",
    atlas=("method", "language", "mpo", "r", "probe", "reads"),
)
LINES = Table(
    name="alignment_lines",
    row="a model and variable",
    key=("model", "site", "variable", "method"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        Column("slope", "of r on mean pairwise overlap by least squares, a point a language", "number"),
        Column("intercept", "r where languages share nothing, by the same line", "number"),
    ),
    files=("csv", "parquet"),
    says="the lines of Figure 4, to guide the eye; without a row where all languages share as much",
)
MODELS = Table(
    name="alignment_models",
    row="a model of section 7",
    key=("site", "method", "source"),
    columns=_MODEL_COLUMNS,
    says="`source` (the paper's model, or a simpler one), estimate, SE, Satterthwaite df, t, p, jackknife interval and "
    "permutation p over languages, and a note where a fit is singular",
)
MODELS_WITHOUT = Table(
    name="alignment_models_without",
    row="a model of section 7 without the flagged languages",
    key=("site", "method", "source"),
    columns=(*_MODEL_COLUMNS, _WITHOUT),
    files=(),
)
FLAGGED = Table(
    name="flagged_alignment",
    row="a model of section 7, with or without the flagged languages",
    key=("site", "method", "source", "languages"),
    columns=(*_MODEL_COLUMNS, _WITHOUT),
    says="`alignment_models` with and without the languages that the audit flags, where there are any",
)


def _seconds(size: Size) -> float:
    """Return what the refits of both mixed models take, most of them for the permutation of languages.

    There are no more of them than ways to arrange the languages. One point a language is a matter of closed forms.
    """
    models, variables, n = len(size.study.models), len(size.study.variables), size.languages
    refits = min(size.study.alignment.draws, factorial(n)) + 10 * n
    simpler = 0.0001 * (models * variables > 1)
    return 0.15 + refits * (simpler + 0.0008 * (models > 1 and variables > 1))


_RELATE = Step(
    name="alignment",
    says="alignment",
    function="interlingua.questions.alignment.compute:alignment",
    per=("site", "method"),
    reads={"pairs": "pairs", "performance": "performance"},
    outputs=(POINTS, LINES, MODELS),
    options=("layer.probe", "alignment.draws"),
    seeded=True,
    seconds=_seconds,
)
_RELATE_WITHOUT = Step(
    name="alignment_without",
    says="alignment",
    function="interlingua.questions.alignment.compute:without_flagged",
    per=("site", "method"),
    reads={"flagged_pairs": "flagged_pairs", "performance": "performance"},
    outputs=(MODELS_WITHOUT,),
    options=("layer.probe", "alignment.draws"),
    seeded=True,
    seconds=_seconds,  # where languages are flagged
)
_COMPARE = Step(
    name="flagged_alignment",
    says="alignment",
    function="interlingua.questions.alignment.compute:side_by_side",
    per=("site",),
    reads={"models": "alignment_models", "without": "alignment_models_without"},
    outputs=(FLAGGED,),
)

QUESTION = Question(
    key="alignment",
    title="Do languages that share more do better?",
    steps=(_RELATE, _RELATE_WITHOUT, _COMPARE),
    show="interlingua.questions.alignment.show",
    caveats=(
        "With two models and two variables as random factors the paper's mixed model is singular in most samples (92 % "
        "of simulated ones), and its degrees of freedom are hardly determined. It stands here as the replication; the "
        "simpler model with an interval and a permutation of languages stands beside it.",
        "The interval leaves each language out in turn. In simulations of 4 to 13 languages it covers .93 to .97 of true slopes; a "
        "bootstrap over languages, which stood here before, covers .89 to .92, Satterthwaite's t .87 to .94. The paper's model "
        "has none: where models differ in sharing and in r for other reasons, an interval around its slope covers .7.",
        "The p of the simpler model is that of a permutation of languages: in 2,000 simulations of the paper's shape with no "
        "relation it rejects at .05 in 4.5 to 4.7 %. Satterthwaite's p rejects in 13 to 16 % (the paper's model) and 5.7 to 8.2 % "
        "(the simpler one), the higher figure where languages also differ by variable.",
        "One language can carry the relation: see the figure, and the audit of the ratings.",
    ),
)
