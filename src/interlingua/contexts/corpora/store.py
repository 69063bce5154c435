"""Tallies of finished shards on the disk, so that a search that was stopped goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from interlingua.contexts.corpora.corpus import Corpus, Shard
from interlingua.contexts.corpora.reservoir import Reservoir, Sentence
from interlingua.contexts.corpora.shard import Query, Tally
from interlingua.errors import ContextsError, reason

_KEY = b"interlingua.tally"
_LOW = 2**64 - 1
_SCHEMA = pa.schema(
    [
        ("word", pa.int32()),
        ("tokens_first", pa.int64()),
        ("hash", pa.uint64()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("identity", pa.uint64()),
        ("shard", pa.string()),
        ("document", pa.int64()),
        ("sentence", pa.int32()),
        ("text", pa.string()),
        ("tokens", pa.int32()),
        ("page", pa.string()),
        ("url", pa.string()),
        ("date", pa.string()),
    ]
)


class ShardStore:
    """A folder of finished shards.

    Parameters
    ----------
    folder
        Made when first written to. A shard's file is only there once it is complete; its name is a hash of the
        query, the corpus and the shard's file (name, size, time of its last change).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, corpus: Corpus, shard: Shard, query: Query) -> Path:
        """Return where the tally of a shard lies or will lie."""
        about: Mapping[str, object] = {**asdict(corpus), "shards": None, "date": None, "licence": None}
        file = Path(shard.path).stat() if shard.path and Path(shard.path).exists() else None
        state = [file.st_size, file.st_mtime_ns] if file else None
        text = json.dumps([asdict(query), about, shard.name, state], sort_keys=True, default=str)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.parquet"

    def read(self, path: Path, query: Query) -> Tally | None:
        """Return a stored tally; None where there is none that can be read: the shard is searched again then."""
        try:
            return self._read(path, query)
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
            return None

    def _read(self, path: Path, query: Query) -> Tally:
        table = pq.read_table(path, page_checksum_verification=True)
        about = json.loads(table.schema.metadata[_KEY])
        tally = Tally(np.array(about["counts"], dtype=np.int64), {}, *about["read"])
        tally.oddities = Counter(about["oddities"])
        for row in table.to_pylist():
            word, first, low, start, end, *sentence = row.values()
            reservoir = tally.reservoirs.setdefault(word, Reservoir(query.capacity))
            reservoir.offer(((first << 64) | low, Sentence(*sentence), start, end))
        for word in about["full"]:
            tally.reservoirs[word].full = True
        return tally

    def write(self, path: Path, tally: Tally) -> None:
        """Keep a tally; the file appears only once it is complete.

        Raises
        ------
        ContextsError
            If the folder can't be written to, or the disk is full.
        """
        rows = [
            (word, priority >> 64, priority & _LOW, start, end, *sentence)
            for word, reservoir in tally.reservoirs.items()
            for priority, sentence, start, end in reservoir.entries()
        ]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(_SCHEMA)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
        about = {
            "counts": tally.counts.tolist(),
            "read": [tally.sentences, tally.documents, tally.size],
            "oddities": tally.oddities,
            "full": [word for word, reservoir in tally.reservoirs.items() if reservoir.full],
        }
        table = pa.Table.from_arrays(arrays, schema=_SCHEMA.with_metadata({_KEY: json.dumps(about).encode()}))
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, partial, write_page_checksum=True)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise ContextsError(
                f"{path.parent}: a finished shard can't be kept ({reason(error)}); make room, or choose"
                " another cache folder with INTERLINGUA_CACHE"
            ) from error
