"""Activations are read back as they were written, and only whole files are read."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from interlingua.errors import StoreError
from interlingua.models import Activations
from interlingua.tables.layout import Layout


@pytest.fixture
def layers() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(3, 7, 5)).astype(np.float32)


@pytest.fixture(params=["memory", "file"])
def activations(request: pytest.FixtureRequest, layers: np.ndarray, tmp_path: Path) -> Activations:
    in_memory = Activations.from_arrays(layers, {"model": "tiny", "language": "de"})
    return in_memory if request.param == "memory" else in_memory.save(tmp_path / "a" / "de.safetensors")


def test_layers_and_names(activations: Activations, layers: np.ndarray) -> None:
    assert (activations.n_layers, activations.n, activations.width) == (3, 7, 5)
    assert (activations.model, activations.language) == ("tiny", "de")
    for i in range(3):
        assert activations.layer(i).dtype == np.float32
        np.testing.assert_array_equal(activations.layer(i), layers[i])
    for i in (-1, 3):
        with pytest.raises(IndexError, match="the layers are 0 to 2"):
            activations.layer(i)


def test_a_layer_may_be_changed_without_changing_the_store(activations: Activations, layers: np.ndarray) -> None:
    expected = layers[1].copy()
    activations.layer(1)[:] = 0
    np.testing.assert_array_equal(activations.layer(1), expected)


def test_whole_network_has_the_units_in_the_order_of_their_ids(activations: Activations, layers: np.ndarray) -> None:
    whole = activations.whole()
    assert whole.shape == (7, 15)
    assert activations.layout == Layout.even(3, 5)
    for layer, index in ((0, 0), (1, 3), (2, 4)):
        np.testing.assert_array_equal(whole[:, layer * activations.width + index], layers[layer, :, index])


def test_rows(activations: Activations, layers: np.ndarray) -> None:
    mask = np.array([True, False, True, True, False, False, True])
    part = activations.rows(mask)
    assert part.n == 4
    np.testing.assert_array_equal(part.layer(2), layers[2, mask])
    np.testing.assert_array_equal(part.rows([3, 0]).layer(1), layers[1, [6, 0]])
    np.testing.assert_array_equal(activations.rows([5, 5, 1]).whole()[:, :5], layers[0, [5, 5, 1]])
    assert activations.rows(np.zeros(7, dtype=bool)).layer(0).shape == (0, 5)
    assert part.language == "de"
    with pytest.raises(IndexError, match="mask of shape"):
        activations.rows(mask[:3])
    with pytest.raises(IndexError, match="between 0 and 6"):
        activations.rows([7])


def test_pickle(activations: Activations, layers: np.ndarray) -> None:
    again = pickle.loads(pickle.dumps(activations.rows([2, 4])))
    np.testing.assert_array_equal(again.layer(2), layers[2, [2, 4]])


def test_file_is_plain_safetensors_and_its_bytes_are_determined(layers: np.ndarray, tmp_path: Path) -> None:
    metadata = {"model": "tiny", "language": "zh", "contexts": "sha256:幸福"}
    for name in ("a", "b"):
        Activations.from_arrays(layers, dict(reversed(metadata.items()))).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    tensors = load_file(tmp_path / "a")
    assert sorted(tensors) == ["layer.00", "layer.01", "layer.02"]
    np.testing.assert_array_equal(tensors["layer.01"], layers[1])
    of_layout = {"site": "resid", "n_layers": "3", "heads": "0"}
    assert dict(Activations.open(tmp_path / "a").metadata) == metadata | of_layout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_float16_is_read_as_float32(layers: np.ndarray, tmp_path: Path) -> None:
    half = Activations.from_arrays(layers, {"store_dtype": "float16"}).save(tmp_path / "half")
    assert load_file(tmp_path / "half")["layer.00"].dtype == np.float16
    assert half.layer(0).dtype == np.float32
    np.testing.assert_array_equal(half.layer(0), layers[0].astype(np.float16).astype(np.float32))


def test_more_than_a_hundred_layers(tmp_path: Path) -> None:
    values = np.arange(120, dtype=np.float32)[:, None, None] * np.ones((1, 2, 3), dtype=np.float32)
    activations = Activations.from_arrays(values).save(tmp_path / "deep")
    assert activations.n_layers == 120
    assert [activations.layer(i)[0, 0] for i in (9, 10, 99, 100, 119)] == [9, 10, 99, 100, 119]


def test_what_cannot_be_opened(layers: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no file of activations at .*run the extraction first"):
        Activations.open(tmp_path / "none.safetensors")
    path = tmp_path / "cut.safetensors"
    Activations.from_arrays(layers).save(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(StoreError, match=r"can't read .*cut\.safetensors as activations"):
        Activations.open(path)
    with pytest.raises(StoreError, match="can't read"):
        Activations.open(tmp_path)
    save_file({"weights": layers[0]}, tmp_path / "other.safetensors")
    with pytest.raises(StoreError, match="is not a file of activations"):
        Activations.open(tmp_path / "other.safetensors")


def test_a_file_that_vanished_is_told(layers: np.ndarray, tmp_path: Path) -> None:
    activations = Activations.from_arrays(layers).save(tmp_path / "a")
    (tmp_path / "a").unlink()
    with pytest.raises(StoreError, match="can't read layer 1"):
        activations.layer(1)


def test_layers_of_different_shapes_are_refused() -> None:
    with pytest.raises(StoreError, match="one shape"):
        Activations.from_arrays([np.zeros((2, 3)), np.zeros((2, 4))])
    with pytest.raises(StoreError, match="one shape"):
        Activations.from_arrays([])


def test_shards_whose_manifest_is_damaged_are_thrown_away_with_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from interlingua.models.shards import ShardFolder

    path, rows = tmp_path / "a.safetensors", [np.arange(2), np.arange(2, 4)]
    shards = ShardFolder(path, {"a": 1}, rows, (1, 3), np.dtype(np.float32))
    shards.write(0, np.ones((1, 2, 3)))
    assert 0 in ShardFolder(path, {"a": 1}, rows, (1, 3), np.dtype(np.float32))
    assert not caplog.records
    (shards.folder / "manifest.json").write_text("{", encoding="utf-8")
    assert 0 not in ShardFolder(path, {"a": 1}, rows, (1, 3), np.dtype(np.float32))
    [record] = caplog.records
    assert "extracted again" in record.message
