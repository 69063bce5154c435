"""Show on a machine with an NVIDIA GPU that models give there what they give on the processor.

``python tools/check_cuda.py`` makes models of five architectures with random weights, tiny and larger ones, without a
network; loads each on the GPU in every number format; and compares activations with the processor's. Weights in 8 and
4 bits are compared where bitsandbytes is installed. It prints a line a check, writes ``cuda.json`` as it goes on, into
``$OUT`` or here, and ends with 1 if one fails.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from interlingua.errors import InterlinguaError
from interlingua.models import LoadedModel, extract, load_model
from interlingua.models.comparing import BOUNDS

SENTENCES = [
    ("The old lighthouse keeper was happy again.", "lighthouse"),
    ("Happy", "Happy"),
    ("Yesterday the children found a very small blue boat on the beach behind our house.", "boat"),
    ("La felicidad no se compra, se comparte.", "felicidad"),
    ("Слово радость стоит здесь.", "радость"),
    ("幸福这个词很短。", "幸福"),
    ("one two three four five six seven eight nine ten eleven twelve thirteen", "thirteen"),
]
#: Hidden width, layers and inner width of what is built: tiny, and as a small model is.
SIZES = {"tiny": (64, 3, 128), "small": (768, 12, 3072), "large": (2048, 12, 8192)}


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of bytes."""
    built = Tokenizer(models.BPE())
    built.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    built.post_processor = processors.ByteLevel(trim_offsets=True)
    built.decoder = decoders.ByteLevel()
    special = ["<pad>", "</s>"]
    built.train_from_iterator(
        [text for text, _ in SENTENCES] * 3,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(tokenizer_object=built, model_max_length=128, pad_token="<pad>", eos_token="</s>")


def configurations(size: str, vocabulary: int) -> Iterator[tuple[str, Any]]:
    """Yield the configurations that are built in a size."""
    width, layers, inner = SIZES[size]
    common: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": max(4, width // 64),
        "intermediate_size": inner,
        "max_position_embeddings": 160,
        "pad_token_id": 0,
    }
    decoder = common | {"num_key_value_heads": 2, "bos_token_id": None, "eos_token_id": 1}
    yield "llama", transformers.LlamaConfig(**decoder)
    yield "gemma3", transformers.Gemma3TextConfig(**decoder, head_dim=64, sliding_window=32)
    if size == "large":
        return
    yield "bert", transformers.BertConfig(**common)
    if size == "small":
        return
    yield "xlmr", transformers.XLMRobertaConfig(**common)
    yield (
        "mt5",
        transformers.MT5Config(
            vocab_size=vocabulary, d_model=width, num_layers=layers, num_heads=4, d_kv=64, d_ff=inner, pad_token_id=0
        ),
    )


def save(folder: Path, config: Any, words: PreTrainedTokenizerFast) -> Path:
    """Save a model with random weights."""
    torch.manual_seed(1)
    model = transformers.AutoModel.from_config(config)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def contexts() -> pd.DataFrame:
    """Return the sentences as a table."""
    return pd.DataFrame(
        {"context_id": str(i), "text": text, "start": text.index(word), "end": text.index(word) + len(word)}
        for i, (text, word) in enumerate(SENTENCES * 40)
    )


def values(model: LoadedModel, batch_tokens: int = 1024) -> np.ndarray:
    """Return the activations, shape (layers, sentences, width)."""
    found = extract(model, contexts(), batch_tokens=batch_tokens)
    return np.stack([found.layer(i) for i in range(found.n_layers)])


