"""Units to steer with, in a file of their own: what another program needs to make the same shift, and nothing else.

Files name blocks, not layers: block b is the (b + 1)-th, whose output is layer b + 1 of a study. Sites have the names
that the field uses: ``resid_post`` is a block's output, ``mlp_act`` what goes into its down projection, ``z`` what goes
into the out projection of its attention.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from interlingua.errors import StoreError, reason
from interlingua.tables import HEADS, MLP, RESID, Site

FORMAT = "interlingua unit set 1"
_NAMES: dict[Site, Literal["resid_post", "mlp_act", "z"]] = {RESID: "resid_post", MLP: "mlp_act", HEADS: "z"}
#: Bytes and units of a file: a layer of the largest models has some 50,000.
_MOST_BYTES, _MOST_UNITS = 20_000_000, 100_000

_Text = Annotated[str, Field(max_length=1000)]
_Value = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Unit(_Part):
    unit: Annotated[int, Field(ge=0, lt=10_000_000)]
    sign: Annotated[int, Field(ge=-1, le=1)]  # no Literal, which takes true for 1
    mean: _Value
    sd: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _File(_Part):
    format: Literal["interlingua unit set 1"]
    model: _Text
    revision: _Text
    fingerprint: _Text
    site: Literal["resid_post", "mlp_act", "z"]
    block: Annotated[int, Field(ge=-1, lt=100_000)]
    variable: _Text
    language: _Text
    study: _Text
    units: Annotated[list[_Unit], Field(min_length=1, max_length=_MOST_UNITS)]

    @model_validator(mode="after")
    def _each_once(self) -> _File:
        if len({entry.unit for entry in self.units}) < len(self.units):
            raise ValueError("a unit stands there twice")
        if any(entry.sign == 0 for entry in self.units):
            raise ValueError("a sign is -1 or 1")
        if self.block < 0 and self.site != "resid_post":
            raise ValueError(
                "there is no block before the first: block -1 is the embeddings, which have resid_post only"
            )
        return self


@dataclass(frozen=True, eq=False)
class UnitSet:
    """Units of one layer, with what steering takes.

    Attributes
    ----------
    model, revision, fingerprint : str
        Whose units.
    site : {'resid', 'mlp', 'heads'}
    layer : int
        As a study numbers them, 0 = embeddings.
    variable, language : str
        What they go with, and in which language means and SDs were taken.
    study : str
        Hash of the study.
    units : ndarray of int64, shape (k,)
        Their numbers in the layer.
    sign, mean, sd : ndarray of float64, shape (k,)
        Direction in which each goes with the rating (-1 or 1), mean and SD over the language's training words.
    """

    model: str
    revision: str
    fingerprint: str
    site: Site
    layer: int
    variable: str
    language: str
    study: str
    units: NDArray[np.int64]
    sign: NDArray[np.float64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]

    def shift(self, dose: float, width: int) -> NDArray[np.float64]:
        """Return dose x sign x SD of each unit of the layer, 0 of those that are not in the set, shape (width,).

        Raises
        ------
        StoreError
            If the layer has fewer units than the set says.
        """
        if self.units.max() >= width:
            raise StoreError(
                f"unit {self.units.max()} of the set is none of a layer of {width} units: another model's?"
            )
        shift = np.zeros(width)
        shift[self.units] = dose * self.sign * self.sd
        return shift

    def write(self, path: Path) -> None:
        """Write the set as JSON.

        Raises
        ------
        StoreError
            If the file can't be written.
        """
        units = [
            {"unit": int(unit), "sign": int(sign), "mean": float(mean), "sd": float(sd)}
            for unit, sign, mean, sd in zip(self.units, self.sign, self.mean, self.sd, strict=True)
        ]
        facts = {
            "format": FORMAT,
            "model": self.model,
            "revision": self.revision,
            "fingerprint": self.fingerprint,
            "site": _NAMES[self.site],
            "block": self.layer - 1,
            "variable": self.variable,
            "language": self.language,
            "study": self.study,
            "units": units,
        }
        try:
            path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{path}: can't be written ({reason(error)}); give another path") from None

    @classmethod
    def read(cls, path: Path) -> UnitSet:
        """Read what `write` wrote, or another program in the same format.

        Raises
        ------
        StoreError
            If there is no such file, it is too large, or no unit set; says what is wrong.
        """
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else error
            raise StoreError(f"{path}: can't be read as a unit set ({why})") from None
        if len(data) > _MOST_BYTES:
            raise StoreError(f"{path}: more than {_MOST_BYTES:,} bytes, so no unit set; is it the right file?")
        try:
            found = _File.model_validate_json(data, strict=True)  # no text that reads as a number
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise StoreError(f"{path}: no unit set{f': {where}' if where else ''}: {first['msg']}") from None
        site = next(site for site, name in _NAMES.items() if name == found.site)
        columns = [[getattr(entry, name) for entry in found.units] for name in ("sign", "mean", "sd")]
        sign, mean, sd = (np.array(column, dtype=np.float64) for column in columns)
        return cls(
            found.model,
            found.revision,
            found.fingerprint,
            site,
            found.block + 1,
            found.variable,
            found.language,
            found.study,
            np.array([entry.unit for entry in found.units], dtype=np.int64),
            sign,
            mean,
            sd,
        )
