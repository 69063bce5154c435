"""Does the model use the units? They are edited, and what can be read behind them is compared with control sets."""

from __future__ import annotations

from interlingua.flow.step import Read, Step
from interlingua.questions.causal.tables import (
    BESIDE,
    CHECKS,
    CONTROLS,
    EFFECTS,
    MATCHES,
    PROBE,
    READOUTS,
    SCALE,
    SCALES,
    SELECTIVITY,
    SWEEP,
    TABLES,
    UNITS,
    UNTRAINED,
)
from interlingua.questions.question import Asked, Question
from interlingua.study.size import LOAD_S, Size
from interlingua.tables import RESID

#: The part of the graph in which draws of random weights run.
_UNTRAINED = "untrained"
#: Seconds of a pass that goes on from the chosen layer, as a share of a whole one: the layer is not known yet.
_BEHIND = 0.5
#: How much longer float32 takes than what models are timed in, where that is shorter; and a backward pass than a forward one.
_FLOAT32, _BACKWARD = 1.5, 1.0
#: Sentences to which others are likened (both `ENDS` of `causal.readouts.likeness`); words on which a slot frame is tried
#: (`TRIED` of `causal.readouts.words`), and the tokens of one that is filled.
LIKENED, TRIED, _FRAME_TOKENS = 48, 30, 12


def _why_not(asked: Asked) -> str:
    if not asked.study.causal.ask:
        return "The study does not edit units: [causal] ask = true does."
    if all(len(codes) < 2 for codes in asked.rated.values()):
        return "Units that never saw a language are chosen by others, and fewer than two languages are rated."
    return ""


def _seconds(size: Size) -> float:
    options, sampling = size.study.causal, size.study.sampling
    if not _edited_here(size):
        return 0.05
    known = size.sentences / sampling.sentences
    words, doses = min(options.words, known * sampling.test_share), len(options.doses) + len(options.edits) - 1
    few = options.edited_words * len(options.edits)
    readouts = len(set(options.readouts) - {"words"})
    behind = words * (1 + readouts * _BACKWARD + doses) + options.edited * few
    whole = words + options.edited_words + LIKENED * ("likeness" in options.readouts)
    whole += options.sweep * words * (1 + readouts * _BACKWARD)
    whole += (size.site != RESID) * (known - words)  # the last layer of training words was not kept
    tokens = (whole + _BEHIND * behind) * size.tokens() / size.sentences
    head = size.head() if "words" in options.readouts else 0.0
    if head:
        # Every reading and every edit runs the frames once more.
        whole = TRIED + 3 * words + few
        behind = words * (1 + _BACKWARD + doses) + options.edited * few
        read = TRIED + words * (2 + _BACKWARD + 2 * doses) + options.edited * few
        tokens += options.frames * (_FRAME_TOKENS * (whole + _BEHIND * behind) + head * read)
    return 4.0 + LOAD_S * size.loaded * (2 if head else 1) + _FLOAT32 * size.token_s() * tokens


def _edited_here(size: Size) -> bool:
    sites = size.study.causal.sites
    return sites is None or size.site in sites


def _control_seconds(size: Size) -> float:
    """Return the seconds in which control sets of a layer are drawn."""
    return 2e-5 * size.study.causal.sets * size.width * _edited_here(size)


def _untrained_seconds(size: Size) -> float:
    """Return the seconds of the untrained model, of which mostly no readout passes: loading it, and reading some words."""
    options, scrutiny = size.study.causal, size.study.scrutiny
    if not options.untrained or "untrained" not in scrutiny.controls or not _edited_here(size):
        return 0.1
    words: float = options.words + LIKENED * ("likeness" in options.readouts)
    words += (size.site != RESID) * size.sentences / size.study.sampling.sentences
    tokens = size.languages * words * size.tokens() / size.sentences
    return 3.0 + LOAD_S * size.loaded + _FLOAT32 * size.token_s() * tokens


