"""Into how many pieces a model's tokenizer cuts the words of a language.

A file of its own, so that what partials words out does not depend on the code that loads models.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from interlingua.models import sentence_tokens
from interlingua.study.model import Handle


def subwords(
    weights: Handle, ratings: Mapping[str, pd.DataFrame], *, model: str, language: str
) -> dict[str, pd.DataFrame]:
    """Count the sub-words of every word of a language, rated or not; none where there is no tokenizer."""
    words = list(dict.fromkeys(map(str, next(iter(ratings.values()))["word"])))
    tokenizer = weights.tokenizer
    if tokenizer is None:
        empty = pd.DataFrame({"word": pd.Series(dtype=str), "n_subwords": pd.Series(dtype="int64")})
        return {"subwords": empty.assign(model=model, language=language)}
    special = int(sentence_tokens(tokenizer, [""])[0])
    table = pd.DataFrame({"word": words, "n_subwords": sentence_tokens(tokenizer, words) - special})
    return {"subwords": table.assign(model=model, language=language)}
