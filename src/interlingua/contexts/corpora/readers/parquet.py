"""Wikipedia as Parquet, in the layout of the hub's data set ``wikimedia/wikipedia``: id, url, title, text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interlingua.contexts.corpora.readers.base import Document, Options
from interlingua.contexts.corpora.readers.files import reading
from interlingua.errors import ContextsError, suggest

#: Rows read at a time: with articles of 5 kB on average, about a megabyte. Fewer where they may be long: a text that
#: stands in the file once may be the cell of many rows.
_BATCH = 256
_BATCH_BYTES = 2**28
#: What all texts of one row group may have, in pages.
_PAGES = 32


def read_parquet(path: Path, options: Options) -> Iterator[Document]:
    """Yield each row of a Parquet file; a text, and if there are such a title, url and date."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # What pyarrow raises on damaged files beside its own errors.
    damaged = (pa.ArrowException, ValueError, KeyError, TypeError, OverflowError, MemoryError)
    with reading(path):
        if not path.stat().st_size:
            raise ContextsError(f"{path}: the file is empty; fetch it again, or leave it out")
        try:
            # Without pre-buffering, memory does not grow with the size of a row group's other columns.
            file = pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)
            schema = file.schema_arrow
        except damaged as error:
            raise ContextsError(f"{path}: not a whole Parquet file ({error}); fetch the file again") from error
        with file:
            there = _columns(path, schema, options)
            most = _PAGES * options.limits.page
            largest = _largest(file.metadata, there["text"], most)
            if largest > most:
                raise options.limits.too_long(f"{path}, the column '{there['text']}' of a row group")
            rows = max(1, min(_BATCH, _BATCH_BYTES // max(largest, 1)))
            batches = file.iter_batches(rows, columns=list(there.values()))
            index = 0
            while True:
                try:
                    batch = next(batches, None)
                except damaged as error:
                    raise ContextsError(f"{path}: the file is damaged ({error}); fetch the file again") from error
                if batch is None:
                    return
                yield from _documents(batch, there, options, path, index)
                index += batch.num_rows


def _largest(metadata: Any, column: str, most: int) -> int:
    """Return the bytes of the row group that has most; of groups with more than `most` those of the column alone.

    Columns are looked at only where they must be: where what a file says of one is damaged, pyarrow ends the process.
    """
    sizes = [0]
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if group.total_byte_size <= most:
            sizes.append(group.total_byte_size)
            continue
        chunks = [group.column(place) for place in range(group.num_columns)]
        sizes += [chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema == column]
    return max(sizes)


def _columns(path: Path, schema: Any, options: Options) -> dict[str, str]:
    """Return the file's columns by our names."""
    import pyarrow as pa

    wanted = {"text": "text", "page": "title", "url": "url", "date": "date", **options.columns}
    names = schema.names
    for ours, theirs in wanted.items():
        if theirs not in names and (ours == "text" or ours in options.columns):
            raise ContextsError(
                f"{path}: no column '{theirs}'{suggest(theirs, names)}; it has {', '.join(names)};"
                f" say which it is with columns = {{ {ours} = '...' }}"
            )
        if names.count(theirs) > 1:
            raise ContextsError(f"{path}: {names.count(theirs)} columns '{theirs}'; name them apart")
    kind = schema.field(wanted["text"]).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    if not any(is_text(kind) for is_text in (*texts, pa.types.is_string_view, pa.types.is_binary_view)):
        raise ContextsError(
            f"{path}: column '{wanted['text']}' holds {kind}, not text; it has {', '.join(names)}; say which is"
            " the text with columns = { text = '...' }"
        )
    return {ours: theirs for ours, theirs in wanted.items() if theirs in names}


def _documents(batch: Any, there: dict[str, str], options: Options, path: Path, first: int) -> Iterator[Document]:
    cells = {ours: batch.column(theirs) for ours, theirs in there.items()}
    for place in range(batch.num_rows):
        values = {ours: _cell(column[place], path, first + place, there[ours]) for ours, column in cells.items()}
        text, page, url, date = (values.get(ours, "") for ours in ("text", "page", "url", "date"))
        if len(text) > options.limits.page:
            raise options.limits.too_long(f"{path}, row {first + place} (from 0)")
        yield Document(text, page, url, first + place, date, bool(options.sentences))


def _cell(scalar: Any, path: Path, row: int, column: str) -> str:
    """Return a cell as text; bytes are UTF-8, as some programs write text."""
    try:
        value = scalar.as_py()
        return value.decode("utf-8") if isinstance(value, bytes) else str(value or "")
    except (ValueError, OverflowError) as error:
        raise ContextsError(
            f"{path}, row {row} (from 0), column '{column}': a cell that is not UTF-8 text ({error}); fetch the file"
            " again"
        ) from error
