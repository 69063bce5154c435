"""Do the ratings belong to their words? (beyond the paper, whose public Chinese ratings do not)"""

from __future__ import annotations

from interlingua.flow.step import Read, Step
from interlingua.questions.question import Question
from interlingua.study.size import Size
from interlingua.tables import Column, Table
from interlingua.tables.columns import DRAWS, LANGUAGE, LAYER, MODEL, N_LANGUAGES, N_WORDS, SITE, VARIABLE, WORD

_R = (
    N_WORDS,
    Column("r", "Pearson's r of ratings and predictions over words, each predicted from the others", "r"),
    Column("r_low", "lower end of its 95 % interval over words", "r", "low"),
    Column("r_high", "upper end of it", "r", "high"),
)
_PREDICTED = (
    WORD,
    Column("rating", "as the study has it", "number"),
    Column("predicted", "by a probe that was fitted to other words", "number"),
    Column("z_rating", "the rating, standardised over the words", "number", "rating (z)"),
    Column("z_predicted", "the prediction, standardised over the words", "number", "predicted (z)"),
    Column("difference", "z_rating - z_predicted", "number"),
)

HELD_OUT = Table(
    name="held_out",
    row="a word of a language",
    key=("model", "site", "variable", "language", "word"),
    columns=(MODEL, SITE, VARIABLE, LAYER, LANGUAGE, *_PREDICTED),
    files=(),
    says="held-out predictions of every word; those that disagree most with their rating first",
)
HELD_OUT_R = Table(
    name="held_out_r",
    row="a language",
    key=("model", "site", "variable", "language"),
    columns=(MODEL, SITE, VARIABLE, LAYER, LANGUAGE, *_R),
    files=(),
    says="how well they agree with the ratings",
)
TRIED_R = Table(
    name="held_out_tried",
    row="a language at a layer that is tried",
    key=("model", "site", "variable", "language", "layer"),
    columns=HELD_OUT_R.columns,
    files=(),
    says="the same from each layer that is tried, where no run has chosen one",
)
TRIED_WORDS = Table(
    name="held_out_tried_words",
    row="a word of a language at a layer that is tried",
    key=("model", "site", "variable", "language", "layer", "word"),
    columns=HELD_OUT.columns,
    files=(),
)
AUDIT = Table(
    name="audit",
    row="a language",
    key=("model", "site", "variable", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        LANGUAGE,
        N_WORDS,
        Column(
            "r_oof", "Pearson's r of ratings and held-out predictions, over words", "r", heading="r, held-out words"
        ),
        Column("r_oof_low", "lower end of its 95 % interval", "r", "low"),
        Column("r_oof_high", "upper end of it", "r", "high"),
        Column(
            "sd_below",
            "how far r_oof lies below those of the other languages that are not flagged, in their SDs (Fisher's scale)",
            "number",
            missing=True,
        ),
        Column("other_norm", "a second norm of the language", "text", "other norm"),
        Column("n_shared", "words that both rate", "count", "shared words"),
        Column("r_other_norm", "Pearson's r of the two norms", "r", "r with it", missing=True),
        Column("r_other_low", "lower end of its 95 % interval", "r", "low", missing=True),
        Column("r_other_high", "upper end of it", "r", "high", missing=True),
        Column("flag", "whether the ratings don't seem to belong to their words", "flag", "flagged"),
        Column("reason", "why it is flagged, or what speaks for the ratings", "text", "why"),
    ),
    says="do the ratings belong to the words",
)
WORDS = Table(
    name="audit_words",
    row="a word of a language",
    key=("model", "site", "variable", "language", "word"),
    columns=HELD_OUT.columns,
    says="which words' ratings and predictions disagree most",
)
POWER = Table(
    name="audit_power",
    row="a share of the words that is shuffled",
    key=("model", "site", "variable", "language", "share"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        LANGUAGE.but(says="the language whose ratings are shuffled"),
        Column("share", "share of the words whose ratings are permuted among themselves", "percent", "share shuffled"),
        DRAWS.but(says="shufflings of each share"),
        Column("r_other_norm", "mean r with a second norm", "r", "r with it", missing=True),
        Column("r_oof", "mean r on held-out words", "r", "r, held-out words"),
        Column("detected_by_norm", "share of the draws that the second norm alone detects", "percent", missing=True),
        Column("detected_by_oof", "share of the draws that the held-out r alone detects", "percent"),
        Column("detected", "share of the draws in which the language is flagged", "percent"),
    ),
    says="how much shuffling would be noticed in each language that is not flagged",
)
NOTICED = Table(
    name="audit_noticed",
    row="a language whose shuffled ratings are simulated",
    key=("model", "site", "variable", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        LANGUAGE,
        Column("r_oof", "Pearson's r of ratings and held-out predictions, over words", "r", "r, held-out words"),
        DRAWS.but(says="shufflings of each share of the words"),
        Column(
            "share_noticed",
            "least share of the words whose shuffling is noticed in 80 % of the draws; none if not even that of all is",
            "percent",
            "shuffling noticed from",
            missing=True,
        ),
    ),
    says="from which share of the words on shuffling would be noticed, language by language",
)
SUMMARY = Table(
    name="audit_summary",
    row="a model and variable",
    key=("model", "site", "variable"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        N_LANGUAGES.but(says="languages that are audited"),
        Column("n_flagged", "of these, how many are flagged", "count", "flagged"),
        Column("n_other_norm", "of these, how many have a second norm", "count", "with another norm"),
        Column("can_tell", "whether a low r could stand out: there are enough languages, or a second norm", "flag"),
        DRAWS.but(says="shufflings of each share of the words"),
        LANGUAGE.but(
            name="best_language", says="where the least shuffling is noticed", heading="noticed first in", missing=True
        ),
        Column("best_share", "from that share of the words on; none if nowhere", "percent", "from", missing=True),
        LANGUAGE.but(
            name="worst_language", says="where the most would go unnoticed", heading="noticed last in", missing=True
        ),
        Column("worst_share", "from that share on; none if not even all words are", "percent", "from", missing=True),
    ),
    says="how many languages are flagged, and where the least and the most shuffling goes unnoticed",
)

