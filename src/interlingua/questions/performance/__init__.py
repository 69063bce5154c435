"""Can the rating be read from the network, and does its chosen layer know it? (section 5, Figure 2)"""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.questions.question import Question
from interlingua.study.steps import PROBES
from interlingua.tables import Column, Table
from interlingua.tables.columns import CURVE, LANGUAGES, LAYER, MODEL, N_LANGUAGES, PROBE, READS, VARIABLE, R

_MEAN = R.but(says="mean of it over languages", missing=True)

PERFORMANCE = Table(
    name="performance",
    row="a language and probe",
    key=("model", "variable", "language", "probe"),
    columns=(*PROBES.columns, READS),
    says="Figure 2: the rows of `probes` that tell how well the rating can be read, of the whole network or, with "
    "`probes.whole = false`, of the chosen layer (`reads`)",
)
SUMMARY = Table(
    name="performance_summary",
    row="a probe",
    key=("model", "variable", "probe"),
    columns=(
        MODEL,
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
    key=("model", "variable"),
    columns=(
        MODEL,
        VARIABLE,
        LAYER,
        PROBE,
        CURVE,
        _MEAN.but(name="mean_r_word", says="mean over languages of r over words", heading="mean r (words)"),
        Column("lowest_r_word_low", "the least lower end of a language's 95 % interval", "r", "low", missing=True),
        Column("highest_r_word_high", "the greatest upper end of one", "r", "high", missing=True),
        Column("n_unknown", "languages whose interval does not lie above 0", "count", "not above 0"),
        LANGUAGES.but(name="unknown", says="their codes", heading="which"),
        N_LANGUAGES,
    ),
    says="r over words of the probe that chose the layer, there, and in which languages it may be 0",
)
_READ = Step(
    name="performance",
    says="performance",
    function="interlingua.questions.performance.compute:performance",
    per=("model", "variable"),
    reads={"probes": "probes", "cell": "cell", "choice": "layer_choice"},
    outputs=(PERFORMANCE, SUMMARY, KNOWN),
)

QUESTION = Question(
    key="performance",
    title="Can the rating be read from the model?",
    steps=(_READ,),
    show="interlingua.questions.performance.show",
    caveats=(
        "Sentences of one word share its rating: the number of independent observations is the number of test words, "
        "not of sentences. The intervals here resample words.",
        "Inflected forms of one lemma can stand on both sides of the split; r is then somewhat too high.",
    ),
)
