"""Self-test: does this program, on this machine, do everything it is meant to do?

Nothing is replaced: the real window runs on SDL's dummy video driver with its workers, a digit is drawn with
mouse events, and the node runs in a temporary data folder.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from app import paths
from app.bench.bundle import check_files
from app.errors import InkproofError
from app.picture import CLASSES
from app.progress import silent
from app.version import frozen
from app.window.driving import Player, post_mouse

if TYPE_CHECKING:
    from app.drawing import Drawing
    from app.window.app import Window
    from app.window.model.values import Who

__all__ = ["Check", "run"]

_PATIENCE = 180.0
"""Seconds to wait for an expected state of the window."""


@dataclass(frozen=True)
class Check:
    """One thing that was tried: how many seconds it took, and the result or the error in words."""

    name: str
    seconds: float
    passed: bool
    detail: str


@dataclass
class _Record:
    """The checks so far, and the one under way."""

    on_check: Callable[[Check], None]
    checks: list[Check] = field(default_factory=list)
    _name: str = ""
    _since: float = 0.0

    def begin(self, name: str) -> None:
        """Start the next check."""
        self._name, self._since = name, time.perf_counter()

    def done(self, detail: str) -> None:
        """The check under way has passed."""
        self._end(True, detail)

    def failed(self, error: BaseException) -> None:
        """The check under way has failed."""
        words = str(error) if isinstance(error, InkproofError) else f"{type(error).__name__}: {error}"
        self._end(False, words)

    def _end(self, passed: bool, detail: str) -> None:
        check = Check(self._name, round(time.perf_counter() - self._since, 3), passed, detail)
        self.checks.append(check)
        self.on_check(check)


def run(on_check: Callable[[Check], None]) -> list[Check]:
    """Run every check, in order, up to the first that fails. `on_check` is called after each.

    Any exception ends the test and becomes the detail of the check under way.
    """
    record = _Record(on_check)
    try:
        _try_everything(record)
    except Exception as error:
        record.failed(error)
    return record.checks


def _try_everything(record: _Record) -> None:
    record.begin("bundled files")
    record.done(check_files())
    with _own_environment():
        record.begin("node found")
        record.done(_find_node())
        record.begin("window")
        from app.window.app import Window
        from app.window.options import WindowOptions

        window = Window(WindowOptions(density=1.0), driver=Player(partial(_play, record)))
        try:
            window.run()
        finally:
            window.close()
        record.begin("all ended")
        record.done(_check_ended())


# --- its own environment ---


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    """A temporary data folder and SDL's dummy video driver. A frozen program has to use its own node."""
    before = dict(os.environ)
    if frozen():
        os.environ.pop("INKPROOF_BITCOIND", None)
    else:
        from app.chain.node.binary import find_bitcoind

        os.environ["INKPROOF_BITCOIND"] = str(find_bitcoind(silent))
    with tempfile.TemporaryDirectory(prefix="inkproof-selftest-", ignore_cleanup_errors=True) as folder:
        os.environ["INKPROOF_HOME"] = folder
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _find_node() -> str:
    from app.chain.node.binary import find_bitcoind

    program = find_bitcoind(silent)
    if frozen() and not program.is_relative_to(paths.resources()):
        raise InkproofError(f"The node is not the one in the program: {program}.")
    return str(program)


def _check_ended() -> str:
    from app.chain.node.process import EmbeddedNode

    if EmbeddedNode().status().running:
        raise InkproofError("The node is still running.", hint="Run `inkproof node stop`.")
    foreign = sorted({"tensorflow", "keras"} & set(sys.modules))
    if foreign:
        raise InkproofError(f"The window's process has loaded {' and '.join(foreign)}.")
    return "node and workers have stopped; TensorFlow was never in the window's process"


# --- the window, drawn in and submitted from ---


