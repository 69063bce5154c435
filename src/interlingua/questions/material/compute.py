"""The study's languages and what was noticed in their data."""

from __future__ import annotations

import pandas as pd

from interlingua import languages


def material(sources: pd.DataFrame, noticed: pd.DataFrame) -> dict[str, pd.DataFrame | None]:
    """Say what each language is, beside where its ratings and sentences come from.

    Parameters
    ----------
    sources
        A row a language: `language, role, norms, rated_words, words, sentences, train_words, test_words,
        words_from, frames, licence, citation`.
    noticed
        What was noticed when they were read: `language, kind, count, detail`.
    """
    known = [languages.get(code) for code in sources["language"]]
    table = sources.assign(
        name=[language.name for language in known],
        family=[language.family_name for language in known],
        script=[language.script for language in known],
    )
    return {"languages": table, "issues": noticed if len(noticed) else None}
