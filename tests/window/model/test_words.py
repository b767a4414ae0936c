"""Every sentence about agreement, and what the button and panels say."""

from dataclasses import replace

import pytest

from app.window.model import cards, decide, words
from app.window.model.decide import Act
from app.window.model.state import State
from app.window.model.values import ChainView, Judge, NoDigit, Notice, Phase, Who
from tests.window.states import CHAIN, CONFIRMED, READY, REFUSED, drawn, judged, judges, submission


def line(state):
    said = words.agreement(state)
    return said.headline, said.detail


def test_a_claim_of_another_digit_is_said_to_be_refused():
    assert words.agreement(drawn(claim=3)).detail == "The claim is 3: a node has to refuse it."
    assert "Submit it" in words.agreement(drawn(claim=7)).detail


def test_before_anything_is_drawn():
    assert line(State()) == ("Draw a digit", "One model reads it on three machines.")


def test_all_three_agree_before_and_after_the_chain():
    assert line(drawn())[0] == "All three agree on 7"
    assert "Submit" in line(drawn())[1]
    assert line(judged()) == ("All three agree on 7", "Proved by the node, in block 103.")
    waiting = replace(CONFIRMED, block=None)
    assert line(judged(waiting))[1] == "Proved by the node, not in a block yet."


def test_who_says_what_when_they_disagree():
    assert line(drawn(judges=judges(4, 9, 9))) == (
        "The judges disagree",
        "Float model says 4, fixed point and contract say 9.",
    )
    assert line(drawn(judges=judges(1, 2, 3)))[1] == (
        "Float model says 1, fixed point says 2, contract says 3."
    )
    proved = replace(CONFIRMED, claim=9, digit=9)
    assert line(judged(proved, judges=judges(4, 9, 9))) == (
        "The judges disagree",
        "Float model says 4, fixed point and contract say 9.",
    )


def test_a_false_claim_that_was_refused_is_a_cheat_caught():
    said = words.agreement(judged(REFUSED))
    assert said.headline == "Cheat caught"
    assert said.detail == "The node ran the model, read 7, and refused 3."
    assert said.tone is words.Tone.GOOD
    assert words.judge_words(judged(REFUSED), Who.SCRIPT).tone is words.Tone.GOOD


def test_a_true_claim_that_was_refused_is_a_disagreement():
    said = words.agreement(judged(replace(REFUSED, claim=7)))
    assert said.headline == "The contract disagrees"
    assert said.tone is words.Tone.BAD


def test_the_node_s_own_words_are_among_the_details():
    assert ("The node's words", REFUSED.reason) in cards.details(judged(REFUSED))
    assert ("Fee", "541 satoshis for 1,082 bytes") in cards.details(judged(REFUSED))


def test_the_wallet_says_what_to_do_with_its_address():
    def advice(network):
        return cards.wallet_advice(State(chain=replace(CHAIN, network=network)))

    assert "Play money" in advice("regtest")
    assert advice("regtest-raised") == advice("regtest")
    assert advice("testnet").startswith("Send test coins to this address")
    assert advice("mainnet").startswith("Send coins to this address")
    assert "not answered" in cards.wallet_advice(State())
    assert "no node" in cards.wallet_advice(State(chain=ChainView(Phase.FAILED)))
    assert cards.wallet_facts(drawn()) == (("Network", "practice chain"), ("Balance", "49.99 BSV"))
    assert cards.wallet_facts(State())[1] == ("Balance", "not known yet")


def test_each_outcome_has_an_icon_of_its_own():
    unsure = drawn(judges=judges(best=0.6, second=1))
    contradicted = judged(replace(REFUSED, claim=7))
    shown = [drawn(), drawn(judges=judges(1, 2, 3)), judged(REFUSED), unsure, contradicted, State()]
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


def test_a_model_that_is_not_sure_says_so_before_and_after_submission_and_gets_no_green_tick():
    for state in (drawn(judges=judges(best=0.6, second=9)), judged(judges=judges(best=0.6, second=9))):
        said = words.agreement(state)
        assert said.headline == "Perhaps a 7, not sure"
        assert said.tone is words.Tone.QUIET
        assert words.judge_words(state, Who.FLOAT).tag == "not sure"
        assert words.judge_words(state, Who.SCRIPT).tone is words.Tone.QUIET
    assert words.judge_words(drawn(), Who.FLOAT).tag == ""


def test_several_digits_are_said_to_be_several():
    state = drawn(blank="There seem to be two digits.", no_digit=NoDigit.SEVERAL)
    assert line(state) == ("More than one digit", "There seem to be two digits.")
    assert words.button(state) == "Draw one digit"


@pytest.mark.parametrize(
    ("state", "label", "act"),
    [
        (State(judges=READY, chain=CHAIN), "Draw a digit first", Act.NONE),
        (drawn(), "Submit 7", Act.SUBMIT),
        (drawn(claim=3), "Try to cheat: claim 3", Act.CHEAT),
        (drawn(submission=submission()), "Claiming 7", Act.RUN),
        (judged(), "New drawing", Act.NEW),
        (judged(claim=3), "Try to cheat: claim 3", Act.CHEAT),
        (drawn(chain=ChainView(Phase.FAILED)), "No node", Act.NONE),
        (drawn(chain=ChainView()), "Submit 7", Act.SUBMIT),
        (drawn(chain=ChainView(), wanted=True), "Waiting", Act.WAIT),
        (drawn(judges=judges() | {Who.FLOAT: Judge(Phase.FAILED)}), "A judge is missing", Act.NONE),
        (drawn(blank="Only a dot is drawn."), "Not a digit yet", Act.NONE),
    ],
)
def test_the_button_says_what_it_does(state, label, act):
    assert (words.button(state), decide.act(state)) == (label, act)


@pytest.mark.parametrize(
    ("satoshis", "said"),
    [(4_999_000_000, "49.99 BSV"), (0, "0.00 BSV"), (1, "0.00000001 BSV"), (10**13, "100,000.00 BSV")],
)
def test_amounts_are_said_in_one_unit(satoshis, said):
    assert words.coins(satoshis) == said


def test_the_contract_s_panel_tells_the_local_run_from_the_chain():
    assert words.judge_words(drawn(), Who.SCRIPT).note == "not on chain yet"
    assert words.judge_words(judged(), Who.SCRIPT).note == "proved, block 103"
    assert words.judge_words(judged(REFUSED), Who.SCRIPT).note == "node refused 3"
    assert words.judge_words(drawn(submission=submission()), Who.SCRIPT).note == "with the node"


def test_the_stages_of_starting_are_shown_until_all_is_up():
    state = State(chain=ChainView(note="Fetching the node", share=0.43))
    assert "Fetching the node 43%" in words.starting(state)
    assert "Float model: starting" in words.starting(state)
    assert words.starting(drawn()) == ""


def test_the_facts_of_the_chain():
    assert words.chain_facts(drawn()) == (
        "practice chain",
        "Bitcoin SV 1.0.13",
        "block 103",
        "49.99 BSV play money",
        "contract fa5a4003966a",
    )


def test_a_notice_is_what_why_and_what_to_do():
    assert Notice("A.", "B.", "C.").text == "A. B. C."
    assert Notice("A.").text == "A."
