"""The study that the soak runs: a tiny random model, ratings and sentences of made-up words, all in one folder."""

from __future__ import annotations

import csv
import random
from pathlib import Path

#: Three languages and an unseen one, of which no list of word frequencies must be read, which would take longer than
#: all the rest.
STUDY = """
name = "soak"
models = ["model"]
variables = ["valence"]
unseen = ["cy"]
[languages]
mt = { norms = "mt.csv", contexts = "mt-sentences.csv" }
ga = { norms = "ga.csv", contexts = "ga-sentences.csv" }
eu = { norms = "eu.csv", contexts = "eu-sentences.csv" }
cy = { norms = "cy.csv", contexts = "cy-sentences.csv" }
[sampling]
words = 20
sentences = 2
[extraction]
batch_tokens = 160
[probes]
methods = ["ridge", "elastic-net"]
folds = 3
[units]
methods = ["correlation", "ridge"]
k = 6
permutations = 2
random_units = 4
[scrutiny]
stability = 2
audit_against = ""
[alignment]
draws = 20
"""
CODES = ("mt", "ga", "eu", "cy")
WORDS, SENTENCES = 24, 2
_SYLLABLES = ("ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "zo")


def write_study(folder: Path, seed: int) -> Path:
    """Write the study, all that it names, and the model, and return the study's file; the same seed, the same bytes."""
    drawn = random.Random(seed)
    folder.mkdir(parents=True)
    texts = []
    for code in CODES:
        words = _words(drawn)
        with (folder / f"{code}.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["word", "valence"])
            table.writerows([word, f"{drawn.uniform(1, 9):.2f}"] for word in words)
        with (folder / f"{code}-sentences.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["word", "text"])
            for word in words:
                for _ in range(SENTENCES):
                    before, after = (" ".join(drawn.choices(_SYLLABLES, k=drawn.randint(1, 6))) for _ in range(2))
                    texts.append(f"{before.capitalize()} {word} {after}.")
                    rows.writerow([word, texts[-1]])
    _write_model(folder / "model", texts, seed)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


def _words(drawn: random.Random) -> list[str]:
    words: set[str] = set()
    while len(words) < WORDS:
        words.add("".join(drawn.choices(_SYLLABLES, k=drawn.randint(2, 4))) + "n")
    return sorted(words)


def _write_model(folder: Path, texts: list[str], seed: int) -> None:
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    whole = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **names)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(whole),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    whole.save_pretrained(folder)
