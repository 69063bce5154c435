"""MediaWiki XML dumps (``*-pages-articles.xml.bz2``, multistream too): their articles, in the last version of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import ParseError

from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.files import open_binary, reading
from interlingua.contexts.corpora.readers.limits import Pages
from interlingua.contexts.corpora.readers.slow_page import page_text
from interlingua.contexts.corpora.readers.wikitext import ALWAYS_HIDDEN
from interlingua.errors import ContextsError


def read_dump(path: Path, options: Options) -> Iterator[Document]:
    """Yield the articles of a dump (namespace 0, no redirects), in the version that the dump holds last.

    Raises
    ------
    ContextsError
        If mwxml and mwparserfromhell are not installed, the file is no dump, is damaged or breaks off, or a page is
        too long or takes too long.
    """
    mwxml = _dump_library()
    with reading(path), open_binary(path, options.limits) as stream:
        pages = Pages(stream, path, options.limits)
        try:
            dump = mwxml.Dump.from_file(pages)
            site = dump.site_info
        except (AssertionError, mwxml.errors.MalformedXML) as error:
            raise ContextsError(f"{path}: not a MediaWiki dump (expected <mediawiki> and <siteinfo>)") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise ContextsError(f"{path}: the dump's <siteinfo> is damaged ({error}); fetch the file again") from error
        hidden = _hidden_namespaces(site.namespaces)
        for index, (page, revision) in enumerate(_articles(dump, path, mwxml, pages)):
            date = str(revision.timestamp)[:10] if revision.timestamp else ""
            text = page_text(revision.text, hidden, f"{path}, page '{page.title}'", options.limits)
            yield Document(text, page.title, _url(site.base, page), index, date)


def _articles(dump: Any, path: Path, mwxml: Any, stream: Pages) -> Iterator[tuple[Any, Any]]:
    """Yield the articles with their last revisions."""
    pages, last, title = iter(dump.pages), "", None
    while True:
        title = None
        try:
            page = next(pages, None)
            if page is None:
                return
            title = page.title
            stream.turn(title)
            revision = _last(page, stream)
        except (ParseError, EOFError, OSError):
            raise  # the file breaks off, which `reading` says
        except (mwxml.errors.MalformedXML, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
            # An id that is no number, a page without a title, a timestamp that is none: mwxml lets them through as
            # they come. All are signs of damage.
            where = f"page '{title}'" if title else f"the page after '{last}'" if last else "the first page"
            raise ContextsError(f"{path}, {where}: the dump is damaged ({error}); fetch the file again") from error
        last = title
        if page.namespace != 0 or page.redirect or revision is None or not revision.text:
            continue
        if revision.model in {None, "wikitext"}:
            yield page, revision


def _hidden_namespaces(namespaces: Any) -> frozenset[str]:
    names = set(ALWAYS_HIDDEN)
    for namespace in namespaces or ():
        if namespace.id in {6, 14}:
            names.add(str(namespace.name).lower())
            names.update(str(alias).lower() for alias in namespace.aliases or ())
    return frozenset(names)


def _last(page: Any, stream: Pages) -> Any:
    last = None
    for revision in page:
        stream.turn()
        last = revision
    return last


def _url(base: str | None, page: Any) -> str:
    if not base:
        return ""
    return f"{base.rsplit('/', 1)[0]}/{quote(page.title.replace(' ', '_'), safe='/:,()')}"


def _dump_library() -> Any:
    try:
        import mwparserfromhell  # noqa: F401 - asked for here so that its absence is said before any page is read
        import mwxml
        import mwxml.errors
    except ImportError:
        raise ContextsError(
            "reading MediaWiki dumps needs mwxml and mwparserfromhell; type: pip install 'interlingua[corpora]'"
        ) from None
    return mwxml
