"""What opens over the panels: the wallet's card and the list of models, by key, mouse and finger."""

from dataclasses import replace

import pygame
import pytest

from app.models import MODELS
from app.window.model import cards, claims, decide, protocol
from app.window.model.effects import Copy, PasteFromClipboard, PasteText, Send, UseModel
from app.window.model.hear import hear
from app.window.model.state import State
from app.window.model.values import Card, Hover, Mark, Phase, Question, Who
from app.window.view.arrange import arrange
from app.window.view.paint import Painter
from app.window.view.panels import covers, wallet
from app.window.view.panels import models as model_panel
from app.window.view.panels.sheet import close_box
from tests.window.person import LAYOUT, Person
from tests.window.states import (
    ADDRESS,
    CONFIRMED,
    ERROR,
    HISTORY,
    PICTURE,
    REFUSED,
    TXID,
    drawn,
    judged,
    reading,
    submission,
)

NAMES = list(MODELS)

# --- the wallet's card ---


def test_the_facts_in_the_status_line_and_a_key_open_the_wallet():
    assert Person(drawn()).click(LAYOUT.wallet).state.card is Card.WALLET
    person = Person(drawn()).key(pygame.K_w, "w")
    assert person.state.card is Card.WALLET
    assert person.key(pygame.K_w, "w").state.card is None
    assert Person(drawn()).ctrl(pygame.K_w).state.card is None


def test_escape_or_a_click_beside_the_card_closes_it_and_draws_nothing():
    assert Person(drawn(card=Card.WALLET)).key(pygame.K_ESCAPE).state.card is None
    for beside in (LAYOUT.agreement, LAYOUT.status, LAYOUT.help, LAYOUT.history):
        person = Person(drawn(card=Card.WALLET)).click(beside._replace(w=8, h=8))
        assert person.state == drawn(hover=Hover("beside"), hovered=100.0)
    corner = LAYOUT.canvas._replace(w=8, h=8)
    assert Person(drawn(card=Card.WALLET)).click(corner).state.document == drawn().document
    assert Person(drawn(card=Card.WALLET)).click(corner).state.card is None


WALLET = wallet.places(LAYOUT)


def test_what_lies_under_the_card_cannot_be_reached():
    for place in (WALLET.code.centre, (WALLET.card.x + 8, WALLET.card.y + 8)):
        person = Person(drawn(card=Card.WALLET)).move(place).down(place).up(place)
        assert person.state.card is Card.WALLET
        assert person.state.document == drawn().document
        assert person.effects == []
        assert person.state.pointer is None


def test_a_finger_opens_the_wallet_and_copies_the_address():
    person = Person(drawn())
    for box in (LAYOUT.wallet, WALLET.address):
        x, y = box.centre[0] / LAYOUT.size[0], box.centre[1] / LAYOUT.size[1]
        for kind in (pygame.FINGERDOWN, pygame.FINGERUP):
            person.event(kind, x=x, y=y, finger_id=4, touch_id=1)
    assert person.effects == [Copy(ADDRESS)]


def test_a_click_on_the_address_copies_it_and_says_so():
    person = Person(drawn(card=Card.WALLET)).press("address")
    assert person.effects == [Copy(ADDRESS)]
    assert person.state.card is Card.WALLET
    assert person.state.notice.what == "The address is on the clipboard."
    assert person.state.notice.until < 200


def test_there_is_nothing_to_copy_before_the_address_is_known():
    person = Person(State(card=Card.WALLET)).click(WALLET.address)
    assert person.effects == []
    assert person.state.notice is None
    status = protocol.ChainStatus("regtest", "Bitcoin SV", 1, 5, "compact", "fa5a", address=ADDRESS)
    person.state = hear(person.state, status)
    assert person.press("address").effects == [Copy(ADDRESS)]


def test_help_and_wallet_take_each_other_s_place():
    person = Person(State(card=Card.HELP)).key(pygame.K_w, "w")
    assert person.state.card is Card.WALLET
    person.key(pygame.K_F1)
    assert person.state.card is Card.HELP


