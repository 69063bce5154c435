"""Prose out of wikitext; what MediaWiki shows is the oracle of each case."""

from __future__ import annotations

import pytest

pytest.importorskip("mwparserfromhell", reason="needs the extra 'corpora'")

from interlingua.contexts.corpora.readers.base import HOLE
from interlingua.contexts.corpora.readers.dump import plain_text


@pytest.mark.parametrize(
    ("wikitext", "shown"),
    [
        ("A [[cat]] and [[dog|two dogs]]s.", "A cat and two dogss."),
        ("See [[:File:a.png]] and [http://x.org the page], not [http://y.org].", "See File:a.png and the page, not."),
        ("[[Datei:x.jpg|mini|Ein Bild]]Berlin ist groß.", "Berlin ist groß."),
        ("[[Dosya:x|küçükresim|Resim]]Metin.", "Metin."),
        ("Text.[[Kategori:Kentler]]", "Text."),
        ("One<ref>note</ref> two<ref name=a /> three.", "One two three."),
        ("{| class=x\n| a || b\n|}\nAfter.", "After."),
        ("{{Infobox|a=b}}'''Berlin''' is a city.", "Berlin is a city."),
        ("{{Infobox|a=b}}\n'''Berlin''' is a city.", "Berlin is a city."),
        ("It ends. {{citation needed}} It goes on.", "It ends. It goes on."),
        ("It ends.{{sfn|Mann|1901}}", "It ends."),
        ("A word<ref>x</ref>{{sfn|Mann|1901}}.", "A word."),
        ("Born on {{date|9|11}} in Riga.", f"Born on {HOLE} in Riga."),
        ("Let <math>x</math> be real.", f"Let {HOLE} be real."),
        ("Berlin ({{IPA|x}}) and ({{a}}, {{b}}) end.", "Berlin and end."),
        ("{{lang|de|Straße}} means {{nowrap|a street}}.", "Straße means a street."),
        ("== Head ==\nText &amp; more&nbsp;text.", "Text & more\u00a0text."),
        ("* first\n* ''second''\n# third", "first\nsecond\nthird"),
        ("One<br>two<!-- no -->.", "One\ntwo."),
        ("-{州}-之一，-{zh-hans:计算机;zh-hant:電腦}-。", f"州之一，{HOLE}。"),
        ("__NOTOC__Text.", "Text."),
        ("l''''Italia''' e l'''amore''.", "l'Italia e l'amore."),
        ("'''''both''''' and '''b''' and ''i''.", "both and b and i."),
    ],
)
def test_prose(wikitext: str, shown: str) -> None:
    assert plain_text(wikitext, {"file", "image", "category", "dosya", "kategori"}) == shown
