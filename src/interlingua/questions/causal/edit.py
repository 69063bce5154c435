"""One language: its words in the model, with units as they are, and edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.causal.bench import Bench, Read
from interlingua.causal.edits import Applied, Donor, Edit, SetTo, Steer, random_partners, swap_partners
from interlingua.causal.effects import dose_response
from interlingua.causal.network import Network
from interlingua.causal.readouts import Fitted, OwnSentences, Training
from interlingua.causal.readouts import get as get_readout
from interlingua.causal.readouts.ridge import LinearReader, Probe
from interlingua.causal.slots import Panel, Slots
from interlingua.contexts.slots import slot_frames
from interlingua.errors import InterlinguaError, ModelError, StatsError
from interlingua.models import Activations, locate_targets
from interlingua.questions.causal.check import Check, Reader, spread
from interlingua.questions.causal.choose import swept
from interlingua.questions.causal.words import sides
from interlingua.seeds import derive_seed
from interlingua.stats.groups import group_codes
from interlingua.stats.r_interval import r_interval
from interlingua.study.cell import Cell
from interlingua.study.model import Handle
from interlingua.tables import RESID

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Index = NDArray[np.int64]

#: Another property is read where so many test words, and this share of training sentences, have it.
_LEAST_WORDS, _MOST_OF = 10, 0.8


@dataclass(frozen=True, eq=False)
class _Language:
    """A language's sentences, and how its words are read from them."""

    code: str
    weights: Handle
    network: Network
    sentences: pd.DataFrame
    words: list[str]
    settings: Mapping[str, Any]
    frames: int
    all_tokens: bool

    def bench(self, rows: Index) -> Bench:
        """Return some of the sentences, run without an edit."""
        table = self.sentences.iloc[rows].reset_index(drop=True)
        targets = locate_targets(self.network.model, table, boundary_piece=self.settings["boundary_piece"])
        return Bench(
            self.network,
            targets,
            batch_tokens=self.settings["batch_tokens"],
            pooling=self.settings["pooling"],
            all_tokens=self.all_tokens,
        )

    def panel(self, rows: Index) -> Panel:
        """Return some of the sentences with their words, which readouts may set into sentences of their own."""
        return Panel(self.bench(rows), [self.words[row] for row in rows])

    def slots(self) -> Slots:
        """Return the slot frames of the language; raises an error where there are none, or no head."""
        settings = self.settings
        return Slots(
            self.network,
            self.weights.head,
            slot_frames(self.code)[: self.frames],
            settings["boundary_piece"],
            settings["batch_tokens"],
            self.all_tokens,
        )


@dataclass(frozen=True, eq=False)
class _Property:
    """A probe of something else: `r` and `passes` without an edit."""

    name: str
    fitted: Fitted
    unedited: Floats
    scale: float
    r: float
    passes: bool


