"""Units of one's own: a folder of activations, and a file of units to steer with."""

from __future__ import annotations

import io
import json
import random
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from fuzzing.kinds import Kind, Mutant, Read, add
from fuzzing.known import ROWS
from fuzzing.mutate import encoded, spoilt_bytes, spoilt_json, spoilt_text
from fuzzing.packing import packed, safetensors, spoilt_safetensors, tensors_of, unpack, unpacked

from interlingua.causal.unit_set import UnitSet
from interlingua.models.stored import StoredUnits

#: Sentences, and units of each layer, such that lists of other lengths may add up.
_N, _WIDTH = 12, 4
_LAYERS = ("layer.00", "layer.01")
_KEYS = [(row.sentence, row.sentence.index(row.word), row.sentence.index(row.word) + len(row.word)) for row in ROWS]
_VALUES = {
    name: (np.arange(_N * _WIDTH, dtype=np.float32).reshape(_N, _WIDTH) * (number + 1) - 20) / 8
    for number, name in enumerate(_LAYERS)
}
#: What a study asks for: some of the sentences, in another order.
_ASKED = [7, 0, 3, 11, 5]
_CARD = 'name = "mine"\nis_decoder = false\nabout = "made up"\n'


def _parquet(columns: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, write_page_checksum=True, row_group_size=5)
    return out.getvalue()


def _sentences() -> dict[str, list[Any]]:
    return {name: [key[place] for key in _KEYS[:_N]] for place, name in enumerate(("text", "start", "end"))}


def _lists() -> dict[str, list[Any]]:
    return {name: values.tolist() for name, values in _VALUES.items()}


_FILES = {
    "activations.toml": _CARD.encode(),
    "en.parquet": _parquet(_sentences()),
    "en.safetensors": safetensors(_VALUES),
    "de.parquet": _parquet(_sentences() | _lists()),
}
_CELLS: list[Any] = [None, float("nan"), 1e300, -1, 3, True, "1.5", "x", "", b"\xff", [1.0], []]


def _folder_mutant(chance: random.Random) -> Mutant:
    files = dict(_FILES)
    name = chance.choice(list(files))
    inside = True
    if name.endswith(".toml"):
        files[name] = encoded(spoilt_text(_CARD, chance), chance)
    elif name.endswith(".safetensors"):
        files[name], inside = spoilt_safetensors(files[name], chance)
    elif chance.random() < 0.3:
        files[name], inside = spoilt_bytes(files[name], chance), False
    else:
        files[name] = _spoilt_cells(_sentences() | (_lists() if name == "de.parquet" else {}), chance)
    return Mutant(packed(files), inside)


def _spoilt_cells(columns: dict[str, list[Any]], chance: random.Random) -> bytes:
    """Return the table with other cells: of another type or length, moved to another row, gone."""
    for _ in range(chance.choice((1, 1, 3))):
        name = chance.choice(list(columns))
        cells = columns[name]
        place, other = chance.randrange(len(cells)), chance.randrange(len(cells))
        match chance.randrange(6):
            case 0:
                cells[place] = chance.choice(_CELLS)
            case 1 if isinstance(cells[place], list) and cells[place]:
                cells[place][chance.randrange(len(cells[place]))] = chance.choice(_CELLS)
            case 2 if isinstance(cells[place], list) and isinstance(cells[other], list) and cells[place]:
                cells[other].append(cells[place].pop())
            case 3 if isinstance(cells[place], str):
                cells[place] = spoilt_text(cells[place], chance)
            case 4:
                for column in columns.values():
                    column[place] = column[other]
            case _:
                cells[place], cells[other] = cells[other], cells[place]
    try:
        return _parquet({_other_name(name, chance): _array(cells, chance) for name, cells in columns.items()})
    except (pa.ArrowException, UnicodeEncodeError):  # cells of several types
        return _parquet({name: pa.array([str(cell) for cell in cells]) for name, cells in columns.items()})


def _array(cells: list[Any], chance: random.Random) -> pa.Array:
    if chance.random() < 0.1 and all(isinstance(cell, list) and len(cell) == _WIDTH for cell in cells):
        return pa.array(cells, pa.list_(pa.float32(), _WIDTH))
    return pa.array(cells)


def _other_name(name: str, chance: random.Random) -> str:
    return chance.choice((f"{name} ", name[:-1], "text", "layer.02")) if chance.random() < 0.02 else name


