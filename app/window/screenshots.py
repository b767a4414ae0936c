"""Pictures of the window for the README: `python -m app.window.screenshots FOLDER`.

Nothing in them is arranged: a window is opened on SDL's dummy screen with judges and node behind it,
digits are drawn, claims are submitted, and the screen is saved at each step. The steps of a first visit are
also written as a short film, `window-tour.gif`, and the proof card that the window made is kept.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.window.driving import Player

if TYPE_CHECKING:
    from PIL.Image import Image

    from app.window.app import Window

__all__ = ["Film", "main"]

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
_FRAMES = 60 * 240
"""Frames to wait for a state before giving up."""


class Film:
    """Pictures of the screen in order, each shown for some milliseconds; equal ones become one."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._pictures: list[Image] = []
        self._shown: list[int] = []

    def add(self, picture: Image, milliseconds: int) -> None:
        """One more picture, scaled to the film's width."""
        from PIL import Image

        height = round(picture.height * self._width / picture.width)
        small = picture.convert("RGB").resize((self._width, height), Image.Resampling.LANCZOS)
        if self._pictures and self._pictures[-1].tobytes() == small.tobytes():
            self._shown[-1] += milliseconds
            return
        self._pictures.append(small)
        self._shown.append(milliseconds)

    def save(self, path: Path, colours: int = 64) -> None:
        """Write it as a GIF in which all pictures share one palette, so that nothing flickers."""
        from PIL import Image

        height = max(picture.height for picture in self._pictures)
        sheet = Image.new("RGB", (self._width, height * len(self._pictures)))
        for number, picture in enumerate(self._pictures):
            sheet.paste(picture, (0, number * height))
        palette = sheet.quantize(colours, method=Image.Quantize.MEDIANCUT)
        frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in self._pictures]
        frames[0].save(
            path,
            save_all=True,
            append_images=frames[1:],
            duration=self._shown,
            loop=0,
            optimize=True,
            disposal=1,
        )


class _Script:
    """The actions in the window; yields while it waits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._film = Film(960)

    def play(self, window: Window) -> Iterator[None]:
        from app.window.model import intents
        from app.window.model.values import Card, Who

        yield
        self._save(window, "starting")
        yield from self._until(lambda: window.frames.ready is not None)
        yield
        self._save(window, "empty")
        self._shoot(window, 900)
        yield from self._draw(window, SEVEN, hold=True)
        yield from self._until(lambda: window.state.judges[Who.FLOAT].reading is not None)
        self._save(window, "drawing")
        window.do(intents.PenUp())
        yield from self._read(window, "agree")
        window.do(intents.Submit())
        yield from self._judged(window)
        self._shoot(window, 1800)
        self._save(window, "verified")
        yield from self._explained(window)
        window.do(intents.TryToCheat())
        yield
        self._shoot(window, 1200)
        window.do(intents.Submit())
        yield from self._judged(window)
        self._shoot(window, 2200)
        self._save(window, "refused")
        window.do(intents.Choose(None))
        yield
        window.do(intents.Share())
        yield from self._card()
        self._film.save(self._folder / "window-tour.gif")
        yield from self._second(window)
        for card in (Card.HELP, Card.MODELS, Card.HISTORY):
            window.do(intents.Toggle(card))
            yield
            yield
            self._save(window, card.value)

    def _second(self, window: Window) -> Iterator[None]:
        """Another drawing, in dark colours."""
        from app.window.model import intents
        from app.window.model.values import Who

        window.do(intents.Clear())
        yield from self._draw(window, TWO)
        yield from self._until(lambda: window.state.reading(Who.SCRIPT) is not None)
        window.do(intents.Submit())
        yield from self._judged(window)
        window.do(intents.ToggleDark())
        yield
        yield
        self._save(window, "dark")
        window.do(intents.ToggleDark())
        yield

    def _explained(self, window: Window) -> Iterator[None]:
        """The evidence and the neurons of what is drawn."""
        from app.window.model import decide, intents
        from app.window.model.values import Tab

        for tab in (Tab.EVIDENCE, Tab.NEURONS):
            window.do(intents.ShowTab(tab))
            yield from self._until(lambda: decide.explained(window.state))
            yield
            yield
            self._shoot(window, 1300)
            self._save(window, tab.value)
        window.do(intents.ShowTab(Tab.PIXELS))
        yield

    def _card(self) -> Iterator[None]:
        """The proof card, once the window has written it."""
        from PIL import Image

        folder = Path(os.environ["INKPROOF_HOME"]) / "pictures"
        yield from self._until(lambda: bool(list(folder.glob("proof-*.png"))))
        (path,) = folder.glob("proof-*.png")
        shutil.copyfile(path, self._folder / "proof-card.png")
        with Image.open(path) as card:
            sheet = Image.new("RGB", (1280, 800), (233, 227, 215))
            sheet.paste(card, ((1280 - card.width) // 2, (800 - card.height) // 2))
        self._film.add(sheet, 2600)

    def _draw(self, window: Window, strokes: tuple[Points, ...], hold: bool = False) -> Iterator[None]:
        from app.window.model import intents

        for number, points in enumerate(strokes):
            window.do(intents.PenDown(*points[0]))
            for point in points[1:]:
                window.do(intents.PenMove(*point))
                yield
                yield
                if hold:
                    self._shoot(window, 90)
            if not hold or number < len(strokes) - 1:
                window.do(intents.PenUp())

    def _read(self, window: Window, name: str) -> Iterator[None]:
        from app.window.model.values import Who

        yield from self._until(lambda: window.state.reading(Who.SCRIPT) is not None)
        yield
        self._save(window, name)
        self._shoot(window, 1300)

    def _judged(self, window: Window) -> Iterator[None]:
        """Until there is a verdict; the run of the Script is filmed as it is played."""
        from app.window.model import decide

        def running() -> bool:
            return window.state.submission is None or window.state.submission.running

        for frame in range(_FRAMES):
            if not running() and not decide.playing(window.state):
                break
            if decide.playing(window.state) and frame % 12 == 0:
                self._shoot(window, 200)
            yield
        # The history follows a moment later.
        for _ in range(90):
            yield

    def _until(self, there: Callable[[], bool]) -> Iterator[None]:
        for _ in range(_FRAMES):
            if there():
                return
            yield
        raise SystemExit("The window did not come that far.")

    def _shoot(self, window: Window, milliseconds: int) -> None:
        import pygame
        from PIL import Image

        screen = window.view.screen
        pixels = pygame.image.tobytes(screen, "RGB")
        self._film.add(Image.frombytes("RGB", screen.get_size(), pixels), milliseconds)

    def _save(self, window: Window, name: str) -> None:
        """The screen as a PNG of a palette: a third of the size, and no difference that an eye would see."""
        import pygame
        from PIL import Image

        screen = window.view.screen
        picture = Image.frombytes("RGB", screen.get_size(), pygame.image.tobytes(screen, "RGB"))
        small = picture.quantize(256, dither=Image.Dither.NONE)
        small.save(self._folder / f"window-{name}.png", optimize=True)


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
