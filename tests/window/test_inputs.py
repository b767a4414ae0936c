"""Events in, state out: every key, button, wheel and finger."""

import pygame
import pytest

from app.window.model import intents as want
from app.window.model import protocol
from app.window.model.document import Place, Wipe
from app.window.model.effects import Close, Copy, Fullscreen, Open, SaveWindow, Send
from app.window.model.hear import hear
from app.window.model.state import (
    BRUSH,
    BRUSH_RANGE,
    Card,
    ChainView,
    Hover,
    Notice,
    Phase,
    Question,
    State,
    Who,
)
from tests.window.person import LAYOUT, Person, on_canvas
from tests.window.states import CONFIRMED, HISTORY, PICTURE, TXID, drawn

# --- drawing ---


def test_the_left_button_draws_a_stroke_where_the_mouse_went():
    person = Person().line((0.2, 0.3), (0.6, 0.3), (0.5, 0.8))
    (stroke,) = person.state.document.actions
    assert not stroke.erase
    assert stroke.width == BRUSH
    assert stroke.points[0] == pytest.approx((0.2, 0.3), abs=0.002)
    assert stroke.points[-1] == pytest.approx((0.5, 0.8), abs=0.002)


def test_the_right_button_erases():
    person = Person().line((0.2, 0.3), (0.6, 0.3)).line((0.2, 0.3), (0.6, 0.3), button=3)
    assert [stroke.erase for stroke in person.state.document.actions] == [False, True]


def test_a_stroke_goes_on_beyond_the_edge_of_the_canvas():
    person = Person().line((0.9, 0.5), (1.2, 0.5))
    assert person.state.document.actions[0].points[-1][0] > 1


def test_a_tap_leaves_a_dot():
    person = Person().line((0.5, 0.5))
    assert len(person.state.document.actions[0].points) == 1


def test_the_other_button_does_not_break_a_stroke():
    person = Person().down(on_canvas(0.3, 0.3)).down(on_canvas(0.3, 0.3), button=3)
    assert person.state.trace is not None
    assert not person.state.trace.erase


def test_the_pen_outside_the_canvas_draws_nothing():
    person = Person().down(LAYOUT.agreement.centre).move(on_canvas(0.5, 0.5)).up(on_canvas(0.5, 0.5))
    assert person.state.content.empty


def test_a_finger_draws_and_a_second_one_does_not_disturb_it():
    person = Person()
    first, second = on_canvas(0.3, 0.3), on_canvas(0.7, 0.7)

    def finger(kind, place, number):
        person.event(
            kind, x=place[0] / LAYOUT.size[0], y=place[1] / LAYOUT.size[1], finger_id=number, touch_id=1
        )

    finger(pygame.FINGERDOWN, first, 4)
    finger(pygame.FINGERDOWN, second, 5)
    finger(pygame.FINGERMOTION, second, 5)
    finger(pygame.FINGERMOTION, on_canvas(0.4, 0.5), 4)
    finger(pygame.FINGERUP, second, 5)
    assert person.state.trace is not None
    finger(pygame.FINGERUP, on_canvas(0.4, 0.5), 4)
    (stroke,) = person.state.document.actions
    assert stroke.points[-1] == pytest.approx((0.4, 0.5), abs=0.003)


def test_the_mouse_events_that_a_finger_also_makes_are_not_counted_twice():
    person = Person().event(pygame.MOUSEBUTTONDOWN, pos=on_canvas(0.5, 0.5), button=1, touch=True)
    assert person.state.trace is None


def test_a_finger_presses_buttons():
    person = Person()
    x, y = LAYOUT.auto.centre
    place = {"x": x / LAYOUT.size[0], "y": y / LAYOUT.size[1], "finger_id": 1, "touch_id": 1}
    person.event(pygame.FINGERDOWN, **place).event(pygame.FINGERUP, **place)
    assert person.state.auto_verify
    assert person.state.hover is None


def test_the_wheel_changes_the_thickness_within_bounds():
    person = Person().move(on_canvas(0.5, 0.5))
    person.event(pygame.MOUSEWHEEL, x=0, y=2)
    assert person.state.brush > BRUSH
    for _ in range(40):
        person.event(pygame.MOUSEWHEEL, x=0, y=1)
    assert person.state.brush == BRUSH_RANGE[1]
    for _ in range(60):
        person.event(pygame.MOUSEWHEEL, x=0, y=-1)
    assert person.state.brush == BRUSH_RANGE[0]


