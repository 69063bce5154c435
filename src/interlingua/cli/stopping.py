"""How a command ends that is stopped: by Ctrl-C, by a batch system, by a terminal that closes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from interlingua.stop import Stopped, forget, stop

#: Ctrl-C, what batch systems and containers send, and what a terminal sends that closes.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def stopping() -> Iterator[None]:
    """End the command inside the block in order when it is stopped: what it has finished is kept, and it says so."""
    forget()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # nohup
            signal.signal(number, _stop)
    try:
        yield
    except KeyboardInterrupt as error:
        typer.echo("stopped; the same command goes on where it stopped", err=True)
        raise typer.Exit(128 + (error.number if isinstance(error, Stopped) else signal.SIGINT)) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _: FrameType | None) -> None:
    for other in _SIGNALS:  # once is enough: what follows tidies up
        signal.signal(other, signal.SIG_IGN)
    stop(number)
