"""Small corpora of the formats that the readers know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

pytest.importorskip("icu4py", reason="needs the extra 'corpora'")
pytest.importorskip("sentencex", reason="needs the extra 'corpora'")

_PAGE = """  <page>
    <title>{title}</title><ns>{ns}</ns><id>{id}</id>{redirect}
    <revision><id>{id}</id><timestamp>2024-05-0{id}T10:00:00Z</timestamp>
      <model>wikitext</model><format>text/x-wiki</format><text xml:space="preserve">{text}</text>
    </revision>
  </page>
"""


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes one sentence a line in the layout of the Leipzig corpora."""

    def write(sentences: Iterable[str], name: str = "made_wikipedia_2021-sentences.txt") -> Path:
        path = tmp_path / name
        rows = (f"{number}\t{sentence}\n" for number, sentence in enumerate(sentences, start=1))
        path.write_text("".join(rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def dump() -> Callable[..., bytes]:
    return _dump


def _dump(pages: Iterable[tuple[str, int, str]], *, redirects: Iterable[str] = ()) -> bytes:
    """Return a MediaWiki dump of (title, namespace, wikitext)."""
    parts = [
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="tr">\n'
        "  <siteinfo><sitename>Vikipedi</sitename><dbname>trwiki</dbname>"
        "<base>https://tr.wikipedia.org/wiki/Anasayfa</base><generator>MediaWiki 1.43</generator>"
        '<case>first-letter</case><namespaces><namespace key="0" case="first-letter" />'
        '<namespace key="6" case="first-letter">Dosya</namespace>'
        '<namespace key="14" case="first-letter">Kategori</namespace></namespaces></siteinfo>\n'
    ]
    for number, (title, namespace, text) in enumerate(pages, start=1):
        redirect = '<redirect title="Elsewhere" />' if title in set(redirects) else ""
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        parts.append(_PAGE.format(title=title, ns=namespace, id=number, redirect=redirect, text=escaped))
    return ("".join(parts) + "</mediawiki>\n").encode()
