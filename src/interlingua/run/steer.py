"""Steer a model by hand with the units of a result folder, and read what moves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.causal.unit_set import UnitSet
from interlingua.errors import ConfigError, ModelError, StatsError, StoreError, suggest
from interlingua.questions.order import tables
from interlingua.report.results import Results
from interlingua.tables import SITES, Layout
from interlingua.tables.cells import select


@dataclass(frozen=True)
class Steered:
    """What a text reads with and without a shift.

    Parameters
    ----------
    units
        What was shifted.
    reads
        The rated variable.
    before, after
        What the language's probe of the last layer reads; None where it has none that reads the rating.
    damage
        1 - cosine of the text's vector (mean of its tokens) with and without.
    written
        How a decoder goes on with the text without and with the shift; None of an encoder.
    silent
        Why a decoder writes nothing, "" where it does.
    """

    units: UnitSet
    reads: str
    before: float | None
    after: float | None
    damage: float
    written: tuple[str, str] | None = None
    silent: str = ""


def unit_set(
    folder: Path | str,
    *,
    units: str | None = None,
    language: str | None = None,
    model: str | None = None,
    variable: str | None = None,
    site: str | None = None,
) -> UnitSet:
    """Return units of a result folder with what steering takes.

    Parameters
    ----------
    folder
        A result folder of a study with ``[causal] ask = true``.
    units
        Such as ``"L9.353,L9.12"``, all of the layer whose units the study compares; by default those that all other
        languages than `language` choose.
    language
        In which means and SDs are taken; the study's first by default.
    model, variable, site
        Of the study; the first by default.

    Raises
    ------
    ConfigError
        If the study has no such language, model or variable, edited nothing, or a unit is none of the layer's.
    StoreError
        If it is no result folder.
    """
    results = Results.read(Path(folder), tables())
    known = results.table("causal_layer")
    if known.empty:
        raise ConfigError(f"{folder}: the study edited no units; run it with --set causal.ask=true")
    model, variable, site = (
        _one(known, name, wanted) for name, wanted in (("model", model), ("variable", variable), ("site", site))
    )
    known = select(known, model=model, variable=variable, site=site)
    facts: Any = next((entry for entry in results.run["models"] if entry["name"] == model), {"sites": {}})
    if known.empty or site not in facts["sites"]:
        raise ConfigError(f"{folder}: no units of {model} ({site}) were edited for {variable}; choose another --model")
    language = _one(known, "language", language)
    here = select(known, language=language).set_index("index")
    layer = int(here["layer"].iloc[0])
    if units is None:
        chosen = results.of(
            "causal_units", model=model, variable=variable, site=site, language=language, chosen_by="others"
        ).sort_values("place")
        index = chosen["index"].to_numpy(np.int64)
    else:
        layout = Layout.recorded(facts["sites"][site])
        index = np.array([_typed(text, layer, layout) for text in units.split(",")], dtype=np.int64)
    if lost := sorted(set(index.tolist()) - set(here.index)):
        raise StoreError(f"{folder}: causal_layer has no unit {lost[0]} in {language}: these tables are not of one run")
    rows = here.loc[index]
    return UnitSet(
        model=str(facts["spec"]),
        revision=str(facts["revision"] or ""),
        fingerprint=str(facts["fingerprint"]),
        site=next(name for name in SITES if name == site),
        layer=layer,
        variable=variable,
        language=language,
        study=str(results.run["study_sha256"]),
        units=index,
        sign=rows["sign"].to_numpy(np.float64),
        mean=rows["mean"].to_numpy(np.float64),
        sd=rows["sd"].to_numpy(np.float64),
    )


def steer(folder: Path | str, units: UnitSet, dose: float, text: str, *, model: str | None = None) -> Steered:
    """Shift units at all tokens of a text, and read what the language's probe says of it with and without.

    Parameters
    ----------
    folder
        The result folder that has the probe.
    units
        From `unit_set`.
    dose
        SDs.
    text
        Any; the probe was fitted on words in sentences, so that a word is what it knows best.
    model
        Where the model is, if not where the study had it.

    Raises
    ------
    ModelError
        If the model can't be loaded, or is another than the units are of.
    ConfigError
        If the text is blank.
    """
    from interlingua.causal.steering import continuations, text_vectors
    from interlingua.models import load_model
    from interlingua.models.heads import load_head

    spec = model or units.model
    loaded = load_model(spec, dtype="float32")
    before, after = text_vectors(loaded, units, dose, text)
    written, silent = None, ""
    if loaded.is_decoder:
        try:
            written = continuations(loaded, load_head(spec, loaded), units, dose, text)
        except ModelError as error:
            silent = str(error)
    results = Results.read(Path(folder), tables())
    name = next(str(entry["name"]) for entry in results.run["models"] if entry["spec"] == units.model)
    probe = results.of("causal_probe", model=name, site=units.site, variable=units.variable, language=units.language)
    weights = probe.sort_values("index")["weight"].to_numpy(np.float64)
    cosine = float(before @ after / (np.linalg.norm(before) * np.linalg.norm(after)))
    reads = _read(weights, before), _read(weights, after)
    return Steered(units, units.variable, *reads, 1 - cosine, written, silent)


def _read(weights: NDArray[np.float64], vector: NDArray[np.float64]) -> float | None:
    if not len(weights):
        return None
    if len(weights) != len(vector) + 1:
        raise StoreError(f"the probe has {len(weights) - 1} weights and the model's last layer {len(vector)} units")
    return float(weights[0] + vector @ weights[1:])


def _one(table: pd.DataFrame, name: str, wanted: str | None) -> str:
    known = list(map(str, table[name].unique()))
    if wanted is None:
        return known[0]
    if wanted not in known:
        raise ConfigError(
            f"--{name} {wanted!r}: not in these results{suggest(wanted, known)}; known: {', '.join(known)}"
        )
    return wanted


def _typed(text: str, layer: int, layout: Layout) -> int:
    """Return a unit's number in the layer by its name as it is typed."""
    try:
        unit = layout.find(text.strip())
        return int(layout.index_in(layer, [unit])[0])
    except StatsError as error:
        like = f"{layout.typed(layout.unit(layer, 0))} to {layout.typed(layout.unit(layer, layout.width(layer) - 1))}"
        raise ConfigError(f"--units {text.strip()[:40]!r}: {error}; these results can shift {like}") from None
