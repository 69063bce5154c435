"""The control models of a study: they run through as much of it as the comparison with them needs."""

from __future__ import annotations

from interlingua.models.registry import UNTRAINED
from interlingua.study.config import Study
from interlingua.units import methods as ranking_methods


def control_study(study: Study, width: int | None = None) -> Study | None:
    """Return what the controls of a study run through, None if there are no controls.

    That is the seen languages, the layer chosen in the same way (by cross-validation if its number is given), and of
    the rankings the headline and |correlation|, if they can be repeated on permuted ratings, with the probes that they
    need. With the `width` of the study's model, a number of top units becomes a share, so that controls of another
    width choose as large a part of theirs.
    """
    layer = study.layer
    if isinstance(layer.choose, int):  # a layer of the study's model, which controls need not have
        layer = layer.model_copy(update={"choose": "test" if layer.curve == "zeroed" else "cv"})
    k = study.units.k if width is None or isinstance(study.units.k, float) else study.units.k / width
    specs: list[str] = []
    for control in study.scrutiny.controls:
        trained = [spec for spec in study.models if not spec.startswith(UNTRAINED)]
        specs += [UNTRAINED + spec for spec in trained] if control == "untrained" else [control]
    specs = [spec for spec in dict.fromkeys(specs) if spec not in study.models]
    wanted = [name for name in study.units.methods if name in (study.units.headline, "correlation")]
    methods = {name: method for name in wanted if (method := ranking_methods.get(name)).repeatable}
    if not (specs and methods and study.units.permutations and "permuted" in study.units.nulls):
        return None
    needed = {study.layer.probe} | {method.needs[0] for method in methods.values() if method.needs is not None}
    probes = tuple(probe for probe in study.probes.methods if probe in needed)
    return study.model_copy(
        update={
            "models": tuple(specs),
            "languages": {code: study.languages[code] for code in study.seen},
            "unseen": (),
            "probes": study.probes.model_copy(update={"methods": probes, "whole": study.layer.curve == "zeroed"}),
            "layer": layer,
            "units": study.units.model_copy(update={"methods": tuple(methods), "k": k}),
        }
    )
