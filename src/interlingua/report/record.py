"""``run.json``, the record of a run: what it must hold, and how it tells that a result folder is whole.

It holds the digest of every file that pages are made from, and one of itself. Parquet, JSON and TOML can be damaged so
that they are read all the same, as something else: by the digests no page is made from what no run wrote.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from interlingua.errors import StoreError, reason
from interlingua.flow.cache import content_key, file_digest

RECORD, STUDY = "run.json", "study.toml"
#: The record's own digest: of all its other keys.
_SEAL = "seal"


class _Site(BaseModel):
    widths: Annotated[list[Annotated[int, Field(gt=0, lt=10_000_000)]], Field(min_length=1)]
    site: Literal["resid", "mlp", "heads"]
    layers: list[int]
    heads: int


class _Model(BaseModel):
    name: str
    spec: str
    fingerprint: str
    control: bool
    revision: str | None
    layers: Annotated[int, Field(gt=0)]
    width: Annotated[int, Field(gt=0)]
    dtype: str
    is_decoder: bool
    sites: dict[str, _Site]


class _Activations(BaseModel):
    model: str
    site: str
    language: str
    key: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class _Record(BaseModel):
    """What pages and steering read of a record; it may hold more."""

    study: str
    study_sha256: str
    tables: str
    files: dict[str, str]
    models: Annotated[list[_Model], Field(min_length=1)]
    activations: list[_Activations]
    labels: dict[str, str]
    not_asked: dict[str, str]


class _Units(BaseModel):
    headline: str
    methods: Annotated[list[str], Field(min_length=1)]
    k: float


class _Scrutiny(BaseModel):
    stability: int


class _Study(BaseModel):
    """What pages read of a resolved study; it holds more."""

    name: str
    preset: str
    sites: Annotated[list[str], Field(min_length=1)]
    variables: Annotated[list[str], Field(min_length=1)]
    unseen: list[str]
    units: _Units
    scrutiny: _Scrutiny


def write_record(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write ``run.json`` into a folder whose study and tables are there: the facts, and the digests.

    Parameters
    ----------
    folder
        A result folder.
    facts
        What JSON can hold, or its text.
    """
    whole = json.loads(json.dumps(facts, default=str))
    whole["files"] = {name: file_digest(folder / name) for name in _files(folder)}
    whole[_SEAL] = _digest(whole)
    (folder / RECORD).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def read_record(folder: Path, tables: str) -> dict[str, Any]:
    """Read the record of a result folder.

    Parameters
    ----------
    folder
        It.
    tables
        The version of the tables that pages can be made from.

    Raises
    ------
    StoreError
        If there is none, it is damaged, or another version of the package wrote it.
    """
    path, record = folder / RECORD, _load(folder)
    if isinstance(record, dict) and record.get("tables") != tables:
        raise StoreError(
            f"{path}: another version of interlingua made these results, with other tables: "
            f"'interlingua run {folder / STUDY} --output {folder}' makes them again"
        )
    _check_shape(_Record, record, path)
    _check_seal(record, path)
    return dict(record)


def digests_of_tables(folder: Path) -> dict[str, str]:
    """Return the digests of the tables of a result folder of any version; none of one without a record of them.

    Raises
    ------
    StoreError
        If there is a record and it is damaged.
    """
    if not (folder / RECORD).exists():
        return {}
    record = _load(folder)
    if not isinstance(record, dict) or not isinstance(record.get("files", {}), dict):
        raise StoreError(f"{folder / RECORD}: is no record of a run; {_ANEW}")
    if "files" not in record and _SEAL not in record:
        return {}
    _check_seal(record, folder / RECORD)
    return {name: digest for name, digest in record["files"].items() if name != STUDY}


def read_study(folder: Path) -> dict[str, Any]:
    """Read the study of a result folder.

    Raises
    ------
    StoreError
        If it can't be read as one.
    """
    path = folder / STUDY
    try:
        study = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{path}: can't be read as a study ({_why(error)}); {_ANEW}") from None
    _check_shape(_Study, study, path)
    return study


def check_files(folder: Path, digests: Mapping[str, str], tables: Iterable[str] = ()) -> None:
    """Raise unless the study and the tables of a folder are what its run wrote.

    Parameters
    ----------
    folder
        A result folder.
    digests
        Those of its record.
    tables
        Names of the declared tables: one that lies there but that the run did not write is refused, too.

    Raises
    ------
    StoreError
        With the first file that is missing, another, or too many.
    """
    for name in sorted(digests, key=lambda name: (name != STUDY, name)):
        path = folder / name
        advice = _ANEW if name == STUDY else f"'interlingua run {folder / STUDY} --output {folder}' makes it again"
        try:
            right = file_digest(path) == digests[name]
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: can't be read ({_why(error)}), but the run wrote it; {advice}") from None
        if not right:
            raise StoreError(f"{path}: is not what the run wrote: it was damaged or changed; {advice}")
    for name in (f"tables/{table}.parquet" for table in tables):
        if name not in digests and (folder / name).exists():
            raise StoreError(f"{folder / name}: this run did not write it (see {folder / RECORD}); move it elsewhere")


#: Where nothing in the folder can be relied on to make the rest again.
_ANEW = "restore it from a copy, or run the study again into another folder"


def _files(folder: Path) -> list[str]:
    """Return the files that pages are made from, by their names in the folder."""
    return [STUDY, *sorted(f"tables/{path.name}" for path in (folder / "tables").glob("*.parquet"))]


def _load(folder: Path) -> Any:
    path = folder / RECORD
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(
            f"{folder}: not a complete result folder ({path}: {_why(error)}); 'interlingua run' makes one"
        ) from None


def _check_seal(record: Mapping[str, Any], path: Path) -> None:
    if record.get(_SEAL) != _digest(record):
        raise StoreError(f"{path}: is not what the run wrote: it was damaged or changed; {_ANEW}")


def _digest(record: Mapping[str, Any]) -> str:
    return content_key({key: value for key, value in record.items() if key != _SEAL})


def _check_shape(shape: type[BaseModel], value: Any, path: Path) -> None:
    try:
        shape.model_validate(value, strict=True)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        what = f"its key '{where}' is missing or not what this version writes" if where else "it is no table of keys"
        raise StoreError(f"{path}: {what}; {_ANEW}") from None


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return reason(error)
    return "nested too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0]
