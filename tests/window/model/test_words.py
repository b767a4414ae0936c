"""Every sentence about agreement, and what the button and panels say."""

from dataclasses import replace

import pytest

from app.window.model import cards, words
from app.window.model.state import ChainView, Judge, Notice, Phase, State, Who
from tests.window.states import CHAIN, CONFIRMED, READY, REFUSED, drawn, judges, submission


def line(state):
    said = words.agreement(state)
    return said.headline, said.detail


def test_a_claim_of_another_digit_is_said_to_be_refused():
    assert words.agreement(drawn(claim=3)).detail == "The claim is 3: a node has to refuse it."
    assert "Submit it" in words.agreement(drawn(claim=7)).detail


def test_before_anything_is_drawn():
    assert line(State()) == ("Draw a digit", "Three independent judges will read it.")


def test_all_three_agree_before_and_after_the_chain():
    assert line(drawn())[0] == "All three agree on 7"
    assert "Submit" in line(drawn())[1]
    assert line(drawn(submission=CONFIRMED)) == ("All three agree on 7", "Proved by the node, in block 103.")
    waiting = replace(CONFIRMED, block=None)
    assert line(drawn(submission=waiting))[1] == "Proved by the node, not in a block yet."


def test_who_says_what_when_they_disagree():
    assert line(drawn(judges=judges(4, 9, 9))) == (
        "The judges disagree",
        "Float model says 4, fixed point and contract say 9.",
    )
    assert line(drawn(judges=judges(1, 2, 3)))[1] == (
        "Float model says 1, fixed point says 2, contract says 3."
    )
    proved = replace(CONFIRMED, claim=9)
    assert line(drawn(judges=judges(4, 9, 9), submission=proved)) == (
        "The judges disagree",
        "Float model says 4, fixed point and contract say 9.",
    )


def test_a_refusal_names_the_claim_and_what_the_judges_read():
    assert line(drawn(claim=3, submission=REFUSED)) == (
        "Refused: the contract does not read 3",
        "Float model, fixed point and contract all say 7.",
    )


def test_the_wallet_says_what_to_do_with_its_address():
    def advice(network):
        return cards.wallet_advice(State(chain=replace(CHAIN, network=network)))

    assert "mined here" in advice("regtest")
    assert advice("regtest-raised") == advice("regtest")
    assert advice("testnet").startswith("Send test coins to this address")
    assert advice("mainnet").startswith("Send coins to this address")
    assert "not answered" in cards.wallet_advice(State())
    assert "no node" in cards.wallet_advice(State(chain=ChainView(Phase.FAILED)))
    assert cards.wallet_facts(drawn()) == (("Network", "regtest"), ("Balance", "4,999,000,000 satoshis"))
    assert cards.wallet_facts(State())[1] == ("Balance", "not known yet")


def test_each_outcome_has_an_icon_of_its_own():
    shown = [drawn(), drawn(judges=judges(1, 2, 3)), drawn(claim=3, submission=REFUSED), State()]
    icons = [words.agreement(state).icon for state in shown]
    assert len(set(icons)) == len(icons)


def test_while_a_judge_is_missing_nobody_claims_agreement():
    state = drawn(judges=judges() | {Who.SCRIPT: Judge(Phase.READY)})
    assert line(state) == ("7 so far", "The contract's Script is reading.")
    state = drawn(judges=judges() | {Who.FLOAT: Judge()})
    assert line(state) == ("7 so far", "Float model is starting.")
    state = drawn(judges=judges() | {Who.SCRIPT: Judge(Phase.FAILED)})
    assert line(state) == ("7 so far", "Contract is not available.")


def test_an_old_reading_of_the_contract_does_not_count():
    stale = drawn(revision=3)
    assert line(stale)[0] == "7 so far"
    assert words.judge_words(stale, Who.SCRIPT).faint


def test_a_narrow_margin_is_called_not_sure():
    state = drawn(judges=judges(best=0.6, second=9))
    assert words.judge_words(state, Who.FLOAT).tag == "not sure"
    assert line(state)[1] == "Float model, fixed point and contract are not sure."
    assert words.judge_words(drawn(), Who.FLOAT).tag == ""


@pytest.mark.parametrize(
    ("state", "label", "enabled"),
    [
        (State(judges=READY, chain=CHAIN), "Draw a digit first", False),
        (drawn(), "Submit 7", True),
        (drawn(claim=3), "Submit 3", True),
        (drawn(submission=submission()), "Claiming 7", False),
        (drawn(judged=((2, 7),)), "Judged already", False),
        (drawn(judged=((2, 7),), claim=3), "Submit 3", True),
        (drawn(chain=ChainView(Phase.FAILED)), "No node", False),
        (drawn(chain=ChainView()), "Submit 7", True),
        (drawn(chain=ChainView(), wanted=True), "Waiting", False),
        (drawn(judges=judges() | {Who.FLOAT: Judge(Phase.FAILED)}), "A judge is missing", False),
        (drawn(blank="Only a dot is drawn."), "Not a digit yet", False),
    ],
)
def test_the_button_says_what_it_does(state, label, enabled):
    assert words.button(state) == (label, enabled)


def test_the_contract_s_panel_tells_the_local_run_from_the_chain():
    assert words.judge_words(drawn(), Who.SCRIPT).note == "not on chain yet"
    assert words.judge_words(drawn(submission=CONFIRMED), Who.SCRIPT).note == "proved, block 103"
    assert words.judge_words(drawn(submission=REFUSED), Who.SCRIPT).note == "node refuses 3"
    assert words.judge_words(drawn(submission=submission()), Who.SCRIPT).note == "with the node"


def test_the_stages_of_starting_are_told_until_all_is_up():
    state = State(chain=ChainView(note="Fetching the node", share=0.43))
    assert "Fetching the node 43%" in words.starting(state)
    assert "Float model: starting" in words.starting(state)
    assert words.starting(drawn()) == ""


def test_the_facts_of_the_chain():
    assert words.chain_facts(drawn()) == (
        "regtest",
        "Bitcoin SV 1.0.13",
        "block 103",
        "49.9900 BSV",
        "contract fa5a4003966a",
    )


def test_a_notice_is_what_why_and_what_to_do():
    assert Notice("A.", "B.", "C.").text == "A. B. C."
    assert Notice("A.").text == "A."
