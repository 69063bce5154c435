"""The files of a search that can be shared: sentences, where they stand, the yield and the card."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa

from interlingua.contexts.corpora.search import CorpusSearch
from interlingua.contexts.table import Contexts
from interlingua.errors import ContextsError, reason
from interlingua.tables.spreadsheet import guarded_table


def write_search(search: CorpusSearch, folder: str | Path) -> Path:
    """Write a search's files into a folder and return the path of its contexts.

    The files are ``CODE.parquet`` (contexts), ``CODE.provenance.parquet``, ``CODE.yield.csv``,
    ``CODE.filters.csv`` and ``CODE.card.json``. They are written beside their places first: if the disk is full,
    nothing appears, and files of an earlier search stay as they were.

    Raises
    ------
    ContextsError
        If the folder can't be written to, or the disk is full.
    """
    folder = Path(folder)
    code = str(search.card["language"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{code}.", suffix=".part", dir=folder))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        search.contexts.write(partial / f"{code}.parquet")
        search.provenance.to_parquet(partial / f"{code}.provenance.parquet", index=False)
        guarded_table(search.yield_table).to_csv(partial / f"{code}.yield.csv", index=False)
        guarded_table(search.filters).to_csv(partial / f"{code}.filters.csv", index=False)
        card = json.dumps(search.card, ensure_ascii=False, indent=2)
        (partial / f"{code}.card.json").write_text(card + "\n", encoding="utf-8")
        for file in sorted(partial.iterdir()):
            file.replace(folder / file.name)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder / f"{code}.parquet"


def read_search(folder: str | Path, language: str) -> CorpusSearch:
    """Read what `write_search` wrote; its `progress` is None.

    Raises
    ------
    ContextsError
        If a file is missing or damaged.
    """
    stem = Path(folder) / language
    contexts = Contexts.read(f"{stem}.parquet")
    try:
        provenance = pd.read_parquet(f"{stem}.provenance.parquet")
        yield_table = pd.read_csv(f"{stem}.yield.csv", keep_default_na=False)
        filters = pd.read_csv(f"{stem}.filters.csv")
        card = json.loads(Path(f"{stem}.card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise ContextsError(f"{folder}: not the files of a search, or damaged ({error})") from error
    return CorpusSearch(contexts, provenance, yield_table, filters, card, None)


def _unwritable(folder: Path, error: OSError) -> ContextsError:
    return ContextsError(
        f"{folder}: the sentences can't be written ({reason(error)}); make room or choose another folder"
    )
