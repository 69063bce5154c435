"""Files of units: what another program makes of them, what is refused, and steering by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from interlingua.causal.steering import steered, text_vectors
from interlingua.causal.unit_set import UnitSet
from interlingua.errors import ConfigError, ModelError, StoreError
from interlingua.models import LoadedModel

#: All that another program needs: the file, transformers, and a hook on the block that the file names.
ELSEWHERE = """
import json, sys
import torch
from transformers import AutoModel

file, folder = sys.argv[1:]
found = json.load(open(file, encoding="utf-8"))
assert found["format"] == "interlingua unit set 1" and found["site"] == "resid_post"
model = AutoModel.from_pretrained(folder).eval()
shift = torch.zeros(model.config.hidden_size)
for entry in found["units"]:
    shift[entry["unit"]] = 2 * entry["sign"] * entry["sd"]
model.encoder.layer[found["block"]].register_forward_hook(
    lambda module, args, out: (out[0] + shift, *out[1:]) if isinstance(out, tuple) else out + shift
)
with torch.no_grad():
    states = model(input_ids=torch.tensor([[5, 9, 12, 30, 8]])).last_hidden_state
assert not any(name.startswith("interlingua") for name in sys.modules)
print(json.dumps(states[0].tolist()))
"""


@pytest.fixture
def units(tiny: Callable[[str], LoadedModel]) -> UnitSet:
    model = tiny("bert")
    return UnitSet(
        model=model.name,
        revision=model.revision,
        fingerprint=model.fingerprint,
        site="resid",
        layer=2,
        variable="valence",
        language="en",
        study="abc",
        units=np.array([3, 17, 0]),
        sign=np.array([1.0, -1.0, 1.0]),
        mean=np.array([0.1, 0.2, -0.3]),
        sd=np.array([0.5, 1.5, 0.25]),
    )


def test_a_program_without_the_package_makes_the_same_shift(
    tiny: Callable[[str], LoadedModel], units: UnitSet, tmp_path: Path
) -> None:
    model = tiny("bert")
    file, script = tmp_path / "units.json", tmp_path / "elsewhere.py"
    units.write(file)
    script.write_text(ELSEWHERE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(file), model.model.name_or_path],
        capture_output=True,
        text=True,
        check=True,
    )
    ids = torch.tensor([[5, 9, 12, 30, 8]])
    with torch.no_grad():
        plain = model.model(input_ids=ids).last_hidden_state[0]
        with steered(model, units, dose=2):
            shifted = model.model(input_ids=ids).last_hidden_state[0]
        again = model.model(input_ids=ids).last_hidden_state[0]
    torch.testing.assert_close(torch.tensor(json.loads(done.stdout)), shifted, atol=1e-5, rtol=1e-5)
    assert (shifted - plain).abs().max() > 0.01
    torch.testing.assert_close(again, plain)


def test_what_is_written_is_read(units: UnitSet, tmp_path: Path) -> None:
    units.write(tmp_path / "units.json")
    found = UnitSet.read(tmp_path / "units.json")
    for name in vars(units):
        np.testing.assert_array_equal(getattr(found, name), getattr(units, name))
    np.testing.assert_array_equal(found.shift(-2, 20)[[0, 3, 17, 5]], [-0.5, -1.0, 3.0, 0.0])
    with pytest.raises(StoreError, match="unit 17 of the set is none of a layer of 10"):
        found.shift(1, 10)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "sae"}, "format"),
        ({"units": []}, "units"),
        ({"block": -1, "site": "z"}, "no block before the first"),
        ({"extra": 1}, "extra"),
        ({"units": [{"unit": 1, "sign": 1, "mean": 0, "sd": 1}] * 2}, "twice"),
        ({"units": [{"unit": 1, "sign": 0, "mean": 0, "sd": 1}]}, "sign"),
        ({"units": [{"unit": 1, "sign": 1, "mean": 0, "sd": -1}]}, "sd"),
        ({"units": [{"unit": 10**9, "sign": 1, "mean": 0, "sd": 1}]}, "unit"),
        ({"units": [{"unit": "1", "sign": 1, "mean": 0, "sd": 1}]}, "unit"),
        ({"units": [{"unit": 1, "sign": True, "mean": 0, "sd": 1}]}, "sign"),
        ({"units": [{"unit": 1, "sign": 1, "mean": True, "sd": 1}]}, "mean"),
        ({"units": [{"unit": 1, "sign": 1, "mean": 0, "sd": "1.5"}]}, "sd"),
        ({"model": "x" * 2000}, "model"),
    ],
)
def test_what_is_no_unit_set_is_refused(units: UnitSet, tmp_path: Path, change: dict[str, Any], says: str) -> None:
    file = tmp_path / "units.json"
    units.write(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | change), encoding="utf-8")
    with pytest.raises(StoreError, match=says) as caught:
        UnitSet.read(file)
    assert len(str(caught.value).splitlines()) == 1


@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_bytes_of_any_kind_are_an_error_and_no_crash(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("any") / "units.json"
    file.write_bytes(data)
    with pytest.raises(StoreError):
        UnitSet.read(file)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_set_with_a_part_replaced_is_read_whole_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    good = {
        "format": "interlingua unit set 1",
        "model": "m",
        "revision": "",
        "fingerprint": "",
        "site": "mlp_act",
        "block": 3,
        "variable": "valence",
        "language": "en",
        "study": "",
        "units": [{"unit": 1, "sign": 1, "mean": 0.5, "sd": 1.0}],
    }
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), lambda s: st.lists(s, max_size=3)
    )
    good[data.draw(st.sampled_from(sorted(good)))] = data.draw(anything)
    file = tmp_path_factory.mktemp("part") / "units.json"
    file.write_text(json.dumps(good), encoding="utf-8")
    try:
        found = UnitSet.read(file)
    except StoreError:
        return
    assert np.isfinite(found.shift(1, 10)).all()
    assert found.layer >= 0


def test_a_missing_and_a_huge_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be read as a unit set"):
        UnitSet.read(tmp_path / "no.json")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(30_000_000)
    with pytest.raises(StoreError, match="more than 20,000,000 bytes"):
        UnitSet.read(huge)


def test_units_of_another_model_are_refused(tiny: Callable[[str], LoadedModel], units: UnitSet) -> None:
    with (
        pytest.raises(ModelError, match="units of one model mean nothing in another"),
        steered(tiny("bert"), replace(units, fingerprint="other"), 1),
    ):
        pass


def test_a_shift_of_some_tokens_and_of_a_text(tiny: Callable[[str], LoadedModel], units: UnitSet) -> None:
    model = tiny("bert")
    ids = torch.tensor([[5, 9, 12]])

    def layer_two() -> torch.Tensor:
        seen: list[torch.Tensor] = []
        with model.sites.address("resid", 2).watch(lambda tensor: seen.append(tensor.clone())), torch.no_grad():
            model.model(input_ids=ids)
        return seen[0][0]

    plain = layer_two()
    with steered(model, units, dose=-1, at=[[False, True, False]]):
        shifted = layer_two()
    wanted = plain.clone()
    wanted[1, [3, 17, 0]] += torch.tensor([-0.5, 1.5, -0.25])
    torch.testing.assert_close(shifted, wanted)
    before, after = text_vectors(model, units, 0.0, "w3 w4")
    np.testing.assert_array_equal(before, after)
    before, after = text_vectors(model, units, 2.0, "w3 w4")
    assert not np.allclose(before, after)
    with pytest.raises(ConfigError, match="blank"):
        text_vectors(model, units, 1.0, "  ")
