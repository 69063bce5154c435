"""Which words of a study's norms it can't use, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from interlingua.errors import ConfigError, suggest
from interlingua.norms import not_plain
from interlingua.study.config import Study
from interlingua.study.sections import CARRIERS
from interlingua.study.sources import language_norms

COLUMNS = ("language", "word", "why")


def words_left_out(study: Study, codes: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the words of a study's norms that are left out.

    Words without a rating, and where words are set into carrier sentences those that are not plain. Languages whose
    sentences carry their ratings have no norms, and no rows.

    Parameters
    ----------
    study : Study
    codes : iterable of str, optional
        Only these languages.

    Returns
    -------
    pandas.DataFrame
        ``language, word, why``, a row a word and reason.

    Raises
    ------
    ConfigError
        The study has no such language.
    NormsError
        Norms can't be read.
    """
    wanted = list(codes or study.languages)
    for code in wanted:
        if code not in study.languages:
            known = list(study.languages)
            raise ConfigError(f"the study has no language '{code}'{suggest(code, known)}; it has {', '.join(known)}")
    rows = [row for code in wanted if study.languages[code].norms is not None for row in _of_language(study, code)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_language(study: Study, code: str) -> Iterator[tuple[str, str, str]]:
    norms = language_norms(study, code)
    entry = study.languages[code]
    if entry.corpus is None and entry.contexts == CARRIERS:
        for row in not_plain(norms.table, code).itertuples():
            yield code, str(row.word), f"not a plain word: {row.why}"
    for variable in norms.variables:
        for word in norms.table.loc[norms.table[variable].isna(), "word"]:
            yield code, str(word), f"no rating of {variable}"