def test_the_brush_is_shown_over_the_canvas_only():
    person = Person().move(on_canvas(0.25, 0.75))
    assert person.state.pointer == pytest.approx((0.25, 0.75), abs=0.002)
    assert person.move(LAYOUT.agreement.centre).state.pointer is None
    assert person.move(on_canvas(0.5, 0.5)).event(pygame.WINDOWLEAVE).state.pointer is None


# --- undo, redo, clear ---


def test_undo_and_redo_go_stroke_by_stroke_erasing_included():
    person = Person().line((0.2, 0.2), (0.8, 0.2)).line((0.2, 0.2), (0.5, 0.2), button=3)
    both = person.state.document.actions
    assert person.ctrl(pygame.K_z).state.document.actions == both[:1]
    assert person.ctrl(pygame.K_z).state.content.empty
    assert person.ctrl(pygame.K_z).state.content.empty
    assert person.ctrl(pygame.K_z, shift=True).state.document.actions == both[:1]
    assert person.ctrl(pygame.K_y).state.document.actions == both
    assert person.ctrl(pygame.K_y).state.document.actions == both


@pytest.mark.parametrize("key", [pygame.K_c, pygame.K_DELETE])
def test_clearing_can_be_undone(key):
    person = Person().line((0.2, 0.2), (0.8, 0.2))
    before = person.state.content
    assert person.key(key).state.content.empty
    assert person.state.document.actions[-1] == Wipe()
    assert person.ctrl(pygame.K_z).state.content == before


def test_clearing_nothing_is_nothing_to_undo():
    assert Person().key(pygame.K_c).state.document.actions == ()


def test_the_tools_under_the_canvas_do_what_the_keys_do():
    person = Person().line((0.2, 0.2), (0.8, 0.2))
    stroke = person.state.content
    assert person.click(LAYOUT.tools["clear"]).state.content.empty
    assert person.click(LAYOUT.tools["undo"]).state.content == stroke
    assert person.click(LAYOUT.tools["redo"]).state.content.empty
    assert person.click(LAYOUT.tools["thicker"]).state.brush > BRUSH
    assert person.click(LAYOUT.tools["thinner"]).state.brush == pytest.approx(BRUSH)


def test_nothing_is_undone_under_a_moving_pen():
    person = Person().line((0.2, 0.2), (0.8, 0.2)).down(on_canvas(0.5, 0.5))
    person.ctrl(pygame.K_z)
    assert len(person.state.document.actions) == 1
    assert person.state.trace is not None


# --- claiming ---


def test_enter_and_the_button_submit_the_engine_s_digit():
    for person in (
        Person(drawn()).key(pygame.K_RETURN),
        Person(drawn()).key(pygame.K_KP_ENTER),
        Person(drawn()).click(LAYOUT.button),
    ):
        (send,) = person.effects
        assert send.who is Who.CHAIN
        assert (send.request.digit, send.request.picture) == (7, PICTURE)
        assert (send.request.float_digit, send.request.fixed_digit) == (7, 7)
        assert person.state.submission.running


def test_a_person_can_claim_another_digit():
    person = Person(drawn()).click(LAYOUT.claims[4]).key(pygame.K_RETURN)
    assert person.effects[0].request.digit == 3
    assert person.effects[0].request.fixed_digit == 7
    assert Person().key(pygame.K_5, "5").state.claim == 5
    assert Person(State(claim=5)).key(pygame.K_a, "a").state.claim is None
    assert Person(State(claim=5)).click(LAYOUT.claims[0]).state.claim is None


def test_entering_again_while_it_runs_or_once_it_is_judged_sends_nothing():
    person = Person(drawn()).key(pygame.K_RETURN).key(pygame.K_RETURN).click(LAYOUT.button)
    assert len(person.effects) == 1
    judged = Person(drawn(submission=CONFIRMED, judged=((2, 7),))).key(pygame.K_RETURN)
    assert judged.effects == []


def test_a_drag_off_the_button_does_not_press_it():
    person = Person(drawn()).down(LAYOUT.button.centre).up(LAYOUT.agreement.centre)
    assert person.effects == []


def test_auto_verify_is_a_switch_and_a_key():
    assert Person().click(LAYOUT.auto).state.auto_verify
    assert not Person(State(auto_verify=True)).key(pygame.K_v, "v").state.auto_verify


# --- history, txid, status ---


def test_a_click_in_the_history_brings_the_drawing_back_and_can_be_undone():
    person = Person(drawn(history=HISTORY)).click(LAYOUT.rows[1])
    assert person.effects == [Send(Who.FIXED, protocol.BringBack(HISTORY[1].txid, HISTORY[1].picture))]
    person.state = hear(person.state, protocol.Placed(HISTORY[1].picture))
    assert person.state.content.base == Place(HISTORY[1].picture)
    assert person.ctrl(pygame.K_z).state.content.strokes


