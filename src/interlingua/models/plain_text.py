"""Sentences as token ids, in which the names of control tokens (``</s>``, ``[SEP]``) are text like any other.

A tokenizer takes such a name in a sentence for the token itself, and the option of `transformers` against that
(``split_special_tokens``) helps where the names stand among the added tokens only: a unigram or whole-word model finds
them in its vocabulary all the same. So a sentence in which it has happened is read again by a copy of the tokenizer in
which these tokens bear names that no text holds; ids, offsets and the tokens put around a sentence stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tokenizers import Tokenizer

Controls = Literal["", "text", "token"]

_CHUNK = 1024
# Two code points that Unicode keeps free of characters for ever.
_NAME = "\U0010fffe{}\U0010ffff"


@dataclass(frozen=True)
class Reading:
    """A sentence as its tokenizer reads it.

    Parameters
    ----------
    encoding
        Of the library ``tokenizers``: ids, offsets, tokens, special_tokens_mask.
    controls
        Whether the sentence has the name of a control token in it: ``""`` if not, ``"text"`` where it was read as
        text, ``"token"`` where that can't be had of this tokenizer.
    """

    encoding: Any
    controls: Controls = ""


def read_sentences(tokenizer: Any, texts: Sequence[str]) -> Iterator[Reading]:
    """Yield each text's encoding, without truncation or padding, whatever the tokenizer's file says.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of `transformers`.
    texts
        Sentences.
    """
    unknown, controls = tokenizer.unk_token_id, control_ids(tokenizer)
    careful: Tokenizer | None = None
    for at in range(0, len(texts), _CHUNK):
        chunk = list(texts[at : at + _CHUNK])
        batch = tokenizer(chunk, truncation=False, padding=False, verbose=False)
        for text, encoding in zip(chunk, batch.encodings, strict=True):
            if not _has_control(text, encoding, controls, unknown, tokenizer.unk_token):
                yield Reading(encoding)
                continue
            careful = careful or renamed(tokenizer)
            again = careful.encode(text) if careful else _split(tokenizer, text)
            left = _has_control(text, again, controls, None, None)
            yield Reading(again, "token" if left else "text")


def control_ids(tokenizer: Any) -> frozenset[int]:
    """Return the ids of a tokenizer's control tokens; its unknown token is none."""
    added = tokenizer.added_tokens_decoder
    ids = {i for i, token in added.items() if token.special} | set(tokenizer.all_special_ids)
    return frozenset(ids - {tokenizer.unk_token_id})


def renamed(tokenizer: Any) -> Tokenizer | None:
    """Return a copy of a fast tokenizer's backend in which no text holds the name of a special token.

    None if the tokenizer has parts that can't be written down (Python functions).
    """
    names = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    names |= set(tokenizer.all_special_tokens)
    new = {name: _NAME.format(i) for i, name in enumerate(sorted(names))}
    try:
        parts = json.loads(tokenizer.backend_tokenizer.to_str())
        for token in parts["added_tokens"]:
            if token["content"] in new:
                # Normalised, the name could become another one.
                token.update(content=new[token["content"]], normalized=False, single_word=False)
        model = parts["model"]
        vocabulary = model["vocab"]
        if isinstance(vocabulary, dict):
            model["vocab"] = {new.get(piece, piece): i for piece, i in vocabulary.items()}
        else:
            model["vocab"] = [[new.get(piece, piece), score] for piece, score in vocabulary]
        if model.get("unk_token") in new:
            model["unk_token"] = new[model["unk_token"]]
        if model.get("merges"):
            pairs = [merge.split(" ", 1) if isinstance(merge, str) else merge for merge in model["merges"]]
            model["merges"] = [list(p) for p in pairs if not names & {p[0], p[1], p[0] + p[1]}]
        copy = Tokenizer.from_str(json.dumps(parts))
    except Exception:  # the library raises nothing narrower
        return None
    copy.no_truncation()
    copy.no_padding()
    return copy


def _split(tokenizer: Any, text: str) -> Any:
    batch = tokenizer([text], truncation=False, padding=False, verbose=False, split_special_tokens=True)
    # The option stays set in the backend otherwise.
    tokenizer.backend_tokenizer.encode_special_tokens = False
    return batch.encodings[0]


def _has_control(
    text: str, encoding: Any, controls: frozenset[int], unknown: int | None, unknown_name: str | None
) -> bool:
    """Tell whether a token of the sentence itself is a control token, or an unknown token that is spelt out."""
    for i, (token, special) in enumerate(zip(encoding.ids, encoding.special_tokens_mask, strict=True)):
        if special:
            continue
        if token in controls:
            return True
        if token == unknown and unknown is not None:
            start, end = encoding.offsets[i]
            if text[start:end].strip() == unknown_name:
                return True
    return False
