"""The command line as a user calls it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from interlingua.cli.main import main


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of an error, after checking that it is one."""
        assert self.code == 2, (self.code, self.err)
        [line] = self.err.splitlines()
        assert line.startswith("error: ")
        return line


@pytest.fixture
def interlingua(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Return a function that runs ``interlingua ARGUMENTS`` in this process, errors and all."""

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["interlingua", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return call
