"""Small tables of contexts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from interlingua.contexts import Contexts, check_contexts
from interlingua.contexts.table import context_ids, issue_table


def make_contexts(n_words: int = 10, n_sentences: int = 3, *, language: str = "en", **columns: Any) -> Contexts:
    """Return sentences ``this is word00 0`` ... with a valence for each word."""
    words = [f"word{number:02d}" for number in range(n_words) for _ in range(n_sentences)]
    texts = [f"this is {word} {number % n_sentences}" for number, word in enumerate(words)]
    table = pd.DataFrame({"language": language, "word": words, "text": texts, "start": 8, "end": 14})
    table.insert(0, "context_id", context_ids(language, table["word"]))
    table["split"] = "train"
    table["source"] = "made up"
    table["valence"] = [number // n_sentences / n_words for number in range(len(words))]
    return Contexts(check_contexts(table.assign(**columns)), issue_table([]))


@pytest.fixture
def make() -> Callable[..., Contexts]:
    return make_contexts
