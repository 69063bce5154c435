"""Tables of ratings, sentences and links: text, workbooks, Parquet, archives."""

from __future__ import annotations

import csv
import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlwt
from fuzzing.judge import wrong_ratings, wrong_sentences
from fuzzing.kinds import Kind, Mutant, Read, add
from fuzzing.known import RATING, ROWS
from fuzzing.mutate import encoded, regzipped, rezipped, spoilt_bytes, spoilt_text, spoilt_xml

import interlingua as il
from interlingua.norms import load_norms

_NAMES = ["word", "valence"]
_FRAME = pd.DataFrame([(row.word, row.rating) for row in ROWS], columns=_NAMES)
_SENTENCES = pd.DataFrame([(row.sentence, row.word) for row in ROWS], columns=["text", "word"])


def _read_norms(path: Path) -> Read:
    norms = load_norms(path, language="en", columns={"valence": "valence"}, scale="none")
    table = norms.given.dropna(subset="valence")
    pairs = list(zip(table["word"], table["valence"], strict=True))
    return Read(ratings=pairs, told=int(norms.issues["count"].sum()))


def _read_sentences(path: Path) -> Read:
    contexts = il.read_contexts(path, language="en")
    table = contexts.table
    spans = zip(table["text"], table["start"], table["end"], strict=True)
    pairs = [(text, text[start:end]) for text, start, end in spans]
    return Read(sentences=pairs, told=int(contexts.issues["count"].sum()))


def _texts(frame: pd.DataFrame, separator: str) -> list[str]:
    quoted = frame.to_csv(index=False, sep=separator, quoting=csv.QUOTE_ALL, lineterminator="\n")
    return [frame.to_csv(index=False, sep=separator, lineterminator="\n"), quoted]


def _text_mutants(texts: list[str], pack: Callable[[bytes], bytes] = bytes) -> Callable[[random.Random], Mutant]:
    def mutants(chance: random.Random) -> Mutant:
        text = spoilt_text(chance.choice(texts), chance)
        content = encoded(text, chance)
        # What is not UTF-8 is judged by its bytes as they are.
        shown = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
        packed = pack(content)
        if packed is not content and chance.random() < 0.3:
            return Mutant(spoilt_bytes(packed, chance), inside=False, text=shown)
        return Mutant(packed, inside=True, text=shown)

    return mutants


def _zip_of(text: bytes, name: str = "ratings.csv") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def _xlsx(frame: pd.DataFrame, inline: bool) -> bytes:
    book = openpyxl.Workbook(write_only=inline)
    sheet = book.create_sheet("Ratings") if inline else book.active
    for row in [list(frame.columns), *frame.values.tolist()]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _ods(frame: pd.DataFrame) -> bytes:
    def cell(value: object) -> str:
        if isinstance(value, float):
            kind = f'office:value-type="float" office:value="{value}"'
            return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    rows = [list(frame.columns), *frame.values.tolist()]
    body = "\n".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    names = "urn:oasis:names:tc:opendocument:xmlns"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
            f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="A">'
            f"{body}</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


def _xls(frame: pd.DataFrame) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Ratings")
    for number, row in enumerate([list(frame.columns), *frame.values.tolist()]):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xls_mutants(seeds: list[bytes]) -> Callable[[random.Random], Mutant]:
    """Spoil the records behind the file's first sector, so that the container opens, or anything."""

    def mutants(chance: random.Random) -> Mutant:
        content = chance.choice(seeds)
        if chance.random() < 0.3:
            return Mutant(spoilt_bytes(content, chance), inside=False)
        end = content.rfind(b"\x0a\0\0\0") + 4
        records = spoilt_bytes(content[512:end], chance)[: end - 512]
        return Mutant(content[:512] + records.ljust(end - 512, b"\0") + content[end:], inside=True)

    return mutants


def _workbook_mutants(seeds: list[bytes]) -> Callable[[random.Random], Mutant]:
    def mutants(chance: random.Random) -> Mutant:
        content = chance.choice(seeds)
        if chance.random() < 0.3:
            return Mutant(spoilt_bytes(content, chance), inside=False)
        said: list[str] = []

        def change(name: str, member: bytes) -> bytes:
            text = member.decode("utf-8", "replace")
            spoilt = (spoilt_xml if chance.random() < 0.7 else spoilt_text)(text, chance)
            said.append(spoilt)
            return spoilt.encode("utf-8", "replace")

        spoilt = rezipped(content, chance, change)
        return Mutant(spoilt, inside=True, text="\n".join(said))

    return mutants


def _parquet(frame: pd.DataFrame, compression: str) -> bytes:
    out = io.BytesIO()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, out, write_page_checksum=True, compression=compression, row_group_size=16)
    return out.getvalue()


