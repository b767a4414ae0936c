"""What each message of a worker changes."""

from dataclasses import replace

import pytest

from app.window.model import decide, words
from app.window.model import protocol as told
from app.window.model.document import Content, Document, Place
from app.window.model.hear import hear
from app.window.model.state import State
from app.window.model.values import Judge, Mark, Notice, Phase, Question, StepMark, SubmissionStage, Who
from tests.window.states import (
    ADDRESS,
    CONFIRMED,
    HISTORY,
    PICTURE,
    SEVEN,
    TXID,
    drawn,
    judged,
    reading,
    submission,
)


def test_the_stages_of_starting_up_are_shown():
    state = hear(State(), told.LoadProgress(Who.FLOAT, "loading TensorFlow"))
    assert state.judges[Who.FLOAT].note == "loading TensorFlow"
    state = hear(state, told.LoadProgress(Who.CHAIN, "Fetching", 0.5))
    assert (state.chain.note, state.chain.share) == ("Fetching", 0.5)
    state = hear(hear(state, told.Ready(Who.FLOAT)), told.Ready(Who.CHAIN))
    assert state.judges[Who.FLOAT].phase is Phase.READY
    assert state.chain.phase is Phase.READY


def test_a_worker_that_cannot_work_is_reported_and_the_others_go_on():
    notice = Notice("The model is missing.", "No file.", "Reinstall.")
    state = hear(drawn(), told.Failed(Who.FLOAT, notice))
    assert state.notice == notice
    assert state.judges[Who.FLOAT].phase is Phase.FAILED
    assert state.judges[Who.FIXED].phase is Phase.READY


def test_a_reading_of_ink_that_is_gone_is_dropped():
    state = hear(
        State(judges={who: Judge(Phase.READY, asked=1) for who in State().judges}),
        told.Read(Who.FLOAT, reading(7, 1)),
    )
    assert state.judges[Who.FLOAT].reading is None
    assert state.judges[Who.FLOAT].asked == -1


def test_an_old_picture_does_not_replace_a_newer_one():
    state = drawn(looked=5, revision=5)
    assert hear(state, told.Looked(4, bytes(784), "", reading(1, 4))).picture == state.picture


def test_ink_that_shows_no_digit_says_why():
    state = hear(drawn(revision=3), told.Looked(3, None, "Only a dot is drawn."))
    assert state.picture is None
    assert state.blank == "Only a dot is drawn."


def test_a_dropped_picture_becomes_the_drawing():
    state = hear(drawn(), told.Placed(PICTURE, "seven.png"))
    assert state.content.base.picture == PICTURE
    assert "seven.png" in state.notice.what
    assert state.revision == 3


def test_a_drawing_from_the_history_comes_back_as_its_strokes_if_they_are_known():
    state = hear(drawn(document=Document()), told.Placed(PICTURE, strokes=SEVEN))
    assert state.content == Content(None, SEVEN)
    assert state.notice is None
    assert hear(drawn(), told.Placed(PICTURE)).content == Content(Place(PICTURE), ())


def from_history(mark=Mark.CONFIRMED, **changes):
    facts = {"txid": TXID, "mark": mark, "claim": 7, "block": 103, "reason": "script failed"} | changes
    row = replace(HISTORY[0], **facts)
    return hear(drawn(history=(row,)), told.Placed(PICTURE, strokes=SEVEN, txid=TXID))


@pytest.mark.parametrize(
    ("mark", "accepted"), [(Mark.CONFIRMED, True), (Mark.ACCEPTED, True), (Mark.REFUSED, False)]
)
def test_a_drawing_from_the_history_comes_back_with_its_verdict(mark, accepted):
    state = from_history(mark)
    assert decide.verdict_of(state).accepted is accepted
    assert words.txid_line(state) == TXID


@pytest.mark.parametrize(
    ("mark", "changes"),
    [
        (Mark.OPEN, {}),
        (Mark.LOST, {}),
        (Mark.ERROR, {}),
        (Mark.CONFIRMED, {"txid": "00" * 32}),
    ],
)
def test_no_verdict_comes_back_where_there_was_none(mark, changes):
    assert decide.shown_submission(from_history(mark, **changes)) is None


@pytest.mark.parametrize("changes", [{"model": "compact"}, {"network": "testnet"}])
def test_a_verdict_of_another_model_or_chain_comes_back_as_theirs_and_can_be_requested_again(changes):
    state = from_history(**changes)
    assert decide.verdict_of(state) is None
    assert decide.shown_submission(state).accepted
    assert next(iter(changes.values())) in words.submission_detail(state)
    assert decide.act(state) is not decide.Act.NEW


def test_a_refused_claim_comes_back_as_the_claim_it_was():
    row = replace(HISTORY[0], mark=Mark.REFUSED, claim=3, digit=7)
    state = hear(drawn(history=(row,)), told.Placed(PICTURE, strokes=SEVEN, txid=row.txid))
    assert state.claim == 3
    assert decide.stand(state).standing is decide.Standing.CAUGHT