def test_a_question_about_coins_comes_before_the_wallet():
    asked = drawn(card=Card.WALLET, question=Question(61_000, "deploy the contract"))
    person = Person(asked).click(WALLET.address).click(LAYOUT.help)
    assert person.effects == []
    assert person.state.card is Card.WALLET
    assert person.key(pygame.K_n, "n").key(pygame.K_ESCAPE).state.card is None


# --- the list of models ---


def test_the_name_in_the_header_and_a_key_open_the_list_at_the_model_that_reads():
    person = Person(drawn(model="source")).click(LAYOUT.model)
    assert (person.state.card, person.state.highlighted) == (Card.MODELS, NAMES.index("source"))
    person = Person(drawn()).key(pygame.K_n, "n")
    assert (person.state.card, person.state.highlighted) == (Card.MODELS, 0)
    assert person.key(pygame.K_n, "n").state.card is None
    assert Person(drawn(card=Card.MODELS)).key(pygame.K_ESCAPE).state.card is None


@pytest.mark.parametrize("index", range(1, len(MODELS)))
def test_a_click_on_a_model_switches_to_it(index):
    person = Person(drawn(card=Card.MODELS)).press("choice", index)
    assert person.effects == [UseModel(NAMES[index])]
    assert (person.state.model, person.state.card) == (NAMES[index], None)


@pytest.mark.parametrize(("size", "density"), [((900, 600), 1.0), ((1280, 800), 1.0), ((1800, 1200), 2.0)])
def test_a_model_s_name_summary_and_figures_are_never_cut_short(screen, monkeypatch, size, density):
    surface, cut = screen(size), []
    fitted = Painter.fitted

    def watched(painter, text, *rest):
        shown = fitted(painter, text, *rest)
        if shown != text:
            cut.append(text)
        return shown

    monkeypatch.setattr(Painter, "fitted", watched)  # a public method, watched and not replaced
    layout = arrange(size, density)
    model_panel.draw(Painter(surface, layout.theme), layout, drawn(card=Card.MODELS))
    assert cut == []


def test_figures_that_were_measured_stand_beside_every_model():
    for entry in State().listed:
        accuracy, size = cards.model_figures(entry)
        assert accuracy.endswith(" % of MNIST")
        assert size.endswith(" bytes")


@pytest.mark.parametrize("enter", [pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_SPACE])
def test_arrows_point_at_a_model_and_enter_switches_to_it(enter):
    person = Person(drawn(card=Card.MODELS)).key(pygame.K_DOWN).key(pygame.K_DOWN).key(enter)
    assert person.effects == [UseModel(NAMES[2])]
    person = Person(drawn(card=Card.MODELS)).key(pygame.K_UP).key(enter)
    assert person.effects == [UseModel(NAMES[-1])]


def test_what_the_mouse_points_at_is_what_the_arrows_go_on_from():
    person = (
        Person(drawn(card=Card.MODELS))
        .move(covers.targets(LAYOUT, drawn(card=Card.MODELS))[Hover("choice", 3)].centre)
        .key(pygame.K_DOWN)
    )
    assert person.state.highlighted == 4


def test_the_model_that_reads_already_is_not_loaded_again():
    person = Person(drawn(card=Card.MODELS)).press("choice", 0)
    assert person.effects == []
    assert person.state == drawn(hover=Hover("choice", 0), hovered=100.0)


def test_a_click_beside_the_list_closes_it_and_draws_nothing():
    corner = LAYOUT.canvas._replace(w=8, h=8)
    person = Person(drawn(card=Card.MODELS)).click(corner)
    assert person.state == drawn(hover=Hover("beside"), hovered=100.0)


def switched(**changes):
    return Person(drawn(card=Card.MODELS, **changes)).press("choice", 1).state


