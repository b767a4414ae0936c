"""The card of bounties: opened, pointed at, claimed; what it says before, meanwhile and afterwards."""

from dataclasses import replace

import pygame
import pytest

from app.window.model import bounties, bounty_words
from app.window.model.bounties import Deal
from app.window.model.bounty_values import (
    BountyClaim,
    BountyFailed,
    BountyList,
    BountyMark,
    BountyReached,
    BountyStep,
    ClaimBounty,
    LookAtBounties,
    LookUpBounty,
    RevealBounty,
)
from app.window.model.effects import PasteText, Send
from app.window.model.hear import hear
from app.window.model.protocol import Answer, Ask, Failed
from app.window.model.values import Card, ChainView, Hover, Notice, Phase, StepMark, Who
from tests.window.person import LAYOUT, Person
from tests.window.states import BOUNTIES, BOUNTY, CHAIN, PICTURE, drawn

ALL = (StepMark.DONE,) * 4


def card(*rows, **changes):
    """The open card with these rows, the drawing unchanged since they came."""
    listed = BountyList(2, "regtest", rows or BOUNTIES.rows)
    return drawn(**{"card": Card.BOUNTIES, "bounties": listed, "bounties_asked": 2} | changes)


# --- opening it ---


def test_a_key_and_the_header_open_the_card_and_close_it():
    person = Person(drawn()).key(pygame.K_b, "b")
    assert person.state.card is Card.BOUNTIES
    assert person.key(pygame.K_b, "b").state.card is None
    assert Person(drawn()).click(LAYOUT.bounties).state.card is Card.BOUNTIES


def test_opening_it_asks_once_with_the_picture_that_is_drawn():
    state = Person(drawn()).key(pygame.K_b, "b").state
    state, sent = bounties.tick(state)
    assert sent == (Send(Who.CHAIN, LookAtBounties(2, PICTURE)),)
    assert bounties.tick(state) == (state, ())
    again = Person(state).key(pygame.K_b, "b").key(pygame.K_b, "b").state
    assert bounties.tick(again)[1] == sent


def test_blank_paper_is_asked_about_without_a_picture():
    state = drawn(card=Card.BOUNTIES, picture=None)
    assert bounties.tick(state)[1] == (Send(Who.CHAIN, LookAtBounties(2, None)),)


@pytest.mark.parametrize(
    "state",
    [
        drawn(),
        drawn(card=Card.BOUNTIES, chain=ChainView(Phase.FAILED)),
        drawn(card=Card.BOUNTIES, looked=1, picture=None),
    ],
    ids=["closed", "no node", "the picture is being made"],
)
def test_nothing_is_asked_before_it_can_be_answered(state):
    assert bounties.tick(state) == (state, ())


def test_a_chain_that_starts_again_is_asked_again():
    state = hear(card(), Failed(Who.CHAIN, Notice("It ended."), again=True))
    assert state.bounties_asked is None


# --- the list ---


def test_the_list_points_first_at_a_bounty_that_the_drawing_earns():
    rows = (replace(BOUNTY, number=7, earns=False), replace(BOUNTY, number=8))
    state = hear(drawn(card=Card.BOUNTIES), BountyList(2, "regtest", rows))
    assert bounties.pointed_at(state).number == 8


def test_a_new_list_goes_on_pointing_at_the_same_bounty():
    state = bounties.moved(card(), 1)
    before = bounties.pointed_at(state)
    state = hear(state, BountyList(2, "regtest", (replace(BOUNTY, number=9), *BOUNTIES.rows)))
    assert bounties.pointed_at(state) == before


def test_arrows_and_clicks_point_and_stay_within_the_list():
    person = Person(card()).key(pygame.K_DOWN)
    assert person.state.bounty == 1
    assert person.key(pygame.K_PAGEUP).state.bounty == 0
    assert Person(card()).press("bounty", 3).state.bounty == 3
    assert Person(card()).key(pygame.K_PAGEDOWN).state.bounty == len(BOUNTIES.rows) - 1
    assert Person(drawn(card=Card.BOUNTIES)).key(pygame.K_DOWN).state.bounty == 0


