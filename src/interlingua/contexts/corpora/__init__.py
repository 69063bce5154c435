"""Corpora: from a list of words to n sentences each, in one pass with bounded memory."""

from interlingua.contexts.corpora.corpus import Corpus, Shard, open_corpus
from interlingua.contexts.corpora.matching import Match, Matcher
from interlingua.contexts.corpora.output import read_search, write_search
from interlingua.contexts.corpora.readers import KINDS, Document, Options
from interlingua.contexts.corpora.search import CorpusSearch, Progress, search_corpus
from interlingua.contexts.corpora.sentences import sentence_spans

__all__ = [
    "KINDS",
    "Corpus",
    "CorpusSearch",
    "Document",
    "Match",
    "Matcher",
    "Options",
    "Progress",
    "Shard",
    "open_corpus",
    "read_search",
    "search_corpus",
    "sentence_spans",
    "write_search",
]
