"""Result folders: their record, their study and some of their tables, as reports, atlases and steering read them."""

from __future__ import annotations

import io
import json
import random
import tempfile
import tomllib
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from fuzzing.kinds import Kind, Mutant, Read, add
from fuzzing.mutate import encoded, spoilt_bytes, spoilt_json, spoilt_text
from fuzzing.packing import packed, unpack, unpacked

import interlingua as il
from interlingua.questions.order import tables
from interlingua.report.record import write_record
from interlingua.report.results import Results
from interlingua.run.steer import unit_set
from interlingua.tables.schema import version

_TABLES = tables()
_LANGUAGES, _WIDTH, _LAYER = ("en", "de"), 6, 2
_CELL = {"model": "mine", "site": "resid", "variable": "valence"}
_STUDY = """name = "fuzz"
preset = "careful"
sites = ["resid"]
variables = ["valence"]
unseen = ["de"]
[units]
headline = "correlation"
methods = ["correlation"]
k = 0.1
[scrutiny]
stability = 5
"""
_RECORD = {
    "study": "fuzz",
    "study_sha256": "0" * 64,
    "tables": version(_TABLES.values()),
    "models": [
        {
            "name": "mine",
            "spec": "models/mine",
            "fingerprint": "sha256:1",
            "control": False,
            "revision": None,
            "layers": 3,
            "width": _WIDTH,
            "dtype": "float32",
            "is_decoder": False,
            "sites": {"resid": {"widths": [_WIDTH] * 3, "site": "resid", "layers": [0, 1, 2], "heads": 0}},
        }
    ],
    "activations": [{"model": "mine", "site": "resid", "language": code, "key": "0" * 32} for code in _LANGUAGES],
    "labels": {"correlation": "|r|"},
    "not_asked": {},
}


def _rows() -> dict[str, list[dict[str, Any]]]:
    units = [_CELL | {"layer": _LAYER, "language": code, "index": n} for code in _LANGUAGES for n in range(_WIDTH)]
    layer = [
        row | {"unit": _LAYER * _WIDTH + row["index"], "sign": (-1) ** row["index"], "mean": n / 8, "sd": n + 0.25}
        for n, row in enumerate(units)
    ]
    chosen = [
        {key: row[key] for key in ("model", "site", "variable", "layer", "language", "unit", "index", "sign")}
        | {"chosen_by": "others", "place": place + 1}
        for place, row in enumerate(layer[4:1:-1] + layer[9:7:-1])
    ]
    probe = [_CELL | {"language": code, "index": n, "weight": n / 4} for code in _LANGUAGES for n in range(-1, _WIDTH)]
    pairs = _CELL | {"method": "correlation", "layer": _LAYER, "language_a": "en", "language_b": "de", "observed": 2}
    shares = {"expected": 0.5, "fe": 4.0, "log_p": -2.0, "p": 0.125, "p_bh": 0.25, "p_by": 0.5, "same_sign": 1.0}
    return {"causal_layer": layer, "causal_units": chosen, "causal_probe": probe, "pairs": [pairs | shares]}


_ROWS = _rows()


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _table(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))


