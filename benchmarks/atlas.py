"""How large an atlas is, and how fast it opens and moves in headless Chromium.

python benchmarks/atlas.py RESULTS    an atlas that a run made (RESULTS/atlas)
python benchmarks/atlas.py            a synthetic study of the size of the paper's: 2 models of 13 x 768 units,
                                      13 languages and one unseen, 2 variables, 420 words of 15 sentences
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SEEN = ["it", "en", "nl", "es", "pl", "hr", "fr", "el", "de", "pt", "tr", "zh", "id"]
UNSEEN = "fi"
MODELS, VARIABLES, METHODS = ("mbert", "xlm-r"), ("valence", "arousal"), ("correlation", "ridge", "elastic-net")
LAYERS, WIDTH, K, WORDS, SENTENCES = 13, 768, 100, 420, 15
REPEATS = 5


def synthetic(folder: Path) -> Path:
    """Write the atlas of a study of made-up numbers: shared units, ratings and sentences of realistic sizes."""
    from interlingua.atlas import write_atlas
    from interlingua.models import Activations
    from interlingua.questions.order import tables
    from interlingua.report.results import Results

    rng = np.random.default_rng(0)
    codes = [*SEEN, UNSEEN]
    units = {"methods": METHODS, "headline": METHODS[0], "k": K}
    study = {"name": "synthetic", "variables": VARIABLES, "units": units}
    shapes = [{"name": model, "layers": LAYERS, "width": WIDTH} for model in MODELS]
    declared = tables()
    frames = {name: table.empty() for name, table in declared.items()} | _tables(rng)
    results = Results(folder, declared, study, {"models": shapes, "labels": {}}, frames)
    letters = {"el": "αβγδεζηθικλμνοπρστυφχψω", "zh": "的一是不了人我在有他这为之大来以个中上们"}
    contexts = {}
    for code in codes:
        signs = np.array(list(letters.get(code, "abcdefghijklmnopqrstuvwxyz") + "   "))
        rows = []
        for number in range(WORDS):
            word, ratings = f"word{number}", rng.random(2).round(3)
            split = "unseen" if code == UNSEEN else "test" if number % 5 == 0 else "train"
            for _ in range(SENTENCES):
                text = word + " " + "".join(rng.choice(signs, 110))
                rows.append((word, text, 0, len(word), split, *ratings))
        contexts[code] = pd.DataFrame(rows, columns=["word", "text", "start", "end", "split", *VARIABLES])
    files = {}
    for model in MODELS:
        layers = rng.normal(size=(2, WORDS * SENTENCES, WIDTH)).astype(np.float32)
        path = folder / f"{model}.safetensors"
        Activations.from_arrays(layers, {"store_dtype": "float16"}).save(path)
        files |= {(model, code): path for code in codes}  # the languages differ in their ratings and words only
    return write_atlas(folder, results, contexts, files)


def _tables(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    from interlingua.units import overlap

    cells = [(model, variable) for model in MODELS for variable in VARIABLES]
    units = np.arange(LAYERS * WIDTH)
    rankings, transfer, probes, choice = [], [], [], []
    for number, (model, variable) in enumerate(cells):
        where = {"model": model, "variable": variable}
        common = rng.normal(size=len(units))
        for code in SEEN:
            for method in METHODS:
                weight = common + rng.normal(size=len(units))
                table = pd.DataFrame({"unit": units, "layer": units // WIDTH, "index": units % WIDTH})
                table = table.assign(score=np.abs(weight), sign=np.sign(weight).astype(int), language=code)
                table["rank"] = table.groupby("layer")["score"].rank(ascending=False, method="first").astype(int)
                rankings.append(table.assign(method=method, **where))
            for layer in range(LAYERS):
                r = {"r": 0.7, "r_low": 0.6, "r_high": 0.8, "r_cv": 0.7, "n_test_words": WORDS // 5}
                probes += [
                    {"language": code, "probe": probe, "curve": "layer", "layer": layer, **r, **where}
                    for probe in ("ridge", "elastic-net")
                ]
        t = rng.normal(size=len(units))
        columns = {"unit": units, "t_words": t, "percentile": 100 * rng.random(len(units))}
        transfer.append(pd.DataFrame(columns).assign(language=UNSEEN, **where))
        choice += [
            {"layer": layer, "mean_r": 0.7, "chosen": layer == number % 2, "probe": "ridge", "curve": "layer"}
            | {"criterion": "cv", **where}
            for layer in range(LAYERS)
        ]
    ranked = pd.concat(rankings, ignore_index=True)
    one = ranked[(ranked["model"] == MODELS[0]) & (ranked["variable"] == VARIABLES[0]) & (ranked["layer"] == 0)]
    found = overlap(one[one["method"] == METHODS[0]], WIDTH, k=K, draws=10, seed=0)
    everywhere = [{"model": m, "variable": v, "method": method} for m, v in cells for method in METHODS]
    tables = {
        name: pd.concat([getattr(found, name).assign(**where) for where in everywhere], ignore_index=True)
        for name in ("pairs", "pairs_summary", "degrees", "highest_degree")
    }
    languages = [
        {"language": code, "name": code, "script": "Latn", "role": "unseen" if code == UNSEEN else "seen"}
        for code in [*SEEN, UNSEEN]
    ]
    points = [
        {"language": code, "mpo": 20.0, "r": 0.7, "probe": "elastic-net", "reads": "whole network"} for code in SEEN
    ]
    return {
        **tables,
        "rankings": ranked,
        "probes": pd.DataFrame(probes),
        "layer_choice": pd.DataFrame(choice),
        "transfer_units": pd.concat(transfer, ignore_index=True),
        "languages": pd.DataFrame(languages).assign(sentences=WORDS * SENTENCES, norms="made up", licence="none"),
        "alignment_points": pd.concat([pd.DataFrame(points).assign(**where) for where in everywhere]),
    }


def browser(folder: Path) -> Any:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    profile = tempfile.mkdtemp(dir=folder)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.binary_location = "/usr/bin/chromium"
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


#: Resolves once the view is drawn and painted, with the milliseconds since the page began (or since `start`).
DRAWN = """
const [view, selector, start, done] = arguments;
const look = () => {
  const main = document.getElementById("main");
  const ready = main && main.dataset.view === view && !main.ariaBusy && document.querySelector(selector);
  if (ready) requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
  else setTimeout(look, 5);
};
look();
"""


def measure(page: Path, folder: Path) -> None:
    """Print sizes and times, each the median of some openings with a fresh start of the browser's page."""
    data = [file for file in page.parent.rglob("*") if file.is_file()]
    print(f"size: {sum(file.stat().st_size for file in data) / 1e6:.1f} MB in {len(data)} files")
    driver = browser(folder)
    try:
        _open(driver, page, "#overview", "overview", "#figure-pairs svg", "overview")
        unit = driver.execute_script("return Atlas.index.cells[0].first_unit")
        _open(driver, page, "#units?layers=all", "units", ".tabulator-row", "all units of all layers")
        rows = driver.execute_script("return document.getElementById('units-count').textContent")
        times = [_sort(driver) for _ in range(REPEATS)]
        print(f"sorting {rows}: {statistics.median(times):.0f} ms")
        _open(driver, page, f"#unit/{unit}", "unit", "section.language svg circle", f"unit {unit}")
        word = driver.execute_script("const a = document.querySelector('.words a'); return a.getAttribute('href')")
        _open(driver, page, word, "word", "#figure-word svg", "a word")
    finally:
        driver.quit()


def _open(driver: Any, page: Path, address: str, view: str, selector: str, name: str) -> None:
    times = []
    for _ in range(REPEATS):
        driver.get("about:blank")
        driver.get(page.resolve().as_uri() + address)
        times.append(driver.execute_async_script(DRAWN, view, selector, 0))
    print(f"{name}: {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})")


def _sort(driver: Any) -> float:
    return driver.execute_async_script(
        "const done = arguments[0], start = performance.now();"
        "document.querySelector('.tabulator-col[tabulator-field=mean_rank] .tabulator-col-content').click();"
        "requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)))"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        if len(sys.argv) > 1:
            made = Path(sys.argv[1]) / "atlas" / "index.html"
        else:
            begun = time.monotonic()
            made = synthetic(Path(scratch))
            print(f"made in {time.monotonic() - begun:.0f} s")
        measure(made, Path(scratch))
