"""Tables of ratings: quotation marks, heads, numbers, dates, encodings, damaged files."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from typing import Any

from fault_cases.case import fault, first
from fault_cases.material import write
from fault_cases.tool import Outcome, Tool

_SHOW = """
from interlingua.norms import load_norms
norms = load_norms({file!r}, {arguments})
table = norms.table.astype(object).where(norms.table.notna(), None)
show({{"rows": table.to_numpy().tolist(), "columns": list(table), "issues": norms.issues.to_dict("records")}})
"""


def load(tool: Tool, file: str, arguments: str = "language='en', scale='none'", **limits: Any) -> Outcome:
    """Read norms; the outcome's value holds rows, columns and issues."""
    return tool.python(_SHOW.format(file=file, arguments=arguments), **limits)


def issues(outcome: Outcome) -> str:
    """Return the issues in a line."""
    return "; ".join(f"{row['kind']}: {row['count']} ({row['detail']})" for row in outcome.value["issues"])


@fault("A3 rows swallowed", "A stray quotation mark in a TSV of norms swallows the rows up to the next one.")
def swallowed(tool: Tool) -> str:
    """Two hundred rows with a mark before one word and one behind another."""
    rows = [f"w{i}\t{i % 9}.5" for i in range(200)]
    rows[50], rows[120] = '"w50\t1.5', 'w120"\t2.5'
    write(tool.folder / "a.tsv", "word\tvalence", *rows)
    outcome = load(tool, "a.tsv")
    if wrong := outcome.failed():
        return wrong
    read = len(outcome.value["rows"])
    return f"{read} of 200 rows read, issues: {issues(outcome) or 'none'}" if read < 200 or not issues(outcome) else ""


@fault("A3 open mark", "A quotation mark that nothing closes swallows the rest of the table.")
def open_mark(tool: Tool) -> str:
    """A mark before the second word."""
    write(tool.folder / "a.tsv", "word\tvalence", "rain\t6.1", '"snow\t5.0', "wind\t4.0", "sun\t7.0", "sea\t6.0")
    outcome = load(tool, "a.tsv")
    if outcome.code == 2 and not outcome.broken():
        return outcome.refused("quot")
    if wrong := outcome.failed():
        return wrong
    words = [row[0].strip('"') for row in outcome.value["rows"]]
    return f"{len(words)} of 5 rows read" if words != ["rain", "snow", "wind", "sun", "sea"] else ""


@fault("A3 rows merged", "A stray quotation mark gives a word the rating of another row.")
def merged(tool: Tool) -> str:
    """A mark in the middle of two cells, so that what is between is one cell."""
    lines = ["word,note,valence", 'rain,"wet,1.0', "snow,cold,2.0", 'wind,loud",3.0', "sun,warm,4.0"]
    write(tool.folder / "a.csv", *lines)
    outcome = load(tool, "a.csv", "language='en', columns={'word': 'word', 'valence': 'valence'}, scale='none'")
    if outcome.code == 2 and not outcome.broken():
        return outcome.refused("quot")
    if wrong := outcome.failed():
        return wrong
    found = dict(outcome.value["rows"])
    return f"rain is rated {found.get('rain')}, not 1.0; {len(found)} of 4 words" if found.get("rain") != 1 else ""


@fault("A4 name twice", "Of two columns with one name the first is read, and nobody is told.")
def twice(tool: Tool) -> str:
    """Two columns that are called Mean."""
    write(tool.folder / "a.csv", "word,Mean,SD,Mean,SD", "rain,1.0,0.1,8.0,0.2", "sun,9.0,0.1,2.0,0.2")
    outcome = load(tool, "a.csv", "language='en', columns={'word': 'word', 'arousal': 'Mean'}, scale='none'")
    return outcome.refused("Mean", "twice|more than once|columns")


@fault("A4 two rows of names", "The column Mean under Arousal can't be had: Mean under Valence comes out in its place.")
def two_heads(tool: Tool) -> str:
    """Groups above the names; a mistaken name must list those that there are."""
    write(
        tool.folder / "a.csv", ",Valence,,Arousal,", "word,Mean,SD,Mean,SD", "rain,1.0,0.1,8.0,0.2", "sun,9.0,0.1,2,1"
    )
    named = "language='en', columns={'word': 'word', 'arousal': %r}, options={'header_row': 2}, scale='none'"
    outcome = load(tool, "a.csv", named % "Mean")
    if wrong := outcome.refused("Mean"):
        return wrong
    outcome = load(tool, "a.csv", named % "Arousal / Mean")
    return outcome.failed() or ("" if outcome.value["rows"][0] == ["rain", 8.0] else str(outcome.value["rows"]))


@fault("A7 infinite", "A rating of 1e400 makes all others 0 and itself no number, without a word.")
def infinite(tool: Tool) -> str:
    """Scaled from lowest to highest, as by default."""
    write(tool.folder / "a.csv", "word,valence", "rain,1e400", "sun,2", "sea,3", "wind,4")
    outcome = load(tool, "a.csv", "language='en'")
    if outcome.code == 2:
        return outcome.refused("rain")
    return outcome.failed() or f"ratings {[row[1] for row in outcome.value['rows']]}"


