"""One small module a format; each yields documents with where they come from."""

from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.registry import KINDS, Kind, kind_of

__all__ = ["KINDS", "Document", "Kind", "Options", "kind_of"]
