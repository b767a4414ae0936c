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
