"""Words as a readout: all numbers are those of plain `transformers`; a model without a head says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from interlingua.causal.edits import Applied, Steer
from interlingua.causal.network import Network
from interlingua.causal.readouts import Training
from interlingua.causal.readouts import get as get_readout
from interlingua.causal.readouts.words import chosen_ends
from interlingua.causal.slots import InSlots, Panel, Slots, forms
from interlingua.causal.steering import continuations
from interlingua.causal.unit_set import UnitSet
from interlingua.errors import ModelError, StatsError
from interlingua.models import LoadedModel, extract, load_model, parse_spec
from interlingua.models.heads import Head, load_head
from interlingua.questions.causal.choose import scales
from interlingua.questions.causal.edit import effects
from interlingua.questions.causal.tables import CHECKS, READOUTS
from interlingua.run.graph import head_tokens
from interlingua.study.cell import Cell
from interlingua.study.model import Handle
from interlingua.tables.layout import Layout

FRAMES = ("hear {word} feel {slot} .", "see {word} then {slot}")
WORDS = ["w3", "w4x", "w5"]
#: Words of one, two and three pieces, and what they count for.
SCORED = {"w10": 0.5, "w11x": 0.5, "w11xy": -0.25, "w12": -0.75}
LAYER, UNITS = 2, np.array([3, 0, 17])
CAUSAL = {"bert": False, "xlm-roberta": False, "llama": True, "gemma3": True, "bloom": True}
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
}
CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("BertConfig", SIZES),
    "xlm-roberta": ("XLMRobertaConfig", SIZES),
    "llama": ("LlamaConfig", SIZES),
    # What it says is bent behind its head.
    "gemma3": ("Gemma3TextConfig", SIZES | {"head_dim": 16, "final_logit_softcapping": 3.0, "num_key_value_heads": 2}),
    "bloom": ("BloomConfig", {"hidden_size": 32, "n_layer": 3, "n_head": 4}),
}


@pytest.fixture(scope="module")
def cutting() -> PreTrainedTokenizerFast:
    """Return a tokenizer of w0 to w49 that cuts x and y off a word."""
    pieces = ["[PAD]", "[UNK]", "[MASK]", "[B]", "##x", "##y", ".", "hear", "feel", "see", "then"]
    vocabulary = {piece: i for i, piece in enumerate([*pieces, *(f"w{i}" for i in range(50))])}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = TemplateProcessing(single="[B] $A", special_tokens=[("[B]", vocabulary["[B]"])])
    wrap: Any = PreTrainedTokenizerFast
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]", "bos_token": "[B]"}
    return wrap(tokenizer_object=made, model_max_length=60, **special)


@dataclass(frozen=True)
class Made:
    """A model with its head, as `transformers` has it, and as we load it."""

    whole: Any
    folder: Path
    model: LoadedModel
    head: Head


@pytest.fixture(scope="module")
def made(cutting: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    found: dict[str, Made] = {}

    def make(family: str) -> Made:
        if family not in found:
            kind, arguments = CONFIGS[family]
            config = getattr(transformers, kind)(**arguments, vocab_size=len(cutting), pad_token_id=0)
            auto: Any = transformers.AutoModelForCausalLM if CAUSAL[family] else transformers.AutoModelForMaskedLM
            with torch.random.fork_rng(devices=[]), torch.no_grad():
                torch.manual_seed(7)
                whole = auto.from_config(config).eval()
                for parameter in whole.parameters():
                    parameter.normal_(0, 0.3)
            folder = tmp_path_factory.mktemp(family)
            whole.save_pretrained(folder)
            cutting.save_pretrained(folder)
            model = load_model(str(folder), device="cpu")
            found[family] = Made(whole, folder, model, load_head(str(folder), model))
        return found[family]

    return make


def slots_of(of: Made, frames: tuple[str, ...] = FRAMES) -> Slots:
    return Slots(Network(of.model, LAYER), of.head, frames, "exclude", 200, all_tokens=False)


def reader(of: Made) -> InSlots:
    slots = slots_of(of)
    parts = []
    for frame in FRAMES:
        pieces = slots.pieces(frame, list(SCORED))
        weighted = [(one, weight) for one, weight in zip(pieces, SCORED.values(), strict=True) if one is not None]
        assert len(weighted) == len(SCORED)
        parts.append((frame, "w10", forms(weighted, of.head.mask)))
    return InSlots(slots, tuple(parts))


def edited_by_hand(of: Made, shift: torch.Tensor, dose: float, tokens: list[int]) -> Any:
    """Shift units of a block's output at tokens with a plain hook."""
    inner = getattr(of.whole, of.whole.base_model_prefix)
    blocks = next(m for _, m in inner.named_modules() if isinstance(m, torch.nn.ModuleList))

    def change(_: Any, __: Any, output: Any) -> Any:
        states = (output[0] if isinstance(output, tuple) else output).clone()
        for token in tokens:
            states[0, token, UNITS] += dose * shift[UNITS]
        return (states, *output[1:]) if isinstance(output, tuple) else states

    return blocks[LAYER - 1].register_forward_hook(change)


