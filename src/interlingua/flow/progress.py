"""What is being done and how long is left, on a terminal; one line a phase elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

logger = logging.getLogger("interlingua")


class Progress:
    """Progress over phases whose lengths were estimated beforehand; several may be under way at once.

    The time left is the estimate of what is still to do, scaled by how the finished part compared with its own.

    Parameters
    ----------
    phases
        Name and estimated seconds of each phase, in order.
    show
        Draw a bar; by default only where standard error is a terminal and messages are wanted.
    """

    def __init__(self, phases: Mapping[str, float], *, show: bool | None = None) -> None:
        self._estimate = {name: max(seconds, 0.1) for name, seconds in phases.items()}
        self._done: dict[str, float] = dict.fromkeys(self._estimate, 0.0)
        self._begun: dict[str, float] = {}
        #: Seconds from the beginning of each phase to its end.
        self.seconds: dict[str, float] = {}
        self._start = time.monotonic()
        self._bar = None
        if (sys.stderr.isatty() and logger.isEnabledFor(logging.INFO)) if show is None else show:
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("[bold]{task.fields[phase]}"),
                BarColumn(bar_width=28),
                TextColumn("{task.percentage:>3.0f}%  {task.fields[left]}"),
                TimeElapsedColumn(),
                TextColumn("[dim]{task.description}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("", total=sum(self._estimate.values()), phase="starting", left="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def report(self, phase: str, share: float, doing: str = "") -> None:
        """Say that a phase is done to this share, 0 to 1; the first word begins it, and 1 ends it."""
        now = time.monotonic()
        self._begun.setdefault(phase, now)
        self._done[phase] = max(self._done.get(phase, 0.0), min(share, 1.0))
        self._estimate.setdefault(phase, 0.1)
        if self._bar is not None:
            done = sum(self._done[key] * seconds for key, seconds in self._estimate.items())
            self._bar.update(self._task, completed=done, description=doing, phase=phase, left=self._left(done))
        if share >= 1.0 and phase not in self.seconds:
            self.seconds[phase] = now - self._begun[phase]
            if self._bar is None:
                logger.info("%s: done in %.0f s", phase, self.seconds[phase])

    def _left(self, done: float) -> str:
        elapsed = time.monotonic() - self._start
        total = sum(self._estimate.values())
        if elapsed < 2 or done <= 0:
            return f"about {duration(total)} left"
        # The first seconds say little: the estimate made beforehand fades out over the first tenth.
        trust = min(1.0, 10 * done / total)
        speed = trust * elapsed / done + (1 - trust)
        return f"about {duration((total - done) * speed)} left"


def duration(seconds: float) -> str:
    """Return how long something takes, in the unit that a person would use."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
