"""What is printed: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import io
import json
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn
from rich.text import Text

from app.errors import InkproofError

# Characters that change a terminal's state or the direction of writing, and what is printed instead.
_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_CONTROLS = _PICTURES | dict.fromkeys(
    (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD
)
_CONTROLS_IN_LINE = {code: picture for code, picture in _CONTROLS.items() if code != ord("\n")}


def printable(text: str) -> str:
    """The text with every control character replaced by its symbol or by "�"; of the same length.

    For text from outside, such as names of files.
    """
    return text.translate(_CONTROLS)


_PLAIN = {"✓": "[ok]", "✗": "[no]", "·": "*", "–": "-", "…": "...", "×": "x", "■": "#"}


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    """An error handler for encoding: characters the encoding lacks are written in ASCII, or as a question
    mark."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter, "?") for letter in lacking), error.end


def accept_any_text(stream: TextIO | None) -> None:
    """Let every text be printed to a stream, whatever its encoding (ASCII under LC_ALL=C)."""
    codecs.register_error("inkproof", _in_plain_letters)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="inkproof")


class PlainConsole(Console):
    """A console that interprets no markup: names of files and words of nodes are printed as they are."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, with all control characters but line ends replaced."""
        super().print(*map(_harmless, objects), **options)

    def on_broken_pipe(self) -> None:
        """Raise an error that `main` turns into an exit status; rich itself would exit here."""
        raise BrokenPipeError

    @property
    def colours(self) -> bool:
        """Whether colours are shown: a terminal that has them, and no NO_COLOR."""
        return self.color_system is not None and not self.no_color

    def can_show(self, letters: str) -> bool:
        """Whether the stream's encoding has these characters."""
        try:
            letters.encode(self.encoding)
        except UnicodeError:
            return False
        return True


def _harmless(shown: Any) -> Any:
    if isinstance(shown, str):
        return shown.translate(_CONTROLS_IN_LINE)
    if isinstance(shown, Text):
        shown = shown.copy()
        shown.plain = shown.plain.translate(_CONTROLS_IN_LINE)
    return shown


out = PlainConsole()
err = PlainConsole(stderr=True)


def show_error(error: InkproofError, subject: str = "") -> None:
    """Print what happened and why on one line, and what to do next on another, to standard error."""
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
    """Shows what is under way: a live line on a terminal, one line per step anywhere else."""

    def __init__(self, progress: Progress | None, quiet: bool) -> None:
        self._progress = progress
        self._quiet = quiet
        self._task: TaskID | None = None
        self._last = ""

    @property
    def live(self) -> bool:
        """Whether each text replaces the one before, so that it may change often."""
        return self._progress is not None

    def __call__(self, text: str, fraction: float | None = None) -> None:
        """Show the step under way; `fraction` is the share that is done, 0 to 1, or None if unknown."""
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
        """Print a line that stays."""
        if not self._quiet:
            (self._progress.console if self._progress else err).print(Text(text, style="dim"))


_live: list[Progress] = []


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Remove the live line from the terminal while a question is asked there."""
    for progress in _live:
        progress.stop()
    try:
        yield
    finally:
        for progress in _live:
            progress.start()


@contextlib.contextmanager
def reporting(options: argparse.Namespace) -> Iterator[Reporter]:
    """Show progress on standard error while the block runs.

    None with --quiet; with --json only on a terminal.
    """
    if options.quiet or not err.is_terminal:
        yield Reporter(None, options.quiet or options.json)
        return
    words = TextColumn("{task.description}", markup=False)
    spinner = SpinnerColumn("dots" if err.can_show("⠋") else "line")
    with Progress(
        spinner, words, BarColumn(28), TaskProgressColumn(), console=err, transient=True
    ) as progress:
        _live.append(progress)
        try:
            yield Reporter(progress, False)
        finally:
            _live.remove(progress)
