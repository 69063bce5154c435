"""JSON lines, and the JSON of SQuAD and its like."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.files import decoded_lines, open_binary, reading
from interlingua.contexts.corpora.readers.limits import Limits
from interlingua.errors import ContextsError, suggest

_LOOKED_AT: Final = 4096
_HALF: Final = re.compile("[\ud800-\udfff]")
_SQUAD: Final = '{"data": [{"paragraphs": [{"context": "..."}]}]}'
_OTHERWISE: Final = "write other JSON as JSON lines, a record with its text a line, and give it with kind = 'jsonl'"


def read_jsonl(path: Path, options: Options) -> Iterator[Document]:
    """Yield the record of each line of a JSON lines file; a text, and if there are such a page, url and date."""
    with reading(path), open_binary(path, options.limits) as stream:
        index = 0
        for number, line in decoded_lines(stream, path, options):
            if not line.strip():
                continue
            record = _parsed(line, f"{path}, line {number}")
            if not isinstance(record, dict):
                raise ContextsError(f"{path}, line {number}: expected a JSON object, not {type(record).__name__}")
            yield _document(record, {"page": "title"}, index, f"{path}, line {number}", options)
            index += 1


def read_squad(path: Path, options: Options) -> Iterator[Document]:
    """Yield each paragraph of a SQuAD file (XQuAD, TQuAD): its ``context``, with its article's title."""
    limits = options.limits
    with reading(path), open_binary(path, limits) as stream:
        content = stream.read(limits.json + 1)
        if len(content) > limits.json:
            raise ContextsError(
                f"{path}: more than {limits.json >> 20} MB of JSON in one piece; {_OTHERWISE}, or give "
                f"most_page_megabytes = {4 * limits.page_megabytes}"
            )
        whole = replace(options, limits=replace(limits, page_megabytes=limits.json))
        lines = decoded_lines(io.BufferedReader(io.BytesIO(content)), path, whole)
        text = "\n".join(line for _, line in lines)
    articles = _listed(_parsed(text, str(path)), "data", str(path))
    index = 0
    for number, article in enumerate(articles):
        where = f"{path}, data[{number}]"
        for place, paragraph in enumerate(_listed(article, "paragraphs", where)):
            at = f"{where}.paragraphs[{place}]"
            if not isinstance(paragraph, dict):
                raise _not_squad(at)
            title = article.get(options.columns.get("page", "title"))
            yield _document({"title": title, **paragraph}, {"text": "context", "page": "title"}, index, at, options)
            index += 1


def looks_like_squad(path: Path) -> bool:
    """Return whether a JSON file's beginning has the names that SQuAD's has."""
    try:
        with open_binary(path, Limits()) as stream:
            head = stream.read(_LOOKED_AT)
    except (ContextsError, OSError, EOFError):
        return False
    return b'"data"' in head or b'"paragraphs"' in head


def _listed(record: Any, key: str, where: str) -> list[Any]:
    if not isinstance(record, dict) or not isinstance(record.get(key), list):
        raise _not_squad(where)
    found: list[Any] = record[key]
    return found


def _not_squad(where: str) -> ContextsError:
    return ContextsError(f"{where}: not the JSON of SQuAD, XQuAD or TQuAD, which is {_SQUAD}; {_OTHERWISE}")


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = "; are these JSON lines? give kind = 'jsonl'" if error.msg == "Extra data" else ""
        raise ContextsError(f"{where}: not JSON ({error}){lines}") from None
    except RecursionError:
        raise ContextsError(f"{where}: JSON nested too deep to be a text's record; leave this one out") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise ContextsError(f"{where}: JSON that can't be read ({error}); leave this one out") from None


def _document(
    record: Mapping[str, Any], usual: Mapping[str, str], index: int, where: str, options: Options
) -> Document:
    """Return a record's text, page, url and date, by the names that `options.columns` gives them, or the usual ones."""
    names = {ours: options.columns.get(ours, usual.get(ours, ours)) for ours in ("text", "page", "url", "date")}
    text = record.get(names["text"])
    if not isinstance(text, str):
        wrong = f"no text '{names['text']}'{suggest(names['text'], record)}"
        if text is not None:
            wrong = f"'{names['text']}' is {type(text).__name__}, not text"
        raise ContextsError(
            f"{where}: {wrong}; it has {', '.join(record)}; say which it is with columns = {{ text = '...' }}"
        )
    cells = [text, *(str(record.get(names[key]) or "") for key in ("page", "url", "date"))]
    # JSON may hold half of a surrogate pair, which no other format can. A question mark instead would end a sentence.
    whole = [_HALF.sub("\ufffd", cell) for cell in cells]
    text, page, url, date = whole
    repaired = ("half a character",) if whole != cells else ()
    return Document(text, page, url, index, date, bool(options.sentences), repaired)
