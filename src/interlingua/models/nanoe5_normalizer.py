"""Turn a table of character replacements into a normaliser of the library ``tokenizers``.

The normaliser runs inside the tokenizer (in Rust), so that token offsets refer to the original text.
Its core is `tokenizers.normalizers.Precompiled`, which takes the binary character map of SentencePiece: a
double-array trie (the layout of the C++ library darts-clone) over UTF-8 keys, then the replacements.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from tokenizers import Regex, normalizers

from interlingua.errors import ModelError

_BREAK = "\x01"
# What can continue a grapheme cluster in at most 3 bytes of UTF-8: marks, joiners and code points not yet
# assigned, and four letters that Unicode counts among the extenders or spacing marks.
_EXTENDER = r"[^\p{L}\p{N}\p{P}\p{S}\p{Z}]|[\x{E33}\x{EB3}\x{FF9E}\x{FF9F}]"
_HAS_LEAF = 1 << 8
_IS_VALUE = 1 << 31


def table_normalizer(replacements: Mapping[int, str]) -> normalizers.Normalizer:
    """Return a normaliser equal to ``text.translate(replacements)`` followed by collapsing runs of spaces.

    `Precompiled` alone is not equal to its table, and two steps before it mend that:

    - a character deleted at the very start of a text shifts the offsets of everything behind it, so
      deleted characters go first;
    - a grapheme cluster of fewer than 6 bytes is replaced as a whole if its first character is in the
      table, which loses the accent of e.g. full-width A + U+0301 (huggingface/tokenizers issues 2116 and
      2334), so the cluster is broken by a control character that the table deletes.

    Parameters
    ----------
    replacements : mapping of int to str
        Code point to replacement; an empty one deletes the character. No text in it may hold U+0000, and
        it must delete U+0001, as the tables of SentencePiece's ``nmt`` rules do.

    Returns
    -------
    tokenizers.normalizers.Normalizer

    Raises
    ------
    ModelError
        If the table keeps U+0001.
    """
    if replacements.get(ord(_BREAK)) != "":
        raise ModelError("the tokenizer's character table has to delete U+0001, as SentencePiece's does")
    deleted = [code for code, text in replacements.items() if not text]
    # A longer first character leaves no room for an extender within 6 bytes.
    short = [code for code, text in replacements.items() if text and len(chr(code).encode()) <= 3]
    steps = [
        normalizers.Replace(Regex(f"{_character_class(deleted)}+"), ""),
        normalizers.Precompiled(character_map(replacements)),
        normalizers.Replace(Regex(" {2,}"), " "),
    ]
    if short:
        steps.insert(1, normalizers.Replace(Regex(f"(?<={_character_class(short)})(?={_EXTENDER})"), _BREAK))
    return normalizers.Sequence(steps)


def character_map(replacements: Mapping[int, str]) -> bytes:
    """Return a table of replacements in SentencePiece's binary form (``precompiled_charsmap``).

    The form is the trie's size in bytes (uint32), the trie as an array of uint32 units, then the
    replacements in UTF-8, each ended by a zero byte. From the unit at `position`, the child by byte c
    lies at ``position ^ offset ^ c`` and carries c as its label; the value of a complete key (where its
    replacement starts) lies at ``position ^ offset``. We spend a block of 256 units on each proper prefix
    of a key, which wastes space (0.2 MB in all) and needs no search for free units; since no character's
    UTF-8 is a prefix of another's, a complete key needs its value only.

    Parameters
    ----------
    replacements : mapping of int to str
        Code point to replacement, without U+0000.
    """
    texts = bytearray()
    starts: dict[str, int] = {}
    for text in replacements.values():
        if text not in starts:
            starts[text] = len(texts)
            texts += text.encode() + b"\0"
    keys = {chr(code).encode(): starts[text] for code, text in replacements.items()}
    prefixes = sorted({key[:length] for key in keys for length in range(len(key))})
    block = {prefix: 256 * number for number, prefix in enumerate(prefixes, start=1)}
    values = 256 * (len(prefixes) + 1)
    n_units = 256 * -(-(values + len(keys)) // 256)  # whole blocks: no step can leave the array
    units = np.zeros(n_units, dtype="<u4")
    units[0] = block[b""] << 10
    for prefix in prefixes[1:]:
        position = block[prefix[:-1]] ^ prefix[-1]
        units[position] = (position ^ block[prefix]) << 10 | prefix[-1]
    for value, (key, start) in enumerate(keys.items(), start=values):
        position = block[key[:-1]] ^ key[-1]
        units[position] = (position ^ value) << 10 | _HAS_LEAF | key[-1]
        units[value] = _IS_VALUE | start
    return units.nbytes.to_bytes(4, "little") + units.tobytes() + bytes(texts)


def _character_class(codes: list[int]) -> str:
    return "[" + "".join(f"\\x{{{code:X}}}" for code in codes) + "]"
