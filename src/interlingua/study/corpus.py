"""A language whose sentences are searched in a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from interlingua.contexts import Contexts, attach_ratings
from interlingua.contexts.corpora import (
    Corpus,
    CorpusSearch,
    Options,
    Progress,
    open_corpus,
    read_search,
    search_corpus,
    write_search,
)
from interlingua.contexts.corpora.readers.limits import Limits
from interlingua.contexts.table import issue_table
from interlingua.errors import ContextsError
from interlingua.flow.cache import Cache, content_key
from interlingua.flow.progress import Progress as Bar
from interlingua.flow.source import source_digest
from interlingua.flow.spread import HERE, Spread
from interlingua.norms import Norms, select_flat
from interlingua.seeds import derive_seed
from interlingua.study.config import Study
from interlingua.study.sections import CorpusConfig

#: The search's folder in the cache.
STEP = "corpora"
#: What decides which sentences are found, beside the options.
_MODULES = ("interlingua.contexts.corpora.search", "interlingua.contexts.corpora.output")
_LIBRARIES = ("icu4py", "mwparserfromhell", "mwxml", "rjieba", "sentencex", "simplemma")


def search_language(
    study: Study,
    code: str,
    norms: Norms,
    cache_dir: Path,
    spread: Spread = HERE,
) -> CorpusSearch:
    """Search the words of a language's norms in its corpus, or read what was found before.

    What is found is kept in the cache under a hash of the words, the options, the seed and the corpus's files
    (name, size, time of last change; on the hub, the revision). Finished shards are kept while searching, so
    that a search that was stopped goes on.

    Raises
    ------
    ContextsError
        As `interlingua.contexts.corpora.search_corpus` does.
    """
    with _of(code):
        return _searched(study, code, norms, cache_dir, spread)


def _searched(study: Study, code: str, norms: Norms, cache_dir: Path, spread: Spread) -> CorpusSearch:
    corpus, words, options, recipe = _search(study, code, norms)
    cache, key = Cache(cache_dir), content_key(recipe)
    if cache.find(STEP, key) is None:
        name = f"sentences of '{code}' in {corpus.name}"
        with cache.claim(STEP, key, recipe) as claim, _shown(name) as show:
            if claim.made is None:
                found = search_corpus(
                    words,
                    corpus,
                    code,
                    **options,
                    seed=recipe["seed"],
                    spread=spread,
                    # Not the claim's own folder: a corpus that grows by a shard is searched in that shard only.
                    work_dir=cache.folder(STEP, f"shards-{content_key(_program())}"),
                    on_progress=show,
                )
                write_search(found, claim.folder)
    return read_search(cache.folder(STEP, key), code)


def is_searched(study: Study, code: str, norms: Norms, cache_dir: Path) -> bool:
    """Return whether the words of a language's norms were searched in its corpus before: reading them is quick then.

    Raises
    ------
    ContextsError
        If the corpus can't be opened.
    """
    with _of(code):
        *_, recipe = _search(study, code, norms)
    return Cache(cache_dir).peek(STEP, content_key(recipe)) is not None


def _search(study: Study, code: str, norms: Norms) -> tuple[Corpus, list[str], dict[str, Any], dict[str, Any]]:
    """Return the corpus of a language, the words and options of the search, and its recipe."""
    config = study.languages[code].corpus
    assert config is not None, f"languages.{code} has no corpus"
    corpus = _opened(config, code)
    words = list(dict.fromkeys(norms.table["word"]))
    options = _options(config, study.sampling.sentences)
    seed = derive_seed(study.seed, "corpus", code)
    files = [Path(shard.path).stat() for shard in corpus.shards if shard.path]
    recipe = {
        "step": STEP,
        "words": words,
        "options": options,
        "seed": seed,
        "corpus": asdict(replace(corpus, options=replace(corpus.options, limits=Limits()))),  # they change no result
        "files": [(file.st_size, file.st_mtime_ns) for file in files],
        **_program(),
    }
    return corpus, words, options, recipe


def _program() -> dict[str, Any]:
    """Return what a search is computed with."""
    return {"source": source_digest(_MODULES), "versions": {name: _version(name) for name in _LIBRARIES}}


def corpus_contexts(study: Study, code: str, norms: Norms, cache_dir: Path, spread: Spread = HERE) -> Contexts:
    """Return the rated sentences of a language whose entry names a corpus.

    Words with too few sentences are left out and counted; of a larger number than ``sampling.words`` they are
    drawn flat over the first variable where ``sampling.flat`` says so.
    """
    config = study.languages[code].corpus
    assert config is not None, f"languages.{code} has no corpus"
    found = search_language(study, code, norms, cache_dir, spread)
    table = found.contexts.table
    enough = config.at_least or config.n or study.sampling.sentences
    size = table.groupby("word")["word"].transform("size")
    left_out = table.loc[size < enough, "word"].nunique()
    rows = [(code, "left out: too few sentences", left_out, f"words with fewer than {enough} sentences")]
    table = table[size >= enough]
    if table.empty:
        raise ContextsError(
            f"languages.{code}.corpus: no word has {enough} sentences in {config.source}; the most is {size.max()}:"
            " give a larger corpus, or a smaller n or at_least"
        )
    wanted = study.sampling.words
    if isinstance(wanted, int) and study.sampling.flat:
        usable = norms.table[norms.table["word"].isin(table["word"])].dropna(subset=[norms.variables[0]])
        if len(usable) > wanted:
            seed = derive_seed(study.seed, "words", code)
            chosen = select_flat(usable, norms.variables[0], wanted, seed=seed)
            table = table[table["word"].isin(chosen["word"])]
    issues = pd.concat([found.contexts.issues, issue_table(row for row in rows if row[2])], ignore_index=True)
    contexts = Contexts(table.reset_index(drop=True), issues)
    return attach_ratings(contexts, norms.table, norms.variables)


def _opened(config: CorpusConfig, code: str) -> Corpus:
    """Look at a corpus without reading it."""
    limits = Limits(config.most_page_megabytes, config.most_page_seconds, config.most_unpacked_megabytes)
    return open_corpus(
        config.source,
        code,
        kind=config.kind,
        options=Options(config.encoding, dict(config.columns), config.whole_sentences, config.paragraphs, limits),
        shards=config.shards,
        date=config.date,
        licence=config.licence,
    )


def _options(config: CorpusConfig, sentences: int) -> dict[str, Any]:
    names = ("min_tokens", "max_tokens", "policy", "forms", "segmenter", "fragments")
    return {"n": config.n or sentences, **{name: getattr(config, name) for name in names}}


@contextmanager
def _of(code: str) -> Iterator[None]:
    """Say in errors where the keys that they name belong."""
    try:
        yield
    except ContextsError as error:
        raise ContextsError(f"languages.{code}.corpus: {error}") from error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


@contextmanager
def _shown(name: str) -> Iterator[Callable[[Progress], None]]:
    with Bar({name: 60.0}) as bar:

        def show(progress: Progress) -> None:
            read = f"{progress.sentences:,} sentences, {progress.megabytes:,.0f} MB, {progress.throughput:.1f} MB/s"
            bar.report(name, progress.shards / progress.of_shards, read)

        yield show
