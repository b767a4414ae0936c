"""Pictures of the window for the README: `python -m app.window.screenshots FOLDER`.

Nothing in them is arranged: a window is opened on SDL's dummy screen with judges and node behind it,
digits are drawn, claims are submitted, and the screen is saved at each step.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.window.driving import Player

if TYPE_CHECKING:
    from app.window.app import Window

__all__ = ["main"]

Points = tuple[tuple[float, float], ...]

SEVEN: tuple[Points, ...] = (
    (
        (0.27, 0.25),
        (0.4, 0.245),
        (0.55, 0.24),
        (0.71, 0.235),
        (0.64, 0.38),
        (0.56, 0.54),
        (0.5, 0.68),
        (0.46, 0.8),
    ),
    ((0.42, 0.53), (0.55, 0.515), (0.68, 0.5)),
)
TWO: tuple[Points, ...] = (
    (
        *((0.3, 0.36), (0.34, 0.27), (0.44, 0.21), (0.56, 0.22), (0.66, 0.3), (0.65, 0.42), (0.57, 0.54)),
        *((0.45, 0.66), (0.31, 0.78), (0.45, 0.775), (0.6, 0.77), (0.73, 0.765)),
    ),
)
_FRAMES = 60 * 120
"""Frames after which a state that does not come is given up."""


class _Script:
    """What is done in the window; it yields while it waits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def play(self, window: Window) -> Iterator[None]:
        from app.window.model import intents
        from app.window.model.state import Card, Who

        yield
        self._save(window, "starting")
        yield from self._until(lambda: window.frames.ready is not None)
        yield
        self._save(window, "empty")
        yield from self._draw(window, SEVEN, hold=True)
        yield from self._until(lambda: window.state.judges[Who.FLOAT].reading is not None)
        self._save(window, "drawing")
        window.do(intents.PenUp())
        yield from self._until(lambda: window.state.reading(Who.SCRIPT) is not None)
        yield
        self._save(window, "agree")
        window.do(intents.Submit())
        yield from self._judged(window)
        self._save(window, "verified")
        window.do(intents.Clear())
        yield from self._draw(window, TWO)
        yield from self._until(lambda: window.state.reading(Who.SCRIPT) is not None)
        window.do(intents.Choose(3))
        window.do(intents.Submit())
        yield from self._judged(window)
        self._save(window, "refused")
        for card in (Card.HELP, Card.MODELS):
            window.do(intents.Toggle(card))
            yield
            yield
            self._save(window, card.value)

    def _draw(self, window: Window, strokes: tuple[Points, ...], hold: bool = False) -> Iterator[None]:
        from app.window.model import intents

        for number, points in enumerate(strokes):
            window.do(intents.PenDown(*points[0]))
            for point in points[1:]:
                window.do(intents.PenMove(*point))
                yield
            if not hold or number < len(strokes) - 1:
                window.do(intents.PenUp())

    def _judged(self, window: Window) -> Iterator[None]:
        yield from self._until(
            lambda: window.state.submission is not None and not window.state.submission.running
        )
        # The history follows a moment later.
        for _ in range(90):
            yield

    def _until(self, there: object) -> Iterator[None]:
        assert callable(there)
        for _ in range(_FRAMES):
            if there():
                return
            yield
        raise SystemExit("The window did not come that far.")

    def _save(self, window: Window, name: str) -> None:
        import pygame

        pygame.image.save(window.view.screen, str(self._folder / f"window-{name}.png"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, submit, and save what the screen shows."""
    parser = argparse.ArgumentParser(prog="python -m app.window.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--size", default="1280x800", help="size of the window, as 1280x800")
    parser.add_argument("--density", type=float, default=1.0, help="physical pixels per logical one")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    width, _, height = options.size.partition("x")
    from app.chain.node.binary import find_bitcoind

    os.environ["INKPROOF_BITCOIND"] = str(find_bitcoind(lambda *_: None))
    with tempfile.TemporaryDirectory(prefix="inkproof-screenshots-") as home:
        os.environ["INKPROOF_HOME"] = home
        from app.window.app import Window
        from app.window.options import WindowOptions

        size = int(width), int(height)
        script = _Script(options.folder)
        window = Window(WindowOptions(size=size, density=options.density), driver=Player(script.play))
        try:
            window.run()
        finally:
            window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
