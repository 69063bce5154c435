"""Wikipedia as Parquet, in the layout of the hub's data set ``wikimedia/wikipedia``: id, url, title, text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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


def _rows(batches: Iterator[object], there: dict[str, str], options: Options) -> Iterator[Document]:
    index = 0
    for batch in batches:
        columns = {ours: batch.column(theirs).to_pylist() for ours, theirs in there.items()}  # type: ignore[attr-defined]
        for row, text in enumerate(columns["text"]):
            page, url, date = (str(columns[key][row] or "") if key in columns else "" for key in ("page", "url", "date"))
            yield Document(text or "", page, url, index, date, sentence=bool(options.sentences))
            index += 1