@fault(
    "A7 overflow", "Ratings whose range no number can hold (1e308 beside -1e308) come out as no numbers, in silence."
)
def overflow(tool: Tool) -> str:
    """The middle must come out in the middle, or be refused."""
    write(tool.folder / "a.csv", "word,valence", "rain,1e308", "sun,-1e308", "sea,0")
    outcome = load(tool, "a.csv", "language='en'")
    if outcome.code == 2:
        return outcome.refused("1e\\+?308|large")
    found = [row[1] for row in outcome.value["rows"]] if not outcome.failed() else []
    return outcome.failed() or ("" if found == [1.0, 0.0, 0.5] else f"ratings {found}")


@fault("A9 dates", "Dates in an Excel sheet's column of words become words.")
def dates(tool: Tool) -> str:
    """What Excel makes of mar-1."""
    import datetime as dt

    import openpyxl

    book = openpyxl.Workbook()
    for row in (["word", "valence"], ["rain", 4], [dt.date(2013, 3, 1), 5], ["sun", 8]):
        book.active.append(row)
    book.save(tool.folder / "a.xlsx")
    outcome = load(tool, "a.xlsx")
    if wrong := outcome.failed():
        return wrong
    words = [row[0] for row in outcome.value["rows"]]
    if any("2013" in word for word in words):
        return f"the words are {', '.join(words)}"
    return "" if "row 3" in issues(outcome) else f"the date is gone, issues: {issues(outcome) or 'none'}"


@fault(
    "A9 Turkish", "A Turkish file in cp1254 is answered with the advice cp1252, which misreads it without a warning."
)
def turkish(tool: Tool) -> str:
    """The advice must be the language's encoding, and another one's letters must be told."""
    text = "word,valence\nşeker,7\nçocuk,8\nağaç,6\nışık,8\n"
    (tool.folder / "a.csv").write_bytes(text.encode("cp1254"))
    advice = load(tool, "a.csv", "language='tr'").refused("cp1254")
    wrong = load(tool, "a.csv", "language='tr', options={'encoding': 'cp1252'}")
    if wrong.code or issues(wrong):
        return advice
    return first(advice, f"read as {wrong.value['rows'][0][0]} without a warning")


def _xls() -> tuple[bytes, int, int]:
    """Return an old workbook, and where its sheet's first record and its number of rows stand."""
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    for number in range(40):
        sheet.write(number, 0, f"w{number}" if number else "word")
        sheet.write(number, 1, number % 9 + 0.5 if number else "valence")
    stream = io.BytesIO()
    book.save(stream)
    content = stream.getvalue()
    start = content.index(b"\x09\x08\x10\x00\x00\x06\x10\x00")
    return content, start, content.index(b"\x00\x02\x0e\x00", start) + 8


@fault("B12 memory", "A damaged .xls of 6 kB takes gigabytes of memory within seconds.")
def memory(tool: Tool) -> str:
    """Its sheet claims two thousand million rows."""
    content, _, rows = _xls()
    (tool.folder / "a.xls").write_bytes(content[:rows] + struct.pack("<I", 2**31 - 1) + content[rows + 4 :])
    outcome = load(tool, "a.xls", gigabytes=5.0)
    if outcome.code < 0 and "memory allocation" in outcome.err:
        return "it ends where its memory does, at 5 GB"
    return outcome.refused(r"a\.xls")


@fault("B12 panic", "A damaged .xls raises a panic of the reader that no `except Exception` catches.")
def panic(tool: Tool) -> str:
    """A byte between the workbook and its sheet."""
    content, start, _ = _xls()
    (tool.folder / "a.xls").write_bytes(content[: start - 8] + b"\xad" + content[start - 7 :])
    return load(tool, "a.xls").refused(r"a\.xls")


@fault("B17 separator", '`separator = "::"` is a traceback.')
def separator(tool: Tool) -> str:
    """Two characters."""
    write(tool.folder / "a.csv", "word::valence", "rain::1", "sun::2")
    return load(tool, "a.csv", "language='en', options={'separator': '::'}").refused("separator")


@fault("B17 encoding", '`encoding = "undefined"` is a traceback.')
def encoding(tool: Tool) -> str:
    """Python has an encoding of that name, which decodes nothing."""
    write(tool.folder / "a.csv", "word,valence", "rain,1", "sun,2")
    return load(tool, "a.csv", "language='en', options={'encoding': 'undefined'}").refused("encoding")


@fault("B17 zip", "A damaged ZIP file is a traceback.")
def damaged_zip(tool: Tool) -> str:
    """A byte is missing, so that its directory names a place before the file begins."""
    with zipfile.ZipFile(tool.folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "word,valence\nrain,1\nsun,2\n")
    content = (tool.folder / "a.zip").read_bytes()
    (tool.folder / "a.zip").write_bytes(content[:40] + content[41:])
    return load(tool, "a.zip").refused(r"a\.zip")


