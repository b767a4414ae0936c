"""`selftest`: does this program, as it stands on this machine, do everything it is for?

Nothing is replaced: the real window runs on SDL's dummy screen with its workers behind it, a hand draws
with mouse events, and a node of its own lives in a temporary data folder until the test is over.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app import paths
from app.cli import FAILED, OK
from app.cli.output import out, print_json, reporting
from app.errors import InkproofError
from app.version import BUILD_FILE, describe, frozen
from app.window.driving import Player, post_mouse

if TYPE_CHECKING:
    from app.drawing import Drawing
    from app.window.app import Window
    from app.window.model.state import Who

__all__ = ["MANIFEST", "NEEDED", "check_files", "run", "write_manifest"]

MANIFEST = "manifest.json"
"""In a frozen program: size and SHA-256 of every file that was built into it."""

NEEDED = (
    "assets/handwriting/model.keras",
    "assets/handwriting/integers.npz",
    "assets/handwriting/report.json",
    "assets/fonts/IBMPlexSans-Regular.woff",
    "assets/fonts/IBMPlexSans-SemiBold.woff",
    "assets/fonts/IBMPlexMono-Regular.woff",
    "assets/fonts/OFL.txt",
    "assets/icon/icon-256.png",
    "assets/selftest/five.json",
    "contracts/digit_classifier.json",
    "contracts/digit_classifier.scrypt",
)
"""Files that Inkproof cannot be without, however it was installed."""

NEEDED_FROZEN = (BUILD_FILE, MANIFEST, "LICENSE", "THIRD-PARTY.md", "node/LICENSE.txt")
"""Files that only a frozen program has to carry itself."""

_PATIENCE = 180.0
"""Seconds after which a state of the window that does not come is given up."""


@dataclass(frozen=True)
class Check:
    """One thing that was tried: how long it took, and what came of it."""

    name: str
    seconds: float
    passed: bool
    detail: str


@dataclass
class Record:
    """The steps so far. `tell` hears of each as it ends."""

    tell: Callable[[Check], None]
    steps: list[Check] = field(default_factory=list)
    _name: str = ""
    _since: float = 0.0

    def begin(self, name: str) -> None:
        """The next step."""
        self._name, self._since = name, time.perf_counter()

    def done(self, detail: str) -> None:
        """The step has passed."""
        self._end(True, detail)

    def failed(self, error: BaseException) -> None:
        """The step under way has failed; there are no further ones."""
        self._end(
            False, str(error) if isinstance(error, InkproofError) else f"{type(error).__name__}: {error}"
        )

    @property
    def passed(self) -> bool:
        """All that was tried has passed."""
        return bool(self.steps) and all(step.passed for step in self.steps)

    def _end(self, passed: bool, detail: str) -> None:
        step = Check(self._name, round(time.perf_counter() - self._since, 3), passed, detail)
        self.steps.append(step)
        self.tell(step)


def run(options: argparse.Namespace) -> int:
    """Try everything, tell each step, and exit with 0 only if all of them passed."""
    began = time.perf_counter()
    with reporting(options.json) as report:

        def tell(step: Check) -> None:
            if not options.json:
                mark = "[green]✓[/]" if step.passed else "[bold red]✗[/]"
                out.print(f"{mark} {step.name:<20}{step.seconds:>8.2f} s  ", end="", markup=True)
                out.print(step.detail)

        record = Record(tell)
        report("Testing")
        # A test that stumbles over the unexpected has found what it is for: it says so, and goes no further.
        try:
            _try_everything(record)
        except Exception as error:
            record.failed(error)
    seconds = round(time.perf_counter() - began, 3)
    if options.json:
        steps = [asdict(step) for step in record.steps]
        print_json({"program": describe(), "passed": record.passed, "seconds": seconds, "steps": steps})
    else:
        out.print(f"{describe()}: {'all passed' if record.passed else 'FAILED'} in {seconds:.1f} s")
    return OK if record.passed else FAILED


def _try_everything(record: Record) -> None:
    record.begin("bundled files")
    record.done(check_files())
    with _set_apart():
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


# --- files ---


def check_files() -> str:
    """Every file that came with the program, in one sentence; InkproofError names what is not right."""
    root = paths.resources()
    known = _manifest(root) if frozen() else {}
    wanted = {*NEEDED, *(NEEDED_FROZEN if frozen() else ()), *known}
    bad = sorted(name for name in wanted if not _is_right(root / name, known.get(name)))
    if bad:
        listed = ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
        raise InkproofError(
            f"{len(bad)} of {len(wanted)} files are missing or damaged: {listed}.",
            hint="Get the program again; if it is damaged again, look at what your virus scanner removes.",
        )
    checked = (
        f"size and SHA-256 of {len(known)}" if known else "no sizes or hashes are recorded outside a build"
    )
    return f"{len(wanted)} files are there; {checked}"


def write_manifest(root: Path, files: list[Path]) -> None:
    """Record size and SHA-256 of files below `root`, for `check_files` to compare with."""
    entries = {path.relative_to(root).as_posix(): [path.stat().st_size, _sha256(path)] for path in files}
    (root / MANIFEST).write_text(json.dumps(entries, indent=0, sort_keys=True), encoding="utf-8")


def _manifest(root: Path) -> dict[str, tuple[int, str]]:
    try:
        entries = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        return {str(name): (int(size), str(digest)) for name, (size, digest) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InkproofError(
            "The list of the files in this program cannot be read.",
            why=f"{error}.",
            hint="Get the program again.",
        ) from error


def _is_right(path: Path, known: tuple[int, str] | None) -> bool:
    try:
        size = path.stat().st_size
        return size > 0 if known is None else size == known[0] and _sha256(path) == known[1]
    except OSError:
        return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


# --- a place of its own ---


@contextlib.contextmanager
def _set_apart() -> Iterator[None]:
    """A temporary data folder and a screen that nobody sees. A frozen program is held to its own node."""
    before = dict(os.environ)
    if frozen():
        os.environ.pop("INKPROOF_BITCOIND", None)
    else:
        from app.chain.node.binary import find_bitcoind

        os.environ["INKPROOF_BITCOIND"] = str(find_bitcoind(_silent))
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

    program = find_bitcoind(_silent)
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


def _silent(_text: str, _fraction: float | None = None) -> None:
    """Progress that nobody watches."""


# --- the hand at the window ---


def _play(record: Record, window: Window) -> Iterator[None]:
    from app.window.model import intents
    from app.window.model.state import Who

    empty = _pixels(window)
    if len(set(empty)) < 16:
        raise InkproofError("The window is blank.")
    record.done(f"{window.view.layout.size[0]}x{window.view.layout.size[1]} pixels, drawn on a dummy screen")

    drawing = _bundled_drawing()
    record.begin("digit drawn")
    yield from _until(window, lambda: window.view.ink.show(window.state, 64) is not None)
    yield from _draw(window, drawing)
    yield
    if _pixels(window) == empty:
        raise InkproofError("The pen leaves no ink.")
    record.done(f"a {drawing.digit} in {len(drawing.strokes)} strokes of the mouse")

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

    for claim in (drawing.digit, (drawing.digit + 1) % 10):
        right = claim == drawing.digit
        record.begin("claim verified" if right else "wrong claim refused")
        window.do(intents.Choose(claim))
        window.do(intents.Submit())
        yield from _until(window, lambda claim=claim: _judged(window, claim))  # type: ignore[misc]
        record.done(_judge_submission(window, right))
    record.begin("window closed")
    record.done("asked the node and the workers to stop")


def _until(window: Window, there: Callable[[], bool]) -> Iterator[None]:
    """Wait for a state of the window. An error that it shows meanwhile is the end, even if it tries again."""
    deadline = time.monotonic() + _PATIENCE
    while not there():
        notice = window.state.notice
        if notice is not None and notice.error:
            raise InkproofError(notice.what, why=notice.why, hint=notice.hint)
        if time.monotonic() > deadline:
            raise InkproofError(f"It did not come within {_PATIENCE:.0f} seconds.")
        yield


def _draw(window: Window, drawing: Drawing) -> Iterator[None]:
    """Move the mouse along the strokes, a few points a frame, as a hand's mouse reports them."""
    import pygame

    box = window.view.layout.canvas
    for stroke in drawing.strokes:
        places = [(round(box.x + x * box.w), round(box.y + y * box.h)) for x, y in stroke.points]
        post_mouse(pygame.MOUSEBUTTONDOWN, places[0], button=1)
        for number, place in enumerate(places):
            post_mouse(pygame.MOUSEMOTION, place, rel=(0, 0), buttons=(1, 0, 0))
            if number % 4 == 3:
                yield
        post_mouse(pygame.MOUSEBUTTONUP, places[-1], button=1)
        yield


def _pixels(window: Window) -> bytes:
    import pygame

    return pygame.image.tobytes(window.view.screen.subsurface(window.view.layout.canvas), "RGB")


def _bundled_drawing() -> Drawing:
    from app.drawing import load_drawings

    return load_drawings(paths.assets() / "selftest" / "five.json")[0]


def _judge_reading(window: Window, who: Who, digit: int) -> str:
    from app.window.model.state import Who

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
