"""Ways to spoil a text and a container, all of them by a random generator that a seed decides."""

from __future__ import annotations

import bz2
import copy
import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

#: What is put into texts: what parts cells and lines, quotes, opens and closes, encodes, and what no text has.
_TOKENS = [
    *(",", ";", "\t", "|", '"', '""', "'", "\n", "\r", "\r\n", "\n\n", " ", "\\", "/", "=", "#", "%", "&"),
    *(
        "\0",
        "\ufeff",
        "\u200b",
        "\u00ad",
        "\u2028",
        "\x0b",
        "\x1c",
        "\x85",
        "\ud7ff",
        "é",
        "e\u0301",
        "İ",
        "ß",
        "我",
        "𝒳",
    ),
    *("NA", "nan", "inf", "-inf", "1e400", "-1", "0", "1,5", "1.5", "1_000", "٣", "½", "9" * 400, "−3"),
    *(
        "{{",
        "}}",
        "[[",
        "]]",
        "{|",
        "|}",
        "<ref>",
        "</ref>",
        "<!--",
        "-->",
        "-{",
        "}-",
        "''",
        "<",
        ">",
        "&amp;",
        "&#0;",
    ),
    *(
        "[",
        "]",
        "{",
        "}",
        ":",
        "null",
        "true",
        "\\u0000",
        "\\ud800",
        "[" * 3000,
        '{"a":' * 2000,
        " " * 5000,
        "x" * 70_000,
    ),
    *("</text>", "<page>", "</page>", "<title>", "]]>", "<?xml?>", "word", "valence", "text", "1-2\t", "1.1\t"),
]


def spoilt_text(text: str, chance: random.Random) -> str:
    """Return a text with one to a few changes of its characters, tokens and lines."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        text = chance.choice(_OF_TEXT)(text, chance)
    return text


def _insert(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.choice(_TOKENS) + text[place:]


def _replace(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.choice(_TOKENS) + text[place + chance.choice((1, 1, 2, 9)) :]


def _delete(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + text[place + chance.choice((1, 1, 2, 7, 60)) :]


def _swap(text: str, chance: random.Random) -> str:
    if len(text) < 2:
        return text
    place = chance.randrange(len(text) - 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _lines(text: str, chance: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    at = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            lines.insert(at, chance.choice(lines))
        case 1:
            del lines[at]
        case 2:
            lines[at:at] = ["\n"] * chance.choice((1, 2, 50))
        case 3:
            lines[at] = lines[at].rstrip("\n")
        case _:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
    return "".join(lines)


def _cut(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] if chance.random() < 0.7 else text[place:]


def _ends(text: str, chance: random.Random) -> str:
    return text.replace("\n", chance.choice(("\r\n", "\r", "\n\n", "\u2028")))


def _everywhere(text: str, chance: random.Random) -> str:
    place = chance.randrange(max(len(text), 1))
    return text.replace(text[place : place + 1] or "x", chance.choice(_TOKENS), chance.choice((2, 5, 40)))


_OF_TEXT: list[Callable[[str, random.Random], str]] = [
    *(_insert, _insert, _replace, _replace, _delete, _delete, _swap, _lines, _lines, _cut, _ends, _everywhere)
]


def spoilt_xml(text: str, chance: random.Random) -> str:
    """Return XML that is still well formed: what stands between tags, or the value of an attribute, is spoilt."""
    places = list(re.finditer(r">([^<]+)<|=\"([^\"]*)\"", text))
    if not places:
        return spoilt_text(text, chance)
    for found in sorted(chance.sample(places, min(len(places), chance.choice((1, 1, 2, 5)))), key=lambda m: -m.start()):
        group = 1 if found[1] is not None else 2
        new = spoilt_text(found[group], chance).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        kept = "".join(c for c in new if c in "\t\n\r" or c >= " ")
        text = text[: found.start(group)] + kept + text[found.end(group) :]
    return text


#: What is put in the place of a value of JSON.
_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 7, 0.5, -0.0, 1e308, 2**31, 2**63, 10**30, float("nan"), float("inf")),
    *("", "1", "0.5", "x", "../x", "é", [], {}, [1], {"a": 1}),
]


def spoilt_json(text: str, chance: random.Random) -> str:
    """Return JSON that is still JSON: values are another's or of another type, keys are lost, renamed or swapped."""
    tree = json.loads(text)
    for _ in range(chance.choice((1, 1, 2, 4))):
        places = list(_places(tree))
        if not places:
            break
        inside, key = chance.choice(places)
        match chance.randrange(6):
            case 0:
                del inside[key]
            case 1 if isinstance(key, str):
                inside[spoilt_text(key, chance)[:100]] = inside.pop(key)
            case 2:
                other, there = chance.choice(places)
                inside[key], other[there] = other[there], inside[key]
            case 3 if isinstance(inside[key], int):
                inside[key] += chance.choice((-1, 1, 4, 8))
            case 4 if isinstance(inside[key], str):
                inside[key] = spoilt_text(inside[key], chance)
            case _:
                inside[key] = copy.deepcopy(chance.choice(_VALUES))
        try:
            json.dumps(tree)
        except (ValueError, RecursionError):  # swapped with what it stands in
            return text
    return json.dumps(tree)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container in a tree with each of its keys."""
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict | list):
            keys = list(here) if isinstance(here, dict) else range(len(here))
            yield from ((here, key) for key in keys)
            waiting += [here[key] for key in keys]


def spoilt_bytes(content: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to a few changes."""
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 12))):
        place = chance.randrange(len(spoilt) + 1)
        match chance.randrange(7):
            case 0 if place < len(spoilt):
                spoilt[place] ^= 1 << chance.randrange(8)
            case 1 if place < len(spoilt):
                spoilt[place] = chance.choice((0, 0xFF, 0x7F, 0x80, chance.randrange(256)))
            case 2:
                spoilt[place : place + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"\x01\0\0\0"))
            case 3:
                del spoilt[place : place + chance.randrange(1, 64)]
            case 4:
                spoilt[place:place] = chance.randbytes(chance.randrange(1, 32))
            case 5:
                other = chance.randrange(len(spoilt) + 1)
                spoilt[place : place + 32] = spoilt[other : other + 32]
            case _:
                del spoilt[chance.randrange(len(spoilt) + 1) :]
    return bytes(spoilt)


#: How a text may be encoded after it was spoilt.
def encoded(text: str, chance: random.Random) -> bytes:
    """Return a text's bytes, now and then in another encoding or with bytes that are none."""
    match chance.randrange(20):
        case 0:
            return text.encode("utf-16", "replace")
        case 1:
            return text.encode("cp1252", "replace")
        case 2:
            return spoilt_bytes(text.encode("utf-8", "replace"), chance)
        case 3:
            return b"\xef\xbb\xbf" + text.encode("utf-8", "replace")
    return text.encode("utf-8", "replace")


def rezipped(content: bytes, chance: random.Random, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return a ZIP archive whose members `change` has changed, packed anew with right checksums."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        spoilt = chance.choice(names)
        for name in names:
            member = old.read(name)
            new.writestr(name, change(name, member) if name == spoilt else member)
            if name == spoilt and chance.random() < 0.02:
                new.writestr(name, member)  # twice under one name
    return out.getvalue()


def regzipped(text: bytes) -> bytes:
    """Return bytes as a gzip file."""
    return gzip.compress(text, mtime=0)


def rebz2(text: bytes) -> bytes:
    """Return bytes as a bzip2 file."""
    return bz2.compress(text)
