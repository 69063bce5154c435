"""Where a model is computed and in which number format, and the memory that it takes."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

from interlingua.errors import ConfigError, ModelError
from interlingua.flow.processes import free_memory

logger = logging.getLogger("interlingua")

Dtype = Literal["float32", "float16", "bfloat16", "auto"]
Quantisation = Literal["none", "8bit", "4bit"]
DEVICES = re.compile(r"auto|cpu|cuda(:\d{1,3})?|mps|spread")
"""What a device may be called: ``spread`` is over all GPUs, and the processor's memory where those are full."""
WHICH_DEVICES = "'auto', 'cpu', 'cuda', 'cuda:1' (a GPU by its number), 'mps' or 'spread'"

_BYTES = {"float32": 4.0, "float16": 2.0, "bfloat16": 2.0, "8bit": 1.0, "4bit": 0.5}
#: From so many bytes on a line says what a model takes before it is loaded.
_TOLD = 1e9


@dataclass(frozen=True)
class Where:
    """Where a model is computed, and in which form its numbers are.

    Parameters
    ----------
    device
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"spread"``.
    dtype
        Number format of the weights (and, where they are quantised, of what is computed with them).
    quantisation
        How weights of linear layers are kept.
    """

    device: str
    dtype: Dtype
    quantisation: Quantisation = "none"

    @property
    def plain(self) -> bool:
        """Whether it is the processor with numbers as they are, with which all else is compared."""
        return self.device == "cpu" and self.quantisation == "none"

    @property
    def numbers(self) -> str:
        """The form of its numbers, as text."""
        return self.dtype if self.quantisation == "none" else f"{self.dtype}, {self.quantisation}"

    @property
    def options(self) -> dict[str, Any]:
        """What `from_pretrained` is told; nothing where the model is loaded on the processor, and moved if need be."""
        if self.device != "spread" and self.quantisation == "none":
            return {}
        placed = {"device_map": "auto" if self.device == "spread" else {"": self.device}}
        return placed if self.quantisation == "none" else {**placed, "quantization_config": self._quantised()}

    def _quantised(self) -> Any:
        import torch
        import transformers

        quantised: Any = transformers.BitsAndBytesConfig
        if self.quantisation == "8bit":
            # It says at each layer and sentence that what goes in is rounded to float16 (docs/models.md says it once).
            logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
            return quantised(load_in_8bit=True)
        return quantised(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=getattr(torch, self.dtype)
        )


def resolve(dtype: Dtype, device: str, quantisation: Quantisation = "none") -> Where:
    """Return where `load_model` would compute a model, and in which number format.

    Raises
    ------
    ConfigError
        If there is no device or number format of that name.
    ModelError
        If the device is not there, or what is needed is not installed.
    """
    where = _device(device)
    if dtype not in ("float32", "float16", "bfloat16", "auto"):
        raise ConfigError(f"dtype is '{dtype}'; it must be 'float32', 'float16', 'bfloat16' or 'auto'")
    if quantisation not in ("none", "8bit", "4bit"):
        raise ConfigError(f"quantisation is '{quantisation}'; it must be 'none', '8bit' or '4bit'")
    needed = [*(["accelerate"] if where == "spread" else []), *_quantisers(quantisation)]
    if missing := [package for package in needed if find_spec(package) is None]:
        what = f"device = '{where}'" if where == "spread" else f"quantisation = '{quantisation}'"
        raise ModelError(f"{what} needs {' and '.join(missing)}: pip install 'interlingua[large]'")
    if dtype == "auto":
        dtype = "bfloat16" if has_native_bfloat16(where) else "float32"
    return Where(where, dtype, quantisation)


def has_native_bfloat16(device: str) -> bool:
    """Tell whether the processor has bfloat16 arithmetic of its own (AVX512-BF16, AMX, or a GPU's).

    Elsewhere bfloat16 is emulated, and slower than float32.
    """
    import torch

    kind = main_device(device)
    if kind.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind == "mps":
        return False
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in names)


