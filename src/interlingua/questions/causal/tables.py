"""The tables of the question, and what passes between its steps."""

from __future__ import annotations

from interlingua.flow.outputs import Arrays
from interlingua.tables import Column, Table
from interlingua.tables.columns import LANGUAGE, LAYER, MODEL, N_LANGUAGES, N_UNITS, N_WORDS, SITE, UNIT, VARIABLE

_CHOSEN_BY = Column(
    "chosen_by",
    "who chose the units and their signs: others (all other languages), own (the language itself), specific (its own "
    "that no other language has at its top), conjunction (shown to carry the rating in all languages, it included)",
    "text",
    "chosen by",
)
_READOUT = Column(
    "readout", "what reads it: probe (of the last layer), likeness (of the sentence), words (that it says)", "text"
)
_EDIT = Column(
    "edit",
    "steer (shifted by a dose x sign x SD), mean (set to the language's mean), swap (to the values of a word of "
    "another rating), resample (of a random word), zero (which measures outliers)",
    "text",
)
_DIVERGENCE = Column(
    "divergence",
    "of words: Kullback-Leibler divergence of what the model says with the edit from what it says without, in nats",
    missing=True,
)
_LOW, _HIGH = "lower end of its 95 % interval over words", "upper end of it"
_HERE = LANGUAGE.but(says="code of the language in which the units are edited")

# Between steps.
SCALES = Arrays("causal_scales")
CONTROLS = Arrays("causal_controls")
EFFECTS = Arrays("causal_effects")
BESIDE = Table(
    name="causal_beside",
    row="what else is known of a word",
    key=("language", "property", "word"),
    columns=(
        LANGUAGE,
        Column("property", "another rated variable, length or log_frequency", "text"),
        Column("word", "the word", "text"),
        Column("value", "of the property", "number"),
    ),
    files=(),
)

