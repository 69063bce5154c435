"""Whether what was read of a mutant is what stands in it: told by the text alone, without the readers."""

from __future__ import annotations

import itertools
import re
import unicodedata

from fuzzing.kinds import Mutant, Read
from fuzzing.known import RATING, ROWS, SENTENCE

_LINES = re.compile(r"\r\n|\r|\n")
#: In running text Unicode's line ends end a line, too.
_BREAKS = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
#: What ends a sentence or a line; and how far apart the words of one may be.
_ENDS = re.compile(r"[.!?…。！？؟\n\r\t\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NEAR = 200
#: What is not said: marks of wikis and pages, and characters that are escaped, but for the ends of lines.
_TAGS = re.compile(r"&lt;.*?&gt;|<[^<>]*>|\{\{.*?\}\}", re.DOTALL)
_UNSEEN = re.compile(r"'{2,}|\\u[0-9a-fA-F]{4}")
_PARTED = re.compile(r"[.!?…。！？؟]['\"’”»)\]]*\s+[^\W\d_a-z]")
#: How many lines a cell may have.
_HELD = 6
_MINUS = str.maketrans("−‐‑‒–﹣－", "-------")


def plain(text: str) -> str:
    """Return a text as it is compared: NFC, without what is invisible, blanks made single."""
    kept = "".join(
        c for c in unicodedata.normalize("NFC", text) if c.isspace() or unicodedata.category(c) not in {"Cf", "Cc"}
    )
    kept = kept.replace("\u034f", "")
    return " ".join(unicodedata.normalize("NFC", kept).split())


def wrong_ratings(mutant: Mutant, read: Read) -> str:
    """Return a word with a rating that does not stand in a row with it, or that rows were lost without a word."""
    if mutant.text is None:
        for word, rating in read.ratings:
            if RATING.get(word) != rating:
                return f"{word!r} is rated {rating}, which the table does not say"
        return ""
    lines = [plain(line) for line in _lines(mutant.text)]
    for word, rating in read.ratings:
        if RATING.get(word) != rating and not any(_stands(word, rating, line) for line in lines):
            return f"{word!r} is rated {rating}, but no row has both"
    # Rows that stand as they did must be there, or be told.
    there = " ".join(word for word, _ in read.ratings)  # with what may have come to stand beside it
    whole = [row for row in ROWS if sum(row.word in line for line in lines) == 1]
    intact = [row for row in whole if any(_is_row(row.word, row.rating, line) for line in lines)]
    lost = [row.word for row in intact if row.word not in there]
    if lost and read.told < len(lost):
        return f"{len(lost)} rows that stand there as they did are lost ({lost[0]}, ...), and issues tell {read.told}"
    return ""


def _lines(text: str) -> list[str]:
    """Return lines, and those that a quotation mark holds together: a cell in quotation marks may have some.

    No more than six are held together, and only if that makes a row of as many quotation marks as most whole rows have:
    a mark that nothing closes makes no row of two.
    """
    lines = _LINES.split(text)
    marks = [line.count('"') for line in lines]
    even = [count for count in marks if count and count % 2 == 0]
    usual = max(even, key=even.count, default=0)
    found = list(lines)
    for first, count in enumerate(marks):
        if count % 2:
            for last in range(first + 1, min(first + _HELD, len(lines))):
                if marks[last]:
                    if sum(marks[first : last + 1]) == usual:
                        found.append("\n".join(lines[first : last + 1]))
                    break
    return found


def _stands(word: str, rating: float, line: str) -> bool:
    bare = line.replace('"', "")
    if word not in line and word.replace('"', "") not in bare:
        return False
    dashes = bare.translate(_MINUS)
    numbers = [*_NUMBER.findall(dashes), *_NUMBER.findall(dashes.replace(",", "."))]
    return any(float(number) == rating for number in numbers)


def _is_row(word: str, rating: float, line: str) -> bool:
    """Return whether a line is the word, something that parts cells, and the rating, and nothing else of letters."""
    cells = [cell for cell in re.split(r"[\t;|]|,(?![0-9])|(?<![0-9]),", line) if cell]
    return len(cells) == 2 and cells[0] == word and cells[1] in {f"{rating:g}", f"{rating:g}".replace(".", ",")}


def wrong_sentences(mutant: Mutant, read: Read) -> str:
    """Return a sentence that is torn, joined with another, or has its target elsewhere."""
    raw = mutant.text or ""
    text, lines = plain(raw), [plain(line) for line in _BREAKS.split(raw)]
    for sentence, target in read.sentences:
        if SENTENCE.get(target) == sentence:
            continue
        said = plain(sentence)
        firsts = [row for row in ROWS if row.first in said]
        lasts = [row for row in ROWS if row.last in said]
        shown = f"{said[:70]!r} ({target!r})"
        if len(firsts) > 1 or len(lasts) > 1 or (firsts and lasts and firsts[0] is not lasts[0]):
            if said not in text and _joined(raw, said):
                return f"sentences were joined: {shown}"
        elif lasts and not firsts and _in_one_piece(raw, lasts[0].first, lasts[0].word):
            if not any(line.startswith(said) or f". {said}" in line for line in lines):
                return f"the beginning of a sentence is torn off: {shown}"
        elif firsts and not lasts and _in_one_piece(raw, firsts[0].word, firsts[0].last):
            # Of a sentence that stands there twice, one may be spoilt: as it stands there to its mark, it is whole.
            marked = said.endswith((".", "!", "?"))
            if not any(line.endswith(said) or (marked and said in line) for line in lines):
                return f"the end of a sentence is torn off: {shown}"
        if plain(target).lower() not in said.lower():
            return f"the target is not in its sentence: {shown}"
    return ""


def _joined(raw: str, said: str) -> bool:
    """Return whether between rows that are said in one a sentence ends: with a mark, a blank and a capital."""
    names = sorted((said.find(name), name, row.word) for row in ROWS for name in (row.first, row.last) if name in said)
    for (_, name, word), (_, following, other) in itertools.pairwise(names):
        if word == other:
            continue
        start = raw.find(name)
        end = raw.find(following, start)
        if not 0 <= start < end or _PARTED.search(_UNSEEN.sub("", _TAGS.sub(" ", raw[start + len(name) : end + 1]))):
            return True
    return False


def _in_one_piece(text: str, first: str, last: str) -> bool:
    """Return whether two words stand near each other with nothing between them that ends a sentence or a line."""
    start = text.find(first)
    end = text.find(last, start)
    between = text[start + len(first) : end]
    return 0 <= start < end < start + _NEAR and _ENDS.search(between) is None
