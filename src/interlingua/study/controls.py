"""The control models of a study: they run through as much of it as the comparison with them needs."""

from __future__ import annotations

from interlingua.models.registry import is_untrained, untrained
from interlingua.models.specs import to_be_drawn
from interlingua.study.config import Study
from interlingua.units import methods as ranking_methods
from interlingua.units.ranking import share_of

#: The parts of a study's graph that controls run through: draws of random weights, and other models.
DRAWS, OTHERS = "untrained", "controls"
#: A comparison needs no other null.
_NULL = "permuted"


def control_studies(study: Study, width: int | None = None) -> dict[str, Study]:
    """Return what the controls of a study run through, by the part of the graph; nothing if there are no controls.

    That is the seen languages, the layer chosen in the same way (by cross-validation if its number is given), and of
    the rankings the headline and |correlation|, if they can be repeated on permuted ratings, with the probes that they
    need. "untrained" is a number of draws of random weights of each of the study's models, which read fewer sentences;
    their number stands in `sampling.sentences`. With the `width` of the study's model, a number of top units becomes a
    share, so that controls of another width choose as large a part of theirs.
    """
    layer = study.layer
    if isinstance(layer.choose, int):  # a layer of the study's model, which controls need not have
        layer = layer.model_copy(update={"choose": "test" if layer.curve == "zeroed" else "cv"})
    k = study.units.k if width is None or isinstance(study.units.k, float) else share_of(study.units.k, width)
    wanted = [name for name in study.units.methods if name in (study.units.headline, "correlation")]
    methods = {name: method for name in wanted if (method := ranking_methods.get(name)).repeatable}
    if not (methods and study.units.permutations and _NULL in study.units.nulls):
        return {}
    needed = {study.layer.probe} | {method.needs[0] for method in methods.values() if method.needs is not None}
    probes = tuple(probe for probe in study.probes.methods if probe in needed)
    update = {
        "languages": {code: study.languages[code] for code in study.seen},
        "unseen": (),
        "probes": study.probes.model_copy(update={"methods": probes, "whole": study.layer.curve == "zeroed"}),
        "layer": layer,
        "units": study.units.model_copy(update={"methods": tuple(methods), "k": k, "nulls": (_NULL,)}),
    }
    parts = {}
    for part, (specs, sentences) in _specs(study).items():
        if specs:
            sampling = study.sampling.model_copy(update={"sentences": sentences})
            parts[part] = study.model_copy(update={**update, "models": tuple(specs), "sampling": sampling})
            if part == OTHERS:  # of another depth, maybe: all their layers are read
                reading = study.extraction.model_copy(update={"layers": {}})
                parts[part] = parts[part].model_copy(update={"extraction": reading})
    return parts


def _specs(study: Study) -> dict[str, tuple[list[str], int]]:
    """Return the models of each part, and how many sentences a word they read."""
    named, most = study.scrutiny, study.sampling.sentences
    trained = to_be_drawn([spec for spec in study.models if not is_untrained(spec)])
    draws = [untrained(spec, seed) for spec in trained for seed in range(named.untrained_draws)]
    drawn = [spec for spec in draws if spec not in study.models] if "untrained" in named.controls else []
    others = [spec for spec in dict.fromkeys(named.controls) if spec not in ("untrained", *study.models, *drawn)]
    few = named.control_sentences or most
    return {DRAWS: (drawn, min(named.untrained_sentences, most)), OTHERS: (others, min(few, most))}
