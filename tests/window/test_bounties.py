"""A bounty of another person, claimed in the window: one node, two wallets, a process for the chain."""

import pygame
import pytest

from app.chain.bounty.readers import reader_named
from app.chain.bounty.watching import Collected
from app.window.driving import Player
from app.window.model import bounties, bounty_words, intents
from app.window.model.bounties import Deal
from app.window.model.bounty_values import BountyMark
from app.window.model.values import Card, StepMark, Who
from app.window.options import WindowOptions
from tests.chain.bounty.conftest import REWARD, height, terms_for
from tests.faults import world
from tests.window.frames import draw_seven, until
from tests.window.states import PICTURE


@pytest.fixture
def window(regtest, home):
    """Open a window of another person on the same node; it is closed when the generator ends."""
    from app.window.app import Window

    node = world.choice_of(regtest.node)
    options = WindowOptions(rpc_url=node.rpc_url, rpc_user=node.rpc_user, rpc_password=node.rpc_password)

    def open_with(steps):
        window = Window(options, driver=Player(steps), workers=[Who.FIXED, Who.CHAIN])
        try:
            window.run()
        finally:
            window.close()
        return window

    return open_with


def press(key, unicode=""):
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, unicode=unicode, mod=0))


def test_a_bounty_of_another_person_is_claimed_with_one_press(window, poster):
    reader = reader_named("compact")
    logits = reader.logits(PICTURE)
    assert logits.index(max(logits)) == 7
    exact = terms_for(reader, PICTURE, poster, height(poster) + 400)
    # The window draws nearly the same picture: half the margin is enough for it, twice as much is not.
    posted, beyond = (
        poster.bounties.post(
            reader,
            terms_for(reader, PICTURE, poster, exact.last_block, margin=margin),
            REWARD,
        )
        for margin in (exact.margin // 2, exact.margin * 2)
    )
    seen = {}

    def rows(window):
        return {row.number: row for row in window.state.bounties.rows} if window.state.bounties else {}

    def steps(window):
        yield from until(lambda: window.state.chain.up)
        press(pygame.K_b, "b")
        yield from until(lambda: window.state.bounties is not None)
        assert "No bounty is known" in bounty_words.empty(window.state)
        for count, standing in enumerate((posted, beyond), start=1):
            window.do(intents.Type(poster.bounties.share(standing)))
            yield from until(lambda count=count: len(rows(window)) == count)
        assert {row.earns for row in rows(window).values()} == {None}, "nothing is drawn"
        press(pygame.K_ESCAPE)
        yield from until(lambda: window.state.card is None)
        yield from draw_seven(window)
        press(pygame.K_b, "b")
        yield from until(lambda: {row.earns for row in rows(window).values()} == {True, False})
        assert [rows(window)[number].earns for number in (1, 2)] == [True, False]
        window.do(intents.Highlight(-5))
        while bounties.pointed_at(window.state).number != 1:
            window.do(intents.Highlight(1))
        seen["picture"] = window.state.fresh.pixels
        assert bounties.deal(window.state) is Deal.CLAIM
        press(pygame.K_RETURN)
        yield from until(lambda: window.state.bounty_claim is not None)
        yield from until(lambda: not window.state.bounty_claim.running)
        yield from until(lambda: rows(window)[1].mark is BountyMark.PAID)

    state = window(steps).state
    assert state.card is Card.BOUNTIES
    assert state.bounty_claim.steps == (StepMark.DONE,) * 4, state.bounty_claim.note
    stands = poster.bounties.named("1")
    assert (stands.status, stands.ended_by.ours) == ("paid", False)
    assert poster.bounties.collected() == [Collected(seen["picture"], 7, stands.ended_by.txid, True)]
    assert poster.bounties.named("2").status == "open"
