"""A study's sentences by themselves, before any model: searched in corpora, or written for another tool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from interlingua import languages
from interlingua.contexts.corpora import CorpusSearch, write_search
from interlingua.errors import ConfigError, StoreError, reason
from interlingua.flow.spread import HERE, Spread
from interlingua.models.stored import CARD
from interlingua.study.config import Study
from interlingua.study.corpus import search_language
from interlingua.study.sources import gather, language_norms


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


def export_contexts(
    study: Study, output: Path, cache_dir: Path, *, spread: Spread = HERE
) -> Iterator[tuple[Path, int]]:
    """Write the sentences of a study for a tool of one's own, a file a language, and yield each with its rows.

    Parameters
    ----------
    study
        Whose sentences, down-sampled as a run would.
    output
        A folder; ``CODE.parquet`` with ``context_id``, ``text``, ``start`` and ``end`` comes into it, and
        ``activations.toml`` if there is none (see `interlingua.models.stored`).
    cache_dir
        Where sentences of corpora are kept.
    spread
        Where they are searched.

    Raises
    ------
    NormsError, ContextsError
        If norms or sentences can't be read.
    StoreError
        If the files can't be written.
    """
    table = gather(study, cache_dir, spread).contexts.table
    try:
        output.mkdir(parents=True, exist_ok=True)
        card = output / CARD
        if not card.exists():
            card.write_text(f'name = "{output.resolve().name}"\n', encoding="utf-8")
        for code in study.languages:
            rows = table.loc[table["language"] == code, ["context_id", "text", "start", "end"]]
            rows.to_parquet(output / f"{code}.parquet", index=False)
            yield output / f"{code}.parquet", len(rows)
    except OSError as error:
        raise StoreError(f"{output}: can't be written ({reason(error)})") from error
