"""Searching a study's sentences by itself, before any model: ``interlingua contexts build``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from interlingua import languages
from interlingua.contexts.corpora import CorpusSearch, write_search
from interlingua.errors import ConfigError
from interlingua.flow.spread import HERE, Spread
from interlingua.study.config import Study
from interlingua.study.corpus import search_language
from interlingua.study.sources import language_norms


def build_contexts(
    study: Study,
    output: Path,
    cache_dir: Path,
    *,
    codes: Sequence[str] | None = None,
    spread: Spread = HERE,
) -> Iterator[tuple[CorpusSearch, Path]]:
    """Search the corpora of a study, write each language's files into `output`, and yield the search and its contexts.

    A later run of the study with the same corpora and norms takes the sentences from the cache.

    Parameters
    ----------
    study
        Only its languages that name a corpus take part.
    output
        A folder; see `interlingua.contexts.corpora.write_search` for its files.
    cache_dir
        Where finished shards and searches are kept.
    codes
        Only these languages.
    spread
        Where they are searched.

    Raises
    ------
    ConfigError
        If no language of the study names a corpus, or one that is asked for does not.
    NormsError, ContextsError
        If norms or corpora can't be read, or the files can't be written.
    """
    with_corpus = [code for code, entry in study.languages.items() if entry.corpus is not None]
    if not with_corpus:
        raise ConfigError(
            "no language of this study names a corpus; write for example"
            " [languages.es] norms = 'NAME', corpus = 'wikimedia/wikipedia'"
        )
    wanted = [languages.get(tag).code for tag in codes] if codes else with_corpus
    for code in wanted:
        if code not in with_corpus:
            raise ConfigError(f"languages.{code}: no corpus; those with one are {', '.join(with_corpus)}")
    for code in wanted:
        norms = language_norms(study, code)
        found = search_language(study, code, norms, cache_dir, spread)
        yield found, write_search(found, output)
