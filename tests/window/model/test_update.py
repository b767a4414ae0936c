"""What time does: pictures, readings and submissions that become due."""

from dataclasses import replace

from app.drawing import Stroke
from app.window.model import claims, protocol, update
from app.window.model import intents as want
from app.window.model.effects import Send
from app.window.model.hear import hear
from app.window.model.state import State
from app.window.model.values import Judge, Notice, Phase, Who
from tests.window.states import CHAIN, PICTURE, READY, drawn, reading, submission

LINE = Stroke(((0.2, 0.2), (0.8, 0.8)), 0.06)


def do(state, *intents):
    effects = ()
    for intent in intents:
        state, more = update.apply(state, intent)
        effects += more
    return state, effects


def fresh(clock=10.0):
    """Everything up, one line just drawn."""
    state = State(judges=READY, chain=CHAIN, clock=clock)
    return do(state, want.PenDown(0.2, 0.2), want.PenMove(0.8, 0.8), want.PenUp())[0]


def kinds(effects):
    return [(effect.who, type(effect.request)) for effect in effects]


def test_new_ink_is_looked_at_once():
    state, effects = claims.tick(fresh(), 10.1)
    assert effects == (Send(Who.FIXED, protocol.Look(state.revision, state.content, None)),)
    assert claims.tick(state, 10.2)[1] == ()


def test_blank_paper_is_not_looked_at():
    assert claims.tick(State(judges=READY), 1.0)[1] == ()


def test_pictures_are_not_asked_for_faster_than_an_eye_can_follow():
    state, _ = claims.tick(fresh(), 10.1)
    state = hear(state, protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)))
    state, _ = do(state, want.PenDown(0.5, 0.5))
    assert kinds(claims.tick(state, 10.101)[1]) == [(Who.FLOAT, protocol.ReadPicture)]
    later = claims.tick(state, 10.1 + claims.LOOK_EVERY + 0.001)[1]
    assert (Who.FIXED, protocol.Look) in kinds(later)


def looked(state):
    state, _ = claims.tick(state, state.clock + 0.05)
    return hear(state, protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)))


def test_the_float_judge_reads_at_once_and_the_script_when_the_pen_rests():
    state, effects = claims.tick(looked(fresh()), 10.1)
    assert kinds(effects) == [(Who.FLOAT, protocol.ReadPicture)]
    state, effects = claims.tick(state, 10.0 + claims.REST + 0.01)
    assert kinds(effects) == [(Who.SCRIPT, protocol.ReadPicture)]
    assert claims.tick(state, 12.0)[1] == ()


def test_a_judge_that_is_not_up_is_not_asked():
    state = looked(fresh())
    state = replace(state, judges=state.judges | {Who.FLOAT: Judge(Phase.STARTING)})
    assert claims.tick(state, 10.1)[1] == ()


def test_a_judge_that_died_is_asked_again_once_it_is_back():
    state, _ = claims.tick(looked(fresh()), 10.1)
    state = hear(state, protocol.Failed(Who.FLOAT, Notice("It has stopped."), again=True))
    assert state.judges[Who.FLOAT].phase is Phase.STARTING
    state, effects = claims.tick(hear(state, protocol.Ready(Who.FLOAT)), 10.2)
    assert kinds(effects) == [(Who.FLOAT, protocol.ReadPicture)]


def test_a_submission_waits_for_what_it_needs_and_then_goes():
    state, effects = do(looked(fresh()), want.Submit())
    assert state.wanted
    assert effects == ()
    state = hear(state, protocol.Read(Who.FLOAT, reading(7, state.revision)))
    state, effects = claims.tick(state, 10.2)
    assert (Who.CHAIN, protocol.SubmitClaim) in kinds(effects)
    assert not state.wanted


def test_new_ink_cancels_a_waiting_submission():
    state, _ = do(looked(fresh()), want.Submit())
    assert not do(state, want.PenDown(0.1, 0.1))[0].wanted
    assert not do(state, want.Escape())[0].wanted


def test_nothing_is_submitted_of_blank_paper_or_ink_that_is_no_digit():
    assert do(State(judges=READY, chain=CHAIN), want.Submit())[1] == ()
    state, _ = claims.tick(fresh(), 10.1)
    state = hear(state, protocol.Looked(state.revision, None, "Only a dot is drawn."))
    state, effects = do(state, want.Submit())
    assert effects == ()
    assert not state.wanted


def test_a_stale_reading_is_never_submitted():
    state = drawn(revision=3)
    state, effects = do(state, want.Submit())
    assert effects == ()
    assert claims.tick(state, 200.0)[0].submission is None


def auto(state):
    return replace(state, auto_verify=True)


def test_auto_verify_submits_once_when_the_pen_has_rested_and_all_have_read():
    state = auto(drawn(inked=100.0))
    assert claims.tick(state, 100.0 + claims.AUTO_REST - 0.1)[0].submission is None
    state, effects = claims.tick(state, 100.0 + claims.AUTO_REST + 0.1)
    assert kinds(effects) == [(Who.CHAIN, protocol.SubmitClaim), (Who.SCRIPT, protocol.TraceRun)]
    done = replace(state, submission=replace(state.submission, running=False, accepted=True))
    assert claims.tick(done, 200.0)[1] == ()


def test_auto_verify_waits_for_the_script_unless_there_is_none():
    judges = drawn().judges
    waiting = auto(drawn(judges=judges | {Who.SCRIPT: Judge(Phase.READY, asked=2)}))
    assert claims.tick(waiting, 200.0)[0].submission is None
    starting = auto(drawn(judges=judges | {Who.SCRIPT: Judge(Phase.STARTING)}))
    assert claims.tick(starting, 200.0)[0].submission is None
    without = auto(drawn(judges=judges | {Who.SCRIPT: Judge(Phase.FAILED)}))
    assert claims.tick(without, 200.0)[0].submission is not None


def test_auto_verify_does_not_interrupt_a_submission():
    assert claims.tick(auto(drawn(submission=submission(revision=1))), 200.0)[1] == ()


def test_notices_of_success_disappear_and_errors_stay():
    news = claims.said(State(clock=1.0), Notice("Saved.", error=False))
    assert claims.tick(news, 2.0)[0].notice is not None
    assert claims.tick(news, 20.0)[0].notice is None
    trouble = claims.said(State(clock=1.0), Notice("It failed."))
    assert claims.tick(trouble, 1000.0)[0].notice is not None


def test_wiping_forgets_what_was_read():
    state, _ = do(drawn(), want.Clear())
    assert state.picture is None
    assert all(judge.reading is None for judge in state.judges.values())
    back, _ = do(state, want.Undo())
    assert kinds(claims.tick(back, 101.0)[1]) == [(Who.FIXED, protocol.Look)]