_HELD_OUT = Step(
    name="held_out",
    says="audit",
    function="interlingua.questions.audit.held_out:held_out",
    per=("model", "site", "variable", "language"),
    reads={"activations": "activations", "ratings": "ratings", "cell": "cell"},
    outputs=(HELD_OUT, HELD_OUT_R),
    options=("probes.folds",),
    seeded=True,
    seconds=lambda size: 0.3 * size.scale,
)
_AUDIT = Step(
    name="audit",
    says="audit",
    function="interlingua.questions.audit.compute:verdicts",
    per=("model", "site", "variable"),
    reads={
        "held_out": "held_out",
        "held_out_r": "held_out_r",
        "ratings": Read("ratings", role="seen"),
        "second_norm": "second_norm",
        "cell": "cell",
    },
    outputs=(AUDIT, WORDS),
)
_POWER = Step(
    name="audit_power",
    says="audit",
    function="interlingua.questions.audit.compute:power",
    per=("model", "site", "variable", "language"),
    reads={"activations": "activations", "ratings": "ratings", "audit": "audit", "cell": "cell"},
    outputs=(POWER,),
    options=("probes.folds",),
    seeded=True,
    seconds=lambda size: 0.6 * size.scale,
)
_SUMMARISE = Step(
    name="audit_summary",
    says="audit",
    function="interlingua.questions.audit.noticed:summary",
    per=("model", "site", "variable"),
    reads={"audit": "audit", "power": "audit_power", "cell": "cell"},
    outputs=(NOTICED, SUMMARY),
)


def _trying(size: Size) -> float:
    layers = 1 if isinstance(size.study.layer.choose, int) else min(7, size.layers)  # compute's `LAYERS_TRIED`
    return 0.3 * size.scale * layers


#: For ``norms audit``, which asks before a run has chosen a layer: no part of a study.
TRIED = Step(
    name="held_out_tried",
    says="held-out words",
    function="interlingua.questions.audit.held_out:held_out_tried",
    per=("model", "site", "variable", "language"),
    reads={"activations": "activations", "ratings": "ratings"},
    outputs=(TRIED_R, TRIED_WORDS),
    options=("layer.choose", "probes.folds"),
    seeded=True,
    seconds=_trying,
)

QUESTION = Question(
    key="audit",
    title="Do the ratings belong to the words?",
    steps=(_HELD_OUT, _AUDIT, _POWER, _SUMMARISE),
    show="interlingua.questions.audit.show",
    chapters=("firm",),
    caveats=(
        "A low held-out r can also mean that the model does not know the language. A second norm on the same words tells "
        "the two apart: two tables of valence in one language agree with r of .86 to .99, whatever the country or decade.",
    ),
)
