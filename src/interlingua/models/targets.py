"""From a target's characters to its tokens, through the offsets of a fast tokenizer.

The paper's toolkit, NeuroX, tokenises a sentence word by word and counts pieces, which goes wrong where words
are not what blanks separate (Chinese, double blanks). Character offsets hold in every script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from interlingua.errors import ConfigError, ContextsError
from interlingua.models.plain_text import Controls, read_sentences

if TYPE_CHECKING:
    import pandas as pd

    from interlingua.models.loading import LoadedModel

BoundaryPiece = Literal["include", "exclude"]
Overflow = Literal["window", "error"]
Pooling = Literal["mean", "first", "last", "after", "end", "sentence"]

# Positions behind the target.
_BEHIND = ("after", "end", "sentence")
# How SentencePiece (U+2581) and byte-level BPE (U+0120) write the blank in front of a word.
_MARKS = "\u2581\u0120"


@dataclass(frozen=True)
class Target:
    """One target in its sentence.

    Parameters
    ----------
    ids
        Token ids of the sentence, special tokens included, as the model gets them.
    tokens
        Indices into `ids` of the target's tokens, ascending, at least one.
    content
        Indices into `ids` of the tokens that are not special, ascending.
    windowed
        Whether the sentence was cut to the model's length limit.
    unknown
        Whether a piece of the target is the tokenizer's unknown token, so that its letters are lost.
    controls
        Whether the sentence has the name of a control token in it, see `interlingua.models.plain_text.Reading`.
    """

    ids: tuple[int, ...]
    tokens: tuple[int, ...]
    content: tuple[int, ...] = ()
    windowed: bool = False
    unknown: bool = False
    controls: Controls = ""


def target_mask(
    offsets: Sequence[tuple[int, int]],
    pieces: Sequence[str],
    special: Sequence[int],
    text: str,
    span: tuple[int, int],
    *,
    boundary_piece: BoundaryPiece = "exclude",
) -> NDArray[np.bool_]:
    """Mark the tokens that belong to the characters ``text[start:end]`` of its span.

    A token belongs when it overlaps the span, so all the bytes of a character that byte-level BPE splits do.
    A *boundary piece* is a token that stands for nothing but the blank in front of a word: a lone U+2581 of
    SentencePiece (whose offset is the blank's or the word's first character's, by tokenizer), a lone
    byte-level blank (whose offset may be empty), or a token of blanks. One inside the span always counts.

    Parameters
    ----------
    offsets, pieces, special
        Character offsets, token strings and special-token flags of the sentence, T of each.
    text
        The sentence.
    span
        Start and end of the target, in characters.
    boundary_piece
        ``"include"`` counts the boundary piece directly in front of the target as the target's, as NeuroX and
        so the paper's study do; ``"exclude"`` does not.

    Returns
    -------
    mask
        Shape (T,), bool.
    """
    mask = np.zeros(len(offsets), dtype=bool)
    mask[_find_tokens(offsets, pieces, special, text, span, boundary_piece)] = True
    return mask


def locate_targets(
    model: LoadedModel,
    contexts: pd.DataFrame,
    *,
    boundary_piece: BoundaryPiece = "exclude",
    on_overflow: Overflow = "window",
    pooling: Pooling = "mean",
) -> list[Target]:
    """Tokenise every sentence and find its target's tokens.

    Parameters
    ----------
    model
        The model whose tokenizer and length limit apply.
    contexts
        Columns ``context_id, text, start, end`` at least.
    boundary_piece
        See `target_mask`.
    on_overflow
        What to do with a sentence longer than the model takes: ``"window"`` keeps the tokens around the
        target (for a decoder, those up to it: it sees nothing to the right), ``"error"`` refuses it.
    pooling
        Where values will be read: with a position behind the target a decoder's window reaches behind it, too.

    Returns
    -------
    targets
        One for each row, in row order.

    Raises
    ------
    ContextsError
        If offsets lie outside their sentence, no token overlaps a target, or a target can't be kept within
        the length limit; names the row and its context_id.
    """
    _check_choice("boundary_piece", boundary_piece, BoundaryPiece)
    _check_choice("on_overflow", on_overflow, Overflow)
    targets, unknown_id = [], model.tokenizer.unk_token_id
    texts = contexts["text"].tolist()
    ids, starts, ends = (contexts[name].tolist() for name in ("context_id", "start", "end"))
    for row, reading in enumerate(read_sentences(model.tokenizer, texts)):
        encoding = reading.encoding
        text, start, end = texts[row], starts[row], ends[row]
        where = f"context {ids[row]} (row {row})"
        if not 0 <= start < end <= len(text):
            raise ContextsError(
                f"{where}: target offsets {start} to {end} lie outside its text of {len(text)} characters"
            )
        token_ids, special = encoding.ids, encoding.special_tokens_mask
        tokens = _find_tokens(encoding.offsets, encoding.tokens, special, text, (start, end), boundary_piece)
        if not tokens:
            raise ContextsError(
                f"{where}: no token of {model.name} covers the target '{text[start:end]}'; drop the row"
            )
        unknown = any(token_ids[i] == unknown_id for i in tokens)
        content = tuple(i for i, is_special in enumerate(special) if not is_special)
        target = Target(tuple(token_ids), tuple(tokens), content, unknown=unknown, controls=reading.controls)
        if len(target.ids) > model.max_length:
            if on_overflow == "error":
                raise ContextsError(
                    f"{where}: the sentence has {len(target.ids)} tokens and {model.name} takes "
                    f"{model.max_length}; shorten it, or choose on_overflow='window'"
                )
            target = _window(target, model, where, behind=not model.is_decoder or pooling in _BEHIND)
        if pooling == "after" and target.tokens[-1] + 1 == len(target.ids):
            raise ContextsError(
                f"{where}: no token of {model.name} stands after the target '{text[start:end]}'; let the sentence go "
                "on, or choose another pooling"
            )
        targets.append(target)
    return targets


def pooled_tokens(target: Target, pooling: Pooling) -> tuple[int, ...]:
    """Return the indices of the tokens that the pooling averages.

    The target's tokens, or its first or last piece; the token after it; the last token of the sentence, or all of its
    tokens, special ones left out.
    """
    _check_choice("pooling", pooling, Pooling)
    if pooling == "after":
        return (target.tokens[-1] + 1,)
    every = target.content if pooling in ("end", "sentence") else target.tokens
    choice = {"first": slice(0, 1), "last": slice(-1, None), "end": slice(-1, None)}
    return every[choice.get(pooling, slice(None))]


def sentence_tokens(model: LoadedModel | Any, texts: Sequence[str]) -> NDArray[np.int64]:
    """Count the tokens of each text, special tokens included, before any cut to a length limit.

    Parameters
    ----------
    model
        A `LoadedModel`, or a fast tokenizer.
    texts
        n sentences.

    Returns
    -------
    counts
        Shape (n,).
    """
    tokenizer = getattr(model, "tokenizer", model)
    counts = (len(reading.encoding.ids) for reading in read_sentences(tokenizer, texts))
    return np.fromiter(counts, dtype=np.int64, count=len(texts))


def _find_tokens(
    offsets: Sequence[tuple[int, int]],
    pieces: Sequence[str],
    special: Sequence[int],
    text: str,
    span: tuple[int, int],
    boundary_piece: BoundaryPiece,
) -> list[int]:
    """Do the work of `target_mask`; returns indices."""
    start, end = span
    inside = [i for i, (s, e) in enumerate(offsets) if s < end and e > start and not special[i]]
    while inside and _is_boundary(pieces[inside[0]], offsets[inside[0]], text):
        del inside[0]
    if boundary_piece == "exclude" or not inside:
        return inside
    first = inside[0]
    before = first - 1
    # A first piece with a mark of its own has its blank in it; what stands before it is a double blank's.
    marked = pieces[first][0] in _MARKS and not _is_letter(pieces[first], offsets[first], text)
    if before < 0 or special[before] or marked or not _is_boundary(pieces[before], offsets[before], text):
        return inside
    return [before, *inside]


def _is_letter(piece: str, offset: tuple[int, int], text: str) -> bool:
    """Tell whether a piece's mark is the text's own letter (U+0120 is one in Maltese)."""
    return text[offset[0] : offset[0] + 1] == piece[:1]


def _is_boundary(piece: str, offset: tuple[int, int], text: str) -> bool:
    start, end = offset
    # Byte-level tokenizers trim blanks from offsets, so that a lone blank's is empty.
    if start == end or text[start:end].isspace():
        return True
    return piece.strip(_MARKS) == "" and not _is_letter(piece, offset, text)


def _window(target: Target, model: LoadedModel, where: str, *, behind: bool) -> Target:
    """Cut a sentence to the model's length limit; special tokens stay, the target is in its middle or at its end."""
    content, n = target.content, len(target.ids)
    head, tail = content[0], n - 1 - content[-1]
    room, first, last = model.max_length - head - tail, target.tokens[0], target.tokens[-1]
    size = last - first + 1
    if size > room:
        raise ContextsError(f"{where}: its target has {size} tokens, {model.name} takes {room}; drop the row")
    right = (room - size) // 2 if behind else 0
    begin = max(head, min(last + 1 + right, n - tail) - room)
    ids = target.ids
    return Target(
        (*ids[:head], *ids[begin : begin + room], *ids[len(ids) - tail :]),
        tuple(i - begin + head for i in target.tokens),
        tuple(range(head, head + room)),
        windowed=True,
        unknown=target.unknown,
        controls=target.controls,
    )


def _check_choice(name: str, value: str, choices: Any) -> None:
    if value not in get_args(choices):
        allowed = " or ".join(f"'{c}'" for c in get_args(choices))
        raise ConfigError(f"{name} is '{value}'; it must be {allowed}")
