"""A study on a real cluster of three worker processes: killed workers, a client that ends, and the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from interlingua.flow.cache import MANIFEST
from interlingua.flow.processes import processor_name

#: Seconds that all of it may take, and that one wait may; more of them on a crowded machine.
_PATIENCE = float(os.environ.get("INTERLINGUA_PATIENCE", "1"))
LONGEST_S, WAIT_S = 160.0 * _PATIENCE, 90.0 * _PATIENCE


def table_bytes(results: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((results / "tables").iterdir())}


def client(small: Any, cluster: Any, folder: Path) -> subprocess.Popen[str]:
    program = Path(sys.executable).with_name("interlingua")
    environment = {
        **os.environ,
        **cluster.environment,
        "INTERLINGUA_CACHE": str(folder / "cache"),
        "HF_HUB_OFFLINE": "1",
    }
    line = [program, "run", small.file, "-o", folder / "out", "--scheduler", cluster.address]
    return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(cluster: Any, process: subprocess.Popen[str], steps: set[str], seen: int = 0) -> dict[str, Any]:
    """Return the first computation of one of these steps behind the first `seen` ones."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        for line in cluster.computed()[seen:]:
            if line["step"] in steps:
                return line
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError(f"none of {steps} began within {WAIT_S} s")


def test_workers_are_killed_the_client_ends_and_the_tables_are_those_of_a_local_run(
    small: Any, dask_cluster: Any, tmp_path: Path
) -> None:
    begun = time.monotonic()
    dask_cluster.environment = {
        **dask_cluster.environment,
        "INTERLINGUA_SLOW": "pass,null_signs,stability",
    }
    workers = {process.pid: process for process in (dask_cluster.worker() for _ in range(3))}
    running = client(small, dask_cluster, tmp_path)
    first = wait_for(dask_cluster, running, {"pass"})
    workers[first["pid"]].kill()
    second = wait_for(dask_cluster, running, {"null_signs"})
    workers[second["pid"]].kill()
    assert first["pid"] != second["pid"]
    seen = len(dask_cluster.computed())
    wait_for(dask_cluster, running, {"null_signs", "stability"}, seen)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=WAIT_S)
    assert running.returncode == 128 + signal.SIGTERM, said
    assert said.splitlines()[-1] == "stopped; the same command goes on where it stopped"
    assert not (tmp_path / "out").exists()

    again = client(small, dask_cluster, tmp_path)
    _, said = again.communicate(timeout=LONGEST_S - (time.monotonic() - begun))
    assert again.returncode == 0, said
    assert [process.poll() for process in workers.values()].count(None) == 1  # one was left for the rest

    # Each step was computed once, but for what the killed workers were at, which no one else did twice.
    counts = Counter((line["step"], line["key"]) for line in dask_cluster.computed())
    killed = Counter((line["step"], line["key"]) for line in (first, second))
    assert {node: count for node, count in counts.items() if count > 1 + killed[node]} == {}
    assert sum(counts.values()) <= len(counts) + 2
    made = {(path.parent.parent.name, path.parent.name) for path in (tmp_path / "cache").glob(f"*/*/{MANIFEST}")}
    # Sources and facts are this process's.
    assert {node for node in made if node[0] not in ("sources", "facts")} == set(counts)

    assert table_bytes(tmp_path / "out") == table_bytes(small.results)
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    [machine] = record["machines"]
    assert (machine["host"], machine["processor"]) == (os.uname().nodename, processor_name())
    assert machine["steps"] >= len(counts)
    assert not list((tmp_path / "cache" / ".cluster").iterdir())
    assert time.monotonic() - begun < LONGEST_S