def test_the_wheel_over_the_history_scrolls_it_within_its_bounds():
    rows = HISTORY * 5
    person = Person(drawn(history=rows)).move(LAYOUT.rows[0].centre)
    person.event(pygame.MOUSEWHEEL, x=0, y=-3)
    assert person.state.scroll == 3
    person.event(pygame.MOUSEWHEEL, x=0, y=-300)
    assert person.state.scroll == len(rows) - len(LAYOUT.rows)
    person.event(pygame.MOUSEWHEEL, x=0, y=300)
    assert person.state.scroll == 0


def test_a_click_on_the_txid_copies_it_or_opens_the_explorer():
    assert Person(drawn(submission=CONFIRMED)).click(LAYOUT.txid).effects == [Copy(TXID)]
    public = ChainView(Phase.READY, explorer="https://explorer.example/tx/{}")
    person = Person(drawn(submission=CONFIRMED, chain=public)).click(LAYOUT.txid)
    assert person.effects == [Open(f"https://explorer.example/tx/{TXID}")]


def test_a_click_on_the_status_line_or_escape_puts_a_message_away():
    notice = Notice("It failed.")
    assert Person(drawn(notice=notice)).click(LAYOUT.status).state.notice is None
    assert Person(drawn(notice=notice)).key(pygame.K_ESCAPE).state.notice is None


# --- the rest of the keys ---


@pytest.mark.parametrize(("key", "unicode"), [(pygame.K_F1, ""), (pygame.K_SLASH, "?")])
def test_help_opens_and_closes(key, unicode):
    person = Person().key(key, unicode)
    assert person.state.card is Card.HELP
    assert person.key(key, unicode).state.card is None
    assert Person(State(card=Card.HELP)).key(pygame.K_ESCAPE).state.card is None
    assert Person().click(LAYOUT.help).state.card is Card.HELP


def test_a_click_closes_the_help_and_draws_nothing():
    person = Person(State(card=Card.HELP)).line((0.5, 0.5), (0.6, 0.6))
    assert person.state.card is None
    assert person.state.content.empty


def test_f11_fills_the_screen_and_goes_back():
    person = Person().key(pygame.K_F11).key(pygame.K_F11)
    assert person.effects == [Fullscreen(True), Fullscreen(False)]
    assert Person(State(fullscreen=True)).key(pygame.K_ESCAPE).effects == [Fullscreen(False)]


def test_saving_the_drawing_and_the_window():
    person = Person(drawn()).ctrl(pygame.K_s)
    assert person.effects == [Send(Who.FIXED, protocol.SaveDrawing(person.state.content))]
    assert Person().ctrl(pygame.K_s, shift=True).effects == [SaveWindow()]
    nothing = Person().ctrl(pygame.K_s)
    assert nothing.effects == []
    assert "nothing to save" in nothing.state.notice.what


def test_a_dropped_file_goes_to_the_reader():
    person = Person().event(pygame.DROPFILE, file="/tmp/seven.png")
    assert person.effects == [Send(Who.FIXED, protocol.LookAtFile("/tmp/seven.png"))]


def test_closing():
    assert Person().event(pygame.QUIT).effects == [Close()]
    assert Person().ctrl(pygame.K_q).effects == [Close()]


def test_a_letter_with_control_held_is_not_the_letter():
    person = Person().line((0.2, 0.2), (0.8, 0.2)).ctrl(pygame.K_c)
    assert not person.state.content.empty


def test_a_question_about_coins_takes_yes_or_no_and_nothing_else():
    asked = drawn(question=Question(61_000, "deploy the contract"))
    person = Person(asked).key(pygame.K_RETURN).line((0.2, 0.2), (0.6, 0.6))
    assert person.effects == []
    assert person.state.question is not None
    yes, no = Person(asked).key(pygame.K_y, "y"), Person(asked).key(pygame.K_n, "n")
    assert yes.effects == [Send(Who.CHAIN, protocol.Answer(True))]
    assert no.effects == [Send(Who.CHAIN, protocol.Answer(False))]
    assert Person(asked).key(pygame.K_ESCAPE).effects == [Send(Who.CHAIN, protocol.Answer(False))]


def test_the_pointer_is_remembered_with_the_time_it_came():
    person = Person(State(clock=5.0)).move(LAYOUT.judges[Who.FIXED].centre)
    assert (person.state.hover, person.state.hovered) == (Hover("fixed"), 5.0)
    assert want.Point(None) == want.Point(None, None)
