"""How much likelier than words of low rating words of high rating are, where the model says words itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interlingua.causal.readouts.base import Readout, Training
from interlingua.causal.readouts.registry import register
from interlingua.errors import StatsError
from interlingua.stats.r_interval import r_interval

if TYPE_CHECKING:
    from interlingua.causal.slots import InSlots, Slots

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

#: So many words at either end of the ratings are scored, or an eighth of all if those are fewer.
ENDS = 20
#: They are words of as few pieces as leave so many times as many to choose from: each piece more is another pass. Where
#: few are short, fewer are scored, down to so many at either end.
_CHOICE, LEAST = 4, 5
#: A frame is tried on so many words.
TRIED = 30


class Words(Readout):
    """The mean log-odds of high-rated against low-rated training words in the slot of frames that name the target."""

    name = "words"
    label = "choice of words"
    says = (
        "The log-odds of the training words that are rated highest against those that are rated lowest, as the model's "
        "own head says them behind a sentence that names the target (at a mask in it); a mean over words and sentences."
    )
    unit = "own"
    order = 30

    def fit(self, training: Training) -> InSlots:
        """Choose the words, and keep the frames in which their log-odds go with the ratings of other training words."""
        slots = training.slots()
        _, first = np.unique(training.words, return_index=True)
        words, ratings = [str(word) for word in training.texts[first]], training.ratings[first]
        pieces = [slots.pieces(frame, words) for frame in slots.frames]
        most = np.array([_most(of_word) for of_word in zip(*pieces, strict=True)])
        ends = chosen_ends(ratings, most)
        others = _spread(np.setdiff1d(np.arange(len(words)), ends), ratings)
        kept = []
        for frame, of_frame in zip(slots.frames, pieces, strict=True):
            one = _reader(slots, words, ends, [(frame, of_frame)])
            read = one.unedited([words[word] for word in others])
            if r_interval(ratings[others], read, np.arange(len(others))).low > 0:
                kept.append((frame, of_frame))
        if not kept:
            raise StatsError(
                f"in none of {len(slots.frames)} slot frames do log-odds of words go with the ratings of training words"
            )
        return _reader(slots, words, ends, kept)


def _most(pieces: Sequence[tuple[int, ...] | None]) -> float:
    """Return how many pieces a word has in frames; infinity where it does not stand apart in one."""
    return max(np.inf if of_frame is None else len(of_frame) for of_frame in pieces)


def chosen_ends(ratings: Floats, pieces: Floats) -> Index:
    """Return the words at either end of the ratings, among those of few pieces.

    Parameters
    ----------
    ratings, pieces : ndarray, shape (words,)
        Ratings, and how many pieces each word has; infinity where it does not stand apart.

    Returns
    -------
    ndarray of int64, shape (2, n)
        The highest, the first at the front, and the lowest.

    Raises
    ------
    StatsError
        If there are too few.
    """
    number = min(ENDS, len(ratings) // (2 * _CHOICE))
    counts = np.sort(pieces)[: _CHOICE * min(LEAST, number)]
    chosen = np.flatnonzero(pieces <= counts[-1]) if len(counts) and np.isfinite(counts[-1]) else np.array([], int)
    number = min(number, len(chosen) // _CHOICE)
    order = chosen[np.argsort(ratings[chosen], kind="stable")]
    if number < 2 or not len(order) or ratings[order[number - 1]] >= ratings[order[-number]]:
        raise StatsError("too few training words with different ratings stand apart in the slot frames")
    return np.stack([order[: -number - 1 : -1], order[:number]])


def _spread(words: Index, ratings: Floats) -> Index:
    """Return some of the words, spread over the ratings."""
    order = words[np.argsort(ratings[words], kind="stable")]
    return order[np.unique(np.linspace(0, len(order) - 1, min(TRIED, len(order))).round().astype(np.int64))]


def _reader(
    slots: Slots, words: list[str], ends: Index, frames: Sequence[tuple[str, list[tuple[int, ...] | None]]]
) -> InSlots:
    from interlingua.causal.slots import InSlots, forms

    parts = []
    for frame, pieces in frames:
        weighted = [
            (of_word, sign / ends.shape[1])
            for sign, end in zip((1.0, -1.0), ends, strict=True)
            for word in end
            if (of_word := pieces[word]) is not None
        ]
        parts.append((frame, words[ends[0, 0]], forms(weighted, slots.head.mask)))
    high, low = (", ".join(words[word] for word in end) for end in ends)
    return InSlots(slots, tuple(parts), f"{len(frames)} of {len(slots.frames)} slot frames; {high} against {low}")


register(Words())
