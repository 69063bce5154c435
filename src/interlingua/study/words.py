"""The words of a study, looked at before anything is computed: what is rated how, and all that is wrong at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from interlingua.errors import ConfigError, ContextsError
from interlingua.models import parse_spec
from interlingua.study.config import Study
from interlingua.study.prepare import check_name, check_second_norm, material_problems, named_models
from interlingua.study.problems import Problems
from interlingua.study.sources import Material, Read, language_norms, put_together, read_language
from interlingua.units import resolve_k

#: Words at either end of a scale that are shown.
ENDS = 5


@dataclass(frozen=True)
class Rated:
    """The rated words of one language and variable, as the source has them.

    Attributes
    ----------
    language, variable
        Which.
    n
        Words with a rating.
    low, high
        The smallest and the largest rating, in the source's own units.
    lowest, highest
        The words at either end with their ratings, the outermost first.
    """

    language: str
    variable: str
    n: int
    low: float
    high: float
    lowest: tuple[tuple[str, float], ...]
    highest: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Words:
    """What was read of a study.

    Attributes
    ----------
    rated
        A row a language and variable that it has ratings of.
    material
        All sentences; None if a problem keeps them from being put together, or a corpus was not searched yet.
    problems
        What is wrong.
    unsearched
        The languages whose corpus was not searched yet, which nobody does for a look.
    """

    rated: tuple[Rated, ...]
    material: Material | None
    problems: Problems
    unsearched: tuple[str, ...]


def look_at_words(study: Study, cache_dir: Path) -> Words:
    """Read what a study names, without a model and without torch, and note all that is wrong with it.

    Parameters
    ----------
    study : Study
        A study.
    cache_dir : Path
        Where sentences of corpora and the authors' files are kept.

    Returns
    -------
    Words
    """
    problems = Problems()
    read: dict[str, Read] = {}
    rated: list[Rated] = []
    unsearched: list[str] = []
    with problems.noted():
        check_second_norm(study.scrutiny.audit_against)
    for spec in study.models:
        with problems.noted():
            check_name(spec)
    if not problems.found:
        for spec in named_models(study):
            with problems.noted():
                check_name(spec)
                _check_shape(study, spec)
    for code, entry in study.languages.items():
        with problems.noted():
            if entry.corpus is not None:
                from interlingua.study.corpus import is_searched

                norms = language_norms(study, code)
                rated += _rated(study, code, norms.given)
                if not is_searched(study, code, norms, cache_dir):
                    unsearched.append(code)
                    continue
            read[code] = read_language(study, code, cache_dir)
            if entry.corpus is None:
                rated += _rated(study, code, _ratings(study, read[code]))
    material = None
    if len(read) == len(study.languages):
        with problems.noted():
            material = put_together(study, read)
            for problem in dict.fromkeys(material_problems(study, material)):
                problems.found.append((ContextsError, problem))
    return Words(tuple(rated), material, problems, tuple(unsearched))


def _ratings(study: Study, read: Read) -> pd.DataFrame:
    """Return a row a word with its ratings, unscaled."""
    if read.ratings is not None:
        return read.ratings
    table = read.contexts.table
    return table.groupby("word", sort=False)[[name for name in study.variables if name in table]].first().reset_index()


def _rated(study: Study, code: str, table: pd.DataFrame) -> Iterator[Rated]:
    for variable in study.variables:
        words = table.dropna(subset=variable) if variable in table else table[:0]
        if len(words) == 0:
            continue
        # Of equal ratings the first words of the table, at both ends.
        lowest, highest = (
            tuple((str(word), float(rating)) for word, rating in zip(part["word"], part[variable], strict=True))
            for part in (words.nsmallest(ENDS, variable), words.nlargest(ENDS, variable))
        )
        yield Rated(code, variable, len(words), lowest[0][1], highest[0][1], lowest, highest)


def _check_shape(study: Study, spec: str) -> None:
    """Raise if a known model has no such layer, or not so many units: of others that is told when they are looked at.

    Raises
    ------
    ConfigError
        With the key.
    """
    card = parse_spec(spec).card
    if card is None or spec not in study.models:
        return
    chosen = study.layer.choose
    if isinstance(chosen, int) and chosen >= card.n_layers:
        raise ConfigError(f"layer.choose: {card.name} has no layer {chosen}; its layers are 0 to {card.n_layers - 1}")
    try:
        resolve_k(study.units.k, card.width)
    except ConfigError as error:
        raise ConfigError(f"units.k: {error}") from None


def table_of(rated: tuple[Rated, ...], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines that show rated words, a language and variable each.

    Parameters
    ----------
    rated
        Which.
    names
        What languages are called.
    """
    for row in rated:
        what = f"{names.get(row.language, row.language)} ({row.language}), {row.variable}"
        yield f"{what}: {row.n:,} rated words, {row.low:g} to {row.high:g}"
        for which, words in (("lowest", row.lowest), ("highest", row.highest)):
            yield f"  {which:<8} {', '.join(f'{word} {rating:g}' for word, rating in words)}"
