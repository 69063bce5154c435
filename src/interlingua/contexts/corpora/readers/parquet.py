"""Wikipedia as Parquet, in the layout of the hub's data set ``wikimedia/wikipedia``: id, url, title, text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interlingua.contexts.corpora.readers.base import Document, Options, reading
from interlingua.errors import ContextsError, suggest

#: Rows read at a time: with articles of 5 kB on average, about a megabyte.
_BATCH = 256


def read_parquet(path: Path, options: Options) -> Iterator[Document]:
    """Yield each row of a Parquet file; a text, and if there are such a title, url and date."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = {"text": "text", "page": "title", "url": "url", "date": "date", **options.columns}
    with reading(path):
        try:
            # Without pre-buffering, memory does not grow with the size of a row group's other columns.
            file = pq.ParquetFile(path, pre_buffer=False)
        except pa.ArrowInvalid as error:
            raise ContextsError(f"{path}: not a whole Parquet file ({error}); fetch the file again") from error
        with file:
            names = file.schema_arrow.names
            for ours, theirs in wanted.items():
                if theirs not in names and (ours == "text" or ours in options.columns):
                    raise ContextsError(
                        f"{path}: no column '{theirs}'{suggest(theirs, names)}; it has {', '.join(names)};"
                        f" say which it is with columns = {{ {ours} = '...' }}"
                    )
            there = {ours: theirs for ours, theirs in wanted.items() if theirs in names}
            try:
                yield from _rows(file.iter_batches(_BATCH, columns=list(there.values())), there, options)
            except pa.ArrowException as error:
                raise ContextsError(f"{path}: the file is damaged ({error}); fetch the file again") from error


def _rows(batches: Iterator[Any], there: dict[str, str], options: Options) -> Iterator[Document]:
    index = 0
    for batch in batches:
        blank = [""] * batch.num_rows
        columns = {ours: batch.column(theirs).to_pylist() for ours, theirs in there.items()}
        rows = zip(*(columns.get(ours, blank) for ours in ("text", "page", "url", "date")), strict=True)
        for text, page, url, date in rows:
            yield Document(text or "", str(page or ""), str(url or ""), index, str(date or ""), bool(options.sentences))
            index += 1