def by_hand(
    of: Made, cutting: PreTrainedTokenizerFast, word: str, shift: torch.Tensor, dose: float
) -> tuple[float, list[torch.Tensor]]:
    """Return the log-odds of scored words and the log probabilities of the first piece, frame by frame."""
    vocabulary = cutting.get_vocab()
    ids = {text: [vocabulary[p] for p in cutting.tokenize(text)] for text in (*SCORED, word)}
    total, firsts = 0.0, []
    for frame in FRAMES:
        before, rest = frame.split("{word}")
        between, after = rest.split("{slot}")
        pieces = [[vocabulary[p] for p in cutting.tokenize(text)] for text in (before, between, after)]
        head = [vocabulary["[B]"], *pieces[0]]
        tokens = list(range(len(head), len(head) + len(ids[word])))
        prompt = [*head, *ids[word], *pieces[1]]

        def said(sentence: list[int], at: int, tokens: list[int] = tokens) -> torch.Tensor:
            with edited_by_hand(of, shift, dose, tokens), torch.no_grad():
                return of.whole(input_ids=torch.tensor([sentence])).logits[0, at].log_softmax(-1)

        for scored, weight in SCORED.items():
            own = ids[scored]
            if of.head.mask is None:
                sentence = [*prompt, *own]
                places = [said(sentence, len(prompt) - 1 + j)[piece] for j, piece in enumerate(own)]
            else:
                mask = vocabulary["[MASK]"]
                places = [
                    said([*prompt, *own[:j], *[mask] * (len(own) - j), *pieces[2]], len(prompt) + j)[piece]
                    for j, piece in enumerate(own)
                ]
            total += weight * float(sum(places)) / len(FRAMES)
        filled = [] if of.head.mask is None else [vocabulary["[MASK]"], *pieces[2]]
        firsts.append(said([*prompt, *filled], len(prompt) - (of.head.mask is None)))
    return total, firsts


@pytest.mark.parametrize("family", CAUSAL)
def test_log_odds_and_divergence_are_those_of_a_whole_forward_pass(
    made: Callable[[str], Made], cutting: PreTrainedTokenizerFast, family: str
) -> None:
    of = made(family)
    readout = reader(of)
    shift = np.linspace(-2, 2, 32)
    bench = readout.slots.targets(FRAMES[0], WORDS, "w10", readout.parts[0][2][0])
    assert [len(target.tokens) for target in bench] == [1, 2, 1]
    values, divergence = readout.edited(WORDS, [Applied(Steer(d * shift), UNITS) for d in (0.0, 1.5)], apart=True)
    np.testing.assert_allclose(values[0], readout.unedited(WORDS), atol=1e-4)
    for row, word in enumerate(WORDS):
        plain, old = by_hand(of, cutting, word, torch.tensor(shift, dtype=torch.float32), 0.0)
        after, new = by_hand(of, cutting, word, torch.tensor(shift, dtype=torch.float32), 1.5)
        assert values[:, row] == pytest.approx([plain, after], abs=2e-4)
        apart = [
            torch.nn.functional.kl_div(b, a, log_target=True, reduction="sum") for a, b in zip(old, new, strict=True)
        ]
        assert divergence[1, row] == pytest.approx(float(sum(apart)) / len(FRAMES), rel=1e-3, abs=1e-5)
        assert divergence[0, row] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("family", ["bert", "gemma3"])
def test_first_order_effects_are_slopes_of_small_edits(made: Callable[[str], Made], family: str) -> None:
    readout = reader(made(family))
    sd, step, units = np.linspace(0.1, 1, 32), 0.02, np.arange(32)
    panel = Panel(_no_bench(), WORDS)
    (found,) = panel.first_order([readout], {"steer": Steer(sd)})
    (up, down), _ = readout.edited(WORDS, [Applied(Steer(s * step * sd), units) for s in (1, -1)], apart=False)
    np.testing.assert_allclose(found["steer"].sum(axis=1), (up - down) / (2 * step), rtol=0.02, atol=1e-4)
    assert np.abs(up - down).min() > 1e-4


