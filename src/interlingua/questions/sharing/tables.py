"""The tables of what languages share, and of what they share under nulls."""

from __future__ import annotations

from interlingua.tables import Column, Table
from interlingua.tables.columns import (
    CELL,
    DRAWS,
    EXPECTED,
    FE,
    LANGUAGE,
    LANGUAGE_A,
    LANGUAGE_B,
    LANGUAGES,
    LAYER,
    METHOD,
    MODEL,
    N_LANGUAGES,
    N_WORDS,
    OBSERVED,
    SAME_SIGN,
    SITE,
    UNIT,
    UNITS,
    VARIABLE,
    P,
)

_KEY = ("model", "site", "variable", "method", "layer")
NULL = Column("null", "the null hypothesis that ratings are drawn under", "name")
DEGREE = Column("degree", "languages of the set", "count")
LOG_P = Column("log_p", "natural logarithm of p, also where p is too small for a number", "number")
P_NULL = Column("p_null", "share of the draws with as much or more (the observed sets are one of them)", "p", "p")

# Of the super exact test.

_OBSERVED_OF_SET = OBSERVED.but(says="units in the top of all languages of the set, and perhaps of others, too")
_P_SUPER_EXACT = P.but(
    says="p of the super exact test, as in the paper: as many units or more in independent uniform sets. Units go "
    "together, so it rejects too often: nothing is judged by it",
    heading="p (super exact)",
)
_AT_LEAST = N_LANGUAGES.but(heading="at least so many languages")
OVERLAP = Table(
    name="overlap",
    row="a set of languages",
    key=(*_KEY, "languages"),
    columns=(*CELL, LANGUAGES, DEGREE, _OBSERVED_OF_SET, EXPECTED, FE, LOG_P, _P_SUPER_EXACT, UNITS),
    files=("csv", "parquet"),
    says="shared units: `observed`, `expected`, `fe`, `log_p`, `p`, `units`; every intersection of every degree",
)
PAIRS = Table(
    name="pairs",
    row="a pair of languages",
    key=(*_KEY, "language_a", "language_b"),
    columns=(
        *CELL,
        LANGUAGE_A,
        LANGUAGE_B,
        OBSERVED,
        EXPECTED,
        FE,
        LOG_P,
        _P_SUPER_EXACT,
        Column("p_bh", "this p after Benjamini and Hochberg, over the pairs", "p", "p (BH)"),
        Column("p_by", "this p after Benjamini and Yekutieli, over the pairs", "p", "p (BY)"),
        SAME_SIGN,
    ),
    says="the same of pairs, with `p_bh`, `p_by`, `same_sign`",
    atlas=("method", "language_a", "language_b", "observed", "expected", "fe", "p", "p_bh", "p_by", "same_sign"),
)
_N_PAIRS = Column("n_pairs", "pairs of languages", "count", "pairs")
_MEAN_FE = Column("mean_fe", "mean fold enrichment over pairs of languages", "number", "fold enrichment")
_P_BELOW_05 = Column(
    "p_below_05", "pairs with p < .05 in the super exact test, as in the paper", "count", "super exact p < .05"
)
_P_BH_BELOW_05 = Column("p_bh_below_05", "the same after Benjamini and Hochberg", "count", "after BH")
PAIRS_SUMMARY = Table(
    name="pairs_summary",
    row="a ranking method",
    key=_KEY,
    columns=(
        *CELL,
        _N_PAIRS,
        Column("mean_overlap", "units that two languages share, mean over pairs", "number", "shared"),
        _MEAN_FE.but(missing=True),
        Column("fe_over_1", "pairs that share more than is expected", "count"),
        _P_BELOW_05,
        _P_BH_BELOW_05,
        SAME_SIGN.but(says="share of all shared units of all pairs with the same sign in both languages"),
        Column("mean_overlap_same_sign", "units shared with the same sign, mean over pairs", "number", missing=True),
    ),
    says="mean fold enrichment, pairs over 1 and with p < .05, signs",
    atlas=("method", "n_pairs", "mean_overlap", "mean_fe", "fe_over_1", "p_below_05", "p_bh_below_05"),
)
DEGREES = Table(
    name="degrees",
    row="a number of languages",
    key=(*_KEY, "n_languages"),
    columns=(
        *CELL,
        _AT_LEAST,
        OBSERVED.but(says="units in the top of at least so many languages"),
        EXPECTED.but(heading="expected (uniform)"),
        P.but(says="p of as many or more in independent uniform sets (drawn)"),
    ),
    says="units in the top of at least so many: observed, expected, p (uniform)",
    atlas=("method", "n_languages", "observed", "expected", "p"),
)
HIGHEST = Table(
    name="highest_degree",
    row="an intersection",
    key=(*_KEY, "languages"),
    columns=(
        *CELL,
        LANGUAGES,
        DEGREE,
        _OBSERVED_OF_SET,
        EXPECTED,
        FE,
        _P_SUPER_EXACT,
        Column("n_subsets", "sets of so many languages", "count", "sets of that degree"),
        Column("p_bonferroni", "p times the number of sets of that degree, 1 at most", "p", "p × sets"),
        UNITS,
    ),
    says="the highest degree at which anything is shared; `p_bonferroni` corrects for the `n_subsets` of that degree. "
    "These p are the paper's; `null_degrees` counts draws with as many",
    atlas=("method", "languages", "degree", "observed", "p", "p_bonferroni", "units"),
)
SIGNS = Table(
    name="signs",
    row="a shared unit",
    key=(*_KEY, "unit"),
    columns=(
        *CELL,
        UNIT,
        N_LANGUAGES.but(says="languages that have it in their top"),
        LANGUAGES,
        Column("n_positive", "in how many of them its sign is positive", "count"),
        Column("n_negative", "in how many it is negative", "count"),
        Column("agreement", "share of the languages with the commoner sign", "percent"),
    ),
    files=("csv", "parquet"),
    says="in how many languages, with which sign",
)
SUMMARY = Table(
    name="sharing_summary",
    row="a ranking method",
    key=_KEY,
    columns=(
        *CELL,
        N_LANGUAGES.but(says="languages that are compared"),
        DEGREE.but(says="the most languages that share a unit; 0 if none do", heading="highest degree"),
        Column("n_units", "units that so many languages share, whichever they are", "count", "units"),
    ),
    says="how many units are shared by how many languages at most",
)

