"""Prose out of wikitext; what MediaWiki shows is the oracle of each case."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("mwparserfromhell", reason="needs the extra 'corpora'")

from interlingua.contexts.corpora.readers.base import HOLE, Document
from interlingua.contexts.corpora.readers.wikitext import plain_text
from interlingua.contexts.corpora.shard import sentences_of


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


def whole(wikitext: str, language: str = "en") -> list[str]:
    """Return the sentences of a page that are offered as whole ones."""
    document = Document(plain_text(wikitext), "", "", 0)
    return [text for text, broken in sentences_of(document, language) if not broken]


@pytest.mark.parametrize(
    ("wikitext", "kept"),
    [
        ("The road is love. {{convert|5|km}} is the length of it. All is well.", ["The road is love.", "All is well."]),
        ("The road is love. {{ship|HMS|Love}} Captain Hardy sang.", ["The road is love."]),
        ("{{num|3}} people loved it. They sang.", ["They sang."]),
        ("{{num|3}}-fold love is rare. They sang.", ["They sang."]),
        ("{{{1|Anna}}} loved it. They sang.", ["They sang."]),
        ("They cry. <math>E</math> is the love in it. They sang.", ["They cry.", "They sang."]),
        ("<math>E</math>-waves are love. They sang.", ["They sang."]),
        ("They cry. The love is given by\n:<math>E</math>\nwhere E is hate. So it is.", ["They cry.", "So it is."]),
        ("Love ends.{{convert|5|km}} is its length. They sang.", ["Love ends.", "They sang."]),
        ("We love H{{sub|2}}O. The 19{{th}} century ended. They sang.", ["They sang."]),
        ("It ends here. {{senza fonte|in that city}} love is old. They sang.", ["It ends here.", "They sang."]),
        # Nothing is torn by these.
        ("It ends. {{citation needed|date=May 2020}} It goes on.", ["It ends.", "It goes on."]),
        ("It ends. {{quotation|x}}\nIt goes on.", ["It ends.", "It goes on."]),
        ("{{Infobox\n| a = b\n}}'''Love''' is old.", ["Love is old."]),
        ("{{Infobox\n| a = b\n}}\n{{Coord|1|2}}\nLove is old.", ["Love is old."]),
        ("It sang<gallery>\nA.jpg|love\n</gallery>Love is old.", ["Love is old."]),
        ("An open <small>tag of layout. A closed one</span> too.", ["An open tag of layout.", "A closed one too."]),
    ],
)
def test_no_torn_sentence_is_whole(wikitext: str, kept: list[str]) -> None:
    assert whole(wikitext) == kept


@pytest.mark.parametrize(
    ("wikitext", "kept"),
    [
        ("他是之一。{{convert|5|km}}是长度。它是好的。", ["他是之一。", "它是好的。"]),
        ("-{zh-hans:计算机;zh-hant:電腦}-是机器。它是好的。", ["它是好的。"]),
        ("好的。-{zh-hans:计算机;zh-hant:電腦}-是机器。", ["好的。"]),
        ("他说{{tsl|en|John}}的儿子来了。它{{notetag|x}}是好的。", ["它是好的。"]),
        ("公式为\n:<math>E</math>\n是能量。它是好的。", ["它是好的。"]),
        ("{{Infobox\n| a = b\n}}\n柏林是城市。-{H|zh:a;zh-tw:b}-\n-{R|州}-是好的。", ["柏林是城市。", "州是好的。"]),
    ],
)
def test_no_torn_sentence_is_whole_where_no_blanks_part_words(wikitext: str, kept: list[str]) -> None:
    assert whole(wikitext, "zh") == kept


@pytest.mark.parametrize(
    ("wikitext", "kept"),
    [
        ("It is old. A word<ref>Smith loves it. He does.\n\nIt goes on.", ["It is old.", "It goes on."]),
        ("A word, as Smith loves it. </ref> It goes on. It ends.", ["It ends."]),
        ("It is old.\n{| class=x\n| a || love.\n|-\nIs it?\n== H ==\nIt goes on.", ["It is old.", "It goes on."]),
        ("{{Infobox\n| a = Love is.\n'''Love''' is old. It is.\n== H ==\nIt goes on.", ["It goes on."]),
        ("| a = Love is.\n| b = It is.\n}}\nIt goes on.", ["It goes on."]),
        ("It is old. It has {{convert|5 love. It is.\nIt goes on.", ["It is old.", "It goes on."]),
        ("[[File:x.jpg|thumb|Love of a [[cat]]. It is.\nIt goes on.", ["It goes on."]),
        ("It is old. See [http://x.org the page. It is.", ["It is old."]),
        ("It is <!-- love. It is.\nIs it?\n== H ==\nIt goes on.", ["It goes on."]),
        ("<table><tr><td>Love is.\nIs it?\n== H ==\nIt goes on.", ["It goes on."]),
        ("It is -{zh-hans:a. Is it?", []),
        ("It is }} old. It goes on.", ["It goes on."]),
        ("It is old. It is <math>x. Is it?\n\nIt goes on.", ["It is old.", "It goes on."]),
    ],
)
def test_what_is_left_over_of_markup_is_no_prose(wikitext: str, kept: list[str]) -> None:
    assert whole(wikitext) == kept


@pytest.mark.parametrize(
    "wikitext",
    [
        f"({' ' * 60_000}x", f"x{' ' * 60_000}x", "\u00a0" * 60_000 + "x", f"({' ,' * 30_000}", "( " * 30_000,
        "{{a|" * 2_000, "[[a|" * 4_000, "{{a|[[b|" * 1_000, "word{{sfn|a}} " * 2_000, "<ref>a</ref>" * 3_000,
        "l'''a''' " * 5_000, "<b " * 1_000, "-{" * 20_000, "." * 60_000, ".)" * 20_000 + "x",
        ":<math>x</math>\n" * 3_000,
    ],
)  # fmt: skip
def test_time_grows_as_the_page_does(wikitext: str) -> None:
    began = time.process_time()
    whole(f"Love is. {wikitext}")
    assert time.process_time() - began < 4
