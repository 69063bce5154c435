"""Weights rounded to 8 and 4 bits by bitsandbytes: near the model in float32, and refused where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from interlingua.errors import ModelError
from interlingua.models import load_model
from interlingua.models.comparing import BOUNDS, Reference

pytestmark = pytest.mark.decoder


@pytest.mark.parametrize("kind", ["8bit", "4bit"])
def test_rounded_weights_are_near(minilm: Path, kind: str) -> None:
    plain = load_model(str(minilm), device="cpu")
    model = load_model(str(minilm), device="cpu", quantisation=kind)  # type: ignore[arg-type]
    assert (model.dtype, model.count) == (f"float32, {kind}", plain.count)
    stored = {parameter.dtype for parameter in model.model.encoder.parameters()}
    assert stored & {torch.int8, torch.uint8}
    reference = Reference.of("m", plain.tokenizer, plain.model, plain.max_length)
    off = reference.differs(model.model, model.layouts["right"])
    assert BOUNDS["float32"] < off < BOUNDS[kind]


def test_what_differs_too_much_is_refused(minilm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BOUNDS, "4bit", 0.01)
    with pytest.raises(ModelError, match=r"on cpu in float32, 4bit differs from the processor in float32 by 0\.\d+"):
        load_model(str(minilm), device="cpu", quantisation="4bit")
