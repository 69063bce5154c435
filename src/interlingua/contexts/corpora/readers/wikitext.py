"""The prose of a wiki page: its source without the markup, and a mark wherever what is left is not whole.

Nothing that may be torn is left to look whole. Where a template, a formula or a variant mark belonged to a sentence
stands `HOLE`; where markup is open that nothing closes, or closed that nothing opens, stand `OPENED` and `CLOSED`:
which of the text around them is prose can't be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from interlingua.contexts.corpora.readers.base import CLOSED, HOLE, OPENED
from interlingua.contexts.corpora.readers.notes import is_note

#: Namespaces 6 (File) and 14 (Category) in English, which every wiki understands beside its own names.
ALWAYS_HIDDEN: Final = ("file", "image", "category")

#: What is not prose, whatever the language of the page, and leaves the sentence around it whole.
_HIDDEN_TAGS: Final = frozenset({"ref", "references", "templatestyles", "section"})
#: What is not prose and parts paragraphs.
_BLOCK_TAGS: Final = frozenset(
    {"table", "gallery", "timeline", "score", "imagemap", "syntaxhighlight", "source", "pre", "mapframe", "graph"}
)
#: What leaves a hole in the sentence around it.
_HOLE_TAGS: Final = frozenset({"math", "chem", "ce", "hiero", "code", "maplink"})
#: Templates that show one of their parameters as it is, by name: its number.
_SHOWN: Final = {"lang": "2", "nowrap": "1", "nobr": "1", "nobreak": "1", "small": "1"}

#: Marks of this module alone, none of them a character of Unicode. A template's place may be that of a note, so what
#: stands around it decides whether it leaves a hole; `_GLUED` is one right behind a word or a full stop.
_TEMPLATE: Final = "\ufdd0"
_GLUED: Final = "\ufdd1"
_SECTION: Final = "\ufdd2"

_FINAL: Final = ".!?…。！？"
_CLOSING: Final = "\"'»”’)\\]」』）"
_MEDIA: Final = re.compile(r"\.(jpe?g|png|svg|gif|tiff?|webp|ogg|oga|ogv|webm|pdf|djvu|mid|wav)\s*$", re.IGNORECASE)
_SWITCHES: Final = re.compile(r"__[A-Z]+__")
#: Variants of Chinese and its like: what all have, what none shows, and all others.
_VARIANTS: Final = re.compile(r"-\{(?:\s*R\s*\|)?([^{}|:]*)\}-")
_SILENT_VARIANTS: Final = re.compile(r"-\{\s*[HT-]\s*\|[^{}]*\}-")
_OTHER_VARIANTS: Final = re.compile(r"-\{[^{}]*\}-")

# Every one of these takes time that grows with the text as its length does, whatever the text: none may begin to
# match inside a run of blanks.
_BLANKS: Final = re.compile(r"[ \t]+")
_BEFORE_PUNCTUATION: Final = re.compile(r"(?<![ \u00a0])[ \u00a0]+([,.;!?)\]])(?=\s|$)")
_EMPTY_BRACKETS: Final = re.compile(rf"\s?[(（][,;:–—{HOLE}{_TEMPLATE}{_GLUED}\s]*[)）]")
_NUMERAL: Final = re.compile(r"(?:\d|\b[IVXLC]{1,8})$")
_SINGLE_LETTER: Final = re.compile(r"\b[^\W\d_]$")
_QUOTES: Final = re.compile(r"'{2,}")
#: Templates that tear nothing: in front of the bold first words of a page, and behind the last sentence of a line.
_LEADING: Final = re.compile(rf"^{_TEMPLATE}+ ?(?=''')", re.MULTILINE)
_TRAILING: Final = re.compile(rf"([{_FINAL}][{_CLOSING}]*) ?[{_TEMPLATE}{_GLUED}]+ ?$", re.MULTILINE)
_BEHIND: Final = re.compile(f"{_GLUED}+")
_HOLES_ONLY: Final = re.compile(f"[{HOLE}{_TEMPLATE} ]+")
_INNER_END: Final = re.compile(rf"[{_FINAL}][{_CLOSING}]*(?: |(?<=[。！？]))")

#: Tags that only lay text out: MediaWiki drops them where they are not closed or not opened, and so is done here.
_LAYOUT_TAG: Final = re.compile(
    r"</?(?P<breaks>p|div|blockquote|center|poem|li|dd|dt|ul|ol|dl|h[1-6])\b[^<>]*>"
    r"|</?(?:big|small|span|font|b|i|u|s|strike|del|ins|sup|sub|em|strong|cite|q|abbr|tt|kbd|samp|var|bdi|bdo|ruby|rb"
    r"|rt|rp|dfn|mark|time|data|wbr|nowiki|noinclude|includeonly|onlyinclude)\b[^<>]*>",
    re.IGNORECASE,
)
_TABLE_TAGS: Final = r"table|tr|td|th|caption|thead|tbody"
_EXTENSIONS: Final = "|".join(sorted(_HIDDEN_TAGS | _BLOCK_TAGS | _HOLE_TAGS))
#: Open to the end of its section: an infobox, a table, a comment, a block.
_OPEN_BLOCK: Final = re.compile(
    rf"^(?:{OPENED}|\{{\{{)|\{{\||<!--|<(?:{_TABLE_TAGS}|references|{'|'.join(sorted(_BLOCK_TAGS))})\b", re.IGNORECASE
)
#: Open to the end of its paragraph. A row of a table is never prose.
_OPEN: Final = re.compile(
    rf"{OPENED}|\{{\{{|\[\[|-\{{|\[(?=(?:https?:|ftp:)?//)|^\||\|\||<(?:{_EXTENSIONS})\b", re.IGNORECASE
)
_CLOSE: Final = re.compile(rf"\}}\}}|\]\]|\|\}}|\}}-|-->|</(?:{_TABLE_TAGS}|{_EXTENSIONS})\b[^<>]*>?", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\{\{|\[\[|\}\}|\]\]")
#: Brackets that are left open before they are taken out of the parser's way, which tries each of them to the end of the
#: page: its own limit of depth.
_MOST_OPEN: Final = 40


def plain_text(wikitext: str, hidden: Iterable[str] = ALWAYS_HIDDEN) -> str:
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
        One paragraph a line. `HOLE` stands where a template, a formula or a variant mark belonged to a sentence: that
        sentence is no longer whole. A template that is a note by its name, or follows a word or a full stop directly,
        leaves none. `OPENED` and `CLOSED` stand where markup is left over.
    """
    import mwparserfromhell

    hidden = frozenset(hidden)
    try:
        code = mwparserfromhell.parse(_with_few_open(wikitext), skip_style_tags=True)
        text = _visible(code, hidden)
    except (mwparserfromhell.parser.ParserError, RecursionError):
        # One page that the parser gives up is no reason to give up the dump: all of it is markup left over.
        return "\n".join(OPENED + line.strip() for line in wikitext.splitlines() if line.strip())
    text = _SILENT_VARIANTS.sub("", _SWITCHES.sub("", text))
    text = _OTHER_VARIANTS.sub(HOLE, _VARIANTS.sub(r"\1", text))
    text = _BLANKS.sub(" ", text)
    text = _EMPTY_BRACKETS.sub("", text)
    text = _TRAILING.sub(r"\1", _LEADING.sub("", text))
    text = _BEHIND.sub(_hole_behind, text)
    text = _BEFORE_PUNCTUATION.sub(r"\1", text)
    lines = (_BLANKS.sub(" ", _without_quotes(line)).strip() for line in text.split("\n"))
    return "\n".join(_with_leftovers_marked(_with_holes_attached(line for line in lines if line)))


