"""Finding rated words in sentences: one look-up a token, however many words there are.

Words are bounded as Unicode (UAX 29) and ICU's dictionaries bound them; Chinese by jieba's words. Every match is
a pair of character offsets into the text as it stands: the text is never changed, only each token's key is
composed (NFC) and put into the lower case of its language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from interlingua import languages
from interlingua.contexts.corpora.habits import clitics, elided
from interlingua.contexts.targets import fold_with_origin
from interlingua.errors import ContextsError, suggest

Forms = Literal["exact", "inflected"]
Segmenter = Literal["auto", "icu", "jieba", "substring"]
FORMS: Final = ("exact", "inflected")
SEGMENTERS: Final = ("auto", "icu", "jieba", "substring")

#: Tokens whose look-up is remembered; beyond it the memory starts anew, so that it stays bounded.
_REMEMBERED: Final = 100_000
_APOSTROPHES: Final = "'’ʼ＇"
#: What ICU holds to be part of the word beside it: marks of direction and of joining, which have no shape, and
#: what joins words of programs, the narrow no-break space among it.
_SHAPELESS: Final = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060" + (
    "\u2066\u2067\u2068\u2069\ufeff_\u202f"
)
_SOFT_HYPHEN: Final = "\u00ad"
#: Inside what ICU holds to be one word, but no part of one: "end.Start", "word:word", "foo_bar".
_PARTING: Final = re.compile(r"[.:_·\u202f]+")
#: simplemma's name where it differs from ours.
_LEMMATISER_NAMES: Final = {"hr": "hbs", "sr": "hbs", "bs": "hbs", "sh": "hbs", "no": "nb"}


class Match(NamedTuple):
    """A word in a text.

    Attributes
    ----------
    word
        Number of the word in the list that is searched.
    start, end
        ``text[start:end]`` is the word in the form that stands there.
    """

    word: int
    start: int
    end: int


#: What a `Match` holds.
Place = tuple[int, int, int]
#: Within a token: (start, end, numbers of the words).
_Hit = tuple[int, int, tuple[int, ...]]


class Matcher:
    """Finds the words of a list in sentences of one language.

    Parameters
    ----------
    words
        The words as the norms write them, each once. A word may hold blanks, hyphens or apostrophes.
    language
        Any tag that `interlingua.languages.get` knows.
    forms
        ``exact``: the word in any case (Turkish and Azerbaijani i, Greek final sigma; German words in capitals
        with SS for ß and Greek ones without their accents, unless two words then look alike). ``inflected``:
        also tokens whose lemma, as simplemma has it, is the word, unless they are themselves in the list.
    segmenter
        ``icu`` for word boundaries as ICU has them, ``jieba`` for Chinese words, ``substring`` for the word
        anywhere, without regard to boundaries; ``auto`` is jieba for Chinese and ICU for all others.

    Raises
    ------
    ContextsError
        If a word comes twice, there is none, an option is not known, or what it needs is not installed.
    """

    def __init__(
        self, words: Sequence[str], language: str, *, forms: Forms = "exact", segmenter: Segmenter = "auto"
    ) -> None:
        known = languages.get(language)
        check_words(words, known.code)
        _check_options(known.code, forms, segmenter)
        self.words = tuple(words)
        self.language = known.code
        self.segmenter = ("jieba" if known.code == "zh" else "icu") if segmenter == "auto" else segmenter
        self._key: Callable[[str], str] = partial(languages.normalise, language=known)
        self._lemma = _lemmatiser(known.code) if forms == "inflected" else None
        self._pieces = _jieba(words) if self.segmenter == "jieba" else _icu(known.code)
        self._exact: dict[str, tuple[int, ...]] = {}
        self._capitals: dict[str, tuple[int, ...]] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        self._lengths: tuple[int, ...] = ()
        self._memory: dict[str, tuple[_Hit, ...] | bool] = {}
        self._enter(words)

    def find(self, text: str) -> tuple[int, list[Match]]:
        """Return how many tokens a sentence has (words and marks, not blanks) and each listed word's first match."""
        tokens, places = self.places(text)
        return tokens, [Match(*place) for place in places]

    def places(self, text: str) -> tuple[int, list[Place]]:
        """Return what `find` does, each match as a plain tuple: cheaper, where many sentences are searched."""
        places: list[Place] = []
        pieces: list[str] = self._pieces(text)
        recall, look_up = self._memory.get, self._look_up
        tokens = position = 0
        for piece in pieces:
            hits = recall(piece)
            if hits is None:
                hits = look_up(piece)
            if hits is not False:
                tokens += 1
                if hits is not True:
                    for start, end, words in hits:
                        for word in words:
                            places.append((word, position + start, position + end))  # noqa: PERF401 - the hot loop
            position += len(piece)
        if self._phrases:
            places.extend(self._phrases_in(pieces))
        if self._lengths:
            places.extend(self._anywhere(text))
        if self.segmenter == "jieba":
            # jieba cuts a letter off from its accent where that is a character of its own.
            places = [place for place in places if not unicodedata.combining(text[place[2] : place[2] + 1] or " ")]
        return tokens, _first_of_each(places) if len(places) > 1 else places

    def _enter(self, words: Sequence[str]) -> None:
        if self.segmenter == "substring":
            self._exact = _grouped((self._key(word), number) for number, word in enumerate(words))
            self._lengths = tuple(sorted({len(key) for key in self._exact}))
            return
        single: list[tuple[str, int]] = []
        for number, word in enumerate(words):
            pieces = self._pieces(unicodedata.normalize("NFC", word.strip()))
            keys = tuple(self._piece_key(piece) for piece in pieces)
            if len(keys) == 1:
                single.append((keys[0], number))
            else:
                self._phrases.setdefault(keys[0], []).append((keys, number))
        self._exact = _grouped(single)
        if self.language in {"de", "el"}:
            capitals = _grouped((_in_capitals(words[number]), number) for _, number in single)
            self._capitals = {key: numbers for key, numbers in capitals.items() if len(numbers) == 1}

    def _piece_key(self, piece: str) -> str:
        return self._key(piece) or " "  # a no-break space is a blank like any other

    def _look_up(self, piece: str) -> tuple[_Hit, ...] | bool:
        """Return a piece's hits; True where it is a token but no word of the list, False where it is a blank."""
        if len(self._memory) >= _REMEMBERED:
            self._memory.clear()
        hits: tuple[_Hit, ...] | bool = not piece.isspace()
        if hits and not self._lengths:
            hits = tuple(self._hits(piece)) or True
        self._memory[piece] = hits
        return hits

    def _hits(self, piece: str) -> list[_Hit]:
        shaped = piece.strip(_SHAPELESS)
        if shaped != piece:
            before = piece.index(shaped)
            inside = self._hits(shaped) if shaped else []
            return [(start + before, end + before, words) for start, end, words in inside]
        if found := self._as_listed(piece):
            return [(0, len(piece), found)]
        parts = list(self._parts(piece))
        hits = [(start, end, found) for start, end in parts if (found := self._as_listed(piece[start:end]))]
        if hits or self._lemma is None:
            return hits
        for start, end in [(0, len(piece)), *parts]:
            if lemma_of := self._exact.get(self._key(self._lemma(piece[start:end]))):
                return [(start, end, lemma_of)]
        return []

    def _as_listed(self, form: str) -> tuple[int, ...]:
        """Return the words that a form is, by its key, or in capitals."""
        form = form.replace(_SOFT_HYPHEN, "")
        numbers = self._exact.get(self._key(form), ())
        if len(numbers) > 1:
            # Words that differ by case only, as German Essen and essen: the form itself decides.
            composed = unicodedata.normalize("NFC", form)
            return tuple(n for n in numbers if unicodedata.normalize("NFC", self.words[n]) == composed)
        if not numbers and self._capitals and len(form) > 1 and form.isupper():
            numbers = self._capitals.get(_in_capitals(form), ())
        return numbers

    def _parts(self, piece: str) -> Iterable[tuple[int, int]]:
        """Yield the stretches of a piece that are words of their own, the whole piece not among them."""
        start = 0
        bounds = [*(match.span() for match in _PARTING.finditer(piece)), (len(piece), len(piece))]
        for end, after in bounds:
            if end - start > 1 and (start, end) != (0, len(piece)):  # not the letters of U.S.A.
                yield start, end
            yield from self._beside_apostrophe(piece, start, end)
            start = after

    def _beside_apostrophe(self, piece: str, start: int, end: int) -> Iterable[tuple[int, int]]:
        at = next((i for i in range(start, end) if piece[i] in _APOSTROPHES), None)
        if at is None:
            return
        head, tail = self._key(piece[start:at]), self._key(piece[at + 1 : end])
        if at + 1 < end and head in elided(self.language):
            yield at + 1, end
        if at > start and tail in clitics(self.language):
            yield start, at
        if at > start and self._lemma is not None and self.language in {"tr", "az"}:
            yield start, at  # a name or number before its endings

    def _phrases_in(self, pieces: list[str]) -> Iterable[Place]:
        """Yield the words of several pieces: with blanks, hyphens or apostrophes in them."""
        position = 0
        for number, piece in enumerate(pieces):
            for keys, word in self._phrases.get(self._piece_key(piece), ()):
                window = pieces[number : number + len(keys)]
                if len(window) == len(keys) and all(map(_same, map(self._piece_key, window), keys)):
                    yield word, position, position + sum(map(len, window))
            position += len(piece)

    def _anywhere(self, text: str) -> Iterable[Place]:
        folded, origin = fold_with_origin(text, self.language)
        for at in range(len(folded)):
            for length in self._lengths:
                numbers = self._exact.get(folded[at : at + length])
                if numbers and at in origin and at + length in origin and at + length <= len(folded):
                    for word in numbers:
                        yield word, origin[at], origin[at + length]