def test_the_drawing_stays_and_nothing_that_was_read_of_it_counts_any_more():
    state = switched(submission=CONFIRMED, judged=(CONFIRMED,))
    assert state.document == drawn().document
    assert all(state.reading(who) is None for who in state.judges)
    assert all(judge.phase is Phase.STARTING for judge in state.judges.values())
    assert state.chain.phase is Phase.STARTING
    assert not decide.is_judged(state)


def test_a_late_answer_of_the_previous_model_is_not_attributed_to_the_new_one():
    state = switched()
    late = protocol.Read(Who.FLOAT, reading(3, 2)), protocol.Looked(2, PICTURE, "", reading(3, 2))
    for message in late:
        assert hear(state, message) == state
    state = hear(state, protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)))
    assert state.reading(Who.FIXED).digit == 7


def test_a_judge_that_is_up_before_the_new_picture_waits_for_it():
    state, effects = claims.tick(hear(switched(), protocol.Ready(Who.FLOAT)), 101.0)
    assert not any(isinstance(effect.request, protocol.ReadPicture) for effect in effects)
    state = hear(state, protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)))
    _, effects = claims.tick(state, 101.1)
    assert Send(Who.FLOAT, protocol.ReadPicture(state.revision, PICTURE)) in effects


def test_notices_about_the_previous_model_are_cleared():
    state = switched(notice=ERROR)
    assert state.notice is None
    assert state.chain.contract == ""


def test_a_verdict_under_way_is_attributed_to_the_previous_model():
    state = switched(submission=submission())
    state = hear(state, protocol.ClaimJudged(1, True, TXID, "", 104, 50, 982))
    assert "previous model" in state.notice.what


def test_auto_verify_submits_after_drawing_and_not_after_choosing_a_model():
    state = switched(auto_verify=True)
    for message in (
        *(protocol.Ready(who) for who in Who),
        protocol.Looked(state.revision, PICTURE, "", reading(7, state.revision)),
        protocol.Read(Who.FLOAT, reading(7, state.revision)),
        protocol.Read(Who.SCRIPT, reading(7, state.revision)),
    ):
        state = hear(state, message)
    assert decide.lack(state) is None
    assert claims.tick(state, 200.0)[0].submission is None


@pytest.mark.parametrize("card", [card for card in Card if card is not Card.PATH])
def test_no_key_and_no_wheel_reaches_the_paper_under_a_card(card):
    person = Person(drawn(card=card, history=HISTORY * 9, hover=Hover("row", 1)))
    for key, letter in ((pygame.K_c, "c"), (pygame.K_5, "5"), (pygame.K_v, "v"), (pygame.K_PLUS, "+")):
        person.key(key, letter)
    person.ctrl(pygame.K_z).event(pygame.MOUSEWHEEL, y=-1, flipped=False).tab()
    assert person.effects == []
    before = drawn(card=card, history=HISTORY * 9, hover=Hover("row", 1))
    moved = {"selected": person.state.selected, "highlighted": person.state.highlighted}
    assert person.state == replace(before, **moved)


@pytest.mark.parametrize("card", [Card.HELP, Card.WALLET])
def test_enter_submits_nothing_from_under_a_card(card):
    assert Person(drawn(card=card)).key(pygame.K_RETURN).effects == []


def test_a_waiting_claim_is_cancelled_when_another_model_is_chosen():
    assert not switched(wanted=True).wanted


# --- the help ---


def test_the_help_has_three_pages():
    person = Person(drawn()).key(pygame.K_F1)
    for index, page in ((2, Card.MEANING), (1, Card.WORDS), (0, Card.HELP)):
        assert person.press("page", index).state.card is page
    assert person.press("page", 0).state.card is None


def test_a_card_is_closed_by_its_cross():
    person = Person(drawn(card=Card.MODELS))
    box = close_box(LAYOUT, model_panel.card(LAYOUT, person.state))
    assert person.click(box).state.card is None


# --- the history ---

MANY = tuple(replace(HISTORY[0], txid=f"{number:064x}") for number in range(40))