def _visible(code: Any, hidden: frozenset[str]) -> str:
    from mwparserfromhell import nodes

    parts: list[str] = []
    for node in code.nodes:
        if isinstance(node, nodes.Text):
            shown = _LAYOUT_TAG.sub(lambda tag: "\n" if tag["breaks"] else "", str(node.value))
        elif isinstance(node, nodes.Wikilink):
            shown = _link(node, hidden)
        elif isinstance(node, nodes.ExternalLink):
            shown = _visible(node.title, hidden) if node.title else "" if node.brackets else str(node.url)
        elif isinstance(node, nodes.Tag):
            shown = _tag(node, hidden)
        elif isinstance(node, nodes.HTMLEntity):
            shown = _entity(node)
        elif isinstance(node, nodes.Template):
            shown = _template(node, hidden, parts[-1] if parts else "\n")
        elif isinstance(node, nodes.Argument):
            shown = HOLE
        elif isinstance(node, nodes.Heading):
            shown = f"\n{_SECTION}\n"
        else:  # comments
            shown = ""
        if shown:
            parts.append(shown)
    return "".join(parts)


def _template(node: Any, hidden: frozenset[str], before: str) -> str:
    name = str(node.name).strip().lower().replace("_", " ")
    shown = _SHOWN.get(name)
    if shown is not None and node.has(shown):
        return _visible(node.get(shown).value, hidden)
    if is_note(name, has_words=any(not parameter.showkey for parameter in node.params)):
        return ""
    last = before[-1]
    if last == "\n" and "\n" in str(node):
        return f"{_TEMPLATE}\n"  # an infobox ends the line that it is alone on
    if last.isspace() or last in f"(（[«„“\"'-–—{_TEMPLATE}":
        return _TEMPLATE
    # What is behind a number, and given nothing, is part of the number: 19{{th}}, XIX{{e}}, 5{{nbsp}}km.
    return HOLE if not node.params and _NUMERAL.search(before[-9:]) else _GLUED


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
    if name in _HOLE_TAGS or (name in _BLOCK_TAGS and node.has("inline")):
        return HOLE
    if name in _BLOCK_TAGS:
        return f"\n{_TEMPLATE}\n"
    if name in {"br", "hr"}:
        return "\n"
    if name == "nowiki" and re.search(r"[<>{}|\[\]]|''", str(node.contents)):
        return HOLE  # shown as it stands, markup is no prose either
    return "" if name in {"li", "dd", "dt"} or node.contents is None else _visible(node.contents, hidden)


