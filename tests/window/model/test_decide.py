"""What follows from a state, looked at frame by frame while somebody draws."""

from dataclasses import replace

import pytest

from app.window.model import claims, decide, protocol, update, words
from app.window.model import intents as want
from app.window.model.decide import Act, Standing
from app.window.model.hear import hear
from app.window.model.state import State
from app.window.model.values import Phase, Tab, Who
from tests.window.states import (
    CHAIN,
    CONFIRMED,
    EVIDENCE,
    NEURONS,
    PICTURE,
    READY,
    REFUSED,
    SEVEN,
    drawn,
    judged,
    judges,
    reading,
)

FRAME = 1 / 60
DELAYS = {Who.FIXED: 1, Who.FLOAT: 3, Who.SCRIPT: 5}
"""Frames after which each judge answers."""


def digit_at(revision):
    """What a model reads in ink that is still being drawn: another digit every few revisions."""
    return (revision // 3) % 10


def replay(strokes, rest=90):
    """Every state of a window in which these strokes are drawn; each judge answers some frames later."""
    state, frame, answers = State(judges=READY, chain=CHAIN), 0, []

    def step():
        nonlocal state, frame
        frame += 1
        for answer in [answer for due, answer in answers if due <= frame]:
            state = hear(state, answer)
        answers[:] = [(due, answer) for due, answer in answers if due > frame]
        state, effects = claims.tick(state, frame * FRAME)
        for effect in effects:
            request = effect.request
            seen = reading(digit_at(request.revision), request.revision)
            if isinstance(request, protocol.Look):
                answer = protocol.Looked(request.revision, PICTURE, "", seen)
            else:
                answer = protocol.Read(effect.who, seen)
            answers.append((frame + DELAYS[effect.who], answer))
        return state

    for stroke in strokes:
        for number, point in enumerate(stroke):
            state, _ = update.apply(state, want.PenMove(*point) if number else want.PenDown(*point))
            yield step()
        state, _ = update.apply(state, want.PenUp())
        yield step()
    for _ in range(rest):
        yield step()


HAND = tuple(
    tuple((0.2 + 0.01 * n, 0.3 + 0.012 * n + 0.1 * (n % 3) * stroke) for n in range(45))
    for stroke in range(3)
)


def test_nothing_turns_red_on_any_frame_while_somebody_draws():
    states = list(replay(HAND))
    assert len(states) > 200
    lines = [words.agreement(state) for state in states]
    assert not any(line.tone is words.Tone.BAD for line in lines)
    standings = [decide.stand(state).standing for state in states]
    assert Standing.DISAGREE not in standings
    assert standings[-1] is Standing.AGREE
    # Readings of different revisions were there all along, and did differ.
    both = [(state.judges[Who.FLOAT].reading, state.judges[Who.FIXED].reading) for state in states]
    assert any(one and other and one.digit != other.digit for one, other in both)


def test_a_disagreement_about_the_same_ink_is_said_once_the_pen_is_up():
    state = drawn(judges=judges(4, 9, 9))
    assert decide.stand(state).standing is Standing.DISAGREE
    down, _ = update.apply(state, want.PenDown(0.5, 0.5))
    assert decide.stand(down).standing is Standing.SO_FAR


def test_another_claim_starts_again_from_the_first_step_and_the_proof_is_still_known():
    state, _ = update.apply(judged(), want.Choose(4))
    assert decide.shown_submission(state) is None
    assert decide.act(state) is Act.CHEAT
    assert decide.stand(state).standing is Standing.OTHER_CLAIM
    back, _ = update.apply(state, want.Choose(None))
    assert decide.shown_submission(back) == CONFIRMED
    back, _ = update.apply(state, want.Choose(7))
    assert decide.is_judged(back)


def test_undo_and_redo_of_a_proved_drawing_know_that_it_is_proved():
    state = judged()
    for intent in (want.Undo(), want.Redo()):
        state, _ = update.apply(state, intent)
    assert decide.verdict_of(state) == CONFIRMED
    assert decide.act(state) is not Act.SUBMIT or decide.lack(state)
    state = hear(state, protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)))
    assert decide.verdict_of(state) == CONFIRMED
    assert words.agreement(state).detail == "Proved by the node, in block 103."