def test_a_drawing_from_the_history_does_not_take_the_place_of_a_claim_under_way():
    state = hear(drawn(submission=submission()), told.Placed(PICTURE, strokes=SEVEN, txid=TXID))
    assert state.submission == submission()


def test_a_block_that_comes_later_is_told_to_the_verdict():
    waiting = replace(CONFIRMED, block=None, steps=(*CONFIRMED.steps[:-1], StepMark.WAITING))
    row = replace(HISTORY[0], txid=TXID, block=105)
    state = hear(judged(waiting), told.History((row,)))
    assert decide.verdict_of(state).block == 105
    assert decide.verdict_of(state).steps == (StepMark.DONE,) * 4


def test_the_address_is_known_before_the_chain_answers():
    state = hear(State(), told.Account("mainnet", ADDRESS))
    assert (state.chain.network, state.chain.address, state.chain.phase) == (
        "mainnet",
        ADDRESS,
        Phase.STARTING,
    )


def test_the_stages_of_a_claim_that_holds():
    state = drawn(submission=submission())
    state = hear(state, told.StageReached(1, SubmissionStage.READY, "txid:0"))
    assert state.submission.steps == (StepMark.DONE, StepMark.ACTIVE, StepMark.WAITING, StepMark.WAITING)
    state = hear(state, told.StageReached(1, SubmissionStage.SIGNED, TXID))
    assert state.submission.txid == TXID
    state = hear(state, told.StageReached(1, SubmissionStage.JUDGED))
    assert state.submission.accepted
    assert state.submission.steps[2:] == (StepMark.DONE, StepMark.ACTIVE)
    state = hear(state, told.StageReached(1, SubmissionStage.CONFIRMED, "104"))
    assert state.submission.block == 104
    state = hear(state, told.ClaimJudged(1, True, TXID, "", 104, 50, 982))
    assert not state.submission.running
    assert state.submission.steps == (StepMark.DONE,) * 4
    assert (state.submission.fee, state.submission.size) == (50, 982)
    assert decide.is_judged(state)


def test_the_stages_of_a_claim_that_does_not():
    state = drawn(submission=submission(claim=3))
    state = hear(state, told.StageReached(1, SubmissionStage.JUDGED, "script failed", refused=True))
    assert state.submission.steps == (StepMark.DONE, StepMark.DONE, StepMark.REFUSED, StepMark.WAITING)
    state = hear(state, told.ClaimJudged(1, False, TXID, "script failed", None, 50, 982))
    assert state.submission.accepted is False
    assert state.submission.reason == "script failed"
    assert state.notice is None


def test_news_of_another_submission_changes_nothing():
    state = drawn(submission=submission(job=2))
    assert hear(state, told.StageReached(1, SubmissionStage.SIGNED, TXID)) == state
    assert hear(state, told.ClaimJudged(1, True, TXID, "", 4, 50, 982)) == state


def test_a_verdict_on_an_earlier_drawing_is_told_in_words():
    state = drawn(document=Document(SEVEN[:1]), submission=submission())
    state = hear(state, told.ClaimJudged(1, True, TXID, "", 104, 50, 982))
    assert "earlier drawing" in state.notice.what
    assert not state.notice.error


def test_a_submission_without_a_verdict_can_be_made_again():
    notice = Notice("The node did not judge the claim.", "Its memory is full.", "Wait.")
    state = hear(drawn(submission=submission()), told.NotJudged(1, notice))
    assert not state.submission.running
    assert state.submission.steps[0] is StepMark.FAILED
    assert state.judged == ()
    assert state.notice == notice


def test_when_the_chain_s_process_dies_its_submission_stops():
    state = hear(
        drawn(submission=submission()), told.Failed(Who.CHAIN, Notice("It has stopped."), again=True)
    )
    assert not state.submission.running
    assert state.chain.phase is Phase.STARTING


def test_the_contract_of_a_model_that_was_passed_by_is_not_shown():
    passed = told.ChainStatus("regtest", "BSV 1.0.13", 103, 5, "source", "fa5a")
    state = hear(State(model="compact"), passed)
    assert (state.chain.contract, state.chain.height) == ("", 103)
    assert hear(state, replace(passed, model="compact", contract="c0de")).chain.contract == "c0de"


def test_status_history_and_questions():
    status = told.ChainStatus("regtest", "BSV 1.0.13", 103, 5, State().model, "fa5a", "https://x/{}", "mkHS")
    state = hear(State(), status)
    assert state.chain.contract == "fa5a"
    assert (state.chain.network, state.chain.height, state.chain.explorer) == ("regtest", 103, "https://x/{}")
    assert state.chain.address == "mkHS"
    assert hear(State(scroll=9), told.History(HISTORY)).scroll == len(HISTORY) - 1
    assert hear(State(), told.Ask(61_000, "deploy")).question == Question(61_000, "deploy")
    assert not State().remembered
    assert hear(State(), told.History(())).remembered
