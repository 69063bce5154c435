"""Pages whose markup may take the parser minutes: read in a process of its own, which is given so much time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from typing import Final

from interlingua.contexts.corpora.readers.limits import Limits
from interlingua.contexts.corpora.readers.wikitext import plain_text

#: The parser tries whatever nothing closes to the end of the page. So many such places, or so long a page, take long.
_LONG: Final = 500_000
_MANY: Final = 200
_TAG: Final = re.compile(r"<(?!(?:br|hr|wbr)\b)[A-Za-z][^<>]{0,200}>")
_CLOSED: Final = re.compile(r"</[A-Za-z]|/>")
_CUT: Final = re.compile(r"<[A-Za-z][^<>]{0,2000}(?=<|\Z)")
_OPEN_TABLE, _CLOSED_TABLE = "{|", "|}"
_ADDRESS: Final = re.compile(r"\[(?:https?:)?//[^\]\n]*(?=\n|\Z)")
#: Address space of the process.
_MEMORY: Final = 2**31


def page_text(wikitext: str, hidden: Iterable[str], where: str, limits: Limits) -> str:
    """Return the prose of a page, as `interlingua.contexts.corpora.readers.wikitext.plain_text` does.

    Raises
    ------
    ContextsError
        The page takes longer than `limits` allow; `where` names it.
    """
    if not may_be_slow(wikitext):
        return plain_text(wikitext, hidden)
    task = json.dumps([wikitext, sorted(hidden)])
    command = [sys.executable, "-c", f"import {__name__} as page; page.main()"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    try:
        done = subprocess.run(
            command,
            input=task.encode("ascii"),
            capture_output=True,
            timeout=limits.page_seconds,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise limits.too_slow(where) from None
    if done.returncode:  # no memory left, or a fault of the parser
        raise limits.too_slow(where)
    text: str = json.loads(done.stdout)
    return text


def may_be_slow(wikitext: str) -> bool:
    """Return whether a page has so much that nothing closes, or is so long, that the parser may take long."""
    if len(wikitext) > _LONG:
        return True
    open_tags = len(_TAG.findall(wikitext)) - len(_CLOSED.findall(wikitext))
    open_tables = wikitext.count(_OPEN_TABLE) - wikitext.count(_CLOSED_TABLE)
    cut = len(_CUT.findall(wikitext))
    return max(open_tags, open_tables, len(_ADDRESS.findall(wikitext))) > _MANY or cut > 10


def main() -> None:
    """Read a page from standard input, and write its prose to standard output."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    except (ImportError, ValueError, OSError):  # Windows, or a system that refuses
        pass
    wikitext, hidden = json.loads(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(plain_text(wikitext, hidden)))
