"""Ways in which a file of a cache comes to hold something else than what was written."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

WAYS = ("flipped bit", "truncated", "emptied", "another's", "removed")


def spoil(file: Path, cache: Path, way: str, drawn: random.Random) -> bool:
    """Spoil one file of a cache; return whether it holds anything else than before."""
    before = file.read_bytes()
    if way == "removed":
        file.unlink()
        return True
    if way == "flipped bit":
        after = bytearray(before)
        if after:
            at = drawn.randrange(len(after))
            after[at] ^= 1 << drawn.randrange(8)
    elif way == "truncated":
        after = bytearray(before[: drawn.randrange(len(before))] if before else b"")
    elif way == "emptied":
        after = bytearray()
    else:
        others = sorted(path for path in cache.rglob(file.name) if path != file and path.is_file())
        after = bytearray(drawn.choice(others).read_bytes() if others else b"{}")
    file.write_bytes(after)
    if file.name.endswith(".lock"):  # its owner, too, is long gone
        os.utime(file, (file.stat().st_mtime - 3600,) * 2)
    return bytes(after) != before


def draw(cache: Path, drawn: random.Random) -> Path:
    """Return a file of a cache: first what kind of file, so that the few shards and locks have their turn, too."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(cache.rglob("*")):
        if path.is_file():
            top, *_, name = path.relative_to(cache).parts
            kinds.setdefault(f"{top}/{'lock' if name.endswith('.lock') else name}", []).append(path)
    return drawn.choice(kinds[drawn.choice(sorted(kinds))])


def dig(cache: Path, drawn: random.Random) -> tuple[float, list[str]]:
    """Remove some of a cache's entries, as 'interlingua cache prune' does; return their share and their steps."""
    entries = sorted(path.parent for path in cache.glob("*/*/manifest.json"))
    removed = drawn.sample(entries, k=drawn.randrange(1, len(entries)))
    for entry in removed:
        shutil.rmtree(entry)
    return len(removed) / len(entries), sorted({entry.parent.name for entry in removed})
