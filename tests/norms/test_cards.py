"""The cards that come with the package, and what a card must be."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import openpyxl
import pytest

from interlingua import languages
from interlingua.errors import NormsError
from interlingua.norms import Layout, NormCard, Variable, all_cards, get_card, is_card, load_card, load_norms

# Table 1 of the paper: language, items, raters.
TABLE_1 = {
    "it-montefinese-2014": ("it", 1121, 684),
    "en-warriner-2013": ("en", 13915, 1827),
    "nl-moors-2013": ("nl", 4300, 224),
    "es-redondo-2007": ("es", 1034, 720),
    "pl-imbir-2016": ("pl", 4900, 400),
    "hr-coso-2019": ("hr", 3022, 933),
    "fr-monnier-2014": ("fr", 1031, 469),
    "el-palogiannidi-2016": ("el", 1034, 105),
    "de-schmidtke-2014": ("de", 1003, 65),
    "pt-soares-2012": ("pt", 1034, 958),
    "tr-kapucu-2021": ("tr", 2031, 1527),
    "zh-yao-2017": ("zh", 1100, 960),
}
CARDS = {card.name: card for card in all_cards()}


@pytest.mark.parametrize("name", TABLE_1)
def test_table_1_of_the_paper_is_here(name: str) -> None:
    language, items, raters = TABLE_1[name]
    card = get_card(name, language)
    assert card.raters == raters
    assert {"valence", "arousal"} <= set(card.variables)
    rows = [layout.expected_rows for layout in card.all_layouts()[:1] if layout.expected_rows]
    # The paper rounds the Polish list of 4,905 words.
    assert all(abs(count - items) <= 5 for count in rows)


def test_indonesian_items_and_raters_are_not_swapped_as_in_table_1() -> None:
    card = get_card("id-sianipar-2016", "id")
    assert card.raters == 1402
    assert card.all_layouts()[0].expected_rows == 1490


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_every_card_can_be_cited_and_says_its_terms(card: NormCard) -> None:
    assert card.name.startswith((f"{card.language}-", "labmt-"))
    assert card.licence
    assert card.url.startswith("https://")
    assert card.tag == languages.get(card.language).tag
    assert f"title   = {{{card.title}}}" in card.citation or f"title     = {{{card.title}}}" in card.citation
    assert card.citation.count("{") == card.citation.count("}")
    assert re.search(r"year +=", card.citation)
    for author in card.authors:
        assert author in card.citation
    if card.doi:
        assert card.doi in card.citation
    text = card.describe()
    assert all(part in text for part in (card.name, card.title, card.licence, card.citation.strip()))


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_every_card_says_how_its_ratings_are_had(card: NormCard) -> None:
    layouts = card.all_layouts()
    assert len({layout.name for layout in layouts}) == len(layouts)
    if card.access == "download":
        assert any(layout.url for layout in layouts)
    elif card.access == "package":
        assert any(layout.package and layout.package_path for layout in layouts)
    else:
        assert card.instructions
    for layout in layouts:
        assert layout.columns
        assert not layout.url or layout.url.startswith("https://")
        assert not layout.url or layout.filename


def _write_in_layout(card: NormCard, layout: Layout, folder: Path) -> Path:
    """Write three rated words into a file laid out as the layout says, with columns that are not wanted."""
    places = {layout.word: "WORD", **{column: name for name, column in layout.columns.items()}}
    positions = [column for column in places if isinstance(column, int)]
    names = [column for column in places if isinstance(column, str)]
    width = max([len(places) + 2, *(position + 2 for position in positions)])
    header = [f"extra {position}" for position in range(width)]
    at: dict[str, int] = {places[position]: position for position in positions}
    free = iter(position for position in range(width) if position not in positions)
    for name in names:
        at[places[name]] = next(free)
        header[at[places[name]]] = name
    rows: list[list[object]] = [["a note"] for _ in range(max(layout.header_row - 1, 0))]
    rows += [header] if layout.header_row else []
    for number, word in enumerate(["alfa", "beta", "gama"]):
        row: list[object] = ["x"] * width
        row[at["WORD"]] = word + layout.marker
        for name in layout.columns:
            low = card.variables[name].low
            row[at[name]] = (0.0 if low is None else low) + 0.5 * number
        rows.append(row)
    return _write(rows, layout, folder)


def _write(rows: list[list[object]], layout: Layout, folder: Path) -> Path:
    if layout.format in {None, "csv", "tsv"}:
        path = folder / "table.csv"
        with path.open("w", encoding=layout.encoding, newline="") as file:
            separator = layout.separator or ("\t" if layout.format == "tsv" else ",")
            writer = csv.writer(file, delimiter=separator)
            writer.writerows(
                [
                    [str(cell).replace(".", layout.decimal) if isinstance(cell, float) else cell for cell in row]
                    for row in rows
                ]
            )
        return path
    if layout.format == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        if isinstance(layout.sheet, str):
            sheet.title = layout.sheet
        else:
            for _ in range(layout.sheet):
                book.create_sheet(index=0)
        for row in rows:
            sheet.append(row)
        book.save(folder / "table.xlsx")
        return folder / "table.xlsx"
    pytest.importorskip("python_calamine", reason="needs python-calamine to read and xlwt to write xls files")
    xlwt = pytest.importorskip("xlwt", reason="needs python-calamine to read and xlwt to write xls files")
    book = xlwt.Workbook()
    sheets = [book.add_sheet(f"sheet {number}") for number in range(int(layout.sheet) + 1)]
    for number, row in enumerate(rows):
        for position, cell in enumerate(row):
            sheets[-1].write(number, position, cell)
    book.save(str(folder / "table.xls"))
    return folder / "table.xls"


LAYOUTS = {f"{card.name}-{layout.name}": (card, layout) for card in CARDS.values() for layout in card.all_layouts()}


@pytest.mark.parametrize(("card", "layout"), LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_reads_a_file_laid_out_like_it(card: NormCard, layout: Layout, tmp_path: Path) -> None:
    path = _write_in_layout(card, layout, tmp_path)
    norms = load_norms(card.name, language=card.language, path=path, scale="none")
    assert list(norms.table["word"]) == ["alfa", "beta", "gama"]
    assert norms.variables == tuple(layout.columns)
    for name in layout.columns:
        low = card.variables[name].low or 0.0
        assert list(norms.table[name]) == [low, low + 0.5, low + 1.0]


def test_a_new_source_is_a_card_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "card.toml").write_text(
        """
        name = "cy-nobody-2030"
        title = "Ratings of Welsh words"
        language = "Welsh"
        licence = "CC0"
        [variables]
        valence = { column = "Fal", low = -3, high = 3, note = "made up" }
        [file]
        format = "csv"
        separator = ";"
        decimal = ","
        header_row = 2
        word = "Gair"
        na_values = ["?"]
        """,
        encoding="utf-8",
    )
    (tmp_path / "ratings.csv").write_text(
        "Made for a test;;\nNo;Gair;Fal\n1;cariad;2,75\n2;poen;-2,5\n3;bwrdd;?\n", encoding="utf-8"
    )
    norms = load_norms(tmp_path / "card.toml", language="cy", path=tmp_path / "ratings.csv", scale="ends")
    assert list(norms.table["word"]) == ["cariad", "poen", "bwrdd"]
    assert norms.table["valence"].iloc[0] == pytest.approx(5.75 / 6)
    assert norms.table["valence"].iloc[1] == pytest.approx(0.5 / 6)
    assert list(norms.issues["kind"]) == ["no rating of valence"]
    assert norms.card.tag == "cym-Latn"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not valid TOML"),
        ('name = "a"\ntitle = "t"\nlanguage = "qq"\n[variables]\nvalence = {}', "'qq' is not a language"),
        ('name = "a"\ntitle = "t"\nlanguage = "en"\ncolour = 1\n[variables]\nvalence = {}', "colour"),
        ('name = "a"\ntitle = "t"\nlanguage = "en"\n[variables]', "at least one variable"),
        ('name = "a"\ntitle = "t"\nlanguage = "en"\n[variables]\nvalence = {low = 1}', "both ends or none"),
        ('name = "a"\ntitle = "t"\nlanguage = "en"\n[variables]\nvalence = {low = 9, high = 1}', "wrong way round"),
    ],
)
def test_a_card_that_is_none_is_refused_in_one_line(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NormsError, match=words) as caught:
        load_card(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_card_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NormsError, match=r"nowhere\.toml can't be read"):
        load_card(tmp_path / "nowhere.toml")


def test_cards_are_found_by_name_and_by_source_with_language() -> None:
    assert get_card("labmt", "French").name == "labmt-fr"
    assert get_card("labmt-fr").language == "fr"
    assert is_card("labmt", "ko")
    assert not is_card("labmt", "fi")
    assert {card.language for card in all_cards("es")} == {"es"}
    assert len([card for card in all_cards() if card.name.startswith("labmt-")]) == 13


@pytest.mark.parametrize(
    ("name", "language", "words"),
    [
        ("en-warriner-2014", None, "did you mean 'en-warriner-2013'"),
        ("en-warriner-2013", "es", "holds English words, not Spanish"),
        ("labmt", "fi", "no ratings for Finnish; there are labmt-ar"),
        ("nothing at all", None, "give the name of a card"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_ones(name: str, language: str | None, words: str) -> None:
    with pytest.raises(NormsError, match=words):
        get_card(name, language)


def test_a_card_can_be_made_in_code() -> None:
    card = NormCard(name="x", title="t", language="deu", variables={"valence": Variable(column="V")})
    assert (card.language, card.script) == ("de", "Latn")
    assert card.all_layouts() == ()


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("en-warriner-2013", "Warriner et al. (2013)"),
        ("fi-eilola-2010", "Eilola & Havelka (2010)"),
        ("pl-imbir-2016", "Imbir (2016)"),
    ],
)
def test_a_card_is_cited_by_authors_and_year(name: str, reference: str) -> None:
    assert get_card(name).reference == reference


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'name = "x"\ntitle = "t"\nlanguage = "en"\nyear = {"9" * 5000}\n[variables]\nv = {{}}\n', "4300 digits"),
        ("a = " + "[" * 5000, "too many brackets"),
        ('name = "x"\neditions = 3\n', r"give a table \[editions.KEY\]"),
        ('name = "x"\neditions = { a = 3 }\n', r"give a table \[editions.KEY\]"),
        ('name = "x"\ntitle = "t"\nlanguage = "en"\n[variables]\nv = { low = 1e400, high = 2 }\n', "finite"),
        ('name = "x"\ntitle = "t"\nlanguage = "en"\n[variables]\nv = { low = nan, high = 2 }\n', "finite"),
        (f'name = "x"\ntitle = "t"\nlanguage = "en"\n[variables]\nv = {{ low = {"9" * 400}, high = 2 }}\n', "number"),
    ],
)
def test_a_card_with_numbers_and_brackets_beyond_measure(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NormsError, match=words) as caught:
        load_card(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("norare", "name"),
    [
        ("Kuperman-2012-AoA", "en-kuperman-2012"),
        ("Lynott-2020-Sensorimotor", "en-lynott-2020"),
        ("Moors-2013-Ratings", "nl-moors-2013"),
        ("Speed-2021-Sensorimotor", "nl-speed-2021"),
    ],
)
def test_a_card_is_found_by_the_id_that_norare_has(norare: str, name: str) -> None:
    card = get_card(norare)
    assert card.name == name
    assert is_card(norare, card.language)
    with pytest.raises(NormsError, match="not Finnish"):
        get_card(norare, "fi")