def effects(
    weights: Handle,
    sentences: pd.DataFrame,
    ratings: pd.DataFrame,
    activations: Activations,
    cell: Cell,
    scales: Arrays,
    units: pd.DataFrame,
    controls: Arrays,
    beside: pd.DataFrame,
    *,
    variable: str,
    language: str,
    edits: tuple[str, ...],
    doses: tuple[float, ...],
    tokens: str,
    readouts: tuple[str, ...],
    frames: int,
    words: int,
    edited: int,
    edited_words: int,
    sweep: bool,
    folds: int,
    pooling: str,
    boundary_piece: str,
    batch_tokens: int,
    test_share: float,
    seed: int,
    on_progress: Callable[[float], None],
) -> dict[str, Any]:
    """Edit the units of one language; without ratings, or a readout that passes unedited, nothing."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("causal_readouts", "causal_checks", "causal_selectivity", "causal_probe")
    ) | {"causal_effects": {}}
    if not scales:
        return nothing
    own = units[units["language"] == language]
    if own.empty:
        why = "No units are chosen by other languages, or more than half of the layer's would be edited."
        return nothing | {"causal_readouts": _not_asked(cell, language, readouts, why)}
    try:
        network = Network(weights.exact, cell.layer, cell.layout.site)
    except ModelError as error:
        return nothing | {"causal_readouts": _not_asked(cell, language, readouts, f"{error}.")}
    settings = {"boundary_piece": boundary_piece, "batch_tokens": batch_tokens, "pooling": pooling}
    named = list(map(str, ratings["word"]))
    here = _Language(language, weights, network, sentences, named, settings, frames, tokens == "all")
    ratings = ratings.reset_index(drop=True).assign(split=sides(ratings, language, test_share=test_share, seed=seed))
    training, training_rows = _training(
        here, activations, ratings, variable, folds, derive_seed(seed, "causal", language, variable)
    )
    rows = _chosen_words(ratings, variable, words)
    mean, sd = scales["rating"]
    y = (ratings[variable].to_numpy(np.float64)[rows] - mean) / sd
    panel = here.panel(rows)
    readers, table = _readers(panel, training, readouts, y, float(sd), language, cell)
    if not readers:
        return nothing | {"causal_readouts": table}
    on_progress(0.2)
    partners = {
        "swap": swap_partners(y),
        "resample": random_partners(len(y), derive_seed(seed, "causal resampled", language, variable)),
    }
    of_edits = _edits(edits, panel.bench.values, scales, partners)
    fitted = [reader.fitted for reader in readers]
    first = panel.first_order(fitted, of_edits)
    found: dict[str, NDArray[Any]] = {"ratings": y, **{f"partners/{name}": which for name, which in partners.items()}}
    for reader, by_edit in zip(readers, first, strict=True):
        found[f"unedited/{reader.name}"] = reader.unedited
        found |= {f"first/{reader.name}/{name}": effect / reader.scale for name, effect in by_edit.items()}
    if sweep:
        # Words have sentences of their own, which are not read layer by layer.
        in_panel = {reader: reader.fitted for reader in readers if not isinstance(reader.fitted, OwnSentences)}
        swept_layers = panel.bench.by_layer(list(in_panel.values()), swept(cell.layout))
        for reader, gradients in zip(in_panel, swept_layers, strict=True):
            found |= {f"layers/{reader.name}/{layer}": own / reader.scale for layer, own in gradients.items()}
    on_progress(0.5)
    others = own[own["chosen_by"] == "others"]
    index, sign = others["index"].to_numpy(np.int64), others["sign"].to_numpy(np.float64)
    properties = _probes_beside(panel.bench, training, training_rows, ratings, beside, rows, variable)
    shift = np.zeros(cell.width)
    shift[index] = sign * scales["sd"][index]
    done = {"steer": [Applied(Steer(dose * shift), index) for dose in doses]}
    done |= {name: [Applied(edit, index)] for name, edit in of_edits.items() if name != "steer"}
    every = [applied for some in done.values() for applied in some]
    read = panel.edited([*fitted, *(probe.fitted for probe in properties)], every, apart=True)
    found |= _by_edit(read, done, readers)
    steered = slice(0, len(doses))
    change = found["edited/probe/steer"] - found["unedited/probe"] if "unedited/probe" in found else None
    selective = [
        _selective(probe, read.values[steered, len(readers) + number], doses, change, language)
        for number, probe in enumerate(properties)
    ]
    on_progress(0.7)
    few = spread(y, edited_words)
    check = Check(here.panel(rows[few]), few, readers, of_edits, found, scales["sd"])
    compared, real = check.run(index, controls[f"sign/{language}"], controls, edited)
    return {
        "causal_readouts": table,
        "causal_checks": None if compared.empty else cell.stamp(compared.assign(language=language)),
        "causal_selectivity": cell.stamp(pd.DataFrame(selective)) if selective else None,
        "causal_probe": _weights(readers, language, cell),
        "causal_effects": found | real,
    }


def _by_edit(read: Read, done: Mapping[str, Sequence[Applied]], readers: Sequence[Reader]) -> dict[str, NDArray[Any]]:
    """Return what was read, by edit and readout, and what else edits do."""
    found: dict[str, NDArray[Any]] = {}
    at = 0
    for name, some in done.items():
        which = slice(at, at + len(some))
        found[f"damage/{name}"] = read.damage[which]
        for number, reader in enumerate(readers):
            found[f"edited/{reader.name}/{name}"] = read.values[which, number] / reader.scale
            if isinstance(reader.fitted, OwnSentences):
                found[f"divergence/{reader.name}/{name}"] = read.divergence[which, number]
        at += len(some)
    return found


def _weights(readers: list[Reader], language: str, cell: Cell) -> pd.DataFrame | None:
    """Return the weights of the probe that passes, which reads texts elsewhere, too."""
    for reader in readers:
        if isinstance(reader.fitted, LinearReader):
            weights = np.concatenate([[reader.fitted.intercept], reader.fitted.weights])
            table = pd.DataFrame({"language": language, "index": np.arange(-1, len(weights) - 1), "weight": weights})
            return table.assign(model=cell.model, site=cell.site, variable=cell.variable)
    return None


def _not_asked(cell: Cell, language: str, readouts: tuple[str, ...], why: str) -> pd.DataFrame:
    rows = [_read_row(language, name, why=why) for name in readouts]
    return cell.stamp(pd.DataFrame(rows).astype(_TEXTS))


def _read_row(language: str, name: str, **known: Any) -> dict[str, Any]:
    empty = {"r": np.nan, "r_low": np.nan, "r_high": np.nan, "n_words": 0, "n_train_words": 0, "passes": False}
    return {"language": language, "readout": name, **empty, "how": None, **known}


_TEXTS = {"why": "str", "how": "str"}


def _training(
    here: _Language, activations: Activations, ratings: pd.DataFrame, variable: str, folds: int, seed: int
) -> tuple[Training, Index]:
    """Return the training words as the unedited model has them, and the rows of their sentences."""
    rows = np.flatnonzero((ratings["split"] == "train") & ratings[variable].notna())
    table = ratings.iloc[rows]
    words, _ = group_codes(table["word"].to_numpy(dtype=object), len(rows))
    named = table["concept"].to_numpy(dtype=object) if "concept" in table else np.full(len(rows), "", dtype=object)
    concepts, _ = group_codes(np.where(named == "", table["word"].to_numpy(dtype=object) + " ", named), len(rows))
    last = here.network.model.n_layers - 1
    if activations.layout.site == RESID and last in activations.layout.layers:
        vectors = activations.layer(last)[rows]
    else:  # the last hidden states of the first sentence of each word
        _, first = np.unique(words, return_index=True)
        rows, words, concepts, table = rows[first], words[first], concepts[first], table.iloc[first]
        vectors = here.bench(rows).targets.cpu().numpy()
    training = Training(
        vectors=vectors,
        ratings=table[variable].to_numpy(np.float64),
        words=words,
        concepts=concepts,
        texts=table["word"].to_numpy(dtype=object),
        sentences=lambda some: here.bench(rows[some]).sentences,
        slots=here.slots,
        folds=folds,
        seed=seed,
    )
    return training, rows


def _chosen_words(ratings: pd.DataFrame, variable: str, most: int) -> Index:
    """Return the first sentence of each test word, of at most so many words, spread over the ratings."""
    test = ratings[(ratings["split"] == "test") & ratings[variable].notna()]
    first = test.drop_duplicates("word")
    return first.index.to_numpy(np.int64)[spread(first[variable].to_numpy(np.float64), most)]


def _readers(
    panel: Panel, training: Training, names: tuple[str, ...], y: Floats, sd: float, language: str, cell: Cell
) -> tuple[list[Reader], pd.DataFrame]:
    """Fit the readouts, and return those that read the rating of words without an edit, with a table of all."""
    readers, rows = [], []
    n_train = int(training.words.max()) + 1
    for name in names:
        readout = get_readout(name)
        try:
            fitted = readout.fit(training)
        except InterlinguaError as error:
            rows.append(_read_row(language, name, why=f"{error}."))
            continue
        (read,) = panel.unedited([fitted])
        r, low, high = r_interval(y, read, np.arange(len(y)))
        passes = bool(low > 0)
        why = None if passes else "Without any edit it does not read the rating of held-out words."
        known = {"r": r, "r_low": low, "r_high": high, "n_words": len(y), "n_train_words": n_train, "passes": passes}
        how = fitted.how if isinstance(fitted, OwnSentences) else None
        rows.append(_read_row(language, name, **known, how=how, why=why))
        if passes:
            scale = sd if readout.unit == "rating" else float(read.std(ddof=1))
            readers.append(Reader(name, fitted, read / scale, scale))
    return readers, cell.stamp(pd.DataFrame(rows).astype(_TEXTS))


def _edits(names: tuple[str, ...], values: Floats, scales: Arrays, partners: Mapping[str, Index]) -> dict[str, Edit]:
    """Return each edit of all units; steering by one SD of each, its sign left open."""
    known: dict[str, Edit] = {
        "steer": Steer(scales["sd"]),
        "mean": SetTo(scales["mean"]),
        "zero": SetTo(np.zeros(len(scales["mean"]))),
        **{name: Donor(values[others]) for name, others in partners.items()},
    }
    return {name: known[name] for name in ("steer", *(name for name in names if name != "steer"))}


def _probes_beside(
    bench: Bench,
    training: Training,
    train_rows: Index,
    ratings: pd.DataFrame,
    beside: pd.DataFrame,
    rows: Index,
    variable: str,
) -> list[_Property]:
    """Fit a probe of the last layer to every other property of words that is known of nearly all of them."""
    found = []
    for name, table in beside.groupby("property", sort=False):
        if name == variable:
            continue
        value = ratings["word"].map(table.set_index("word")["value"]).to_numpy(np.float64)
        y = value[rows]
        known = np.isfinite(y)
        of_training = training.rated(value[train_rows])
        if known.sum() < _LEAST_WORDS or np.isfinite(value[train_rows]).mean() < _MOST_OF or np.ptp(y[known]) == 0:
            continue
        try:
            fitted = Probe().fit(of_training)
        except StatsError:
            continue
        (read,) = bench.unedited([fitted])
        r, low, _ = r_interval(y[known], read[known], np.arange(int(known.sum())))
        found.append(_Property(str(name), fitted, read, float(np.std(of_training.ratings, ddof=1)), r, bool(low > 0)))
    return found


def _selective(
    probe: _Property, read: Floats, doses: tuple[float, ...], own: Floats | None, language: str
) -> dict[str, Any]:
    """Return how far the same shift moves another property, in its SDs."""
    moved = dose_response(doses, (read - probe.unedited) / probe.scale).slope
    return {
        "language": language,
        "property": probe.name,
        "r": probe.r,
        "passes": probe.passes,
        "slope": moved.estimate,
        "slope_low": moved.low,
        "slope_high": moved.high,
        "own_slope": np.nan if own is None else dose_response(doses, own).slope.estimate,
    }
