"""Find the units of a multilingual language model that carry the same meaning in every language, and test that claim.

The public verbs, in the order in which a study uses them, each usable by itself in a notebook:

>>> import interlingua
>>> study = interlingua.load_study("demo")
>>> study.seen
('en', 'es', 'pt', 'fr', 'de', 'id', 'zh', 'ru')

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlingua.contexts import (
        Contexts,
        attach_ratings,
        carrier_contexts,
        downsample,
        read_authors,
        read_contexts,
        split_by_word,
    )
    from interlingua.models import Activations, extract, load_model
    from interlingua.norms import Norms, load_norms
    from interlingua.probes import choose_layer, fit_probes
    from interlingua.run.folder import read_tables
    from interlingua.run.plan import make_plan
    from interlingua.run.report import build_report
    from interlingua.run.run import run
    from interlingua.run.study import load_study
    from interlingua.study.config import Study
    from interlingua.units import LayerData, alignment_models, mpo, overlap, rank_units, transfer

_HOME = {
    "norms": ("Norms", "load_norms"),
    "contexts": (
        "Contexts",
        "attach_ratings",
        "carrier_contexts",
        "downsample",
        "read_authors",
        "read_contexts",
        "split_by_word",
    ),
    "models": ("Activations", "extract", "load_model"),
    "probes": ("choose_layer", "fit_probes"),
    "units": ("LayerData", "alignment_models", "mpo", "overlap", "rank_units", "transfer"),
    "study.config": ("Study",),
    "run.study": ("load_study",),
    "run.plan": ("make_plan",),
    "run.run": ("run",),
    "run.folder": ("read_tables",),
    "run.report": ("build_report",),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "Activations",
    "Contexts",
    "LayerData",
    "Norms",
    "Study",
    "alignment_models",
    "attach_ratings",
    "build_report",
    "carrier_contexts",
    "choose_layer",
    "downsample",
    "extract",
    "fit_probes",
    "load_model",
    "load_norms",
    "load_study",
    "make_plan",
    "mpo",
    "overlap",
    "rank_units",
    "read_authors",
    "read_contexts",
    "read_tables",
    "run",
    "split_by_word",
    "transfer",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module 'interlingua' has no attribute {name!r}")
    found = getattr(import_module(f"interlingua.{_MODULE[name]}"), name)
    # The import has set `run` to the package of that name, which is the verb as well.
    return globals().get(name, found)


def __dir__() -> list[str]:
    return sorted(__all__)
