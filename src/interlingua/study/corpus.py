"""A language whose sentences are searched in a corpus: its section of the study file, and the search itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

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
from interlingua.contexts.table import issue_table
from interlingua.errors import ContextsError
from interlingua.norms import Norms, select_flat
from interlingua.seeds import derive_seed
from interlingua.study.cache import atomic_folder, code_version, content_key
from interlingua.study.progress import Progress as Bar

if TYPE_CHECKING:
    from interlingua.study.config import Study

Positive = Annotated[int, Field(gt=0)]


class CorpusConfig(BaseModel):
    """Where to search the words of a language's norms, and which sentences to take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    """A file, a folder, a pattern such as ``dumps/es*.xml.bz2``, or a data set on the hub such as
    ``wikimedia/wikipedia`` or ``wikimedia/wikipedia:20231101.es``."""
    kind: Literal["auto", "wikipedia", "dump", "leipzig", "conll", "jsonl", "text"] = "auto"
    """The format; by default the one that the files' names tell."""
    shards: Positive | None = None
    """Read only so many files, the first by name."""
    encoding: str = "utf-8"
    columns: Mapping[str, str] = Field(default_factory=dict)
    """What a Parquet or JSON lines file calls ``text``, ``page``, ``url`` and ``date``."""
    whole_sentences: bool | None = None
    """Whether each record is one sentence already; by default as is usual for the kind."""
    paragraphs: Literal["line", "blank"] = "line"
    """Of plain text: each line is a paragraph, or lines are wrapped and a blank one parts paragraphs."""
    date: str = ""
    licence: str = ""
    n: Positive | None = None
    """Sentences a word; by default as many as ``sampling.sentences``."""
    at_least: Positive | None = None
    """Words with fewer sentences are left out; by default all that have not ``n``."""
    min_tokens: Positive = 4
    max_tokens: Positive = 100
    policy: Literal["reservoir", "shortest"] = "reservoir"
    """A fair sample of all distinct sentences, or the shortest ones, as the authors took them."""
    forms: Literal["exact", "inflected"] = "exact"
    segmenter: Literal["auto", "icu", "jieba", "substring"] = "auto"
    fragments: bool = False
    """Whether headings, captions and items of lists count as sentences."""

    def open(self, code: str) -> Corpus:
        """Look at the corpus without reading it."""
        options = Options(self.encoding, dict(self.columns), self.whole_sentences, self.paragraphs)
        return open_corpus(
            self.source,
            code,
            kind=self.kind,
            options=options,
            shards=self.shards,
            date=self.date,
            licence=self.licence,
        )

    def choices(self, sentences: int) -> dict[str, Any]:
        """Return the options of the search."""
        names = ("min_tokens", "max_tokens", "policy", "forms", "segmenter", "fragments")
        return {"n": self.n or sentences, **{name: getattr(self, name) for name in names}}


def _from_source(value: Any) -> Any:
    return {"source": value} if isinstance(value, str) else value


#: A section, or the source alone.
CorpusEntry = Annotated[CorpusConfig, BeforeValidator(_from_source)]


def search_language(
    study: Study,
    code: str,
    norms: Norms,
    cache_dir: Path,
    *,
    workers: int = 1,
    scheduler: str | None = None,
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
    config = study.languages[code].corpus
    assert config is not None, f"languages.{code} has no corpus"
    corpus = config.open(code)
    words = list(dict.fromkeys(norms.table["word"]))
    options = config.choices(study.sampling.sentences)
    seed = derive_seed(study.seed, "corpus", code)
    version = code_version("contexts", "languages")
    files = [Path(shard.path).stat() for shard in corpus.shards if shard.path]
    state = [(file.st_size, file.st_mtime_ns) for file in files]
    key = content_key(words=words, options=options, seed=seed, corpus=asdict(corpus), files=state, code=version)
    folder = cache_dir / "corpora" / key
    if not folder.exists():
        work_dir = cache_dir / "corpora" / f"shards-{version}"
        with _shown(f"sentences of '{code}' in {corpus.name}") as show:
            found = search_corpus(
                words,
                corpus,
                code,
                **options,
                seed=seed,
                workers=workers,
                scheduler=scheduler,
                work_dir=work_dir,
                on_progress=show,
            )
        with atomic_folder(folder) as partial:
            write_search(found, partial)
    return read_search(folder, code)


def corpus_contexts(study: Study, code: str, norms: Norms, cache_dir: Path) -> Contexts:
    """Return the rated sentences of a language whose entry names a corpus.

    Words with too few sentences are left out and counted; of a larger number than ``sampling.words`` they are
    drawn flat over the first variable where ``sampling.flat`` says so.
    """
    config = study.languages[code].corpus
    assert config is not None, f"languages.{code} has no corpus"
    found = search_language(study, code, norms, cache_dir)
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


@contextmanager
def _shown(name: str) -> Iterator[Callable[[Progress], None]]:
    with Bar({name: 60.0}) as bar:
        report = bar.phase(name)

        def show(progress: Progress) -> None:
            read = f"{progress.sentences:,} sentences, {progress.megabytes:,.0f} MB, {progress.throughput:.1f} MB/s"
            report(progress.shards / progress.of_shards, read)

        yield show
