"""From fitted probes and rankings to the study's tables: layer, overlap, unseen languages, alignment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from interlingua.errors import ConfigError
from interlingua.models import Activations
from interlingua.norms import NormCard
from interlingua.probes import choose_layer
from interlingua.seeds import derive_seed
from interlingua.study.cache import Frames
from interlingua.study.config import Study
from interlingua.study.steps import Job
from interlingua.units import alignment_models, layer_table, mpo, overlap, resolve_k, transfer
from interlingua.units import methods as ranking_methods
from interlingua.units.stability import Penalty


def select(table: pd.DataFrame, **where: object) -> pd.DataFrame:
    """Return the rows of `table` where each column has the given value."""
    for column, value in where.items():
        table = table[table[column] == value]
    return table


@dataclass(frozen=True)
class Fitted:
    """What the workers left: the probe table, and the rankings of every layer."""

    probes: pd.DataFrame
    rankings: pd.DataFrame
    jobs: Sequence[Job]

    def job(self, model: str, language: str) -> Job:
        """Return the job of one model and language."""
        return next(job for job in self.jobs if (job.model, job.language) == (model, language))

    def of(self, models: Iterable[str]) -> Fitted:
        """Return the part of some models, by the names that results give them."""
        names = set(models)
        return Fitted(
            self.probes[self.probes["model"].isin(names)],
            self.rankings[self.rankings["model"].isin(names)],
            [job for job in self.jobs if job.model in names],
        )

    def best_r(self, model: str, variable: str, language: str, layer: int) -> float:
        """Return the highest r over test words of the language's probes of `layer`."""
        rows = select(self.probes, model=model, variable=variable, language=language, curve="layer", layer=layer)
        return float(rows["r_word"].max())

    def penalties(
        self, methods: Iterable[str], model: str, variable: str, language: str, layer: int
    ) -> dict[str, Penalty | None]:
        """Return those of the ranking methods that can be repeated for every draw.

        Each has the (l1, l2) of its probe in `layer`, or None if it has no probe.
        """
        rows = select(self.probes, model=model, variable=variable, language=language, curve="layer", layer=layer)
        fitted = {row.probe: (float(row.l1), float(row.l2)) for row in rows.itertuples()}
        found = {name: ranking_methods.get(name) for name in methods}
        return {
            name: None if method.needs is None else fitted[method.needs[0]]
            for name, method in found.items()
            if method.repeatable
        }


def layer_choice(study: Study, probes: pd.DataFrame) -> pd.DataFrame:
    """Return the mean r of each layer and which one is chosen, for every model and variable."""
    options = study.layer
    given = isinstance(options.choose, int)
    criterion: Literal["cv", "test"] = (
        "test" if options.choose == "test" or (given and options.curve == "zeroed") else "cv"
    )
    table = choose_layer(probes, options.probe, criterion=criterion, curve=options.curve)
    table = table.rename(columns={"best": "chosen"})
    if given:
        if options.choose not in set(table["layer"]):
            raise ConfigError(f"layer.choose: there is no layer {options.choose}; layers: 0 to {table['layer'].max()}")
        table["chosen"] = table["layer"] == options.choose
    return table.assign(probe=options.probe, curve=options.curve, criterion="given" if given else criterion)


