"""The control models of a study: they run through as much of it as the comparison with them needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlingua.models.registry import UNTRAINED
from interlingua.study.analysis import Fitted, chosen_layers, layer_choice, overlap_tables
from interlingua.study.cache import Cache, Frames
from interlingua.study.config import Study
from interlingua.study.nulls import null_tables
from interlingua.study.workers import Task
from interlingua.units import methods as ranking_methods
from interlingua.units.controls import control_table


def control_study(study: Study) -> Study | None:
    """Return what the controls of a study run through, None if there are no controls.

    That is the seen languages, the layer chosen in the same way, and of the rankings the headline and |correlation|, if
    they can be repeated on permuted ratings, with the probes that they need.
    """
    specs: list[str] = []
    for control in study.scrutiny.controls:
        trained = [spec for spec in study.models if not spec.startswith(UNTRAINED)]
        specs += [UNTRAINED + spec for spec in trained] if control == "untrained" else [control]
    specs = [spec for spec in dict.fromkeys(specs) if spec not in study.models]
    wanted = [name for name in study.units.methods if name in (study.units.headline, "correlation")]
    methods = {name: method for name in wanted if (method := ranking_methods.get(name)).repeatable}
    if not (specs and methods and study.units.permutations):
        return None
    needed = {study.layer.probe} | {method.needs[0] for method in methods.values() if method.needs is not None}
    probes = tuple(probe for probe in study.probes.methods if probe in needed)
    return study.model_copy(
        update={
            "models": tuple(specs),
            "languages": {code: study.languages[code] for code in study.seen},
            "unseen": (),
            "probes": study.probes.model_copy(update={"methods": probes, "whole": study.layer.curve == "zeroed"}),
            "units": study.units.model_copy(update={"methods": tuple(methods)}),
        }
    )


def control_tables(
    part: Study,
    fitted: Fitted,
    tables: Frames,
    phase: Callable[[str, list[Task]], list[Any]],
    cache: Cache,
) -> Frames:
    """Return ``controls``: the study's models beside those of `part`, which is from `control_study`."""
    layers = chosen_layers(layer_choice(part, fitted.probes))
    shared = overlap_tables(part, fitted, layers)
    nulls = null_tables(part, fitted, layers, shared, phase, cache, name="controls")
    return {"controls": control_table(tables["null"], tables["degrees"], nulls["null"], nulls["degrees"])}
