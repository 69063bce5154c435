"""``interlingua doctor``."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from typing import Annotated

import typer

_MARK, _TOPIC, _WIDTH = 9, 13, 100


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False) -> None:
    """Look at this machine and installation: what works, what is missing, what would be slow.

    Each line begins with ok, note (it works, but something is missing or slow) or problem. Ends with 1 if there is a
    problem. Takes seconds and needs no network.
    """
    from interlingua.run.doctor import examine

    findings = []
    for finding in examine():
        findings.append(finding)
        if as_json:
            continue
        lines = textwrap.wrap(finding.says, _WIDTH - _MARK - _TOPIC, break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(lines):
            topic = finding.topic if number == 0 else ""
            typer.echo(f"{finding.state:<{_MARK}}{topic:<{_TOPIC}}{line}")
    fine = all(finding.state != "problem" for finding in findings)
    if as_json:
        found = {"ok": fine, "findings": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False, default=str))
    if not fine:
        raise typer.Exit(1)