def chosen_layers(table: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return the chosen layer by (model, variable)."""
    chosen = table[table["chosen"]]
    return {(row.model, row.variable): int(row.layer) for row in chosen.itertuples()}


def overlap_tables(study: Study, fitted: Fitted, layers: dict[tuple[str, str], int]) -> Frames:
    """Test the overlap of the languages' top units at the chosen layers, for every ranking method."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for (model, variable), layer in layers.items():
        rankings = select(fitted.rankings, model=model, variable=variable, layer=layer)
        width = int(rankings["index"].max()) + 1
        for method in study.units.methods:
            result = overlap(
                rankings[rankings["method"] == method],
                width,
                k=resolve_k(study.units.k, width),
                seed=derive_seed(study.seed, "degrees", model, variable, method),
            )
            for name in ("overlap", "pairs", "pairs_summary", "degrees", "highest_degree", "signs"):
                parts.setdefault(name, []).append(getattr(result, name))
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def transfer_tables(study: Study, fitted: Fitted, layers: dict[tuple[str, str], int], highest: pd.DataFrame) -> Frames:
    """Test the units of the highest-degree intersections in the unseen languages (Table 2 of the paper).

    Without ratings in an unseen language there is neither ``transfer`` nor ``transfer_units``; without a shared unit
    only the latter.
    """
    tested, everywhere = [], []
    for (model, variable), layer in layers.items():
        for language in study.unseen:
            job = fitted.job(model, language)
            rated = job.contexts[variable].notna().to_numpy()
            if not rated.any():
                continue
            y, words = job.contexts.loc[rated, variable].to_numpy(), job.contexts.loc[rated, "word"].to_numpy()
            activations = Activations.open(job.activations)
            where = {"model": model, "variable": variable, "language": language}
            for number in range(activations.n_layers):
                units = layer_table(activations.layer(number)[rated], y, words, layer=number)
                everywhere.append(units.assign(**where))
            at_layer = activations.layer(layer)[rated]
            for method in study.units.methods:
                shared = _highest_units(highest, model, variable, method)
                if shared:
                    seed = derive_seed(study.seed, "random units", model, variable, language)
                    table = transfer(
                        at_layer, y, words, shared, layer=layer, seed=seed, n_random=study.units.random_units
                    )
                    tested.append(table.assign(**where, method=method))
    # Where no unit is shared there is none to test, but every unit's regression still tells something.
    tables: Frames = {}
    if tested:
        tables["transfer"] = _in_front(tested, "model", "variable", "method", "layer", "language", "unit")
    if everywhere:
        tables["transfer_units"] = _in_front(everywhere, "model", "variable", "layer", "language", "unit")
    return tables


def _in_front(parts: Sequence[pd.DataFrame], *columns: str) -> pd.DataFrame:
    """Return the tables as one, with these columns first."""
    table = pd.concat(parts, ignore_index=True)
    return table[[*columns, *(name for name in table.columns if name not in columns)]]


def _highest_units(highest: pd.DataFrame, model: str, variable: str, method: str) -> dict[int, int]:
    rows = select(highest, model=model, variable=variable, method=method)
    units = {int(unit): int(row.degree) for row in rows.itertuples() for unit in str(row.units).split()}
    return dict(sorted(units.items()))


def performance(study: Study, probes: pd.DataFrame, layers: Mapping[tuple[str, str], int]) -> pd.DataFrame:
    """Return each language's r as section 7 takes it: of a probe of the whole network or, without one, of the layer.

    Columns ``model, variable, language, probe, reads, r``, with ``reads`` "whole network" or, say, "layer 7".
    """
    whole = select(probes, curve="whole")
    if len(whole):
        probe = next(name for name in ("elastic-net", "adam") if name in set(whole["probe"]))
        rows = select(whole, probe=probe).assign(reads="whole network")
    else:
        of_layers = select(probes, probe=study.layer.probe, curve="layer")
        rows = pd.concat(
            select(of_layers, model=model, variable=variable, layer=layer).assign(reads=f"layer {layer}")
            for (model, variable), layer in layers.items()
        )
    return rows[["model", "variable", "language", "probe", "reads", "r"]]


def alignment_tables(
    study: Study, fitted: Fitted, layers: Mapping[tuple[str, str], int], pairs: pd.DataFrame
) -> Frames:
    """Relate each language's mean pairwise overlap to its performance (section 7), for every ranking."""
    points, models = [], []
    r = performance(study, fitted.probes, layers)
    for method in study.units.methods:
        rows = [
            mpo(cell).assign(model=model, variable=variable, method=method, layer=layer)
            for (model, variable, layer), cell in pairs[pairs["method"] == method].groupby(
                ["model", "variable", "layer"], sort=False
            )
        ]
        table = pd.concat(rows, ignore_index=True).merge(r, on=["model", "variable", "language"])
        points.append(table[["model", "variable", "method", "layer", "language", "mpo", "r", "probe", "reads"]])
        seed = derive_seed(study.seed, "alignment", method)
        fits = alignment_models(table, draws=study.alignment.draws, seed=seed)
        models.append(fits.assign(method=method))
    return {
        "alignment_points": pd.concat(points, ignore_index=True),
        "alignment_models": _in_front(models, "method"),
    }


def language_table(
    study: Study, n_rated: dict[str, int], cards: Mapping[str, NormCard], contexts: pd.DataFrame
) -> pd.DataFrame:
    """Return Table 1: a row a language with its family, its norms and how much of them is used."""
    from interlingua import languages

    rows = []
    for code in study.languages:
        language, card = languages.get(code), cards.get(code)
        of_language = contexts[contexts["language"] == code]
        row = {
            "language": code,
            "name": language.name,
            "family": language.family_name,
            "script": language.script,
            "role": "unseen" if code in study.unseen else "seen",
            "norms": card.reference if card else "ratings in the file of sentences",
            "rated_words": n_rated.get(code),
            "words": of_language["word"].nunique(),
            "sentences": len(of_language),
            "train_words": of_language.loc[of_language["split"] == "train", "word"].nunique(),
            "test_words": of_language.loc[of_language["split"] == "test", "word"].nunique(),
            "licence": card.licence if card else "not stated",
            "citation": card.citation if card else "",
        }
        rows.append(row)
    return pd.DataFrame(rows).astype({"rated_words": "Int64"})
