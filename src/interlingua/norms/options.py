"""Options that a user gives for a table: fields of its layout, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from interlingua.errors import NormsError, suggest
from interlingua.norms.advice import Keys
from interlingua.norms.card import Layout

#: Fields that have keys of their own in a study, or none.
_ELSEWHERE: Final = frozenset({"name", "word", "concept", "gloss", "columns"})
#: What of a layout a file of sentences has no use for.
_RATINGS: Final = frozenset({"sd", "raters", "decimal", "na_values", "marker", "lower", "expected_rows"})


def with_options(base: Layout, changes: Mapping[str, Any], keys: Keys | None = None) -> Layout:
    """Return a layout with other values for some of its fields.

    Parameters
    ----------
    base : Layout
    changes : mapping
        Field to value.
    keys : Keys, optional
        What options are called where the user gave them; by default those of norms.

    Raises
    ------
    NormsError
        There is no such field, or it takes no such value.
    """
    keys = keys or Keys()
    try:
        return Layout.model_validate({**base.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = [name for name in Layout.model_fields if name not in _ELSEWHERE]
        raise NormsError(
            f"{keys.options}: there is no option '{key}'{suggest(key, known)}; there are {', '.join(known)}"
        )
    said = first["msg"].removeprefix("Value error, ").replace("Input should be", "it should be")
    raise NormsError(f"{keys.options}: '{key}' is {first['input']!r}: {said}; {_advice(key, keys)}")


def sentence_layout(options: Mapping[str, Any], keys: Keys) -> Layout:
    """Return how a file of sentences is read, by options of the user's.

    Raises
    ------
    NormsError
        There is no such option, it is one of ratings, or it takes no such value.
    """
    known = [name for name in Layout.model_fields if name not in _ELSEWHERE | _RATINGS]
    for key in options:
        if key in _ELSEWHERE | _RATINGS:
            raise NormsError(
                f"{keys.options}: '{key}' is no option of a file of sentences; there are {', '.join(known)}"
            )
    return with_options(Layout(), options, keys)


def _advice(key: str, keys: Keys) -> str:
    field = key.partition(".")[0]
    default = Layout.model_fields[field].get_default(call_default_factory=True)
    if default is None or default in ("", (), {}):
        return f"leave it out, or correct it in {keys.options} {keys.there}"
    return f"as by default it is {keys.option(**{field: default})}"