UNITS = Table(
    name="causal_units",
    row="a unit of a set that is edited in a language",
    key=("model", "site", "variable", "language", "chosen_by", "unit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _HERE,
        _CHOSEN_BY,
        Column("place", "its place in the choice, 1 = first", "count"),
        UNIT,
        Column("index", "number of the unit in its layer, from 0", "unit"),
        Column("sign", "direction in which it goes with the rating, as those say who chose it: -1 or 1", "unit"),
    ),
    files=("csv", "parquet"),
    says="which units are edited in which language, with the sign that steering takes",
)
SCALE = Table(
    name="causal_layer",
    row="a unit of the layer in a language",
    key=("model", "site", "variable", "language", "unit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _HERE,
        UNIT,
        Column("index", "number of the unit in its layer, from 0", "unit"),
        Column("sign", "direction in which it goes with the rating in all other languages: -1 or 1", "unit"),
        Column("mean", "mean over the language's training words", "number"),
        Column("sd", "standard deviation over them", "number", "SD"),
    ),
    files=("parquet",),
    says="what it takes to steer with any unit of the layer (`interlingua steer`)",
)
PROBE = Table(
    name="causal_probe",
    row="a unit of the last layer in a language's probe of it",
    key=("model", "site", "variable", "language", "index"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        _HERE,
        Column("index", "number of the unit in the last layer, from 0; -1: the intercept", "unit"),
        Column("weight", "its weight: the rating with each 1 of the unit", "number"),
    ),
    files=("parquet",),
    says="the probe that reads a rating from the target's vector in the last layer",
)
READOUTS = Table(
    name="causal_readouts",
    row="a readout in a language, without any edit",
    key=("model", "site", "variable", "language", "readout"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _HERE,
        _READOUT,
        Column("r", "r with the ratings of held-out words", "r", "r, no edit", missing=True),
        Column("r_low", _LOW, "r", "low", missing=True),
        Column("r_high", _HIGH, "r", "high", missing=True),
        N_WORDS.but(says="test words in which it is read, one sentence each"),
        Column("n_train_words", "training words on which it was fitted", "count", "training words"),
        Column("how", "of words: how many slot frames are kept, and which words are scored", "text", missing=True),
        Column("passes", "whether the interval is above 0, so that the question can be asked", "flag"),
        Column("why", "why it can't be asked, where it can't", "text", missing=True),
    ),
    says="whether the rating can be read at all before anything is edited",
)
EFFECTS_TABLE = Table(
    name="causal",
    row="an edit of a set of units in a language, by a readout",
    key=("model", "site", "variable", "language", "chosen_by", "n_units", "readout", "edit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _HERE,
        _CHOSEN_BY,
        N_UNITS.but(says="units that are edited"),
        _READOUT,
        _EDIT,
        Column(
            "effect",
            "steer: change of the readout in SDs of the rating with each SD of dose; mean, zero: slope of edited on "
            "unedited readings, 1 = nothing happened; swap, resample: slope of the change on the difference of the two "
            "words' ratings, 1 = the readout follows the units altogether",
            "number",
        ),
        Column("effect_low", _LOW, "number", "low", missing=True),
        Column("effect_high", _HIGH, "number", "high", missing=True),
        Column("real", "whether it was measured by editing; else predicted by the gradient", "flag"),
        Column("predicted", "what the gradient predicts", "number"),
        Column("right_way", "share of words whose reading moves the right way", "percent", "right way", missing=True),
        Column("straight", "of steer: share of the dose-response that a straight line has", "percent", missing=True),
        Column("damage", "1 - cosine of the sentence's edited and unedited vector, mean over words", missing=True),
        _DIVERGENCE,
        Column(
            "matched", "median effect of control sets matched in SD and |mean|", "number", "matched sets", missing=True
        ),
        Column("matched_low", "2.5 % of sets like them are below", "number", "low", missing=True),
        Column("matched_high", "2.5 % are above", "number", "high", missing=True),
        Column(
            "n_sets", "how many of them: all, or those edited where predictions fail", "count", "sets", missing=True
        ),
        Column("p", "one-sided p among them", "p", "p", missing=True),
        Column("p_bh", "the same after Benjamini-Hochberg over languages", "p", "p (BH)", missing=True),
        Column("hard", "median effect of control sets matched in |r| with the rating, too", "number", missing=True),
        Column("p_hard", "one-sided p among them", "p", "p (|r| matched)", missing=True),
        Column("direction_high", "of steer: 95 % of random directions of the same length are below", missing=True),
    ),
    says="what each edit does in each language, beside control sets",
)
DOSES = Table(
    name="causal_doses",
    row="a dose in a language, by a readout",
    key=("model", "site", "variable", "language", "readout", "dose"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _HERE,
        N_UNITS.but(says="units of the others' choice that are shifted"),
        _READOUT,
        Column("dose", "SDs by which each unit is shifted in the direction of the rating", "number"),
        Column("shift", "mean change of the readout, in SDs of the rating", "number"),
        Column("shift_low", _LOW, "number", "low", missing=True),
        Column("shift_high", _HIGH, "number", "high", missing=True),
        Column("matched_low", "2.5 % of matched sets are predicted below", "number", "matched sets, low"),
        Column("matched_high", "2.5 % above", "number", "matched sets, high"),
        Column("damage", "1 - cosine of the sentence's edited and unedited vector", "number"),
        _DIVERGENCE,
    ),
    says="dose-response of the units that the other languages choose",
)
CHECKS = Table(
    name="causal_checks",
    row="an edit in a language, by a readout: the gradient's predictions beside real edits",
    key=("model", "site", "variable", "language", "readout", "edit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _HERE,
        _READOUT,
        _EDIT,
        Column("n_sets", "sets that were edited, the tested one among them", "count", "sets"),
        N_WORDS.but(says="words in which they were"),
        Column("r", "r over sets of predicted and real effects", "r"),
        Column("bias", "by how much real effects are larger than predicted ones, as a share", "number"),
        Column("holds", "whether predictions stand for real edits; else real ones alone count", "flag"),
    ),
    says="whether the gradient foretells what edits do",
)
MATCHES = Table(
    name="causal_matches",
    row="a kind of control sets",
    key=("model", "site", "variable", "chosen_by", "n_units", "kind", "property"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _CHOSEN_BY,
        N_UNITS.but(says="units of a tested set"),
        Column("kind", "matched: in log SD and |mean|; hard: in |r| with the rating, too", "text"),
        Column("property", "log SD, |mean| or |r|, mean over languages", "text"),
        Column("distance", "mean distance of a unit and what replaces it, in SDs over the layer's units", "number"),
        Column("random", "the same of units paired at random", "number", "random pairs"),
        Column("n_sets", "control sets", "count", "sets"),
        Column("n_distinct", "how many of them are different sets", "count", "distinct"),
    ),
    says="how close control sets are to the tested ones",
)
SELECTIVITY = Table(
    name="causal_selectivity",
    row="what else a probe of the last layer reads in a language, under the same shift",
    key=("model", "site", "variable", "language", "property"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _HERE,
        Column("property", "another rated variable, length or log_frequency", "text"),
        Column("r", "r with it on held-out words, no edit", "r", "r, no edit"),
        Column("passes", "whether the interval of r is above 0", "flag"),
        Column("slope", "change of the readout in SDs of the property with each SD of dose", "number"),
        Column("slope_low", _LOW, "number", "low", missing=True),
        Column("slope_high", _HIGH, "number", "high", missing=True),
        Column("own_slope", "the same of the rating that the units were chosen by", "number", "of the rating"),
    ),
    says="whether the units move the rating alone, or length and frequency as well",
)
PAIRS = Table(
    name="causal_pairs",
    row="a pair of languages, by a readout: one chooses the units, in the other they are edited",
    key=("model", "site", "variable", "readout", "chosen_in", "language"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _READOUT,
        Column("chosen_in", "language that chooses units and signs, alone", "language", "chosen in"),
        _HERE.but(heading="edited in"),
        N_UNITS.but(says="units that are edited"),
        Column(
            "n_shared", "of them, how many are at the top of the language where they are edited, too", "count", "shared"
        ),
        Column("effect", "of steer, predicted: change of the readout in SDs with each SD of dose", "number"),
    ),
    says="languages x languages: does what is shared predict what is moved?",
)
SLOPES = Table(
    name="causal_slopes",
    row="a unit that stands in any set, in a language, by a readout",
    key=("model", "site", "variable", "readout", "language", "unit"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _READOUT,
        _HERE,
        UNIT,
        Column(
            "slope",
            "predicted change of the readout in SDs, with each SD by which the unit alone is shifted in the direction "
            "that the other languages say",
            "number",
            "alone",
        ),
    ),
    files=("csv", "parquet"),
    says="what a unit does by itself; units that stand in no language's sets (`causal_units`) are left out",
)
SUMMARY = Table(
    name="causal_summary",
    row="a readout",
    key=("model", "site", "variable", "readout"),
    columns=(
        MODEL,
        SITE,
        VARIABLE,
        LAYER,
        _READOUT,
        Column("label", "what people call it", "text"),
        Column("in_units", "the units of effects: SDs of the rating, or of what it reads", "text"),
        Column("n_asked", "languages that were asked", "count", "languages asked"),
        N_LANGUAGES.but(says="languages in which the rating can be read without an edit, so that it could be asked"),
        Column("why", "why it can't be asked, where it can't in any (in most of them)", "text", missing=True),
        N_UNITS.but(says="units of the others' choice that are edited", missing=True),
        Column("mean_effect", "of steer, mean over languages", "number", missing=True),
        Column("mean_low", "lower end of its 95 % interval over languages (jackknife)", "number", "low", missing=True),
        Column("mean_high", "upper end of it", "number", "high", missing=True),
        Column("mean_matched", "median of matched sets, mean over languages", "number", "matched sets", missing=True),
        Column("mean_hard", "the same of sets matched in |r|, too", "number", "sets matched in |r|", missing=True),
        Column("units_in_all", "units that are shown to carry the rating in all languages", "count", missing=True),
        Column("effect_in_all", "slope of these units, mean over languages", "number", missing=True),
        Column("hard_in_all", "median of sets matched in |r|, mean over languages", "number", missing=True),
        Column("n_moved_in_all", "languages in which p among these sets is below .05", "count", missing=True),
        Column("p", "p over languages together, against matched sets that are the same in all", "p", missing=True),
        Column("p_hard", "the same against sets matched in |r|, too", "p", "p (|r| matched)", missing=True),
        Column("n_sets", "control sets", "count"),
        Column("n_moved", "languages in which p after Benjamini-Hochberg is below .05", "count", missing=True),
        Column("right_way", "share of words that move the right way, mean over languages", "percent", missing=True),
        Column("straight", "share of the dose-response that a line has, mean over languages", "percent", missing=True),
        Column("mean_contraction", "of mean: slope of edited on unedited readings, mean over languages", missing=True),
        Column("matched_contraction", "the same of matched sets", "number", missing=True),
        Column("damage", "1 - cosine at the largest dose, mean over languages", "number", missing=True),
        Column("divergence", "of words: divergence in nats at the largest dose, mean over languages", missing=True),
        Column("largest_dose", "the largest of the doses", "number"),
        Column("least_r_check", "the smallest r over sets of predicted and real steering", "r", missing=True),
        Column("most_bias_check", "the largest bias of predictions, either way", "number", missing=True),
        Column("r_shared", "r over pairs of languages of shared units with the effect in the other", "r", missing=True),
        Column("p_shared", "one-sided p of it, languages relabelled", "p", missing=True),
    ),
    says="the answer: how far the readouts of all languages move, beside control sets",
)
SWEEP = Table(
    name="causal_sweep",
    row="a layer, by a readout, over the languages in which it can be asked",
    key=("model", "site", "variable", "readout", "layer"),
    columns=(
        *(
            MODEL,
            SITE,
            VARIABLE,
            LAYER.but(says="number of the layer whose units are shifted, 0 = embeddings"),
            _READOUT,
        ),
        N_LANGUAGES.but(says="languages in which the rating can be read without an edit"),
        N_UNITS.but(says="units that the other languages choose in the layer"),
        Column("effect", "of steer, predicted: change of the readout in SDs with each SD of dose, mean over languages"),
        Column(
            "effect_low", "lower end of its 95 % interval over languages (jackknife)", "number", "low", missing=True
        ),
        Column("effect_high", "upper end of it", "number", "high", missing=True),
        Column(
            "matched", "median of sets of the layer matched in SD and |mean|", "number", "matched sets", missing=True
        ),
        Column("matched_low", "2.5 % of sets like them are below", "number", "low", missing=True),
        Column("matched_high", "2.5 % are above", "number", "high", missing=True),
        Column("p", "one-sided p among them, over languages together", "p", missing=True),
        Column(
            "checked",
            "by real edits (`causal_checks`): agrees (in every language), differs, or not edited, as units of the "
            "study's own layer alone are",
            "text",
        ),
    ),
    says="what the units of each layer do that the other languages choose in it (`causal.sweep = true`)",
)
UNTRAINED = Table(
    name="causal_untrained",
    row="a readout of the model's first draw of random weights",
    key=("model", "site", "variable", "readout"),
    columns=(
        *(MODEL, SITE, VARIABLE, LAYER, _READOUT),
        Column("control", "the model with random weights", "name"),
        *(
            SUMMARY[name]
            for name in (
                *(
                    "label",
                    "in_units",
                    "n_asked",
                    "n_languages",
                    "why",
                    "n_units",
                    "mean_effect",
                    "mean_low",
                    "mean_high",
                ),
                *("mean_matched", "p", "n_sets", "n_moved", "right_way"),
            )
        ),
    ),
    says="the same steering in the untrained model: its own units by the same rule, in the same layer",
)
TABLES = (EFFECTS_TABLE, DOSES, PAIRS, SLOPES, SUMMARY)
