"""How far raters of a word differ, as norms tell it: what a study's graph begins with beside the ratings themselves."""

from __future__ import annotations

from interlingua.tables import Column, Table
from interlingua.tables.columns import LANGUAGE, VARIABLE, WORD

RATER_ERRORS = Table(
    name="rater_errors",
    row="a rated word",
    key=("language", "variable", "word"),
    columns=(
        LANGUAGE,
        VARIABLE,
        WORD,
        Column(
            "error", "standard error of its mean rating: the raters' standard deviation over the root of their number"
        ),
        Column("raters", "how many rated it"),
    ),
    files=(),
)
