"""The window is tested on SDL's dummy screen, with a data folder of its own."""

import os

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

import pytest

from tests.chain.bounty.conftest import claimant as claimant
from tests.chain.bounty.conftest import poster as poster


def pytest_addoption(parser):
    parser.addoption(
        "--renew-references",
        action="store_true",
        help="accept the window's current pictures as the references",
    )


@pytest.fixture
def renew(request):
    """Whether reference pictures are to be written instead of compared."""
    return request.config.getoption("--renew-references", default=False)


@pytest.fixture
def screen():
    """Make a dummy screen of any size."""
    import pygame

    pygame.display.init()
    pygame.font.init()
    return pygame.display.set_mode


@pytest.fixture
def window(bitcoind, home):
    """Open a window whose frames are driven by a generator; it is closed when the generator ends.

    `workers` are the processes that the test needs: TensorFlow is started only for those that do.
    """
    from app.window.app import Window
    from app.window.driving import Player
    from app.window.options import WindowOptions
    from app.window.workers.crew import PROCESSES

    def open_with(steps, workers=PROCESSES, **options):
        window = Window(WindowOptions(**options), driver=Player(steps), workers=workers)
        try:
            window.run()
        finally:
            window.close()
        return window

    return open_with


@pytest.fixture
def started():
    """Tell which processes the test has started: other tests share a node that lives as long as they do."""
    from tests.window.processes import below

    others = {process.pid for process in below()}
    return lambda: [process for process in below() if process.pid not in others]
