"""Columns that several tables have, said once."""

from __future__ import annotations

from interlingua.tables.schema import Column

MODEL = Column("model", "the model, as results call it", "name")
SITE = Column(
    "site", "where in the model units are read: resid (the residual stream), mlp (units of MLPs), heads", "name"
)
VARIABLE = Column("variable", "what is rated", "name")
METHOD = Column("method", "how units are ranked", "name", "ranking")
LAYER = Column("layer", "number of the layer, 0 = embeddings", "unit")
LANGUAGE = Column("language", "code of the language", "language")
LANGUAGE_A = Column("language_a", "one language of the pair", "language", "language")
LANGUAGE_B = Column("language_b", "the other", "language", "and")
LANGUAGES = Column("languages", "codes of the languages", "languages")
PROBE = Column("probe", "the probe", "name")
CURVE = Column(
    "curve", "what the probe reads: whole (the network), layer (this layer alone), zeroed (all others zeroed)", "text"
)
READS = Column("reads", "what the probe reads: the whole network, or which layer", "text")
UNIT = Column("unit", "id of the unit at its site: layer x width + index, as in the paper", "unit")
UNITS = Column("units", "ids of the units", "units", "unit ids")
WORD = Column("word", "the word, as the norms write it", "text")
COUNT = Column("count", "how many", "count", "how many")
DRAWS = Column("draws", "draws of the null, bootstrap or shuffling", "count")
K = Column("k", "units at the top", "count", "of")
N_LANGUAGES = Column("n_languages", "languages", "count", "languages")
N_UNITS = Column("n_units", "units", "count", "units")
N_WORDS = Column("n_words", "words", "count", "words")
EXPECTED = Column("expected", "units expected of independent sets, drawn uniformly from the layer", "number")
OBSERVED = Column("observed", "units shared", "count", "units")
FE = Column("fe", "fold enrichment: observed over expected", "number", "fold enrichment", missing=True)
P = Column("p", "p-value", "p", "p")
SAME_SIGN = Column(
    "same_sign", "share of the shared units with the same sign in both languages", "percent", "same sign", missing=True
)
R = Column("r", "Pearson's r of predicted and rated values over sentences", "r", "r (sentences)")
R_LOW = Column("r_low", "lower end of its 95 % interval over words", "r", "low")
R_HIGH = Column("r_high", "upper end of it", "r", "high")

#: What nearly every table of units begins with.
CELL = (MODEL, SITE, VARIABLE, METHOD, LAYER)
