"""States to pixels: compared with reviewed pictures, and with each other.

`pytest tests/window --renew-references` accepts the current pictures as references: look at them first.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.window.model.values import Card, ChainView, Hover, Notice, Question
from app.window.view.ink import ScreenInk
from app.window.view.view import View
from tests.sizes import examples
from tests.window.states import FEW, HISTORY, STATES, drawn

REFERENCES = Path(__file__).parents[1] / "reference"
OUT = Path(__file__).parents[2] / "out"
LISTS = ("bounties", "bounty", "no-bounty")
WIDE, SMALL, TALL = (1280, 800), (900, 600), (540, 990)
LOOKS = {
    **{f"{name}": (name, WIDE, False) for name in STATES},
    **{f"{name}-dark": (name, SMALL, True) for name in STATES},
    **{f"{name}-tall": (name, TALL, number % 2 == 1) for number, name in enumerate((*FEW, *LISTS))},
}
"""Every state: in light at the usual size, in dark at the smallest; in a tall window those whose parts
are arranged in another way there."""
TOLERANCE = 24
"""Difference of a colour value that counts as the same: font renderers differ at the edges, and references
keep 256 colours."""
ALLOWED = 0.001
"""Share of pixels that may differ by more."""


def pixels_of(state, size, density=1.0):
    screen = pygame.display.set_mode(size)
    View(screen, density, ScreenInk()).draw(state)
    width, height = size
    return np.frombuffer(pygame.image.tobytes(screen, "RGB"), np.uint8).reshape(height, width, 3)


@pytest.mark.parametrize("name", LOOKS)
def test_a_state_looks_as_it_did(name, screen, renew):
    state, size, dark = LOOKS[name]
    compare(name, pixels_of(replace(STATES[state], dark=dark), size), renew)


def test_twice_the_density_is_the_same_window_with_finer_edges(screen, renew):
    compare("dense", pixels_of(STATES["agree"], (1800, 1200), 2.0), renew)


def compare(name, pixels, renew):
    """Hold pixels to the reference; where they differ, leave both and the difference side by side."""
    path = REFERENCES / f"{name}.png"
    if renew:
        REFERENCES.mkdir(exist_ok=True)
        Image.fromarray(pixels).quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        return
    assert path.is_file(), f"There is no reference {path}: make it with --renew-references, and look at it."
    wanted = np.asarray(Image.open(path).convert("RGB"))
    assert wanted.shape == pixels.shape
    # In bytes, whose differences would overflow: it is done for every state.
    red, green, blue = np.moveaxis(np.maximum(wanted, pixels) - np.minimum(wanted, pixels) > TOLERANCE, 2, 0)
    differs = red | green | blue
    share = float(differs.mean())
    if share > ALLOWED:
        OUT.mkdir(exist_ok=True)
        marked = np.repeat(np.where(differs, 255, 0)[..., None], 3, axis=2)
        both = np.concatenate([wanted, pixels, marked.astype(np.uint8)], axis=1)
        Image.fromarray(both).save(OUT / f"window-{name}.png")
        pytest.fail(f"{share:.2%} of the pixels differ: see {OUT / f'window-{name}.png'}")


overlaid = {
    "tip": drawn(hover=Hover("row", 1), history=HISTORY),
    "no address": drawn(card=Card.WALLET, chain=ChainView()),
    "copied": drawn(card=Card.WALLET, copied=99.0, hover=Hover("address")),
    "asked": drawn(card=Card.WALLET, question=Question(61_000, "deploy the contract")),
    "brush": drawn(pointer=(0.5, 0.5)),
    "edge": drawn(pointer=(0.99, 0.01)),
    "blank": replace(STATES["empty"], blank="Only a dot is drawn."),
}
every = STATES | overlaid


@examples(8)
@given(st.lists(st.sampled_from(sorted(every)), min_size=2, max_size=5))
def test_redrawing_what_has_changed_is_drawing_it_all(names):
    pygame.display.init()
    pygame.font.init()
    screen = pygame.display.set_mode((1000, 640))
    view = View(screen, 1.0, ScreenInk())
    for name in names:
        view.draw(every[name])
    step_by_step = pygame.surfarray.array3d(screen)
    View(screen, 1.0, ScreenInk()).draw(every[names[-1]])
    assert (step_by_step == pygame.surfarray.array3d(screen)).all()


def test_nothing_is_drawn_when_nothing_has_changed(screen):
    view = View(screen((1280, 800)), 1.0, ScreenInk())
    view.draw(drawn())
    assert view.draw(drawn()) == []
    assert view.draw(drawn(clock=101.0)) == []


def test_a_moving_pen_redraws_only_around_itself(screen):
    from app.window.model import intents, update

    view = View(screen((1280, 800)), 1.0, ScreenInk())
    state, _ = update.apply(drawn(), intents.PenDown(0.3, 0.3))
    view.draw(state)
    state, _ = update.apply(state, intents.PenMove(0.32, 0.3))
    boxes = view.draw(state)
    assert sum(box.w * box.h for box in boxes if box.meets(view.layout.canvas)) < 20_000


def test_words_from_strangers_cannot_break_a_line(screen):
    bad = Notice("a\nb\x00c\u202ed" + "x" * 5_000, "😀" * 50, "\ud800")
    pixels_of(drawn(notice=bad), (900, 600))


@pytest.mark.parametrize(
    "size", [(640, 480), (300, 900), pytest.param((1000, 700), marks=pytest.mark.exhaustive)]
)
def test_every_state_can_be_drawn_at_any_size(size, screen):
    for state in every.values():
        assert pixels_of(state, size).std() > 5


@pytest.mark.parametrize(
    "name",
    ["history", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("refused", "evidence"))],
)
def test_a_screen_of_many_pixels_is_drawn_as_well(name, screen):
    assert pixels_of(STATES[name], (3840, 2160)).std() > 5
