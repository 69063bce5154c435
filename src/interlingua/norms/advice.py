"""How to type what an error advises: with the key where it belongs, so that it works as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Keys:
    """The keys of a study that say how a table is read.

    Attributes
    ----------
    where : str
        The table of the study in which they stand ("languages.tr"); "" where it is not known.
    options, columns : str
        What they are called there.

    Examples
    --------
    >>> Keys("languages.tr").option(encoding="cp1254")
    'options = { encoding = "cp1254" } in languages.tr of the study'
    """

    where: str = ""
    options: str = "options"
    columns: str = "columns"

    @classmethod
    def of_norms(cls, language: str | None) -> Keys:
        """Return the keys of a language's norms."""
        return cls(f"languages.{language}" if language else "")

    @classmethod
    def of_sentences(cls, language: str | None) -> Keys:
        """Return the keys of a language's file of sentences."""
        return cls(f"languages.{language}" if language else "", "context_options", "context_columns")

    @property
    def there(self) -> str:
        """Where the keys stand, as the end of a message."""
        return f"in {self.where or 'the entry of the language'} of the study"

    def option(self, **options: Any) -> str:
        """Return options of `interlingua.norms.Layout` as a study's file has them, and where they go."""
        return f"{self.options} = {toml(options)} {self.there}"

    def column(self, **columns: str | int) -> str:
        """Return names of columns likewise."""
        return f"{self.columns} = {toml(columns)} {self.there}"


def toml(value: Any) -> str:
    """Return a value as TOML has it in a line."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(str(key))} = {toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
