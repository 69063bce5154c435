"""Units of one's own: activations of another tool, or features of a sparse autoencoder, as files in a folder.

A folder holds ``activations.toml`` (``name``, and if need be ``is_decoder``) and for each language ``CODE.parquet``
with the sentences (``text``, ``start``, ``end``: a row each) and, in the order of its rows, the units: the tensors
``layer.00``, ``layer.01``, ... of ``CODE.safetensors``, each (rows, units), or columns of these names in
``CODE.parquet``, a list of numbers a row. docs/models.md has an example.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import ModelError, reason, suggest

if TYPE_CHECKING:
    import pandas as pd

    from interlingua.models.store import Activations

CARD = "activations.toml"
_KEYS = {"name": str, "is_decoder": bool, "about": str}
_ROW = ("text", "start", "end")
_LAYER = "layer."


@dataclass(frozen=True)
class StoredUnits:
    """A folder of activations.

    Parameters
    ----------
    folder
        Where it is.
    name
        As results call it.
    is_decoder
        Whether a word's units know nothing of what stands behind it.
    """

    folder: Path
    name: str
    is_decoder: bool = False

    @classmethod
    def read(cls, folder: Path) -> StoredUnits:
        """Read what the folder says of itself; units are read when they are asked for.

        Raises
        ------
        ModelError
            If ``activations.toml`` can't be read, or has other keys than those it may have.
        """
        path = folder / CARD
        try:
            card = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ModelError(f"{path} can't be read ({reason(error)})") from None
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path} is no TOML in UTF-8 ({error})") from None
        for key, value in card.items():
            if key not in _KEYS:
                raise ModelError(f"{path} has the key '{key}'{suggest(key, _KEYS)}; it may have {', '.join(_KEYS)}")
            if not isinstance(value, _KEYS[key]):
                raise ModelError(f"{path}: {key} must be {'true or false' if _KEYS[key] is bool else 'a text'}")
        name = card.get("name", folder.resolve().name)
        if not name.strip():
            raise ModelError(f"{path}: the name is blank")
        return cls(folder, name, card.get("is_decoder", False))

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that have sentences."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.parquet")))

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Layers, and units in each: the same in all languages.

        Raises
        ------
        ModelError
            If there is none, or they differ.
        """
        shapes = {code: self._layers(code, rows=False)[0] for code in self.languages}
        if not shapes:
            raise ModelError(f"{self.folder} holds no sentences: it needs CODE.parquet for each language")
        first, shape = next(iter(shapes.items()))
        for code, other in shapes.items():
            if other != shape:
                raise ModelError(
                    f"{self.folder}: {first} has {shape[0]} layers of {shape[1]} units, and {code} has {other[0]} of "
                    f"{other[1]}; all languages need the same"
                )
        return shape

    def fingerprint(self) -> str:
        """Return a sha256 over the names and contents of its files."""
        digest = hashlib.sha256()
        names = {CARD, *(f"{code}.{kind}" for code in self.languages for kind in ("parquet", "safetensors"))}
        for path in sorted(self.folder / name for name in names):
            if path.is_file():
                with path.open("rb") as file:
                    digest.update(f"{path.name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
        return f"sha256:{digest.hexdigest()}"

    def activations(self, contexts: pd.DataFrame, language: str) -> Activations:
        """Return the units at the words of a study's sentences.

        Parameters
        ----------
        contexts
            Sentences with the columns ``text, start, end``, in any order.
        language
            Their language's code.

        Returns
        -------
        activations
            Row i is row i of `contexts`.

        Raises
        ------
        ModelError
            If a sentence has no units, or has two that differ, or a number is not finite.
        """
        from interlingua.contexts.table import contexts_hash
        from interlingua.models.store import Activations

        layout = self.shape  # all languages agree
        sentences = self._sentences(language)
        _, layers = self._layers(language, rows=True)
        places: dict[tuple[Any, ...], int] = {}
        for row, key in enumerate(zip(*(sentences[name] for name in _ROW), strict=True)):
            first = places.setdefault(key, row)
            if first != row and not all(np.array_equal(layer[first], layer[row]) for layer in layers):
                raise ModelError(
                    f"{self.folder / language}.parquet has '{key[0][:60]}' at {key[1]} to {key[2]} twice (rows {first} "
                    f"and {row}) with other units; leave one out"
                )
        wanted = list(zip(*(contexts[name] for name in _ROW), strict=True))
        absent = [key for key in wanted if key not in places]
        if absent:
            text, start, end = absent[0]
            raise ModelError(
                f"{self.name} has no units for {len(absent):,} of {len(wanted):,} sentences in {language}, the first "
                f"'{text[:60]}' at {start} to {end} ('{text[start:end]}'); let your tool run over the sentences that "
                "'interlingua contexts export STUDY' writes"
            )
        chosen = np.array([places[key] for key in wanted])
        values = [layer[chosen].astype(np.float32) for layer in layers]
        for number, layer in enumerate(values):
            if not np.isfinite(layer).all():
                row = int(np.flatnonzero(~np.isfinite(layer).all(axis=1))[0])
                raise ModelError(
                    f"{self.name}: layer {number} of {language} holds numbers that are not finite, the first at "
                    f"'{wanted[row][0][:60]}'"
                )
        assert len(values) == layout[0]
        return Activations.from_arrays(
            values, {"model": self.name, "language": language, "contexts": contexts_hash(contexts)}
        )

    def _sentences(self, code: str) -> dict[str, list[Any]]:
        import pyarrow.parquet as pq

        path = self.folder / f"{code}.parquet"
        if not path.is_file():
            there = ", ".join(self.languages) or "none"
            raise ModelError(f"{self.folder} has no {path.name}; languages that are there: {there}")
        try:
            table = pq.read_table(path, columns=list(_ROW), page_checksum_verification=True)
            return {name: table.column(name).to_pylist() for name in _ROW}
        except Exception as error:  # pyarrow raises almost anything
            raise ModelError(
                f"{path} can't be read as sentences with {', '.join(_ROW)} ({_one_line(error)})"
            ) from error

    def _layers(self, code: str, *, rows: bool) -> tuple[tuple[int, int], list[NDArray[Any]]]:
        """Return how many layers of how many units a language has and, if asked for, their values."""
        file = self.folder / f"{code}.safetensors"
        shapes, layers = _from_safetensors(file, rows=rows) if file.is_file() else _from_parquet(self.folder, code)
        file = file if file.is_file() else file.with_suffix(".parquet")
        expected = [f"{_LAYER}{i:02d}" for i in range(len(shapes))]
        if not shapes or sorted(shapes) != expected or len(set(shapes.values())) != 1:
            found = ", ".join(f"{name} {shape}" for name, shape in sorted(shapes.items())[:4]) or "none of them"
            raise ModelError(f"{file} needs {_LAYER}00, {_LAYER}01, ... of one shape (rows, units); it has {found}")
        n, width = shapes[expected[0]]
        there = len(self._sentences(code)["text"])
        if n != there:
            raise ModelError(f"{file} has units of {n:,} rows, and {code}.parquet has {there:,} sentences")
        return (len(shapes), width), [layers[name] for name in expected] if rows else []


def _from_safetensors(file: Path, *, rows: bool) -> tuple[dict[str, tuple[int, ...]], dict[str, NDArray[Any]]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np") as opened:
            names = [name for name in opened.keys() if name.startswith(_LAYER)]  # noqa: SIM118
            shapes = {name: tuple(opened.get_slice(name).get_shape()) for name in names}
            layers = {name: opened.get_tensor(name) for name in names} if rows else {}
    except (OSError, SafetensorError, TypeError) as error:
        raise ModelError(
            f"{file} can't be read as units ({_one_line(error)}); save them as float32 or float16 in safetensors"
        ) from error
    return _of_two_dimensions(shapes), layers


def _from_parquet(folder: Path, code: str) -> tuple[dict[str, tuple[int, ...]], dict[str, NDArray[Any]]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = folder / f"{code}.parquet"
    try:
        names = [name for name in pq.read_schema(file).names if name.startswith(_LAYER)]
        table = pq.read_table(file, columns=names, page_checksum_verification=True)
        layers = {}
        for name in names:
            values = table.column(name).combine_chunks()
            flat, lengths = values.flatten(), pc.list_value_length(values).to_pylist()
            if not (pa.types.is_floating(flat.type) or pa.types.is_integer(flat.type)):
                raise ValueError(f"{name} holds {values.type}")
            for row, length in enumerate(lengths):
                if length is None or length != lengths[0]:
                    raise ValueError(f"{name}: the list in row {row} is missing or of another length")
            layers[name] = flat.to_numpy(zero_copy_only=False).reshape(len(values), lengths[0] if lengths else 0)
    except Exception as error:  # pyarrow raises almost anything
        raise ModelError(
            f"{file} can't be read as units, a list of equally many numbers a row ({_one_line(error)})"
        ) from error
    return {name: layer.shape for name, layer in layers.items()}, layers


def _of_two_dimensions(shapes: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {} if any(len(shape) != 2 for shape in shapes.values()) else shapes


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
