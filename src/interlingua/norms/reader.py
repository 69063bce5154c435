"""Rated words from a table: by card or by named columns, checked, with nothing dropped in silence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua import languages
from interlingua.errors import NormsError, suggest
from interlingua.norms.advice import Keys
from interlingua.norms.card import Column, Layout, NormCard, Variable
from interlingua.norms.columns import column_at
from interlingua.norms.concepts import CONCEPT, CONCEPTICON_GLOSS, CONCEPTICON_ID, rating_columns, read_concepts
from interlingua.norms.encodings import is_unicode, misread
from interlingua.norms.issues import Issues
from interlingua.norms.locate import find_file
from interlingua.norms.options import with_options
from interlingua.norms.raters import no_errors, on_scale, read_errors
from interlingua.norms.ratings import COMMAS, number_columns, read_ratings
from interlingua.norms.registry import get_card, is_card, load_card
from interlingua.norms.scaling import Scale, scale_ratings
from interlingua.norms.tables import WrongFormatError, read_table
from interlingua.norms.words import read_words


@dataclass(frozen=True)
class Norms:
    """Rated words of one language.

    Attributes
    ----------
    table : pandas.DataFrame
        ``word`` (str, NFC, each once) and a float64 column for every variable, scaled; NaN where a word was not rated.
        Where the source says what words mean also ``concept`` (str, a name that translations share; "" where it is
        not known). RangeIndex; words in the order of the source.
    card : NormCard
        Where they are from.
    scale : str
        How they were scaled ("minmax", "z", "ends" or "none").
    issues : pandas.DataFrame
        What a reader should know: ``language, source, kind, count, detail``, one row a kind.
    path : Path
        The file they were read from.
    layout : str
        Name of the `Layout` by which it was read.
    concepts : str
        Where the concepts are from: "user", "norms" or "" (see `interlingua.norms.concepts.read_concepts`).
    errors : pandas.DataFrame
        ``word, variable, error, raters``: the standard error of a word's mean rating over raters, on the table's scale,
        and their number; without rows where the source does not tell (see `interlingua.norms.raters.read_errors`).
    given : pandas.DataFrame
        The table as the source has it, unscaled; without columns where nothing is known of it.
    """

    table: pd.DataFrame
    card: NormCard
    scale: str
    issues: pd.DataFrame
    path: Path
    layout: str
    concepts: str = ""
    errors: pd.DataFrame = field(default_factory=no_errors)
    given: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def variables(self) -> tuple[str, ...]:
        """The rated variables."""
        return tuple(rating_columns(self.table))


def load_norms(
    source: str | Path,
    *,
    language: str,
    columns: Mapping[str, Column] | None = None,
    variables: Sequence[str] | None = None,
    scale: Scale = "minmax",
    path: str | Path | None = None,
    data_dir: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Norms:
    """Read rated words.

    Parameters
    ----------
    source : str or Path
        The name of a card ("en-warriner-2013", or "labmt" with the language), a card of your own (a
        ``.toml`` file), or a table of your own (CSV, TSV, XLSX, XLS, ODS, Parquet, as such or zipped).
    language : str
        Any tag that `languages.get` accepts.
    columns : mapping, optional
        ``word``, ``concept`` and variables to columns, by name or by position counted from 0. By default a table of
        your own has a column ``word`` and columns called as the variables; a column ``concept`` is read where there
        is one.
    variables : sequence of str, optional
        Which variables to read. By default all of a card; of a table of your own those of `columns`, or
        every column of numbers.
    scale : {"minmax", "z", "none", "ends"}
        See `scaling.scale_ratings`; min-max over the whole table, as the paper does, by default.
    path : str or Path, optional
        The file to read by a card, original or republished; by default it is looked for
        (`locate.find_file`).
    data_dir : str or Path, optional
        A folder to look in first.
    options : mapping, optional
        Fields of `Layout` for the file at hand: ``encoding``, ``separator``, ``decimal``, ``sheet``,
        ``header_row``, ``na_values``, ``marker``, ``lower``, ``member``, ``sd``, ``raters``, ...

    Returns
    -------
    Norms

    Raises
    ------
    NormsError
        The source is not known or not on this machine, or the file can't be read as a table of ratings.
    LanguageError
        The language is not known.
    """
    code = languages.get(language).code
    card = _card(str(source), code, Path(path) if path is not None else None)
    issues = Issues(code, card.name if card is not None else _named(Path(source)))
    if card is None:
        file = Path(source)
        layout = _own_layout(columns, options, Keys.of_norms(code))
        raw = read_table(file, layout, code)
        own = _own_columns(raw, layout, variables, file, code, issues)
        layout = layout.model_copy(update={"columns": own})
        card = NormCard(
            name=_named(file),
            title=file.name,
            language=code,
            variables={name: Variable(column=column) for name, column in layout.columns.items()},
        )
    else:
        file = Path(path) if path is not None else find_file(card, data_dir)
        layout, raw = _fitting_layout(card, file, columns, variables, options, code)
    if card.caution:
        issues.add("caution", 1, card.caution)
    for kind, count, detail in raw.attrs.get("issues", ()):
        issues.add(kind, count, detail)
    _check_file(file, layout, issues)
    concepts, origin = read_concepts(raw, layout, file, issues)
    rated = _ratings(raw, concepts, file, layout, card, code, issues)
    table = rated.reset_index(drop=True)
    errors = read_errors(raw.loc[rated.index], table, layout, options or {}, file, code, issues)
    wanted = {name: card.variables.get(name, Variable()) for name in layout.columns}
    scaled = scale_ratings(table, wanted, scale, str(file))
    return Norms(
        table=scaled,
        card=card,
        scale=scale,
        issues=issues.table(),
        path=file,
        layout=layout.name,
        concepts=origin,
        errors=on_scale(errors, table, scaled),
        given=table,
    )


def _named(file: Path) -> str:
    return re.sub(r"\s+", "-", file.name)


def _card(source: str, language: str, path: Path | None) -> NormCard | None:
    """Return the card that `source` names, or None where it names a table."""
    if source.endswith(".toml"):
        card = load_card(source)
        if card.language != language:
            raise NormsError(f"{source} is a card of '{card.language}', not of '{language}'")
        return card
    if is_card(source, language):
        return get_card(source, language)
    looks_like_path = "/" in source or "\\" in source or Path(source).suffix or Path(source).exists()
    return None if looks_like_path and path is None else get_card(source, language)


def _own_layout(columns: Mapping[str, Column] | None, options: Mapping[str, Any] | None, keys: Keys) -> Layout:
    named = dict(columns or {})
    known = {"word": named.pop("word", "word"), "concept": named.pop(CONCEPT, None)}
    changes: dict[str, Any] = {"name": "own", **known, "columns": named}
    return with_options(Layout(), {**changes, **(options or {})}, keys)


def _own_columns(
    raw: pd.DataFrame, layout: Layout, variables: Sequence[str] | None, file: Path, language: str, issues: Issues
) -> dict[str, Column]:
    """Choose the columns of ratings in a table without a card."""
    if variables is not None:
        return {name: layout.columns.get(name, name) for name in variables}
    if layout.columns:
        return dict(layout.columns)
    keys = Keys.of_norms(language)
    taken = {column_at(raw, layout.word, file)}
    if layout.concept is not None:
        taken.add(column_at(raw, layout.concept, file, CONCEPT))
    taken |= {column_at(raw, column, file, f"sd.{name}") for name, column in layout.sd.items()}
    taken |= {
        column_at(raw, column, file, f"raters.{name}")
        for name, column in layout.raters.items()
        if isinstance(column, str)
    }
    names = {CONCEPT, CONCEPTICON_ID, CONCEPTICON_GLOSS}  # an id is no rating
    others = {
        place: str(name) for place, name in enumerate(raw.columns) if name and place not in taken and name not in names
    }
    found, left_out = number_columns({name: raw.iloc[:, place] for place, name in others.items()}, layout)
    for name, why in left_out.items():
        if why.endswith(COMMAS):
            raise NormsError(
                f"{file}: column '{name}' was not read: {why}; if they are decimal commas, give "
                f"{keys.option(decimal=',')}; if not, name the columns of ratings with {keys.column(valence=name)}"
            )
        issues.add("column not read", 1, f"'{name}': {why}")
    if not found:
        raise NormsError(
            f"{file} has no column of numbers beside '{layout.word}'; it has "
            f"{', '.join(repr(str(name)) for name in raw.columns)}"
        )
    return {name: name for name in found}


def _fitting_layout(
    card: NormCard,
    file: Path,
    columns: Mapping[str, Column] | None,
    variables: Sequence[str] | None,
    options: Mapping[str, Any] | None,
    language: str,
) -> tuple[Layout, pd.DataFrame]:
    """Find the layout by which a file can be read: several publications of one source share a card."""
    for name in variables or ():
        if name not in card.variables and name not in (columns or {}):
            raise NormsError(
                f"{card.name} has no ratings of {name}{suggest(name, card.variables)}; "
                f"it has {', '.join(card.variables)}"
            )
    layouts = card.all_layouts() or (Layout(name="own"),)
    # The layout that was published under this very name goes first.
    layouts = tuple(sorted(layouts, key=lambda layout: layout.filename != file.name))
    errors: list[NormsError] = []
    for known in layouts:
        layout = _adapted(known, columns, variables, options, Keys.of_norms(language))
        if layout is None:
            continue
        try:
            raw = read_table(file, layout, language)
            for ours, column in {"word": layout.word, **layout.columns}.items():
                column_at(raw, column, file, ours)
        except NormsError as error:
            errors.append(error)
        else:
            return layout, raw
    if not errors:
        wanted = tuple(variables or card.variables)
        advice = Keys.of_norms(language).column(**dict.fromkeys(wanted, "..."))
        raise NormsError(
            f"{card.name}: no known file of it has all of {', '.join(wanted)}; name the columns of yours with {advice}"
        )
    known_as = ", ".join(dict.fromkeys(layout.name for layout in layouts))
    hint = f" (no layout known for {card.name} fits: {known_as})" if len(errors) > 1 else ""
    telling = [error for error in errors if not isinstance(error, WrongFormatError)] or errors
    raise NormsError(f"{telling[0]}{hint}")


def _adapted(
    layout: Layout,
    columns: Mapping[str, Column] | None,
    variables: Sequence[str] | None,
    options: Mapping[str, Any] | None,
    keys: Keys,
) -> Layout | None:
    """Return the layout with the user's wishes, or None where it lacks a wanted variable."""
    named = dict(columns or {})
    word, concept = named.pop("word", layout.word), named.pop(CONCEPT, layout.concept)
    known = {**layout.columns, **named}
    wanted = known if variables is None else {name: known.get(name) for name in variables}
    if not wanted or None in wanted.values():
        return None
    return with_options(layout, {**(options or {}), "word": word, "concept": concept, "columns": wanted}, keys)