def _no_bench() -> Any:
    """Return nothing: a panel of words alone reads no sentence of a study's."""
    return None


def test_words_of_several_pieces_are_read_piece_by_piece() -> None:
    words = [((5,), 1.0), ((6, 7), -1.0), ((6, 8, 9), 0.5)]
    masked = {(form.fill, form.at): dict(form.weights) for form in forms(words, 2)}
    assert masked == {
        ((2,), 0): {5: 1.0},
        ((2, 2), 0): {6: -1.0},
        ((6, 2), 1): {7: -1.0},
        ((2, 2, 2), 0): {6: 0.5},
        ((6, 2, 2), 1): {8: 0.5},
        ((6, 8, 2), 2): {9: 0.5},
    }
    following = {(form.fill, form.at): dict(form.weights) for form in forms(words, None)}
    assert following == {
        ((), -1): {5: 1.0, 6: -0.5},
        ((6,), 0): {7: -1.0, 8: 0.5},
        ((6, 8), 1): {9: 0.5},
    }


@pytest.mark.parametrize("family", ["bert", "xlm-roberta", "llama"])
def test_a_checkpoint_without_its_head_says_so_in_a_line(
    made: Callable[[str], Made], tmp_path: Path, family: str
) -> None:
    of = made(family)
    getattr(of.whole, of.whole.base_model_prefix).save_pretrained(tmp_path)
    of.model.tokenizer.save_pretrained(tmp_path)
    model = load_model(str(tmp_path), device="cpu")
    with pytest.raises(ModelError, match=r"no trained head to say words with: its files hold none \(.* is missing\)$"):
        load_head(str(tmp_path), model)


def test_a_head_that_is_the_embeddings_is_there_without_weights_of_its_own(
    made: Callable[[str], Made], tmp_path: Path
) -> None:
    of = made("gemma3")
    of.whole.model.save_pretrained(tmp_path)
    of.model.tokenizer.save_pretrained(tmp_path)
    head = load_head(str(tmp_path), load_model(str(tmp_path), device="cpu"))
    vectors = torch.randn(4, 32)
    torch.testing.assert_close(head(vectors), of.head(vectors))


def test_other_models_that_cannot_say_words_say_why(made: Callable[[str], Made], tmp_path: Path) -> None:
    folder = made("llama").folder
    random = load_model(f"untrained:{folder}", device="cpu")
    with pytest.raises(ModelError, match="its weights are random"):
        load_head(f"untrained:{folder}", random)
    config = transformers.T5Config(vocab_size=64, d_model=32, num_layers=2, num_heads=4, d_kv=8, d_ff=48)
    auto: Any = transformers.AutoModel
    auto.from_config(config).save_pretrained(tmp_path)
    made("llama").model.tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="family 't5' have none for masked words"):
        load_head(str(tmp_path), load_model(str(tmp_path), device="cpu"))


def arranged(of: Made, folder: Path) -> Made:
    """Return a decoder that says words like the target behind "feel", and words unlike it behind "then".

    Its words lie on an axis. In its last block one head looks at them from "feel" and hands the axis on, and another
    looks at them from "then" and turns it round.
    """
    tokenizer, whole = of.model.tokenizer, type(of.whole)(of.whole.config).eval()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(7)
        for parameter in whole.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.02)
        embeddings, attention = whole.model.embed_tokens.weight, whole.model.layers[-1].self_attn
        embeddings[:, 9] = 1
        for number in range(50):
            word = tokenizer.convert_tokens_to_ids(f"w{number}")
            embeddings[word, 0], embeddings[word, 1] = number / 24.5 - 1, 1
            whole.lm_head.weight[word, 0] = number / 24.5 - 1
        embeddings[tokenizer.convert_tokens_to_ids("feel"), 2] = 1
        embeddings[tokenizer.convert_tokens_to_ids("then"), 3] = 1
        size = 32 // 4
        for head, sign in enumerate((1, -1)):
            slow = head * size + 3  # which turns with the position least
            attention.q_proj.weight[slow, 2], attention.q_proj.weight[slow, 3] = 9 * sign, -9 * sign
            attention.k_proj.weight[slow, 1] = 1
            attention.v_proj.weight[head * size, 0] = sign
            attention.o_proj.weight[0, head * size] = 1
    whole.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    model = load_model(str(folder), device="cpu")
    return Made(whole, folder, model, load_head(str(folder), model))


