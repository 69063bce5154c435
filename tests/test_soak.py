"""A small soak: runs are killed, stopped, given a spoilt cache and run in pairs; tools/soak.py says what must hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: A dozen of what takes seconds; what needs workers, which load torch each time, is rarer.
COUNTS = {"killed": 12, "worker": 6, "stopped": 12, "spoilt": 24, "pair": 6}
MINUTES = 3.0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="looks for processes in /proc")
def test_disturbed_runs_leave_the_same_tables_and_nothing_else(tmp_path: Path) -> None:
    wanted = [f"--{kind}={count}" for kind, count in COUNTS.items()]
    command = [
        sys.executable,
        ROOT / "tools" / "soak.py",
        "--folder",
        tmp_path / "soak",
        f"--minutes={MINUTES}",
        *wanted,
    ]
    soak = subprocess.run(command, capture_output=True, text=True, check=False)
    assert soak.returncode == 0, soak.stdout + soak.stderr
    # Of each kind some were done, however slow the machine is.
    done = re.findall(r"^\| [^|]+ \| (\d+) \| (\d+) \| [^|]+ \| 0 \|$", soak.stdout, re.MULTILINE)
    assert [int(wanted) for wanted, _ in done] == list(COUNTS.values()), soak.stdout
    assert min(int(count) for _, count in done) >= 1, soak.stdout