_OF_LANGUAGES = Step(
    name="causal_scales",
    says="scales of units",
    function="interlingua.questions.causal.choose:scales",
    per=("model", "site", "variable", "language"),
    role="all",
    reads={"activations": "activations", "ratings": "ratings", "cell": "cell"},
    outputs=(SCALES,),
    options=("causal.sites", "causal.sweep", "sampling.test_share"),
    seeded=True,
)
_CHOOSE = Step(
    name="causal_units",
    says="units to edit",
    function="interlingua.questions.causal.choose:choose",
    per=("model", "site", "variable"),
    reads={"scales": SCALES.name, "rankings": "rankings", "conjunction": "conjunction_units", "cell": "cell"},
    outputs=(UNITS, SCALE, MATCHES, CONTROLS),
    options=("units.headline", "size=causal.units", "causal.sizes", "causal.sets"),
    seeded=True,
    seconds=lambda size: 0.2 + _control_seconds(size),
)
_BESIDE_RATING = Step(
    name="causal_beside",
    says="other properties of words",
    function="interlingua.questions.causal.choose:beside",
    per=("language",),
    role="all",
    reads={"ratings": "ratings"},
    outputs=(BESIDE,),
    packages=("wordfreq",),
)
_EDIT = Step(
    name="causal_effects",
    says="edits",
    function="interlingua.questions.causal.edit:effects",
    per=("model", "site", "variable", "language"),
    role="all",
    reads={
        "weights": "weights",
        "sentences": "sentences",
        "ratings": "ratings",
        "activations": "activations",
        "cell": "cell",
        "scales": SCALES.name,
        "units": UNITS.name,
        "controls": CONTROLS.name,
        "beside": BESIDE.name,
    },
    outputs=(READOUTS, CHECKS, SELECTIVITY, PROBE, EFFECTS),
    options=(
        "causal.edits",
        "causal.doses",
        "causal.tokens",
        "causal.readouts",
        "causal.frames",
        "causal.words",
        "causal.edited",
        "causal.edited_words",
        "causal.sweep",
        "probes.folds",
        "sampling.test_share",
        "extraction.pooling",
        "extraction.boundary_piece",
    ),
    settings=("extraction.batch_tokens",),
    seeded=True,
    plugins={"readouts": "interlingua.causal.readouts"},
    seconds=_seconds,
    place="device",
)
_COMPARE = Step(
    name="causal",
    says="edits beside control sets",
    function="interlingua.questions.causal.compute:compare",
    per=("model", "site", "variable"),
    reads={
        "effects": EFFECTS.name,
        "read": READOUTS.name,
        "checks": CHECKS.name,
        "scales": SCALES.name,
        "units": UNITS.name,
        "controls": CONTROLS.name,
        "cell": "cell",
    },
    outputs=TABLES,
    options=("causal.edits", "causal.doses", "causal.readouts", "causal.sizes"),
    seeded=True,
    plugins={"readouts": "interlingua.causal.readouts"},
    seconds=lambda size: 0.5 + 0.05 * size.languages,
)

_SWEEP = Step(
    name="causal_sweep",
    says="units of every layer",
    function="interlingua.questions.causal.sweep:sweep",
    per=("model", "site", "variable"),
    reads={
        "effects": EFFECTS.name,
        "scales": SCALES.name,
        "checks": CHECKS.name,
        "rankings": "rankings",
        "cell": "cell",
    },
    outputs=(SWEEP,),
    options=("units.headline", "size=causal.units", "causal.readouts", "causal.sets"),
    seeded=True,
    seconds=lambda size: 0.1 + size.study.causal.sweep * size.layers * _control_seconds(size),
)
_IN_UNTRAINED = Step(
    name="causal_untrained",
    says="edits of the untrained model",
    function="interlingua.questions.causal.untrained:untrained",
    per=("site", "variable"),
    reads={
        "weights": "weights",
        "cells": "cell",
        "sentences": Read("sentences", part=_UNTRAINED, role="seen"),
        "ratings": Read("ratings", part=_UNTRAINED, role="seen"),
        "activations": Read("activations", part=_UNTRAINED, role="seen"),
        "rankings": Read("rankings", part=_UNTRAINED, role="seen"),
    },
    outputs=(UNTRAINED,),
    options=(
        "ask=causal.untrained",
        "causal.sites",
        "units.headline",
        "size=causal.units",
        "causal.sets",
        "causal.doses",
        "causal.tokens",
        "causal.readouts",
        "causal.frames",
        "causal.words",
        "causal.edited_words",
        "probes.folds",
        "sampling.test_share",
        "extraction.pooling",
        "extraction.boundary_piece",
    ),
    settings=("extraction.batch_tokens",),
    seeded=True,
    plugins={"readouts": "interlingua.causal.readouts"},
    seconds=_untrained_seconds,
    place="device",
)

QUESTION = Question(
    key="causal",
    title="Does the model use them?",
    steps=(_OF_LANGUAGES, _CHOOSE, _BESIDE_RATING, _EDIT, _COMPARE, _IN_UNTRAINED, _SWEEP),
    show="interlingua.questions.causal.show",
    asked=_why_not,
    caveats=(
        "In the residual stream a shift is handed on to the last layer beside all blocks: that a probe there moves with it does not "
        "show that any block uses it. Control sets are handed on likewise, so that what they move is what to compare with.",
        "A probe of the last layer is not behaviour: it tells what could be read there, and not what the model does with it. Where "
        "the model has a trained head, the choice of words is nearer to it.",
        "After an edit the rest of the network may make up for it (self-repair), and its values may be none that any text "
        "gives. A small effect of setting units to their mean is therefore no proof that they are not used.",
        "Control sets are matched unit by unit; the units that go with the rating most have no equals, so that sets matched in "
        "|r| are only as near as the table of matches says.",
    ),
    chapters=("used",),
    missed="Does the model use them?",
)