def _play(record: _Record, window: Window) -> Iterator[None]:
    from app.window.model import intents
    from app.window.model.values import Who

    drawing = _bundled_drawing()
    yield from _draw_digit(record, window, drawing)

    record.begin("integer engine")
    yield from _until(window, lambda: window.state.reading(Who.FIXED) is not None)
    record.done(_judge_reading(window, Who.FIXED, drawing.digit))

    record.begin("judges and node up")
    yield from _until(window, lambda: window.frames.ready is not None)
    chain = window.state.chain
    record.done(f"{chain.node}, block {chain.height}, contract {chain.contract[:12]} deployed")

    for name, who in (("float model", Who.FLOAT), ("contract's Script", Who.SCRIPT)):
        record.begin(name)
        yield from _until(window, lambda who=who: window.state.reading(who) is not None)  # type: ignore[misc]
        record.done(_judge_reading(window, who, drawing.digit))

    for claim in (drawing.digit, (drawing.digit + 1) % CLASSES):
        right = claim == drawing.digit
        record.begin("claim verified" if right else "wrong claim refused")
        window.do(intents.Choose(claim))
        window.do(intents.Submit())
        yield from _until(window, lambda claim=claim: _judged(window, claim))  # type: ignore[misc]
        record.done(_judge_submission(window, right))
    record.begin("window closed")
    record.done("asked the node and the workers to stop")


def _draw_digit(record: _Record, window: Window, drawing: Drawing) -> Iterator[None]:
    """Check that the window shows something, and that the strokes leave ink on it."""
    empty = _pixels(window)
    if len(set(empty)) < 16:
        raise InkproofError("The window is blank.")
    width, height = window.view.layout.size
    record.done(f"{width}x{height} pixels, drawn on SDL's dummy screen")

    record.begin("digit drawn")
    yield from _until(window, lambda: window.view.ink.show(window.state, 64) is not None)
    yield from _draw(window, drawing)
    yield
    if _pixels(window) == empty:
        raise InkproofError("The pen leaves no ink.")
    record.done(f"a {drawing.digit} in {len(drawing.strokes)} strokes of the mouse")


def _until(window: Window, there: Callable[[], bool]) -> Iterator[None]:
    """Yield until `there()`. InkproofError if the window shows an error, or after _PATIENCE seconds."""
    deadline = time.monotonic() + _PATIENCE
    while not there():
        notice = window.state.notice
        if notice is not None and notice.error:
            raise InkproofError(notice.what, why=notice.why, hint=notice.hint)
        if time.monotonic() > deadline:
            raise InkproofError(f"The window is not in the expected state after {_PATIENCE:.0f} seconds.")
        yield


def _draw(window: Window, drawing: Drawing) -> Iterator[None]:
    """Move the mouse along the strokes, four points per frame."""
    import pygame

    box = window.view.layout.canvas
    for stroke in drawing.strokes:
        points = [(round(box.x + x * box.w), round(box.y + y * box.h)) for x, y in stroke.points]
        post_mouse(pygame.MOUSEBUTTONDOWN, points[0], button=1)
        for number, point in enumerate(points):
            post_mouse(pygame.MOUSEMOTION, point, rel=(0, 0), buttons=(1, 0, 0))
            if number % 4 == 3:
                yield
        post_mouse(pygame.MOUSEBUTTONUP, points[-1], button=1)
        yield


def _pixels(window: Window) -> bytes:
    import pygame

    return pygame.image.tobytes(window.view.screen.subsurface(window.view.layout.canvas), "RGB")


def _bundled_drawing() -> Drawing:
    from app.drawing import load_drawings

    return load_drawings(paths.assets() / "selftest" / "five.json")[0]


def _judge_reading(window: Window, who: Who, digit: int) -> str:
    from app.window.model.values import Who

    reading = window.state.judges[who].reading
    assert reading is not None
    if reading.digit != digit:
        raise InkproofError(f"It reads {reading.digit} in a {digit}.")
    words = f"reads {reading.digit} at {max(reading.shares):.2%} in {reading.milliseconds:.1f} ms"
    if who is Who.SCRIPT:
        fixed = window.state.reading(Who.FIXED)
        if fixed is None or fixed.logits != reading.logits:
            raise InkproofError("Its logits are not those of the integer engine.")
        words += ", all ten logits those of the integer engine"
    return words


def _judged(window: Window, claim: int) -> bool:
    submission = window.state.submission
    return submission is not None and submission.claim == claim and not submission.running


def _judge_submission(window: Window, right: bool) -> str:
    submission = window.state.submission
    assert submission is not None
    if submission.accepted is None:
        raise InkproofError(submission.note, why=window.state.notice.text if window.state.notice else "")
    if submission.accepted is not right:
        raise InkproofError(
            f"The contract {'accepts' if submission.accepted else 'refuses'} {submission.claim}."
        )
    if right:
        return f"block {submission.block}, {submission.fee} satoshis, txid {submission.txid}"
    return f"claim {submission.claim}: {submission.reason}"
