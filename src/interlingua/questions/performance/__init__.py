"""Can the rating be read from the network, and does its chosen layer know it? (section 5, Figure 2)"""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.questions.question import Question
from interlingua.study.steps import PROBES
from interlingua.tables import Column, Table
from interlingua.tables.columns import LANGUAGE, LANGUAGES, LAYER, MODEL, N_LANGUAGES, PROBE, READS, SITE, VARIABLE, R

_MEAN = R.but(says="mean of it over languages", missing=True)

PERFORMANCE = Table(
    name="performance",
    row="a language and probe",
    key=("model", "site", "variable", "language", "probe"),
    columns=(*PROBES.columns, READS),
    says="Figure 2: the rows of `probes` that tell how well the rating can be read, of the whole network or, with "
    "`probes.whole = false`, of the chosen layer (`reads`)",
)
SUMMARY = Table(
    name="performance_summary",
    row="a probe",
    key=("model", "site", "variable", "probe"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        PROBE,
        READS,
        _MEAN.but(name="mean_r", heading="mean r"),
        Column("lowest_r", "the least r of a language", "r", "lowest r", missing=True),
        Column("lowest_language", "the language that has it", "language", "in", missing=True),
        Column("highest_r", "the greatest r of a language", "r", "highest r", missing=True),
        Column("highest_language", "the language that has it", "language", "in", missing=True),
        N_LANGUAGES,
    ),
    says="mean r over languages, and the languages with the least and the greatest r",
)
KNOWN = Table(
    name="performance_of_layer",
    row="a model and variable",
    key=("model", "site", "variable"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        R.but(
            name="mean_r",
            says="cross-fitted r over all words (each predicted by a ridge probe of the others), mean over languages",
            heading="mean r (all words)",
            missing=True,
        ),
        Column("mean_low", "lower end of its 95 % interval over languages (jackknife)", "r", "low", missing=True),
        Column("mean_high", "upper end of it", "r", "high", missing=True),
        Column("lowest_r", "the least r of a language", "r", "lowest r", missing=True),
        Column("lowest_language", "the language that has it", "language", "in", missing=True),
        Column("highest_r", "the greatest r of a language", "r", "highest r", missing=True),
        Column("highest_language", "the language that has it", "language", "in", missing=True),
        Column("n_unknown", "languages whose own 95 % interval does not lie above 0", "count", "not above 0"),
        LANGUAGES.but(name="unknown", says="their codes", heading="which"),
        N_LANGUAGES,
        Column("n_reliable", "languages whose norms tell how far raters differ", "count", "raters known"),
        Column("mean_r_reliable", "mean r of these", "r", "mean r of these", missing=True),
        Column(
            "mean_r_true",
            "mean over these of r over the root of the reliability",
            "r",
            "mean r, endless raters",
            missing=True,
        ),
    ),
    says="cross-fitted r over all words at the chosen layer, its mean over languages with an interval over languages, and in "
    "which languages it may be 0",
)
RATERS = Table(
    name="performance_of_raters",
    row="a language whose norms tell how far raters differ",
    key=("model", "site", "variable", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        LANGUAGE,
        R.but(says="cross-fitted r over all words at the chosen layer", heading="r (all words)"),
        Column("reliability", "reliability of the mean ratings", "r"),
        Column(
            "r_true", "r over the root of the reliability: with the means of endless raters", "r", "r, endless raters"
        ),
        Column("r_true_low", "lower end of its 95 % interval over words, the reliability taken as it is", "r", "low"),
        Column("r_true_high", "upper end of it", "r", "high"),
    ),
    says="r over the root of the ratings' reliability, where norms tell how far raters differ",
)
_READ = Step(
    name="performance",
    says="performance",
    function="interlingua.questions.performance.compute:performance",
    per=("model", "site", "variable"),
    reads={"probes": "probes", "cell": "cell", "held_out_r": "held_out_r", "reliability": "reliability"},
    outputs=(PERFORMANCE, SUMMARY, KNOWN, RATERS),
)

QUESTION = Question(
    key="performance",
    title="Can the rating be read from the model?",
    steps=(_READ,),
    show="interlingua.questions.performance.show",
    chapters=("learnt",),
    caveats=(
        "Sentences of one word share its rating: the number of independent observations is the number of test words, "
        "not of sentences. The intervals here resample words.",
        "The r of Figure 2 and its interval are those of one probe on the test words. The r at the top of the report is "
        "cross-fitted: every word is predicted by a probe of folds that never saw it. A language's interval leaves each word out "
        "in turn; in simulations it covers what probes of four fifths of the words are worth in .94 to .95, with fewer than a "
        "hundred words in .90 to .93. The interval of the mean is over languages, and is about other languages like these.",
        "r over the root of the ratings' reliability takes the raters' standard deviations in the norms as they stand, of words "
        "that were chosen for the study: words with ratings further apart have ratings that are more reliable. It is what a probe of "
        "these activations would have with endless raters, not what a better model would.",
        "Inflected forms of one lemma can stand on both sides of the split; r is then somewhat too high.",
    ),
)
