"""The steps that every study takes before it asks anything: facts of the models, activations, probes, rankings."""

from __future__ import annotations

from interlingua.flow.step import Step
from interlingua.study.facts import FactsFile
from interlingua.study.outputs import ActivationsFile, SiteFile, WeightsFile
from interlingua.study.size import Size
from interlingua.tables import RESID, SITES, Column, Table
from interlingua.tables.columns import (
    CURVE,
    LANGUAGE,
    LAYER,
    METHOD,
    MODEL,
    PROBE,
    R_HIGH,
    R_LOW,
    SITE,
    UNIT,
    VARIABLE,
    R,
)

PROBES = Table(
    name="probes",
    row="a language, variable, probe, curve and layer",
    key=("model", "site", "language", "variable", "probe", "curve", "layer"),
    columns=(
        MODEL,
        SITE,
        LANGUAGE,
        VARIABLE,
        PROBE,
        CURVE,
        LAYER.but(says="number of the layer, 0 = embeddings; -1 = the whole network"),
        R.but(missing=True),
        R_LOW.but(missing=True),
        R_HIGH.but(missing=True),
        Column("r_word", "Pearson's r over words (means of their sentences)", "r", "r (words)", missing=True),
        Column("r_word_low", "lower end of its 95 % interval over words", "r", "low", missing=True),
        Column("r_word_high", "upper end of it", "r", "high", missing=True),
        Column("r_cv", "mean r over folds of training words", "r", "r (CV, training words)", missing=True),
        Column("l1", "l1 penalty, in the units of Eq. 1", "number"),
        Column("l2", "l2 penalty, in the units of Eq. 1", "number", "penalty"),
        Column("gap", "duality gap over the null loss", "number", "duality gap", missing=True),
        Column("n_nonzero", "weights that are not 0", "count", "weights ≠ 0"),
        Column("n_constant", "units without variance in the training sentences", "count"),
        Column("n_train", "training sentences", "count"),
        Column("n_test", "test sentences", "count"),
        Column("n_test_words", "test words", "count"),
        Column("at_edge", "whether the chosen penalty is the smallest or largest of its grid", "flag"),
    ),
    says="`r` over test sentences and `r_word` over words with intervals over words; `r_cv`; penalties; the "
    "duality gap. `curve`: `whole`, `layer` (a probe of the layer alone), `zeroed` (the paper's Figure 3)",
    atlas=("language", "probe", "curve", "layer", "r", "r_low", "r_high", "r_cv", "n_test_words"),
)
RANKINGS = Table(
    name="rankings",
    row="a unit in a language, by a ranking",
    key=(),  # some hundred thousand rows: what makes them ranks each unit once
    columns=(
        MODEL,
        SITE,
        LANGUAGE,
        VARIABLE,
        METHOD,
        LAYER,
        UNIT,
        Column("index", "number of the unit in its layer, from 0", "unit"),
        Column("score", "what the ranking ranks by, 0 or more", "number"),
        Column("sign", "direction: -1, 0 or 1", "unit"),
        Column("rank", "1 = best; ties by unit id", "unit"),
    ),
    files=("parquet",),
    says="`score`, `sign`, `rank` in every layer",
)
TABLES = (PROBES, RANKINGS)

#: Read before the graph is made, as the number of top units and the controls depend on it.
FACTS = Step(
    name="facts",
    says="models",
    function="interlingua.study.extracting:facts",
    per=("model",),
    reads={"weights": "weights"},
    outputs=(FactsFile(),),
    role="all",
    place="device",
)
#: All sites of a model in one pass over a language.
PASS = Step(
    name="pass",
    says="activations",
    function="interlingua.study.extracting:forward",
    per=("model", "language"),
    reads={"weights": "weights", "sentences": "sentences"},
    outputs=tuple(SiteFile(site) for site in SITES),
    options=(
        "sites",
        "extraction.layers",
        "extraction.heads",
        "extraction.pooling",
        "extraction.boundary_piece",
        "extraction.store_dtype",
    ),
    settings=("extraction.batch_tokens",),
    role="all",
    seconds=Size.forward,
    place="device",
)
#: One site's, so that what is computed from it is found again when the study reads others, too.
ACTIVATIONS = Step(
    name="activations",
    says="activations",
    function="interlingua.study.extracting:activations",
    per=("model", "site", "language"),
    reads={site: SiteFile(site).name for site in SITES},
    outputs=(ActivationsFile(),),
    role="all",
    seconds=lambda size: 1e-9 * size.sentences * size.units,
)


def _probing(size: Size) -> float:
    from interlingua.probes import methods

    options = size.study.probes
    whole = options.whole and size.site == RESID
    each = (
        methods.get(name).seconds(size.layers, whole=whole, adam_epochs=options.adam_epochs) for name in options.methods
    )
    return size.scale * sum(each)


FIT = Step(
    name="probes",
    says="probes",
    function="interlingua.study.fitting:probes",
    per=("model", "site", "language", "variable"),
    reads={"activations": "activations", "ratings": "ratings"},
    outputs=(PROBES, WeightsFile()),
    options=(
        "probes.methods",
        "probes.whole",
        "probes.folds",
        "probes.standardise",
        "probes.l1",
        "probes.l2",
        "probes.adam_epochs",
    ),
    seeded=True,
    plugins={"methods": "interlingua.probes.methods"},
    seconds=_probing,
)
RANK = Step(
    name="rankings",
    says="rankings",
    function="interlingua.study.fitting:rankings",
    per=("model", "site", "language", "variable"),
    reads={"activations": "activations", "ratings": "ratings", "weights": "probe_weights"},
    outputs=(RANKINGS,),
    options=("units.methods", "probes.standardise"),
    plugins={"methods": "interlingua.units.methods"},
    seconds=lambda size: size.scale * size.layers * 0.017 * len(size.study.units.methods) / 4,
)
STEPS = (PASS, ACTIVATIONS, FIT, RANK)
