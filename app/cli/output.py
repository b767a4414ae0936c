"""What goes to the person: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn
from rich.text import Text

from app.errors import InkproofError

# What a terminal obeys: control characters, and those that turn the direction of writing.
_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_CONTROLS = _PICTURES | dict.fromkeys(
    (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)
_CONTROLS_IN_LINE = {code: picture for code, picture in _CONTROLS.items() if code != ord("\n")}


def printable(text: str) -> str:
    """One line of text that no terminal obeys: a control character is shown as its picture, or as "�".

    The name of a file may hold any character. As long as the text before, so that styles stay in place.
    """
    return text.translate(_CONTROLS)


class _Console(Console):
    """Prints what it is given as it is: names of files and words of nodes are no markup, and no commands."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def print(self, *objects: Any, **options: Any) -> None:
        """As any console prints, but of control characters in texts only line ends have an effect."""
        super().print(*map(_harmless, objects), **options)

    def on_broken_pipe(self) -> None:
        """Let `main` hear of it, which knows the exit status for it."""
        raise BrokenPipeError


def _harmless(shown: Any) -> Any:
    if isinstance(shown, str):
        return shown.translate(_CONTROLS_IN_LINE)
    if isinstance(shown, Text):
        shown = shown.copy()
        shown.plain = shown.plain.translate(_CONTROLS_IN_LINE)
    return shown


out = _Console()
err = _Console(stderr=True)


def show_error(error: InkproofError, subject: str = "") -> None:
    """What happened, why, and what to do next: one line each for the two that may be long."""
    line = Text("error: ", style="bold red")
    line.append(f"{printable(subject)}: " if subject else "", style="bold")
    line.append(" ".join(part for part in (error.what, error.why) if part), style="default not bold")
    err.print(line)
    if error.hint:
        err.print(Text(f"  {error.hint}", style="dim"))


def print_json(value: Any) -> None:
    """One JSON value on one line."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


class Reporter:
    """Tells what is under way: a live line on a terminal, one line per step anywhere else."""

    def __init__(self, progress: Progress | None, quiet: bool) -> None:
        self._progress = progress
        self._quiet = quiet
        self._task: TaskID | None = None
        self._last = ""

    @property
    def live(self) -> bool:
        """Whether the line is replaced by the next, as on a terminal, and may come often."""
        return self._progress is not None

    def __call__(self, text: str, fraction: float | None = None) -> None:
        """Say what is going on; `fraction` from 0 to 1 where it is known."""
        text = printable(text)
        if self._progress is not None:
            if self._task is None:
                self._task = self._progress.add_task(text, total=None)
            total, completed = (None, 0.0) if fraction is None else (1.0, fraction)
            self._progress.update(self._task, description=text, total=total, completed=completed)
        elif text != self._last and not self._quiet:
            err.print(Text(f"· {text}", style="dim"))
        self._last = text

    def note(self, text: str) -> None:
        """A line that stays, between the steps."""
        if not self._quiet:
            (self._progress.console if self._progress else err).print(Text(text, style="dim"))


_live: list[Progress] = []


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Take the live line off the terminal while a question is asked there."""
    for progress in _live:
        progress.stop()
    try:
        yield
    finally:
        for progress in _live:
            progress.start()


@contextlib.contextmanager
def reporting(quiet: bool = False) -> Iterator[Reporter]:
    """Report progress on standard error while the block runs; `quiet` off a terminal (for --json)."""
    if not err.is_terminal:
        yield Reporter(None, quiet)
        return
    words = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), words, BarColumn(28), TaskProgressColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        _live.append(progress)
        try:
            yield Reporter(progress, quiet)
        finally:
            _live.remove(progress)
