"""How a long-running function reports its progress."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Pace", "Progress", "silent"]

Progress = Callable[[str, "float | None"], None]
"""Called with a description of the step and the share of it that is done (0 to 1; None where unknown)."""


def silent(_text: str, _fraction: float | None = None) -> None:
    """Discard progress."""


class Pace:
    """The rate of a series of similar steps, and the time that is left."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`total`: how many there are. `clock`: seconds that never go back."""
        self._total = total
        self._clock = clock
        self._begun = clock()
        self._done = 0

    def step(self) -> None:
        """Count one more step as done."""
        self._done += 1

    @property
    def share(self) -> float:
        """What is done, 0 to 1."""
        return self._done / self._total

    @property
    def text(self) -> str:
        """How many are done, and the time left: "250 of 1,000, 62 a second, 12 s left"."""
        told = f"{self._done:,} of {self._total:,}"
        seconds = self._clock() - self._begun
        if not self._done or seconds <= 0:
            return told
        rate = self._done / seconds
        minutes, left = divmod(round((self._total - self._done) / rate), 60)
        return f"{told}, {rate:.3g} a second, {f'{minutes} min ' if minutes else ''}{left} s left"
