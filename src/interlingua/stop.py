"""A run that was told to stop does, also where a library swallowed the exception by which it was told.

A signal's exception is raised behind any line, also of code that catches whatever comes (imports that try one thing
after another do) or in a place that can't fail. So it is noted as well, and looked for between nodes.
"""

from __future__ import annotations


class Stopped(KeyboardInterrupt):
    """A signal that ends a command as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


_told: list[int] = []


def stop(number: int) -> None:
    """Note that this process was told to stop, and raise `Stopped`."""
    _told.append(number)
    raise Stopped(number)


def forget() -> None:
    """Begin anew: what was noted was meant for an earlier command."""
    _told.clear()


def stop_if_told() -> None:
    """Raise `Stopped` if this process was told to stop, and has not."""
    if _told:
        raise Stopped(_told[0])