def test_what_was_said_of_another_drawing_is_not_shown():
    assert bounty_words.reads(card(), BOUNTY) == "this drawing would earn it"
    changed = card(revision=3)
    assert bounties.would_earn(changed, BOUNTY) is None
    assert bounty_words.reads(changed, BOUNTY) == ""
    assert bounties.deal(changed) is Deal.NONE


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"earns": False, "digit_read": 4}, "this drawing is read as 4"),
        ({"earns": False}, "a 7, not clearly enough"),
        ({"mark": BountyMark.HELD}, ""),
        ({"earns": None}, ""),
    ],
)
def test_why_a_drawing_does_not_earn_a_bounty(changes, words):
    assert bounty_words.reads(card(), replace(BOUNTY, **changes)) == words


def test_how_sure_it_has_to_be_is_rounded_down():
    assert "at least 99.9 % sure" in bounty_words.terms(replace(BOUNTY, sureness=0.9999))


def test_a_bounty_that_is_held_says_until_when():
    held = replace(BOUNTY, mark=BountyMark.HELD, expires=1_247, posted_here=True)
    assert bounty_words.terms(held).endswith("committed by another until block 1,247  ·  posted by you")


def test_an_empty_list_says_how_one_is_posted():
    assert "Anyone posts one" in bounty_words.empty(card(bounties=BountyList(2, "testnet", ())))
    raised = bounty_words.empty(card(bounties=BountyList(2, "regtest-raised", ())))
    assert "first practice chain" in raised
    assert "Looking" in bounty_words.empty(card(bounties=None))
    assert "no node" in bounty_words.empty(card(bounties=None, chain=ChainView(Phase.FAILED)))


# --- looking one up ---


def test_a_pasted_line_is_looked_up():
    assert Person(card()).ctrl(pygame.K_v).effects == [PasteText()]
    _, sent = bounties.looked_up(card(), " inkproof-bounty:regtest:ab:0\n")
    assert sent == (Send(Who.CHAIN, LookUpBounty("inkproof-bounty:regtest:ab:0")),)


def test_an_empty_clipboard_is_reported():
    state, sent = bounties.looked_up(card(), " \n")
    assert sent == ()
    assert "no text on the clipboard" in bounty_words.foot(state)


# --- claiming ---


def test_enter_and_the_button_claim_with_the_drawing():
    for person in (Person(card()).key(pygame.K_RETURN), Person(card()).press("earn")):
        assert person.effects == [Send(Who.CHAIN, ClaimBounty(3, PICTURE))]
        assert person.state.bounty_claim == BountyClaim(3)
        assert bounties.deal(person.state) is Deal.RUN
        again = person.key(pygame.K_RETURN)
        assert len(again.effects) == 1, "once"


def test_costs_and_what_can_be_lost_are_said_before_the_press():
    said = bounty_words.detail(card())
    for part in ("812 satoshis in fees", "3,000", "lost", "144 blocks", "public"):
        assert part in said


@pytest.mark.parametrize(
    ("row", "label"),
    [
        (replace(BOUNTY, earns=False), "Draw a clear 7 to claim it"),
        (replace(BOUNTY, mark=BountyMark.HELD), "Committed by another"),
        (replace(BOUNTY, mark=BountyMark.OVER), "Past its last block"),
        (replace(BOUNTY, mark=BountyMark.PAID), "Paid"),
        (replace(BOUNTY, trouble="Its model is not known here."), "It cannot be claimed here"),
        (replace(BOUNTY, mark=BountyMark.OURS, wait=2), "Wait for 2 more blocks"),
    ],
)
def test_what_cannot_be_claimed_says_why_and_does_nothing(row, label):
    person = Person(card(row)).key(pygame.K_RETURN)
    assert person.effects == []
    assert bounty_words.button(person.state) == label