@pytest.mark.parametrize("family", ["bert", "llama"])
def test_the_estimate_knows_by_the_configuration_whether_a_model_says_words(
    made: Callable[[str], Made], tmp_path: Path, family: str
) -> None:
    of = made(family)

    def tokens(spec: str) -> float:
        handle = Handle(parse_spec(spec), "float32", "cpu")
        return head_tokens(handle, handle.outline("float32"))

    inner, words = getattr(of.whole, of.whole.base_model_prefix), of.whole.get_input_embeddings().weight.numel()
    assert tokens(str(of.folder)) == pytest.approx(words / (sum(p.numel() for p in inner.parameters()) - words))
    assert tokens(f"untrained:{of.folder}") == 0
    inner.save_pretrained(tmp_path)
    of.model.tokenizer.save_pretrained(tmp_path)
    assert tokens(str(tmp_path)) == 0
    # As in a GGUF file, which names no head, though its family may have one for each of its decoders.
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    del config["architectures"]
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert (tokens(str(tmp_path)) > 0) == CAUSAL[family]


def test_words_and_frames_are_chosen_by_training_words_alone(made: Callable[[str], Made], tmp_path: Path) -> None:
    of = arranged(made("llama"), tmp_path)
    training = np.array([word for word in range(50) if word % 5])
    texts = np.array([f"w{word}" for word in training] + ["w49xy"], dtype=object)
    numbers = np.arange(len(texts))
    ratings = np.append(training / 49, 1.02)

    def fit(frames: tuple[str, ...], ratings: np.ndarray[Any, Any]) -> Any:
        empty: Any = np.empty((0, 0))
        known = {"vectors": empty, "words": numbers, "concepts": numbers, "texts": texts, "folds": 2, "seed": 0}
        rest: Any = {"sentences": lambda rows: None, "slots": lambda: slots_of(of, frames)}
        return get_readout("words").fit(Training(ratings=ratings, **known, **rest))

    readout = fit(FRAMES, ratings)
    assert isinstance(readout, InSlots)
    # w49xy is rated highest, but its pieces would cost two more passes.
    assert readout.how == "1 of 2 slot frames; w49, w48, w47, w46, w44 against w1, w2, w3, w4, w6"
    assert [frame for frame, _, _ in readout.parts] == ["hear {word} feel {slot} ."]
    test = [f"w{word}" for word in range(0, 50, 5)]
    assert np.corrcoef(readout.unedited(test), np.arange(0, 50, 5))[0, 1] > 0.9
    with pytest.raises(StatsError, match="in none of 1 slot frames"):
        fit(FRAMES[1:], ratings)
    with pytest.raises(StatsError, match="too few training words with different ratings"):
        fit(FRAMES, np.zeros(len(texts)))


@pytest.mark.parametrize(
    ("of_one", "of_two", "apart", "number", "most"),
    [
        (400, 0, 0, 20, 1),
        (60, 300, 0, 15, 1),  # a quarter of those of one piece
        (24, 300, 0, 6, 1),
        (19, 300, 0, 20, 2),  # too few of one piece
        (30, 0, 300, 7, 1),  # the rest does not stand apart
        (40, 0, 0, 5, 1),  # an eighth of all
    ],
)
def test_words_of_few_pieces_are_scored_first(of_one: int, of_two: int, apart: int, number: int, most: int) -> None:
    pieces = np.repeat([1.0, 2.0, np.inf], [of_one, of_two, apart])
    ratings = np.random.default_rng(1).normal(size=len(pieces))
    high, low = chosen_ends(ratings, pieces)
    assert len(high) == len(low) == number
    assert max(pieces[high].max(), pieces[low].max()) <= most
    pool = np.sort(ratings[pieces <= most])
    assert sorted(ratings[high]) == list(pool[-number:])
    assert sorted(ratings[low]) == list(pool[:number])


def test_a_handful_of_words_is_no_choice() -> None:
    with pytest.raises(StatsError, match="too few training words"):
        chosen_ends(np.arange(7.0), np.ones(7))
    with pytest.raises(StatsError, match="too few training words"):
        chosen_ends(np.arange(50.0), np.full(50, np.inf))