def check_words(words: Sequence[str], code: str) -> None:
    """Raise ContextsError if a list has no words, an empty one, or one twice."""
    if not words:
        raise ContextsError(f"language '{code}': no words to search")
    seen: set[str] = set()
    for number, word in enumerate(words, start=1):
        if not word.strip():
            raise ContextsError(f"language '{code}': word {number} of the list is empty")
        if word in seen:
            raise ContextsError(f"language '{code}': word {number} of the list, '{word}', has come before")
        seen.add(word)


def _check_options(code: str, forms: str, segmenter: str) -> None:
    if forms not in FORMS:
        raise ContextsError(f"forms = '{forms}' is not one of {', '.join(FORMS)}{suggest(forms, FORMS)}")
    if segmenter not in SEGMENTERS:
        raise ContextsError(f"segmenter = '{segmenter}' is not one of {', '.join(SEGMENTERS)}")
    if segmenter == "jieba" and code != "zh":
        raise ContextsError(f"segmenter = 'jieba' parts Chinese; for '{code}' use 'icu' or 'auto'")


def _first_of_each(places: list[Place]) -> list[Place]:
    """Return the first place of each word."""
    if len({place[0] for place in places}) == len(places):
        return places
    first: dict[int, Place] = {}
    for place in places:
        first.setdefault(place[0], place)
    return list(first.values())