def _parquet_mutants(seeds: list[bytes], frame: pd.DataFrame) -> Callable[[random.Random], Mutant]:
    """Spoil the bytes, or the cells: texts as bytes that are no UTF-8, numbers as texts, other types, other names."""

    def mutants(chance: random.Random) -> Mutant:
        if chance.random() < 0.6:
            return Mutant(spoilt_bytes(chance.choice(seeds), chance), inside=False)
        columns = {name: [str(cell) for cell in frame[name]] for name in frame.columns}
        for _ in range(chance.choice((1, 1, 3))):
            cells = columns[chance.choice(list(columns))]
            place = chance.randrange(len(cells))
            cells[place] = spoilt_text(cells[place], chance)
        arrays = [_array(cells, chance) for cells in columns.values()]
        # A cell may hold line ends, which end no row here.
        lines = [re.sub(r"[\r\n]", " ", ",".join(row)) for row in zip(*map(_held, arrays), strict=True)]
        names = [spoilt_text(name, chance) if chance.random() < 0.05 else name for name in columns]
        out = io.BytesIO()
        pq.write_table(pa.Table.from_arrays(arrays, names=names), out, row_group_size=16)
        return Mutant(out.getvalue(), inside=True, text="\n".join(lines))

    return mutants


def _held(array: pa.Array) -> list[str]:
    """Return the cells as they stand in the file, a list as no text."""
    return [
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell if isinstance(cell, str) else ""
        for cell in (array.cast(pa.binary()) if array.type == pa.string() else array).to_pylist()
    ]


def _array(cells: list[str], chance: random.Random) -> pa.Array:
    match chance.randrange(6):
        case 0:
            return pa.array([cell.encode("utf-8", "replace") for cell in cells], pa.binary())
        case 1:
            return pa.array([spoilt_bytes(c.encode(), chance) if chance.random() < 0.1 else c.encode() for c in cells])
        case 2:
            return pa.array(cells).dictionary_encode()
        case 3:
            return pa.array([[cell] for cell in cells])
        case 4:
            return pa.array([None if chance.random() < 0.1 else cell for cell in cells])
    return pa.array(cells)


def _wrong_cells(mutant: Mutant, read: Read) -> str:
    """Judge what a workbook gave: a value may be changed where it stands, but words keep their rows."""
    for word, rating in read.ratings:
        if word in RATING and RATING[word] != rating and rating in RATING.values():
            if mutant.text is not None and f"{rating:g}" in mutant.text and not _moved(mutant.text, word, rating):
                continue
            if mutant.text is None:
                continue  # a byte of the container: a changed value can't be told from a right one
            return f"{word!r} has the rating {rating} of another word"
    return ""


def _moved(text: str, word: str, rating: float) -> bool:
    """Return whether word and rating stand in different rows of the spoilt part."""
    return word in text and not any(word in row and f"{rating:g}" in row for row in text.split("</row>"))


def _norms(
    name: str,
    suffix: str,
    seeds: list[bytes],
    mutants: Callable[[random.Random], Mutant],
    wrong: Callable[[Mutant, Read], str] = wrong_ratings,
    cost: float = 1.0,
) -> None:
    add(Kind(f"norms {name}", suffix, seeds, mutants, _read_norms, wrong, cost))


_CSV, _TSV = _texts(_FRAME, ","), _texts(_FRAME, "\t")
_SEMICOLONS = [text.replace(",", ";") for text in _CSV]
_ALL = [text.encode() for text in _CSV]
_norms("csv", ".csv", [text.encode() for text in _CSV + _SEMICOLONS], _text_mutants(_CSV + _SEMICOLONS))
_norms("tsv", ".tsv", [text.encode() for text in _TSV], _text_mutants(_TSV))
_norms("gz", ".csv.gz", [regzipped(text) for text in _ALL], _text_mutants(_CSV, regzipped))
_norms("zip", ".zip", [_zip_of(text) for text in _ALL], _text_mutants(_CSV, _zip_of), cost=30)
_BOOKS = [_xlsx(_FRAME, inline) for inline in (True, False)]
_norms("xlsx", ".xlsx", _BOOKS, _workbook_mutants(_BOOKS), _wrong_cells, cost=60)
_norms("ods", ".ods", [_ods(_FRAME)], _workbook_mutants([_ods(_FRAME)]), _wrong_cells, cost=30)
_norms("xls", ".xls", [_xls(_FRAME)], _xls_mutants([_xls(_FRAME)]), _wrong_cells, cost=30)
_PARQUET = [_parquet(_FRAME, packed) for packed in ("none", "snappy")]
_norms("parquet", ".parquet", _PARQUET, _parquet_mutants(_PARQUET, _FRAME), cost=60)

_OF_SENTENCES = _texts(_SENTENCES, ",") + _texts(_SENTENCES, "\t")
add(
    Kind(
        "contexts csv",
        ".csv",
        [text.encode() for text in _OF_SENTENCES],
        _text_mutants(_OF_SENTENCES),
        _read_sentences,
        wrong_sentences,
        2,
    )
)
_STORED = [_parquet(_SENTENCES, packed) for packed in ("none", "snappy")]
_OF_STORED = _parquet_mutants(_STORED, _SENTENCES)
add(Kind("contexts parquet", ".parquet", _STORED, _OF_STORED, _read_sentences, wrong_sentences, 60))