def _sealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files with a record that has their digests, and one of itself."""
    with tempfile.TemporaryDirectory() as folder:
        unpack(packed(files), Path(folder))
        write_record(Path(folder), json.loads(files["run.json"]))
        return files | {"run.json": Path(folder, "run.json").read_bytes()}


_FILES = _sealed(
    {"study.toml": _STUDY.encode(), "run.json": json.dumps(_RECORD).encode()}
    | {f"tables/{name}.parquet": _parquet(pa.Table.from_pylist(rows)) for name, rows in _ROWS.items()}
)
_CELLS: list[Any] = [None, float("nan"), float("inf"), -1, 0, 2, 99, 1e308, 2**40, True, "x", "", "de", b"\xff", [1]]


def _mutant(chance: random.Random) -> Mutant:
    """Return a folder of which one file is spoilt; with a right seal, or without."""
    files = dict(_FILES)
    name = chance.choice(["run.json", "run.json", "study.toml", *files])
    sealed = chance.random() < 0.75
    if name.endswith(".parquet") and (sealed or chance.random() < 0.5):
        files[name] = _other_cells(files[name], chance)
    elif name == "run.json" and (sealed or chance.random() < 0.5):
        files[name] = spoilt_json(files[name].decode(), chance).encode()
    elif name == "study.toml":
        files[name] = encoded(spoilt_text(_STUDY, chance), chance)
    else:
        files[name] = spoilt_bytes(files[name], chance)
    if chance.random() < 0.02:
        del files[name]
    if sealed:
        try:
            return Mutant(packed(_sealed(files)), inside=True)
        except (ValueError, TypeError, KeyError, OSError):  # a record that is none, a study that is gone
            pass
    return Mutant(packed(files), inside=False)


def _other_cells(content: bytes, chance: random.Random) -> bytes:
    columns = _table(content).to_pydict()
    for _ in range(chance.choice((1, 1, 3))):
        name = chance.choice(list(columns))
        cells = columns[name]
        place, other = chance.randrange(len(cells)), chance.randrange(len(cells))
        match chance.randrange(7):
            case 0:
                columns = {key: values[:place] + values[place + 1 :] for key, values in columns.items()}
                if not cells[1:]:
                    break
            case 1:
                columns = {key: [*values, values[place]] for key, values in columns.items()}
            case 2 if len(columns) > 1:
                del columns[name]
            case 3:
                columns[spoilt_text(name, chance)[:50]] = columns.pop(name)
            case 4:
                cells[place], cells[other] = cells[other], cells[place]
            case 5:
                columns[name] = [chance.choice(_CELLS)] * len(cells)
            case _:
                cells[place] = chance.choice(_CELLS)
    try:
        return _parquet(pa.table(columns))
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):  # cells of several types
        return _parquet(pa.table({"x" * 3: [str(cells) for cells in columns.values()]}))


def _read(path: Path) -> Read:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unpack(path.read_bytes(), Path(folder))
        results = Results.read(Path(folder), _TABLES)
        said: dict[str, Any] = {name: results.table(name) for name in _ROWS}
        said |= {"study": results.study, "all": il.read_tables(Path(folder))}
        said |= {"by choice": unit_set(folder), "by name": unit_set(folder, language="de", units="L2.1,L2.4")}
    return Read(values=said)


def _wrong(mutant: Mutant, read: Read) -> str:
    files = unpacked(mutant.content)
    if not mutant.inside:
        for name, content in _FILES.items():
            same = json.loads if name == "run.json" else bytes
            if name not in files or same(files[name]) != same(content):
                return f"{name} is not what was sealed, and is read"
    if read.values["study"] != tomllib.loads(files["study.toml"].decode().replace("\r\n", "\n").replace("\r", "\n")):
        return "the study is another than its file says"
    there = {name: files[f"tables/{name}.parquet"] for name in _ROWS if f"tables/{name}.parquet" in files}
    if more := [name for name in _ROWS if name not in there and len(read.values[name])]:
        return f"{more[0]} is not there, and has rows"
    found = {name: _table(content).to_pydict() for name, content in there.items()}
    for name, columns in found.items():
        for frame in (read.values[name], read.values["all"][name]):
            if sorted(map(str, frame.columns)) != sorted(columns):
                return f"{name} has other columns"
            for column, cells in columns.items():
                if not all(_same(ours, theirs) for ours, theirs in zip(frame[column], cells, strict=True)):
                    return f"{name}: {column} is read as {list(frame[column])} and is {cells}"[:300]
    return _wrong_units(read, found)


def _wrong_units(read: Read, found: dict[str, dict[str, list[Any]]]) -> str:
    layer, chosen_units = (_as_rows(found.get(name, {})) for name in ("causal_layer", "causal_units"))
    for key in ("by choice", "by name"):
        units = read.values[key]
        cell = {"site": units.site, "variable": units.variable, "language": units.language, "model": layer[0]["model"]}
        rows = {row["index"]: row for row in layer if all(row[name] == value for name, value in cell.items())}
        chosen = [row for row in chosen_units if row["chosen_by"] == "others"]
        chosen = [row for row in chosen if all(row[name] == value for name, value in cell.items())]
        wanted = (
            [row["index"] for row in sorted(chosen, key=lambda row: row["place"])] if key == "by choice" else [1, 4]
        )
        if list(units.units) != wanted:
            return f"units {key} are {wanted}, and {list(units.units)} are read"
        for name in ("sign", "mean", "sd"):
            if list(getattr(units, name)) != [rows[index][name] for index in wanted]:
                return f"{name} of units {key} is not the table's"
    return ""


def _as_rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _same(ours: Any, theirs: Any) -> bool:
    if theirs is None or (isinstance(theirs, float) and isnan(theirs)):
        return bool(pd.isna(ours))
    if isinstance(ours, np.ndarray):
        return list(ours) == theirs
    return bool(ours == theirs)


add(Kind("result folder", ".zip", [packed(_FILES)], _mutant, _read, _wrong, 40))
