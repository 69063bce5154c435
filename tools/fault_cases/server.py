"""What runs in a child process of `tool.Server`: it imports the heavy libraries once, then forks for each request.

A request is a line of JSON; its answer too: of a start the child's number, of a wait how it ended. The forked child is
a process like any other (a session, limits and files of its own, an ordinary end), only without the seconds of
imports. Nothing of interlingua is imported before the fork.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from typing import Any


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    for module in ("numpy", "pandas", "pyarrow.parquet", "scipy.stats", "sklearn.linear_model", "matplotlib.pyplot"):
        __import__(module)
    for module in ("formulaic", "openpyxl", "pydantic", "typer", "torch"):
        __import__(module)
    for module in ("auto.modeling_auto", "bert.modeling_bert"):
        __import__(f"transformers.models.{module}")
    while line := requests.readline():
        request = json.loads(line)
        if "child" in request:
            answer = _wait(request["child"], time.monotonic() + request["seconds"])
        else:
            child = os.fork()
            if child == 0:
                answers.close()
                requests.close()
                _become(request)
                return
            answer = {"child": child}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _wait(child: int, deadline: float) -> dict[str, Any]:
    """Wait for a child, and end it if that takes too long, with all that it started and left."""
    late = False
    while True:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            break
        if not late and time.monotonic() > deadline:
            late = True
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    spent = usage.ru_utime + usage.ru_stime
    return {"code": os.waitstatus_to_exitcode(status), "late": late, "peak": usage.ru_maxrss / 2**20, "spent": spent}


def _become(request: dict[str, Any]) -> None:
    """Turn this process into the one that is asked for."""
    os.setsid()
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Of the data, not of the address space: libraries reserve gigabytes of addresses that they never use.
    resource.setrlimit(resource.RLIMIT_DATA, (request["bytes"], request["bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (request["seconds"], request["seconds"] + 5))
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    if request["snippet"] is None:
        sys.argv = ["interlingua", *request["arguments"]]
        from interlingua.cli.main import main

        main()
        return
    from interlingua.errors import InterlinguaError

    try:
        exec(compile(request["snippet"], "snippet", "exec"), {"__name__": "__main__"})
    except InterlinguaError as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        raise SystemExit(2) from None
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None


_serve()