@fault("B17 cells", "Cells of a Parquet file that are not UTF-8 are a traceback.")
def cells(tool: Tool) -> str:
    """A word in cp1252 in a column of texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    words = pa.array([b"rain", b"\xe1rbol", b"sun"]).view(pa.string())
    pq.write_table(pa.table({"word": words, "valence": [1.0, 2.0, 3.0]}), tool.folder / "a.parquet")
    return load(tool, "a.parquet").refused(r"a\.parquet", "UTF-8")


@fault("B17 card", "A card of norms with a number of 5,000 digits is a traceback.")
def card(tool: Tool) -> str:
    """More digits than Python reads."""
    write(tool.folder / "a.toml", 'name = "a"', 'language = "en"', f"year = {'4' * 5000}")
    return load(tool, "a.toml").refused(r"a\.toml")


@fault("C23 words left out", "Words that are not plain are left out of a study, and none is listed.")
def not_plain(tool: Tool) -> str:
    """Names and phrases among forty words."""
    from fault_cases.material import study

    file = study(tool.folder)
    norms = tool.folder / "en.csv"
    norms.write_text(norms.read_text(encoding="utf-8") + "ice cream,7\nmid-day,6\n", encoding="utf-8")
    outcome = tool.cli("plan", file.name)
    if wrong := outcome.failed():
        return wrong
    table = tool.python(
        "from interlingua.study.sources import gather\n"
        "import inspect, pathlib\n"
        f"study = il.load_study({file.name!r})\n"
        "more = [pathlib.Path('cache')] if len(inspect.signature(gather).parameters) > 1 else []\n"
        "show(gather(study, *more).contexts.issues.to_dict('records'))"
    )
    if wrong := table.failed():
        return wrong
    rows = [row for row in table.value if "plain" in row["kind"]]
    told = " ".join(row["detail"] for row in rows)
    return (
        "" if all(word in told for word in ("ice cream", "mid-day")) else f"it says: {rows[0] if rows else 'nothing'}"
    )


@fault("C24 minus", "A typographic minus (U+2212) is answered with the advice to delete the rating.")
def minus(tool: Tool) -> str:
    """As spreadsheets and typesetters write it."""
    write(tool.folder / "a.csv", "word,valence", "rain,\u22121.5", "sun,2.5", "sea,2")
    outcome = load(tool, "a.csv", "language='en', variables=['valence'], scale='none'")
    return outcome.failed() or ("" if outcome.value["rows"][0] == ["rain", -1.5] else str(outcome.value["rows"]))


@fault("C24 decimal commas", "Ratings with decimal commas are answered without a word of `decimal`.")
def commas(tool: Tool) -> str:
    """No variable is named, so the reader looks for columns of numbers."""
    write(tool.folder / "a.csv", "word;valence", "rain;7,5", "sun;1,5", "sea;3,5")
    return load(tool, "a.csv").refused("decimal")


@fault("C24 semicolons", "A table with `;` between its columns and commas in their names is split at the commas.")
def semicolons(tool: Tool) -> str:
    """The names are quoted."""
    write(tool.folder / "a.csv", 'word;"Valence, mean";"Valence, SD";"N, raw, all"', "rain;8.1;1;20", "sun;2.0;1;20")
    outcome = load(tool, "a.csv", "language='en', columns={'word': 'word', 'valence': 'Valence, mean'}, scale='none'")
    return outcome.failed() or ("" if outcome.value["rows"] == [["rain", 8.1], ["sun", 2.0]] else "other rows")


@fault("C24 invisible", "Blanks of no width and soft hyphens stay inside words.")
def invisible(tool: Tool) -> str:
    """Two words with one each."""
    write(tool.folder / "a.csv", "word,valence", "mo\u00adther,1", "fa\u200bther,2", "sun,3")
    outcome = load(tool, "a.csv")
    if wrong := outcome.failed():
        return wrong
    words = [row[0] for row in outcome.value["rows"]]
    if words != ["mother", "father", "sun"]:
        return f"the words are {', '.join(json.dumps(word) for word in words)}"
    return "" if "invisible" in issues(outcome) else "nobody is told"


@fault("C24 utf-16", '`encoding = "utf-16"` on a file in UTF-8 is told as a file that holds no rows.')
def wide(tool: Tool) -> str:
    """The error must say that it is UTF-8."""
    write(tool.folder / "a.csv", "word,valence", "rain,1", "sun,2")
    outcome = load(tool, "a.csv", "language='en', scale='none', options={'encoding': 'utf-16'}")
    if outcome.code == 0:
        return outcome.failed() or ("" if outcome.value["rows"] == [["rain", 1.0], ["sun", 2.0]] else "other rows")
    return outcome.refused("UTF-8")