def test_one_claim_at_a_time():
    state = card(bounty_claim=BountyClaim(99))
    assert bounties.deal(state) is Deal.NONE
    assert bounty_words.button(state) == "Another claim is under way"


def test_a_claim_is_followed_from_step_to_step():
    state = Person(card()).key(pygame.K_RETURN).state
    marks = []
    for step in BountyStep:
        state = hear(state, BountyReached(3, step))
        marks.append([mark is StepMark.DONE for mark in state.bounty_claim.steps].count(True))
        assert state.bounty_claim.running == (step is not BountyStep.PAID)
    assert marks == [1, 2, 3, 4]
    assert state.bounty_claim.steps == ALL
    assert "in your wallet" in bounty_words.detail(state)
    assert hear(state, BountyReached(44, BountyStep.COMMITTED)) == state


def test_a_claim_that_waits_for_blocks_says_so_and_turns_nothing():
    state = Person(card()).key(pygame.K_RETURN).state
    assert bounties.moving(state)
    state = hear(state, BountyReached(3, BountyStep.IN_BLOCK, "The drawing is shown in 2 more blocks."))
    assert not bounties.moving(state)
    assert bounty_words.detail(state) == "The drawing is shown in 2 more blocks."


def test_a_claim_that_stops_says_why_and_another_can_be_made():
    state = Person(card()).key(pygame.K_RETURN).state
    state = hear(state, BountyFailed(3, Notice("Nothing was sent.", "It was not approved.")))
    assert state.bounty_claim.steps[0] is StepMark.FAILED
    assert bounty_words.detail(state) == "Nothing was sent. It was not approved."
    assert bounties.deal(state) is Deal.CLAIM


def test_a_worker_that_ends_stops_the_claim_and_a_question_of_coins_goes_with_it():
    state = Person(card()).key(pygame.K_RETURN).state
    state = hear(state, Failed(Who.CHAIN, Notice("It ended."), again=True))
    assert not state.bounty_claim.running
    assert "in the ledger" in state.bounty_claim.note


def test_a_list_that_could_not_be_made_stops_no_claim():
    state = Person(card()).key(pygame.K_RETURN).state
    after = hear(state, BountyFailed(None, Notice("The explorer does not answer.")))
    assert after.bounty_claim == state.bounty_claim
    assert bounty_words.foot(after) == "The explorer does not answer."


def test_a_commitment_of_an_earlier_run_is_revealed_by_the_button():
    ours = replace(BOUNTY, mark=BountyMark.OURS, holds=23_000, expires=247)
    assert bounty_words.button(card(ours)) == "Show the drawing and take 23,000 satoshis"
    assert "before block 247" in bounty_words.detail(card(ours))
    person = Person(card(ours, picture=None)).key(pygame.K_RETURN)
    assert person.effects == [Send(Who.CHAIN, RevealBounty(3))]
    assert person.state.bounty_claim.steps[2] is StepMark.ACTIVE


def test_a_question_of_coins_lies_over_the_card_and_leaves_it_open():
    state = hear(Person(card()).key(pygame.K_RETURN).state, Ask(3_812, "commit to an image"))
    person = Person(state).key(pygame.K_y, "y")
    assert person.effects == [Send(Who.CHAIN, Answer(True))]
    assert person.state.card is Card.BOUNTIES
    assert bounties.deal(person.state) is Deal.RUN


def test_without_a_node_nothing_is_claimed():
    assert bounties.deal(card(chain=replace(CHAIN, phase=Phase.STARTING))) is Deal.NONE


def test_the_empty_card_has_nothing_to_press():
    from app.window.view.panels import covers

    empty = card(bounties=BountyList(2, "regtest", ()))
    assert covers.targets(LAYOUT, empty) == {}
    assert bounty_words.button(empty) == "No bounty"
    assert Hover("earn") in covers.targets(LAYOUT, card())
