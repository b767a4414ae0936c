"""Events in, state out: every key, button, wheel and finger."""

import pygame
import pytest

from app.window.model import decide, protocol
from app.window.model import intents as want
from app.window.model.document import Place, Wipe
from app.window.model.effects import Close, Copy, Fullscreen, Open, Play, SaveWindow, Send
from app.window.model.hear import hear
from app.window.model.state import State
from app.window.model.values import (
    BRUSH,
    BRUSH_RANGE,
    ZOOMS,
    Card,
    ChainView,
    Hint,
    Hover,
    Notice,
    Phase,
    Question,
    Tab,
    Who,
)
from app.window.view.panels import overlays
from tests.window.person import LAYOUT, Person, on_canvas
from tests.window.states import CHAIN, HISTORY, PICTURE, READY, REFUSED, TXID, drawn, judged

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
        send, trace = person.effects
        assert trace == Send(Who.SCRIPT, protocol.TraceRun(1, PICTURE))
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
    assert [effect.who for effect in person.effects] == [Who.CHAIN, Who.SCRIPT]
    again = Person(judged()).key(pygame.K_RETURN)
    assert again.effects == []
    assert not again.state.content.empty


def test_once_a_claim_is_judged_the_button_is_for_a_new_drawing():
    person = Person(judged()).click(LAYOUT.button)
    assert person.state.content.empty
    assert person.state.claim is None


def test_what_can_be_done_after_a_verdict():
    person = Person(judged()).click(LAYOUT.actions["cheat"])
    assert person.state.claim not in (None, 7)
    assert decide.act(person.state) is decide.Act.CHEAT
    person = Person(judged()).click(LAYOUT.actions["share"])
    (send,) = person.effects
    assert (send.request.txid, send.request.claim, send.request.accepted) == (TXID, 7, True)
    assert send.request.content.strokes
    person = Person(judged()).key(pygame.K_k, "k")
    assert person.effects == [Send(Who.CHAIN, protocol.CheckTxid(TXID, "regtest"))]
    assert Person(judged()).click(LAYOUT.actions["details"]).state.card is Card.DETAILS


def test_there_is_nothing_to_check_or_share_before_a_verdict():
    assert Person(drawn()).key(pygame.K_k, "k").key(pygame.K_p, "p").effects == []


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
    assert Person(judged()).click(LAYOUT.txid).effects == [Copy(TXID)]
    public = ChainView(Phase.READY, network="regtest", explorer="https://explorer.example/tx/{}")
    person = Person(judged(chain=public)).click(LAYOUT.txid)
    assert person.effects == [Open(f"https://explorer.example/tx/{TXID}")]


def test_a_click_on_its_cross_or_escape_dismisses_a_message():
    notice = Notice("It failed.")
    assert Person(drawn(notice=notice)).click(LAYOUT.dismiss).state.notice is None
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
    person = Person(State(card=Card.HELP)).line((0.02, 0.02), (0.02, 0.05))
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


def test_a_click_on_the_banner_says_what_agreement_means():
    assert Person(drawn()).click(LAYOUT.agreement).state.card is Card.MEANING


# --- everything by keyboard ---


def test_tab_goes_round_everything_and_back():
    person = Person(judged())
    seen = []
    for _ in range(60):
        person.tab()
        if seen and person.state.focus == seen[0]:
            break
        seen.append(person.state.focus)
    names = {stop.name for stop in seen}
    assert {"canvas", "eraser", "tab", "claim", "button", "auto", "share", "txid", "row", "ledger"} <= names
    assert {"wallet", "model", "dark", "help"} <= names
    person.tab(back=True)
    assert person.state.focus == seen[-1]
    assert person.key(pygame.K_ESCAPE).state.focus is None


def test_everything_that_can_have_the_focus_is_somewhere():
    person = Person(judged(notice=Notice("It failed.")))
    for _ in range(60):
        assert LAYOUT.box_of(person.tab().state.focus) is not None


