"""The same in the model with random weights: its own units by the same rule, in the same layer, shifted likewise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from interlingua.models import Activations
from interlingua.models.registry import untrained as untrained_name
from interlingua.questions.causal.choose import choose
from interlingua.questions.causal.choose import scales as scales_of
from interlingua.questions.causal.compute import compare
from interlingua.questions.causal.edit import effects
from interlingua.questions.causal.tables import BESIDE, CHECKS, READOUTS, UNTRAINED
from interlingua.study.cell import Cell
from interlingua.study.model import Handle
from interlingua.tables import Site
from interlingua.tables.cells import select

#: Control sets that are edited to look whether predictions hold there, too.
_EDITED = 5
_STEER = ("steer",)
_NO_UNITS = pd.DataFrame({"index": np.array([], dtype=np.int64), "p_all": np.array([], dtype=np.float64)})


def untrained(
    weights: Mapping[str, Handle],
    cells: Mapping[str, Cell],
    sentences: Mapping[str, pd.DataFrame],
    ratings: Mapping[str, pd.DataFrame],
    activations: Mapping[tuple[str, str], Activations],
    rankings: pd.DataFrame,
    *,
    variable: str,
    ask: bool,
    sites: tuple[Site, ...] | None,
    headline: str,
    size: int | None,
    sets: int,
    doses: tuple[float, ...],
    tokens: str,
    readouts: tuple[str, ...],
    frames: int,
    words: int,
    edited_words: int,
    folds: int,
    pooling: str,
    boundary_piece: str,
    batch_tokens: int,
    test_share: float,
    seed: int,
    on_progress: Callable[[float], None],
) -> dict[str, pd.DataFrame | None]:
    """Steer units of each model's first draw of random weights; nothing where the study reads none.

    Parameters
    ----------
    weights
        By model, the draws among them.
    cells
        Of the study's models: the same layer is taken.
    sentences, ratings
        By language, as the draws read them.
    activations
        Of the draws, by model and language.
    rankings
        Of the draws.
    ask
        Whether it is asked at all.
    sites, headline, size, sets, doses, tokens, readouts, frames, words, edited_words
        As of the study's models.
    folds, pooling, boundary_piece, test_share, seed
        Likewise.
    batch_tokens
        Tokens of a batch.
    """
    parts = []
    for number, (model, cell) in enumerate(cells.items()):
        twin = untrained_name(model)
        read = {code: array for (name, code), array in activations.items() if ask and name == twin and code in ratings}
        if not read:
            continue
        here = replace(cell, model=twin, layout=next(iter(read.values())).layout)
        known = {
            code: scales_of(
                array,
                ratings[code],
                here,
                variable=variable,
                language=code,
                sites=sites,
                sweep=False,
                test_share=test_share,
                seed=seed,
            )["causal_scales"]
            for code, array in read.items()
        }
        own = select(rankings, model=twin)
        method = headline if headline in set(own["method"]) else "correlation"
        made = choose(known, own, _NO_UNITS, here, headline=method, size=size, sizes=(), sets=sets, seed=seed)
        if made["causal_units"] is None:
            continue
        handle = weights[twin]  # loaded once for all languages
        done = {}
        for at, (code, array) in enumerate(read.items()):
            done[code] = effects(
                handle,
                sentences[code],
                ratings[code],
                array,
                here,
                known[code],
                made["causal_units"],
                made["causal_controls"],
                BESIDE.empty(),
                variable=variable,
                language=code,
                edits=_STEER,
                doses=doses,
                readouts=readouts,
                frames=frames,
                edited=min(_EDITED, sets),
                sweep=False,
                tokens=tokens,
                words=words,
                edited_words=edited_words,
                folds=folds,
                pooling=pooling,
                boundary_piece=boundary_piece,
                batch_tokens=batch_tokens,
                test_share=test_share,
                seed=seed,
                on_progress=lambda share: None,
            )
            on_progress((number + (at + 1) / len(read)) / len(cells))
        table = _beside(done, known, made, here, doses, readouts, seed)
        parts.append(cell.stamp(table.assign(control=twin))[list(UNTRAINED.names)])
    return {UNTRAINED.name: pd.concat(parts, ignore_index=True) if parts else None}


def _beside(
    done: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, Mapping[str, NDArray[Any]]],
    made: Mapping[str, Any],
    here: Cell,
    doses: tuple[float, ...],
    readouts: tuple[str, ...],
    seed: int,
) -> pd.DataFrame:
    """Put the languages together as those of the study's model are."""
    read, checks = (
        table.concat([found for of in done.values() if (found := of[table.name]) is not None])
        for table in (READOUTS, CHECKS)
    )
    found = compare(
        {code: of["causal_effects"] for code, of in done.items()},
        read,
        checks,
        known,
        made["causal_units"],
        made["causal_controls"],
        here,
        edits=_STEER,
        doses=doses,
        readouts=readouts,
        sizes=(),
        seed=seed,
    )
    summary: pd.DataFrame = found["causal_summary"]
    return summary