def _read_folder(path: Path) -> Read:
    asked = pd.DataFrame([_KEYS[place] for place in _ASKED], columns=["text", "start", "end"])
    asked.insert(0, "context_id", [f"en-{place:05d}-00" for place in _ASKED])
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unpack(path.read_bytes(), Path(folder))
        units = StoredUnits.read(Path(folder))
        n_layers, width = units.shape
        said: dict[str, Any] = {"name": units.name, "is_decoder": units.is_decoder, "shape": (n_layers, width)}
        for code in ("en", "de"):
            found = units.activations(asked, code)
            said[code] = [np.asarray(found.layer(layer)) for layer in range(n_layers)]
    return Read(values=said)


def _wrong_folder(mutant: Mutant, read: Read) -> str:
    """Compare what was read with what pyarrow and a few lines of our own find in the files."""
    files = unpacked(mutant.content)
    card = tomllib.loads(io.TextIOWrapper(io.BytesIO(files["activations.toml"]), encoding="utf-8").read())
    for key, default in (("name", None), ("is_decoder", False)):
        said = card.get(key, default)
        if said is not None and read.values[key] != said:
            return f"{key} is read as {read.values[key]!r} and is {said!r}"
    for code in ("en", "de"):
        try:
            rows = pq.read_table(io.BytesIO(files[f"{code}.parquet"]), page_checksum_verification=True).to_pydict()
            layers = tensors_of(files[f"{code}.safetensors"]) if f"{code}.safetensors" in files else rows
        except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
            return f"{code} is read, though it is none ({str(error)[:100]})"
        keys = list(zip(rows["text"], rows["start"], rows["end"], strict=True))
        for number, found in enumerate(read.values[code]):
            for values, place in zip(found, _ASKED, strict=True):
                theirs = [layers[f"layer.{number:02d}"][row] for row, key in enumerate(keys) if key == _KEYS[place]]
                if not theirs or any(not _same(values, own) for own in theirs):
                    return f"layer {number} of {code}: {values} is read of row {place}, and it has {theirs}"[:300]
    return ""


def _same(values: Any, own: Any) -> bool:
    if len(values) != len(own) or not all(isinstance(one, int | float | np.number) for one in own):
        return False
    return bool(np.array_equal(values, np.asarray(own, dtype=np.float64).astype(np.float32)))


add(Kind("activations folder", ".zip", [packed(_FILES)], _folder_mutant, _read_folder, _wrong_folder, 10))

_SET = json.dumps(
    {
        "format": "interlingua unit set 1",
        "model": "models/mine",
        "revision": "",
        "fingerprint": "sha256:0",
        "site": "resid_post",
        "block": 6,
        "variable": "valence",
        "language": "en",
        "study": "abc",
        "units": [{"unit": 7 * n, "sign": (-1) ** n, "mean": n / 8, "sd": n + 0.25} for n in range(8)],
    },
    indent=1,
)
_SITES = {"resid_post": "resid", "mlp_act": "mlp", "z": "heads"}


def _set_mutant(chance: random.Random) -> Mutant:
    if chance.random() < 0.6:
        return Mutant(spoilt_json(_SET, chance).encode("utf-8", "replace"), inside=True)
    return Mutant(encoded(spoilt_text(_SET, chance), chance), inside=True)


def _read_set(path: Path) -> Read:
    return Read(values=vars(UnitSet.read(path)))


def _wrong_set(mutant: Mutant, read: Read) -> str:
    try:
        said = json.loads(mutant.content)
        units = [(entry["unit"], entry["sign"], entry["mean"], entry["sd"]) for entry in said["units"]]
        facts = {name: said[name] for name in ("model", "revision", "fingerprint", "variable", "language", "study")}
        facts |= {"site": _SITES[said["site"]], "layer": said["block"] + 1}
    except (ValueError, KeyError, TypeError) as error:
        return f"it is read, though it is none ({str(error)[:100]})"
    for name, value in facts.items():
        if type(read.values[name]) is not type(value) or read.values[name] != value:
            return f"{name} is read as {read.values[name]!r} and is {value!r}"
    for place, (name, values) in enumerate((name, read.values[name]) for name in ("units", "sign", "mean", "sd")):
        theirs = [unit[place] for unit in units]
        right = all(isinstance(one, int | float) and not isinstance(one, bool) for one in theirs)
        if not right or not np.array_equal(values, np.array(theirs, dtype=np.float64)):
            return f"{name} is read as {values} and is {theirs}"[:300]
    return ""


add(Kind("unit set", ".json", [_SET.encode()], _set_mutant, _read_set, _wrong_set))