# Of nulls.

R_TOP = Table(
    name="null_r_top",
    row="a ranking method in a language",
    key=("model", "site", "variable", "language", "method"),
    columns=(
        *(MODEL, SITE, VARIABLE, LANGUAGE, METHOD, LAYER),
        Column("r_top", "r over held-out sentences from the top units alone", "r", missing=True),
    ),
    files=(),
)
NULL_ENCODING = Table(
    name="null_encoding",
    row="a language beside a null",
    key=("model", "site", "variable", "language", "null"),
    columns=(
        *(MODEL, SITE, VARIABLE, LAYER, LANGUAGE, NULL),
        N_WORDS.but(says="training words"),
        Column("linked_words", "of these, words that are permuted together with their translations", "count"),
        Column("r_cv", "cross-validated r of ridge on the real ratings", "r"),
        Column("null_r_cv", "the same on drawn ratings, mean over (at most 100) draws", "r", "under the null"),
        Column("r_short", "by how much that of the draws falls short of the real one", "number", "short of it by"),
        Column(
            "first_components",
            "share of the real code's variance that lies in the layer's first five principal components",
            "percent",
            "in 5 components",
        ),
        Column("null_first_components", "the same of the draws, mean", "percent", "under the null"),
    ),
    says="how well and where in the layer the draws of each null are encoded, beside the real ratings: `r_cv`, "
    "`null_r_cv` (short of it where even the strongest codes of their own are predicted less well, as with few words), "
    "`first_components`, `null_first_components`; and how many words move with their translations",
)
_CORRECTED_FE = Column("corrected_fe", "mean_fe over null_fe", "number", "corrected", missing=True)
_P_FE = Column("p_fe", "p of the mean fold enrichment: (1 + draws with as much) / (1 + draws)", "p", "p")
_P_SHARED = Column("p_shared", "of number and signs: the larger of p_fe and that of signed_fe", "p", "p of both")
BESIDE_NULL = Table(
    name="null",
    row="a ranking method beside a null",
    key=(*_KEY, "null"),
    columns=(
        *CELL,
        NULL,
        DRAWS,
        _MEAN_FE,
        Column("null_fe", "the same under the null, mean over draws", "number", "under the null"),
        Column("null_fe_low", "2.5 % of the draws have less", "number", "low"),
        Column("null_fe_high", "2.5 % have more", "number", "high"),
        _CORRECTED_FE,
        _P_FE,
        Column("highest_degree", "the most languages that share a unit", "count", "highest degree"),
        Column("null_highest_degree", "the same, mean over draws", "number", "under the null"),
        Column("p_highest_degree", "p of as high a degree, with as many units at it", "p", "p"),
        Column("p_omnibus", "one p over all degrees, for the one that stands out most", "p", "p over all degrees"),
        SAME_SIGN,
        Column("null_same_sign", "the same, mean over draws", "percent", "under the null", missing=True),
        Column(
            "signed_fe",
            "units shared with the same sign less those with opposite ones, over expected; mean over pairs",
            "number",
            "signed fold enrichment",
        ),
        Column("null_signed_fe", "the same, mean over draws", "number", "under the null"),
        Column("p_signed_fe", "its p", "p", "p"),
        _P_SHARED,
        Column(
            "pairs_below_05",
            "pairs of languages that share more, with the same signs: p of both < .05 after Benjamini and Hochberg",
            "count",
            "pairs that share more",
        ),
        Column(
            "null_share_p05",
            "share of pairs with p < .05 in the super exact test under the null",
            "percent",
            "pairs with p < .05 under the null",
        ),
    ),
    says="what is shared beside what is shared under each null (`permuted`: ratings permuted among words; `own codes`: "
    "ratings that each language encodes as well and in principal components as large, but in a direction of its own): "
    "`mean_fe`, `null_fe`, `corrected_fe`, `p_fe`, "
    "`p_highest_degree`, `p_omnibus` (over all degrees), `signed_fe` and `p_signed_fe` (same signs against opposite "
    "ones), `p_shared` (the larger of both, by which sharing is judged); `null_share_p05`: how often the super exact "
    "test rejects under the null",
    atlas=("method", "null", "draws", "null_fe", "corrected_fe", "p_shared", "null_highest_degree"),
)
NULL_DEGREES = Table(
    name="null_degrees",
    row="a number of languages beside a null",
    key=(*_KEY, "null", "n_languages"),
    columns=(
        *CELL,
        NULL,
        _AT_LEAST,
        Column("null_mean", "units of so many languages under the null, mean over draws", "number", "under the null"),
        DRAWS.but(says="draws of the null"),
        Column("as_many", "draws with as many units of so many languages, or more", "count", "draws with as many"),
        P_NULL,
    ),
    says="units in the top of at least so many languages under each null: `null_mean`, `as_many` of `draws`, `p_null`. "
    "That few units are in the top of any one or two languages is sharing, too: read it from three languages on",
    atlas=("method", "null", "n_languages", "null_mean", "draws", "as_many", "p_null"),
)
NULL_PAIRS = Table(
    name="null_pairs",
    row="a pair of languages beside a null",
    key=(*_KEY, "null", "language_a", "language_b"),
    columns=(
        *CELL,
        NULL,
        LANGUAGE_A,
        LANGUAGE_B,
        Column("null_mean", "units that they share under the null, mean over draws", "number", "under the null"),
        Column("fe_corrected", "fold enrichment over that of the null", "number", "corrected", missing=True),
        P_NULL.but(missing=True),
        Column(
            "p_signed", "the same of those shared with the same sign less those with opposite ones", "p", missing=True
        ),
        Column(
            "p_bh", "the larger of both p after Benjamini and Hochberg, over the pairs", "p", "p (BH)", missing=True
        ),
    ),
    says="what two languages share under each null: `null_mean`, `fe_corrected`, `p_null` (of the number of units), "
    "`p_signed` (of their signs), `p_bh` (of both)",
    atlas=("method", "null", "language_a", "language_b", "null_mean", "fe_corrected", "p_null", "p_bh"),
)
PAIRS_JUDGED = Table(
    name="pairs_judged",
    row="a pair of languages against all nulls",
    key=(*_KEY, "language_a", "language_b"),
    columns=(
        *CELL,
        LANGUAGE_A,
        LANGUAGE_B,
        Column("p_bh", "the largest p over the nulls, each after Benjamini and Hochberg", "p", "p (BH)", missing=True),
        Column("shares", "whether it is below .05: they share more, with the same signs", "flag", "share more"),
    ),
    says="which pairs share more than under every null: `p_bh`, `shares`",
    atlas=("method", "language_a", "language_b", "p_bh", "shares"),
)
JUDGED_SUMMARY = Table(
    name="pairs_judged_summary",
    row="a ranking method",
    key=_KEY,
    columns=(
        *CELL,
        _N_PAIRS,
        Column(
            "n_share", "pairs that share more than under every null, after Benjamini and Hochberg", "count", "pairs"
        ),
        Column("n_close", "further pairs whose corrected p is below .1", "count", "pairs with p < .1"),
    ),
    says="how many pairs share more than under every null: `n_share` of `n_pairs`; `n_close` more have a corrected p "
    "below .1",
    atlas=("method", "n_pairs", "n_share"),
)
NULL_PENALTY = Table(
    name="null_penalty",
    row="a null",
    key=(*_KEY, "null"),
    columns=(
        *CELL,
        NULL,
        DRAWS.but(says="draws in which the penalty was chosen again"),
        _MEAN_FE,
        Column("null_fe", "the same in these draws, with the penalty that the real ratings chose", "number", "kept"),
        Column("again_fe", "the same, the penalty chosen by cross-validation in every draw", "number", "chosen again"),
        Column("difference", "again_fe less null_fe", "number"),
        Column("difference_low", "lower end of its 95 % interval (t, over draws)", "number", "low", missing=True),
        Column("difference_high", "upper end of it", "number", "high", missing=True),
        Column("as_many", "draws whose mean fold enrichment is as large as the real one, penalty kept", "count"),
        Column("again_as_many", "the same, penalty chosen again", "count"),
        Column("null_units", "units at the top, mean of draws and languages, penalty kept", "number", "units, kept"),
        Column("again_units", "the same, penalty chosen again", "number", "units, chosen again"),
    ),
    says="what choosing the elastic net's penalty again in some draws changes: `null_fe`, `again_fe`, `again_as_many`",
)
TOP_UNITS = Table(
    name="top_units",
    row="a ranking method",
    key=_KEY,
    columns=(
        *CELL,
        Column(
            "r_top",
            "r over held-out sentences from the top units alone, mean over languages",
            "r",
            "r of the top units",
            missing=True,
        ),
    ),
    says="`r_top`: r on held-out words from the top units alone",
)

