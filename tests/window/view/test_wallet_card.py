"""The wallet's card on the screen: its code, module by module, and its address in full."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pygame
import pytest
import segno

from app.window.model.values import Card
from app.window.view import theme as look
from app.window.view.ink import ScreenInk
from app.window.view.paint import Painter
from app.window.view.panels import wallet
from app.window.view.view import View
from tests.window.states import ADDRESS, CHAIN, drawn

OTHER = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
SIZES = [((900, 600), 1.0), ((1280, 800), 1.0), ((1350, 900), 1.5), ((1800, 1200), 2.0), ((640, 480), 1.0)]


def shown(screen, size, density, address=ADDRESS):
    """The card's pixels (height, width, 3), and the layout."""
    surface = screen(size)
    view = View(surface, density, ScreenInk())
    view.draw(drawn(card=Card.WALLET, chain=replace(CHAIN, address=address)))
    return pygame.surfarray.array3d(surface).transpose(1, 0, 2), view.layout


@pytest.mark.parametrize("address", [ADDRESS, OTHER])
@pytest.mark.parametrize(("size", "density"), SIZES)
def test_the_code_is_the_address_s_in_whole_pixels_with_its_quiet_zone(screen, size, density, address):
    pixels, layout = shown(screen, size, density, address)
    modules = np.array(list(segno.make(address, error="m", micro=False).matrix_iter(border=4)), bool)
    inner = wallet.places(layout).code.inset(layout.theme.px(look.HAIR))
    module = inner.w // len(modules)
    assert module >= 3
    start = (inner.w - module * len(modules)) // 2
    wanted = np.where(
        modules.repeat(module, 0).repeat(module, 1)[..., None], look.LIGHT.ink, look.LIGHT.paper
    )
    x, y, side = inner.x + start, inner.y + start, wanted.shape[0]
    assert (pixels[y : y + side, x : x + side] == wanted).all()


def test_a_code_that_no_camera_could_read_is_left_out(screen):
    pixels, layout = shown(screen, (240, 160), 1.0)
    inner = wallet.places(layout).code.inset(2)
    paper = pixels[inner.y : inner.bottom, inner.x : inner.right]
    assert (paper == look.LIGHT.paper).all()


@pytest.mark.parametrize(("size", "density"), SIZES)
def test_the_address_is_never_cut_short(screen, size, density):
    _, layout = shown(screen, size, density)
    painter = Painter(screen(size), layout.theme)
    widest = "m" * 35
    room = wallet.places(layout).address.w - layout.theme.px(22)
    assert painter.fitted(widest, room, look.MONO, look.BODY) == widest


def test_the_card_changes_with_what_it_shows_and_with_nothing_else():
    state = drawn(card=Card.WALLET)
    assert wallet.key(state) == wallet.key(replace(state, clock=200.0))
    assert wallet.key(state) != wallet.key(replace(state, chain=replace(CHAIN, balance=1)))
    assert wallet.key(state) != wallet.key(replace(state, chain=replace(CHAIN, address=OTHER)))


def test_the_first_frame_needs_no_code():
    script = "import sys, app.window.app, app.window.view.panels.wallet; print('segno' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip().endswith("False")
