"""What a word of a table means, in English or by an id, so that translations in other tables can be found.

Names are made alike wherever they come from: Concepticon writes "TREE" and "RAIN (PRECIPITATION)", an adaptation of
English norms "tree", "to rain" or "rain/shower".
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any, Final

import pandas as pd

from interlingua.norms.card import Layout
from interlingua.norms.columns import column_at
from interlingua.norms.issues import Issues
from interlingua.norms.ratings import is_missing

#: The column that holds a word's concept, here and in a table of the user's own.
CONCEPT: Final = "concept"
#: Of tables that are linked to Concepticon (https://concepticon.clld.org), as those of NoRaRe are. Ids and English
#: glosses of other tables would never meet, so the gloss goes first.
CONCEPTICON_GLOSS: Final = "CONCEPTICON_GLOSS"
CONCEPTICON_ID: Final = "CONCEPTICON_ID"

_NOTE: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_ALTERNATIVES: Final = re.compile(r"\s*[/;,|]\s*")
_BEFORE: Final = re.compile(r"^(?:to|the|an?)\s+(?=\S)")


def rating_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table of norms that are ratings."""
    return [str(name) for name in table.columns if name not in ("word", CONCEPT)]


def normalise_gloss(text: Any) -> str:
    """Return the name of a concept as all tables write it.

    Lower case, NFC, single blanks; without a note in brackets at its end; the first of several (parted by a comma,
    semicolon, slash or bar); without "to", "the", "a" or "an" before it. What would leave nothing is kept. A whole
    number that a spreadsheet has as 906.0 is 906.
    """
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    name = " ".join(unicodedata.normalize("NFC", str(text)).lower().split())
    shorter = _NOTE.sub("", name)
    shorter = next(filter(None, _ALTERNATIVES.split(shorter)), shorter)
    shorter = _BEFORE.sub("", shorter)
    return shorter or name


def read_concepts(raw: pd.DataFrame, layout: Layout, file: Path, issues: Issues) -> tuple[list[str], str]:
    """Return the concept of every row of a table, "" where it names none, and where they come from.

    Parameters
    ----------
    raw : DataFrame
        The table as it was read.
    layout : Layout
        Its `concept` is a column that the user names, its `gloss` one that the card knows.
    file : Path
        For errors.
    issues : Issues
        Gets a row for what is missing.

    Returns
    -------
    concepts : list of str
    origin : str
        "user" (the column that `layout.concept` names, or one called "concept"), else "norms" (Concepticon's gloss,
        else its id, else the card's column of English glosses), "" where there is no such column.

    Raises
    ------
    NormsError
        If the file lacks the column that the user names.
    """
    there = [str(name) for name in raw.columns]
    prefix = ""
    if layout.concept is not None or CONCEPT in there:
        column, origin = layout.concept if layout.concept is not None else CONCEPT, "user"
    elif CONCEPTICON_GLOSS in there:
        column, origin = CONCEPTICON_GLOSS, "norms"
    elif CONCEPTICON_ID in there:
        column, origin, prefix = CONCEPTICON_ID, "norms", "concepticon "
    elif layout.gloss is not None:
        if isinstance(layout.gloss, str) and layout.gloss not in there:
            issues.add(
                "no glosses", 1, f"English glosses should stand in the column '{layout.gloss}', which is not there"
            )
            return [""] * len(raw), ""
        column, origin = layout.gloss, "norms"
    else:
        return [""] * len(raw), ""
    cells = raw.iloc[:, column_at(raw, column, file, CONCEPT)]
    concepts = ["" if is_missing(cell, layout) else prefix + normalise_gloss(cell) for cell in cells]
    if not any(concepts):
        origin = ""
    if nameless := sum(not concept for concept in concepts):
        issues.add("word without a concept", nameless, f"empty cells of the column '{column}'")
    return concepts, origin