def _same(piece: str, key: str) -> bool:
    return piece == key or (piece in _APOSTROPHES and key in _APOSTROPHES)


def _grouped(pairs: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    groups: dict[str, tuple[int, ...]] = {}
    for key, number in pairs:
        groups[key] = (*groups.get(key, ()), number)
    return groups


def _in_capitals(word: str) -> str:
    """Return a German word in capitals with SS for ß, a Greek one without accents."""
    decomposed = unicodedata.normalize("NFD", word.strip().upper().replace("ẞ", "SS"))
    greek = (c for c in decomposed if c not in "\u0301\u0342\u0345\u0313\u0314\u0300")
    return unicodedata.normalize("NFC", "".join(greek))


def _icu(code: str) -> Callable[[str], list[str]]:
    try:
        from icu4py.breakers import WordBreaker
    except ImportError:
        raise ContextsError(
            "searching words in a corpus needs icu4py (ICU's word boundaries); type: pip install 'interlingua[corpora]'"
        ) from None

    def pieces(text: str) -> list[str]:
        return list(WordBreaker(text, code))

    return pieces


def _jieba(words: Sequence[str]) -> Callable[[str], list[str]]:
    try:
        from rjieba import Jieba
    except ImportError:
        raise ContextsError(
            "Chinese words need rjieba; type: pip install 'interlingua[corpora]', or use segmenter = 'icu'"
        ) from None
    jieba = Jieba()
    for word in words:
        if not jieba.has_word(word):
            jieba.add_word(word, None, None)
    cut: Callable[[str], list[str]] = jieba.cut
    return cut


def _lemmatiser(code: str) -> Callable[[str], str]:
    try:
        from simplemma import Lemmatizer
    except ImportError:
        raise ContextsError(
            "forms = 'inflected' needs simplemma; type: pip install 'interlingua[corpora]', or use forms = 'exact'"
        ) from None
    lemmatiser: Any = Lemmatizer()
    name = _LEMMATISER_NAMES.get(code, code)
    try:
        lemmatiser.lemmatize("a", lang=name)
    except ValueError:
        raise ContextsError(f"simplemma has no forms of language '{code}'; use forms = 'exact'") from None

    def lemma(form: str) -> str:
        # German nouns need their capital; elsewhere a capital only marks names and the sentence's beginning,
        # and simplemma does not know Turkish i.
        composed = unicodedata.normalize("NFC", form)
        found: str = lemmatiser.lemmatize(composed if code == "de" else languages.lower(composed, code), lang=name)
        return found

    return lemma
