"""Downloading a card's table into the user's cache: resumed, checked, and with its licence named."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol, cast

from interlingua.errors import NormsError, StoreError, reason, suggest
from interlingua.norms.card import Layout, NormCard
from interlingua.norms.columns import column_at
from interlingua.norms.locate import card_folder, how_to_get
from interlingua.norms.tables import read_table

_CHUNK: Final = 1 << 16
_ATTEMPTS: Final = 4
_TIMEOUT: Final = 30.0
# Of a file whose checksum is not known, rows may differ by so much from what the article says.
_ROWS_TOLERANCE: Final = 0.02

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes that there are (None where not known)."""


class Opener(Protocol):
    """Opens addresses: `urllib.request.OpenerDirector`, or a stand-in for it."""

    def open(
        self, fullurl: urllib.request.Request, data: None = None, timeout: float = ...
    ) -> http.client.HTTPResponse:
        """Open a request and return the response."""


class _BrokenOffError(Exception):
    """The connection ended before the file did."""


def licence_notice(card: NormCard, layout: Layout | None = None) -> str:
    """Say in one line under which licence the ratings come and whom to cite."""
    licence = (layout.licence if layout is not None else "") or card.licence
    terms = f" ({card.licence_url})" if card.licence_url and licence == card.licence else ""
    cite = f"; cite https://doi.org/{card.doi}" if card.doi else ""
    return f"{card.name}: licence {licence}{terms}: by downloading the ratings you accept it{cite}"


def fetch(
    card: NormCard,
    cache_dir: str | Path | None = None,
    *,
    layout: str | None = None,
    opener: Opener | None = None,
    progress: Progress | None = None,
) -> Path:
    """Download a card's table.

    A download that broke off is taken up where it ended (HTTP Range, guarded by If-Range), several
    times by itself and again when the function is called again. A file counts only once it is complete
    and has the card's checksum, columns and about its number of rows; until then its name ends in
    ``.part``. A file that is here already is not downloaded again.

    Parameters
    ----------
    card : NormCard
    cache_dir : str or Path, optional
        Root of the cache; `interlingua.flow.cache_root` by default.
    layout : str, optional
        Name of the publication to download ("original", "subs2vec"); by default the first that has an
        address.
    opener : Opener, optional
        Opens addresses; urllib's by default.
    progress : callable, optional

    Returns
    -------
    Path

    Raises
    ------
    NormsError
        There is no address (the error says what to do by hand), the download broke off for good, or the
        file is not the one expected.
    StoreError
        The cache can't be written.
    """
    chosen = _downloadable(card, layout)
    folder = card_folder(card, cache_dir)
    name = chosen.filename or Path(urllib.parse.urlsplit(chosen.url).path).name or f"{card.name}.data"
    target = folder / name
    if target.is_file():
        return target
    part = folder / f"{name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _download(chosen.url, part, opener or cast("Opener", urllib.request.build_opener()), progress)
        _check(part, chosen, card)
        part.replace(target)
        _etag_of(part).unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{target} can't be written: {reason(error)}") from None
    return target


def _downloadable(card: NormCard, name: str | None) -> Layout:
    layouts = {layout.name: layout for layout in card.all_layouts() if layout.url}
    if name is not None and name not in layouts:
        known = f"; it has {', '.join(layouts)}" if layouts else ""
        raise NormsError(f"{card.name} has no address called '{name}'{suggest(name, layouts)}{known}")
    if not layouts:
        raise NormsError(f"{card.name} can't be downloaded: {how_to_get(card)}")
    return layouts[name] if name is not None else next(iter(layouts.values()))


def _etag_of(part: Path) -> Path:
    return part.with_name(f"{part.name.removesuffix('.part')}.etag")


def _download(url: str, part: Path, opener: Opener, progress: Progress | None) -> None:
    """Complete the part, taking the download up again as long as that brings it further."""
    for _ in range(_ATTEMPTS):
        before = _size(part)
        try:
            _continue(url, part, opener, progress)
        except _BrokenOffError as error:
            failure = str(error)
        except urllib.error.HTTPError as error:
            raise NormsError(f"{url} answers {error.code} {error.reason}") from None
        except urllib.error.URLError as error:
            raise NormsError(f"{url} can't be reached: {error.reason}") from None
        else:
            return
        if _size(part) == before:
            break
    raise NormsError(
        f"the download of {url} broke off after {_size(part)} bytes ({failure}); "
        "type the same again to go on from there"
    )


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _continue(url: str, part: Path, opener: Opener, progress: Progress | None) -> None:
    """Download what is still missing of a file, or all of it where the server can't resume."""
    have, etag = _size(part), _etag_of(part)
    request = urllib.request.Request(url, headers={"User-Agent": "interlingua"})
    if have and etag.exists():
        # Only with the validator of the part's own download: the file there may be another by now.
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", etag.read_text(encoding="utf-8"))
    try:
        response = opener.open(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        part.unlink()
        raise _BrokenOffError("the server has nothing beyond the part that is here") from None
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _BrokenOffError(str(error) or type(error).__name__) from None
    with response:
        resumed = response.status == HTTPStatus.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.unlink()
            raise _BrokenOffError("the server sent another part than was asked for")
        validator = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if validator and not validator.startswith("W/"):  # a weak one does not vouch for every byte
            etag.write_text(validator, encoding="utf-8")
        else:
            etag.unlink(missing_ok=True)
        length = response.headers.get("Content-Length")
        start = have if resumed else 0
        _copy(response, part, start, start + int(length) if length is not None else None, progress)


def _copy(
    response: http.client.HTTPResponse, part: Path, start: int, total: int | None, progress: Progress | None
) -> None:
    here = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        while True:
            try:
                block = response.read1(_CHUNK)
            except (http.client.HTTPException, OSError) as error:
                raise _BrokenOffError(str(error) or type(error).__name__) from None
            if not block:
                break
            file.write(block)
            here += len(block)
            if progress is not None:
                progress(here, total)
    if total is not None and here < total:
        raise _BrokenOffError(f"{here} of {total} bytes")


def _check(part: Path, layout: Layout, card: NormCard) -> None:
    """Delete a download that is not the file expected, and say how it differs."""
    try:
        _check_content(part, layout, card)
    except NormsError as error:
        part.unlink()
        others = [other.name for other in card.all_layouts() if other.url and other.name != layout.name]
        hint = f"; another publication of it is --layout {others[0]}" if others else ""
        why = str(error).replace(str(part), "the file")
        raise NormsError(f"{layout.url} is not the table of {card.name} that is expected: {why}{hint}") from None


def _check_content(part: Path, layout: Layout, card: NormCard) -> None:
    if layout.sha256:
        found = hashlib.sha256(part.read_bytes()).hexdigest()
        if found != layout.sha256:
            raise NormsError(f"its sha256 is {found}, not {layout.sha256}")
    table = read_table(part, layout)
    for column in (layout.word, *layout.columns.values()):
        column_at(table, column, part)
    rows, expected = len(table), layout.expected_rows
    if expected is not None and abs(rows - expected) > _ROWS_TOLERANCE * expected:
        raise NormsError(f"it has {rows} rows, not {expected}")