def main_device(device: str) -> str:
    """Return what PyTorch calls a device; of one that is several, the first."""
    import torch

    if device != "spread":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def check_memory(name: str, where: Where, parameters: int, word_embeddings: int) -> None:
    """Say what a model takes, and refuse one that does not fit.

    Parameters
    ----------
    name, where
        The model.
    parameters, word_embeddings
        How many numbers it has, and how many of these are word embeddings (which are not quantised).

    Raises
    ------
    ModelError
        If there is too little memory.
    """
    needed = needed_memory(where, parameters, word_embeddings)
    free = _free_on(where.device)
    there = "" if free is None else f", and {free / 1e9:,.1f} GB are free"
    told = f"{parameters:,} numbers in {where.numbers} take {needed / 1e9:,.1f} GB on {where.device}{there}"
    if free is not None and needed > free:
        raise ModelError(
            f'{name}: its {told}; give it more memory, or choose extraction.dtype = "bfloat16" (half of float32), '
            'extraction.quantisation = "8bit" or "4bit", or extraction.device = "spread" (over all GPUs and the '
            "processor)"
        )
    if needed > _TOLD:
        logger.info("%s: its %s", name, told)


def fitting_layers(name: str, parameters: int, word_embeddings: int, layers: int) -> int | None:
    """Return how many layers of a model the processor's memory holds in float32, None if it holds all of them.

    Raises
    ------
    ModelError
        If it holds none.
    """
    free = free_memory()
    if free is None or needed_memory(Where("cpu", "float32"), parameters, word_embeddings) <= free:
        return None
    a_layer = 4.0 * (parameters - word_embeddings) / layers
    fit = int((0.9 * free - 4.0 * word_embeddings) / a_layer)
    if fit < 1:
        raise ModelError(
            f"{name}: what it gives is compared with the processor in float32, and its embeddings and a layer take "
            f"{(4.0 * word_embeddings + a_layer) / 1e9:,.1f} GB there, but {free / 1e9:,.1f} GB are free: give it more "
            "memory"
        )
    logger.warning(
        "%s: compared with float32 in its first %d of %d layers, as no more fit the memory", name, fit, layers
    )
    return fit


def needed_memory(where: Where, parameters: int, word_embeddings: int) -> float:
    """Return the bytes that a model's numbers take."""
    plain = _BYTES[where.dtype]
    small = plain if where.quantisation == "none" else _BYTES[where.quantisation]
    return plain * word_embeddings + small * (parameters - word_embeddings)


def _free_on(device: str) -> float | None:
    """Return the free bytes of memory of a device, None if that can't be told; a Mac's GPU has the processor's."""
    if device in ("cpu", "mps"):
        return free_memory()
    import torch

    if device != "spread":
        return float(torch.cuda.mem_get_info(device)[0])
    free = free_memory()
    return None if free is None else free + sum(torch.cuda.mem_get_info(i)[0] for i in range(torch.cuda.device_count()))


def _quantisers(quantisation: Quantisation) -> list[str]:
    return [] if quantisation == "none" else ["bitsandbytes", "accelerate"]


def _device(device: str) -> str:
    if not isinstance(device, str) or not DEVICES.fullmatch(device):
        raise ConfigError(f"device is '{device}'; it must be {WHICH_DEVICES}")
    import torch

    if device == "mps" and not torch.backends.mps.is_available():
        raise ModelError("device is 'mps', but this PyTorch sees no GPU of Apple's; choose device = 'cpu' or 'auto'")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.startswith("cuda"):
        if not count:
            raise ModelError(
                f"device is '{device}', but this PyTorch sees no CUDA device; choose device = 'cpu' or 'auto'"
            )
        if int(device.partition(":")[2] or 0) >= count:
            raise ModelError(f"device is '{device}', but there are cuda:0 to cuda:{count - 1} only")
    if device == "auto":
        return "cuda" if count else "cpu"
    return device
