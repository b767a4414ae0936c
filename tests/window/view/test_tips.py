"""Tooltips: a sentence for every control, never over the banner, always within the window."""

from dataclasses import replace

import pytest

from app.window.model.tips import DELAY, tip
from app.window.model.values import Hover, Notice, Who
from app.window.view.arrange import arrange
from app.window.view.layout import Box
from app.window.view.paint import Painter
from app.window.view.panels import overlays
from tests.window.states import CHAIN, drawn, judged

BARE = {"canvas", "sees", "status"}
"""What explains itself, or has something to say only now and then."""


def pointed(state, hover):
    return replace(state, hover=hover, hovered=state.clock - DELAY - 1)


@pytest.mark.parametrize("size", [(900, 600), (1280, 800), (500, 900)])
def test_every_control_has_a_tooltip_that_covers_neither_the_banner_nor_the_window_s_edge(screen, size):
    layout = arrange(size)
    painter = Painter(screen(size), layout.theme)
    state = judged(notice=Notice("It failed.", "Why.", "Do this."))
    for hover, _ in layout.targets():
        if hover.name == "row" and hover.index >= len(state.history):
            continue
        said = tip(pointed(state, hover))
        assert said is not None or hover.name in BARE, hover
        box = overlays.tip_box(painter, layout, pointed(state, hover))
        if box is not None:
            assert box.x >= 0
            assert box.y >= 0
            assert box.right <= size[0]
            assert box.bottom <= size[1]
            assert hover == Hover("agreement") or not box.meets(layout.agreement), hover


def test_a_tooltip_waits_until_the_pointer_stays():
    state = drawn(hover=Hover("auto"), hovered=100.0, clock=100.0 + DELAY - 0.01)
    assert tip(state) is None
    assert tip(replace(state, clock=100.0 + DELAY)) is not None


def test_logits_of_many_digits_stay_within_their_tooltip(screen):
    layout = arrange((1280, 800))
    painter = Painter(screen((1280, 800)), layout.theme)
    reading = drawn().judges[Who.FIXED].reading
    long = replace(reading, logits=tuple(-(10**26) + digit for digit in range(10)))
    judge = replace(drawn().judges[Who.FIXED], reading=long)
    state = pointed(drawn(judges=drawn().judges | {Who.FIXED: judge}), Hover("fixed"))
    box = overlays.tip_box(painter, layout, state)
    assert isinstance(box, Box)
    for _, value in tip(state).rows:
        room = box.w - layout.theme.px(24) - layout.theme.px(24)
        assert painter.fitted(value, room, "IBMPlexMono-Regular", 12) == value


def test_the_practice_chain_is_said_to_be_play_money_and_why_the_balance_rises():
    text = " ".join(tip(pointed(drawn(), Hover("wallet"))).text)
    assert "play money" in text
    assert "50 BSV" in text
    raised = drawn(chain=replace(CHAIN, network="regtest-raised"))
    assert "second practice chain" in " ".join(tip(pointed(raised, Hover("wallet"))).text)


def test_a_txid_s_tooltip_says_what_a_click_does_on_a_line_of_its_own():
    said = tip(pointed(judged(), Hover("txid")))
    assert said.text[-1] == "Click to copy it."
    assert said.text[0] == judged().submission.txid
