"""Sentences with the rated word marked in each: reading, finding, sampling, splitting."""

from interlingua.contexts.authors import authors_languages, read_authors
from interlingua.contexts.carriers import carrier_contexts, carrier_frames, carrier_languages
from interlingua.contexts.download import AUTHORS_URL, authors_files, download_authors, verify_checksums
from interlingua.contexts.generic import attach_ratings, read_contexts
from interlingua.contexts.sampling import downsample, split_by_word
from interlingua.contexts.table import Contexts, check_contexts, concat, contexts_hash, duplicates

__all__ = [
    "AUTHORS_URL",
    "Contexts",
    "attach_ratings",
    "authors_files",
    "authors_languages",
    "carrier_contexts",
    "carrier_frames",
    "carrier_languages",
    "check_contexts",
    "concat",
    "contexts_hash",
    "download_authors",
    "downsample",
    "duplicates",
    "read_authors",
    "read_contexts",
    "split_by_word",
    "verify_checksums",
]