def test_a_decoder_writes_what_transformers_generates(made: Callable[[str], Made]) -> None:
    of = made("llama")
    rest = {"model": "", "revision": "", "variable": "valence", "language": "en", "study": ""}
    sd = np.linspace(1, 3, len(UNITS))
    signs = np.array([1.0, -1.0, 1.0])
    facts = {"site": "resid", "layer": LAYER, "units": UNITS, "sign": signs, "mean": np.zeros(3), "sd": sd}
    units: Any = UnitSet(fingerprint=of.model.fingerprint, **rest, **facts)
    text = "hear w3 feel"
    written = continuations(of.model, of.head, units, 2.0, text)
    ids = of.model.tokenizer([text], return_tensors="pt")["input_ids"]

    def shifted(_: Any, __: Any, output: Any) -> Any:
        states = output[0] if isinstance(output, tuple) else output
        states = states + 2.0 * torch.tensor(units.shift(1.0, 32), dtype=torch.float32)
        return (states, *output[1:]) if isinstance(output, tuple) else states

    def generated() -> str:
        options: Any = {"max_new_tokens": 20, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
        found = of.whole.generate(ids, **options)[0, ids.shape[1] :]
        return str(of.model.tokenizer.decode(found, skip_special_tokens=True))

    plain = generated()
    with of.whole.model.layers[LAYER - 1].register_forward_hook(shifted):
        other = generated()
    assert [one.strip() for one in written] == [plain.strip(), other.strip()]
    assert plain != other


def test_a_language_is_asked_for_words_beside_a_probe(made: Callable[[str], Made], tmp_path: Path) -> None:
    of = arranged(made("llama"), tmp_path)
    words = [f"w{number}" for number in range(50)]
    sentences = pd.DataFrame({"context_id": words, "text": [f"hear {word} feel" for word in words], "start": 5})
    sentences["end"] = sentences["text"].str.len() - 5
    ratings = pd.DataFrame({"context_id": words, "word": words, "concept": "", "valence": np.arange(50) / 49})
    ratings["split"] = np.where(np.arange(50) % 3, "train", "test")
    activations = extract(of.model, sentences)
    cell = Cell("m", "valence", LAYER, 3, Layout.even(of.model.n_layers, 32))
    given: Any = {"variable": "valence", "language": "en", "sites": None, "test_share": 0.2, "seed": 0}
    known = scales(activations, ratings, cell, sweep=True, **given)
    units = pd.DataFrame({"language": "en", "chosen_by": "others", "index": [0, 10, 11], "sign": [1, 1, 1]})
    images = np.array([np.random.default_rng(draw).permutation(np.arange(12, 32))[:3] for draw in range(19)])
    controls = {"sign/en": np.ones(32), "matched/others/3/tested": np.array([0, 10, 11])}
    options: Any = {"edits": ("steer", "mean", "swap"), "doses": (-0.05, 0.05, 2.0), "readouts": ("probe", "words")}
    numbers: Any = {
        "frames": 3,
        "words": 15,
        "edited": 5,
        "edited_words": 8,
        "folds": 3,
        "sweep": True,
        "test_share": 0.2,
        "seed": 0,
    }
    rest: Any = {"tokens": "target", "pooling": "mean", "boundary_piece": "exclude", "batch_tokens": 200}
    found = effects(
        Handle(parse_spec(str(tmp_path)), "float32", "cpu"),
        sentences,
        ratings,
        activations,
        cell,
        known["causal_scales"],
        units,
        controls | {"matched/others/3/images": images},
        pd.DataFrame({"property": [], "word": [], "value": []}),
        variable="valence",
        language="en",
        on_progress=lambda share: None,
        **options,
        **numbers,
        **rest,
    )
    read = READOUTS.check(found["causal_readouts"]).set_index("readout")
    assert read.loc["words", "passes"], read.loc["words", "why"]
    # "I feel" alone stands before the slot of the first English frame; its other words the model does not know.
    assert read.loc["words", "how"].startswith("1 of 3 slot frames; w49, w47, ")
    arrays = found["causal_effects"]
    low, high, far = arrays["edited/words/steer"] - arrays["unedited/words"]
    assert (low < high).all()
    assert (high < far).all()
    np.testing.assert_allclose(arrays["first/words/steer"][:, [0, 10, 11]].sum(axis=1), (high - low) / 0.1, rtol=0.05)
    assert (arrays["divergence/words/steer"][2] > 0).all()
    assert "divergence/probe/steer" not in arrays
    # Words have sentences of their own, of which no layer but this one is told.
    assert {name.split("/")[1] for name in arrays if name.startswith("layers/")} == {"probe"}
    assert set(CHECKS.check(found["causal_checks"])["readout"]) == {"probe", "words"}
