"""Two minutes of tools/fuzz.py: spoilt files for every reader, which are read as they are or refused in a line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 75
#: Other inputs than those of the full run are no use: the same seed says whether one of them has come back.
SEED = 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="looks into /proc")
def test_spoilt_files_are_read_as_they_are_or_refused_in_a_line() -> None:
    pytest.importorskip("mwxml", reason="needs the extra 'corpora'")
    pytest.importorskip("python_calamine", reason="needs the extra 'norms'")
    command = [sys.executable, ROOT / "tools" / "fuzz.py", f"--seed={SEED}", f"--seconds={SECONDS}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    rows = re.findall(r"^\| ([\w -]+) \| (\d+) \| (\d+)% \|.*\| 0 \|$", done.stdout, re.MULTILINE)
    assert len(rows) >= 24, done.stdout
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