def _check_file(file: Path, layout: Layout, issues: Issues) -> None:
    """Report a file that bears a published file's name but not its content."""
    if layout.sha256 and file.name == layout.filename:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != layout.sha256:
            issues.add("changed file", 1, f"{file.name}: sha256 {found[:12]}..., not {layout.sha256[:12]}...")


def _ratings(
    raw: pd.DataFrame,
    concepts: Sequence[str],
    file: Path,
    layout: Layout,
    card: NormCard,
    language: str,
    issues: Issues,
) -> pd.DataFrame:
    """Turn cells into words and numbers by row, and note what was missing, mended, repeated or out of range."""
    words = read_words(raw.iloc[:, column_at(raw, layout.word, file)], layout, language, file, issues)
    encoding = raw.attrs.get("encoding")
    if encoding and not is_unicode(encoding) and (odd := misread(words, encoding, language)):
        issues.add("letters foreign to the language", *odd)
    table = pd.DataFrame({"word": words} | ({CONCEPT: concepts} if any(concepts) else {}), index=raw.index)
    for name, column in layout.columns.items():
        cells = raw.iloc[:, column_at(raw, column, file, name)]
        table[name] = read_ratings(cells, name, words, layout, language, file, issues)
    table = table[table["word"] != ""]
    repeated = table["word"].duplicated(keep="first")
    issues.add_items("repeated word, first kept", table.loc[repeated, "word"])
    table = table[~repeated]
    for name in layout.columns:
        unrated = table[name].isna()
        if unrated.all():
            raise NormsError(f"{file}: no word has a rating of {name}")
        issues.add_items(f"no rating of {name}", table.loc[unrated, "word"])
        ends = card.variables.get(name, Variable())
        if ends.low is not None and ends.high is not None:
            beyond = (table[name] < ends.low) | (table[name] > ends.high)
            issues.add_items(f"{name} beyond the scale's ends", table.loc[beyond, "word"])
    if layout.expected_rows is not None and len(raw) != layout.expected_rows:
        issues.add("rows", abs(len(raw) - layout.expected_rows), f"{len(raw)}, not {layout.expected_rows}")
    return table