def _entity(node: Any) -> str:
    try:
        character = str(node.normalize())
    except (ValueError, OverflowError):
        return HOLE
    return " " if character in "\r\n\t" else character


def _hole_behind(found: re.Match[str]) -> str:
    """Return what a template leaves that stands right behind a word or a full stop: mostly it is a note."""
    text, start, end = found.string, found.start(), found.end()
    if text[end : end + 1].isalnum():
        return HOLE
    torn = text[start - 1] in _FINAL and text[end : end + 2].lstrip(" ")[:1].islower()
    return HOLE if torn else ""


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
        after_letter = (at for at in bolds if _SINGLE_LETTER.search(line[max(0, at - 2) : at]))
        spared = next(after_letter, bolds[0] if bolds else None)
    return _QUOTES.sub(lambda run: "'" if len(run[0]) == 4 or run.start() == spared else "", line)


def _with_holes_attached(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that are not holes alone; a sentence that such a line interrupts has a hole then.

    The sentence around a formula on a line of its own goes on unless a capital follows; templates on lines of their
    own are mostly boxes, so that behind them only a small letter shows that a sentence goes on.
    """
    waiting, template, formula = "", False, False
    for line in lines:
        if _HOLES_ONLY.fullmatch(line):
            template, formula = True, formula or HOLE in line
            if HOLE in line and _is_unfinished(waiting):
                waiting += f" {HOLE}"
            continue
        if waiting:
            yield waiting
        goes_on = line[0].islower() or (formula and not line[0].isupper() and line != _SECTION)
        waiting = f"{HOLE} {line}" if template and goes_on else line
        waiting = waiting.replace(_TEMPLATE, HOLE)
        template = formula = False
    if waiting:
        yield waiting


def _is_unfinished(line: str) -> bool:
    """Return whether sentences end inside a line but its last one does not."""
    last = line.rstrip(_CLOSING)[-1:]
    return last not in f"{_FINAL}{HOLE}" and _INNER_END.search(line) is not None


def _with_leftovers_marked(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines without the marks of sections, `OPENED` and `CLOSED` where markup is left over."""
    open_section = False
    for line in lines:
        marked = line
        if line == _SECTION:
            open_section = False
            continue
        if open_section:
            yield OPENED + line.replace(OPENED, "")
            continue
        block, opened = _OPEN_BLOCK.search(line), _OPEN.search(line)
        open_section = block is not None
        starts = [found.start() for found in (block, opened) if found is not None]
        closed = max((found.end() for found in _CLOSE.finditer(line)), default=None)
        marks = [(closed, CLOSED)] if closed is not None else []
        marks += [(min(starts), OPENED)] if starts else []
        for at, mark in sorted(marks, reverse=True):
            marked = marked[:at] + mark + marked[at:]
        yield marked


def _with_few_open(wikitext: str) -> str:
    """Return a page's source; where very many brackets are open that nothing closes, with `OPENED` in their places."""
    open_at: dict[str, list[int]] = {"{{": [], "[[": []}
    for found in _BRACKETS.finditer(wikitext):
        if found[0] in open_at:
            open_at[found[0]].append(found.start())
        elif stack := open_at["{{" if found[0] == "}}" else "[["]:
            stack.pop()
    unclosed = sorted(open_at["{{"] + open_at["[["])
    if len(unclosed) <= _MOST_OPEN:
        return wikitext
    pieces, end = [], 0
    for at in unclosed:
        pieces += [wikitext[end:at], OPENED]
        end = at + 2
    return "".join([*pieces, wikitext[end:]])
