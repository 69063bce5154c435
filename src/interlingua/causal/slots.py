"""Words as a readout: what a model says in the slot of a frame that holds a target, with units edited at the target.

The log-odds of words is a mean over frames and over pieces of words, so that every piece is read by itself and all are
added up. A word of several pieces is read from left to right: what a decoder says behind the pieces before it, and an
encoder at a mask with the pieces to its left in place and those to its right masked (Kauf & Ivanova 2023).

References
----------
Kauf, C., & Ivanova, A. (2023). A better way to do masked language model scoring. ACL (short papers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from interlingua.causal.bench import Bench, Read
from interlingua.causal.edits import Applied, Edit
from interlingua.causal.network import Network
from interlingua.causal.readouts.base import Fitted, OwnSentences
from interlingua.contexts.slots import SLOT, WORD
from interlingua.errors import StatsError
from interlingua.models.heads import Head
from interlingua.models.plain_text import read_sentences
from interlingua.models.targets import BoundaryPiece, Target, target_mask

Floats = NDArray[np.float64]
Pieces = tuple[int, ...]


@dataclass(frozen=True)
class Form:
    """What stands in a slot while pieces of words are read, and what they count for.

    Attributes
    ----------
    fill : tuple of int
        Token ids in the slot.
    at : int
        Where it is read, counted from the slot's first token: -1 is the token before it.
    weights : dict of int to float
        By piece.
    """

    fill: Pieces
    at: int
    weights: Mapping[int, float]


def forms(words: Sequence[tuple[Pieces, float]], mask: int | None) -> list[Form]:
    """Return what must be run so that each piece of each word is read once; the first is an empty slot.

    Parameters
    ----------
    words
        Their pieces, and what each word counts for.
    mask
        Of an encoder; None: a decoder.
    """
    found: dict[tuple[int, int, Pieces], dict[int, float]] = {}
    for pieces, weight in words:
        for number, piece in enumerate(pieces):
            left, right = pieces[:number], len(pieces) - number
            fill, at = (left, number - 1) if mask is None else ((*left, *(mask,) * right), number)
            of_form = found.setdefault((at, len(fill), fill), {})
            of_form[piece] = of_form.get(piece, 0.0) + weight
    return [Form(fill, at, weights) for (at, _, fill), weights in sorted(found.items())]


@dataclass(frozen=True, eq=False)
class Slots:
    """Frames of a language in a network whose head says words.

    Attributes
    ----------
    network : Network
        The model and the layer.
    head : Head
        Of the model.
    frames : tuple of str
        Each with ``{word}`` and, behind it, ``{slot}``.
    boundary_piece : str
        As of `interlingua.models.locate_targets`.
    batch_tokens : int
        Most tokens in a forward pass.
    all_tokens : bool
        Whether edits are done at all tokens of a frame instead of the word's.
    """

    network: Network
    head: Head
    frames: tuple[str, ...]
    boundary_piece: BoundaryPiece
    batch_tokens: int
    all_tokens: bool

    def pieces(self, frame: str, words: Sequence[str]) -> list[Pieces | None]:
        """Return the pieces of words in a frame's slot; None where one has letters of the frame, too, or is unknown."""
        # Which word the frame speaks of does not matter, as the slot stands apart from it.
        texts, spans = _filled(frame, [(words[0], word) for word in words], SLOT)
        model = self.network.model
        found: list[Pieces | None] = []
        for text, (start, end), reading in zip(texts, spans, read_sentences(model.tokenizer, texts), strict=True):
            encoding = reading.encoding
            tokens = _tokens(encoding, text, (start, end), "include")
            ends = [encoding.offsets[token] for token in tokens]
            apart = bool(tokens) and not (text[ends[0][0] : start] + text[end : ends[-1][1]]).strip()
            ids = tuple(encoding.ids[token] for token in tokens)
            found.append(ids if apart and model.tokenizer.unk_token_id not in ids else None)
        return found

    def targets(self, frame: str, words: Sequence[str], filler: str, form: Form) -> list[Target]:
        """Return a frame's sentences, a word each, with a form in the slot; what is read is their only content.

        Parameters
        ----------
        frame, words
            What they are.
        filler
            A word that has pieces in the frame (`pieces`): where these stand, is the slot.
        form
            What stands there instead.

        Raises
        ------
        StatsError
            If a word has no token, or its sentence is longer than the model takes.
        """
        model = self.network.model
        texts, spans = _filled(frame, [(word, filler) for word in words], WORD)
        _, slots = _filled(frame, [(word, filler) for word in words], SLOT)
        found = []
        readings = read_sentences(model.tokenizer, texts)
        for word, text, span, slot, reading in zip(words, texts, spans, slots, readings, strict=True):
            encoding = reading.encoding
            tokens = _tokens(encoding, text, span, self.boundary_piece)
            inside = _tokens(encoding, text, slot, "include")
            before, after = encoding.ids[: inside[0]], encoding.ids[inside[-1] + 1 :]
            ids = (*before, *form.fill, *(() if self.head.mask is None else after))
            if not tokens or len(ids) > model.max_length:
                raise StatsError(f"a slot frame with '{word}' can't be given to {model.name}: {text}")
            found.append(Target(ids, tuple(tokens), (inside[0] + form.at,)))
        return found


