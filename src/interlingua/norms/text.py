"""Tables of text: in which encoding they are, and what parts their cells."""

from __future__ import annotations

import codecs
import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from interlingua.errors import NormsError
from interlingua.norms.advice import Keys
from interlingua.norms.card import Format, Layout
from interlingua.norms.encodings import check_encoding, encodings_of, likely_encodings, unicode_without_mark
from interlingua.norms.quotes import Cells, QuotesError, split_cells

_BYTE_ORDER: Final = (b"\xff\xfe", b"\xfe\xff")
_LINES_LOOKED_AT: Final = 50
_WRAPPED: Final = re.compile(r'"[^"\n]*"')
#: What may part cells, and is looked for.
_SEPARATORS: Final = "\t;,"


@dataclass(frozen=True)
class Text:
    """The cells of a text file, and how it was decoded.

    Attributes
    ----------
    cells : Cells
    encoding, separator : str
    issues : list
        What is to be told of it: kind, count, detail.
    """

    cells: Cells
    encoding: str
    separator: str
    issues: list[tuple[str, int, str]] = field(default_factory=list)


def read_text(
    content: bytes, name: str, file: Path, kind: Format, layout: Layout, language: str | None, keys: Keys
) -> Text:
    """Decode a table of text and split it into cells.

    Raises
    ------
    NormsError
        It is in another encoding, is no text, has more cells than are read, or its quotation marks make no sense.
    """
    issues: list[tuple[str, int, str]] = []
    try:
        check_encoding(layout.encoding)
        text, encoding = _decode(content, layout.encoding)
    except NormsError as error:
        usual = (*encodings_of(language), "utf-8")[0] if language else "utf-8"
        raise NormsError(f"{file}: {error}; give {keys.option(encoding=usual)}") from None
    except UnicodeError as error:
        raise NormsError(
            f"{file} is not {layout.encoding.upper()}: {_encoding_hint(content, error, layout, language, keys)}"
        ) from None
    if encoding == "utf-8" != layout.encoding and not text.isascii():
        detail = f'{file.name} is UTF-8 and was read as such, although encoding = "{layout.encoding}" was given'
        issues.append(("encoding", 1, detail))
    if "\0" in text:
        other = "utf-16" if content[:2] in _BYTE_ORDER else unicode_without_mark(content) or "utf-16"
        raise NormsError(
            f"{file} is not a text table: it holds zero bytes; if it is {other.upper()}, give "
            f"{keys.option(encoding=other)}"
        )
    found = _separator(text, kind, name, layout)
    if layout.separator is not None and (len(layout.separator) != 1 or layout.separator in '"\r\n'):
        guessed = _separator(text, "csv", "", layout.model_copy(update={"format": None}))
        raise NormsError(
            f"{file}: separator = {layout.separator!r}: one character parts cells, neither a quotation mark nor a line "
            f"break; give {keys.option(separator=guessed)}, or replace the separators of the file"
        )
    separator = layout.separator or found
    cells = text.count(separator) + text.count("\n")
    if cells > layout.limits.cells:
        rows = max(text.count("\n"), 1)
        raise layout.limits.too_many(file, rows, -(-cells // rows), keys)
    try:
        return Text(split_cells(text, separator, layout.quoted), encoding, separator, issues)
    except QuotesError as error:
        other = "quoted = false if they are characters" if error.wraps else "quoted = true if they wrap cells"
        what = "such marks wrap cells" if error.wraps else "such marks are characters"
        raise NormsError(
            f"{file}, {error}; give {keys.option(quoted=error.wraps)} if {what}, {other}, or mend the row"
        ) from None


def _encoding_hint(content: bytes, error: UnicodeError, layout: Layout, language: str | None, keys: Keys) -> str:
    """Say where a text can't be decoded, and which encoding it may be in."""
    place = error.start if isinstance(error, UnicodeDecodeError) else 0
    row = content[:place].count(b"\n") + 1
    at = f"byte 0x{content[place]:02x} at position {place}, row {row}"
    marked = content[:2] in _BYTE_ORDER
    if marked or unicode_without_mark(content):
        likely = ["utf-16" if marked else str(unicode_without_mark(content))]
    elif language is None:
        where = "cp1250 in central Europe, cp1251 for Cyrillic, cp1254 for Turkish, gb18030 for Chinese"
        return f"{at}; name its encoding, such as {keys.option(encoding='cp1252')} ({where})"
    else:
        likely = likely_encodings(content, language)
    likely = [encoding for encoding in likely if encoding != layout.encoding]
    if not likely:
        usual = f" (neither is it {', '.join(encodings_of(language))})" if language and encodings_of(language) else ""
        return f"{at}{usual}; save it as UTF-8, or name its encoding with {keys.option(encoding='...')}"
    line = next((line for line in content.splitlines() if not line.isascii()), b"")
    example = (
        "" if marked or "utf-16" in likely[0] else f", which reads '{line.decode(likely[0], 'replace')[:40]}' there"
    )
    return f"{at}; name its encoding, such as {keys.option(encoding=likely[0])}{example}"


def _decode(content: bytes, encoding: str) -> tuple[str, str]:
    """Decode text, and return the encoding, too; what is valid UTF-8 is read as such even where another is expected.

    A table is often re-encoded by who publishes it again, and UTF-8 read as cp1252 gives no error but
    other words, whereas no real cp1252 table with accents is valid UTF-8. UTF-16 has zero bytes, at line ends at least.
    """
    marked = content[:2] in _BYTE_ORDER
    codec = codecs.lookup(encoding).name
    wide = codec.startswith(("utf-16", "utf-32"))
    # Encodings of seven bits, such as iso2022_jp, look like UTF-8 as well.
    if codec not in {"utf-8", "utf-8-sig"} and not marked and b"\0" not in content and (wide or not content.isascii()):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode("utf-8-sig"), "utf-8"
    if codec == "utf-16" and not marked:
        # Python would take this machine's order of bytes.
        encoding = unicode_without_mark(content) or encoding
    return content.decode(encoding).removeprefix("\ufeff"), encoding


def _separator(text: str, kind: Format, name: str, layout: Layout) -> str:
    """Choose what the header row is parted by, and most rows as often, outside quotation marks."""
    if layout.format is not None or Path(name).suffix.lower() == ".tsv":
        return "\t" if kind == "tsv" else ","
    first = max(layout.header_row, 1) - 1
    lines = [_WRAPPED.sub("", line) for line in text.splitlines()[first : first + _LINES_LOOKED_AT] if line.strip()]
    if not lines:
        return ","
    alike = {mark: sum(line.count(mark) == lines[0].count(mark) for line in lines) for mark in _SEPARATORS}
    found = [mark for mark in _SEPARATORS if lines[0].count(mark)]
    # A head may have more commas than columns, and a text in a row any number of each.
    steady = [mark for mark in found if alike[mark] > 0.9 * max(alike[other] for other in found)]
    return max(steady, key=lines[0].count, default=",")  # the first of equals
