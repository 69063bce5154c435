"""MediaWiki XML dumps (``*-pages-articles.xml.bz2``, multistream too): the articles' prose without its markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from interlingua.contexts.corpora.readers.base import HOLE, Document, Options, open_binary, reading
from interlingua.errors import ContextsError

#: What is not prose, whatever the language of the page.
_HIDDEN_TAGS = frozenset(
    {"ref", "table", "gallery", "timeline", "score", "imagemap", "syntaxhighlight", "source", "pre", "references"}
    | {"templatestyles", "mapframe", "graph", "section"}
)
#: What leaves a hole in the sentence around it.
_HOLE_TAGS = frozenset({"math", "chem", "hiero", "code", "maplink"})
#: Templates that show one of their parameters as it is, by name: its number.
_SHOWN = {"lang": "2", "nowrap": "1", "nobr": "1", "nobreak": "1", "small": "1"}
_MEDIA = re.compile(r"\.(jpe?g|png|svg|gif|tiff?|webp|ogg|oga|ogv|webm|pdf|djvu|mid|wav)\s*$", re.IGNORECASE)
_LEFTOVERS = re.compile(r"__[A-Z]+__")
_VARIANTS = re.compile(r"-\{([^{}|:]*)\}-")
_OTHER_VARIANTS = re.compile(r"-\{[^{}]*\}-")
#: Holes that tear nothing: on a line of their own, in front of its first word, or behind a sentence's full stop.
_HARMLESS_HOLES = re.compile(rf"^{HOLE}+(?=[^ ])|^[{HOLE} ]+$|(?<=[.!?。！？])[ ]*{HOLE}+", re.MULTILINE)
_QUOTES = re.compile(r"'{2,}")
_SINGLE_LETTER = re.compile(r"\b[^\W\d_]$")
_BEFORE_PUNCTUATION = re.compile(r"[ \u00a0]+([,.;!?)\]])(?=\s|$)")
_EMPTY_BRACKETS = re.compile(r"\s?[(（]\s*[,;:–—\ufffc\s]*[)）]")
_BLANKS = re.compile(r"[ \t]+")
#: Namespaces 6 (File) and 14 (Category) in English, which every wiki understands beside its own names.
_ALWAYS_HIDDEN = ("file", "image", "category")


def read_dump(path: Path, options: Options) -> Iterator[Document]:
    """Yield the articles of a dump (namespace 0, no redirects), in the version that the dump holds last.

    Raises
    ------
    ContextsError
        If mwxml and mwparserfromhell are not installed, or the file is no dump, is damaged or breaks off.
    """
    del options  # a dump leaves no choice
    mwxml = _dump_library()
    with reading(path), open_binary(path) as stream:
        try:
            dump = mwxml.Dump.from_file(stream)
            site = dump.site_info
        except (AssertionError, mwxml.errors.MalformedXML) as error:
            raise ContextsError(f"{path}: not a MediaWiki dump (expected <mediawiki> and <siteinfo>)") from error
        hidden = _hidden_namespaces(site.namespaces)
        index = 0
        try:
            for page in dump.pages:
                revision = _last(page)
                if page.namespace != 0 or page.redirect or revision is None or not revision.text:
                    continue
                if revision.model not in {None, "wikitext"}:
                    continue
                date = str(revision.timestamp)[:10] if revision.timestamp else ""
                yield Document(plain_text(revision.text, hidden), page.title, _url(site.base, page), index, date)
                index += 1
        except mwxml.errors.MalformedXML as error:
            raise ContextsError(f"{path}: the dump is damaged ({error}); fetch the file again") from error


def plain_text(wikitext: str, hidden: Iterable[str] = _ALWAYS_HIDDEN) -> str:
    """Return the prose of a page: no templates, tables, notes, headings, pictures, lists of categories or markup.

    Parameters
    ----------
    wikitext
        The page's source.
    hidden
        Lower-case names of the namespaces whose links show no prose (files and categories).

    Returns
    -------
    str
        One paragraph a line. `HOLE` stands where a template or a formula belonged to a sentence: that sentence is
        no longer whole. A template that follows a word or a full stop directly is a note, and leaves none.
    """
    import mwparserfromhell

    hidden = frozenset(hidden)
    code = mwparserfromhell.parse(wikitext, skip_style_tags=True)
    text = _visible(code, hidden)
    text = _OTHER_VARIANTS.sub(HOLE, _VARIANTS.sub(r"\1", _LEFTOVERS.sub("", text)))
    text = _EMPTY_BRACKETS.sub("", text)
    text = _HARMLESS_HOLES.sub("", text)
    text = _BEFORE_PUNCTUATION.sub(r"\1", text)
    lines = (_BLANKS.sub(" ", _without_quotes(line)).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _visible(code: Any, hidden: frozenset[str]) -> str:
    from mwparserfromhell import nodes

    parts: list[str] = []
    for node in code.nodes:
        if isinstance(node, nodes.Text):
            parts.append(str(node.value))
        elif isinstance(node, nodes.Wikilink):
            parts.append(_link(node, hidden))
        elif isinstance(node, nodes.ExternalLink):
            parts.append(_visible(node.title, hidden) if node.title else "" if node.brackets else str(node.url))
        elif isinstance(node, nodes.Tag):
            parts.append(_tag(node, hidden))
        elif isinstance(node, nodes.HTMLEntity):
            parts.append(_entity(node))
        elif isinstance(node, nodes.Template):
            before = next((part[-1] for part in reversed(parts) if part), "\n")
            parts.append(_template(node, hidden, before))
        elif isinstance(node, nodes.Heading):
            parts.append("\n")
    return "".join(parts)


def _without_quotes(line: str) -> str:
    """Take the marks of italics and bold out of a line, but leave the apostrophe of ``l'''amour''``.

    As MediaWiki does it: of four marks one is an apostrophe, and where both kinds are odd in number one bold
    mark is an apostrophe and italics, the first that follows a single letter if there is one.
    """
    runs = list(_QUOTES.finditer(line))
    lengths = [len(run[0]) for run in runs]
    bold = sum(length != 2 for length in lengths)
    italic = sum(length == 2 or length >= 5 for length in lengths)
    spared = None
    if bold % 2 and italic % 2:
        bolds = [run.start() for run in runs if len(run[0]) == 3]
        after_letter = (at for at in bolds if _SINGLE_LETTER.search(line[:at]))
        spared = next(after_letter, bolds[0] if bolds else None)
    return _QUOTES.sub(lambda run: "'" if len(run[0]) == 4 or run.start() == spared else "", line)


def _template(node: Any, hidden: frozenset[str], before: str) -> str:
    shown = _SHOWN.get(str(node.name).strip().lower())
    if shown is not None and node.has(shown):
        return _visible(node.get(shown).value, hidden)
    return HOLE if before.isspace() or before in "(（[«„“\"'-–—" else ""


def _link(node: Any, hidden: frozenset[str]) -> str:
    title = str(node.title).strip()
    namespace, colon, _ = title.partition(":")
    if colon and namespace and (namespace.strip().lower().replace("_", " ") in hidden or _MEDIA.search(title)):
        return ""
    # [[:File:x]] and [[:de:x]] are links that show; their first colon does not.
    return _visible(node.text, hidden) if node.text is not None else title.removeprefix(":")


def _tag(node: Any, hidden: frozenset[str]) -> str:
    name = str(node.tag).strip().lower()
    if name in _HIDDEN_TAGS:
        return ""
    if name in _HOLE_TAGS:
        return HOLE
    if name in {"br", "hr"}:
        return "\n"
    if name in {"li", "dd", "dt"} or node.contents is None:
        return ""
    return _visible(node.contents, hidden)


def _entity(node: Any) -> str:
    try:
        character = str(node.normalize())
    except (ValueError, OverflowError):
        return ""
    return " " if character in "\r\n\t" else character


def _hidden_namespaces(namespaces: Any) -> frozenset[str]:
    names = set(_ALWAYS_HIDDEN)
    for namespace in namespaces or ():
        if namespace.id in {6, 14}:
            names.add(str(namespace.name).lower())
            names.update(str(alias).lower() for alias in namespace.aliases or ())
    return frozenset(names)


def _last(page: Any) -> Any:
    last = None
    for revision in page:
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
