"""How to type an option of `Layout`: what errors advise must work as it stands."""

from __future__ import annotations

import json


def advise(language: str | None = None, **options: object) -> str:
    """Return options as a study's file has them, and where they go.

    >>> advise("tr", encoding="cp1254")
    'options = { encoding = "cp1254" } in languages.tr of the study (of a file of sentences: context_encoding)'
    """
    typed = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in options.items())
    where = f"languages.{language}" if language else "the language's entry"
    sentences = "encoding" in options and " (of a file of sentences: context_encoding)"
    return f"options = {{ {typed} }} in {where} of the study{sentences or ''}"
