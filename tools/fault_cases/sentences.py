"""Files of sentences."""

from __future__ import annotations

from fault_cases.case import fault
from fault_cases.material import write
from fault_cases.tool import Tool

_READ = """
contexts = il.read_contexts({file!r}, language="en")
show({{"rows": contexts.table[["word", "text"]].to_numpy().tolist(), "issues": contexts.issues.to_dict("records")}})
"""


@fault("A3 sentences", "A stray quotation mark in a file of sentences swallows the rows behind it.")
def quoted(tool: Tool) -> str:
    """One sentence begins in a quotation, and a later one ends in one."""
    lines = ["I think that rain is all.\train", '"Rain is blind, he said.\train', 'Snow is not rain."\train']
    write(tool.folder / "a.tsv", "text\tword", *lines, "We like the rain.\train", "All is rain.\train")
    outcome = tool.python(_READ.format(file="a.tsv"))
    if outcome.code == 2 and not outcome.broken():
        return outcome.refused("quot")
    if wrong := outcome.failed():
        return wrong
    read = [text for _, text in outcome.value["rows"]]
    if len(read) < 5:
        return f"{len(read)} of 5 sentences read"
    return "" if outcome.value["issues"] else "all are read, and nobody is told of the mark"


@fault("B17 Contexts.read", "`Contexts.read` of a damaged Parquet file is a traceback.")
def damaged(tool: Tool) -> str:
    """What `contexts build` writes, with a bit flipped in every tenth place, one after another."""
    write(tool.folder / "a.csv", "text,word", "I like rain.,rain", "I like snow.,snow")
    outcome = tool.python(
        """
from pathlib import Path
from interlingua.contexts import Contexts
from interlingua.errors import InterlinguaError
il.read_contexts("a.csv", language="en").write("a.parquet")
whole, kinds = Path("a.parquet").read_bytes(), {}
for place in range(0, len(whole), 10):
    spoilt = bytearray(whole)
    spoilt[place] ^= 64
    Path("b.parquet").write_bytes(spoilt)
    try:
        Contexts.read("b.parquet")
    except InterlinguaError:
        pass
    except Exception as error:
        kinds[type(error).__name__] = kinds.get(type(error).__name__, 0) + 1
show(kinds)
"""
    )
    if wrong := outcome.failed():
        return wrong
    return ", ".join(f"{count} x {kind}" for kind, count in outcome.value.items())


@fault("B17 Parquet sentences", "Sentences in a Parquet file that are not UTF-8 are a traceback.")
def not_utf8(tool: Tool) -> str:
    """A text in cp1252 in a column of texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array([b"I like rain.", b"El \xe1rbol and rain."]).view(pa.string())
    pq.write_table(pa.table({"text": texts, "word": ["rain", "rain"]}), tool.folder / "a.parquet")
    return tool.python(_READ.format(file="a.parquet")).refused(r"a\.parquet", "UTF-8")