def test_the_whole_history_is_reached_by_arrows_wheel_and_click():
    person = Person(drawn(history=MANY)).click(LAYOUT.ledger)
    assert person.state.card is Card.HISTORY
    for _ in range(60):
        person.key(pygame.K_DOWN)
    assert person.state.selected == len(MANY) - 1
    person.event(pygame.MOUSEWHEEL, y=3, flipped=False)
    assert person.state.selected == len(MANY) - 4
    person.press("entry", len(MANY) - 6)
    assert person.state.selected == len(MANY) - 6
    person.key(pygame.K_RETURN)
    row = MANY[-6]
    assert person.effects == [Send(Who.FIXED, protocol.BringBack(row.txid, row.picture))]
    assert person.state.card is None


def test_an_entry_s_txid_is_copied_and_its_strokes_are_deleted():
    person = Person(drawn(history=MANY, card=Card.HISTORY, selected=5))
    assert person.press("copy").effects == [Copy(MANY[5].txid)]
    assert person.press("delete").effects[1:] == [Send(Who.FIXED, protocol.DeleteDrawing(MANY[5].txid))]


def test_an_entry_is_checked_on_its_own_chain_and_shared():
    confirmed = HISTORY[0]
    person = Person(drawn(card=Card.HISTORY)).press("share")
    (send,) = person.effects
    assert (send.request.txid, send.request.claim, send.request.block) == (confirmed.txid, 7, 103)
    person.press("check")
    assert person.effects[1:] == [Send(Who.CHAIN, protocol.CheckTxid(confirmed.txid, "regtest"))]
    assert person.state.card is Card.CHECK
    assert person.state.check.running
    done = replace(person.state.check, accepted=True, rows=(("Claim", "this is a 7"),))
    assert hear(person.state, protocol.Checked(done)).check == done
    other = replace(done, txid="00" * 32)
    assert hear(person.state, protocol.Checked(other)).check.running


def test_the_proof_file_of_a_verdict_is_written_from_its_details():
    person = Person(judged(card=Card.DETAILS)).press("proof")
    assert person.effects == [Send(Who.CHAIN, protocol.MakeProof(TXID, "regtest"))]
    refused = Person(judged(REFUSED, card=Card.DETAILS)).press("proof")
    assert refused.effects == []
    assert "never on the chain" in refused.state.notice.why


def test_what_was_refused_is_not_looked_for_on_the_chain():
    person = Person(drawn(card=Card.HISTORY, selected=2)).press("check")
    assert HISTORY[2].mark is Mark.REFUSED
    assert person.effects == []
    assert "never on the chain" in person.state.notice.why


# --- a path ---


def test_a_path_is_typed_where_there_is_no_dialog():
    person = Person(drawn()).ctrl(pygame.K_o)
    assert person.effects == [Send(Who.FIXED, protocol.ChooseFile())]
    person.state = hear(person.state, protocol.NoDialog())
    for letter in "~/a+5.png?":
        person.key(ord(letter), letter)
    person.key(pygame.K_BACKSPACE)
    assert person.state.typed == "~/a+5.png"
    person.key(pygame.K_RETURN)
    assert person.effects[1:] == [Send(Who.FIXED, protocol.LookAtFile("~/a+5.png"))]
    assert person.state.card is None


def test_pasting_takes_a_picture_or_while_a_path_is_typed_text():
    assert Person(drawn()).ctrl(pygame.K_v).effects == [PasteFromClipboard()]
    assert Person(drawn(card=Card.PATH)).ctrl(pygame.K_v).effects == [PasteText()]


# --- the question ---


def test_the_question_is_answered_by_its_buttons_too():
    asked = drawn(question=Question(61_000, "deploy the contract"))
    assert Person(asked).press("yes").effects == [Send(Who.CHAIN, protocol.Answer(True))]
    assert Person(asked).press("no").effects == [Send(Who.CHAIN, protocol.Answer(False))]