def off(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return by how much of its length a vector differs in the worst layer, in the mean over sentences."""
    size = np.linalg.norm(theirs, axis=-1) + 1e-30
    return float((np.linalg.norm(ours - theirs, axis=-1) / size).mean(axis=1).max())


class Checks:
    """Runs checks one by one and writes down what they found."""

    def __init__(self, about: dict[str, str]) -> None:
        self.about, self.found = about, list[dict[str, Any]]()

    def run(self, name: str, check: Callable[[], float | str], bound: float | None = None) -> None:
        """Run a check that returns a difference, or a text for what is told only."""
        begun = time.monotonic()
        try:
            value = check()
            good = bound is None or (isinstance(value, float) and value <= bound)
        except (InterlinguaError, RuntimeError, AssertionError) as error:
            value, good = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", False
        seconds = round(time.monotonic() - begun, 1)
        told = f"{value:.3g} (at most {bound:g})" if isinstance(value, float) and bound is not None else str(value)
        say(f"{'ok  ' if good else 'FAIL'} {name}: {told}, {seconds} s")
        self.found.append({"check": name, "value": value, "bound": bound, "ok": good, "seconds": seconds})
        out = Path(os.environ.get("OUT", ".")) / "cuda.json"
        out.write_text(json.dumps({**self.about, "checks": self.found}, indent=1), encoding="utf-8")


def check_size(checks: Checks, size: str, root: Path, words: PreTrainedTokenizerFast, device: str) -> None:
    """Compare all models of a size."""
    for name, config in configurations(size, len(words)):
        folder = str(save(root / f"{size}-{name}", config, words))
        plain = load_model(folder, device="cpu")
        expected = values(plain)

        def difference(expected: np.ndarray = expected, folder: str = folder, **options: Any) -> float:
            return off(values(load_model(folder, **options)), expected)

        for dtype in ("float32", "bfloat16", "float16"):
            checks.run(
                f"{size} {name} on {device} in {dtype}",
                lambda dtype=dtype, difference=difference: difference(device=device, dtype=dtype),
                BOUNDS[dtype],
            )
        checks.run(
            f"{size} {name} on {device}: a sentence alone and in a batch",
            lambda folder=folder: off(*(values(load_model(folder, device=device), n) for n in (1, 4096))),
            1e-3,
        )
        checks.run(
            f"{size} {name} spread over devices", lambda difference=difference: difference(device="spread"), 1e-3
        )
        for kind in ("8bit", "4bit") if find_spec("bitsandbytes") else ():
            checks.run(
                f"{size} {name} on {device} in {kind}",
                lambda kind=kind, difference=difference: difference(device=device, dtype="bfloat16", quantisation=kind),
                BOUNDS[kind],
            )
        checks.run(
            f"{size} untrained {name} on {device}",
            lambda folder=folder: off(
                *(values(load_model(f"untrained-2:{folder}", device=where)) for where in (device, "cpu"))
            ),
            1e-3,
        )


def refuses_wrong_values(folder: str, device: str) -> str:
    """Let a matrix of the model on the GPU be wrong, and see that it is refused."""
    from interlingua.models import comparing

    kept = comparing.Reference.differs

    def differs(self: Any, model: Any, layout: Any) -> float:
        with torch.no_grad():
            next(p for n, p in model.named_parameters() if "down_proj" in n).mul_(1.5)
        return kept(self, model, layout)

    comparing.Reference.differs = differs  # type: ignore[method-assign]
    try:
        said = _refused(folder, device)
    finally:
        comparing.Reference.differs = kept  # type: ignore[method-assign]
    assert "differs from the processor in float32" in said, said
    return said


def main() -> int:
    """Run all checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda", help="what is compared with the processor")
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=list(SIZES))
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="     %(message)s")
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    checks = Checks({"gpu": gpu, "torch": torch.__version__, "transformers": transformers.__version__})
    say(str(checks.about))
    words = tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for size in chosen.sizes:
            check_size(checks, size, root, words, chosen.device)
        if chosen.device != "cpu":
            tiny = str(root / "tiny-llama")
            checks.run("wrong values are refused", lambda: refuses_wrong_values(tiny, chosen.device))
            checks.run("a GPU that is not there", lambda: _refused(tiny, "cuda:7"))
    failed = [one["check"] for one in checks.found if not one["ok"]]
    say(f"{len(checks.found) - len(failed)} passed, {len(failed)} failed")
    return bool(failed)


def _refused(folder: str, device: str) -> str:
    try:
        load_model(folder, device=device)
    except InterlinguaError as error:
        return str(error)
    raise AssertionError("it was loaded")


if __name__ == "__main__":
    raise SystemExit(main())