@dataclass(frozen=True, eq=False)
class InSlots(OwnSentences):
    """Reads words in frames: a readout whose sentences are its own.

    Attributes
    ----------
    slots : Slots
        Where.
    parts : tuple of (str, str, list of Form)
        Frames, a word that may stand in the slot, and what is run there.
    how : str
        Which frames and words these are, for a reader.
    """

    slots: Slots
    parts: tuple[tuple[str, str, list[Form]], ...]
    how: str = ""

    def unedited(self, words: Sequence[str]) -> Floats:
        """Return the log-odds in frames that speak of these words, shape (n,)."""
        parts = [bench.unedited([read])[0] for bench, read, _ in self._benches(words)]
        return np.asarray(np.sum(parts, axis=0) / len(self.parts))

    def first_order(self, words: Sequence[str], edits: Mapping[str, Edit]) -> dict[str, NDArray[np.float32]]:
        """Add up the first-order effects of all forms in all frames."""
        total: dict[str, NDArray[np.float32]] = {}
        for bench, read, _ in self._benches(words):
            (effects,) = bench.first_order([read], edits)
            for name, effect in effects.items():
                total[name] = total.get(name, np.float32(0)) + effect / np.float32(len(self.parts))
        return total

    def edited(self, words: Sequence[str], edits: Sequence[Applied], *, apart: bool) -> tuple[Floats, Floats]:
        """Return the log-odds with each edit, and how far the distribution in the empty slot is from that without."""
        reads: list[Read] = []
        values = np.zeros((len(edits), len(words)))
        for bench, read, first in self._benches(words):
            found = bench.edited([read], edits, divergence=self._divergence if apart and first else None)
            values += found.values[:, 0] / len(self.parts)
            reads += [found] if first else []
        return values, np.mean([found.divergence[:, 0] for found in reads], axis=0)

    def _benches(self, words: Sequence[str]) -> Iterator[tuple[Bench, Fitted, bool]]:
        """Yield the sentences of each form of each frame, what reads them, and whether the slot is empty there.

        They are made one after the other, as each keeps its states.
        """
        slots = self.slots
        for frame, filler, of_frame in self.parts:
            for number, form in enumerate(of_frame):
                bench = Bench(
                    slots.network,
                    slots.targets(frame, words, filler, form),
                    batch_tokens=slots.batch_tokens,
                    pooling="end",  # the only token of the content
                    all_tokens=slots.all_tokens,
                )
                yield bench, self._reader(form), not number

    def _reader(self, form: Form) -> Fitted:
        pieces = torch.tensor(list(form.weights), device=self.slots.network.model.device)
        weights = torch.tensor(list(form.weights.values()), dtype=torch.float64, device=pieces.device)

        def read(target: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
            return self.slots.head(target)[:, pieces].double() @ weights

        return read

    def _divergence(self, after: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        old = self.slots.head(before)
        new = self.slots.head(after).reshape(-1, *old.shape)
        return (old.exp() * (old - new)).sum(dim=-1)


@dataclass(frozen=True, eq=False)
class Panel:
    """Words of a language, each in a sentence of the study's, and for readouts that have their own in those.

    Attributes
    ----------
    bench : Bench
        The study's sentences.
    words : list of str
        Of each of them.
    """

    bench: Bench
    words: list[str]

    def unedited(self, readouts: Sequence[Fitted | OwnSentences]) -> Floats:
        """Return what each readout reads without an edit, shape (readouts, n)."""
        return np.stack(
            [
                one.unedited(self.words) if isinstance(one, OwnSentences) else self.bench.unedited([one])[0]
                for one in readouts
            ]
        )

    def first_order(
        self, readouts: Sequence[Fitted | OwnSentences], edits: Mapping[str, Edit]
    ) -> tuple[dict[str, NDArray[np.float32]], ...]:
        """Return what `Bench.first_order` does."""
        vectors = [one for one in readouts if not isinstance(one, OwnSentences)]
        found = iter(self.bench.first_order(vectors, edits) if vectors else ())
        return tuple(
            one.first_order(self.words, edits) if isinstance(one, OwnSentences) else next(found) for one in readouts
        )

    def edited(
        self, readouts: Sequence[Fitted | OwnSentences], edits: Sequence[Applied], *, apart: bool = False
    ) -> Read:
        """Return what `Bench.edited` does, with the divergence of what says words if it is asked for (`apart`)."""
        read = self.bench.edited([one for one in readouts if not isinstance(one, OwnSentences)], edits)
        values = np.empty((len(edits), len(readouts), self.bench.n))
        divergence = np.full(values.shape, np.nan)
        values[:, [not isinstance(one, OwnSentences) for one in readouts]] = read.values
        for number, one in enumerate(readouts):
            if isinstance(one, OwnSentences):
                values[:, number], divergence[:, number] = one.edited(self.words, edits, apart=apart)
        return Read(values, read.damage, divergence)


def _filled(frame: str, pairs: Sequence[tuple[str, str]], of: str) -> tuple[list[str], list[tuple[int, int]]]:
    """Return a frame with words and fillers, and where the one or the other stands in it."""
    before, rest = frame.split(WORD)
    between, after = rest.split(SLOT)
    texts, spans = [], []
    for word, filler in pairs:
        begin = len(before) if of == WORD else len(before) + len(word) + len(between)
        texts.append(f"{before}{word}{between}{filler}{after}")
        spans.append((begin, begin + len(word if of == WORD else filler)))
    return texts, spans


def _tokens(encoding: Any, text: str, span: tuple[int, int], boundary: BoundaryPiece) -> list[int]:
    offsets, pieces, special = encoding.offsets, encoding.tokens, encoding.special_tokens_mask
    mask = target_mask(offsets, pieces, special, text, span, boundary_piece=boundary)
    return [int(token) for token in np.flatnonzero(mask)]
