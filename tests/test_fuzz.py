"""Two minutes of tools/fuzz.py: spoilt files for every reader, which are read as they are or refused in a line."""

from __future__ import annotations

import builtins
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 75
#: Other inputs than those of the full run are no use: the same seed says whether one of them has come back. No more
#: of each reader however fast the machine, so that what CI tries is what was tried before.
SEED, INPUTS = 1, 100


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="looks into /proc")
def test_spoilt_files_are_read_as_they_are_or_refused_in_a_line() -> None:
    pytest.importorskip("mwxml", reason="needs the extra 'corpora'")
    pytest.importorskip("gguf", reason="needs the extra 'gguf'")
    pytest.importorskip("python_calamine", reason="needs the extra 'norms'")
    command = [sys.executable, ROOT / "tools" / "fuzz.py", f"--seed={SEED}", f"--seconds={SECONDS}"]
    command += [f"--inputs={INPUTS}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    rows = re.findall(r"^\| ([\w -]+) \| (\d+) \| (\d+)% \|.*\| 0 \|$", done.stdout, re.MULTILINE)
    assert len(rows) == 30, done.stdout
    # Of every reader some were tried, however slow the machine, and of containers most get past them.
    assert min(int(inputs) for _, inputs, _ in rows) >= 1, done.stdout


def test_a_case_is_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from fuzzing import tables  # noqa: F401 - registers its kinds
    from fuzzing.kinds import KINDS
    from fuzzing.worker import mutant_of

    for name in ("norms csv", "norms xlsx", "norms parquet"):
        first, again, other = (mutant_of(KINDS[name], 1, number).content for number in (5, 5, 6))
        assert first == again != other


@pytest.mark.parametrize(
    ("text", "ratings", "says"),
    [
        ("word,valence\nbabavaa,1.03\n", [("babavaa", 1.03)], ""),
        ("word,valence\nbabavaa,1.04\n", [("babavaa", 1.04)], ""),
        ("word,valence\nbabavaa,1.03\ndebavab,1.2\n", [("babavaa", 1.2), ("debavab", 1.2)], "no row has both"),
        (
            "word,valence\nbabavaa,1.03\ndebavab,1.2\n",
            [("debavab", 1.2)],
            "1 rows that stand there as they did are lost",
        ),
        # A line break within a cell is of that row; a mark that nothing closes makes no row of two.
        ('"word","valence"\n"ba\nbav","1.03"\n"debavab","1.2"\n', [("ba bav", 1.03), ("debavab", 1.2)], ""),
        ('"word","valence"\n"ba\nbav","1.03"\n"debavab","1.2"\n', [("ba bav", 1.2)], "no row has both"),
        ('"word","valence"\n"babav,"1.03"\n"debavab","1.2"\n', [("babav", 1.2)], "no row has both"),
        # What stands beside a word does not make it lost.
        ("word,valence\nbabavaa;,1.03\n", [("babavaa;", 1.03)], ""),
    ],
)
def test_the_judge_sees_what_is_wrong(
    text: str, ratings: list[tuple[str, float]], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from fuzzing.judge import wrong_ratings
    from fuzzing.kinds import Mutant, Read

    found = wrong_ratings(Mutant(b"", inside=True, text=text), Read(ratings=ratings))
    assert says in found
    assert bool(says) == bool(found)


def test_the_judge_sees_torn_and_joined_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from fuzzing.judge import wrong_sentences
    from fuzzing.kinds import Mutant, Read
    from fuzzing.known import ROWS

    first, second = ROWS[0], ROWS[1]
    mutant = Mutant(b"", inside=True, text=f"{first.sentence}<ref>{second.sentence}")

    def judged(sentence: str) -> str:
        return wrong_sentences(mutant, Read(sentences=[(sentence, first.word)]))

    assert judged(first.sentence) == ""
    assert "beginning" in judged(first.sentence.removeprefix(f"{first.first} is "))
    assert "end" in judged(first.sentence.removesuffix(f"by {first.last}.") + "he.")
    assert "joined" in judged(first.sentence[:-1] + " " + second.sentence)
    # A line end of Unicode ends a line; of a sentence that stands there twice one may be spoilt, and the other is read.
    torn = first.sentence.removeprefix(f"{first.first} is ")
    spoilt = first.sentence.replace(f"by {first.last}.", "by Nobody.")
    for text, said, wrong in (
        (f"{first.first} is\u2028{torn}", torn, ""),
        (f"{first.first} is {torn}", torn, "beginning"),
        (f"{first.sentence} {spoilt} {second.sentence}", spoilt, ""),
        (f"{first.sentence} {second.sentence}", spoilt.removesuffix("."), "end"),
    ):
        mutant = Mutant(b"", inside=True, text=text)
        found = judged(said)
        assert wrong in found
        assert bool(wrong) == bool(found)


def test_what_json_escapes_is_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from fuzzing.corpora import _unescaped

    said = ["a\nb", 'a "b" \\ c', "\u2028é", "\U0001f600"]
    escaped = json.dumps([*said, "a.\ud800 B"])
    assert _unescaped(escaped) == f"{escaped}\n[" + ", ".join(f'"{text}"' for text in [*said, "a.\ufffd B"]) + "]"


def _tampered(name: str, tamper: Callable[[dict[str, Any]], None], folder: Path) -> tuple[str, str]:
    """Return what a judge says of a seed that was read, and of what somebody has changed in it then."""
    from fuzzing import gguf_files, models, results, units  # noqa: F401 - registers its kinds
    from fuzzing.kinds import KINDS, Mutant

    kind = KINDS[name]
    path = folder / f"seed{kind.suffix}"
    path.write_bytes(kind.seeds[0])
    read, seed = kind.read(path), Mutant(kind.seeds[0], inside=True)
    right = kind.wrong(seed, read)
    tamper(read.values)
    return right, kind.wrong(seed, read)


def _other_weight(values: dict[str, Any]) -> None:
    name = next(iter(values["weights"]))
    values["weights"][name] = values["weights"][name] + 1


@pytest.mark.parametrize(
    ("name", "tamper", "says"),
    [
        ("activations folder", lambda values: values["de"][1].__setitem__((2, 1), 0.25), "layer 1 of de"),
        ("activations folder", lambda values: values.update(is_decoder=True), "is_decoder is read as True"),
        ("unit set", lambda values: values["sd"].__setitem__(3, 9.0), "sd is read as"),
        ("unit set", lambda values: values.update(layer=6), "layer is read as 6 and is 7"),
        ("model folder", _other_weight, "has other numbers than its file"),
        ("model folder", lambda values: values["config"].update(num_attention_heads=4), "num_attention_heads is 2"),
        ("model folder", lambda values: values["vocabulary"].pop("[MASK]"), "1 pieces are others"),
        (
            "model folder",
            lambda values: setattr(builtins, "interlingua_fuzz_ran", True),
            "code of the model's folder ran",
        ),
        ("gguf", _other_weight, "has other numbers than its file"),
        ("result folder", lambda values: values["study"].update(preset="paper"), "the study is another"),
        ("result folder", lambda values: values["pairs"].update({"fe": [9.0]}), "pairs: fe is read as"),
        ("result folder", lambda values: values.update({"by name": values["by choice"]}), "units by name are"),
    ],
)
def test_the_judge_sees_other_numbers(
    name: str,
    tamper: Callable[[dict[str, Any]], None],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path))
    if name == "gguf":
        pytest.importorskip("gguf", reason="needs the extra 'gguf'")
    right, wrong = _tampered(name, tamper, tmp_path)
    assert right == ""
    assert says in wrong


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="looks into /proc")
def test_a_damaged_corpus_ends_no_process() -> None:
    """What this file says of a column makes pyarrow end the process, where it is asked for the column's size."""
    pytest.importorskip("mwxml", reason="needs the extra 'corpora'")
    pytest.importorskip("gguf", reason="needs the extra 'gguf'")
    pytest.importorskip("xlwt")
    command = [sys.executable, str(ROOT / "tools" / "fuzz.py"), "--case", "corpus-parquet:583"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-300:]
    assert "refused" in done.stdout
