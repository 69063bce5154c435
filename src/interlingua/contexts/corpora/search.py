"""From a list of words to n sentences each: one pass over a corpus, with where each sentence stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from interlingua import languages
from interlingua.contexts.corpora.corpus import Corpus, Shard, open_corpus
from interlingua.contexts.corpora.matching import Forms, Matcher, Segmenter, check_words
from interlingua.contexts.corpora.reservoir import Entry
from interlingua.contexts.corpora.shard import COUNTS, ODDITIES, Policy, Query, Tally, search_shard
from interlingua.contexts.corpora.store import ShardStore
from interlingua.contexts.table import Contexts, check_contexts, issue_table
from interlingua.errors import ContextsError, suggest

if TYPE_CHECKING:  # what spreads a search does not change what it finds, and is no part of its key
    from interlingua.flow.spread import Spread

_POLICIES = ("reservoir", "shortest")
PROVENANCE_COLUMNS = ("context_id", "corpus", "date", "shard", "document", "sentence", "page", "url", "tokens")


@dataclass(frozen=True)
class Progress:
    """How far a search is.

    Attributes
    ----------
    shards, of_shards
        Read to their end, and all.
    sentences
        Read so far.
    megabytes
        Of text (UTF-8) read so far.
    seconds
        Since the search began.
    """

    shards: int
    of_shards: int
    sentences: int
    megabytes: float
    seconds: float

    @property
    def throughput(self) -> float:
        """Megabytes of text a second."""
        return self.megabytes / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True)
class CorpusSearch:
    """The sentences that were found, and what the search has to say of itself.

    Attributes
    ----------
    contexts
        The table of `interlingua.contexts.Contexts`: words in the order of the list, each word's sentences by
        priority, so that its first m are a fair sample (or the shortest) too. Every row is ``train`` until
        `interlingua.contexts.split_by_word` parts them.
    provenance
        One row a sentence, by ``context_id``: ``corpus, date, shard, document, sentence, page, url, tokens``
        (document and sentence count from 0 within shard and document).
    yield_table
        One row a word of the list, found or not: ``word``; ``found``, the sentences that hold it; ``fragment``,
        ``too_short`` and ``too_long``, those of them that a filter took; ``distinct``, how many different ones
        are left, numbers aside, and ``distinct_exact``, whether that is a count or an estimate;
        ``near_duplicates``, passed over while drawing; ``kept``.
    filters
        What each filter cost: ``filter``, ``dropped`` (pairs of word and sentence) and ``words`` (that lost any).
        Repetitions are counted for words whose `distinct_exact` is true; those of the others are among the
        sentences that are more than n.
    card
        Language, corpus, date, licence, shards, options and yield, as JSON can write them.
    progress
        The final figures: megabytes, seconds, throughput; None where the search was read back from its files.
    """

    contexts: Contexts
    provenance: pd.DataFrame
    yield_table: pd.DataFrame
    filters: pd.DataFrame
    card: dict[str, Any]
    progress: Progress | None

    def words_with(self, least: int) -> int:
        """Return how many words have at least so many sentences."""
        return int((self.yield_table["kept"] >= least).sum())


def search_corpus(
    words: Sequence[str],
    corpus: Corpus | str | Path,
    language: str,
    *,
    n: int = 15,
    min_tokens: int = 4,
    max_tokens: int = 100,
    policy: Policy = "reservoir",
    forms: Forms = "exact",
    segmenter: Segmenter = "auto",
    fragments: bool = False,
    seed: int = 0,
    spread: Spread | None = None,
    work_dir: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> CorpusSearch:
    """Search a corpus for sentences that hold the words of a list (section 4.1 of the paper).

    Memory is bounded by words times sentences, whatever the size of the corpus; time hardly depends on the
    number of words. The result is a function of the corpus's sentences, the words, the options and the seed: the
    number of workers and the order of the shards do not show in it.

    Parameters
    ----------
    words
        As the norms write them, each once.
    corpus
        An opened corpus, or what `interlingua.contexts.corpora.open_corpus` opens.
    language
        Any tag that `interlingua.languages.get` knows.
    n
        Sentences a word, at most. All are distinct, near-duplicates left out: no two of a word's sentences are
        the same but for their numbers or one name.
    min_tokens, max_tokens
        Length of a sentence, in words and marks.
    policy
        ``reservoir``: a fair sample of all distinct sentences of the corpus; ``shortest``: the shortest ones,
        as the authors took them.
    forms, segmenter
        See `interlingua.contexts.corpora.Matcher`.
    fragments
        Whether headings, captions and items of lists, which have no full stop, and sentences in which a template
        or a formula left a hole, count as sentences.
    seed
        Of the sample.
    spread
        Processes or workers elsewhere, a shard each. By default all is searched in this process.
    work_dir
        Where finished shards are kept: the same search, stopped or failed, goes on there where it stopped.
    on_progress
        Called about once a second in this process, after each shard elsewhere.

    Raises
    ------
    ContextsError
        If the corpus can't be read to its end, an option is not allowed, something is not installed, or none
        of the words is in the corpus.
    """
    code = languages.get(language).code
    opened = corpus if isinstance(corpus, Corpus) else open_corpus(corpus, code)
    if opened.language != code:
        raise ContextsError(f"{opened.name}: the corpus is of language '{opened.language}', not '{code}'")
    query = Query(
        tuple(words), code, n, min_tokens, max_tokens, policy, forms, segmenter, fragments=fragments, seed=seed
    )
    _check(query)
    store = ShardStore(work_dir) if work_dir is not None else None
    tally, progress = _run(opened, query, spread, store, on_progress)
    return _result(opened, query, tally, progress)


def _check(query: Query) -> None:
    if query.policy not in _POLICIES:
        near = suggest(query.policy, _POLICIES)
        raise ContextsError(f"policy = '{query.policy}' is not one of {', '.join(_POLICIES)}{near}")
    if query.n < 1:
        raise ContextsError(f"n = {query.n}: ask for at least one sentence a word")
    if not 1 <= query.min_tokens <= query.max_tokens:
        raise ContextsError(
            f"min_tokens = {query.min_tokens}, max_tokens = {query.max_tokens}: need 1 <= min_tokens <= max_tokens"
        )
    # Says what is wrong with the words, or not installed, before anything is read or sent to a worker.
    check_words(query.words, query.language)
    Matcher(query.words[:1], query.language, forms=query.forms, segmenter=query.segmenter)


def _run(
    corpus: Corpus,
    query: Query,
    spread: Spread | None,
    store: ShardStore | None,
    on_progress: Callable[[Progress], None] | None,
) -> tuple[Tally, Progress]:
    began = time.monotonic()
    total = Tally.empty(len(query.words))
    done = 0

    def progress(unfinished: Tally | None = None) -> Progress:
        parts = [total, unfinished] if unfinished is not None else [total]
        sentences, size = sum(part.sentences for part in parts), sum(part.size for part in parts)
        return Progress(done, len(corpus.shards), sentences, size / 1e6, time.monotonic() - began)

    def report(unfinished: Tally | None = None) -> None:
        if on_progress is not None:
            on_progress(progress(unfinished))

    for tally in _tallies(corpus, query, spread, store, report):
        total.merge(tally)
        done += 1
        report()
    return total, progress()


def _tallies(
    corpus: Corpus,
    query: Query,
    spread: Spread | None,
    store: ShardStore | None,
    report: Callable[[Tally], None],
) -> Iterator[Tally]:
    """Yield the tally of every shard: those that are kept, then the others as they are done."""
    missing: list[Shard] = []
    for shard in corpus.shards:
        kept = store.read(store.path(corpus, shard, query), query) if store is not None else None
        if kept is None:
            missing.append(shard)
        else:
            yield kept
    if spread is None or spread.here or (spread.cluster is None and len(missing) == 1):
        for shard in missing:
            yield search_and_keep(corpus, shard, query, store, on_progress=report)
    elif missing:
        fewer = replace(spread, workers=min(spread.workers, len(missing)))
        yield from fewer.over(search_and_keep, [(corpus, shard, query, store) for shard in missing])


def search_and_keep(
    corpus: Corpus,
    shard: Shard,
    query: Query,
    store: ShardStore | None,
    on_progress: Callable[[Tally], None] | None = None,
) -> Tally:
    """Search one shard, here or on a worker, and keep its tally where there is a store."""
    tally = search_shard(corpus, shard, query, on_progress=on_progress)
    if store is not None:
        store.write(store.path(corpus, shard, query), tally)
    return tally


def _result(corpus: Corpus, query: Query, tally: Tally, progress: Progress) -> CorpusSearch:
    yields: list[tuple[int, bool, int, int]] = []
    rows: list[tuple[str, str, Entry]] = []
    for number, word in enumerate(query.words):
        reservoir = tally.reservoirs.get(number)
        chosen, passed = reservoir.sample(query.n, query.language) if reservoir else ([], 0)
        distinct = reservoir.distinct(uniform=query.policy == "reservoir") if reservoir else (0, True)
        yields.append((*distinct, passed, len(chosen)))
        rows.extend((f"{query.language}-{number:05d}-{at:02d}", word, found) for at, found in enumerate(chosen))
    if not tally.sentences:
        raise ContextsError(
            f"{corpus.name}: there is no sentence in its {len(corpus.shards)} file(s); is it the right kind"
            f" (kind = '{corpus.kind}')?"
        )
    if not rows:
        raise ContextsError(
            f"{corpus.name}: none of the {len(query.words)} words of language '{query.language}' is in its"
            f" {tally.sentences:,} sentences of {query.min_tokens} to {query.max_tokens} tokens; is it the right"
            " language, and should forms be 'inflected'?"
        )
    yield_table = _yield_table(query, tally, yields)
    other_forms = sum(sentence.text[start:end] != word for _, word, (_, sentence, start, end) in rows)
    contexts = Contexts(_contexts_table(corpus, query, rows), _issues(query, tally, yield_table, other_forms))
    filters = _filters(query, yield_table)
    card = _card(corpus, query, tally, yield_table, filters)
    return CorpusSearch(contexts, _provenance(corpus, rows), yield_table, filters, card, progress)


def _contexts_table(corpus: Corpus, query: Query, rows: list[tuple[str, str, Entry]]) -> pd.DataFrame:
    columns = {
        "context_id": [identity for identity, _, _ in rows],
        "language": query.language,
        "word": [word for _, word, _ in rows],
        "text": [sentence.text for _, _, (_, sentence, _, _) in rows],
        "start": [start for _, _, (_, _, start, _) in rows],
        "end": [end for _, _, (_, _, _, end) in rows],
        "split": "train",
        "source": corpus.name,
    }
    return check_contexts(pd.DataFrame(columns), where=corpus.name)


def _provenance(corpus: Corpus, rows: list[tuple[str, str, Entry]]) -> pd.DataFrame:
    own = ("shard", "document", "sentence", "page", "url", "tokens")
    columns = {
        "context_id": [identity for identity, _, _ in rows],
        "corpus": corpus.name,
        "date": [entry[1].date or corpus.date for _, _, entry in rows],
        **{name: [getattr(entry[1], name) for _, _, entry in rows] for name in own},
    }
    return pd.DataFrame(columns)[list(PROVENANCE_COLUMNS)]


def _yield_table(query: Query, tally: Tally, yields: list[tuple[int, bool, int, int]]) -> pd.DataFrame:
    table = pd.DataFrame({"word": list(query.words)})
    for name, counts in zip(COUNTS, tally.counts, strict=True):
        table[name] = counts
    distinct, exact, passed, kept = zip(*yields, strict=True)
    left = _after_filters(table)
    # An estimate may overshoot what there is.
    table["distinct"] = np.minimum(np.array(distinct, dtype=np.int64), left)
    table["distinct_exact"] = exact
    table["near_duplicates"] = np.array(passed, dtype=np.int64)
    table["kept"] = np.array(kept, dtype=np.int64)
    return table


def _after_filters(table: pd.DataFrame) -> pd.Series:
    """Return how many of the sentences of each word no filter took."""
    found, *taken = COUNTS
    return table[found] - table[taken].sum(axis=1)


def _filters(query: Query, table: pd.DataFrame) -> pd.DataFrame:
    left = _after_filters(table)
    # Where a word has too many sentences to tell them all apart, its repetitions are among those that are too many.
    different = table["distinct"].where(table["distinct_exact"], left)
    costs = {
        "no whole sentence (heading, item, hole)": table["fragment"],
        f"fewer than {query.min_tokens} tokens": table["too_short"],
        f"more than {query.max_tokens} tokens": table["too_long"],
        "repeated, numbers aside": left - different,
        "near-duplicate": table["near_duplicates"],
        f"more than {query.n} a word": different - table["near_duplicates"] - table["kept"],
    }
    return pd.DataFrame(
        [(name, int(cost.sum()), int((cost > 0).sum())) for name, cost in costs.items()],
        columns=["filter", "dropped", "words"],
    )


def _issues(query: Query, tally: Tally, table: pd.DataFrame, other_forms: int) -> pd.DataFrame:
    few = (table["kept"] < query.n) & (table["kept"] > 0)
    absent = table.loc[table["kept"] == 0, "word"]
    rows = [
        (query.language, "target at other form", other_forms, "the word stands in its sentence in another form"),
        (query.language, "too few sentences", int(few.sum()), f"words with fewer than {query.n} distinct sentences"),
        (query.language, "word not found", len(absent), f"words without a sentence, such as {', '.join(absent[:3])}"),
    ]
    rows += [(query.language, kind, tally.oddities[kind], detail) for kind, detail in ODDITIES.items()]
    return issue_table(row for row in rows if row[2])


def _card(
    corpus: Corpus, query: Query, tally: Tally, yield_table: pd.DataFrame, filters: pd.DataFrame
) -> dict[str, Any]:
    options = {key: value for key, value in asdict(query).items() if key not in {"words", "language"}}
    kept = yield_table["kept"]
    steps = sorted({least for least in (1, 2, 5, 10, 15, query.n) if least <= query.n})
    return {
        "language": query.language,
        "corpus": corpus.name,
        "kind": corpus.kind,
        "date": corpus.date,
        "revision": corpus.revision,
        "licence": corpus.licence,
        "shards": [shard.name for shard in corpus.shards],
        "options": options,
        "words": len(query.words),
        "documents": tally.documents,
        "sentences_read": tally.sentences,
        "megabytes": round(tally.size / 1e6, 3),
        "sentences": int(kept.sum()),
        "words_with_at_least": {str(least): int((kept >= least).sum()) for least in steps},
        "filters": filters.to_dict("records"),
    }
