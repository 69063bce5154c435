"""Commands that are stopped, also where a library swallows the exception by which they learn it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest
import typer

from interlingua.cli.stopping import stopping
from interlingua.stop import stop_if_told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_was_swallowed_is_remembered(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)

    def command() -> None:
        with stopping():
            stop_if_told()  # nobody told it yet
            with suppress(BaseException):  # as libraries do that try one import after another
                os.kill(os.getpid(), number)
            stop_if_told()

    with pytest.raises(typer.Exit) as ended:
        command()
    assert ended.value.exit_code == 128 + number
    assert capsys.readouterr().err == "stopped; the same command goes on where it stopped\n"
    assert signal.getsignal(number) is before
    with stopping():
        stop_if_told()  # that was another command
