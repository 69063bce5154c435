"""Which sentences are forwarded together: duplicates once, like lengths side by side, a token budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from interlingua.models.placing import Together, place
from interlingua.models.targets import Target


@dataclass(frozen=True)
class Batch:
    """Sentences of one forward pass and the rows that read their target from it.

    Parameters
    ----------
    sentences
        Token ids of each distinct sentence, S of them.
    rows
        Rows of the contexts table, R >= S of them.
    sentence_of
        For each of the rows, the index of its sentence.
    tokens
        For each of the rows, the indices in its sentence of the tokens to average.
    """

    sentences: tuple[tuple[int, ...], ...]
    rows: NDArray[np.int64]
    sentence_of: NDArray[np.int64]
    tokens: tuple[tuple[int, ...], ...]

    @property
    def n_tokens(self) -> int:
        """Tokens forwarded, padding left out."""
        return sum(map(len, self.sentences))


@dataclass(frozen=True)
class Padded:
    """A batch as arrays.

    Parameters
    ----------
    ids
        Shape (S, T), int64.
    mask
        Shape (S, T), int64, 1 where a token is and 0 at padding.
    positions
        Shape (S, T), int64, counted from each sentence's first token; None unless padded on the left.
    take
        Shape (R, P), int64: indices into the S x T tokens; a target of fewer than P tokens repeats its first.
    weights
        Shape (R, P, 1), float32: 1 / (tokens of the target) at its tokens and 0 at repetitions.
    """

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]
    positions: NDArray[np.int64] | None
    take: NDArray[np.int64]
    weights: NDArray[np.float32]


def plan_batches(
    targets: Sequence[Target], pooled: Sequence[tuple[int, ...]], batch_tokens: int, together: Together = "any"
) -> list[Batch]:
    """Group rows into batches of at most `batch_tokens` tokens, padding counted, longest sentences first.

    Rows whose sentences have the same token ids share one forward pass. A sentence longer than the budget is
    a batch of its own. The plan depends on nothing but the arguments, so that a run taken up again makes the
    same batches.

    Parameters
    ----------
    targets
        One a row.
    pooled
        One a row: the indices of the tokens to average.
    batch_tokens
        The budget.
    together
        Which sentences may share a batch: ``"any"``, those of ``"equal"`` length, or ``"none"``.
    """
    rows_of: dict[tuple[int, ...], list[int]] = {}
    for row, target in enumerate(targets):
        rows_of.setdefault(target.ids, []).append(row)
    # Longest first: a batch that does not fit the memory fails at once. Ties keep the table's order.
    ordered = sorted(rows_of, key=len, reverse=True)
    groups = [list(group) for _, group in groupby(ordered, key=len)] if together == "equal" else [ordered]
    batches = []
    for sentences in groups:
        at = 0
        while at < len(sentences):
            size = 1 if together == "none" else max(1, batch_tokens // max(1, len(sentences[at])))
            chosen = sentences[at : at + size]
            rows = [row for ids in chosen for row in rows_of[ids]]
            sentence_of = [i for i, ids in enumerate(chosen) for _ in rows_of[ids]]
            batches.append(
                Batch(
                    tuple(chosen),
                    np.array(rows, dtype=np.int64),
                    np.array(sentence_of, dtype=np.int64),
                    tuple(pooled[row] for row in rows),
                )
            )
            at += size
    return batches


def plan_shards(batches: Sequence[Batch], shard_rows: int) -> list[list[Batch]]:
    """Group successive batches into shards of at least `shard_rows` rows (the last one may have fewer)."""
    shards: list[list[Batch]] = []
    held = shard_rows
    for batch in batches:
        if held >= shard_rows:
            shards.append([])
            held = 0
        shards[-1].append(batch)
        held += len(batch.rows)
    return shards


def pad(batch: Batch, pad_id: int, *, left: bool) -> Padded:
    """Lay a batch out as arrays, padding on the right or on the left."""
    ids, mask, positions, begin = place(batch.sentences, pad_id, left=left)
    counts = np.array([len(t) for t in batch.tokens])
    at = np.arange(int(counts.max()))
    # Repeating a real token, not pointing at padding: what a model computes there may not even be finite.
    take = np.array([[t[i] if i < len(t) else t[0] for i in at] for t in batch.tokens], dtype=np.int64)
    take += (begin[batch.sentence_of] + ids.shape[1] * batch.sentence_of)[:, None]
    weights = (at < counts[:, None]) / counts[:, None]
    return Padded(ids, mask, positions, take, weights.astype(np.float32)[:, :, None])