def test_a_digit_is_drawn_with_arrows_and_space():
    person = Person(State()).tab().key(pygame.K_SPACE, " ")
    for _ in range(8):
        person.key(pygame.K_DOWN)
    person.key(pygame.K_RIGHT, mod=pygame.KMOD_LSHIFT).key(pygame.K_SPACE, " ")
    (stroke,) = person.state.document.actions
    assert stroke.points[0] == (0.5, 0.5)
    assert stroke.points[-1][1] == pytest.approx(0.74)
    assert 0.5 < stroke.points[-1][0] < 0.52


def test_space_and_enter_press_what_has_the_focus():
    person = Person(drawn(focus=Hover("auto")))
    assert person.key(pygame.K_SPACE, " ").state.auto_verify
    assert not person.key(pygame.K_RETURN).state.auto_verify
    assert person.effects == []


def test_arrows_choose_a_claim_and_a_tab():
    person = Person(drawn(focus=Hover("claim", 0))).key(pygame.K_RIGHT).key(pygame.K_RIGHT)
    assert person.state.claim == 1
    person = Person(drawn(focus=Hover("tab", 0))).key(pygame.K_RIGHT)
    assert person.state.tab is Tab.EVIDENCE


# --- pen, text, colours, sounds ---


@pytest.mark.parametrize("key", [pygame.K_PLUS, pygame.K_EQUALS, pygame.K_1, pygame.K_RIGHTBRACKET])
def test_plus_is_what_types_a_plus_on_whatever_key(key):
    assert Person().key(key, "+").state.brush > BRUSH
    assert Person().key(key, "-").state.brush < BRUSH


def test_the_eraser_is_a_switch():
    person = Person().click(LAYOUT.tools["eraser"]).line((0.2, 0.2), (0.8, 0.2))
    assert person.state.document.actions[0].erase
    assert not person.key(pygame.K_e, "e").state.eraser


def test_the_wheel_changes_the_pen_over_the_canvas_only():
    person = Person(drawn()).move(LAYOUT.judges[Who.FLOAT].centre).event(pygame.MOUSEWHEEL, x=0, y=2)
    assert person.state.brush == BRUSH


def test_text_grows_and_shrinks_within_bounds():
    person = Person()
    for _ in range(20):
        person.key(pygame.K_PLUS, "+", mod=pygame.KMOD_LCTRL)
    assert person.state.zoom == ZOOMS[-1]
    assert person.state.brush == BRUSH
    for _ in range(20):
        person.key(pygame.K_MINUS, "-", mod=pygame.KMOD_LCTRL)
    assert person.state.zoom == ZOOMS[0]
    assert person.ctrl(pygame.K_0).state.zoom == 1.0


def test_dark_colours_and_sounds_are_switches():
    assert Person().click(LAYOUT.dark).state.dark
    assert not Person(State(dark=True)).key(pygame.K_d, "d").state.dark
    person = Person().key(pygame.K_s, "s")
    assert person.state.sound
    assert person.effects == [Play("on")]


# --- the first run ---


def test_the_three_hints_of_a_first_run_go_when_they_have_served_or_are_dismissed():
    person = Person(State(judges=READY, chain=CHAIN))
    assert decide.hint(person.state) is Hint.DRAW
    person.line((0.3, 0.3), (0.5, 0.6))
    assert decide.hint(person.state) is None
    person = Person(drawn(hints=frozenset({Hint.DRAW})))
    assert decide.hint(person.state) is Hint.SUBMIT
    person.click(overlays.hint_close(LAYOUT, overlays.hint_box(LAYOUT, person.state)))
    assert decide.hint(person.state) is None
    person = Person(judged(hints=frozenset({Hint.DRAW, Hint.SUBMIT})))
    assert decide.hint(person.state) is Hint.CHEAT
    assert decide.hint(Person(judged(REFUSED)).state) is None