@pytest.mark.parametrize("blank", [want.Clear(), want.Undo()])
def test_a_new_drawing_is_claimed_as_it_is_read(blank):
    state = judged(REFUSED)
    assert state.claim == 3
    state, _ = update.apply(state, blank)
    state, _ = update.apply(state, want.Undo()) if blank == want.Undo() else (state, ())
    assert state.claim is None


def test_a_drawing_drawn_on_after_its_verdict_is_claimed_as_it_is_read():
    state, _ = update.apply(judged(REFUSED), want.PenDown(0.5, 0.5))
    assert state.claim is None
    state, _ = update.apply(drawn(claim=3), want.PenDown(0.5, 0.5))
    assert state.claim == 3


def test_a_first_stroke_needs_no_digit_first():
    state, _ = update.apply(State(judges=READY, chain=CHAIN), want.PenDown(0.5, 0.5))
    assert decide.lack(state) is decide.Lack.READING


def test_a_refused_false_claim_does_not_count_against_the_judges():
    assert decide.stand(judged(REFUSED)).standing is Standing.CAUGHT
    assert decide.stand(judged(replace(REFUSED, claim=7))).standing is Standing.CONTRADICTED
    assert decide.stand(judged(judges=judges(4, 7, 7))).standing is Standing.DISAGREE


def test_a_cheat_claims_the_likeliest_digit_that_is_not_the_one_read():
    assert decide.cheat_claim(drawn(judges=judges(best=0.6, second=1))) == 1
    assert decide.cheat_claim(State()) is None


def test_auto_verify_submits_nothing_that_the_model_is_not_sure_of():
    state = drawn(auto_verify=True, judges=judges(best=0.6, second=1))
    assert claims.tick(state, 200.0)[0].submission is None
    assert claims.tick(drawn(auto_verify=True), 200.0)[0].submission is not None


def test_evidence_is_asked_for_once_and_only_while_it_is_looked_at():
    assert claims.tick(drawn(), 200.0)[1] == ()
    state, effects = claims.tick(drawn(tab=Tab.EVIDENCE), 200.0)
    assert [effect.request for effect in effects] == [protocol.Explain(2, PICTURE, 7)]
    assert claims.tick(state, 200.1)[1] == ()
    state = hear(state, protocol.Explained(EVIDENCE, NEURONS))
    assert decide.explained(state)
    assert claims.tick(state, 200.2)[1] == ()


def test_evidence_that_takes_long_waits_until_the_pen_rests():
    slow = replace(EVIDENCE, revision=1, exact=False)
    state = drawn(tab=Tab.EVIDENCE, evidence=slow, inked=199.9)
    assert claims.tick(state, 200.0)[1] == ()
    assert len(claims.tick(state, 199.9 + claims.REST)[1]) == 1


def test_a_run_of_the_script_is_played_once_and_not_where_motion_is_to_be_reduced():
    state, _ = update.apply(drawn(), want.Submit())
    traced = protocol.Traced(1, (), 195_276, 7)
    assert decide.playing(hear(state, traced))
    assert not decide.playing(hear(replace(state, still=True), traced))
    assert not decide.playing(hear(state, replace(traced, job=9)))
    assert words.comparison(hear(state, traced).run) == ("read 7, claimed 7: true", "7 = 7")
    later = replace(hear(state, traced), clock=state.clock + decide.RUN_SECONDS)
    assert not decide.playing(later)


def test_a_judge_that_is_missing_is_waited_for_by_name():
    state = drawn(judges=judges() | {Who.FLOAT: replace(READY[Who.FLOAT], phase=Phase.FAILED)})
    assert decide.stand(state).waits_for == (Who.FLOAT, decide.Waiting.MISSING)
    assert len(SEVEN) == 2
