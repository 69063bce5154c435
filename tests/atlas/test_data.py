"""The atlas's data files say what tables, sentences and activations say."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from interlingua.errors import StoreError
from interlingua.models import Activations
from interlingua.run.atlas import rebuild_atlas
from interlingua.run.study import load_study
from interlingua.study.sources import gather


def read(atlas: Any, name: str) -> Any:
    text = (atlas.results / "atlas" / "data" / f"{name}.js").read_text(encoding="utf-8")
    start = f'window.__atlas("{name}",'
    assert text.startswith(start)
    return json.loads(text.removeprefix(start).removesuffix(");\n"))


def unpack(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=f"<{dtype}")


@pytest.fixture(scope="module")
def contexts(atlas: Any) -> pd.DataFrame:
    return gather(load_study(atlas.results / "study.toml"), atlas.cache).contexts.table


def activations(atlas: Any, code: str) -> Activations:
    record = json.loads((atlas.results / "run.json").read_text(encoding="utf-8"))
    [key] = [entry["key"] for entry in record["activations"] if entry["language"] == code]
    return Activations.open(atlas.cache / "activations" / key / "activations.safetensors")


def of_page(atlas: Any, code: str, page: dict[str, Any]) -> pd.DataFrame:
    """Return the activations of the units of a layer that have a page, a column each."""
    units = np.array(page["units"])
    assert set(units // 384) <= {page["layer"]}
    return pd.DataFrame(activations(atlas, code).layer(page["layer"])[:, units % 384].astype(float))


@pytest.mark.parametrize("code", ["en", "zh", "ar", "fr"])
def test_means_by_word_are_those_of_the_activations(atlas: Any, contexts: pd.DataFrame, code: str) -> None:
    index = read(atlas, "index")
    for page in index["pages"]:
        data = read(atlas, f"units/0-{page['layer']}-{code}")
        rows = contexts[contexts["language"] == code].reset_index(drop=True)
        values = of_page(atlas, code, page)
        means = values.groupby(rows["word"], sort=False).mean()
        assert list(means.index) == read(atlas, f"words/{code}")["words"]
        low, step = unpack(data["low"], "f4"), unpack(data["step"], "f4")
        shown = np.array([unpack(row, "u1") for row in data["rows"]]).T * step + low
        assert np.abs(shown - means.to_numpy()).max() <= 0.51 * step.max()
        np.testing.assert_allclose(unpack(data["sd"], "f4"), means.std(ddof=0), rtol=1e-4)
        for variable, packed in data["r"].items():
            ratings = rows.groupby("word", sort=False)[variable].first().astype(float)
            if code == "fr" and variable == "order":
                assert np.isnan(unpack(packed, "f4")).all()
            else:
                np.testing.assert_allclose(unpack(packed, "f4"), means.corrwith(ratings), atol=1e-6)
        texts = [text for text, _, _ in read(atlas, f"sentences/{code}")]
        for position in (0, len(page["units"]) - 1):
            place, activation = data["top"][position][0]
            assert activation == pytest.approx(values[position].max(), rel=1e-3)
            assert texts[place] == rows["text"][values[position].idxmax()]
            place, activation = data["bottom"][position][0]
            assert texts[place] == rows["text"][values[position].idxmin()]


def test_targets_are_where_the_offsets_say(atlas: Any, contexts: pd.DataFrame) -> None:
    for code in ("en", "zh", "ar"):
        words = set(contexts.loc[contexts["language"] == code, "word"])
        quotes = read(atlas, f"sentences/{code}")
        assert quotes
        assert {text[start:end] for text, start, end in quotes} <= words


def test_offsets_count_as_scripts_do_and_long_sentences_are_cut() -> None:
    from interlingua.atlas.words import WINDOW, _quote

    text, start, end = _quote("🙂🙂 joy " + "x" * 500, 3, 6)
    assert (start, end) == (5, 8)  # each of the two signs is two UTF-16 units
    assert text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le") == "joy"
    assert len(text) == 6 + WINDOW + 1
    assert text.endswith("x…")


def test_rankings_and_unseen_languages_are_those_of_the_tables(atlas: Any) -> None:
    for number, cell in enumerate(read(atlas, "index")["cells"]):
        for method in ("correlation", "ridge"):
            ranks = read(atlas, f"ranks/{number}-{method}")
            table = atlas.table("rankings", variable=cell["variable"], method=method)
            assert set(ranks) == set(table["language"])
            for code, text in ranks.items():
                rows = table[table["language"] == code].sort_values("unit")
                signed = (rows["rank"] * rows["sign"]).where(rows["score"] > 0, 0)
                np.testing.assert_array_equal(unpack(text, "i2"), signed)
        if cell["unseen"]:
            rows = atlas.table("transfer_units", variable=cell["variable"], language="fr").sort_values("unit")
            found = unpack(read(atlas, f"transfer/{number}")["fr"]["t_words"], "f4")
            np.testing.assert_allclose(found, rows["t_words"], rtol=1e-6)


def test_units_at_the_top_of_two_languages_have_a_page(atlas: Any) -> None:
    index = read(atlas, "index")
    for cell in index["cells"]:
        [page] = [page for page in index["pages"] if page["layer"] == cell["layer"]]
        shared = set()
        for row in atlas.table("overlap", variable=cell["variable"], degree=2).itertuples():
            shared |= {int(unit) for unit in row.units.split()}
        assert shared <= set(page["units"])
        assert cell["first_unit"] in page["units"]


def test_neighbours_correlate(atlas: Any, contexts: pd.DataFrame) -> None:
    page = read(atlas, "index")["pages"][0]
    pooled = []
    for code in ("en", "zh", "ar", "fr"):
        words = contexts.loc[contexts["language"] == code, "word"].to_numpy()
        means = of_page(atlas, code, page).groupby(words, sort=False).mean()
        pooled.append((means - means.mean()) / means.std(ddof=0))
    r = pd.concat(pooled).corr().to_numpy().copy()
    np.fill_diagonal(r, 0)
    for unit, best in enumerate(read(atlas, f"units/0-{page['layer']}")):
        assert [abs(value) for _, value in best] == pytest.approx(sorted(np.abs(r[unit]))[::-1][: len(best)], abs=6e-4)
        assert [value for _, value in best] == pytest.approx([r[unit][other] for other, _ in best], abs=6e-4)


def test_rebuilding_gives_the_same_bytes(atlas: Any, tmp_path: Path) -> None:
    shutil.copytree(atlas.results, tmp_path / "results")
    shutil.rmtree(tmp_path / "results" / "atlas")
    rebuild_atlas(tmp_path / "results", cache_dir=atlas.cache)

    def contents(folder: Path) -> dict[str, bytes]:
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    assert contents(tmp_path / "results" / "atlas") == contents(atlas.results / "atlas")


def test_without_its_activations_the_error_says_what_to_do(atlas: Any, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"not in the cache .*; 'interlingua run .*' makes them again"):
        rebuild_atlas(atlas.results, cache_dir=tmp_path)


def test_changed_sentences_are_noticed(atlas: Any, tmp_path: Path, seal: Callable[[Path], None]) -> None:
    shutil.copytree(atlas.results, tmp_path / "results")
    file = tmp_path / "results" / "study.toml"
    text = file.read_text(encoding="utf-8")
    sentences = Path(load_study(file).languages["en"].contexts)
    changed = tmp_path / "changed.csv"
    changed.write_text(sentences.read_text(encoding="utf-8").replace("A ", "The "), encoding="utf-8")
    file.write_text(text.replace(str(sentences), str(changed)), encoding="utf-8")
    seal(file.parent)
    with pytest.raises(StoreError, match="the sentences of 'en' have changed"):
        rebuild_atlas(tmp_path / "results", cache_dir=atlas.cache)


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a complete result folder"):
        rebuild_atlas(tmp_path)


def test_the_command_makes_it_again(atlas: Any, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from interlingua.cli.main import app

    shutil.copytree(atlas.results, tmp_path / "results", ignore=shutil.ignore_patterns("atlas"))
    done = CliRunner().invoke(
        app, ["atlas", str(tmp_path / "results")], env={"INTERLINGUA_CACHE": str(atlas.cache)}, catch_exceptions=False
    )
    assert done.stdout.strip() == f"atlas: {tmp_path / 'results' / 'atlas' / 'index.html'}"
    assert (tmp_path / "results" / "atlas" / "index.html").is_file()


def test_more_words_than_fit_are_thinned_over_the_ratings() -> None:
    from interlingua.atlas.words import BUDGET, LanguageWords, words_that_fit

    ratings = np.linspace(1, 0, 100)
    contexts = pd.DataFrame({"word": [f"w{i}" for i in range(100)], "split": "train", "valence": ratings})
    words = LanguageWords.of("en", contexts, ["valence"], 11)
    about = words.about(["valence"])
    assert about["all"] == 100
    assert len(about["words"]) == 11
    assert np.diff(about["ratings"]["valence"]) == pytest.approx(-0.1, abs=0.011)
    # r is that of what is shown, not of all.
    values = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    data, _ = words.of_units(values, ["valence"])
    own = [np.corrcoef(values[words.shown, unit], ratings[words.shown])[0, 1] for unit in range(2)]
    np.testing.assert_allclose(unpack(data["r"]["valence"], "f4"), own, atol=1e-6)
    assert words_that_fit(40_000) * 40_000 * 4 / 3 <= BUDGET


def test_the_index_says_what_units_can_be_filtered_by_without_a_top(atlas: Any) -> None:
    for cell in read(atlas, "index")["cells"]:
        where = {"variable": cell["variable"]}
        rows = atlas.table("conjunction", **where)
        assert cell["least"] == sorted(rows["least"].unique())
        assert [cell["least_default"]] == list(rows.loc[rows["default"], "least"].unique())
        known = {f"unit_scores_{name}" for name in ("score", "false_sign")}
        there = {key for key in known if atlas.table("unit_scores", **where)[key.removeprefix("unit_scores_")].count()}
        assert there == known.intersection(cell["beside"])
    assert read(atlas, "index")["cells"][0]["least"]