# Without the languages that the audit flags.

WHICH = Column("languages", "all of them, or without those that the audit flags", "text")
KEPT = Table(
    name="kept_languages",
    row="a model and variable",
    key=("model", "site", "variable"),
    columns=(
        *(MODEL, SITE, VARIABLE, WHICH),
        Column("kept", "languages that are left; none where there would be fewer than two", "languages"),
    ),
    files=(),
)
FLAGGED_OVERLAP = Table(
    name="flagged_overlap",
    row="a ranking method, with and without the languages that the audit flags",
    key=("model", "site", "variable", "method", "languages"),
    columns=(
        *(MODEL, SITE, VARIABLE, METHOD, _N_PAIRS, _MEAN_FE.but(missing=True), _P_BELOW_05, _P_BH_BELOW_05, SAME_SIGN),
        WHICH,
    ),
    says="the main result with and without the flagged languages, where there are any",
)
FLAGGED_NULL = Table(
    name="flagged_null",
    row="a ranking method beside a null, with and without the languages that the audit flags",
    key=(*_KEY, "languages", "null"),
    columns=(*CELL, WHICH, NULL, _CORRECTED_FE, _P_FE, _P_SHARED),
    says="the same beside each null: `corrected_fe`, `p_fe`, `p_shared`",
)
#: What each model and variable adds to these two.
CELL_OVERLAP = Table(
    "cell_flagged_overlap", FLAGGED_OVERLAP.row, FLAGGED_OVERLAP.key, FLAGGED_OVERLAP.columns, files=()
)
CELL_NULL = Table("cell_flagged_null", FLAGGED_NULL.row, FLAGGED_NULL.key, FLAGGED_NULL.columns, files=())
FLAGGED_PAIRS = Table(
    name="flagged_pairs",
    row="a pair of languages, without the languages that the audit flags",
    key=PAIRS.key,
    columns=(*PAIRS.columns, WHICH),
    files=(),
)
