"""How a command ends that is stopped: by Ctrl-C, by a batch system, by a terminal that closes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

#: Besides Ctrl-C: what batch systems and containers send, and what a terminal sends that closes.
_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(KeyboardInterrupt):
    """A signal that ends a command as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stopping() -> Iterator[None]:
    """End the command inside the block in order when it is stopped: what it has finished is kept, and it says so."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # nohup
            signal.signal(number, _raise)
    try:
        yield
    except KeyboardInterrupt as error:
        typer.echo("stopped; the same command goes on where it stopped", err=True)
        raise typer.Exit(128 + getattr(error, "number", signal.SIGINT)) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, _: FrameType | None) -> None:
    for other in _SIGNALS:  # once is enough: what follows tidies up
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(number)
